#include "unhidra/messaging/rate_limiter.h"

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "unhidra/runtime/siphash.h"

namespace unhidra::messaging {
namespace {

constexpr std::size_t kShards = 16;
constexpr int kSample = 8;

// A bucket is one instant: when it will be full again ("theoretical arrival time" of the generic
// cell rate algorithm, ITU-T I.371 annex A). The same as counting tokens, in eight bytes.
using Nanos = std::int64_t;

struct Class {
  std::string name;
  std::atomic<Nanos> per_token{1};
  std::atomic<std::uint32_t> burst{1};
  std::atomic<std::uint64_t> allowed{0};
  std::atomic<std::uint64_t> refused{0};

  void set(const RateLimit& limit) {
    const auto window = std::chrono::nanoseconds(limit.window).count();
    const auto tokens = std::max<Nanos>(1, limit.limit);
    per_token = std::max<Nanos>(1, window / tokens);
    burst = limit.burst > 0 ? limit.burst : std::max(1U, limit.limit);
  }
};

// 128 bits of keyed hash over class and key stand for both: nobody who lacks the process's random
// keys can make two callers share a bucket, and a long key costs no more than a short one.
struct BucketId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const BucketId&, const BucketId&) = default;
};
struct BucketHash {
  std::size_t operator()(const BucketId& id) const { return id.low; }
};

struct Shard {
  std::mutex mutex;
  std::unordered_map<BucketId, Nanos, BucketHash> buckets;  // -> full again at
  std::size_t sweep_at = 1024;
  std::uint64_t forgotten_early = 0;
  std::minstd_rand random{std::random_device{}()};  // an attacker must not know the sample
};

std::chrono::milliseconds round_up(Nanos nanos) {
  constexpr Nanos kMilli = 1'000'000;
  return std::chrono::milliseconds((nanos + kMilli - 1) / kMilli);
}

}  // namespace

struct LocalRateLimiter::State {
  State(const Clock& c, std::size_t max_keys)
      : clock(c), max_per_shard(std::max<std::size_t>(1, max_keys / kShards)) {}

  Class& class_at(RateClass rate_class) {
    const std::shared_lock lock(classes_mutex);
    return classes.at(rate_class.index);
  }
  BucketId bucket_id(RateClass rate_class, ByteView key) const {
    auto keyed = [&](runtime::SipKey k) {
      k.k0 ^= rate_class.index;
      return runtime::siphash24(k, key);
    };
    return {keyed(high_key), keyed(low_key)};
  }
  Decision take(Class& rules, BucketId id, std::uint32_t n);
  void debit(const Class& rules, BucketId id, std::uint32_t n);
  void make_room(Shard& shard, Nanos now) const;

  const Clock& clock;
  const std::size_t max_per_shard;
  const runtime::SipKey high_key = runtime::random_sip_key();
  const runtime::SipKey low_key = runtime::random_sip_key();
  mutable std::shared_mutex classes_mutex;
  std::deque<Class> classes;  // a deque's elements stay where they are
  std::array<Shard, kShards> shards;
};

void LocalRateLimiter::State::make_room(Shard& shard, Nanos now) const {
  if (shard.buckets.size() >= shard.sweep_at || shard.buckets.size() >= max_per_shard) {
    std::erase_if(shard.buckets, [now](const auto& entry) { return entry.second <= now; });
    // Swept again only after it has doubled: constant cost per key over time.
    shard.sweep_at = std::max<std::size_t>(1024, shard.buckets.size() * 2);
  }
  if (shard.buckets.size() < max_per_shard) {
    return;
  }
  auto victim = shard.buckets.end();
  const auto buckets = shard.buckets.bucket_count();
  for (int seen = 0, tries = 0; seen < kSample && tries < 64; ++tries) {
    const auto slot = shard.random() % buckets;
    for (auto it = shard.buckets.begin(slot); it != shard.buckets.end(slot); ++it, ++seen) {
      if (victim == shard.buckets.end() || it->second < victim->second) {
        victim = shard.buckets.find(it->first);
      }
    }
  }
  shard.buckets.erase(victim == shard.buckets.end() ? shard.buckets.begin() : victim);
  ++shard.forgotten_early;
}

Decision LocalRateLimiter::State::take(Class& rules, BucketId id, std::uint32_t n) {
  const Nanos now = clock.steady_now().time_since_epoch().count();
  const Nanos per_token = rules.per_token;
  const auto burst = rules.burst.load();
  const Nanos capacity = per_token * burst;
  auto& shard = shards[id.high % kShards];
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.buckets.find(id);
  // A limit that was lowered since must not leave a bucket in debt for longer than the new one.
  const Nanos full_at =
      found == shard.buckets.end() ? now : std::clamp(found->second, now, now + capacity);
  if (found != shard.buckets.end()) {
    found->second = full_at;
  }
  if (n > burst) {
    return {.allowed = false, .retry_after = round_up(capacity), .remaining = 0};
  }
  const Nanos after = full_at + per_token * n;
  const Nanos excess = after - (now + capacity);
  if (excess > 0) {
    return {.allowed = false,
            .retry_after = round_up(excess),
            .remaining = static_cast<std::uint32_t>((now + capacity - full_at) / per_token)};
  }
  if (found != shard.buckets.end()) {
    found->second = after;
  } else if (n > 0) {
    make_room(shard, now);
    shard.buckets.emplace(id, after);
  }
  return {.allowed = true,
          .retry_after = {},
          .remaining = static_cast<std::uint32_t>((now + capacity - after) / per_token)};
}

void LocalRateLimiter::State::debit(const Class& rules, BucketId id, std::uint32_t n) {
  const Nanos now = clock.steady_now().time_since_epoch().count();
  const Nanos per_token = rules.per_token;
  const auto burst = rules.burst.load();
  const Nanos empty = now + per_token * burst;
  auto& shard = shards[id.high % kShards];
  const std::lock_guard lock(shard.mutex);
  auto found = shard.buckets.find(id);
  if (found == shard.buckets.end()) {
    make_room(shard, now);
    found = shard.buckets.emplace(id, now).first;
  }
  found->second =
      std::min(std::clamp(found->second, now, empty) + per_token * std::min(n, burst), empty);
}

LocalRateLimiter::LocalRateLimiter(const Clock& clock, std::size_t max_keys)
    : state_(std::make_unique<State>(clock, max_keys)) {}
LocalRateLimiter::~LocalRateLimiter() = default;

RateClass LocalRateLimiter::define(std::string_view name, RateLimit limit) {
  const std::unique_lock lock(state_->classes_mutex);
  for (std::uint32_t i = 0; i < state_->classes.size(); ++i) {
    if (state_->classes[i].name == name) {
      state_->classes[i].set(limit);
      return {i};
    }
  }
  auto& added = state_->classes.emplace_back();
  added.name = name;
  added.set(limit);
  return {static_cast<std::uint32_t>(state_->classes.size() - 1)};
}

std::optional<RateClass> LocalRateLimiter::find(std::string_view name) const {
  const std::shared_lock lock(state_->classes_mutex);
  for (std::uint32_t i = 0; i < state_->classes.size(); ++i) {
    if (state_->classes[i].name == name) {
      return RateClass{i};
    }
  }
  return std::nullopt;
}

std::optional<Decision> LocalRateLimiter::take_now(RateClass rate_class, ByteView key,
                                                   std::uint32_t n) {
  auto& rules = state_->class_at(rate_class);
  const auto decision = state_->take(rules, state_->bucket_id(rate_class, key), n);
  (decision.allowed ? rules.allowed : rules.refused).fetch_add(1, std::memory_order_relaxed);
  return decision;
}

Task<Decision> LocalRateLimiter::take(RateClass rate_class, Bytes key, std::uint32_t n) {
  co_return *take_now(rate_class, key, n);
}

void LocalRateLimiter::debit(RateClass rate_class, ByteView key, std::uint32_t n) {
  state_->debit(state_->class_at(rate_class), state_->bucket_id(rate_class, key), n);
}

std::vector<RateLimiter::ClassStats> LocalRateLimiter::stats() const {
  std::vector<ClassStats> out;
  const std::shared_lock lock(state_->classes_mutex);
  for (const auto& entry : state_->classes) {
    out.push_back({entry.name, entry.allowed, entry.refused});
  }
  return out;
}

std::size_t LocalRateLimiter::keys() const {
  std::size_t out = 0;
  for (auto& shard : state_->shards) {
    const std::lock_guard lock(shard.mutex);
    out += shard.buckets.size();
  }
  return out;
}

std::uint64_t LocalRateLimiter::forgotten_early() const {
  std::uint64_t out = 0;
  for (auto& shard : state_->shards) {
    const std::lock_guard lock(shard.mutex);
    out += shard.forgotten_early;
  }
  return out;
}

}  // namespace unhidra::messaging
