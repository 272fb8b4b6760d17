#pragma once
// Arguments of the exported functions about messages.

#include <optional>
#include <string>

#include "calls.h"
#include "unhidra_core.h"

namespace unhidra::core {

inline constexpr std::size_t kIdText = 36;

// "id/senderDevice".
inline Result<client::MessageRef> ref_of(Span argument) {
  UNHIDRA_TRY(const auto bytes, Module::instance().view(argument));
  const auto text = as_text(bytes);
  if (text.size() == 2 * kIdText + 1 && text[kIdText] == '/') {
    const auto id = MessageId::parse(text.substr(0, kIdText));
    const auto device = DeviceId::parse(text.substr(kIdText + 1));
    if (id && device) {
      return client::MessageRef{*id, *device};
    }
  }
  return fail(Errc::bad_argument, "the name of a message is malformed");
}

inline Result<std::optional<client::MessageRef>> maybe_ref_of(Span argument) {
  if (argument.size == 0) {
    return std::optional<client::MessageRef>();
  }
  UNHIDRA_TRY(const auto ref, ref_of(argument));
  return std::optional(ref);
}

template <class IdType>
Result<std::optional<IdType>> maybe_id_of(Span argument) {
  if (argument.size == 0) {
    return std::optional<IdType>();
  }
  UNHIDRA_TRY(const auto id, id_of<IdType>(argument));
  return std::optional(id);
}

inline Result<std::string> text_of(Span argument) {
  UNHIDRA_TRY(const auto bytes, Module::instance().view(argument));
  return std::string(as_text(bytes));
}

inline Result<client::Draft> draft_of(Span text, Span mentions, std::int32_t everyone) {
  client::Draft out;
  UNHIDRA_TRY(out.text, text_of(text));
  UNHIDRA_TRY(out.mentions, ids_of<UserId>(mentions));
  out.mentions_everyone = everyone != 0;
  return out;
}

// body(Engine&, ConversationId) -> Result<MessageId>
template <class Body>
std::int32_t writing(std::int32_t handle, Span conversation, Body body) {
  return with_hosted(handle, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto id, id_of<ConversationId>(conversation));
    UNHIDRA_TRY(const auto message, body(*hosted.engine, id));
    return answer_with("messageId", message.to_string());
  });
}

}  // namespace unhidra::core
