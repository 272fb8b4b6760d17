// Questions to the server and when to ask again; where a frame goes that comes in.

#include "unhidra/wire/frames.h"

#include "engine_impl.h"

namespace unhidra::client {

bool Engine::Impl::may_ask(const Question& question) const {
  if (!link_.greeted || link_.pending.size() >= limits_.max_requests) {
    return false;  // the next answer makes room, and everything is looked at again
  }
  const auto known = link_.questions.find(question);
  return known == link_.questions.end() ||
         (!known->second.in_flight && known->second.not_before <= clock_.steady_now());
}

void Engine::Impl::settle(const Question& question) {
  link_.questions.erase(question);
}

std::chrono::milliseconds Engine::Impl::delay_after(std::uint32_t failures) const {
  const auto first = std::chrono::milliseconds(limits_.first_retry);
  const auto last = std::chrono::milliseconds(limits_.last_retry);
  const auto delay = first * (std::int64_t{1} << std::min(failures, 16U));
  return std::min(delay, last);
}

void Engine::Impl::back_off(const Question& question, std::uint32_t retry_after_ms) {
  auto& state = link_.questions[question];
  state.in_flight = false;
  const auto delay =
      std::max(delay_after(state.failures), std::chrono::milliseconds(retry_after_ms));
  ++state.failures;
  state.not_before = clock_.steady_now() + delay;
}

void Engine::Impl::report(std::string what, const wire::Error& error) {
  emit(event::RequestFailed{std::move(what), error.code, error.message});
}

Status Engine::Impl::receive(ByteView bytes) {
  auto frame = wire::decode<wire::ServerFrame>(bytes, {.max_size = limits_.max_frame});
  if (!frame) {
    released_.reconnect = true;
    return fail(Errc::bad_frame, "the server sent an unreadable frame: " + frame.error().message());
  }
  if (frame->request_id == 0) {
    return on_event(*frame);
  }
  const auto found = link_.pending.find(frame->request_id);
  if (found == link_.pending.end()) {
    return {};  // an answer to nothing: of no use, and of no harm
  }
  const auto request = std::move(found->second);
  link_.pending.erase(found);
  if (const auto* error = std::get_if<wire::Error>(&frame->body)) {
    return refuse(request, *error);
  }
  return answer(request, *frame);
}

}  // namespace unhidra::client
