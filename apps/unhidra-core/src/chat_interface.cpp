// The exported functions about messages, threads, reading and channels.

#include "calls.h"
#include "chat_arguments.h"
#include "describe_places.h"
#include "unhidra_core.h"

namespace unhidra::core {
namespace {

// body(Engine&, ConversationId, const MessageRef&) -> Status
template <class Body>
std::int32_t command_on_message(std::int32_t handle, Span conversation, Span message, Body body) {
  return command(handle, [&](client::Engine& on) -> Status {
    UNHIDRA_TRY(const auto id, id_of<ConversationId>(conversation));
    UNHIDRA_TRY(const auto ref, ref_of(message));
    return body(on, id, ref);
  });
}

std::optional<Timestamp> time_of(std::uint64_t micros) {
  return micros == 0 ? std::nullopt
                     : std::optional(from_unix_micros(static_cast<std::int64_t>(micros)));
}

}  // namespace
}  // namespace unhidra::core

using unhidra::ConversationId;
using unhidra::MessageId;
using unhidra::Result;
using unhidra::SpaceId;
using unhidra::Status;
using unhidra::UserId;
using unhidra::client::AutoFollow;
using unhidra::client::ConversationEmoji;
using unhidra::client::Engine;
using unhidra::client::Message;
using unhidra::client::MessageRef;
using unhidra::client::OwnPresence;
using unhidra::e2ee::FileId;
using namespace unhidra::core;  // NOLINT: the functions below are the interface of this namespace

extern "C" {

int32_t unhidra_send(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                     const uint8_t* text, uint32_t text_size, const uint8_t* root,
                     uint32_t root_size, const uint8_t* reply_to, uint32_t reply_to_size,
                     const uint8_t* mentions, uint32_t mentions_size, int32_t everyone) {
  return writing(engine, {conversation, conversation_size},
                 [&](Engine& on, ConversationId id) -> Result<MessageId> {
                   UNHIDRA_TRY(auto draft,
                               draft_of({text, text_size}, {mentions, mentions_size}, everyone));
                   UNHIDRA_TRY(draft.thread_root, maybe_ref_of({root, root_size}));
                   UNHIDRA_TRY(draft.reply_to, maybe_ref_of({reply_to, reply_to_size}));
                   return on.send(id, draft);
                 });
}
int32_t unhidra_edit(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                     const uint8_t* target, uint32_t target_size, const uint8_t* text,
                     uint32_t text_size, const uint8_t* mentions, uint32_t mentions_size,
                     int32_t everyone) {
  return writing(engine, {conversation, conversation_size},
                 [&](Engine& on, ConversationId id) -> Result<MessageId> {
                   UNHIDRA_TRY(const auto ref, ref_of({target, target_size}));
                   UNHIDRA_TRY(const auto draft,
                               draft_of({text, text_size}, {mentions, mentions_size}, everyone));
                   return on.edit(id, ref, draft);
                 });
}
int32_t unhidra_delete(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                       const uint8_t* target, uint32_t target_size) {
  return writing(engine, {conversation, conversation_size},
                 [&](Engine& on, ConversationId id) -> Result<MessageId> {
                   UNHIDRA_TRY(const auto ref, ref_of({target, target_size}));
                   return on.remove(id, ref);
                 });
}
int32_t unhidra_moderate(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                         const uint8_t* target, uint32_t target_size) {
  return writing(engine, {conversation, conversation_size},
                 [&](Engine& on, ConversationId id) -> Result<MessageId> {
                   UNHIDRA_TRY(const auto ref, ref_of({target, target_size}));
                   return on.moderate(id, ref);
                 });
}
int32_t unhidra_discard(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                        const uint8_t* target, uint32_t target_size) {
  return command_on_message(
      engine, {conversation, conversation_size}, {target, target_size},
      [](Engine& on, ConversationId id, const MessageRef& ref) { return on.discard(id, ref); });
}
int32_t unhidra_react(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                      const uint8_t* target, uint32_t target_size, const uint8_t* emoji,
                      uint32_t emoji_size, int32_t present, const uint8_t* picture,
                      uint32_t picture_size) {
  return writing(engine, {conversation, conversation_size},
                 [&](Engine& on, ConversationId id) -> Result<MessageId> {
                   UNHIDRA_TRY(const auto ref, ref_of({target, target_size}));
                   UNHIDRA_TRY(const auto what, text_of({emoji, emoji_size}));
                   UNHIDRA_TRY(const auto file, maybe_id_of<FileId>({picture, picture_size}));
                   return on.react(id, ref, what, present != 0,
                                   file ? std::optional(file->uuid()) : std::nullopt);
                 });
}

// ---- reading ----

int32_t unhidra_mark_read(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                          uint64_t index) {
  return command_on<ConversationId>(
      engine, {conversation, conversation_size},
      [&](Engine& on, ConversationId id) { return on.mark_read(id, index); });
}
int32_t unhidra_mark_thread_read(int32_t engine, const uint8_t* conversation,
                                 uint32_t conversation_size, const uint8_t* root,
                                 uint32_t root_size) {
  return command_on_message(engine, {conversation, conversation_size}, {root, root_size},
                            [](Engine& on, ConversationId id, const MessageRef& ref) {
                              return on.mark_thread_read(id, ref);
                            });
}
int32_t unhidra_mark_all_read(int32_t engine, const uint8_t* conversation,
                              uint32_t conversation_size) {
  return command(engine, [&](Engine& on) -> Status {
    UNHIDRA_TRY(const auto id, maybe_id_of<ConversationId>({conversation, conversation_size}));
    return on.mark_all_read(id);
  });
}
int32_t unhidra_follow_thread(int32_t engine, const uint8_t* conversation,
                              uint32_t conversation_size, const uint8_t* root, uint32_t root_size,
                              int32_t following) {
  return command_on_message(engine, {conversation, conversation_size}, {root, root_size},
                            [&](Engine& on, ConversationId id, const MessageRef& ref) {
                              return on.follow_thread(id, ref, following != 0);
                            });
}
int32_t unhidra_set_auto_follow(int32_t engine, const uint8_t* conversation,
                                uint32_t conversation_size, int32_t rule) {
  return command(engine, [&](Engine& on) -> Status {
    UNHIDRA_TRY(const auto id, maybe_id_of<ConversationId>({conversation, conversation_size}));
    if (rule < (id ? -1 : 0) || rule > 3) {
      return unhidra::fail(Errc::bad_argument, "there is no such rule");
    }
    if (rule < 0) {
      return on.set_auto_follow(*id, std::nullopt);
    }
    const AutoFollow wanted{(rule & 1) != 0, (rule & 2) != 0};
    return id ? on.set_auto_follow(*id, wanted) : on.set_auto_follow(wanted);
  });
}
int32_t unhidra_set_typing(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                           int32_t active) {
  return command_on<ConversationId>(
      engine, {conversation, conversation_size},
      [&](Engine& on, ConversationId id) { return on.set_typing(id, active != 0); });
}
int32_t unhidra_set_receipts(int32_t engine, int32_t sent) {
  return command(engine, [&](Engine& on) { return on.set_receipts(sent != 0); });
}
int32_t unhidra_sends_receipts(int32_t engine) {
  return with_hosted(engine, [](HostedEngine& hosted) -> Result<Answer> {
    Json out;
    out.boolean(hosted.engine->sends_receipts());
    return answer_of(std::move(out).take());
  });
}
int32_t unhidra_watch_receipts(int32_t engine, const uint8_t* conversation,
                               uint32_t conversation_size, const uint8_t* seqs,
                               uint32_t seqs_size) {
  return command(engine, [&](Engine& on) -> Status {
    UNHIDRA_TRY(const auto id, id_of<ConversationId>({conversation, conversation_size}));
    UNHIDRA_TRY(const auto shown, numbers_of({seqs, seqs_size}));
    return on.watch_receipts(id, shown);
  });
}
int32_t unhidra_set_presence(int32_t engine, int32_t own) {
  return command(engine, [&](Engine& on) -> Status {
    switch (own) {
      case 0:
        return on.set_presence(OwnPresence::hidden);
      case 1:
        return on.set_presence(OwnPresence::online);
      case 2:
        return on.set_presence(OwnPresence::away);
      default:
        return unhidra::fail(Errc::bad_argument, "there is no such presence");
    }
  });
}
int32_t unhidra_watch_presence(int32_t engine, const uint8_t* users, uint32_t users_size) {
  return command(engine, [&](Engine& on) -> Status {
    UNHIDRA_TRY(const auto who, ids_of<UserId>({users, users_size}));
    return on.watch_presence(who);
  });
}
int32_t unhidra_put_first(int32_t engine, const uint8_t* conversations,
                          uint32_t conversations_size) {
  return command(engine, [&](Engine& on) -> Status {
    UNHIDRA_TRY(const auto shown, ids_of<ConversationId>({conversations, conversations_size}));
    return on.put_first(shown);
  });
}

// ---- channels ----

int32_t unhidra_channel_create(int32_t engine, const uint8_t* name, uint32_t name_size,
                               const uint8_t* topic, uint32_t topic_size,
                               const uint8_t* description, uint32_t description_size,
                               const uint8_t* space, uint32_t space_size, const uint8_t* users,
                               uint32_t users_size, int32_t open, int32_t announcements,
                               int32_t is_default) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    unhidra::client::NewChannel channel;
    UNHIDRA_TRY(channel.name, text_of({name, name_size}));
    UNHIDRA_TRY(channel.topic, text_of({topic, topic_size}));
    UNHIDRA_TRY(channel.description, text_of({description, description_size}));
    UNHIDRA_TRY(channel.space, maybe_id_of<SpaceId>({space, space_size}));
    UNHIDRA_TRY(channel.users, ids_of<UserId>({users, users_size}));
    channel.open = open != 0;
    channel.announcements = announcements != 0;
    channel.is_default = is_default != 0;
    UNHIDRA_TRY(const auto id, hosted.engine->create_channel(channel));
    return answer_with("conversation", id.to_string());
  });
}
int32_t unhidra_group_describe(int32_t engine, const uint8_t* group, uint32_t group_size,
                               const uint8_t* topic, uint32_t topic_size,
                               const uint8_t* description, uint32_t description_size) {
  return command_on<ConversationId>(
      engine, {group, group_size}, [&](Engine& on, ConversationId id) -> Status {
        UNHIDRA_TRY(const auto about, text_of({topic, topic_size}));
        UNHIDRA_TRY(const auto more, text_of({description, description_size}));
        return on.describe_group(id, about, more);
      });
}
int32_t unhidra_channel_adopt_name(int32_t engine, const uint8_t* channel, uint32_t channel_size,
                                   const uint8_t* name, uint32_t name_size) {
  return command_on<ConversationId>(engine, {channel, channel_size},
                                    [&](Engine& on, ConversationId id) -> Status {
                                      UNHIDRA_TRY(const auto text, text_of({name, name_size}));
                                      return on.adopt_public_name(id, text);
                                    });
}
int32_t unhidra_place_request(int32_t engine, const uint8_t* lines, uint32_t lines_size) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto text, text_of({lines, lines_size}));
    UNHIDRA_TRY(auto request, place_request_of(text));
    UNHIDRA_TRY(const auto number, hosted.engine->ask_place(std::move(request)));
    Json out;
    out.begin_object().name("request").number(number).end_object();
    return answer_of(std::move(out).take());
  });
}

// ---- questions ----

int32_t unhidra_message(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                        const uint8_t* target, uint32_t target_size) {
  return question_on<ConversationId>(
      engine, {conversation, conversation_size},
      [&](const Engine& on, ConversationId id) -> Result<std::optional<Message>> {
        UNHIDRA_TRY(const auto ref, ref_of({target, target_size}));
        return on.message(id, ref);
      });
}
int32_t unhidra_message_texts(int32_t engine, const uint8_t* conversation,
                              uint32_t conversation_size, const uint8_t* target,
                              uint32_t target_size) {
  using Answered = Result<std::vector<unhidra::client::MessageText>>;
  return question_on<ConversationId>(engine, {conversation, conversation_size},
                                     [&](const Engine& on, ConversationId id) -> Answered {
                                       UNHIDRA_TRY(const auto ref, ref_of({target, target_size}));
                                       return on.texts(id, ref);
                                     });
}
int32_t unhidra_threads(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                        int32_t followed_only) {
  using Answered = Result<std::vector<unhidra::client::Thread>>;
  return question(engine, [&](const Engine& on) -> Answered {
    UNHIDRA_TRY(const auto id, maybe_id_of<ConversationId>({conversation, conversation_size}));
    return on.threads(id, followed_only != 0);
  });
}
int32_t unhidra_auto_follow(int32_t engine, const uint8_t* conversation,
                            uint32_t conversation_size) {
  return question(engine, [&](const Engine& on) -> Result<std::optional<AutoFollow>> {
    UNHIDRA_TRY(const auto id, maybe_id_of<ConversationId>({conversation, conversation_size}));
    return id ? on.auto_follow(*id) : std::optional(on.auto_follow());
  });
}
int32_t unhidra_thread_messages(int32_t engine, const uint8_t* conversation,
                                uint32_t conversation_size, const uint8_t* root,
                                uint32_t root_size) {
  return question_on<ConversationId>(
      engine, {conversation, conversation_size},
      [&](const Engine& on, ConversationId id) -> Result<std::vector<Message>> {
        UNHIDRA_TRY(const auto ref, ref_of({root, root_size}));
        return on.thread_messages(id, ref);
      });
}
int32_t unhidra_emoji(int32_t engine, const uint8_t* conversation, uint32_t conversation_size) {
  return question_on<ConversationId>(
      engine, {conversation, conversation_size},
      [](const Engine& on, ConversationId id) -> Result<std::vector<ConversationEmoji>> {
        return on.emoji(id);
      });
}
int32_t unhidra_receipts(int32_t engine, const uint8_t* conversation, uint32_t conversation_size) {
  return question_on<ConversationId>(
      engine, {conversation, conversation_size},
      [](const Engine& on, ConversationId id) { return on.receipts(id); });
}
int32_t unhidra_typing(int32_t engine, const uint8_t* conversation, uint32_t conversation_size) {
  return question_on<ConversationId>(
      engine, {conversation, conversation_size},
      [](const Engine& on, ConversationId id) -> Result<std::vector<UserId>> {
        return on.typing(id);
      });
}
int32_t unhidra_presence(int32_t engine) {
  using Answered = Result<std::vector<unhidra::client::UserPresence>>;
  return question(engine, [](const Engine& on) -> Answered { return on.presence(); });
}
int32_t unhidra_search(int32_t engine, const uint8_t* words, uint32_t words_size,
                       const uint8_t* conversation, uint32_t conversation_size,
                       const uint8_t* sender, uint32_t sender_size, uint64_t from, uint64_t until,
                       uint32_t limit) {
  return question(engine, [&](const Engine& on) -> Result<std::vector<Message>> {
    unhidra::client::SearchQuery query;
    UNHIDRA_TRY(query.words, text_of({words, words_size}));
    UNHIDRA_TRY(query.conversation, maybe_id_of<ConversationId>({conversation, conversation_size}));
    UNHIDRA_TRY(query.sender, maybe_id_of<UserId>({sender, sender_size}));
    query.from = time_of(from);
    query.until = time_of(until);
    query.limit = std::min(limit, kMaxHistory);
    return on.search(query);
  });
}

}  // extern "C"
