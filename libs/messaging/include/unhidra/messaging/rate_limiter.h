#pragma once
// Token buckets by key. A class is a named limit ("login": 10 per minute); a key is whom it counts
// (an address, a user id). A bucket holds `burst` tokens and fills at `limit` per `window`.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/bytes.h"
#include "unhidra/base/time.h"
#include "unhidra/messaging/errc.h"
#include "unhidra/runtime/task.h"

namespace unhidra::messaging {

struct RateLimit {
  std::uint32_t limit = 1;  // tokens per window; at least 1
  std::chrono::milliseconds window{1000};
  std::uint32_t burst = 0;  // 0: the same as `limit`
};

// Handle of a defined class: look it up once.
struct RateClass {
  std::uint32_t index = 0;
};

struct Decision {
  bool allowed = false;
  std::chrono::milliseconds retry_after{0};  // when refused: how long until it would be allowed
  std::uint32_t remaining = 0;               // whole tokens left
};

// Safe from any thread.
class RateLimiter {
 public:
  virtual ~RateLimiter() = default;

  // Defining a name again changes its limit (a reload) and keeps its buckets.
  virtual RateClass define(std::string_view name, RateLimit limit) = 0;
  virtual std::optional<RateClass> find(std::string_view name) const = 0;

  // Takes `n` tokens or none. More than the burst is never allowed.
  virtual Task<Decision> take(RateClass rate_class, Bytes key, std::uint32_t n = 1) = 0;
  // The same at once, or nothing when the answer lies on another machine.
  virtual std::optional<Decision> take_now(RateClass rate_class, ByteView key,
                                           std::uint32_t n = 1) = 0;

  struct ClassStats {
    std::string name;
    std::uint64_t allowed = 0;
    std::uint64_t refused = 0;
  };
  virtual std::vector<ClassStats> stats() const = 0;
};

// Within one process. A key costs about 60 bytes while its bucket is not full; full buckets are
// forgotten, which changes nothing. At `max_keys` the fullest of a few buckets is forgotten to make
// room: under a flood of keys somebody gets tokens back early, nobody is locked out, and memory is
// bounded. `forgotten_early` counts it.
class LocalRateLimiter final : public RateLimiter {
 public:
  static constexpr std::size_t kDefaultMaxKeys = 1'000'000;
  explicit LocalRateLimiter(const Clock& clock, std::size_t max_keys = kDefaultMaxKeys);
  ~LocalRateLimiter() override;

  RateClass define(std::string_view name, RateLimit limit) override;
  std::optional<RateClass> find(std::string_view name) const override;
  Task<Decision> take(RateClass rate_class, Bytes key, std::uint32_t n = 1) override;
  std::optional<Decision> take_now(RateClass rate_class, ByteView key,
                                   std::uint32_t n = 1) override;
  std::vector<ClassStats> stats() const override;

  // Takes tokens that were given out elsewhere, as far as there are any; decides nothing.
  void debit(RateClass rate_class, ByteView key, std::uint32_t n);

  std::size_t keys() const;
  std::uint64_t forgotten_early() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace unhidra::messaging
