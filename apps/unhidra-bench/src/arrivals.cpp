#include "arrivals.h"

#include <algorithm>

#include "unhidra/wire/codec.h"
#include "unhidra/wire/frames.h"

namespace unhidra::bench {
namespace {

constexpr std::size_t kIdSize = 16;

std::uint64_t count_of(SteadyTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

SteadyTime time_of(std::uint64_t count) {
  return SteadyTime(SteadyTime::duration(static_cast<std::int64_t>(count)));
}

}  // namespace

void Arrival::note(SteadyTime at) {
  merge({1, at, at});
}

void Arrival::merge(const Arrival& other) {
  devices += other.devices;
  first = std::min(first, other.first);
  last = std::max(last, other.last);
}

void Arrivals::note(ByteView frame, SteadyTime at) {
  if (last_arrival_ == nullptr || !std::ranges::equal(frame, last_frame_)) {
    const auto decoded = wire::decode<wire::ServerFrame>(frame);
    const auto* entry = decoded ? std::get_if<wire::GroupEntry>(&decoded->body) : nullptr;
    if (entry == nullptr || !entry->message_id) {
      return;
    }
    newest_ = {entry->conversation_id, entry->seq};
    last_frame_ = to_bytes(frame);
    last_arrival_ = &by_message_[*entry->message_id];
  }
  last_arrival_->note(at);
}

void Arrivals::merge(const Arrivals& other) {
  for (const auto& [message, arrival] : other.by_message_) {
    by_message_[message].merge(arrival);
  }
}

const Arrival* Arrivals::find(MessageId message) const {
  const auto found = by_message_.find(message);
  return found == by_message_.end() ? nullptr : &found->second;
}

void Arrivals::encode(ByteWriter& writer) const {
  writer.varint(by_message_.size());
  for (const auto& [message, arrival] : by_message_) {
    writer.raw(message.bytes()).varint(arrival.devices);
    writer.u64(count_of(arrival.first)).u64(count_of(arrival.last));
  }
}

Arrivals Arrivals::decode(ByteReader& reader) {
  Arrivals out;
  for (auto count = reader.varint(); count > 0 && !reader.failed(); --count) {
    const MessageId message(reader.array<kIdSize>());
    Arrival arrival;
    arrival.devices = reader.varint();
    arrival.first = time_of(reader.u64());
    arrival.last = time_of(reader.u64());
    out.by_message_[message].merge(arrival);
  }
  return out;
}

}  // namespace unhidra::bench
