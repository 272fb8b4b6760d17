#include "auth_fixture.h"

#include <cstdlib>
#include <future>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"
#include "unhidra/messaging/gather.h"
#include "unhidra/messaging/rate_limiter.h"
#include "unhidra/runtime/task_scope.h"
#include "unhidra/testkit/postgres_server.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/internal.h"

namespace unhidra::auth::test {
namespace {

constexpr std::array kServed{access::Serving::auth};

std::unique_ptr<storage::Database> open_database(const std::filesystem::path& directory) {
  const auto url = testkit::fresh_database(directory);
  if (!url) {
    ADD_FAILURE() << url.error().message();
    std::abort();
  }
  auto database = storage::Database::open({.url = *url});
  if (!database) {
    ADD_FAILURE() << database.error().message();
    std::abort();
  }
  return std::move(*database);
}

access::LimitTable no_limits() {
  access::LimitTable table;
  for (std::size_t i = 0; i < access::kLimitClasses; ++i) {
    table.set(static_cast<access::LimitClass>(i), {});
  }
  return table;
}

// What a gateway answers: here one connection, of whichever organisation is asked for.
Bytes gateway_connections(ByteView question) {
  ByteReader reader(question);
  wire::ConnectionList list;
  list.connections.push_back({.connection_id = ConnectionId(reader.array<16>()),
                              .user_id = UserId(Uuid{1}),
                              .device_id = DeviceId(Uuid{2}),
                              .session_id = SessionId(Uuid{3}),
                              .ip = "192.0.2.9"});
  return wire::encode(list);
}

Task<void> answer_into(access::RestFace& face, net::HttpRequest request,
                       std::promise<net::HttpResponse>& out) {
  out.set_value(co_await face.handle(std::move(request)));
}

}  // namespace

std::string Answer::text(std::string_view member) const {
  if (!body.is_object()) {
    return {};
  }
  const auto* found = body.get_object().if_contains(member);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

boost::json::array Answer::items() const {
  return body.is_object() && body.get_object().contains("items")
             ? body.get_object().at("items").as_array()
             : boost::json::array();
}

struct World::Face {
  explicit Face(World& world)
      : limiter(world.clock),
        limits(no_limits()),
        guard(limiter, limits),
        runner(*world.database, guard, handlers, world.clock, world.random, world.metrics),
        rest(kServed, runner, world.role.verifier(), world.random),
        scope(world.io.at(1), "test") {
    world.role.bind(handlers);
  }
  messaging::LocalRateLimiter limiter;
  access::LimitTable limits;
  access::LimitGuard guard;
  access::Handlers handlers;
  access::OperationRunner runner;
  access::RestFace rest;
  runtime::TaskScope scope;
};

AuthSettings World::cheap_settings() {
  AuthSettings settings;
  settings.listen = {"127.0.0.1", 0};
  settings.password_memory_kib = 8;
  settings.password_passes = 1;
  settings.password_queue = 2000;
  settings.watch_interval = std::chrono::milliseconds(50);
  settings.token_algorithm = TokenAlgorithm::eddsa;
  return settings;
}

World::World(AuthSettings settings)
    : database(open_database(directory.path())),
      bus(messaging::make_in_process_bus(io.at(0))),
      provider(std::make_shared<const pki::KeySealer>(
          random.secret_array<pki::KeySealer::kMasterKeySize>())),
      role({.io = io,
            .database = *database,
            .bus = *bus,
            .provider = provider,
            .metrics = metrics,
            .clock = clock,
            .random = random},
           std::move(settings)) {
  const auto loaded = role.load();
  EXPECT_TRUE(loaded) << loaded.error().message();
  face_ = std::make_unique<Face>(*this);
  auto listening =
      bus->subscribe("auth.revoked", io.at(0), [this](const messaging::Message& message) {
        const std::lock_guard lock(mutex_);
        revocations_.insert(to_hex(message.payload.view()));
        heard_.notify_all();
      });
  listening_ = std::move(*listening);
  auto gateway =
      messaging::answer_gathering(*bus, "gateway.connections", io.at(0), gateway_connections);
  gateway_ = std::move(*gateway);
}

World::~World() {
  std::promise<void> stopped;
  runtime::TaskScope scope(io.at(1), "stop");
  const auto stop = [](World& world, std::promise<void>& out) -> Task<void> {
    co_await world.role.stop(std::chrono::seconds(2));
    world.face_->scope.request_stop();
    (void)co_await world.face_->scope.join(std::chrono::seconds(2));
    out.set_value();
  };
  scope.spawn("stop", stop(*this, stopped));
  stopped.get_future().wait();
  listening_.reset();
  gateway_.reset();
  database->stop();
  io.stop();
}

void World::start() {
  const auto status = role.start(nullptr, face_->rest);
  ASSERT_TRUE(status) << status.error().message();
}

Answer World::call(std::string_view method, std::string_view path, std::string_view token,
                   std::optional<boost::json::value> body) {
  net::HttpRequest request;
  request.method = method;
  const auto query = path.find('?');
  request.path = path.substr(0, query);
  request.query = query == std::string_view::npos ? "" : path.substr(query + 1);
  request.peer.ip = peer_ip;
  request.headers.add("User-Agent", "test");
  if (!token.empty()) {
    request.headers.add("Authorization", "Bearer " + std::string(token));
  }
  if (body) {
    request.headers.add("Content-Type", "application/json");
    request.body = to_bytes(boost::json::serialize(*body));
  }
  clock.advance(std::chrono::milliseconds(1));  // ids sort by the time they are made
  std::promise<net::HttpResponse> promise;
  face_->scope.spawn("request", answer_into(face_->rest, std::move(request), promise));
  auto response = promise.get_future().get();
  Answer answer{.status = response.status, .body = {}, .headers = std::move(response.headers)};
  if (!response.body.empty()) {
    boost::json::error_code error;
    answer.body = boost::json::parse(as_text(response.body), error);
    EXPECT_FALSE(error) << as_text(response.body);
  }
  return answer;
}

std::vector<Answer> World::call_in_parallel(std::size_t count, std::string_view method,
                                            std::string_view path, std::string_view token,
                                            const boost::json::value& body) {
  std::vector<net::HttpRequest> requests(count);
  std::vector<std::promise<net::HttpResponse>> promises(count);
  for (auto& request : requests) {
    request.method = method;
    request.path = path;
    request.peer.ip = peer_ip;
    request.headers.add("Content-Type", "application/json");
    if (!token.empty()) {
      request.headers.add("Authorization", "Bearer " + std::string(token));
    }
    request.body = to_bytes(boost::json::serialize(body));
  }
  for (std::size_t i = 0; i < count; ++i) {
    face_->scope.spawn_on(io.at(i % io.size()), "request",
                          answer_into(face_->rest, std::move(requests[i]), promises[i]));
  }
  std::vector<Answer> answers;
  for (auto& promise : promises) {
    auto response = promise.get_future().get();
    answers.push_back({.status = response.status,
                       .body = response.body.empty() ? boost::json::value()
                                                     : boost::json::parse(as_text(response.body)),
                       .headers = std::move(response.headers)});
  }
  return answers;
}

Member member_from(const Answer& answer, std::string_view username, std::string_view password) {
  return {.username = std::string(username),
          .password = std::string(password),
          .user_id = answer.text("user_id"),
          .org_id = answer.text("organization_id"),
          .session_id = answer.text("session_id"),
          .access_token = answer.text("access_token"),
          .refresh_token = answer.text("refresh_token"),
          .device_id = answer.text("device_id")};
}

Member World::set_up() {
  const auto token = role.renew_setup_token();
  EXPECT_TRUE(token && *token);
  const auto answer = post("/v1/setup", "",
                           {{"setup_token", **token},
                            {"organization", "First"},
                            {"username", "root"},
                            {"password", kPassword}});
  EXPECT_EQ(answer.status, 201) << boost::json::serialize(answer.body);
  return member_from(answer, "root", kPassword);
}

Answer World::log_in(std::string_view username, std::string_view password,
                     std::string_view organization) {
  boost::json::object body{{"username", username}, {"password", password}};
  if (!organization.empty()) {
    body["organization"] = organization;
  }
  return post("/v1/login", "", body);
}

Member World::sign_in(std::string_view username, std::string_view password,
                      std::string_view organization) {
  const auto answer = log_in(username, password, organization);
  EXPECT_EQ(answer.status, 200) << boost::json::serialize(answer.body);
  return member_from(answer, username, password);
}

Member World::add_member(const Member& inviter, std::string_view username,
                         std::string_view role_name) {
  const auto invitation = post("/v1/invitations", inviter.access_token, {{"role", role_name}});
  EXPECT_EQ(invitation.status, 201) << boost::json::serialize(invitation.body);
  const auto answer = post(
      "/v1/register", "",
      {{"username", username}, {"password", kPassword}, {"invitation", invitation.text("token")}});
  EXPECT_EQ(answer.status, 201) << boost::json::serialize(answer.body);
  return member_from(answer, username, kPassword);
}

Member World::add_organization(const Member& super_admin, std::string_view name,
                               std::string_view username) {
  const auto made = post("/v1/organizations", super_admin.access_token, {{"name", name}});
  EXPECT_EQ(made.status, 201) << boost::json::serialize(made.body);
  const auto token = made.body.at("invitation").at("token").as_string();
  const auto answer = post(
      "/v1/register", "", {{"username", username}, {"password", kPassword}, {"invitation", token}});
  EXPECT_EQ(answer.status, 201) << boost::json::serialize(answer.body);
  return member_from(answer, username, kPassword);
}

void World::register_device(Member& member, std::string_view name) {
  const auto answer = post("/v1/devices", member.access_token, {{"name", name}});
  ASSERT_EQ(answer.status, 201) << boost::json::serialize(answer.body);
  member.device_id = answer.text("device_id");
  member.access_token = answer.text("access_token");
}

std::multiset<std::string> World::revocations() {
  const std::lock_guard lock(mutex_);
  return std::exchange(revocations_, {});
}

bool World::hears_revocation_of(std::string_view message, std::chrono::milliseconds limit) {
  std::string hex(message);
  std::erase(hex, '-');
  std::unique_lock lock(mutex_);
  return heard_.wait_for(lock, limit, [&] { return revocations_.contains(hex); });
}

std::vector<World::Event> World::events() {
  auto rows = database->read_sync([&](storage::Transaction& tx) {
    return tx.query(
        "SELECT org_id, position, event_type, outcome, actor_id, metadata "
        "FROM audit_log ORDER BY timestamp, org_id, position");
  });
  std::vector<Event> out;
  if (!rows) {
    ADD_FAILURE() << rows.error().message();
    return out;
  }
  for (const auto row : *rows) {
    const auto org = row.get<OrgId>("org_id").to_string();
    const auto position = row.get<std::int64_t>("position");
    if (position <= audit_seen_[org]) {
      continue;
    }
    audit_seen_[org] = position;
    const auto actor = row.get<std::optional<Bytes>>("actor_id");
    const auto actor_id = actor ? UserId::from_bytes(*actor) : fail(unhidra::Errc::invalid, "");
    out.push_back({.type = row.get<std::string>("event_type"),
                   .outcome = row.get<std::string>("outcome"),
                   .org_id = org,
                   .actor_id = actor_id ? actor_id->to_string() : "",
                   .metadata = row.get<std::string>("metadata")});
  }
  return out;
}

}  // namespace unhidra::auth::test
