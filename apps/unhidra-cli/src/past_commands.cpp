// edits, discard, versions: what a message was before, and what became of none.

#include "unhidra/base/text.h"

#include "app.h"
#include "errc.h"

namespace unhidra::cli {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds kVersionsPatience{30};

template <class IdType>
Result<IdType> checked_id(const std::string& text, const char* of) {
  const auto id = IdType::parse(text);
  if (!id) {
    return fail(Errc::usage, printable(text) + " is no id of a " + of);
  }
  return *id;
}

const char* kind_name(wire::MessageKind kind) {
  switch (kind) {
    case wire::MessageKind::edit:
      return "edit";
    case wire::MessageKind::deletion:
      return "deletion";
    default:
      return "message";
  }
}

}  // namespace

Status App::show_edits(const client::Conversation& place, const client::Message& message) {
  UNHIDRA_TRY(const auto texts, engine_->texts(place.id, message.ref()));
  for (const auto& one : texts) {
    const bool accepted = one.since != Timestamp();
    output_.result(
        json::object{{"type", "message_text"},
                     {"message_id", message.id.to_string()},
                     {"since", accepted ? json::value(to_rfc3339(one.since)) : json::value()},
                     {"text", one.text}},
        (accepted ? to_rfc3339(one.since) : std::string("not sent")) + "  " + printable(one.text));
  }
  return {};
}

Status App::discard(const client::Conversation& place, const client::Message& message) {
  UNHIDRA_TRY_VOID(engine_->discard(place.id, message.ref()));
  output_.result(
      json::object{{"type", "message_discarded"}, {"message_id", message.id.to_string()}},
      "Discarded.");
  return {};
}

// Ciphertext: only devices that were in the conversation can read it.
Status App::export_versions() {
  UNHIDRA_TRY(const auto conversation, checked_id<ConversationId>(options_.group, "conversation"));
  UNHIDRA_TRY(const auto message, checked_id<MessageId>(options_.message.message, "message"));
  UNHIDRA_TRY(const auto device, checked_id<DeviceId>(options_.device, "device"));
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY_VOID(settle(kVersionsPatience));
  UNHIDRA_TRY(const auto body, ask_place(wire::FetchMessageVersions{
                                   conversation, wire::MessageRef{message, device}}));
  const auto* found = std::get_if<wire::MessageVersions>(&body);
  if (found == nullptr) {
    return fail(Errc::server_failed, "the server's answer lists no versions");
  }
  for (const auto& one : found->versions) {
    output_.result(json::object{{"type", "message_version"},
                                {"seq", one.seq},
                                {"kind", kind_name(one.kind)},
                                {"message_id", one.message_id.to_string()},
                                {"sender_user_id", one.sender_user_id.to_string()},
                                {"sender_device_id", one.sender_device_id.to_string()},
                                {"received_at", to_rfc3339(one.received_at)},
                                {"epoch", one.epoch},
                                {"ciphertext", to_base64(one.ciphertext)}},
                   std::to_string(one.seq) + "  " + kind_name(one.kind) + "  " +
                       to_rfc3339(one.received_at) + "  " + one.sender_user_id.to_string() + "  " +
                       std::to_string(one.ciphertext.size()) + " bytes");
  }
  return {};
}

}  // namespace unhidra::cli
