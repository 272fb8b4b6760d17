// The ways into a group: a Welcome from the inbox, or an external commit (RFC 9420 section 12.4.3).

#include "engine_impl.h"

namespace unhidra::client {

namespace {

// The conversation's id, or after resets that and their number (32 bits).
bool is_group_id(ConversationId id, ByteView group_id) {
  const auto size = id.bytes().size();
  return (group_id.size() == size || group_id.size() == size + 4) &&
         std::ranges::equal(group_id.first(size), id.bytes());
}

}  // namespace

// The tree after the commit with this number, once it is there in all its pieces and the devices in
// it are known; nothing before.
Result<std::optional<mls::RatchetTree>> Engine::Impl::fetched_tree(ConversationId id,
                                                                   std::uint64_t seq) {
  auto& link = link_.groups[id];
  if (link.tree_seq != seq) {
    link.tree_seq = seq;
    link.tree.clear();
    link.tree_size.reset();
  }
  if (!link.tree_size || link.tree.size() < *link.tree_size) {
    const Question question{Ask::ratchet_tree, id.uuid()};
    if (requests_.may_ask(question)) {
      requests_.ask(question, wire::FetchRatchetTree{id, seq, link.tree.size()}).number = seq;
    }
    return std::optional<mls::RatchetTree>();
  }
  UNHIDRA_TRY(auto tree, mls::RatchetTree::parse(link.tree));
  bool wait = false;
  Status named;
  tree.each_member([&](mls::LeafIndex, const mls::LeafNode& leaf) {
    const auto name = name_of(leaf);
    if (!name) {
      named = fail(Error(name.error()));
      return;
    }
    wait = look_for_device(*name, leaf.signature_key()) || wait;
  });
  UNHIDRA_TRY_VOID(named);
  if (wait) {
    UNHIDRA_TRY_VOID(pump_people());
    return std::optional<mls::RatchetTree>();
  }
  return std::optional(std::move(tree));
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::RatchetTree& piece) {
  if (request.question.ask != Ask::ratchet_tree) {
    return false;
  }
  const ConversationId id(request.question.id);
  auto& link = link_.groups[id];
  if (link.tree_seq != request.number || piece.offset != link.tree.size()) {
    return true;  // of a tree that is no longer wanted
  }
  if (piece.conversation_id != id || piece.seq != request.number ||
      piece.size > limits_.max_ratchet_tree || (piece.piece.empty() && piece.size > piece.offset) ||
      piece.offset + piece.piece.size() > piece.size ||
      (link.tree_size && *link.tree_size != piece.size)) {
    return false;
  }
  link.tree_size = piece.size;
  append(link.tree, piece.piece);
  return true;
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::GroupInfo& info) {
  if (request.question.ask != Ask::group_info) {
    return false;
  }
  link_.groups[ConversationId(request.question.id)].info = info;
  return true;
}

// ---- by Welcome ----

Result<Engine::Impl::Outcome> Engine::Impl::process_welcome(const wire::InboxEntry& entry) {
  const auto* known = find_group(entry.conversation_id);
  const auto pair = conversations_.find(entry.conversation_id);
  const bool foreign = pair != conversations_.end() && !pair->second.is_group();
  if (foreign || link_.failed_welcomes.contains(entry.position)) {
    return Outcome::done;
  }
  if (known != nullptr && known->record.is_member()) {
    return is_behind(*known, entry) ? Outcome::wait : Outcome::done;
  }
  if (known != nullptr && known->record.state == GroupState::joining && known->record.step &&
      progress_.membership == Membership::approved) {
    return Outcome::wait;  // it may have taken effect: a stay that is over again by now
  }
  const auto message = mls::MlsMessage::parse(entry.ciphertext);
  const auto* welcome = message ? message->as<mls::Welcome>() : nullptr;
  if (welcome == nullptr) {
    return Outcome::done;
  }
  const auto ours = std::ranges::find_if(
      key_packages_, [&](const auto& one) { return welcome->find(one.first) != nullptr; });
  if (ours == key_packages_.end()) {
    return Outcome::done;  // its keys are gone: the server lists the group, and the other way is
                           // open
  }
  auto tree = fetched_tree(entry.conversation_id, entry.seq);
  if (!tree) {
    return Outcome::done;
  }
  if (!*tree) {
    return Outcome::wait;
  }
  UNHIDRA_TRY_VOID(join_by_welcome(entry, *welcome, Bytes(ours->first), std::move(**tree)));
  return Outcome::done;
}

// Whether the log up to a Welcome is still to be read by a device that takes itself for a member:
// it may say that this stay is over, and the Welcome is the way into the next.
bool Engine::Impl::is_behind(const GroupHold& hold, const wire::InboxEntry& welcome) {
  if (welcome.seq <= hold.record.cursor || progress_.membership != Membership::approved) {
    return false;
  }
  auto& link = link_.groups[hold.record.id];
  if (std::exchange(link_.waiting_welcome, welcome.position) != welcome.position) {
    link.head_known = false;  // it knows of more than this connection has been told
  }
  const Question log{Ask::group_log, hold.record.id.uuid()};
  if (!link.head_known && link.entries.empty() && requests_.may_ask(log)) {
    requests_.ask(log,
                  wire::FetchGroupLog{hold.record.id, hold.record.cursor, limits_.group_log_page});
  }
  return !link.head_known || !link.entries.empty() || link.head > hold.record.cursor;
}

Status Engine::Impl::join_by_welcome(const wire::InboxEntry& entry, const mls::Welcome& welcome,
                                     const Bytes& reference, mls::RatchetTree tree) {
  const auto& record = key_packages_.at(reference);
  UNHIDRA_TRY(const auto ours, own_key_package(record));
  auto env = environment(clock_.now());
  env.rules.now.reset();  // the leaves of the others may be older than a KeyPackage may (7.3)
  mls::JoinOptions options;
  options.tree = std::move(tree);
  auto joined = mls::Group::join(env, ours, welcome, options);
  const bool last_resort = record.last_resort;
  if (!last_resort) {
    drop_key_package(reference);
  }
  const bool fits = joined && is_group_id(entry.conversation_id, joined->context().group_id);
  if (!fits) {
    emit(event::RequestFailed{
        "group", std::string(error_code(Errc::bad_frame).name),
        "a Welcome cannot be used: " +
            (joined ? std::string("it is of another group") : joined.error().message())});
    return {};
  }
  auto& hold = hold_group(entry.conversation_id);
  UNHIDRA_TRY_VOID(need_mls(hold));
  drop_mls(hold);
  hold.record.was_member = false;
  hold.record.step.reset();
  hold.mls.emplace(std::move(*joined));
  hold.record.joined_epoch = hold.mls->context().epoch;
  // Its KeyPackage's keys were in the server's hands for long: renewed soon.
  hold.record.leaf_updated_at = last_resort ? Timestamp() : clock_.now();
  UNHIDRA_TRY_VOID(come_in(hold, entry.seq));
  note_welcome(hold, {entry.seq, entry.received_at});
  return {};
}

// ---- by external commit ----

Status Engine::Impl::prepare_join(GroupHold& hold, GroupLink& link) {
  const auto id = hold.record.id;
  const Question question{Ask::group_info, id.uuid()};
  if (!is_inbox_drained()) {
    return {};  // a Welcome in it is the better way in
  }
  if (!link.info) {
    const bool soon = hold.record.last_rejoin != Timestamp() &&
                      clock_.now() - hold.record.last_rejoin < limits_.rejoin_interval;
    if (!soon && requests_.may_ask(question)) {
      requests_.ask(question, wire::FetchGroupInfo{id});
    }
    return {};
  }
  auto tree = fetched_tree(id, link.info->seq);
  if (tree && (!*tree || expects_welcome(hold, link, **tree))) {
    return {};
  }
  Status joined = tree ? join_externally(hold, link, std::move(**tree)) : fail(tree.error());
  if (!joined) {
    report("group", wire::Error{std::string(joined.error().code().name),
                                "cannot come into the group: " + joined.error().message()});
    link.info.reset();
    requests_.back_off(question, 0);
    return {};
  }
  send_step(hold, link);
  return {};
}

// A member has added this device meanwhile. The Welcome then is in the inbox, whether this
// connection has been told of it or not.
bool Engine::Impl::expects_welcome(const GroupHold& hold, GroupLink& link,
                                   const mls::RatchetTree& tree) {
  const auto& key = self_->signing.public_key().bytes();
  if (hold.record.was_member || !tree.find_signature_key(key)) {
    return false;
  }
  const Question question{Ask::inbox};
  if (!requests_.may_ask(question)) {
    return true;
  }
  if (std::exchange(link.looked_for_welcome, true)) {
    return false;
  }
  requests_.ask(question, wire::FetchInbox{progress_.inbox_cursor, limits_.inbox_page});
  return true;
}

Status Engine::Impl::join_externally(GroupHold& hold, GroupLink& link, mls::RatchetTree tree) {
  UNHIDRA_TRY(const auto message, mls::MlsMessage::parse(link.info->group_info));
  const auto* info = message.as<mls::GroupInfo>();
  if (info == nullptr || !is_group_id(hold.record.id, info->group_context.group_id) ||
      info->group_context.cipher_suite != mls::kDefaultCipherSuite) {
    return fail(Errc::bad_frame, "the server sent the state of something else");
  }
  const auto people = users_of(tree);
  if (!hold.record.expected.empty() && !std::ranges::includes(hold.record.expected, people)) {
    return fail(mls_public::Errc::not_authenticated,
                "somebody is in the group anew who was not in it before");
  }
  auto env = environment(clock_.now());
  env.rules.now.reset();  // as in join_by_welcome()
  const auto identity = mls_identity();
  const auto own_leaf = tree.find_signature_key(identity.signature_key.public_key());
  mls::JoinOptions options;
  options.tree = std::move(tree);
  UNHIDRA_TRY(auto joined, mls::Group::join_external(env, *info, identity, options, own_leaf));
  UNHIDRA_TRY(const auto next, joined.group.group_info(false));
  drop_mls(hold);
  hold.mls.emplace(std::move(joined.group));
  hold.record.joined_epoch = hold.mls->context().epoch;
  hold.record.leaf_updated_at = clock_.now();
  hold.record.last_rejoin = clock_.now();
  GroupStep step;
  step.number = progress_.next_outbox++;
  step.kind = GroupStep::Kind::join;
  step.message = std::move(joined.commit);
  step.group_info = mls::encode(mls::MlsMessage{next});
  hold.record.step = std::move(step);
  link.info.reset();
  touch(hold);
  return {};
}

// The group is this device's from the commit with this number on.
Status Engine::Impl::come_in(GroupHold& hold, std::uint64_t seq) {
  hold.record.state = GroupState::active;
  hold.record.step.reset();
  if (!hold.record.was_member) {
    hold.record.cursor = seq;
  }
  auto& link = link_.groups[hold.record.id];
  link.head = std::max(link.head, seq);
  link.entries.clear();
  link.tree.clear();
  link.tree_size.reset();
  link.tree_seq = 0;
  if (!hold.record.was_member) {
    begin_earlier(hold, seq);
  }
  note_epoch(hold);
  touch(hold);
  tell_commit_fault(hold);
  if (hold.record.was_member) {
    emit(event::GroupRepaired{hold.record.id});
  } else {
    emit(event::GroupJoined{hold.record.id, hold.record.name});
  }
  return forget_ciphertexts(hold);
}

}  // namespace unhidra::client
