// The doors: each command is one step of the engine.

#include "engine_impl.h"

namespace unhidra::client {

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Result<Engine> Engine::open(Dependencies dependencies, Limits limits,
                            std::uint64_t least_generation) {
  auto impl = std::make_unique<Impl>(dependencies, limits);
  UNHIDRA_TRY_VOID(impl->load());
  if (impl->is_outdated()) {
    UNHIDRA_TRY_VOID(impl->step([&] { return impl->renew_unread(); }));
  }
  if (impl->self() && impl->generation() < least_generation) {
    UNHIDRA_TRY_VOID(impl->step([&] { return impl->roll_back_detected(); }));
  }
  return Engine(std::move(impl));
}

Status Engine::enroll(const Enrollment& enrollment) {
  return impl_->step([&] { return impl_->enroll(enrollment); });
}
bool Engine::enrolled() const {
  return impl_->self().has_value();
}
std::uint64_t Engine::generation() const {
  return impl_->generation();
}
Status Engine::connection_opened() {
  return impl_->step([&] { return impl_->connection_opened(); });
}
Status Engine::connection_closed() {
  return impl_->step([&] { return impl_->connection_closed(); });
}
Status Engine::receive(ByteView server_frame) {
  return impl_->command([&] { return impl_->receive(server_frame); });
}
Status Engine::tick() {
  return impl_->step([&] { return impl_->tick(); });
}
Actions Engine::take_actions() {
  return impl_->take_actions();
}
Status Engine::look_up_user(std::string_view username) {
  return impl_->command([&] { return impl_->look_up_user(username); });
}

Status Engine::learn_names(std::span<const UserId> users) {
  return impl_->command([&] { return impl_->learn_names(users); });
}
Status Engine::open_conversation(UserId peer) {
  return impl_->command([&] { return impl_->want_conversation(peer); });
}
Result<MessageId> Engine::send_text(UserId peer, std::string_view text) {
  return impl_->command([&] { return impl_->send_text(peer, text); });
}
Result<MessageId> Engine::send_text(ConversationId conversation, std::string_view text) {
  return impl_->command([&] { return impl_->send_text(conversation, text); });
}
Result<MessageId> Engine::send(ConversationId conversation, const Draft& draft) {
  return impl_->command([&] { return impl_->send(conversation, draft, {}); });
}

Result<MessageId> Engine::send_files(ConversationId conversation, const Draft& draft,
                                     std::vector<e2ee::AttachmentDescriptor> files) {
  return impl_->command([&] { return impl_->send_files(conversation, draft, files); });
}
Result<MessageId> Engine::edit(ConversationId conversation, const MessageRef& target,
                               const Draft& draft) {
  return impl_->command([&] { return impl_->edit(conversation, target, draft); });
}
Result<MessageId> Engine::remove(ConversationId conversation, const MessageRef& target) {
  return impl_->command([&] { return impl_->remove(conversation, target); });
}
Result<MessageId> Engine::moderate(ConversationId conversation, const MessageRef& target) {
  return impl_->command([&] { return impl_->moderate(conversation, target); });
}
Status Engine::discard(ConversationId conversation, const MessageRef& target) {
  return impl_->command([&] { return impl_->discard(conversation, target); });
}
Result<MessageId> Engine::react(ConversationId conversation, const MessageRef& target,
                                std::string_view emoji, bool present,
                                const std::optional<Uuid>& picture) {
  return impl_->command(
      [&] { return impl_->react(conversation, target, emoji, present, picture); });
}
Result<MessageId> Engine::bring_emoji(ConversationId conversation, std::string_view name,
                                      e2ee::AttachmentDescriptor picture) {
  return impl_->command([&] { return impl_->bring_emoji(conversation, name, picture); });
}
Status Engine::mark_read(ConversationId conversation, std::uint64_t index) {
  return impl_->command([&] { return impl_->mark_read(conversation, index); });
}
Status Engine::mark_thread_read(ConversationId conversation, const MessageRef& root) {
  return impl_->command([&] { return impl_->mark_thread_read(conversation, root); });
}
Status Engine::mark_all_read(std::optional<ConversationId> conversation) {
  return impl_->command([&] { return impl_->mark_all_read(conversation); });
}
Status Engine::follow_thread(ConversationId conversation, const MessageRef& root, bool following) {
  return impl_->command([&] { return impl_->follow_thread(conversation, root, following); });
}
Status Engine::set_auto_follow(AutoFollow rule) {
  return impl_->command([&] { return impl_->set_auto_follow(ConversationId(), rule); });
}
Status Engine::set_auto_follow(ConversationId conversation, std::optional<AutoFollow> rule) {
  return impl_->command([&]() -> Status {
    return conversation.is_nil() ? fail(Errc::not_found, "no such conversation is known here")
                                 : impl_->set_auto_follow(conversation, rule);
  });
}
Status Engine::set_typing(ConversationId conversation, bool active) {
  return impl_->command([&] { return impl_->set_typing(conversation, active); });
}
Status Engine::set_receipts(bool sent) {
  return impl_->command([&] { return impl_->set_receipts(sent); });
}
Status Engine::watch_receipts(ConversationId conversation, std::span<const std::uint64_t> seqs) {
  return impl_->command([&] { return impl_->receipt_counts().watch(conversation, seqs); });
}
bool Engine::counts_receipts(ConversationId conversation) const {
  return impl_->counts_receipts(conversation);
}
bool Engine::receipts_reported() const {
  return impl_->receipts_reported();
}
std::optional<ReceiptCount> Engine::receipt_count(ConversationId conversation,
                                                  std::uint64_t seq) const {
  return impl_->receipt_counts().of(conversation, seq);
}
Status Engine::set_presence(OwnPresence own) {
  return impl_->command([&]() -> Status {
    impl_->presence().set_own(own);
    return {};
  });
}
Status Engine::watch_presence(std::span<const UserId> users) {
  return impl_->command([&] { return impl_->presence().watch(users); });
}
Status Engine::put_first(std::span<const ConversationId> conversations) {
  return impl_->command([&] { return impl_->put_first(conversations); });
}
Result<ConversationId> Engine::create_group(std::string_view name, std::span<const UserId> users) {
  return impl_->command([&] { return impl_->create_group(name, users); });
}
Result<std::uint64_t> Engine::add_to_group(ConversationId group, std::span<const UserId> users) {
  return impl_->command([&] { return impl_->change_group(group, GroupChange::Kind::add, users); });
}
Result<std::uint64_t> Engine::remove_from_group(ConversationId group,
                                                std::span<const UserId> users) {
  return impl_->command(
      [&] { return impl_->change_group(group, GroupChange::Kind::remove, users); });
}
Status Engine::leave_group(ConversationId group) {
  return impl_->command([&] { return impl_->leave_group(group); });
}
Status Engine::rename_group(ConversationId group, std::string_view name) {
  return impl_->command([&] { return impl_->rename_group(group, name); });
}
Status Engine::describe_group(ConversationId group, std::string_view topic,
                              std::string_view description) {
  return impl_->command([&] { return impl_->describe_group(group, topic, description); });
}
Status Engine::adopt_public_name(ConversationId channel, std::string_view name) {
  return impl_->command([&] { return impl_->adopt_public_name(channel, name); });
}
Result<ConversationId> Engine::create_channel(const NewChannel& channel) {
  return impl_->command([&] { return impl_->create_channel(channel); });
}
Result<std::uint64_t> Engine::ask_place(PlaceRequest request) {
  return impl_->command([&] { return impl_->ask_place(std::move(request)); });
}
Status Engine::refresh_user(UserId user) {
  return impl_->command([&] { return impl_->refresh_user(user); });
}
Status Engine::accept_identity(UserId user) {
  return impl_->command([&] { return impl_->accept_identity(user); });
}
Status Engine::set_verified(UserId user, bool verified) {
  return impl_->command([&] { return impl_->set_verified(user, verified); });
}
Status Engine::approve_device(DeviceId device) {
  return impl_->command([&] { return impl_->approve_device(device); });
}
Status Engine::remove_device(DeviceId device) {
  return impl_->command([&] { return impl_->remove_device(device); });
}
Result<SecretBytes> Engine::recovery_code() const {
  return impl_->recovery_code();
}
Status Engine::recover(std::string_view code) {
  return impl_->command([&] { return impl_->recover(code); });
}
Status Engine::begin_anew() {
  return impl_->command([&] { return impl_->begin_anew(); });
}
Status Engine::refresh_token(std::string_view access_token) {
  return impl_->command([&] { return impl_->refresh_token(access_token); });
}

Result<Account> Engine::account() const {
  return impl_->account();
}
Result<std::vector<Device>> Engine::devices() const {
  return impl_->devices();
}
Result<std::vector<Conversation>> Engine::conversations() const {
  UNHIDRA_TRY(auto all, impl_->conversations_since(0));
  return std::move(all.conversations);
}
Result<ConversationChanges> Engine::conversations_since(std::uint64_t revision) const {
  return impl_->conversations_since(revision);
}
Result<std::optional<Conversation>> Engine::conversation_with(UserId peer) const {
  UNHIDRA_TRY_VOID(impl_->need_enrolled());
  return impl_->find_conversation(peer);
}
Result<std::optional<User>> Engine::user(UserId id) const {
  UNHIDRA_TRY_VOID(impl_->need_enrolled());
  return impl_->find_user(id);
}
Result<std::optional<User>> Engine::user_named(std::string_view username) const {
  UNHIDRA_TRY_VOID(impl_->need_enrolled());
  return impl_->find_user(username);
}
Result<Group> Engine::group(ConversationId id) const {
  UNHIDRA_TRY_VOID(impl_->need_enrolled());
  return impl_->group(id);
}
Result<std::vector<Message>> Engine::history(ConversationId conversation,
                                             std::uint64_t before_index, std::size_t limit) const {
  return impl_->history(conversation, before_index, limit);
}
Result<std::vector<MessageText>> Engine::texts(ConversationId conversation,
                                               const MessageRef& ref) const {
  UNHIDRA_TRY_VOID(impl_->need_enrolled());
  return impl_->texts(conversation, ref);
}
Result<std::optional<Message>> Engine::message(ConversationId conversation,
                                               const MessageRef& ref) const {
  UNHIDRA_TRY_VOID(impl_->need_enrolled());
  return impl_->message(conversation, ref);
}
Result<std::vector<Thread>> Engine::threads(std::optional<ConversationId> conversation,
                                            bool followed_only) const {
  UNHIDRA_TRY_VOID(impl_->need_enrolled());
  return impl_->threads(conversation, followed_only);
}
Result<std::vector<Message>> Engine::thread_messages(ConversationId conversation,
                                                     const MessageRef& root) const {
  UNHIDRA_TRY_VOID(impl_->need_enrolled());
  return impl_->thread_messages(conversation, root);
}
Result<std::vector<ReceiptState>> Engine::receipts(ConversationId conversation) const {
  UNHIDRA_TRY_VOID(impl_->need_enrolled());
  return impl_->receipts(conversation);
}
Result<std::vector<ConversationEmoji>> Engine::emoji(ConversationId conversation) const {
  UNHIDRA_TRY_VOID(impl_->need_enrolled());
  return impl_->emoji(conversation);
}
AutoFollow Engine::auto_follow() const {
  return impl_->own_rule(ConversationId()).value_or(AutoFollow());
}
std::optional<AutoFollow> Engine::auto_follow(ConversationId conversation) const {
  return conversation.is_nil() ? std::nullopt : impl_->own_rule(conversation);
}
std::vector<UserId> Engine::typing(ConversationId conversation) const {
  return impl_->typing(conversation);
}
std::vector<UserPresence> Engine::presence() const {
  return impl_->presence().of_watched();
}
bool Engine::presence_answered() const {
  return impl_->presence().is_answered();
}
bool Engine::sends_receipts() const {
  return impl_->sends_receipts();
}
Result<std::vector<Message>> Engine::search(const SearchQuery& query) const {
  UNHIDRA_TRY_VOID(impl_->need_enrolled());
  return impl_->search(query);
}
Result<SafetyNumber> Engine::safety_number(UserId user) const {
  UNHIDRA_TRY_VOID(impl_->need_enrolled());
  return impl_->safety_number(user);
}
bool Engine::idle() const {
  return impl_->idle();
}

}  // namespace unhidra::client
