#pragma once
// What the engine answers and reports, as JSON. The names are those of the TypeScript types in
// web/packages/core/src/types.ts.

#include <string>

#include "unhidra/client/engine.h"

#include "json.h"

namespace unhidra::core {

void describe(Json& out, const client::Account& account);
void describe(Json& out, const client::Device& device);
void describe(Json& out, const client::Conversation& conversation);
void describe(Json& out, const client::ConversationChanges& changes);
void describe(Json& out, const client::User& user);
void describe(Json& out, const client::Message& message);
void describe(Json& out, const client::MessageText& text);
void describe(Json& out, const client::SafetyNumber& number);
void describe(Json& out, const client::GroupMember& member);
void describe(Json& out, const client::Group& group);
void describe(Json& out, const client::Thread& thread);
void describe(Json& out, const client::AutoFollow& rule);
void describe(Json& out, const client::ConversationEmoji& emoji);
void describe(Json& out, const client::ReceiptState& receipt);
void describe(Json& out, const client::ReceiptCount& count);
void describe(Json& out, const client::UserPresence& presence);
void describe(Json& out, UserId user);
void describe(Json& out, const client::HistoryTransfer& transfer);
void describe(Json& out, const Error& error);
void describe(Json& out, const client::Event& event);

template <class T>
void describe(Json& out, const std::vector<T>& list) {
  out.begin_list();
  for (const auto& item : list) {
    describe(out, item);
  }
  out.end_list();
}

template <class T>
void describe(Json& out, const std::optional<T>& value) {
  if (value) {
    describe(out, *value);
  } else {
    out.null();
  }
}

template <class T>
std::string to_json(const T& value) {
  Json out;
  describe(out, value);
  return std::move(out).take();
}

}  // namespace unhidra::core
