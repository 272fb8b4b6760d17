// The exported functions: each looks at its arguments, asks the engine, and leaves the answer.

#include "calls.h"
#include "unhidra_core.h"

namespace unhidra::core {
namespace {

Answer next_action(HostedEngine& hosted) {
  if (hosted.frames.empty() && hosted.events.empty() && !hosted.reconnect) {
    auto actions = hosted.engine->take_actions();
    std::ranges::move(actions.frames, std::back_inserter(hosted.frames));
    std::ranges::move(actions.events, std::back_inserter(hosted.events));
    hosted.reconnect = actions.reconnect;
  }
  Answer answer;
  if (!hosted.frames.empty()) {
    answer = {UNHIDRA_FRAME, std::string(as_text(hosted.frames.front()))};
    hosted.frames.pop_front();
  } else if (!hosted.events.empty()) {
    answer = {UNHIDRA_EVENT, to_json(hosted.events.front())};
    hosted.events.pop_front();
  } else if (std::exchange(hosted.reconnect, false)) {
    answer.value = UNHIDRA_RECONNECT;
  }
  return answer;
}

}  // namespace
}  // namespace unhidra::core

using unhidra::ByteView;
using unhidra::ConversationId;
using unhidra::DeviceId;
using unhidra::Result;
using unhidra::Status;
using unhidra::UserId;
using unhidra::client::Engine;
using namespace unhidra::core;  // NOLINT: the functions below are the interface of this namespace

extern "C" {

uint32_t unhidra_interface_version(void) {
  return UNHIDRA_INTERFACE_MAJOR * 65536U + UNHIDRA_INTERFACE_MINOR;
}

// ---- memory ----

uint8_t* unhidra_buffer_new(uint32_t size) {
  return Module::instance().new_buffer(size);
}
int32_t unhidra_buffer_free(uint8_t* buffer) {
  return Module::instance().free_buffer(buffer);
}
const uint8_t* unhidra_answer(void) {
  return unhidra::as_bytes(Module::instance().answer()).data();
}
uint32_t unhidra_answer_size(void) {
  return static_cast<uint32_t>(Module::instance().answer().size());
}

// ---- life ----

int32_t unhidra_engine_open(uint32_t store, const uint8_t* key, uint32_t key_size,
                            uint64_t least_generation) {
  auto& module = Module::instance();
  return module.call([&]() -> Result<Answer> {
    UNHIDRA_TRY(const auto bytes, module.view({key, key_size}));
    return module.open(store, bytes, least_generation);
  });
}
int32_t unhidra_engine_close(int32_t engine) {
  auto& module = Module::instance();
  return module.call([&] { return module.close(engine); });
}
int32_t unhidra_engine_enroll(int32_t engine, const uint8_t* user, uint32_t user_size,
                              const uint8_t* device, uint32_t device_size, const uint8_t* username,
                              uint32_t username_size) {
  return command(engine, {username, username_size}, [&](Engine& on, ByteView name) -> Status {
    UNHIDRA_TRY(const auto user_id, id_of<UserId>({user, user_size}));
    UNHIDRA_TRY(const auto device_id, id_of<DeviceId>({device, device_size}));
    return on.enroll({user_id, device_id, std::string(unhidra::as_text(name))});
  });
}
int32_t unhidra_engine_state(int32_t engine) {
  return with_hosted(engine, [](HostedEngine& hosted) -> Result<Answer> {
    Json out;
    out.begin_object();
    out.name("enrolled").boolean(hosted.engine->enrolled());
    out.name("generation").number(hosted.engine->generation());
    out.name("idle").boolean(hosted.engine->enrolled() && hosted.engine->idle());
    out.end_object();
    return answer_of(std::move(out).take());
  });
}

// ---- the host's own values ----

int32_t unhidra_value_get(int32_t engine, const uint8_t* name, uint32_t name_size) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto key, Module::instance().view({name, name_size}));
    UNHIDRA_TRY(const auto value, hosted.store.get_value(key));
    return value ? Answer{1, std::string(unhidra::as_text(value->expose()))} : Answer();
  });
}
int32_t unhidra_value_put(int32_t engine, const uint8_t* name, uint32_t name_size,
                          const uint8_t* value, uint32_t value_size) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto key, Module::instance().view({name, name_size}));
    UNHIDRA_TRY(const auto content, Module::instance().view({value, value_size}));
    UNHIDRA_TRY_VOID(hosted.store.put_value(key, content));
    return Answer();
  });
}
int32_t unhidra_value_remove(int32_t engine, const uint8_t* name, uint32_t name_size) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto key, Module::instance().view({name, name_size}));
    UNHIDRA_TRY_VOID(hosted.store.remove_value(key));
    return Answer();
  });
}

// ---- inputs ----

int32_t unhidra_engine_connection_opened(int32_t engine) {
  return command(engine, [](Engine& on) { return on.connection_opened(); });
}
int32_t unhidra_engine_connection_closed(int32_t engine) {
  return command(engine, [](Engine& on) { return on.connection_closed(); });
}
int32_t unhidra_engine_receive(int32_t engine, const uint8_t* frame, uint32_t frame_size) {
  return command(engine, {frame, frame_size},
                 [](Engine& on, ByteView bytes) { return on.receive(bytes); });
}
int32_t unhidra_engine_tick(int32_t engine) {
  return command(engine, [](Engine& on) { return on.tick(); });
}
int32_t unhidra_engine_next(int32_t engine) {
  return with_hosted(engine,
                     [](HostedEngine& hosted) -> Result<Answer> { return next_action(hosted); });
}

// ---- commands ----

int32_t unhidra_look_up_user(int32_t engine, const uint8_t* username, uint32_t username_size) {
  return command(engine, {username, username_size},
                 [](Engine& on, ByteView name) { return on.look_up_user(unhidra::as_text(name)); });
}
int32_t unhidra_open_conversation(int32_t engine, const uint8_t* peer, uint32_t peer_size) {
  return command_on<UserId>(engine, {peer, peer_size},
                            [](Engine& on, UserId user) { return on.open_conversation(user); });
}
int32_t unhidra_send_text(int32_t engine, const uint8_t* peer, uint32_t peer_size,
                          const uint8_t* text, uint32_t text_size) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto user, id_of<UserId>({peer, peer_size}));
    UNHIDRA_TRY(const auto content, Module::instance().view({text, text_size}));
    UNHIDRA_TRY(const auto id, hosted.engine->send_text(user, unhidra::as_text(content)));
    return answer_with("messageId", id.to_string());
  });
}
int32_t unhidra_send_text_to(int32_t engine, const uint8_t* conversation,
                             uint32_t conversation_size, const uint8_t* text, uint32_t text_size) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto to, id_of<ConversationId>({conversation, conversation_size}));
    UNHIDRA_TRY(const auto content, Module::instance().view({text, text_size}));
    UNHIDRA_TRY(const auto id, hosted.engine->send_text(to, unhidra::as_text(content)));
    return answer_with("messageId", id.to_string());
  });
}
int32_t unhidra_refresh_user(int32_t engine, const uint8_t* user, uint32_t user_size) {
  return command_on<UserId>(engine, {user, user_size},
                            [](Engine& on, UserId id) { return on.refresh_user(id); });
}
int32_t unhidra_accept_identity(int32_t engine, const uint8_t* user, uint32_t user_size) {
  return command_on<UserId>(engine, {user, user_size},
                            [](Engine& on, UserId id) { return on.accept_identity(id); });
}
int32_t unhidra_set_verified(int32_t engine, const uint8_t* user, uint32_t user_size,
                             int32_t verified) {
  return command_on<UserId>(engine, {user, user_size}, [&](Engine& on, UserId id) {
    return on.set_verified(id, verified != 0);
  });
}
int32_t unhidra_approve_device(int32_t engine, const uint8_t* device, uint32_t device_size) {
  return command_on<DeviceId>(engine, {device, device_size},
                              [](Engine& on, DeviceId id) { return on.approve_device(id); });
}
int32_t unhidra_remove_device(int32_t engine, const uint8_t* device, uint32_t device_size) {
  return command_on<DeviceId>(engine, {device, device_size},
                              [](Engine& on, DeviceId id) { return on.remove_device(id); });
}
int32_t unhidra_recovery_code(int32_t engine) {
  return with_hosted(engine, [](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto code, hosted.engine->recovery_code());
    return answer_with("code", unhidra::as_text(code.expose()));
  });
}
int32_t unhidra_recover(int32_t engine, const uint8_t* code, uint32_t code_size) {
  return command(engine, {code, code_size},
                 [](Engine& on, ByteView typed) { return on.recover(unhidra::as_text(typed)); });
}
int32_t unhidra_begin_anew(int32_t engine) {
  return command(engine, [](Engine& on) { return on.begin_anew(); });
}
int32_t unhidra_refresh_token(int32_t engine, const uint8_t* token, uint32_t token_size) {
  return command(engine, {token, token_size}, [](Engine& on, ByteView bytes) {
    return on.refresh_token(unhidra::as_text(bytes));
  });
}

// ---- history for a new own device ----

int32_t unhidra_history_request(int32_t engine, const uint8_t* from, uint32_t from_size) {
  return command_on<DeviceId>(engine, {from, from_size},
                              [](Engine& on, DeviceId id) { return on.request_history(id); });
}
int32_t unhidra_history_approve(int32_t engine, const uint8_t* to, uint32_t to_size,
                                const uint8_t* code, uint32_t code_size) {
  return command(engine, {code, code_size}, [&](Engine& on, ByteView typed) -> Status {
    UNHIDRA_TRY(const auto id, id_of<DeviceId>({to, to_size}));
    return on.approve_history(id, unhidra::as_text(typed));
  });
}
int32_t unhidra_history_cancel(int32_t engine, const uint8_t* device, uint32_t device_size) {
  return command_on<DeviceId>(engine, {device, device_size},
                              [](Engine& on, DeviceId id) { return on.cancel_history(id); });
}
int32_t unhidra_history_transfers(int32_t engine) {
  return question(engine, [](const Engine& on) { return on.history_transfers(); });
}

// ---- groups ----

int32_t unhidra_group_create(int32_t engine, const uint8_t* name, uint32_t name_size,
                             const uint8_t* users, uint32_t users_size) {
  return with_hosted(engine, [&](HostedEngine& hosted) -> Result<Answer> {
    UNHIDRA_TRY(const auto called, Module::instance().view({name, name_size}));
    UNHIDRA_TRY(const auto who, ids_of<UserId>({users, users_size}));
    UNHIDRA_TRY(const auto id, hosted.engine->create_group(unhidra::as_text(called), who));
    return answer_with("conversation", id.to_string());
  });
}
int32_t unhidra_group_add(int32_t engine, const uint8_t* group, uint32_t group_size,
                          const uint8_t* users, uint32_t users_size) {
  return change_of_group(
      engine, {group, group_size}, {users, users_size},
      [](Engine& on, ConversationId id, auto& who) { return on.add_to_group(id, who); });
}
int32_t unhidra_group_remove(int32_t engine, const uint8_t* group, uint32_t group_size,
                             const uint8_t* users, uint32_t users_size) {
  return change_of_group(
      engine, {group, group_size}, {users, users_size},
      [](Engine& on, ConversationId id, auto& who) { return on.remove_from_group(id, who); });
}
int32_t unhidra_group_leave(int32_t engine, const uint8_t* group, uint32_t group_size) {
  return command_on<ConversationId>(engine, {group, group_size}, [](Engine& on, ConversationId id) {
    return on.leave_group(id);
  });
}
int32_t unhidra_group_rename(int32_t engine, const uint8_t* group, uint32_t group_size,
                             const uint8_t* name, uint32_t name_size) {
  return command(engine, {name, name_size}, [&](Engine& on, ByteView called) -> Status {
    UNHIDRA_TRY(const auto id, id_of<ConversationId>({group, group_size}));
    return on.rename_group(id, unhidra::as_text(called));
  });
}

int32_t unhidra_group_reset(int32_t engine, const uint8_t* group, uint32_t group_size) {
  return change_of_group(engine, {group, group_size}, {nullptr, 0},
                         [](Engine& on, ConversationId id, auto&) { return on.reset_group(id); });
}
int32_t unhidra_share_history(int32_t engine, const uint8_t* group, uint32_t group_size,
                              int32_t shared) {
  return change_of_group(
      engine, {group, group_size}, {nullptr, 0},
      [shared](Engine& on, ConversationId id, auto&) { return on.share_history(id, shared != 0); });
}
int32_t unhidra_read_earlier(int32_t engine, const uint8_t* group, uint32_t group_size) {
  return command_on<ConversationId>(engine, {group, group_size}, [](Engine& on, ConversationId id) {
    return on.read_earlier(id);
  });
}

// ---- questions ----

int32_t unhidra_account(int32_t engine) {
  return question(engine, [](const Engine& on) { return on.account(); });
}
int32_t unhidra_devices(int32_t engine) {
  return question(engine, [](const Engine& on) { return on.devices(); });
}
int32_t unhidra_conversations(int32_t engine, uint64_t since) {
  return question(engine, [&](const Engine& on) { return on.conversations_since(since); });
}
int32_t unhidra_conversation_with(int32_t engine, const uint8_t* peer, uint32_t peer_size) {
  return question_on<UserId>(engine, {peer, peer_size}, [](const Engine& on, UserId user) {
    return on.conversation_with(user);
  });
}
int32_t unhidra_user(int32_t engine, const uint8_t* user, uint32_t user_size) {
  return question_on<UserId>(engine, {user, user_size},
                             [](const Engine& on, UserId id) { return on.user(id); });
}
int32_t unhidra_user_named(int32_t engine, const uint8_t* username, uint32_t username_size) {
  using Answered = Result<std::optional<unhidra::client::User>>;
  return question(engine, [&](const Engine& on) -> Answered {
    UNHIDRA_TRY(const auto name, Module::instance().view({username, username_size}));
    return on.user_named(unhidra::as_text(name));
  });
}
int32_t unhidra_group(int32_t engine, const uint8_t* group, uint32_t group_size) {
  return question_on<ConversationId>(
      engine, {group, group_size},
      [](const Engine& on, ConversationId id) { return on.group(id); });
}
int32_t unhidra_history(int32_t engine, const uint8_t* conversation, uint32_t conversation_size,
                        uint64_t before_index, uint32_t limit) {
  return question_on<ConversationId>(
      engine, {conversation, conversation_size}, [&](const Engine& on, ConversationId id) {
        return on.history(id, before_index, std::min(limit, kMaxHistory));
      });
}
int32_t unhidra_safety_number(int32_t engine, const uint8_t* user, uint32_t user_size) {
  return question_on<UserId>(engine, {user, user_size},
                             [](const Engine& on, UserId id) { return on.safety_number(id); });
}

}  // extern "C"
