// react, edit, delete, reply, thread, threads, follow, auto-follow, read, readers, search,
// receipts.

#include <algorithm>
#include <charconv>

#include "unhidra/base/text.h"

#include "app.h"
#include "errc.h"

namespace unhidra::cli {

namespace json = boost::json;
namespace event = client::event;

namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr std::size_t kLookBack = 1000;
constexpr std::size_t kShortestId = 4;

// Midnight UTC of a day that is written 2026-01-31.
Result<Timestamp> day_named(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  const auto number = [&](std::size_t at, std::size_t size, auto& out) {
    const auto* begin = text.data() + at;
    return std::from_chars(begin, begin + size, out).ptr == begin + size;
  };
  const bool read = text.size() == 10 && text[4] == '-' && text[7] == '-' && number(0, 4, year) &&
                    number(5, 2, month) && number(8, 2, day);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!read || !date.ok()) {
    return fail(Errc::usage, "a day is written YYYY-MM-DD: " + printable(text));
  }
  return Timestamp(std::chrono::sys_days(date).time_since_epoch());
}

}  // namespace

Result<client::Conversation> App::place_named(const std::string& name) {
  if (name.starts_with('#')) {
    return group_named(std::string_view(name).substr(1));
  }
  UNHIDRA_TRY(const auto user, find_user(name, false));
  UNHIDRA_TRY(auto conversation, engine_->conversation_with(user.id));
  if (!conversation) {
    return fail(Errc::not_found,
                "there is no conversation with " + printable(user.username) + " here");
  }
  return std::move(*conversation);
}

// By its id or how that begins or ends; "last" the newest, "mine" the newest own one.
Result<client::Message> App::message_named(const client::Conversation& conversation,
                                           const std::string& name) const {
  UNHIDRA_TRY(auto messages,
              engine_->history(conversation.id, conversation.message_count, kLookBack));
  const auto own = engine_->account()->user;
  std::vector<client::Message> hits;
  for (auto at = messages.rbegin(); at != messages.rend(); ++at) {
    const auto id = at->id.to_string();
    if (name == "last" || (name == "mine" && at->sender_user == own)) {
      return std::move(*at);
    }
    if (name.size() >= kShortestId && (id.starts_with(name) || id.ends_with(name))) {
      hits.push_back(*at);
    }
  }
  if (hits.size() != 1) {
    return fail(Errc::not_found, (hits.empty() ? "no message here has the id "
                                               : "several messages here have the id ") +
                                     printable(name));
  }
  return std::move(hits.front());
}

// Waits until the server has taken, or refused, an edit, a deletion or a reaction.
Status App::await_action(MessageId action) {
  std::optional<std::string> failure;
  on_event_ = [&](const client::Event& one) {
    if (const auto* done = std::get_if<event::ActionDone>(&one);
        done != nullptr && done->action == action) {
      failure = done->failure;
    }
  };
  const auto ran = driver_->run_until([&] { return failure.has_value(); }, kPatience);
  on_event_ = nullptr;
  UNHIDRA_TRY_VOID(ran);
  if (*failure == "chat.edit_window_closed") {
    return fail(Errc::not_sent, "the time in which this message could be edited is over");
  }
  if (!failure->empty()) {
    return fail(Errc::not_sent, "the server refused it: " + printable(*failure));
  }
  return {};
}

Status App::message_command() {
  const auto& wish = options_.message;
  UNHIDRA_TRY_VOID(open_device());
  switch (wish.action) {
    case MessageAction::search:
      return search();
    case MessageAction::threads:
      return list_threads();
    case MessageAction::auto_follow:
      return auto_follow();
    case MessageAction::versions:
      return export_versions();
    case MessageAction::receipts:
      return set_receipts(wish.on);
    default:
      break;
  }
  UNHIDRA_TRY(const auto place, place_named(options_.user));
  if (wish.action == MessageAction::emoji) {
    return emoji_command(place);
  }
  if (wish.action == MessageAction::thread || wish.action == MessageAction::edits ||
      wish.action == MessageAction::discard) {
    UNHIDRA_TRY(const auto message, message_named(place, wish.message));
    return wish.action == MessageAction::thread  ? show_thread(place, message)
           : wish.action == MessageAction::edits ? show_edits(place, message)
                                                 : discard(place, message);
  }
  UNHIDRA_TRY_VOID(open_connection(false));
  UNHIDRA_TRY_VOID(settle(kPatience));
  if (wish.action == MessageAction::read) {
    UNHIDRA_TRY_VOID(engine_->mark_all_read(place.id));
    return flush_outbox();
  }
  UNHIDRA_TRY(const auto message, message_named(place, wish.message));
  return wish.action == MessageAction::readers ? show_readers(place, message)
                                               : act_on(place, message);
}

Status App::act_on(const client::Conversation& place, const client::Message& message) {
  const auto& wish = options_.message;
  const auto ref = message.ref();
  switch (wish.action) {
    case MessageAction::react: {
      UNHIDRA_TRY(const auto action, engine_->react(place.id, ref, wish.emoji, !wish.take_back));
      UNHIDRA_TRY_VOID(await_action(action));
      break;
    }
    case MessageAction::edit: {
      UNHIDRA_TRY(const auto action, engine_->edit(place.id, ref, {.text = read_text()}));
      UNHIDRA_TRY_VOID(await_action(action));
      break;
    }
    case MessageAction::remove: {
      const bool own = message.sender_user == engine_->account()->user;
      UNHIDRA_TRY(const auto action,
                  own ? engine_->remove(place.id, ref) : engine_->moderate(place.id, ref));
      UNHIDRA_TRY_VOID(await_action(action));
      break;
    }
    case MessageAction::follow:
      UNHIDRA_TRY_VOID(engine_->follow_thread(place.id, ref, !wish.take_back));
      UNHIDRA_TRY_VOID(flush_outbox());
      break;
    default: {
      client::Draft draft{.text = read_text()};
      if (wish.quote) {
        draft.reply_to = ref;
      } else {
        draft.thread_root = ref;
      }
      UNHIDRA_TRY(const auto id, engine_->send(place.id, draft));
      return await_sent(id, place.peer,
                        printable(place.peer.is_nil() ? place.name : options_.user));
    }
  }
  UNHIDRA_TRY(const auto changed, engine_->message(place.id, ref));
  if (changed) {
    const Names names(*engine_);
    const auto account = *engine_->account();
    output_.result(to_json(*changed, place.peer, names, account.device),
                   to_line(*changed, names, account.user, account.device));
  }
  return {};
}

// Receipts and read marks that wait go out now; what does not in a moment goes with the next run.
Status App::flush_outbox() {
  const auto ran = driver_->run_until(
      [this] {
        return engine_->idle() && engine_->account()->outbox_size == 0 &&
               engine_->receipts_reported();
      },
      std::chrono::seconds(5));
  return ran || ran.error() == Errc::timed_out ? Status() : ran;
}

Status App::show_thread(const client::Conversation& place, const client::Message& root) {
  UNHIDRA_TRY(const auto replies, engine_->thread_messages(place.id, root.ref()));
  const Names names(*engine_);
  const auto account = *engine_->account();
  const auto show = [&](const client::Message& message) {
    output_.result(to_json(message, place.peer, names, account.device),
                   to_line(message, names, account.user, account.device));
  };
  show(root);
  std::ranges::for_each(replies, show);
  return replies.empty() ? Status() : engine_->mark_thread_read(place.id, root.ref());
}

Status App::list_threads() {
  std::optional<ConversationId> only;
  if (!options_.user.empty()) {
    UNHIDRA_TRY(const auto place, place_named(options_.user));
    only = place.id;
  }
  UNHIDRA_TRY(const auto threads, engine_->threads(only, false));
  const Names names(*engine_);
  const auto account = *engine_->account();
  for (const auto& thread : threads) {
    UNHIDRA_TRY(const auto conversations, engine_->conversations());
    const auto place =
        std::ranges::find(conversations, thread.conversation, &client::Conversation::id);
    const auto peer = place == conversations.end() ? UserId() : place->peer;
    output_.result(to_json(thread.root, peer, names, account.device),
                   to_line(thread.root, names, account.user, account.device));
  }
  return {};
}

// Shows the rule, or changes it, so that the own other devices hear of it.
// Without a connection the other devices and the server hear of it with the next one.
Status App::set_receipts(bool sent) {
  UNHIDRA_TRY_VOID(engine_->set_receipts(sent));
  output_.text(sent ? "Receipts are sent." : "No receipts are sent.");
  if (const auto connected = open_connection(false); !connected) {
    output_.remark("Not connected, so your other devices hear of it later: " +
                   connected.error().message());
    return {};
  }
  UNHIDRA_TRY_VOID(settle(kPatience));
  return flush_outbox();
}

Status App::auto_follow() {
  const auto& wish = options_.message;
  std::optional<client::Conversation> place;
  if (!options_.user.empty()) {
    UNHIDRA_TRY(place, place_named(options_.user));
  }
  if (wish.inherit && !place) {
    return fail(Errc::usage, "--as-others is for one person or #group");
  }
  const auto now = [&] {
    const auto own = place ? engine_->auto_follow(place->id) : std::nullopt;
    return std::pair(own.value_or(engine_->auto_follow()), own.has_value());
  };
  if (wish.inherit || wish.on_reply || wish.on_mention) {
    UNHIDRA_TRY_VOID(open_connection(false));
    UNHIDRA_TRY_VOID(settle(kPatience));
    auto rule = now().first;
    rule.on_reply = wish.on_reply.value_or(rule.on_reply);
    rule.on_mention = wish.on_mention.value_or(rule.on_mention);
    UNHIDRA_TRY_VOID(place ? engine_->set_auto_follow(
                                 place->id, wish.inherit ? std::nullopt : std::optional(rule))
                           : engine_->set_auto_follow(rule));
    UNHIDRA_TRY_VOID(flush_outbox());
  }
  const auto [rule, own] = now();
  json::object object;
  object["type"] = "auto_follow";
  object["on_reply"] = rule.on_reply;
  object["on_mention"] = rule.on_mention;
  if (place) {
    object["own_rule"] = own;
  }
  const auto word = [](bool on) { return std::string(on ? "followed" : "not followed"); };
  output_.result(object,
                 "Threads that you write in, or under your messages: " + word(rule.on_reply) +
                     ". Threads that mention you: " + word(rule.on_mention) + "." +
                     (place && !own ? " As everywhere." : ""));
  return {};
}

Status App::search() {
  const auto& wish = options_.message;
  client::SearchQuery query;
  if (wish.words.empty() && !wish.has_file) {
    return fail(Errc::usage, "what to look for? Give words, or --has-file");
  }
  query.words = wish.words + (wish.has_file ? " has:file" : "");
  query.limit = options_.limit;
  if (!options_.user.empty()) {
    UNHIDRA_TRY(const auto place, place_named(options_.user));
    query.conversation = place.id;
  }
  if (!wish.from.empty()) {
    UNHIDRA_TRY(const auto user, find_user(wish.from, false));
    query.sender = user.id;
  }
  if (!wish.since.empty()) {
    UNHIDRA_TRY(query.from, day_named(wish.since));
  }
  if (!wish.until.empty()) {
    UNHIDRA_TRY(const auto day, day_named(wish.until));
    query.until = day + std::chrono::hours(24);
  }
  UNHIDRA_TRY(const auto hits, engine_->search(query));
  UNHIDRA_TRY(const auto conversations, engine_->conversations());
  const Names names(*engine_);
  const auto account = *engine_->account();
  for (const auto& message : hits) {
    const auto place =
        std::ranges::find(conversations, message.conversation, &client::Conversation::id);
    const auto peer = place == conversations.end() ? UserId() : place->peer;
    const auto where =
        peer.is_nil() ? "#" + printable(names.of(message.conversation)) : names.of(peer);
    output_.result(to_json(message, peer, names, account.device),
                   day_of(message.sent_at) + "  " + where + "  " +
                       to_line(message, names, account.user, account.device));
  }
  return {};
}

}  // namespace unhidra::cli
