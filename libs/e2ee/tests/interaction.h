#pragma once
// Two devices and a hostile network between them, driven by choices from outside: a seeded
// generator in the property test, the fuzzer's bytes in the fuzz target. Every step checks the
// rules; the first one that is broken is told by problem().

#include <functional>
#include <set>

#include "world.h"

namespace unhidra::e2ee {

class Interaction {
 public:
  // A number below the bound.
  using Choose = std::function<std::uint32_t(std::uint32_t)>;

  // `complete`: the limits are so wide that every message must decrypt when it arrives.
  Interaction(std::uint64_t seed, const Limits& limits, bool complete, Choose choose)
      : limits_(limits),
        complete_(complete),
        choose_(std::move(choose)),
        world_(seed, limits),
        ends_{&world_.alice, &world_.bob} {}

  void step() {
    const auto choice = choose_(100);
    if (choice < 40) {
      send(choose_(2));
    } else if (choice < 66) {
      deliver();
    } else if (choice < 70) {
      drop();
    } else if (choice < 76) {
      replay();
    } else if (choice < 90) {
      tamper();
    } else if (choice < 96) {
      restore(choose_(2));
    } else if (choice < 98) {
      pass_time();
    } else if (choice < 99) {
      start(choose_(2));
    } else {
      ends_[choose_(2)]->sessions.distrust();
    }
  }

  // Delivers what is under way; then one message each way must end on one session.
  void finish() {
    while (!under_way_.empty() && problem_.empty()) {
      deliver();
    }
    for (const std::size_t from : {0U, 1U, 0U}) {
      send(from);
      deliver_at(under_way_.size() - 1);
    }
    if (complete_ && ends_[0]->sessions.active_base_key() != ends_[1]->sessions.active_base_key()) {
      fail_with("the two ends did not converge on one session");
    }
  }

  const std::string& problem() const { return problem_; }
  std::size_t delivered() const { return delivered_.size(); }

 private:
  struct Message {
    std::size_t to;
    Sent sent;
  };

  void fail_with(std::string what) {
    if (problem_.empty()) {
      problem_ = std::move(what);
    }
  }

  void start(std::size_t who) {
    const auto offer = static_cast<TestDevice::Offer>(choose_(3));
    auto& peer = who == 0 ? world_.bob_device : world_.alice_device;
    if (!ends_[who]->start(peer, offer)) {
      fail_with("start failed");
    }
  }

  void send(std::size_t from) {
    auto& end = *ends_[from];
    if (!end.sessions.can_encrypt(end.now)) {
      start(from);
    }
    auto sent = end.send("message " + std::to_string(++texts_));
    if (!sent) {
      return fail_with("send failed: " + sent.error().message());
    }
    under_way_.push_back({1 - from, std::move(*sent)});
  }

  void deliver() {
    if (!under_way_.empty()) {
      // Mostly near the front, so that long gaps are rare but do happen.
      const auto size = static_cast<std::uint32_t>(under_way_.size());
      deliver_at(choose_(4) == 0 ? choose_(size) : choose_(std::min<std::uint32_t>(size, 3)));
    }
  }

  void deliver_at(std::size_t index) {
    auto message = std::move(under_way_[index]);
    under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(index));
    auto& end = *ends_[message.to];
    const auto received = end.receive(message.sent);
    if (received && *received != message.sent.text) {
      fail_with("another text arrived than was sent");
    } else if (received && !delivered_.insert(message.sent.text).second) {
      fail_with("a message arrived twice");
    } else if (!received && complete_) {
      fail_with("a good message was refused: " + received.error().message());
    }
    if (received) {
      past_.push_back(std::move(message));
    }
    if (end.sessions.session_count() > limits_.max_archived_sessions + 1) {
      fail_with("too many sessions are kept");
    }
  }

  void drop() {
    if (!under_way_.empty()) {
      const auto index = choose_(static_cast<std::uint32_t>(under_way_.size()));
      under_way_.erase(under_way_.begin() + index);
    }
  }

  void expect_refusal(End& end, const MessageContext& context, ByteView bytes, const char* what) {
    const auto before = end.snapshot();
    if (end.receive(context, bytes)) {
      fail_with(std::string(what) + " was accepted");
    }
    if (end.snapshot() != before) {
      fail_with(std::string(what) + " left a trace");
    }
  }

  void replay() {
    if (past_.empty()) {
      return;
    }
    const auto& message = past_[choose_(static_cast<std::uint32_t>(past_.size()))];
    expect_refusal(*ends_[message.to], message.sent.context, message.sent.bytes, "a replay");
  }

  void tamper() {
    if (under_way_.empty()) {
      return;
    }
    const auto& message = under_way_[choose_(static_cast<std::uint32_t>(under_way_.size()))];
    auto context = message.sent.context;
    auto bytes = message.sent.bytes;
    const auto size = static_cast<std::uint32_t>(bytes.size());
    switch (choose_(5)) {
      case 0:
        bytes[choose_(size)] ^= static_cast<Byte>(1U << choose_(8));
        break;
      case 1:
        bytes.resize(choose_(size));
        break;
      case 2:
        bytes.push_back(static_cast<Byte>(choose_(256)));
        break;
      case 3:
        context.message_id = id_of<MessageId>(1'000'000);
        break;
      default:
        context.sent_at += std::chrono::microseconds(1 + choose_(1000));
        break;
    }
    expect_refusal(*ends_[message.to], context, bytes, "a changed message");
  }

  void restore(std::size_t who) {
    auto& end = *ends_[who];
    const auto stored = end.snapshot();
    auto restored =
        PeerSessions::deserialize(provider(), stored, end.sessions.generation(), limits_);
    if (!restored) {
      return fail_with("a stored session was refused: " + restored.error().message());
    }
    end.sessions = std::move(*restored);
    if (end.snapshot() != stored) {
      fail_with("a stored session was not read back whole");
    }
  }

  void pass_time() {
    const std::chrono::seconds seconds(choose_(100));
    for (auto* end : ends_) {
      end->now += seconds;
    }
  }

  Limits limits_;
  bool complete_;
  Choose choose_;
  World world_;
  std::array<End*, 2> ends_;
  std::vector<Message> under_way_;
  std::vector<Message> past_;
  std::set<std::string> delivered_;
  std::uint64_t texts_ = 0;
  std::string problem_;
};

}  // namespace unhidra::e2ee
