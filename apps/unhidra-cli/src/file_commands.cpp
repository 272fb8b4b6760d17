// send-file, resume-files, files, save.

#include <algorithm>
#include <filesystem>

#include "unhidra/base/text.h"

#include "app.h"
#include "errc.h"

namespace unhidra::cli {

namespace fs = std::filesystem;
namespace event = client::event;

namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::minutes kTransferPatience{2};
constexpr std::size_t kMaxFiles = 10;  // of one message

}  // namespace

Status App::file_command() {
  UNHIDRA_TRY_VOID(open_device());
  switch (options_.file.action) {
    case FileAction::send:
      return send_files();
    case FileAction::resume:
      return resume_files();
    case FileAction::list:
      return list_files();
    case FileAction::save:
      break;
  }
  return save_file();
}

// ---- sending ----

Result<client::Conversation> App::place_to_send_to() {
  if (options_.user.starts_with('#')) {
    return group_named(std::string_view(options_.user).substr(1));
  }
  UNHIDRA_TRY(const auto user, find_user(options_.user, true));
  UNHIDRA_TRY(auto known, engine_->conversation_with(user.id));
  if (!known) {
    UNHIDRA_TRY_VOID(engine_->open_conversation(user.id));
    UNHIDRA_TRY_VOID(driver_->run_until(
        [&] {
          auto opened = engine_->conversation_with(user.id);
          known = opened ? std::move(*opened) : std::nullopt;
          return known.has_value();
        },
        kPatience));
  }
  return std::move(*known);
}

Status App::ready_spool() const {
  const auto folder = profile_->directory() + "/uploads";
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) {
    fs::permissions(folder, fs::perms::owner_all, error);
  }
  return error ? fail(Errc::bad_profile, printable(folder) + ": " + error.message()) : Status();
}

Result<PendingFiles> App::seal_files(ConversationId conversation) {
  UNHIDRA_TRY_VOID(ready_spool());
  PendingFiles out{.conversation = conversation, .text = options_.text.value_or(""), .files = {}};
  for (const auto& path : options_.file.paths) {
    auto file = seal_file(path, path, options_.file.media_type);
    if (!file) {
      drop_pending(out);
      return fail(std::move(file).error());
    }
    out.files.push_back(std::move(*file));
  }
  return out;
}

void App::drop_pending(const PendingFiles& pending) {
  std::ranges::for_each(pending.files, [this](const auto& file) { drop_spooled(file); });
}

void App::drop_spooled(e2ee::FileId id) const {
  std::error_code ignored;
  fs::remove(spool_file(id), ignored);
}

void App::drop_spooled(const e2ee::AttachmentDescriptor& file) const {
  drop_spooled(file.object.file_id);
  if (file.thumbnail) {
    drop_spooled(file.thumbnail->object.file_id);
  }
}

FileTransfer App::transfer_of(const std::string& name, const char* resumed_with) {
  const auto given =
      options_.timeout > 0
          ? std::chrono::milliseconds(static_cast<std::int64_t>(options_.timeout * 1000))
          : std::chrono::milliseconds(kTransferPatience);
  return {*rest_,
          *tokens_,
          given,
          {.moved = [this, name](std::uint64_t done,
                                 std::uint64_t total) { output_.progress(name, done, total); },
           .waits =
               [this, resumed_with](const Error& why, std::chrono::milliseconds patience) {
                 const auto seconds =
                     std::chrono::duration_cast<std::chrono::seconds>(patience).count();
                 output_.remark(printable(why.message()) + ". Trying again for " +
                                std::to_string(seconds) + " s; Ctrl-C ends that" + resumed_with +
                                ".");
               }}};
}

// What is sealed in the spool goes to the server, the small copy first.
Status App::upload_sealed(const e2ee::AttachmentDescriptor& file, ConversationId conversation) {
  auto transfer = transfer_of(file.name, ", and unhidra-cli resume-files goes on");
  const auto upload = [&](const e2ee::SealedObject& object) {
    return transfer.upload(object.file_id, conversation, spool_file(object.file_id), object.digest);
  };
  if (file.thumbnail) {
    UNHIDRA_TRY_VOID(upload(file.thumbnail->object));
  }
  return upload(file.object);
}

Status App::send_files() {
  const auto& wish = options_.file;
  if (wish.paths.size() > kMaxFiles) {
    return fail(Errc::usage, "a message carries at most " + std::to_string(kMaxFiles) + " files");
  }
  if (!wish.media_type.empty() && !e2ee::is_media_type(wish.media_type)) {
    return fail(Errc::usage, "a media type is written type/subtype, in lower case");
  }
  UNHIDRA_TRY_VOID(open_connection(true));
  UNHIDRA_TRY(const auto place, place_to_send_to());
  UNHIDRA_TRY(const auto pending, seal_files(place.id));
  if (auto saved = save_pending(*store_, pending); !saved) {
    drop_pending(pending);
    return saved;
  }
  return finish_files(pending);
}

Status App::finish_files(const PendingFiles& pending) {
  for (const auto& file : pending.files) {
    const auto done = upload_sealed(file, pending.conversation);
    if (!done) {
      const bool passing = done.error() == Errc::unreachable ||
                           done.error() == Errc::rate_limited || done.error() == Errc::timed_out;
      if (passing) {
        output_.remark("The rest goes up with unhidra-cli resume-files.");
        return done;
      }
      drop_pending(pending);
      UNHIDRA_TRY_VOID(remove_pending(*store_, pending));
      return done;
    }
  }
  std::vector<e2ee::AttachmentDescriptor> files;
  for (const auto& file : pending.files) {
    UNHIDRA_TRY(const auto described, e2ee::encode(file));
    UNHIDRA_TRY(auto copy, e2ee::decode_attachment(described.expose()));
    files.push_back(std::move(copy));
  }
  UNHIDRA_TRY(const auto id,
              engine_->send_files(pending.conversation, {.text = pending.text}, std::move(files)));
  drop_pending(pending);
  UNHIDRA_TRY_VOID(remove_pending(*store_, pending));
  UNHIDRA_TRY(const auto conversations, engine_->conversations());
  const auto place =
      std::ranges::find(conversations, pending.conversation, &client::Conversation::id);
  const auto peer = place == conversations.end() ? UserId() : place->peer;
  const Names names(*engine_);
  return await_sent(id, peer, peer.is_nil() ? names.of(pending.conversation) : names.of(peer));
}

Status App::resume_files() {
  UNHIDRA_TRY(const auto waiting, load_pending(*store_));
  if (waiting.empty()) {
    output_.remark("Nothing waits.");
    return {};
  }
  UNHIDRA_TRY_VOID(open_connection(true));
  for (const auto& pending : waiting) {
    UNHIDRA_TRY_VOID(finish_files(pending));
  }
  return {};
}

// ---- receiving ----

Status App::list_files() {
  UNHIDRA_TRY(const auto place, place_named(options_.user));
  const auto limit = options_.limit == 0 ? place.message_count : options_.limit;
  UNHIDRA_TRY(const auto messages, engine_->history(place.id, place.message_count, limit));
  const Names names(*engine_);
  const auto account = *engine_->account();
  for (const auto& message : messages) {
    if (message.attachments.empty()) {
      continue;
    }
    output_.object(to_json(message, place.peer, names, account.device));
    for (std::size_t i = 0; i < message.attachments.size(); ++i) {
      output_.text(message.id.to_string() + "  " + std::to_string(i + 1) + "  " +
                   file_line(message.attachments[i]));
    }
  }
  return {};
}

Status App::save_file() {
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY_VOID(settle(kPatience));
  UNHIDRA_TRY(const auto place, place_named(options_.user));
  UNHIDRA_TRY(const auto message, message_named(place, options_.file.message));
  const auto number = options_.file.number;
  if (number > message.attachments.size()) {
    return fail(Errc::not_found,
                "this message carries " + std::to_string(message.attachments.size()) + " files");
  }
  const auto& attachment = message.attachments[number - 1];
  const bool wish_preview = options_.file.preview;
  if (wish_preview && !attachment.thumbnail) {
    return fail(Errc::not_found, "this file has no preview");
  }
  const auto target = options_.output_file.empty() ? attachment.name : options_.output_file;
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(target, ignored))) {
    return fail(Errc::conflict, printable(target) +
                                    " is there already: name another place with "
                                    "--output");
  }
  UNHIDRA_TRY(auto opener, client::FileOpener::of(crypto::native_provider(), attachment.description,
                                                  wish_preview));
  const auto part = target + "." + to_hex(random_.array<4>()) + ".part";
  auto transfer = transfer_of(attachment.name, "");
  const auto fetch = [&]() -> Status {
    UNHIDRA_TRY(const auto file, LocalFile::create(part));
    return transfer.download(opener, file);
  };
  auto done = fetch();
  if (done) {
    // Never over a file that has come meanwhile.
    std::error_code error;
    fs::create_hard_link(part, target, error);
    done = error ? fail(Errc::conflict, printable(target) + ": " + error.message()) : Status();
  }
  fs::remove(part, ignored);
  UNHIDRA_TRY_VOID(done);
  output_.result({{"type", "saved"},
                  {"path", target},
                  {"size", wish_preview ? opener.layout().size() : attachment.size}},
                 "Saved " + printable(target) + ".");
  return {};
}

}  // namespace unhidra::cli
