// Any sequence of calls, with any handles, spans and contents, is answered.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "unhidra/base/codec.h"

#include "fake_host.h"
#include "unhidra_core.h"

namespace {

using unhidra::ByteReader;

class Session {
 public:
  explicit Session(ByteReader& input) : in_(input) {
    unhidra::core::fake::reset();
    place_ = unhidra_buffer_new(4096);
    std::fill_n(place_, 4096, std::uint8_t{'k'});
    engine_ = unhidra_engine_open(1, place_, 32, 0);
  }
  ~Session() {
    unhidra_engine_close(engine_);
    unhidra_buffer_free(place_);
  }

  void step() {
    const auto call = in_.u8();
    const auto engine = (in_.u8() & 7) != 0 ? engine_ : static_cast<std::int32_t>(in_.u32());
    // Mostly within the buffer, sometimes anywhere.
    const auto size = in_.u16() % 600U;
    const auto* at = place_ + (in_.u8() == 0 ? 4000 : 0);
    const auto content = in_.raw(std::min<std::size_t>(size, in_.remaining()));
    std::ranges::copy(content, place_);
    dispatch(call % 43, engine, at, size);
    while (unhidra_engine_next(engine_) > 0) {
    }
    unhidra::core::fake::host().steady += 1'000'000;
  }

 private:
  void dispatch(int call, std::int32_t engine, const std::uint8_t* at, std::uint32_t size) {
    using Command = std::int32_t (*)(std::int32_t, const std::uint8_t*, std::uint32_t);
    constexpr Command kCommands[] = {
        unhidra_engine_receive, unhidra_look_up_user,    unhidra_open_conversation,
        unhidra_refresh_user,   unhidra_accept_identity, unhidra_approve_device,
        unhidra_remove_device,  unhidra_refresh_token,   unhidra_conversation_with,
        unhidra_user,           unhidra_user_named,      unhidra_safety_number,
        unhidra_value_get,      unhidra_value_remove,    unhidra_group_leave,
        unhidra_group,          unhidra_history_request, unhidra_history_cancel,
        unhidra_group_reset,    unhidra_watch_presence,  unhidra_read_earlier,
        unhidra_put_first,      unhidra_recover,
    };
    constexpr int kCount = sizeof(kCommands) / sizeof(kCommands[0]);
    if (call < kCount) {
      kCommands[call](engine, at, size);
      return;
    }
    switch (call - kCount) {
      case 0:
        unhidra_engine_connection_opened(engine);
        break;
      case 1:
        unhidra_engine_connection_closed(engine);
        break;
      case 2:
        unhidra_engine_tick(engine);
        break;
      case 3:
        unhidra_engine_enroll(engine, at, std::min(size, 36U), at, std::min(size, 36U), at, size);
        break;
      case 4:
        unhidra_send_text(engine, at, std::min(size, 36U), at, size);
        break;
      case 5:
        unhidra_history(engine, at, size, size, size);
        break;
      case 6:
        unhidra_value_put(engine, at, size, at, size);
        break;
      case 7:
        unhidra_group_create(engine, at, std::min(size, 9U), at, size);
        break;
      case 8:
        unhidra_group_add(engine, at, std::min(size, 36U), at, size);
        break;
      case 9:
        unhidra_group_remove(engine, at, std::min(size, 36U), at, size);
        break;
      case 10:
        unhidra_group_rename(engine, at, std::min(size, 36U), at, size);
        break;
      case 12:
        unhidra_history_approve(engine, at, std::min(size, 36U), at, size);
        break;
      case 11:
        unhidra_send_text_to(engine, at, std::min(size, 36U), at, size);
        break;
      case 13:
        unhidra_set_presence(engine, static_cast<std::int32_t>(size));
        break;
      case 14:
        unhidra_presence(engine);
        break;
      case 15:
        unhidra_share_history(engine, at, size, size % 2);
        break;
      case 16:
        unhidra_moderate(engine, at, std::min(size, 36U), at, size);
        break;
      case 17:
        unhidra_discard(engine, at, std::min(size, 36U), at, size);
        break;
      case 18:
        unhidra_message_texts(engine, at, std::min(size, 36U), at, size);
        break;
      default:
        unhidra_engine_close(engine);
        engine_ = unhidra_engine_open(1, place_, 32, 0);
        break;
    }
  }

  ByteReader& in_;
  std::uint8_t* place_;
  std::int32_t engine_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader({data, size});
  Session session(reader);
  for (int steps = 0; reader.remaining() != 0 && !reader.failed() && steps < 64; ++steps) {
    session.step();
  }
  return 0;
}
