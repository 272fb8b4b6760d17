#include "unhidra/client/engine.h"

#include <algorithm>

#include "engine_impl.h"
#include "record_codec.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxUsername = 256;

// Nothing waits for what is asked about presence.
bool is_aside(const std::pair<const std::uint64_t, PendingRequest>& pending) {
  const auto ask = pending.second.question.ask;
  return ask == Ask::set_presence || ask == Ask::watch_presence;
}

}  // namespace

Engine::Impl::Impl(Dependencies dependencies, const Limits& limits)
    : crypto_(dependencies.crypto),
      random_(dependencies.random),
      clock_(dependencies.clock),
      limits_(limits),
      tx_(dependencies.store) {}

Status Engine::Impl::load() {
  self_.reset();
  account_.reset();
  progress_ = {};
  prekeys_.clear();
  users_.clear();
  conversations_.clear();
  outbox_.clear();
  peers_.clear();
  plans_.clear();
  UNHIDRA_TRY(const auto self, tx_.get(Table::device, as_bytes("self")));
  if (!self) {
    return {};
  }
  UNHIDRA_TRY(self_, Self::decode(crypto_, self->expose()));
  UNHIDRA_TRY(const auto account, tx_.get(Table::device, as_bytes("account")));
  if (account) {
    UNHIDRA_TRY(auto seed, crypto::Ed25519PrivateKey::from_bytes(account->expose()));
    account_.emplace(crypto::Ed25519KeyPair::from_private(crypto_, std::move(seed)));
  }
  UNHIDRA_TRY(const auto progress, tx_.get(Table::device, as_bytes("progress")));
  if (!progress) {
    return fail(Errc::corrupt_store, "the store lacks the device's progress");
  }
  UNHIDRA_TRY(progress_, Progress::decode(progress->expose()));
  stored_progress_ = to_bytes(progress->expose());
  UNHIDRA_TRY(const auto prekeys, tx_.load(Table::pre_key));
  for (const auto& stored : prekeys) {
    UNHIDRA_TRY(auto record, PreKeyRecord::decode(stored.value.expose()));
    const auto key = std::pair(record.kind, record.id);
    prekeys_.emplace(key, std::move(record));
  }
  UNHIDRA_TRY(const auto users, tx_.load(Table::user));
  for (const auto& stored : users) {
    UNHIDRA_TRY(auto record, UserRecord::decode(stored.value.expose()));
    users_.emplace(record.id, std::move(record));
  }
  UNHIDRA_TRY(const auto conversations, tx_.load(Table::conversation));
  for (const auto& stored : conversations) {
    UNHIDRA_TRY(auto record, ConversationRecord::decode(stored.value.expose()));
    conversations_.emplace(record.id, record);
  }
  UNHIDRA_TRY(const auto outbox, tx_.load(Table::outbox));
  for (const auto& stored : outbox) {
    UNHIDRA_TRY(auto record, OutboxRecord::decode(stored.value.expose()));
    const auto order = record.order;
    outbox_.emplace(order, std::move(record));
  }
  UNHIDRA_TRY_VOID(load_threads());
  UNHIDRA_TRY_VOID(load_reading());
  UNHIDRA_TRY_VOID(load_history());
  return load_groups();
}

Status Engine::Impl::finish_step() {
  if (self_) {
    if (auto pumped = pump(); !pumped) {
      undo();
      return pumped;
    }
    if (auto flushed = flush_groups(); !flushed) {
      undo();
      return flushed;
    }
    if (!tx_.empty() || !std::ranges::equal(progress_.encode().expose(), stored_progress_)) {
      ++progress_.generation;
      auto encoded = progress_.encode();
      stored_progress_ = to_bytes(encoded.expose());
      tx_.put(Table::device, as_bytes("progress"), std::move(encoded));
    }
  }
  if (auto committed = tx_.commit(); !committed) {
    dead_ = true;
    staged_ = {};
    return fail(Errc::store_failed, "the store failed: " + committed.error().message());
  }
  std::ranges::move(staged_.frames, std::back_inserter(released_.frames));
  std::ranges::move(staged_.events, std::back_inserter(released_.events));
  released_.reconnect = released_.reconnect || staged_.reconnect;
  staged_ = {};
  return {};
}

// A step that failed leaves no trace: what it changed in memory is read again.
void Engine::Impl::undo() {
  if (tx_.empty() && staged_.frames.empty() && staged_.events.empty()) {
    return;
  }
  tx_.clear();
  staged_ = {};
  const bool open = link_.open;
  link_ = {};
  link_.open = open;
  released_.reconnect = released_.reconnect || open;
  dead_ = !load();
}

Status Engine::Impl::pump() {
  if (link_.greeted) {
    UNHIDRA_TRY_VOID(pump_inbox());
    UNHIDRA_TRY_VOID(pump_keys());
    UNHIDRA_TRY_VOID(pump_account());
    UNHIDRA_TRY_VOID(pump_people());
    UNHIDRA_TRY_VOID(pump_conversations());
    UNHIDRA_TRY_VOID(pump_groups());
    if (link_.waiting_welcome) {
      UNHIDRA_TRY_VOID(pump_inbox());  // a log may have said what a Welcome waited for
    }
    pump_policy();
    pump_presence();
    pump_default_channels();
    UNHIDRA_TRY_VOID(pump_receipts());
    UNHIDRA_TRY_VOID(pump_read_sync());
    UNHIDRA_TRY_VOID(pump_history());
  }
  UNHIDRA_TRY_VOID(pump_outbox());
  note_idle();
  return {};
}

bool Engine::Impl::idle() const {
  return link_.greeted && std::ranges::all_of(link_.pending, is_aside) && is_inbox_drained() &&
         link_.own_list_known && link_.conversations_known && link_.logs.empty() &&
         link_.wanted_lists.empty() && link_.wanted_names.empty() && groups_idle();
}

void Engine::Impl::note_idle() {
  const bool now = idle();
  if (now && !link_.was_idle) {
    emit(event::CaughtUp{});
  }
  link_.was_idle = now;
}

Status Engine::Impl::enroll(const Enrollment& enrollment) {
  if (self_) {
    return fail(Errc::already_enrolled, "this store belongs to a device already");
  }
  if (enrollment.user.is_nil() || enrollment.device.is_nil() ||
      enrollment.username.size() > kMaxUsername) {
    return fail(Errc::not_found, "user, device or user name are not valid");
  }
  self_.emplace(Self{enrollment.user, enrollment.device, enrollment.username,
                     crypto::X25519KeyPair::generate(crypto_, random_),
                     crypto::Ed25519KeyPair::generate(crypto_, random_)});
  tx_.put(Table::device, as_bytes("self"), self_->encode());
  progress_ = {};
  make_signed_key(PreKeyRecord::Kind::signed_key);
  make_signed_key(PreKeyRecord::Kind::last_resort);
  auto& own = user_record(self_->user);
  own.username = enrollment.username;
  save(own);
  return {};
}

Status Engine::Impl::need_enrolled() const {
  if (!self_) {
    return fail(Errc::not_enrolled, "this store holds no device yet");
  }
  return {};
}

Status Engine::Impl::connection_opened() {
  UNHIDRA_TRY_VOID(need_enrolled());
  reset_link();
  link_.open = true;
  return {};
}

// What the host asked for outlives the connection; everything else is asked anew on the next one.
void Engine::Impl::reset_link() {
  forget_presence();
  for (auto& [person, event] : link_.unnamed) {
    emit(std::move(event));
  }
  Link fresh;
  fresh.wanted_lists = std::move(link_.wanted_lists);
  fresh.wanted_conversations = std::move(link_.wanted_conversations);
  link_ = std::move(fresh);
}

Status Engine::Impl::connection_closed() {
  if (link_.greeted) {
    emit(event::Disconnected{});
  }
  reset_link();
  return {};
}

Status Engine::Impl::tick() {
  const auto now = clock_.steady_now();
  expire_typing();
  UNHIDRA_TRY_VOID(pump_background());
  for (const auto& [id, pending] : link_.pending) {
    if (now - pending.since > limits_.request_timeout) {
      emit(event::RequestFailed{"connection", std::string(error_code(unhidra::Errc::timeout).name),
                                "the server did not answer in time"});
      staged_.reconnect = true;
      break;
    }
  }
  return {};
}

Actions Engine::Impl::take_actions() {
  return std::exchange(released_, {});
}

Status Engine::Impl::look_up_user(std::string_view username) {
  if (username.empty() || username.size() > kMaxUsername) {
    return fail(Errc::not_found, "a user name has 1 to 256 bytes");
  }
  if (!link_.greeted) {
    return fail(unhidra::Errc::unavailable, "there is no connection to look users up over");
  }
  Uuid id{};
  random_.fill(id);
  ask({Ask::user_named, id}, wire::LookUpUser{std::string(username)}).name = username;
  return {};
}

Status Engine::Impl::learn_names(std::span<const UserId> users) {
  if (!link_.greeted) {
    return fail(unhidra::Errc::unavailable, "there is no connection to look users up over");
  }
  for (const auto user : users) {
    want_name(user);
  }
  return {};
}

Status Engine::Impl::refresh_user(UserId user) {
  want_newer_list(user);
  link_.pending_listed = link_.pending_listed && user != self_->user;
  return {};
}

Status Engine::Impl::refresh_token(std::string_view token) {
  if (link_.greeted && may_ask({Ask::authenticate})) {
    ask({Ask::authenticate}, wire::Authenticate{std::string(token)});
  }
  return {};
}

Result<Account> Engine::Impl::account() const {
  UNHIDRA_TRY_VOID(need_enrolled());
  const auto own = users_.find(self_->user);
  Account out;
  out.user = self_->user;
  out.device = self_->device;
  out.username = self_->username;
  out.membership = progress_.membership;
  out.has_account_key = account_.has_value();
  out.fingerprint = fingerprint(self_->keys());
  out.list_version = own != users_.end() && own->second.list ? own->second.list->version : 0;
  out.inbox_cursor = progress_.inbox_cursor;
  out.outbox_size = outbox_.size();
  return out;
}

Result<std::vector<Device>> Engine::Impl::devices() const {
  UNHIDRA_TRY_VOID(need_enrolled());
  std::vector<Device> out;
  const auto own = users_.find(self_->user);
  if (own != users_.end() && own->second.list) {
    for (const auto& keys : own->second.list->devices) {
      out.push_back(
          {keys.device_id, {}, fingerprint(keys), keys.device_id == self_->device, false});
    }
  }
  for (const auto& [id, device] : link_.pending_devices) {
    const identity::DeviceKeys keys{id, crypto::X25519PublicKey(device.identity_key),
                                    crypto::Ed25519PublicKey(device.signing_key)};
    out.push_back({id, device.name, fingerprint(keys), false, true});
  }
  return out;
}

Result<std::vector<Conversation>> Engine::Impl::conversations() const {
  UNHIDRA_TRY_VOID(need_enrolled());
  std::vector<Conversation> out;
  for (const auto& [id, record] : conversations_) {
    if (record.peer != self_->user) {
      out.push_back(view(record));
    }
  }
  std::ranges::sort(out, std::greater<>(), &Conversation::last_activity);
  return out;
}

std::optional<User> Engine::Impl::find_user(UserId id) const {
  const auto found = users_.find(id);
  return found == users_.end() ? std::nullopt : std::optional(view(found->second));
}

std::optional<User> Engine::Impl::find_user(std::string_view username) const {
  for (const auto& [id, record] : users_) {
    if (record.username == username) {
      return view(record);
    }
  }
  return std::nullopt;
}

std::optional<Conversation> Engine::Impl::find_conversation(UserId peer) const {
  const auto* record = conversation_of(peer);
  return record == nullptr ? std::nullopt : std::optional(view(*record));
}

// ---- the doors ----

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
Result<MessageId> Engine::react(ConversationId conversation, const MessageRef& target,
                                std::string_view emoji, bool present) {
  return impl_->command([&] { return impl_->react(conversation, target, emoji, present); });
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
Status Engine::set_typing(ConversationId conversation, bool active) {
  return impl_->command([&] { return impl_->set_typing(conversation, active); });
}
Status Engine::set_receipts(bool sent) {
  return impl_->command([&] { return impl_->set_receipts(sent); });
}
Status Engine::set_presence(OwnPresence own) {
  return impl_->command([&] { return impl_->set_presence(own); });
}
Status Engine::watch_presence(std::span<const UserId> users) {
  return impl_->command([&] { return impl_->watch_presence(users); });
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
  return impl_->conversations();
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
std::vector<UserId> Engine::typing(ConversationId conversation) const {
  return impl_->typing(conversation);
}
std::vector<UserPresence> Engine::presence() const {
  return impl_->presence();
}
bool Engine::presence_answered() const {
  return impl_->presence_answered();
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
