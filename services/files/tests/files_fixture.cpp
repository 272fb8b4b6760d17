#include "files_fixture.h"

#include <cstdlib>
#include <future>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "unhidra/access/runner.h"
#include "unhidra/base/text.h"
#include "unhidra/crypto/block_digest.h"
#include "unhidra/testkit/postgres_server.h"

namespace unhidra::files::test {
namespace {

constexpr std::array kServed{access::Serving::files};

template <class T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message();
    std::abort();
  }
  return std::move(*result);
}

access::LimitTable no_limits() {
  access::LimitTable table;
  for (std::size_t i = 0; i < access::kLimitClasses; ++i) {
    table.set(static_cast<access::LimitClass>(i), {});
  }
  return table;
}

// The whole answer, read as the server reads it.
Task<std::pair<net::HttpResponse, bool>> ask(access::RestFace& face, net::HttpRequest request) {
  auto response = co_await face.handle(std::move(request));
  bool cut_off = false;
  if (response.source) {
    const auto size = response.source->size();
    while (response.body.size() < size && !cut_off) {
      auto piece = co_await response.source->next();
      cut_off = !piece || piece->empty();
      if (piece) {
        append(response.body, *piece);
      }
    }
  }
  co_return std::pair(std::move(response), cut_off);
}

}  // namespace

std::string Answer::text(std::string_view member) const {
  const auto* found = body.is_object() ? body.get_object().if_contains(member) : nullptr;
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::uint64_t Answer::number(std::string_view member) const {
  const auto* found = body.is_object() ? body.get_object().if_contains(member) : nullptr;
  return found != nullptr ? found->to_number<std::uint64_t>() : ~std::uint64_t{0};
}

#define UNHIDRA_FAIL_ON_DEMAND()                               \
  if (failure) {                                               \
    return fail(*failure, "the object store fails on demand"); \
  }

Result<std::string> FailingStore::begin(const Uuid& name) {
  UNHIDRA_FAIL_ON_DEMAND();
  return real_->begin(name);
}
Status FailingStore::put_part(const Uuid& name, std::string_view upload, std::uint64_t offset,
                              ByteView part) {
  UNHIDRA_FAIL_ON_DEMAND();
  return real_->put_part(name, upload, offset, part);
}
Status FailingStore::complete(const Uuid& name, std::string_view upload, std::uint64_t size) {
  UNHIDRA_FAIL_ON_DEMAND();
  auto status = real_->complete(name, upload, size);
  if (on_complete) {
    on_complete();
  }
  return status;
}
Status FailingStore::abandon(const Uuid& name, std::string_view upload) {
  UNHIDRA_FAIL_ON_DEMAND();
  return real_->abandon(name, upload);
}
Result<std::uint64_t> FailingStore::size(const Uuid& name) {
  UNHIDRA_FAIL_ON_DEMAND();
  UNHIDRA_TRY(const auto size, real_->size(name));
  return std::min(size, cut_to.value_or(size));
}
Result<Bytes> FailingStore::read(const Uuid& name, std::uint64_t offset, std::size_t length) {
  UNHIDRA_FAIL_ON_DEMAND();
  if (on_read) {
    on_read();
  }
  return real_->read(name, offset, length);
}
Status FailingStore::remove(const Uuid& name) {
  UNHIDRA_FAIL_ON_DEMAND();
  return real_->remove(name);
}

struct World::Face {
  explicit Face(World& world)
      : limiter(world.clock),
        limits(no_limits()),
        guard(limiter, limits),
        runner(*world.database, guard, handlers, world.clock, world.random, world.metrics),
        rest(kServed, runner, world, world.random) {
    world.role_.bind(handlers);
  }
  messaging::LocalRateLimiter limiter;
  access::LimitTable limits;
  access::LimitGuard guard;
  access::Handlers handlers;
  access::OperationRunner runner;
  access::RestFace rest;
};

FilesSettings World::small_settings() {
  return {.max_size = 4 * kPart,
          .user_quota = 6 * kPart,
          .organization_quota = 9 * kPart,
          .upload_lifetime = std::chrono::hours(24),
          .unsent_lifetime = std::chrono::hours(72),
          .link_lifetime = std::chrono::minutes(5),
          .collect_interval = std::chrono::minutes(1)};
}

World::World(FilesSettings settings)
    : database(
          must(storage::Database::open({.url = must(testkit::fresh_database(directory.path()))}))),
      store(must(storage::open_directory_store(directory.path() / "objects"))),
      sealer(random.secret_array<pki::KeySealer::kMasterKeySize>()),
      chat(ConversationId::make(clock, random)),
      elsewhere(ConversationId::make(clock, random)),
      role_({.io = io,
             .database = *database,
             .store = store,
             .metrics = metrics,
             .sealer = sealer,
             .crypto = crypto::native_provider(),
             .clock = clock,
             .random = random},
            std::move(settings)) {
  face_ = std::make_unique<Face>(*this);
  add_people();
}

World::~World() {
  boost::asio::co_spawn(io.at(0), role_.stop(std::chrono::seconds(5)), boost::asio::use_future)
      .get();
}

void World::add_people() {
  const auto home = OrgId::make(clock, random);
  const auto abroad = OrgId::make(clock, random);
  const auto now = clock.now();
  for (const auto* name : {"alice", "bob", "carol", "mallory"}) {
    const auto org = std::string_view(name) == "mallory" ? abroad : home;
    people_.emplace(name, access::make_user_principal(org, UserId::make(clock, random),
                                                      std::nullopt, SessionId::make(clock, random),
                                                      access::RoleSet(access::Role::member),
                                                      now + std::chrono::hours(24 * 365)));
  }
  const auto status = database->write_sync([&](storage::Transaction& tx) -> Status {
    for (const auto& [org, name] : {std::pair(home, "home"), std::pair(abroad, "abroad")}) {
      UNHIDRA_TRY_VOID(
          tx.execute("INSERT INTO organizations (org_id, name, created_at) VALUES ($1, $2, $3)",
                     org, name, now));
    }
    for (const auto& [name, who] : people_) {
      UNHIDRA_TRY_VOID(tx.execute(
          "INSERT INTO users (user_id, org_id, username, display_name, created_at, updated_at) "
          "VALUES ($1, $2, $3, $3, $4, $4)",
          who.user_id, who.org_id, name, now));
      UNHIDRA_TRY_VOID(tx.execute(
          "INSERT INTO sessions (session_id, org_id, user_id, family_hash, refresh_hash, "
          "created_at, last_used_at, expires_at, ip_address, user_agent) VALUES ($1, $2, $3, $4, "
          "$4, $5, $5, $6, '', '')",
          who.session_id, who.org_id, who.user_id, Bytes(32), now,
          now + std::chrono::hours(24 * 30)));
    }
    for (const auto& [id, org] : {std::pair(chat, home), std::pair(elsewhere, abroad)}) {
      UNHIDRA_TRY_VOID(
          tx.execute("INSERT INTO conversations (conversation_id, org_id, kind, created_at, "
                     "last_activity_at) VALUES ($1, $2, 'group', $3, $3)",
                     id, org, now));
    }
    for (const auto& [name, id] :
         {std::pair("alice", chat), std::pair("bob", chat), std::pair("mallory", elsewhere)}) {
      const auto& who = people_.at(name);
      UNHIDRA_TRY_VOID(tx.execute(
          "INSERT INTO conversation_members (conversation_id, user_id, org_id, joined_at) VALUES "
          "($1, $2, $3, $4)",
          id, who.user_id, who.org_id, now));
    }
    return {};
  });
  EXPECT_TRUE(status) << status.error().message();
}

Task<Result<access::Principal>> World::verify(std::string token) {
  const auto found = people_.find(token);
  if (found == people_.end()) {
    co_return fail(access::Errc::unauthenticated, "nobody");
  }
  co_return found->second;
}

Answer World::call(std::string_view method, std::string path, std::string_view who,
                   std::optional<boost::json::value> body, net::Headers headers) {
  net::HttpRequest request;
  request.method = method;
  const auto question = path.find('?');
  request.path = path.substr(0, question);
  request.query = question == path.npos ? "" : path.substr(question + 1);
  request.headers = std::move(headers);
  request.peer = {"192.0.2.1", 1};
  if (!who.empty()) {
    request.headers.set("Authorization", "Bearer " + std::string(who));
  }
  if (body && body->is_string()) {
    request.headers.set("Content-Type", "application/octet-stream");
    request.body = to_bytes(std::string_view(body->get_string()));
  } else if (body) {
    request.headers.set("Content-Type", "application/json");
    request.body = to_bytes(boost::json::serialize(*body));
  }
  auto [response, cut_off] =
      boost::asio::co_spawn(io.at(1), ask(face_->rest, std::move(request)), boost::asio::use_future)
          .get();
  Answer out{.status = response.status,
             .body = {},
             .headers = std::move(response.headers),
             .bytes = std::move(response.body)};
  if (out.header("Content-Type").find("json") != std::string::npos) {
    out.body = boost::json::parse(as_text(out.bytes));
  }
  if (cut_off) {
    out.status = -1;
  }
  return out;
}

Answer World::put(std::string_view file, std::uint64_t offset, ByteView part,
                  std::string_view who) {
  return call("PUT", "/v1/files/" + std::string(file) + "/content?offset=" + std::to_string(offset),
              who, boost::json::value(boost::json::string(as_text(part))));
}

Answer World::begin(std::uint64_t size, std::string_view who) {
  return call("POST", "/v1/files", who,
              boost::json::object{{"conversation_id", chat.to_string()}, {"size", size}});
}

Answer World::complete(std::string_view file, ByteView content, std::string_view who) {
  crypto::BlockDigest digest(crypto::native_provider());
  digest.add(content);
  return call("POST", "/v1/files/" + std::string(file) + "/completion", who,
              boost::json::object{{"digest", to_base64url(digest.digest())}});
}

std::string World::upload(ByteView content, std::string_view who) {
  const auto begun = begin(content.size(), who);
  EXPECT_EQ(begun.status, 201) << begun.text("detail");
  auto file = begun.text("file_id");
  for (std::size_t at = 0; at < content.size(); at += kPart) {
    const auto part = content.subspan(at, std::min(kPart, content.size() - at));
    const auto answer = put(file, at, part, who);
    EXPECT_EQ(answer.status, 200) << answer.text("detail");
    EXPECT_EQ(answer.number("received"), at + part.size());
  }
  EXPECT_EQ(complete(file, content, who).status, 200);
  return file;
}

Answer World::download(std::string_view file, std::string_view who, std::string range) {
  net::Headers headers;
  if (!range.empty()) {
    headers.set("Range", std::move(range));
  }
  return call("GET", "/v1/files/" + std::string(file) + "/content", who, std::nullopt,
              std::move(headers));
}

Status World::collect() {
  return boost::asio::co_spawn(io.at(0), role_.collect(), boost::asio::use_future).get();
}

void World::execute(std::string_view sql) {
  const auto status = database->write_sync([&](storage::Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(tx.execute(sql));
    return {};
  });
  EXPECT_TRUE(status) << status.error().message();
}

std::int64_t World::count(std::string_view sql) {
  return must(database->read_sync([&](storage::Transaction& tx) -> Result<std::int64_t> {
    UNHIDRA_TRY(const auto rows, tx.query(sql));
    return rows.empty() ? -1 : rows.front().get<std::int64_t>(0);
  }));
}

void World::attach(std::string_view file, std::uint64_t seq) {
  const auto id = must(wire::FileId::parse(file));
  const auto status = database->write_sync([&](storage::Transaction& tx) -> Status {
    const auto& who = people_.at("alice");
    UNHIDRA_TRY_VOID(tx.execute(
        "INSERT INTO messages (conversation_id, seq, org_id, message_id, sender_user_id, "
        "sender_device_id, sent_at, received_at) VALUES ($1, $2, $3, $4, $5, $6, 0, 0)",
        chat, seq, who.org_id, MessageId::make(clock, random), who.user_id, Bytes(16)));
    UNHIDRA_TRY_VOID(tx.execute("UPDATE files SET message_seq = $2 WHERE file_id = $1", id, seq));
    return {};
  });
  EXPECT_TRUE(status) << status.error().message();
}

std::size_t World::objects() const {
  std::size_t out = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(directory.path() / "objects")) {
    out += entry.is_regular_file() ? 1 : 0;
  }
  return out;
}

Bytes some_bytes(std::size_t size, std::uint8_t seed) {
  Bytes out(size);
  std::uint32_t state = seed;
  for (auto& byte : out) {
    state = state * 1'664'525 + 1'013'904'223;
    byte = static_cast<Byte>(state >> 24U);
  }
  return out;
}

}  // namespace unhidra::files::test
