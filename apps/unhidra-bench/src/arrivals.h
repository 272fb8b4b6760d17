#pragma once
// When the entries of a group's log reached how many devices. Counted where they arrive, in several
// threads and processes, and put together afterwards: the steady clock is the same in all of them.

#include <cstdint>
#include <unordered_map>
#include <utility>

#include "unhidra/base/codec.h"
#include "unhidra/base/id.h"
#include "unhidra/base/time.h"

namespace unhidra::bench {

struct Arrival {
  std::uint64_t devices = 0;
  SteadyTime first = SteadyTime::max();
  SteadyTime last = SteadyTime::min();

  void note(SteadyTime at);
  void merge(const Arrival& other);
};

class Arrivals {
 public:
  Arrivals() = default;
  Arrivals(Arrivals&&) = default;
  Arrivals& operator=(Arrivals&&) = default;
  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;

  // Any frame of the server as one device got it; what is no message of a group is passed over.
  void note(ByteView frame, SteadyTime at);
  void merge(const Arrivals& other);

  // How far the log of the group that was heard of last goes here; 0: nothing was heard.
  std::pair<ConversationId, std::uint64_t> newest() const { return newest_; }
  // Nothing when it has reached nobody.
  const Arrival* find(MessageId message) const;
  const std::unordered_map<MessageId, Arrival>& all() const { return by_message_; }

  void encode(ByteWriter& writer) const;
  static Arrivals decode(ByteReader& reader);

 private:
  std::unordered_map<MessageId, Arrival> by_message_;
  // Every device gets the same bytes, mostly right after each other: they are decoded once.
  Bytes last_frame_;
  Arrival* last_arrival_ = nullptr;
  std::pair<ConversationId, std::uint64_t> newest_;
};

}  // namespace unhidra::bench
