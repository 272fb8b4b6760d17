#pragma once
// Rate limits across processes: each decides by its own buckets at once and tells the others every
// 50 ms what was taken, which they take from theirs. In the long run all processes together allow
// what one would; at most, before the first news of a burst has arrived, each allows a burst of its
// own. What is counted by connection stays where it is: a connection has one gateway.

#include <memory>

#include "unhidra/messaging/bus.h"
#include "unhidra/messaging/rate_limiter.h"

namespace unhidra::messaging {

class SharedRateLimiter final : public RateLimiter {
 public:
  // `local` and `bus` outlive it. Until start() it is the local one alone.
  SharedRateLimiter(LocalRateLimiter& local, Bus& bus);
  ~SharedRateLimiter() override;

  Status start(Executor executor);
  void stop();
  // Tells what has been taken since the last time. Spawn run() in a TaskScope; it does so forever.
  void tell();
  Task<void> run();

  RateClass define(std::string_view name, RateLimit limit) override;
  std::optional<RateClass> find(std::string_view name) const override;
  Task<Decision> take(RateClass rate_class, Bytes key, std::uint32_t n = 1) override;
  std::optional<Decision> take_now(RateClass rate_class, ByteView key,
                                   std::uint32_t n = 1) override;
  std::vector<ClassStats> stats() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace unhidra::messaging
