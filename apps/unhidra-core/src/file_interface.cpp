// The exported functions about files.

#include "unhidra/base/text.h"

#include "chat_arguments.h"
#include "fields.h"

namespace unhidra::core {
namespace {

using client::FileOpener;
using client::FileSealer;
using AnyFile = std::variant<FileSealer, FileOpener>;

Result<AnyFile*> file_of(HostedEngine& hosted, std::int32_t file) {
  const auto found = hosted.files.find(file);
  if (found == hosted.files.end()) {
    return fail(Errc::bad_handle, "there is no such file");
  }
  return &found->second;
}

// The answer to a new file: its handle, and what the host has to know of it.
Result<Answer> keep(HostedEngine& hosted, AnyFile file) {
  if (hosted.files.size() >= Module::kMaxFiles) {
    return fail(Errc::full, "too many files are open");
  }
  Json out;
  out.begin_object();
  if (const auto* opener = std::get_if<FileOpener>(&file)) {
    out.name("fileId").text(uuid_to_string(opener->file_id()));
    out.name("digest").text(to_base64url(opener->digest()));
  }
  std::visit(
      [&](const auto& one) {
        out.name("size").number(one.layout().size());
        out.name("sealedSize").number(one.layout().sealed_size());
        out.name("wanted").number(one.wanted());
      },
      file);
  const auto handle = ++hosted.last_file;
  hosted.files.emplace(handle, std::move(file));
  out.end_object();
  return Answer{handle, std::move(out).take()};
}

// The file at a place in a message.
Result<client::Attachment> attachment_of(const HostedEngine& hosted, ConversationId conversation,
                                         const client::MessageRef& ref, std::uint32_t index) {
  UNHIDRA_TRY(const auto message, hosted.engine->message(conversation, ref));
  if (!message || index >= message->attachments.size()) {
    return fail(client::Errc::not_found, "the message carries no such file");
  }
  return message->attachments[index];
}

std::optional<client::Attachment> picture_in(const client::Message& message, const Uuid& file) {
  for (const auto& one : message.attachments) {
    if (message.brings_emoji && one.file_id == file) {
      return one;
    }
  }
  for (const auto& one : message.emoji) {
    if (one.picture.file_id == file) {
      return one.picture;
    }
  }
  for (const auto& one : message.reactions) {
    if (one.picture && one.picture->file_id == file) {
      return one.picture;
    }
  }
  return std::nullopt;
}

// The picture of an emoji: of a message, or of those that the conversation has.
Result<client::Attachment> emoji_picture(const HostedEngine& hosted, ConversationId conversation,
                                         const std::optional<client::MessageRef>& ref,
                                         const Uuid& file) {
  std::optional<client::Attachment> found;
  if (ref) {
    UNHIDRA_TRY(const auto message, hosted.engine->message(conversation, *ref));
    found = message ? picture_in(*message, file) : std::nullopt;
  } else {
    UNHIDRA_TRY(const auto all, hosted.engine->emoji(conversation));
    for (const auto& one : all) {
      if (one.emoji.picture.file_id == file) {
        found = one.emoji.picture;
      }
    }
  }
  if (!found) {
    return fail(client::Errc::not_found, "there is no such emoji");
  }
  return std::move(*found);
}

Result<e2ee::SealedObject> sealed_object(HostedEngine& hosted, std::uint32_t file,
                                         e2ee::FileId id) {
  UNHIDRA_TRY(auto* any, file_of(hosted, static_cast<std::int32_t>(file)));
  auto* sealer = std::get_if<FileSealer>(any);
  if (sealer == nullptr) {
    return fail(Errc::bad_argument, "that file was not encrypted here");
  }
  return sealer->finish(id);
}

// One block of lines; the handles that it uses are added to `used`.
Result<e2ee::AttachmentDescriptor> file_from(HostedEngine& hosted, std::string_view lines,
                                             std::vector<std::int32_t>& used) {
  Fields in(lines);
  e2ee::AttachmentDescriptor out;
  const auto file = in.number("file");
  UNHIDRA_TRY(out.object, sealed_object(hosted, file, in.id<e2ee::FileId>("id")));
  used.push_back(static_cast<std::int32_t>(file));
  out.name = in.text("name");
  out.media_type = in.text("type");
  const auto width = in.number("width");
  const auto height = in.number("height");
  if (width != 0 || height != 0) {
    out.dimensions = e2ee::Dimensions{width, height};
  }
  if (const auto thumbnail = in.number("thumbnail"); thumbnail != 0) {
    out.thumbnail.emplace();
    UNHIDRA_TRY(out.thumbnail->object,
                sealed_object(hosted, thumbnail, in.id<e2ee::FileId>("thumbnailId")));
    used.push_back(static_cast<std::int32_t>(thumbnail));
    out.thumbnail->media_type = in.text("thumbnailType");
    out.thumbnail->dimensions = {in.number("thumbnailWidth"), in.number("thumbnailHeight")};
  }
  if (!in.good()) {
    return fail(Errc::bad_argument, "the description of a file is malformed");
  }
  return out;
}

Result<std::vector<e2ee::AttachmentDescriptor>> files_from(HostedEngine& hosted,
                                                           std::string_view text,
                                                           std::vector<std::int32_t>& used) {
  std::vector<e2ee::AttachmentDescriptor> out;
  constexpr std::string_view kBetween = "\n\n";
  while (!text.empty()) {
    const auto end = text.find(kBetween);
    UNHIDRA_TRY(auto file, file_from(hosted, text.substr(0, end), used));
    out.push_back(std::move(file));
    text = end == text.npos ? std::string_view() : text.substr(end + kBetween.size());
  }
  return out;
}

struct Step {
  ByteView bytes;
  Result<Answer> operator()(FileSealer& file) const {
    UNHIDRA_TRY(const auto sealed, file.seal(bytes));
    return Answer{static_cast<std::int32_t>(file.wanted()), std::string(as_text(sealed))};
  }
  Result<Answer> operator()(FileOpener& file) const {
    UNHIDRA_TRY(const auto opened, file.open(bytes));
    return Answer{static_cast<std::int32_t>(file.wanted()), std::string(as_text(opened.expose()))};
  }
};

struct Finish {
  Result<Answer> operator()(const FileSealer& file) const {
    if (!file.done()) {
      return fail(client::Errc::bad_attachment, "the file is not encrypted to its end");
    }
    return answer_with("digest", to_base64url(file.digest()));
  }
  Result<Answer> operator()(const FileOpener& file) const {
    UNHIDRA_TRY_VOID(file.finish());
    return answer_with("digest", to_base64url(file.digest()));
  }
};

}  // namespace
}  // namespace unhidra::core

using unhidra::ConversationId;
using unhidra::Result;
using namespace unhidra::core;  // NOLINT: the functions below are the interface of this namespace

extern "C" {

int32_t unhidra_file_seal(int32_t engine, uint64_t size) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(auto file, unhidra::client::FileSealer::of(unhidra::crypto::native_provider(),
                                                           hosted.random, size));
    return keep(hosted, std::move(file));
  });
}
int32_t unhidra_file_open(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                          const uint8_t* target, uint32_t target_size, uint32_t index,
                          int32_t thumbnail) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto id, id_of<ConversationId>({conversation, conversation_size}));
    UNHIDRA_TRY(const auto ref, ref_of({target, target_size}));
    UNHIDRA_TRY(const auto attachment, attachment_of(hosted, id, ref, index));
    UNHIDRA_TRY(auto file, unhidra::client::FileOpener::of(unhidra::crypto::native_provider(),
                                                           attachment.description, thumbnail != 0));
    return keep(hosted, std::move(file));
  });
}
int32_t unhidra_emoji_open(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                           const uint8_t* target, uint32_t target_size, const uint8_t* picture,
                           uint32_t picture_size) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto id, id_of<ConversationId>({conversation, conversation_size}));
    UNHIDRA_TRY(const auto ref, maybe_ref_of({target, target_size}));
    UNHIDRA_TRY(const auto file_id, id_of<unhidra::e2ee::FileId>({picture, picture_size}));
    UNHIDRA_TRY(const auto found, emoji_picture(hosted, id, ref, file_id.uuid()));
    UNHIDRA_TRY(auto file, unhidra::client::FileOpener::of(unhidra::crypto::native_provider(),
                                                           found.description, false));
    return keep(hosted, std::move(file));
  });
}
int32_t unhidra_emoji_bring(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                            const uint8_t* name, uint32_t name_size, const uint8_t* picture,
                            uint32_t picture_size) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto id, id_of<ConversationId>({conversation, conversation_size}));
    UNHIDRA_TRY(const auto called, text_of({name, name_size}));
    UNHIDRA_TRY(const auto lines, text_of({picture, picture_size}));
    std::vector<std::int32_t> used;
    UNHIDRA_TRY(auto described, file_from(hosted, lines, used));
    UNHIDRA_TRY(const auto message, hosted.engine->bring_emoji(id, called, std::move(described)));
    for (const auto handle : used) {
      hosted.files.erase(handle);
    }
    return answer_with("messageId", message.to_string());
  });
}
int32_t unhidra_file_next(int32_t engine, int32_t file, const uint8_t* bytes, uint32_t bytes_size) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto view, Module::instance().view({bytes, bytes_size}));
    UNHIDRA_TRY(auto* any, file_of(hosted, file));
    return std::visit(Step{view}, *any);
  });
}
int32_t unhidra_file_finish(int32_t engine, int32_t file) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto* any, file_of(hosted, file));
    return std::visit(Finish(), *any);
  });
}
int32_t unhidra_file_close(int32_t engine, int32_t file) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY_VOID(file_of(hosted, file));
    hosted.files.erase(file);
    return Answer();
  });
}
int32_t unhidra_send_files(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                           const uint8_t* text, uint32_t text_size, const uint8_t* root,
                           uint32_t root_size, const uint8_t* reply_to, uint32_t reply_to_size,
                           const uint8_t* mentions, uint32_t mentions_size, int32_t everyone,
                           const uint8_t* files, uint32_t files_size) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto id, id_of<ConversationId>({conversation, conversation_size}));
    UNHIDRA_TRY(auto draft, draft_of({text, text_size}, {mentions, mentions_size}, everyone));
    UNHIDRA_TRY(draft.thread_root, maybe_ref_of({root, root_size}));
    UNHIDRA_TRY(draft.reply_to, maybe_ref_of({reply_to, reply_to_size}));
    UNHIDRA_TRY(const auto lines, text_of({files, files_size}));
    std::vector<std::int32_t> used;
    UNHIDRA_TRY(auto described, files_from(hosted, lines, used));
    UNHIDRA_TRY(const auto message, hosted.engine->send_files(id, draft, std::move(described)));
    for (const auto handle : used) {
      hosted.files.erase(handle);
    }
    return answer_with("messageId", message.to_string());
  });
}

}  // extern "C"
