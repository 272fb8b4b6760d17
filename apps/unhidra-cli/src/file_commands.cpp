// send-file, resume-files, files, save.

#include <algorithm>
#include <filesystem>

#include "unhidra/base/text.h"
#include "unhidra/e2ee/file_name.h"

#include "app.h"
#include "clamd.h"
#include "errc.h"
#include "media_types.h"

namespace unhidra::cli {

namespace fs = std::filesystem;
namespace event = client::event;

namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr std::size_t kMaxFiles = 10;  // of one message
constexpr std::size_t kScanPiece = std::size_t{256} * 1024;

// Of the plaintext, so that what is encrypted is what was scanned.
crypto::BlockDigest plain_digest() {
  return crypto::BlockDigest(crypto::native_provider());
}

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

std::string App::spool_file(e2ee::FileId id) const {
  return profile_->directory() + "/uploads/" + id.to_string();
}

Result<std::optional<e2ee::ScanVerdict>> App::scan_file(const std::string& path,
                                                        crypto::FileDigest& scanned) {
  const auto& wish = options_.file;
  const auto address = wish.clamd.empty() ? usual_clamd() : std::optional(wish.clamd);
  if (wish.no_scan || !address) {
    return wish.scan_required && !wish.no_scan
               ? fail(Errc::no_scanner,
                      "there is no virus scanner on this machine: name one with "
                      "--clamd")
               : Result<std::optional<e2ee::ScanVerdict>>(std::nullopt);
  }
  UNHIDRA_TRY(const auto file, LocalFile::open(path));
  UNHIDRA_TRY(const auto size, file.size());
  auto digest = plain_digest();
  std::uint64_t at = 0;
  const auto result = scan_with_clamd(*address, [&]() -> Result<Bytes> {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(kScanPiece, size - at));
    UNHIDRA_TRY(auto piece, file.read(at, count));
    at += count;
    digest.add(piece);
    return piece;
  });
  if (!result) {
    if (wish.scan_required || !(result.error() == Errc::no_scanner)) {
      return fail(Error(result.error()));
    }
    output_.remark("Not scanned: " + result.error().message());
    return std::nullopt;
  }
  if (at < size && result->clean) {
    return fail(Errc::no_scanner, "the virus scanner did not read the whole file");
  }
  if (!result->clean && !wish.send_infected) {
    return fail(Errc::infected,
                printable(path) + ": the virus scanner found " + result->found +
                    ", so nothing was sent (--send-infected sends it all the same)");
  }
  scanned = digest.digest();
  return e2ee::ScanVerdict{.clean = result->clean,
                           .scanner = result->scanner,
                           .scanned_at = clock_.now(),
                           .signature = {}};
}

// Into a file beside the store: an upload that breaks off goes on with these very bytes.
Result<e2ee::AttachmentDescriptor> App::seal_file(const std::string& path) {
  crypto::FileDigest scanned{};
  e2ee::AttachmentDescriptor out;
  UNHIDRA_TRY(out.verdict, scan_file(path, scanned));
  UNHIDRA_TRY(const auto file, LocalFile::open(path));
  UNHIDRA_TRY(const auto size, file.size());
  UNHIDRA_TRY(auto sealer, client::FileSealer::of(crypto::native_provider(), random_, size));
  const auto id = e2ee::FileId::make(clock_, random_);
  UNHIDRA_TRY(const auto spool, LocalFile::create(spool_file(id)));
  auto digest = plain_digest();
  for (std::uint64_t at = 0; !sealer.done();) {
    UNHIDRA_TRY(const auto plain, file.read(at, sealer.wanted()));
    digest.add(plain);
    at += plain.size();
    UNHIDRA_TRY(const auto sealed, sealer.seal(plain));
    UNHIDRA_TRY_VOID(spool.append(sealed));
  }
  UNHIDRA_TRY_VOID(spool.sync());
  UNHIDRA_TRY(const auto size_after, file.size());
  const bool scanned_whole = out.verdict && out.verdict->clean;
  if (size_after != size || (scanned_whole && digest.digest() != scanned)) {
    return fail(Errc::failed, printable(path) + " was changed meanwhile");
  }
  UNHIDRA_TRY(out.object, sealer.finish(id));
  out.name = e2ee::clean_file_name(path);
  out.media_type =
      options_.file.media_type.empty() ? media_type_of(out.name) : options_.file.media_type;
  return out;
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
    auto file = seal_file(path);
    if (!file) {
      drop_pending(out);
      return fail(std::move(file).error());
    }
    out.files.push_back(std::move(*file));
  }
  return out;
}

void App::drop_pending(const PendingFiles& pending) {
  for (const auto& file : pending.files) {
    std::error_code ignored;
    fs::remove(spool_file(file.object.file_id), ignored);
  }
}

FileTransfer App::transfer_of(const std::string& name) {
  return {*rest_, *tokens_, [this, name](std::uint64_t done, std::uint64_t total) {
            output_.progress(name, done, total);
          }};
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
    auto transfer = transfer_of(file.name);
    const auto done = transfer.upload(file.object.file_id, pending.conversation,
                                      spool_file(file.object.file_id), file.object.digest);
    if (!done) {
      const bool passing = done.error() == Errc::unreachable || done.error() == Errc::rate_limited;
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
  const auto target = options_.output_file.empty() ? attachment.name : options_.output_file;
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(target, ignored))) {
    return fail(Errc::conflict, printable(target) +
                                    " is there already: name another place with "
                                    "--output");
  }
  UNHIDRA_TRY(auto opener,
              client::FileOpener::of(crypto::native_provider(), attachment.description, false));
  const auto part = target + "." + to_hex(random_.array<4>()) + ".part";
  auto transfer = transfer_of(attachment.name);
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
  output_.result({{"type", "saved"}, {"path", target}, {"size", attachment.size}},
                 "Saved " + printable(target) + ".");
  return {};
}

}  // namespace unhidra::cli
