// send, listen, history, export.

#include <algorithm>
#include <iostream>
#include <iterator>
#include <tuple>

#include <boost/json.hpp>

#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"
#include "unhidra/runtime/files.h"

#include "app.h"
#include "errc.h"

namespace unhidra::cli {

namespace json = boost::json;
namespace event = client::event;
using client::MessageState;

namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::seconds kBurst{2};
constexpr std::size_t kPage = 500;

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

std::string shown_name(ConversationId conversation) {
  return "shown:" + conversation.to_string();
}

}  // namespace

// The user of that name: from the store, or else, and for names not known yet, from the server.
Result<client::User> App::find_user(const std::string& name, bool online) {
  UNHIDRA_TRY(auto known, engine_->user_named(name));
  if (known) {
    return std::move(*known);
  }
  if (!online) {
    return fail(Errc::not_found, "there is no conversation with " + printable(name) + " here");
  }
  std::optional<client::User> found;
  bool missing = false;
  on_event_ = [&](const client::Event& one) {
    if (const auto* hit = std::get_if<event::UserFound>(&one)) {
      found = hit->user;
    }
    missing = missing || std::holds_alternative<event::UserNotFound>(one);
  };
  auto ran = settle(kPatience);
  if (ran) {
    ran = engine_->look_up_user(name);
  }
  if (ran) {
    ran = driver_->run_until([&] { return found || missing; }, kPatience);
  }
  on_event_ = nullptr;
  UNHIDRA_TRY_VOID(ran);
  if (!found) {
    return fail(Errc::not_found, "there is nobody called " + printable(name));
  }
  return std::move(*found);
}

std::string App::read_text() const {
  if (options_.text) {
    return *options_.text;
  }
  std::string text{std::istreambuf_iterator<char>(*around_.in), {}};
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
    text.pop_back();
  }
  return text;
}

Status App::send() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(false));
  if (options_.user.starts_with('#')) {
    UNHIDRA_TRY(const auto group, group_named(std::string_view(options_.user).substr(1)));
    UNHIDRA_TRY(const auto id, engine_->send_text(group.id, read_text()));
    return await_sent(id, UserId(), printable(group.name));
  }
  UNHIDRA_TRY(const auto user, find_user(options_.user, true));
  const auto name = printable(user.username);
  if (user.trust == client::Trust::changed) {
    return fail(Errc::identity_changed, "the identity of " + name +
                                            " has changed, so nothing was sent. Compare the "
                                            "safety number (unhidra-cli verify " +
                                            name + ") and accept it with --accept");
  }
  UNHIDRA_TRY(const auto id, engine_->send_text(user.id, read_text()));
  return await_sent(id, user.id, name);
}

// `peer` is nil for a group.
Status App::await_sent(MessageId id, UserId peer, const std::string& name) {
  std::optional<client::Message> last;
  on_event_ = [&](const client::Event& one) {
    if (const auto* change = std::get_if<event::MessageStateChanged>(&one);
        change != nullptr && change->message.id == id) {
      last = change->message;
    }
  };
  const auto settled = [&] { return last && last->state != MessageState::queued; };
  const auto ran = driver_->run_until(
      settled, options_.timeout > 0 ? milliseconds_of(options_.timeout) : kPatience);
  on_event_ = nullptr;
  const std::string queued = " The message is stored here and goes out with the next connection.";
  if (!ran) {
    const auto account = *engine_->account();
    if (account.membership == client::Membership::pending) {
      return fail(Errc::not_approved, "this device waits for another device's approval." + queued);
    }
    const bool network =
        ran.error().kind() == ErrorKind::unavailable || ran.error().kind() == ErrorKind::timeout;
    return network ? fail(Error(Errc::unreachable, ran.error().message() + "." + queued))
                   : fail(ran.error());
  }
  output_.result(to_json(*last, peer, Names(*engine_), engine_->account()->device),
                 last->state == MessageState::sent ? "Sent to " + name + "." : "Not sent.");
  if (last->state == MessageState::blocked) {
    return fail(Errc::identity_changed,
                peer.is_nil() ? "the identity of a member has changed: the message is held back "
                                "until unhidra-cli verify ... --accept"
                              : "the identity of " + name +
                                    " has changed: the message is held back until unhidra-cli "
                                    "verify " +
                                    name + " --accept");
  }
  if (last->state != MessageState::sent) {
    return fail(Errc::not_sent, "the message was not sent: " + printable(last->failure));
  }
  return {};
}

Result<std::uint64_t> App::shown(ConversationId conversation) {
  UNHIDRA_TRY(const auto stored, store_->get_value(shown_name(conversation)));
  if (!stored) {
    return 0;
  }
  ByteReader reader(stored->expose());
  return reader.u64();
}

Status App::mark_shown(const client::Conversation& conversation) {
  ByteWriter writer(8);
  writer.u64(conversation.message_count);
  UNHIDRA_TRY_VOID(store_->put_value(shown_name(conversation.id), writer.view()));
  return conversation.message_count == 0
             ? Status()
             : engine_->mark_read(conversation.id, conversation.message_count - 1);
}

// Prints what came from elsewhere since the last time, oldest first, and remembers it; answers the
// number of messages. A crash in between shows it once more rather than never.
Result<std::uint64_t> App::show_unread(std::optional<UserId> only) {
  const Names names(*engine_);
  const auto account = *engine_->account();
  UNHIDRA_TRY(const auto conversations, engine_->conversations());
  std::vector<std::pair<client::Message, UserId>> unread;
  std::vector<client::Conversation> touched;
  for (const auto& conversation : conversations) {
    if (only && conversation.peer != *only) {
      continue;
    }
    UNHIDRA_TRY(const auto from, shown(conversation.id));
    if (from >= conversation.message_count) {
      continue;
    }
    UNHIDRA_TRY(auto messages, engine_->history(conversation.id, conversation.message_count,
                                                conversation.message_count - from));
    for (auto& message : messages) {
      const bool elsewhere = message.notice ? message.sender_user != account.user
                                            : message.sender_device != account.device;
      if (elsewhere) {
        unread.emplace_back(std::move(message), conversation.peer);
      }
    }
    touched.push_back(conversation);
  }
  std::ranges::sort(unread, {}, [](const auto& one) {
    return std::tuple(one.first.received_at, one.first.conversation, one.first.index);
  });
  std::uint64_t written = 0;
  for (const auto& [message, peer] : unread) {
    auto line = to_line(message, names, account.user, account.device);
    written += message.notice ? 0 : 1;
    if (message.notice) {
      line += "  [" + printable(names.of(message.conversation)) + "]";
    } else if (!only && peer.is_nil()) {
      line.insert(line.find(": "), " in " + printable(names.of(message.conversation)));
    } else if (!only && message.sender_user == account.user) {
      line.insert(line.find(": "), " to " + names.of(peer));
    }
    output_.result(to_json(message, peer, names, account.device), line);
  }
  for (const auto& conversation : touched) {
    UNHIDRA_TRY_VOID(mark_shown(conversation));
  }
  return written;
}

// Who sits and reads is online; the commands that come and go do not show anybody.
Status App::show_online() {
  return options_.hidden ? Status() : engine_->set_presence(client::OwnPresence::online);
}

Status App::listen() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(show_online());
  UNHIDRA_TRY_VOID(open_connection(true));
  driver_->on_connection = [this](bool up) {
    if (!up) {
      output_.remark("Connection lost; trying again.");
    }
  };
  std::uint64_t heard = 0;
  std::optional<Error> broken;
  // Shown once the burst is over, and names are known; at the latest after a moment.
  std::optional<SteadyTime> news = clock_.steady_now();
  on_event_ = [&](const client::Event& one) {
    if (!news && (std::holds_alternative<event::MessageReceived>(one) ||
                  std::holds_alternative<event::MessageUnreadable>(one) ||
                  std::holds_alternative<event::Noticed>(one))) {
      news = clock_.steady_now();
    }
  };
  const auto done = [&] {
    if (news && (engine_->idle() || clock_.steady_now() - *news > kBurst)) {
      news.reset();
      const auto count = show_unread({});
      if (!count) {
        broken = count.error();
        return true;
      }
      heard += *count;
    }
    const bool enough = options_.once || (options_.count > 0 && heard >= options_.count);
    return enough && !news && engine_->idle();
  };
  std::optional<std::chrono::milliseconds> timeout;
  if (options_.timeout > 0) {
    timeout = milliseconds_of(options_.timeout);
  }
  const auto ran = driver_->run_until(done, timeout);
  on_event_ = nullptr;
  if (broken) {
    return fail(std::move(*broken));
  }
  if (!ran && ran.error() == Errc::timed_out) {
    if (options_.once) {
      return fail(Errc::timed_out, "could not fetch everything in time");
    }
    if (options_.count == 0) {
      return {};  // so long it was to listen
    }
    return fail(Errc::timed_out, "heard " + std::to_string(heard) + " of " +
                                     std::to_string(options_.count) + " messages in time");
  }
  return ran ? flush_outbox() : ran;
}

Status App::history() {
  UNHIDRA_TRY_VOID(open_device());
  if (options_.earlier) {
    UNHIDRA_TRY(const auto group, place_named(options_.user));
    UNHIDRA_TRY_VOID(read_earlier(group.id, options_.limit == 0 ? UINT64_MAX : options_.limit));
  }
  UNHIDRA_TRY(const auto conversation, place_named(options_.user));
  const Names names(*engine_);
  const auto account = *engine_->account();
  const auto limit = options_.limit == 0 ? conversation.message_count : options_.limit;
  UNHIDRA_TRY(const auto messages,
              engine_->history(conversation.id, conversation.message_count, limit));
  std::string day;
  for (const auto& message : messages) {
    if (auto now = day_of(message.sent_at); now != day) {
      day = std::move(now);
      output_.text("-- " + day + " --");
    }
    output_.result(to_json(message, conversation.peer, names, account.device),
                   to_line(message, names, account.user, account.device));
  }
  return mark_shown(conversation);
}

Status App::export_all() {
  UNHIDRA_TRY_VOID(open_device());
  const Names names(*engine_);
  const auto account = *engine_->account();
  UNHIDRA_TRY(const auto conversations, engine_->conversations());
  json::object document;
  document["type"] = "export";
  document["version"] = 1;
  document["exported_at"] = to_rfc3339(clock_.now());
  document["username"] = account.username;
  document["user_id"] = account.user.to_string();
  document["device_id"] = account.device.to_string();
  auto& list = document["conversations"].emplace_array();
  for (const auto& conversation : conversations) {
    json::object one;
    one["conversation_id"] = conversation.id.to_string();
    if (conversation.kind == client::ConversationKind::group) {
      one["group"] = conversation.name;
    } else {
      one["peer"] = names.of(conversation.peer);
      one["peer_id"] = conversation.peer.to_string();
    }
    auto& messages = one["messages"].emplace_array();
    for (std::uint64_t end = 0; end < conversation.message_count;) {
      end = std::min<std::uint64_t>(end + kPage, conversation.message_count);
      UNHIDRA_TRY(const auto page,
                  engine_->history(conversation.id, end, end - (end - 1) / kPage * kPage));
      for (const auto& message : page) {
        messages.push_back(to_json(message, conversation.peer, names, account.device));
      }
    }
    list.push_back(std::move(one));
  }
  const auto text = json::serialize(document) + "\n";
  if (options_.output_file.empty()) {
    *around_.out << text << std::flush;
    return {};
  }
  UNHIDRA_TRY_VOID(runtime::write_file_atomically(options_.output_file, as_bytes(text)));
  output_.remark("Written to " + options_.output_file + "; it is not encrypted.");
  return {};
}

}  // namespace unhidra::cli
