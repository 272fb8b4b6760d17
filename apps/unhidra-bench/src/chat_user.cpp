#include "chat_user.h"

#include <charconv>
#include <cstdio>
#include <utility>

namespace unhidra::bench {
namespace {

constexpr std::size_t kStampSize = 16;

// Each message carries when it was due; zero for those that are not measured.
std::string make_text(SteadyTime due, std::size_t size) {
  char stamp[kStampSize + 1] = {};
  std::snprintf(stamp, sizeof(stamp), "%016llx",
                static_cast<unsigned long long>(due.time_since_epoch().count()));
  std::string text(stamp);
  text.resize(std::max(size, kStampSize), '.');
  return text;
}

std::optional<SteadyTime> due_of(const std::string& text) {
  std::uint64_t value = 0;
  if (text.size() < kStampSize) {
    return std::nullopt;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + kStampSize, value, 16);
  if (error != std::errc{} || end != text.data() + kStampSize || value == 0) {
    return std::nullopt;
  }
  return SteadyTime(std::chrono::nanoseconds(value));
}

}  // namespace

ChatUser::ChatUser(ChatWorld& world, boost::asio::io_context& loop, Tally& tally, Account account)
    : EngineUser(world.engines, loop, tally, std::move(account)), world_(world) {}

void ChatUser::greet(UserId peer) {
  queue(peer, SteadyTime(), SteadyTime());
}

void ChatUser::answer_greetings() {
  for (const auto peer : std::exchange(greeted_by_, {})) {
    greet(peer);
  }
}

void ChatUser::send(UserId peer, SteadyTime due) {
  queue(peer, due, clock().steady_now());
}

void ChatUser::queue(UserId peer, SteadyTime due, SteadyTime now) {
  const auto queued = engine().send_text(peer, make_text(due, world_.message_bytes));
  if (!queued) {
    count_error(std::string(queued.error().code().name));
    return;
  }
  if (due != SteadyTime()) {
    ++tally().sent;
    tally().lateness.add(now - due);
    under_way_.emplace(*queued, peer);
  }
  take_actions();
}

void ChatUser::see(const client::Event& event) {
  using namespace client::event;
  if (const auto* changed = std::get_if<MessageStateChanged>(&event)) {
    see_state(changed->message);
  } else if (const auto* received = std::get_if<MessageReceived>(&event)) {
    see_received(received->message);
  }
}

void ChatUser::see_state(const client::Message& message) {
  const bool sent = message.state == client::MessageState::sent;
  const bool failed = message.state == client::MessageState::failed;
  if (!sent && !failed) {
    if (!message.failure.empty()) {
      count_error("retried." + message.failure);
    }
    return;
  }
  if (failed) {
    count_error("failed." + message.failure);
  } else {
    world_.recorder.write("acknowledged", account().user, message.conversation, message.id,
                          message.seq);
  }
  const auto due = due_of(message.text);
  if (!due) {
    return;
  }
  if (sent) {
    ++tally().acknowledged;
    tally().acknowledged_in_time += world_.load_on ? 1 : 0;
    tally().to_acknowledged.add(clock().steady_now() - *due);
  }
  const auto found = under_way_.find(message.id);
  if (found != under_way_.end()) {
    const auto peer = found->second;
    under_way_.erase(found);
    if (on_settled) {
      on_settled(peer);
    }
  }
}

void ChatUser::see_received(const client::Message& message) {
  world_.recorder.write("received", account().user, message.conversation, message.id, message.seq);
  if (const auto due = due_of(message.text)) {
    ++tally().received;
    tally().to_received.add(clock().steady_now() - *due);
  } else {
    greeted_by_.push_back(message.sender_user);
  }
}

}  // namespace unhidra::bench
