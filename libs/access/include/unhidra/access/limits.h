#pragma once
// Rate limits. Each operation has a class; each class has rules; each rule counts one kind of key
// in a token bucket. Defaults and settings stand here; the counting is done by room `messaging`.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/access/errc.h"
#include "unhidra/access/limit_class.h"
#include "unhidra/access/principal.h"
#include "unhidra/messaging/rate_limiter.h"
#include "unhidra/runtime/config.h"
#include "unhidra/runtime/task.h"

namespace unhidra::access {

// `count` requests in `period`, all of them at once when nothing was used before.
struct LimitRule {
  LimitKey key = LimitKey::ip;
  std::uint32_t count = 0;
  std::chrono::milliseconds period{};
  friend bool operator==(const LimitRule&, const LimitRule&) = default;
};

// "10/1m": what a setting holds; "off" switches the rule off (count 0).
Result<LimitRule> parse_limit_rule(std::string_view text, LimitKey key);
std::string to_string(const LimitRule& rule);

// The rules of every class, from configuration. Immutable.
class LimitTable {
 public:
  LimitTable();  // the defaults
  static Result<LimitTable> from_config(const runtime::Config& config);
  std::span<const LimitRule> rules(LimitClass limit) const;
  void set(LimitClass limit, std::vector<LimitRule> rules);

 private:
  std::array<std::vector<LimitRule>, kLimitClasses> rules_;
};
// The settings of this room, for the schema.
std::vector<const runtime::SettingBase*> settings();

// What the rules count. Views: live as long as the call.
struct LimitSubject {
  std::string_view ip;
  std::optional<UserId> user;
  std::optional<ConnectionId> connection;
  ByteView target;
};

// Counts in the given limiter, whose classes it defines: "login.ip". Safe from any thread.
class LimitGuard {
 public:
  LimitGuard(messaging::RateLimiter& limiter, const LimitTable& table);  // limiter outlives it

  // Takes one token for every rule of the class whose key the subject has; Errc::rate_limited with
  // retry_after when one has none left.
  Task<Status> take(LimitClass limit, LimitSubject subject);
  // The same without waiting: for frames on the gateway's hot path. Rules that another machine
  // counts pass here and are counted where the operation is served.
  Status take_now(LimitClass limit, const LimitSubject& subject);

 private:
  struct Counted {
    LimitKey key;
    messaging::RateClass rate_class;
  };
  messaging::RateLimiter& limiter_;
  std::array<std::vector<Counted>, kLimitClasses> counted_;
};

}  // namespace unhidra::access
