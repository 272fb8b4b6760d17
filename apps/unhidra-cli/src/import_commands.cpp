// import slack: what was written elsewhere, encrypted on its way in. It may break off anywhere and
// be run again: every message has an id that follows from where it stood.

#include <filesystem>
#include <set>

#include "unhidra/base/text.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/e2ee/file_name.h"

#include "app.h"
#include "errc.h"
#include "import/slack.h"
#include "media_types.h"

namespace unhidra::cli {

namespace json = boost::json;
namespace event = client::event;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds kPatience{60};
constexpr std::size_t kBatch = 100;       // messages under way
constexpr std::size_t kPart = 15 * 1024;  // bytes of one message's text
constexpr std::string_view kIdContext = "unhidra import slack";

std::string record_of(const slack::Channel& channel) {
  return "import:slack:" + channel.id;
}

// In parts that a message can carry, cut at the end of a line where there is one.
std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> out;
  while (text.size() > kPart) {
    auto end = text.rfind('\n', kPart);
    if (end == std::string_view::npos || end == 0) {
      end = kPart;
      while ((static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
        --end;
      }
    }
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(text[end] == '\n' ? end + 1 : end);
  }
  out.emplace_back(text);
  return out;
}

// The files that the export does not hold are named in the text, so that nobody misses them.
std::string body_of(const slack::Message& message) {
  auto out = message.text;
  for (const auto& file : message.files) {
    if (file.path.empty()) {
      out += (out.empty() ? "" : "\n") + ("[" + file.name + ": not in the export]");
    }
  }
  return out;
}

struct Counts {
  std::size_t messages = 0;
  std::size_t replies = 0;
  std::size_t files = 0;
  std::size_t missing_files = 0;
  std::size_t sent = 0;  // now, not earlier
};

Counts count(const std::vector<slack::Message>& messages) {
  Counts out;
  out.messages = messages.size();
  for (const auto& message : messages) {
    out.replies += message.thread_ts.empty() ? 0 : 1;
    for (const auto& file : message.files) {
      ++(file.path.empty() ? out.missing_files : out.files);
    }
  }
  return out;
}

json::object to_json(const slack::Channel& channel, const Counts& counts, const char* type) {
  return {{"type", type},
          {"channel", channel.name},
          {"public", channel.open},
          {"archived", channel.archived},
          {"messages", counts.messages},
          {"replies", counts.replies},
          {"files", counts.files},
          {"missing_files", counts.missing_files},
          {"sent", counts.sent}};
}

std::string to_text(const slack::Channel& channel, const Counts& counts) {
  auto out = printable(channel.name) + "  " + (channel.open ? "public" : "private") +
             (channel.archived ? ", archived" : "") + "  " + std::to_string(counts.messages) +
             " messages, " + std::to_string(counts.replies) + " of them in threads, " +
             std::to_string(counts.files) + " files";
  if (counts.missing_files != 0) {
    out += " (" + std::to_string(counts.missing_files) + " more are not in the export)";
  }
  return out;
}

}  // namespace

// Channels to import: all, or those that were named.
Result<std::vector<slack::Channel>> App::wanted_channels(const slack::Directory& directory) const {
  const auto& only = options_.import.only;
  std::vector<slack::Channel> out;
  for (const auto& channel : directory.channels) {
    if (only.empty() || std::ranges::find(only, channel.name) != only.end()) {
      out.push_back(channel);
    }
  }
  for (const auto& name : only) {
    if (std::ranges::find(out, name, &slack::Channel::name) == out.end()) {
      return fail(Errc::not_found, "the export holds no channel called " + printable(name));
    }
  }
  return out;
}

Status App::import_slack() {
  UNHIDRA_TRY(const auto source, ExportSource::open(options_.import.path));
  UNHIDRA_TRY(const auto directory, slack::read_directory(source));
  UNHIDRA_TRY(const auto channels, wanted_channels(directory));
  if (options_.import.dry_run) {
    for (const auto& channel : channels) {
      UNHIDRA_TRY(const auto messages, slack::read_messages(source, directory, channel));
      const auto counts = count(messages);
      output_.result(to_json(channel, counts, "import_plan"), to_text(channel, counts));
    }
    return {};
  }
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(true));
  UNHIDRA_TRY_VOID(settle(kPatience));
  std::error_code ignored;
  fs::remove(plain_file(), ignored);  // of a run that was killed
  std::map<std::string, UserId> people;
  if (options_.import.bring_in || !options_.import.invitations.empty()) {
    UNHIDRA_TRY(people, people_of(directory));
  }
  for (const auto& channel : channels) {
    UNHIDRA_TRY_VOID(import_channel(source, directory, channel, people));
  }
  return {};
}

// Who of the export has an account here under the same name; the others are invited, if that is
// wished.
Result<std::map<std::string, UserId>> App::people_of(const slack::Directory& directory) {
  std::map<std::string, UserId> out;
  const auto& path = options_.import.invitations;
  std::optional<LocalFile> invitations;
  if (!path.empty()) {
    UNHIDRA_TRY(auto file, LocalFile::create(path));
    invitations.emplace(std::move(file));
    UNHIDRA_TRY_VOID(invitations->append(as_bytes("name,email,invitation\n")));
  }
  const auto quoted = [](std::string text) {
    for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2) {
      text.insert(at, 1, '"');
    }
    return "\"" + printable(text) + "\"";
  };
  for (const auto& [id, user] : directory.users) {
    if (user.gone || user.bot || user.handle.empty()) {
      continue;
    }
    const auto found = find_user(user.handle, true);
    if (found) {
      out[id] = found->id;
      continue;
    }
    if (!(found.error() == Errc::not_found)) {
      return fail(Error(found.error()));
    }
    if (invitations) {
      UNHIDRA_TRY(const auto token, tokens_->fresh(std::chrono::seconds(5)));
      UNHIDRA_TRY(const auto invitation, rest_->invite(token, options_.role, options_.hours));
      UNHIDRA_TRY_VOID(invitations->append(as_bytes(quoted(user.name) + "," + quoted(user.email) +
                                                    "," + quoted(invitation.token) + "\n")));
    }
  }
  if (invitations) {
    output_.remark("Wrote invitations for those without an account here to " + printable(path) +
                   ".");
  }
  return out;
}

// The channel that an earlier run made, or a new one.
Result<ConversationId> App::target_channel(const slack::Channel& channel,
                                           const std::map<std::string, UserId>& people) {
  UNHIDRA_TRY(const auto known, store_->get_value(record_of(channel)));
  if (known) {
    return ConversationId::from_bytes(known->expose());
  }
  UNHIDRA_TRY(const auto there, channels_listed({}));
  for (const auto& one : there) {
    if (name_of(one) == channel.name) {
      return fail(Errc::conflict, "there is a channel called " + printable(channel.name) +
                                      " here already: rename one of them, or name the channels "
                                      "to import with --only");
    }
  }
  client::NewChannel wish;
  wish.name = channel.name;
  wish.topic = channel.topic;
  wish.description = channel.purpose;
  wish.open = channel.open;
  const auto own = engine_->account()->user;
  for (const auto& member : channel.members) {
    const auto person = people.find(member);
    if (options_.import.bring_in && person != people.end() && person->second != own) {
      wish.users.push_back(person->second);
    }
  }
  if (!options_.import.space.empty()) {
    UNHIDRA_TRY(const auto space, space_named(options_.import.space));
    wish.space = space.space_id;
  }
  UNHIDRA_TRY(const auto id, make_channel(wish));
  UNHIDRA_TRY_VOID(store_->put_value(record_of(channel), id.bytes()));
  return id;
}

// The same in every run on this device.
MessageId App::imported_id(const slack::Channel& channel, std::string_view ts,
                           std::size_t part) const {
  ByteWriter writer;
  writer.text(kIdContext).raw(engine_->account()->device.bytes());
  writer.text(channel.id).text(ts).u32(static_cast<std::uint32_t>(part));
  const auto digest = crypto::native_provider().sha256(writer.view());
  Uuid bytes{};
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  bytes[6] = static_cast<Byte>((bytes[6] & 0x0fU) | 0x80U);  // RFC 9562: version 8
  bytes[8] = static_cast<Byte>((bytes[8] & 0x3fU) | 0x80U);
  return MessageId(bytes);
}

Status App::import_channel(const ExportSource& source, const slack::Directory& directory,
                           const slack::Channel& channel,
                           const std::map<std::string, UserId>& people) {
  UNHIDRA_TRY(const auto messages, slack::read_messages(source, directory, channel));
  auto counts = count(messages);
  UNHIDRA_TRY(const auto target, target_channel(channel, people));
  std::string failure;
  on_event_ = [&](const client::Event& one) {
    if (const auto* changed = std::get_if<event::MessageStateChanged>(&one);
        changed != nullptr && changed->message.conversation == target &&
        changed->message.state == client::MessageState::failed) {
      failure = changed->message.failure;
    }
  };
  const auto done = [&]() -> Status {
    std::set<std::string> roots;
    std::size_t at = 0;
    for (const auto& message : messages) {
      UNHIDRA_TRY(const auto sent, import_message(source, channel, target, message,
                                                  roots.contains(message.thread_ts)));
      counts.sent += sent ? 1 : 0;
      roots.insert(message.ts);
      ++at;
      if (at % kBatch == 0 || at == messages.size()) {
        output_.progress("#" + channel.name, at, messages.size());
        UNHIDRA_TRY_VOID(await_empty_outbox());
      }
      if (!failure.empty()) {
        return fail(Errc::not_sent, "a message was not taken: " + printable(failure));
      }
    }
    return {};
  }();
  on_event_ = nullptr;
  UNHIDRA_TRY_VOID(done);
  if (channel.archived) {
    wire::UpdateChannel update;
    update.channel_id = target;
    update.state = wire::PlaceState::archived;
    UNHIDRA_TRY_VOID(ask_place(update));
  }
  output_.result(to_json(channel, counts, "imported"),
                 "Imported " + to_text(channel, counts) + ".");
  return {};
}

// As long as it gets emptier: the server takes so many messages a second.
Status App::await_empty_outbox() {
  for (;;) {
    const auto before = engine_->account()->outbox_size;
    if (before == 0) {
      return {};
    }
    const auto ran =
        driver_->run_until([&] { return engine_->account()->outbox_size < before; }, kPatience);
    UNHIDRA_TRY_VOID(ran);
  }
}

// Whether anything of it had to be sent.
Result<bool> App::import_message(const ExportSource& source, const slack::Channel& channel,
                                 ConversationId target, const slack::Message& message,
                                 bool in_thread) {
  const auto device = engine_->account()->device;
  client::Draft draft{.imported = message.origin};
  if (in_thread) {
    draft.thread_root = client::MessageRef{imported_id(channel, message.thread_ts, 0), device};
  }
  std::vector<e2ee::AttachmentDescriptor> files;
  auto body = body_of(message);
  UNHIDRA_TRY(const auto begun,
              engine_->message(target, {imported_id(channel, message.ts, 0), device}));
  if (!begun) {
    UNHIDRA_TRY(files, upload_exported(source, target, message, body));
  }
  const auto parts = parts_of(body);
  bool sent = false;
  for (std::size_t part = 0; part < parts.size(); ++part) {
    draft.text = parts[part];
    draft.id = imported_id(channel, message.ts, part);
    UNHIDRA_TRY(const auto there, engine_->message(target, {*draft.id, device}));
    if (there) {
      continue;
    }
    if (part != 0 || files.empty()) {
      UNHIDRA_TRY_VOID(engine_->send(target, draft));
    } else {
      UNHIDRA_TRY_VOID(engine_->send_files(target, draft, std::move(files)));
    }
    driver_->flush();
    draft.imported->reactions.clear();
    sent = true;
  }
  return sent;
}

// Where a file of the export lies while it is encrypted, one at a time.
std::string App::plain_file() const {
  return profile_->directory() + "/uploads/import.part";
}

// What a scanner finds something in is named in the body instead.
Result<std::vector<e2ee::AttachmentDescriptor>> App::upload_exported(const ExportSource& source,
                                                                     ConversationId target,
                                                                     const slack::Message& message,
                                                                     std::string& body) {
  std::vector<e2ee::AttachmentDescriptor> out;
  for (const auto& file : message.files) {
    if (file.path.empty()) {
      continue;
    }
    UNHIDRA_TRY_VOID(ready_spool());
    const auto plain = plain_file();
    const auto upload = [&]() -> Status {
      UNHIDRA_TRY_VOID(source.extract(file.path, plain));
      UNHIDRA_TRY(auto described, seal_file(plain, file.name, file.media_type));
      const auto done = upload_sealed(described, target);
      drop_spooled(described);
      UNHIDRA_TRY_VOID(done);
      out.push_back(std::move(described));
      return {};
    }();
    std::error_code ignored;
    fs::remove(plain, ignored);
    if (!upload && upload.error() == Errc::infected) {
      body += (body.empty() ? "" : "\n") +
              ("[" + file.name + ": left out, a virus scanner found something in it]");
      output_.remark(printable(file.name) + " is left out: a virus scanner found something in it.");
    } else {
      UNHIDRA_TRY_VOID(upload);
    }
  }
  return out;
}

}  // namespace unhidra::cli
