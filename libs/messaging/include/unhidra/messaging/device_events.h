#pragma once
// Frames for the devices of people, whichever process holds their connections.
//
// A few devices get a message of the bus each: only the process that holds one hears it. Many
// devices get one message with all their ids, which every process hears and takes its own from: the
// sender's cost does not grow with the group, and nobody has to know which process holds whom.
// Between the two ways there is no order; on either of them one sender's frames keep theirs.
//
// Delivery is at most once, as on any bus: what must not be lost lies in the database.

#include <memory>
#include <span>

#include "unhidra/base/id.h"
#include "unhidra/messaging/bus.h"

namespace unhidra::messaging {

// More than so many are told together.
constexpr std::size_t kFewDevices = 8;

// Never blocks; success does not mean that any of them is connected. The frame has at most
// kMaxPayload bytes. The first failure is answered; the other devices are told all the same.
Status tell_devices(Bus& bus, std::span<const DeviceId> devices, ByteView frame);

// One in each process that holds connections. Safe from any thread.
class DeviceEvents {
 public:
  // `bus` outlives it.
  explicit DeviceEvents(Bus& bus);
  ~DeviceEvents();
  DeviceEvents(const DeviceEvents&) = delete;
  DeviceEvents& operator=(const DeviceEvents&) = delete;

  // Frames for many devices are taken apart on `executor`. When it falls so far behind that some
  // are lost, every listener is told by its `on_lagged`: nobody knows for whom they were.
  Status start(Executor executor);
  void stop();

  // Frames for many that slow listeners have lost.
  std::uint64_t lost() const;

  // The message's payload is the frame. Several connections of one device hear the same.
  Result<Subscription> listen(DeviceId device, const Executor& executor,
                              const Bus::Handler& handler, const SubscribeOptions& options);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace unhidra::messaging
