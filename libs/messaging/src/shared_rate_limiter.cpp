#include "unhidra/messaging/shared_rate_limiter.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "unhidra/base/codec.h"
#include "unhidra/runtime/log.h"
#include "unhidra/runtime/siphash.h"

namespace unhidra::messaging {
namespace {

constexpr std::string_view kTaken = "limits.taken";
constexpr std::string_view kByConnection = ".connection";
constexpr std::uint8_t kVersion = 1;
constexpr std::chrono::milliseconds kInterval{50};
// Keys between two tellings; what more are taken stays untold, which lets somebody have more.
constexpr std::size_t kMaxWaiting = 4096;
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxKey = 128;

struct Class {
  std::string name;
  RateClass local;
  bool shared = true;
};

}  // namespace

struct SharedRateLimiter::State {
  State(LocalRateLimiter& l, Bus& b) : local(l), bus(b) {
    const auto random = runtime::random_sip_key();
    origin = std::move(ByteWriter().u64(random.k0).u64(random.k1)).take();
  }
  void note(RateClass rate_class, ByteView key, std::uint32_t n);
  void hear(ByteView payload);

  LocalRateLimiter& local;
  Bus& bus;
  Bytes origin;
  std::mutex mutex;                        // guards the next three
  std::map<std::uint32_t, Class> classes;  // by index
  std::map<std::pair<std::uint32_t, Bytes>, std::uint32_t> waiting;
  bool started = false;
  Subscription subscription;
};

void SharedRateLimiter::State::note(RateClass rate_class, ByteView key, std::uint32_t n) {
  const std::lock_guard lock(mutex);
  const auto found = classes.find(rate_class.index);
  if (!started || found == classes.end() || !found->second.shared || key.size() > kMaxKey) {
    return;
  }
  const auto at = waiting.find({rate_class.index, to_bytes(key)});
  if (at != waiting.end()) {
    at->second += n;
  } else if (waiting.size() < kMaxWaiting) {
    waiting.emplace(std::pair(rate_class.index, to_bytes(key)), n);
  }
}

void SharedRateLimiter::State::hear(ByteView payload) {
  ByteReader in(payload);
  const auto version = in.u8();
  const auto from = in.raw(origin.size());
  if (in.failed() || version != kVersion || std::ranges::equal(from, origin)) {
    return;  // another release's, or its own echo
  }
  while (in.remaining() > 0) {
    const auto name = in.text(kMaxName);
    const auto key = in.bytes(kMaxKey);
    const auto taken = in.u32();
    if (in.failed()) {
      log::warn("limits.bad_message");
      return;
    }
    // A process with other settings may not know the class.
    if (const auto known = local.find(name)) {
      local.debit(*known, key, taken);
    }
  }
}

SharedRateLimiter::SharedRateLimiter(LocalRateLimiter& local, Bus& bus)
    : state_(std::make_unique<State>(local, bus)) {}

SharedRateLimiter::~SharedRateLimiter() = default;

Status SharedRateLimiter::start(Executor executor) {
  UNHIDRA_TRY(state_->subscription,
              state_->bus.subscribe(kTaken, std::move(executor),
                                    [state = state_.get()](const Message& message) {
                                      state->hear(message.payload.view());
                                    }));
  const std::lock_guard lock(state_->mutex);
  state_->started = true;
  return {};
}

void SharedRateLimiter::stop() {
  state_->subscription.reset();
  const std::lock_guard lock(state_->mutex);
  state_->started = false;
}

void SharedRateLimiter::tell() {
  ByteWriter out;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->waiting.empty()) {
      return;
    }
    out.u8(kVersion).raw(state_->origin);
    for (const auto& [key, taken] : state_->waiting) {
      out.text(state_->classes.at(key.first).name).bytes(key.second).u32(taken);
    }
    state_->waiting.clear();
  }
  if (const auto sent = state_->bus.publish(kTaken, std::move(out).take()); !sent) {
    log::warn("limits.not_told", {{"error", sent.error()}});
  }
}

Task<void> SharedRateLimiter::run() {
  for (;;) {
    co_await runtime::sleep_for(kInterval);
    tell();
  }
}

RateClass SharedRateLimiter::define(std::string_view name, RateLimit limit) {
  const auto defined = state_->local.define(name, limit);
  const std::lock_guard lock(state_->mutex);
  state_->classes.insert_or_assign(
      defined.index, Class{std::string(name), defined, !name.ends_with(kByConnection)});
  return defined;
}

std::optional<RateClass> SharedRateLimiter::find(std::string_view name) const {
  return state_->local.find(name);
}

std::optional<Decision> SharedRateLimiter::take_now(RateClass rate_class, ByteView key,
                                                    std::uint32_t n) {
  const auto decision = state_->local.take_now(rate_class, key, n);
  if (decision && decision->allowed && n > 0) {
    state_->note(rate_class, key, n);
  }
  return decision;
}

Task<Decision> SharedRateLimiter::take(RateClass rate_class, Bytes key, std::uint32_t n) {
  co_return *take_now(rate_class, key, n);
}

std::vector<RateLimiter::ClassStats> SharedRateLimiter::stats() const {
  return state_->local.stats();
}

}  // namespace unhidra::messaging
