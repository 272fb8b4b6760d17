#pragma once
// A database, a clock and a limiter for tests that run whole operations.

#include <map>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "unhidra/access/runner.h"
#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/seeded_random.h"
#include "unhidra/testkit/temp_dir.h"

#include "run_task.h"

namespace unhidra::access {

// Allows everything until `left` of a class is set.
class FakeLimiter final : public messaging::RateLimiter {
 public:
  messaging::RateClass define(std::string_view name, messaging::RateLimit limit) override;
  std::optional<messaging::RateClass> find(std::string_view name) const override;
  Task<messaging::Decision> take(messaging::RateClass rate_class, Bytes key,
                                 std::uint32_t n) override;
  std::optional<messaging::Decision> take_now(messaging::RateClass rate_class, ByteView key,
                                              std::uint32_t n) override;
  std::vector<ClassStats> stats() const override { return {}; }

  struct Class {
    std::string name;
    messaging::RateLimit limit;
    std::map<Bytes, std::uint32_t> taken;  // per key
  };
  std::vector<Class> classes;
  bool remote = false;  // answers only through take()
  // How many were taken in the class, all keys together.
  std::uint32_t taken(std::string_view name) const;

 private:
  messaging::Decision decide(messaging::RateClass rate_class, Bytes key);
};

struct StoredEvent {
  std::string event_type;
  std::string outcome;
  std::string actor_type;
  std::string resource_id;
  std::string metadata;
  OrgId org_id;
};

class World : public testing::Test {
 protected:
  World();

  // The operations of every role, each served by the handler that the test has set.
  void bind_all();
  std::unique_ptr<OperationRunner> make_runner(RunnerOptions options = {});
  Principal user(Role role) const;
  OperationRequest request(Principal principal) const;
  // With path parameters of the right form.
  OperationRequest request_for(const Operation& operation, Principal principal) const;
  Result<Reply> run(std::string_view name, OperationRequest request);

  std::vector<StoredEvent> events();
  // What the handlers of these tests change.
  static Status put(storage::Transaction& tx, const std::string& name);
  bool has(const std::string& name);

  testkit::TempDir dir_;
  testkit::FakeClock clock_;
  testkit::SeededRandom random_;
  std::unique_ptr<storage::Database> database_;
  FakeLimiter limiter_;
  LimitTable limit_table_;
  std::unique_ptr<LimitGuard> limits_;
  runtime::Metrics metrics_;
  Handlers handlers_;
  Handler handler_;  // what every operation runs after bind_all()
  int handled_ = 0;
  std::unique_ptr<OperationRunner> runner_;
  const OrgId org_{Uuid{1, 1}};
};

}  // namespace unhidra::access
