#include "world.h"

namespace unhidra::access {

messaging::RateClass FakeLimiter::define(std::string_view name, messaging::RateLimit limit) {
  classes.push_back({std::string(name), limit, {}});
  return {static_cast<std::uint32_t>(classes.size() - 1)};
}

std::optional<messaging::RateClass> FakeLimiter::find(std::string_view) const {
  return std::nullopt;
}

messaging::Decision FakeLimiter::decide(messaging::RateClass rate_class, Bytes key) {
  auto& each = classes.at(rate_class.index);
  auto& taken = each.taken[std::move(key)];
  if (taken >= each.limit.limit) {
    return {.allowed = false, .retry_after = std::chrono::milliseconds(1500), .remaining = 0};
  }
  ++taken;
  return {.allowed = true, .retry_after = {}, .remaining = each.limit.limit - taken};
}

Task<messaging::Decision> FakeLimiter::take(messaging::RateClass rate_class, Bytes key,
                                            std::uint32_t) {
  co_return decide(rate_class, std::move(key));
}

std::optional<messaging::Decision> FakeLimiter::take_now(messaging::RateClass rate_class,
                                                         ByteView key, std::uint32_t) {
  if (remote) {
    return std::nullopt;
  }
  return decide(rate_class, to_bytes(key));
}

std::uint32_t FakeLimiter::taken(std::string_view name) const {
  std::uint32_t out = 0;
  for (const auto& each : classes) {
    if (each.name == name) {
      for (const auto& [key, taken] : each.taken) {
        out += taken;
      }
    }
  }
  return out;
}

World::World() {
  storage::Settings settings;
  settings.url = "sqlite:" + (dir_ / "test.db").string();
  auto opened = storage::Database::open(settings);
  EXPECT_TRUE(opened.has_value()) << opened.error().message();
  database_ = std::move(*opened);
  // Wide enough for tests about other things.
  for (std::size_t i = 0; i < kLimitClasses; ++i) {
    const LimitRule wide{.key = LimitKey::ip, .count = 100'000, .period = std::chrono::hours(1)};
    limit_table_.set(static_cast<LimitClass>(i), {wide});
  }
  limits_ = std::make_unique<LimitGuard>(limiter_, limit_table_);
  runner_ = make_runner();
}

std::unique_ptr<OperationRunner> World::make_runner(RunnerOptions options) {
  return std::make_unique<OperationRunner>(*database_, *limits_, handlers_, clock_, random_,
                                           metrics_, options);
}

void World::bind_all() {
  for (const auto& operation : operations()) {
    if (operation.face != Face::upgrade) {
      handlers_.bind(operation.name, [this](OperationContext& context) {
        ++handled_;
        return handler_(context);
      });
    }
  }
}

Principal World::user(Role role) const {
  return make_user_principal(org_, UserId(Uuid{2, static_cast<Byte>(role)}), DeviceId(Uuid{3}),
                             SessionId(Uuid{4}), RoleSet(role),
                             clock_.now() + std::chrono::minutes(15));
}

OperationRequest World::request(Principal principal) const {
  OperationRequest out;
  out.principal = principal;
  out.peer = {.ip = "192.0.2.7", .user_agent = "test/1", .loopback = false};
  out.request_id = "r1";
  return out;
}

OperationRequest World::request_for(const Operation& operation, Principal principal) const {
  auto out = request(principal);
  for (const std::string_view name :
       {"user_id", "device_id", "session_id", "invitation_id", "role"}) {
    if (operation.path.find("{" + std::string(name) + "}") != std::string_view::npos) {
      const auto value = name == "role" ? std::string("member") : UserId(Uuid{9}).to_string();
      out.path_parameters.emplace_back(name, value);
    }
  }
  return out;
}

Result<Reply> World::run(std::string_view name, OperationRequest request) {
  return test::run_task(runner_->run(*find_operation(name), std::move(request)));
}

std::vector<StoredEvent> World::events() {
  auto result =
      database_->read_sync([](storage::Transaction& tx) -> Result<std::vector<StoredEvent>> {
        UNHIDRA_TRY(
            const auto rows,
            tx.query("SELECT event_type, outcome, actor_type, resource_id, metadata, org_id "
                     "FROM audit_log ORDER BY timestamp, org_id, position"));
        std::vector<StoredEvent> out;
        for (const auto row : rows) {
          out.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2),
                         row.get<std::string>(3), row.get<std::string>(4), row.get<OrgId>(5)});
        }
        return out;
      });
  EXPECT_TRUE(result.has_value()) << result.error().message();
  return result ? *result : std::vector<StoredEvent>();
}

Status World::put(storage::Transaction& tx, const std::string& name) {
  UNHIDRA_TRY_VOID(
      tx.execute("INSERT INTO server_state (name, value, updated_at) VALUES ($1, $2, 0)", name,
                 as_bytes("x")));
  return {};
}

bool World::has(const std::string& name) {
  auto result = database_->read_sync([&](storage::Transaction& tx) -> Result<bool> {
    UNHIDRA_TRY(const auto rows, tx.query("SELECT 1 FROM server_state WHERE name = $1", name));
    return !rows.empty();
  });
  return result.value_or(false);
}

}  // namespace unhidra::access
