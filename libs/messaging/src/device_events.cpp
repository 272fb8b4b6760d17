#include "unhidra/messaging/device_events.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include <boost/asio/post.hpp>

#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"
#include "unhidra/runtime/log.h"

#include "fan_out.h"

namespace unhidra::messaging {
namespace {

constexpr std::string_view kMany = "devices.many";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHead = 1 + 4;  // version, number of ids; the frame follows them
constexpr std::size_t kId = 16;
constexpr std::size_t kMaxPending = 16'384;

std::string subject_of(DeviceId device) {
  return "device." + to_hex(device.bytes());
}

void note(Status& first, Status next) {
  if (first && !next) {
    first = std::move(next);
  }
}

}  // namespace

Status tell_devices(Bus& bus, std::span<const DeviceId> devices, ByteView frame) {
  Status out;
  const auto room =
      frame.size() + kHead > kMaxPayload ? 0 : (kMaxPayload - kHead - frame.size()) / kId;
  if (devices.size() <= kFewDevices || room <= kFewDevices) {
    for (const auto device : devices) {
      note(out, bus.publish(subject_of(device), to_bytes(frame)));
    }
    return out;
  }
  for (std::size_t at = 0; at < devices.size(); at += room) {
    const auto some = devices.subspan(at, std::min(room, devices.size() - at));
    ByteWriter message(kHead + some.size() * kId + frame.size());
    message.u8(kVersion).u32(static_cast<std::uint32_t>(some.size()));
    for (const auto device : some) {
      message.raw(device.bytes());
    }
    note(out, bus.publish(kMany, std::move(message.raw(frame)).take()));
  }
  return out;
}

struct DeviceEvents::State {
  explicit State(Bus& b) : bus(b) {}

  void hear(ByteView message);
  void tell_lagged(std::uint64_t lost);

  Bus& bus;
  std::shared_ptr<Counters> counters = std::make_shared<Counters>();
  std::mutex mutex;  // guards `listeners`
  std::unordered_multimap<DeviceId, std::shared_ptr<Subscriber>> listeners;
  FanOut fan_out;  // of the one handler that hears
  Subscription many;
};

void DeviceEvents::State::hear(ByteView message) {
  ByteReader in(message);
  const auto version = in.u8();
  const auto count = in.u32();
  if (in.failed() || version != kVersion || count > in.remaining() / kId) {
    log::error("devices.bad_message");
    return;
  }
  const Payload frame(to_bytes(message.subspan(kHead + count * kId)));
  std::vector<std::shared_ptr<Subscriber>> to;
  to.reserve(count);
  {
    const std::lock_guard lock(mutex);
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto [first, last] = listeners.equal_range(DeviceId(in.array<kId>()));
      std::for_each(first, last, [&](const auto& one) { to.push_back(one.second); });
    }
  }
  fan_out.deliver(to, frame);
}

void DeviceEvents::State::tell_lagged(std::uint64_t lost) {
  log::error("devices.behind", {{"lost", lost}});
  const std::lock_guard lock(mutex);
  for (const auto& [device, listener] : listeners) {
    boost::asio::post(listener->executor, [told = listener, lost] {
      if (told->active.load(std::memory_order_acquire) && told->options.on_lagged) {
        told->options.on_lagged(lost);
      }
    });
  }
}

namespace {

// A device's two ways to hear.
class ListenerOwner final : public Subscription::Owner {
 public:
  ListenerOwner(Subscription alone, std::shared_ptr<Subscriber> listener,
                std::function<void(const std::shared_ptr<Subscriber>&)> remove)
      : alone_(std::move(alone)), listener_(std::move(listener)), remove_(std::move(remove)) {}
  ~ListenerOwner() override {
    listener_->active.store(false, std::memory_order_release);
    remove_(listener_);
  }

 private:
  Subscription alone_;
  std::shared_ptr<Subscriber> listener_;
  std::function<void(const std::shared_ptr<Subscriber>&)> remove_;
};

}  // namespace

DeviceEvents::DeviceEvents(Bus& bus) : state_(std::make_shared<State>(bus)) {}
DeviceEvents::~DeviceEvents() {
  stop();
}

Status DeviceEvents::start(Executor executor) {
  // The handlers keep the state until stop(): one of them may be running then.
  UNHIDRA_TRY(state_->many,
              state_->bus.subscribe(
                  kMany, std::move(executor),
                  [state = state_](const Message& message) { state->hear(message.payload.view()); },
                  {.max_pending = kMaxPending, .on_lagged = [state = state_](std::uint64_t lost) {
                     state->tell_lagged(lost);
                   }}));
  return {};
}

void DeviceEvents::stop() {
  state_->many.reset();
}

std::uint64_t DeviceEvents::lost() const {
  return state_->counters->lost;
}

Result<Subscription> DeviceEvents::listen(DeviceId device, const Executor& executor,
                                          const Bus::Handler& handler,
                                          const SubscribeOptions& options) {
  auto listener = std::make_shared<Subscriber>();
  listener->subject = subject_of(device);
  listener->executor = executor;
  listener->handler = handler;
  listener->options = options;
  listener->counters = state_->counters;
  UNHIDRA_TRY(auto alone, state_->bus.subscribe(listener->subject, executor, handler, options));
  {
    const std::lock_guard lock(state_->mutex);
    state_->listeners.emplace(device, listener);
  }
  auto remove = [state = state_, device](const std::shared_ptr<Subscriber>& gone) {
    const std::lock_guard lock(state->mutex);
    const auto [first, last] = state->listeners.equal_range(device);
    const auto found =
        std::find_if(first, last, [&](const auto& one) { return one.second == gone; });
    if (found != last) {
      state->listeners.erase(found);
    }
  };
  return Subscription(
      std::make_unique<ListenerOwner>(std::move(alone), std::move(listener), std::move(remove)));
}

}  // namespace unhidra::messaging
