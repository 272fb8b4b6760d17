#include "content_format.h"

#include <set>

#include "unhidra/base/text.h"
#include "unhidra/client/errc.h"
#include "unhidra/e2ee/attachment_descriptor.h"
#include "unhidra/wire/codec.h"

#include "emoji_rules.h"
#include "padding.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxBody = std::size_t{1} << 20;
constexpr std::size_t kMaxFault = 256;

bool good(const std::optional<wire::MessageRef>& ref) {
  return !ref || (!ref->message_id.is_nil() && !ref->sender_device_id.is_nil());
}
bool names_one(const std::optional<wire::MessageRef>& ref) {
  return ref.has_value() && good(ref);
}

// Each a file of its own: one that is told twice would be shown twice.
bool good_attachments(const std::vector<Bytes>& attachments) {
  std::set<e2ee::FileId> ids;
  for (const auto& one : attachments) {
    const auto read = e2ee::decode_attachment(one);
    if (!read || read->object.file_id.is_nil() || !ids.insert(read->object.file_id).second) {
      return false;
    }
    if (read->thumbnail && (read->thumbnail->object.file_id.is_nil() ||
                            !ids.insert(read->thumbnail->object.file_id).second)) {
      return false;
    }
  }
  return attachments.size() <= kMaxAttachments;
}

bool good_name(const std::string& name) {
  return !name.empty() && name.size() <= kMaxImportedName && is_valid_utf8(name);
}

struct Check {
  bool operator()(const std::monostate&) const { return true; }
  bool operator()(const wire::AccountKeyShare&) const { return true; }
  bool operator()(const wire::SessionReset&) const { return true; }
  bool operator()(const wire::Text& text) const {
    return text.body.size() <= kMaxBody && is_valid_utf8(text.body) && good(text.thread_root) &&
           good(text.reply_to) && text.mentioned_user_ids.size() <= kMaxMentions &&
           good_attachments(text.attachments) && (!text.imported || is_imported(*text.imported)) &&
           has_good_emoji(text) && (text.brings_emoji.empty() || brings_one_emoji(text));
  }
  bool operator()(const wire::HistoryTransfer& transfer) const {
    return transfer.stage != wire::HistoryStage::unspecified && transfer.value.size() <= kMaxBody;
  }
  bool operator()(const wire::Reaction& reaction) const {
    return names_one(reaction.target) && is_emoji(reaction.emoji) &&
           (reaction.picture.empty() ||
            (name_between_colons(reaction.emoji) && read_emoji_picture(reaction.picture)));
  }
  bool operator()(const wire::Edit& edit) const {
    return names_one(edit.target) && edit.text && !edit.text->body.empty() && (*this)(*edit.text) &&
           !edit.text->thread_root && !edit.text->reply_to && edit.text->attachments.empty() &&
           !edit.text->imported && edit.text->brings_emoji.empty();
  }
  bool operator()(const wire::CommitFault& report) const {
    return !report.user_id.is_nil() && !report.device_id.is_nil() &&
           report.commit.empty() == report.fault.empty() && report.fault.size() <= kMaxFault &&
           report.commit.size() <= kMaxBody;
  }
  bool operator()(const wire::Deletion& deletion) const { return names_one(deletion.target); }
  bool operator()(const wire::Receipt& receipt) const {
    return (receipt.delivered || receipt.read) && good(receipt.delivered) && good(receipt.read);
  }
  bool operator()(const wire::ReadState& state) const {
    return state.marks.size() + state.follow_rules.size() <= kMaxReadMarks &&
           std::ranges::all_of(state.marks,
                               [](const wire::ReadMark& mark) {
                                 return !mark.conversation_id.is_nil() && good(mark.thread_root);
                               }) &&
           std::ranges::all_of(state.follow_rules, [](const wire::FollowRule& rule) {
             return rule.conversation_id
                        ? !rule.conversation_id->is_nil() &&
                              !(rule.inherited && (rule.on_reply || rule.on_mention))
                        : !rule.inherited;
           });
  }
};

// What devices tell each other since before contents had a format and messages a kind.
bool is_early_control(const wire::Content& content) {
  return std::holds_alternative<std::monostate>(content.body) ||
         std::holds_alternative<wire::AccountKeyShare>(content.body) ||
         std::holds_alternative<wire::SessionReset>(content.body);
}

bool is_plain(const wire::Content& content) {
  const auto* text = std::get_if<wire::Text>(&content.body);
  const bool old_kind = text != nullptr || is_early_control(content);
  const bool old_text =
      text == nullptr || (!text->thread_root && !text->reply_to &&
                          text->mentioned_user_ids.empty() && !text->mentions_everyone &&
                          text->attachments.empty() && !text->imported && text->emoji.empty());
  const bool old_profile = !content.group_profile || (content.group_profile->topic.empty() &&
                                                      content.group_profile->description.empty());
  return old_kind && old_text && old_profile;
}

// Brings, uses or shows an emoji that has a picture.
bool has_pictures(const wire::Content& content) {
  const auto of = [](const wire::Text& text) {
    return !text.brings_emoji.empty() || !text.emoji.empty();
  };
  if (const auto* reaction = std::get_if<wire::Reaction>(&content.body)) {
    return !reaction->picture.empty();
  }
  if (const auto* edit = std::get_if<wire::Edit>(&content.body)) {
    return edit->text && of(*edit->text);
  }
  const auto* text = std::get_if<wire::Text>(&content.body);
  return text != nullptr && of(*text);
}

// Which format a reader has to know for this.
std::uint32_t least_format(const wire::Content& content) {
  if (std::holds_alternative<wire::CommitFault>(content.body)) {
    return 4;
  }
  const auto* text = std::get_if<wire::Text>(&content.body);
  const auto* state = std::get_if<wire::ReadState>(&content.body);
  if (state != nullptr && state->receipts) {
    return 7;
  }
  if (has_pictures(content)) {
    return 6;
  }
  if (state != nullptr && !state->follow_rules.empty()) {
    return 5;
  }
  if (text != nullptr && text->imported) {
    return 3;
  }
  if (text != nullptr && !text->attachments.empty()) {
    return 2;
  }
  return is_plain(content) ? 0 : 1;
}

SecretBytes encode_as_it_is(const wire::Content& content) {
  auto bytes = wire::encode(content);
  auto out = SecretBytes::copy_of(bytes);
  wipe(bytes);
  return out;
}

}  // namespace

bool is_imported(const wire::Imported& imported) {
  std::size_t names = 0;
  std::size_t bytes = 0;
  for (const auto& reaction : imported.reactions) {
    names += reaction.names.size();
    for (const auto& name : reaction.names) {
      bytes += name.size();
    }
    if (!is_emoji(reaction.emoji) || reaction.names.empty() ||
        !std::ranges::all_of(reaction.names, good_name)) {
      return false;
    }
  }
  return good_name(imported.system) && good_name(imported.author) &&
         imported.reactions.size() <= kMaxImportedReactions && names <= kMaxImportedNames &&
         bytes <= kMaxImportedBytes;
}

wire::Imported to_wire(const Imported& imported) {
  wire::Imported out{.system = imported.system,
                     .author = imported.author,
                     .written_at = imported.written_at,
                     .reactions = {}};
  for (const auto& one : imported.reactions) {
    out.reactions.push_back({one.emoji, one.names});
  }
  return out;
}

Imported from_wire(const wire::Imported& imported) {
  Imported out{.system = imported.system,
               .author = imported.author,
               .written_at = imported.written_at,
               .reactions = {}};
  for (const auto& one : imported.reactions) {
    out.reactions.push_back({one.emoji, one.names});
  }
  return out;
}

bool is_emoji(std::string_view text) {
  return !text.empty() && text.size() <= kMaxEmoji && is_valid_utf8(text) &&
         std::ranges::none_of(
             text, [](char c) { return (static_cast<unsigned char>(c) <= ' ') || c == '\x7f'; });
}

Envelope envelope_of(const wire::Content& content) {
  if (std::holds_alternative<wire::Text>(content.body)) {
    return {};
  }
  if (const auto* edit = std::get_if<wire::Edit>(&content.body)) {
    return {wire::MessageKind::edit, edit->target};
  }
  if (const auto* deletion = std::get_if<wire::Deletion>(&content.body)) {
    return {wire::MessageKind::deletion, deletion->target};
  }
  return {wire::MessageKind::signal, std::nullopt};
}

// Before there were kinds, whatever devices tell each other went as content.
bool fits(const Envelope& told, const wire::Content& content) {
  return told == envelope_of(content) || (is_early_control(content) && told == Envelope{});
}

Result<wire::Content> parse_content(ByteView padded) {
  UNHIDRA_TRY(const auto bytes, unpad(padded));
  auto content = wire::decode<wire::Content>(bytes);
  if (!content) {
    return fail(Errc::bad_frame, "the content cannot be read");
  }
  if (content->format > kContentFormat) {
    return fail(Errc::unsupported, "the content was made by a newer version");
  }
  const bool canonical =
      content->format == 0 || std::ranges::equal(encode_as_it_is(*content).expose(), bytes);
  const bool profile =
      !content->group_profile || (content->group_profile->topic.size() <= kMaxTopic &&
                                  content->group_profile->description.size() <= kMaxDescription);
  const bool old = content->format < least_format(*content);
  if (!canonical || !profile || old || !std::visit(Check{}, content->body)) {
    return fail(Errc::bad_frame, "the content is not one that a client makes");
  }
  return std::move(*content);
}

SecretBytes encode_content(wire::Content content) {
  content.format = least_format(content);
  return encode_as_it_is(content);
}

}  // namespace unhidra::client
