#pragma once
// Frames as a gateway sends them to the devices of a group, and when they come.

#include <chrono>

#include "unhidra/base/time.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/frame_bodies.h"

namespace unhidra::bench {

template <class T>
T id_of(Byte number) {
  Uuid id{};
  id.back() = number;
  return T(id);
}

inline MessageId message(Byte number) {
  return id_of<MessageId>(number);
}

inline SteadyTime at(int ms) {
  return SteadyTime(std::chrono::milliseconds(ms));
}

template <class Event>
Bytes event_frame(const Event& event) {
  return wire::make_response(0, wire::response_field<Event>(), wire::encode(event));
}

inline wire::GroupEntry entry(Byte number) {
  return {.conversation_id = id_of<ConversationId>(99),
          .seq = number,
          .message_id = id_of<MessageId>(number),
          .sender_user_id = id_of<UserId>(1),
          .sender_device_id = id_of<DeviceId>(1),
          .content = Bytes(100, number)};
}

}  // namespace unhidra::bench
