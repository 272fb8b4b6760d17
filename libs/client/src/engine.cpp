#include "unhidra/client/engine.h"

#include <algorithm>

#include "engine_impl.h"
#include "record_codec.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxUsername = 256;

// Nothing waits for what is asked about presence or told of receipts.
bool is_aside(const std::pair<const std::uint64_t, PendingRequest>& pending) {
  const auto ask = pending.second.question.ask;
  return ask == Ask::set_presence || ask == Ask::watch_presence || ask == Ask::report_receipts ||
         ask == Ask::receipt_counts || ask == Ask::withdraw_receipts;
}

}  // namespace

Engine::Impl::Impl(Dependencies dependencies, const Limits& limits)
    : crypto_(dependencies.crypto),
      random_(dependencies.random),
      clock_(dependencies.clock),
      limits_(limits),
      tx_(dependencies.store),
      search_texts_(limits_.max_search_texts) {}

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
  UNHIDRA_TRY_VOID(prekeys_.load());
  UNHIDRA_TRY(const auto users, tx_.load(Table::user));
  for (const auto& stored : users) {
    UNHIDRA_TRY(auto record, UserRecord::decode(stored.value.expose()));
    users_.emplace(record.id, std::move(record));
  }
  UNHIDRA_TRY(const auto conversations, tx_.load(Table::conversation));
  for (const auto& stored : conversations) {
    UNHIDRA_TRY(auto record, ConversationRecord::decode(stored.value.expose()));
    record.changed = revision_ + 1;
    conversations_.emplace(record.id, record);
  }
  ++revision_;
  UNHIDRA_TRY(const auto outbox, tx_.load(Table::outbox));
  for (const auto& stored : outbox) {
    UNHIDRA_TRY(auto record, OutboxRecord::decode(stored.value.expose()));
    const auto order = record.order;
    outbox_.emplace(order, std::move(record));
  }
  UNHIDRA_TRY_VOID(load_follow_rules());
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
    note_changed_rows();
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
  close_states();
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
    presence_.pump();
    pump_default_channels();
    UNHIDRA_TRY_VOID(pump_receipts());
    UNHIDRA_TRY_VOID(pump_reports());
    UNHIDRA_TRY_VOID(pump_receipt_counts());
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
  prekeys_.make_signed(*self_, PreKeyRecord::Kind::signed_key);
  prekeys_.make_signed(*self_, PreKeyRecord::Kind::last_resort);
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
  presence_.forget();
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
  requests_.ask({Ask::user_named, id}, wire::LookUpUser{std::string(username)}).name = username;
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
  if (link_.greeted && requests_.may_ask({Ask::authenticate})) {
    requests_.ask({Ask::authenticate}, wire::Authenticate{std::string(token)});
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

}  // namespace unhidra::client
