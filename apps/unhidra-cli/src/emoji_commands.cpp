// emoji: those with a picture that a conversation has; a new one; taking back one's own.

#include <algorithm>

#include "unhidra/base/text.h"

#include "app.h"
#include "emoji_file.h"
#include "errc.h"
#include "picture/picture_process.h"

namespace unhidra::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t kMostBytes = std::size_t{64} * 1024;
constexpr std::uint32_t kMostSide = 256;  // pixels, of one that stays as it is
constexpr std::chrono::seconds kPatience{30};

std::string between_colons(const std::string& name) {
  return ":" + printable(name) + ":";
}

std::unexpected<Error> unfit(const std::string& path, const std::string& why) {
  return fail(Errc::usage, printable(path) + " cannot be an emoji: " + why);
}

json::object described(const client::ConversationEmoji& one, const Names& names) {
  json::object out;
  out["type"] = "emoji";
  out["name"] = one.emoji.name;
  out["file_id"] = uuid_to_string(one.emoji.picture.file_id);
  out["media_type"] = one.emoji.picture.media_type;
  out["size"] = one.emoji.picture.size;
  if (one.brought_in) {
    out["brought_by"] = names.of(one.brought_by);
    out["message_id"] = one.brought_in->id.to_string();
  }
  return out;
}

}  // namespace

Status App::emoji_command(const client::Conversation& place) {
  const auto& wish = options_.message;
  if (wish.picture.empty() && !wish.name.empty()) {
    return fail(Errc::usage, "--name is of a new one: --add FILE");
  }
  if (wish.picture.empty() && wish.emoji.empty()) {
    return list_emoji(place.id);
  }
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY_VOID(settle(kPatience));
  return wish.picture.empty() ? take_emoji_back(place.id) : add_emoji(place);
}

Status App::list_emoji(ConversationId conversation) {
  UNHIDRA_TRY(const auto all, engine_->emoji(conversation));
  const Names names(*engine_);
  for (const auto& one : all) {
    auto line = between_colons(one.emoji.name);
    if (one.brought_in) {
      line += "  brought by " + names.of(one.brought_by) + "  " + one.brought_in->id.to_string();
    }
    output_.result(described(one, names), line);
  }
  return {};
}

// One that may move, as it is, of the size that emoji may have; every other drawn anew and smaller,
// without what else its file has told.
Result<App::EmojiPicture> App::emoji_picture(const std::string& path) {
  UNHIDRA_TRY(const auto file, LocalFile::open(path));
  UNHIDRA_TRY(const auto size, file.size());
  UNHIDRA_TRY(auto content,
              file.read(0, static_cast<std::size_t>(std::min<std::uint64_t>(size, kMostBytes))));
  if (const auto as_it_is = emoji_file(content)) {
    if (size > kMostBytes || as_it_is->width > kMostSide || as_it_is->height > kMostSide) {
      return unfit(path, "a GIF or WebP has at most 64 KiB and 256 pixels a side");
    }
    crypto::FileDigest scanned{};
    UNHIDRA_TRY_VOID(scan_file(path, scanned));
    return EmojiPicture{.content = std::move(content),
                        .media_type = as_it_is->media_type,
                        .size = {.width = as_it_is->width, .height = as_it_is->height}};
  }
  auto drawn = around_.program.empty() ? std::nullopt : picture::emoji_of(around_.program, path);
  if (!drawn) {
    return unfit(path, "it is no whole PNG, JPEG, GIF or WebP, or too large a one");
  }
  if (drawn->content.size() > kMostBytes) {
    return unfit(path, "it takes more than 64 KiB also at 128 pixels");
  }
  return EmojiPicture{.content = std::move(drawn->content),
                      .media_type = "image/png",
                      .size = {.width = drawn->size.width, .height = drawn->size.height}};
}

Status App::add_emoji(const client::Conversation& place) {
  const auto& wish = options_.message;
  auto name = wish.name.empty() ? emoji_name_from(wish.picture) : wish.name;
  UNHIDRA_TRY(const auto there, engine_->emoji(place.id));
  if (std::ranges::any_of(there, [&](const auto& one) { return one.emoji.name == name; })) {
    return fail(Errc::conflict, "there is an emoji " + between_colons(name) + " here already");
  }
  UNHIDRA_TRY(const auto picture, emoji_picture(wish.picture));
  UNHIDRA_TRY_VOID(ready_spool());
  e2ee::AttachmentDescriptor file;
  UNHIDRA_TRY(file.object,
              seal_object(picture.content.size(), [&](auto at, auto count) -> Result<Bytes> {
                const auto from = picture.content.begin() + static_cast<std::ptrdiff_t>(at);
                return Bytes(from, from + static_cast<std::ptrdiff_t>(count));
              }));
  file.media_type = picture.media_type;
  file.name = name + "." + picture.media_type.substr(picture.media_type.find('/') + 1);
  file.dimensions = {.width = picture.size.width, .height = picture.size.height};
  const auto id = file.object.file_id;
  auto transfer = transfer_of(file.name, "");
  const auto uploaded = transfer.upload(id, place.id, spool_file(id), file.object.digest);
  drop_spooled(id);
  UNHIDRA_TRY_VOID(uploaded);
  const auto brought = engine_->bring_emoji(place.id, name, std::move(file));
  if (!brought) {
    // Nothing names it; the server would collect it in time.
    static_cast<void>(transfer.forget(id));
    return fail(Error(brought.error()));
  }
  return await_sent(*brought, place.peer,
                    printable(place.peer.is_nil() ? place.name : options_.user));
}

Status App::take_emoji_back(ConversationId place) {
  const std::string name = options_.message.emoji.starts_with(':') &&
                                   options_.message.emoji.ends_with(':') &&
                                   options_.message.emoji.size() > 2
                               ? options_.message.emoji.substr(1, options_.message.emoji.size() - 2)
                               : options_.message.emoji;
  UNHIDRA_TRY(const auto all, engine_->emoji(place));
  const auto own = engine_->account()->user;
  const client::ConversationEmoji* found = nullptr;
  for (const auto& one : all) {
    const bool better = found == nullptr || (one.brought_in && one.brought_by == own);
    found = one.emoji.name == name && better ? &one : found;
  }
  if (found == nullptr) {
    return fail(Errc::not_found, "there is no emoji " + between_colons(name) + " here");
  }
  const Names names(*engine_);
  if (!found->brought_in || found->brought_by != own) {
    return fail(Errc::refused,
                between_colons(name) + " is not yours: who brought it takes it back" +
                    (found->brought_in ? " (" + names.of(found->brought_by) + ")" : ""));
  }
  UNHIDRA_TRY(const auto action, engine_->remove(place, *found->brought_in));
  UNHIDRA_TRY_VOID(await_action(action));
  auto object = described(*found, names);
  object["taken_back"] = true;
  output_.result(object, "Took back " + between_colons(name) + ".");
  return {};
}

}  // namespace unhidra::cli
