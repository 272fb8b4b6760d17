#include "channel_user.h"

namespace unhidra::bench {
namespace {

constexpr std::string_view kEmoji = "\xF0\x9F\x91\x8D";

}  // namespace

ChannelUser::ChannelUser(ChannelWorld& world, boost::asio::io_context& loop, ChannelLog& log,
                         Account account)
    : EngineUser(world.engines, loop, log.tally, std::move(account)), world_(world), log_(log) {}

Result<MessageId> ChannelUser::do_it(ChannelAct act) {
  if (!channel_ || (act != ChannelAct::message && !latest_)) {
    return fail(Errc::unavailable, "nothing is there yet");
  }
  client::Draft draft;
  draft.text = std::string(world_.message_bytes, '.');
  if (act == ChannelAct::reaction) {
    reacts_ = !reacts_;  // again is the same as once
    return engine().react(*channel_, *latest_, kEmoji, reacts_);
  }
  if (act == ChannelAct::reply) {
    draft.thread_root = latest_;
  }
  return engine().send(*channel_, draft);
}

std::uint64_t ChannelUser::epoch() {
  if (!channel_) {
    return 0;
  }
  const auto group = engine().group(*channel_);
  return group ? group->epoch : 0;
}

void ChannelUser::greet() {
  if (do_it(ChannelAct::message)) {
    ++log_.tally.sent;
    take_actions();
  }
}

void ChannelUser::act(ChannelAct act, SteadyTime due) {
  const auto done = do_it(act);
  if (!done) {
    count_error("not_done." + std::string(to_string(act)));
    return;
  }
  ++log_.tally.sent;
  log_.tally.lateness.add(clock().steady_now() - due);
  log_.asked.emplace(*done, ChannelLog::Asked{act, due});
  take_actions();
}

void ChannelUser::heard(ByteView frame) {
  log_.arrivals.note(frame, clock().steady_now());
}

void ChannelUser::see(const client::Event& event) {
  using namespace client::event;
  if (const auto* joined = std::get_if<GroupJoined>(&event)) {
    channel_ = joined->conversation;
  } else if (const auto* received = std::get_if<MessageReceived>(&event)) {
    see_message(received->message);
    ++log_.tally.received;
  } else if (const auto* done = std::get_if<ActionDone>(&event)) {
    const bool accepted = done->failure.empty();
    log_.tally.acknowledged += accepted ? 1 : 0;
    if (!accepted) {
      count_error("failed." + done->failure);
    }
  } else if (const auto* changed = std::get_if<MessageStateChanged>(&event)) {
    if (changed->message.state == client::MessageState::sent) {
      ++log_.tally.acknowledged;
      see_message(changed->message);
    } else if (changed->message.state == client::MessageState::failed) {
      count_error("failed." + changed->message.failure);
    }
  }
}

void ChannelUser::see_message(const client::Message& message) {
  if (message.thread_root) {
    return;
  }
  latest_ = message.ref();
  reacts_ = false;
  if (world_.reads && message.state == client::MessageState::received && channel_) {
    const auto read = engine().mark_read(*channel_, message.index);
    log_.read += read ? 1 : 0;
    take_actions();
  }
}

}  // namespace unhidra::bench
