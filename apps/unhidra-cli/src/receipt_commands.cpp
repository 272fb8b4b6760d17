// readers: who has read a message, or, in large groups, how many.

#include <array>

#include "unhidra/base/text.h"

#include "app.h"
#include "errc.h"

namespace unhidra::cli {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds kPatience{10};

json::object head(const client::Message& message) {
  return {{"type", "readers"}, {"message_id", message.id.to_string()}};
}

}  // namespace

Status App::show_readers(const client::Conversation& place, const client::Message& message) {
  UNHIDRA_TRY_VOID(engine_->watch_receipts(place.id, std::array{message.seq}));
  const bool counted = engine_->counts_receipts(place.id);
  if (counted) {
    UNHIDRA_TRY_VOID(driver_->run_until(
        [&] { return engine_->receipt_count(place.id, message.seq).has_value(); }, kPatience));
    const auto count = *engine_->receipt_count(place.id, message.seq);
    auto out = head(message);
    out["delivered_to"] = count.delivered;
    out["read_by"] = count.read;
    out["of"] = count.people;
    output_.result(out, "Read by " + std::to_string(count.read) + ", delivered to " +
                            std::to_string(count.delivered) + ", of " +
                            std::to_string(count.people) + " who tell.");
    return {};
  }
  UNHIDRA_TRY(const auto people, engine_->receipts(place.id));
  const Names names(*engine_);
  bool any = false;
  for (const auto& one : people) {
    if (one.delivered_seq < message.seq || one.user == message.sender_user) {
      continue;
    }
    any = true;
    const bool read = one.read_seq >= message.seq;
    auto out = head(message);
    out["user"] = names.of(one.user);
    out["read"] = read;
    output_.result(out, names.of(one.user) + (read ? "  has read it" : "  has it"));
  }
  if (!any) {
    output_.remark("Nobody has told yet.");
  }
  return {};
}

}  // namespace unhidra::cli
