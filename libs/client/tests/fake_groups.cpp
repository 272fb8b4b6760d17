// The delivery service's part of the server: what gateway.proto says about groups, nothing less.

#include <algorithm>

#include <gtest/gtest.h>

#include "unhidra/identity/member_name.h"
#include "unhidra/mls/group.h"
#include "unhidra/mls_public/tree_validation.h"

#include "fake_server.h"

namespace unhidra::client::testing {

namespace {

constexpr std::uint64_t kWindow = 3;  // epochs before the present one whose messages are taken
constexpr std::size_t kPage = 7;
constexpr std::size_t kTreePiece = 700;

identity::MemberName name_of(const mls::LeafNode& leaf) {
  return identity::decode_member_name(leaf.credential().identity).value();
}

// A leaf is of the device that it names, by the key that this device has registered.
class Directory final : public mls::AuthenticationService {
 public:
  explicit Directory(const std::map<DeviceId, FakeServer::DeviceState>& devices)
      : devices_(&devices) {}
  Status validate(const mls::LeafNode& leaf) const override {
    const auto name = identity::decode_member_name(leaf.credential().identity);
    const auto device = name ? devices_->find(name->device_id) : devices_->end();
    if (device == devices_->end() || device->second.user != name->user_id || !device->second.keys ||
        !std::ranges::equal(device->second.keys->signing_key, leaf.signature_key())) {
      return fail(mls_public::Errc::not_authenticated, "not the key of that device");
    }
    return {};
  }
  Status validate_successor(const mls::LeafNode& before,
                            const mls::LeafNode& after) const override {
    return std::ranges::equal(before.encoded_credential(), after.encoded_credential())
               ? Status()
               : fail(mls_public::Errc::not_authenticated, "another device");
  }
  Status validate_external_sender(const mls::ExternalSender&) const override { return {}; }

 private:
  const std::map<DeviceId, FakeServer::DeviceState>* devices_;
};

std::set<identity::MemberName> members_of(const mls::RatchetTree& tree) {
  std::set<identity::MemberName> out;
  tree.each_member([&](mls::LeafIndex, const mls::LeafNode& leaf) { out.insert(name_of(leaf)); });
  return out;
}
std::set<UserId> users_of(const mls::RatchetTree& tree) {
  std::set<UserId> out;
  for (const auto& name : members_of(tree)) {
    out.insert(name.user_id);
  }
  return out;
}

// A second Remove of a leaf could not be committed beside the first (RFC 9420 section 12.2).
bool is_removal_proposed(const mls::PublicGroup& group, const mls::PublicMessage& message) {
  const auto* proposal = message.content.proposal();
  const auto* remove = proposal != nullptr ? proposal->as<mls::Remove>() : nullptr;
  return remove != nullptr && std::ranges::any_of(group.proposals().items(), [&](const auto& item) {
           const auto* other = item.proposal->template as<mls::Remove>();
           return other != nullptr && other->removed == remove->removed;
         });
}

}  // namespace

FakeServer::FakeServer(const crypto::Provider& crypto, RandomSource& random, const Clock& clock)
    : crypto_(&crypto),
      random_(&random),
      clock_(&clock),
      directory_(std::make_unique<Directory>(devices_)),
      external_sender_(mls::SignatureKeyPair::generate(
                           mls::Suite::of(crypto, mls::kDefaultCipherSuite).value(), random)
                           .value()) {}

mls::ValidationRules FakeServer::group_rules() const {
  mls::ValidationRules out;
  out.authentication = directory_.get();
  return out;
}

// ---- KeyPackages ----

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::PublishKeyPackages& body) {
  const auto suite = mls::Suite::of(*crypto_, mls::kDefaultCipherSuite).value();
  auto& device = devices_.at(from);
  auto rules = group_rules();
  rules.now = static_cast<std::uint64_t>(to_unix_micros(clock_->now()) / 1'000'000);
  for (const auto& bytes : body.key_packages) {
    const auto message = mls::MlsMessage::parse(bytes);
    const auto* one = message ? message->as<mls::KeyPackage>() : nullptr;
    if (one == nullptr || !mls::validate_key_package(suite, *one, rules) ||
        name_of(*one->leaf_node).device_id != from) {
      return error(422, "chat.bad_key_package");
    }
    if (one->is_last_resort()) {
      device.last_resort_key_package = bytes;
    } else {
      device.key_packages.push_back(bytes);
    }
  }
  return wire::Done{};
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::CountKeyPackages& body) {
  const auto& device = devices_.at(from);
  return wire::KeyPackageCount{body.cipher_suite,
                               static_cast<std::uint32_t>(device.key_packages.size()),
                               !device.last_resort_key_package.empty()};
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::ClaimKeyPackages& body) {
  wire::KeyPackages out{body.user_id, {}};
  for (const auto& id : current_devices(body.user_id)) {
    if (id == from) {
      continue;
    }
    auto& device = devices_.at(id);
    if (!device.key_packages.empty()) {
      out.key_packages.push_back({id, device.key_packages.front()});
      device.key_packages.pop_front();
    } else {
      out.key_packages.push_back({id, device.last_resort_key_package});
    }
    if (device.key_packages.size() < 2) {
      push(id, wire::KeyPackagesLow{body.cipher_suite,
                                    static_cast<std::uint32_t>(device.key_packages.size())});
    }
  }
  return out;
}

// On the user's list, not revoked, and with a KeyPackage.
std::set<DeviceId> FakeServer::current_devices(UserId user) const {
  std::set<DeviceId> out;
  const auto found = users_.find(user);
  if (found == users_.end()) {
    return out;
  }
  for (const auto& id : found->second.members) {
    const auto& device = devices_.at(id);
    if (!device.revoked && !device.last_resort_key_package.empty()) {
      out.insert(id);
    }
  }
  return out;
}

// ---- the log ----

wire::GroupOutcome FakeServer::stale(const GroupState& state, std::uint64_t after_seq) {
  ++races_lost_;
  wire::StaleGroup out;
  out.epoch = state.group.state().context.epoch;
  out.head_seq = state.log.size();
  for (const auto& entry : state.log) {
    if (entry.seq > after_seq && out.missing.size() < kPage) {
      out.missing.push_back(entry);
    }
  }
  return {out};
}

wire::Accepted FakeServer::append(GroupState& state, wire::GroupEntry entry, DeviceId from,
                                  const std::set<DeviceId>& also) {
  entry.seq = state.log.size() + 1;
  entry.received_at = clock_->now();
  state.log.push_back(entry);
  auto readers = also;
  for (const auto& user : users_of(state.group.state().tree)) {
    for (const auto& [id, device] : devices_) {
      if (device.user == user) {
        readers.insert(id);
      }
    }
  }
  for (const auto& id : readers) {
    if (id != from) {
      push(id, entry);
    }
  }
  return {entry.seq, entry.received_at};
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::CreateGroup& body) {
  const auto known = groups_.find(body.conversation_id);
  if (known != groups_.end()) {
    return known->second.created_with == body.group_info
               ? Reply(wire::GroupOutcome{wire::Accepted{0, clock_->now()}})
               : error(409, "chat.group_exists");
  }
  const auto message = mls::MlsMessage::parse(body.group_info);
  auto tree = mls::RatchetTree::parse(body.ratchet_tree);
  const auto* info = message ? message->as<mls::GroupInfo>() : nullptr;
  if (info == nullptr || !tree || info->group_context.epoch != 0 || tree->member_count() != 1) {
    return error(422, "chat.bad_group");
  }
  auto group = mls::PublicGroup::from_group_info(*crypto_, *info, *tree, group_rules());
  if (!group || members_of(*tree).begin()->device_id != from) {
    return error(422, "chat.bad_group");
  }
  GroupState state{std::move(*group), {}, {},   {}, {}, {}, {}, body.group_info,
                   body.group_info,   0,  false};
  state.trees[0] = body.ratchet_tree;
  state.stays[from].push_back({});
  groups_.emplace(body.conversation_id, std::move(state));
  return wire::GroupOutcome{wire::Accepted{0, clock_->now()}};
}

// Whoever is added comes with all devices; whoever goes leaves none that is current. A device that
// brings itself in comes alone.
std::optional<wire::Error> FakeServer::check_device_sets(const GroupState& state,
                                                         const mls::PublicCommit& commit) const {
  if (commit.external) {
    return std::nullopt;
  }
  const auto before = members_of(state.group.state().tree);
  const auto after = members_of(commit.next.tree);
  for (const auto& name : after) {
    const bool newcomer =
        std::ranges::none_of(before, [&](const auto& one) { return one.user_id == name.user_id; });
    for (const auto& device : current_devices(name.user_id)) {
      if (newcomer && !after.contains({name.user_id, device})) {
        return error(409, "chat.device_set");
      }
    }
  }
  for (const auto& name : before) {
    const bool stays =
        std::ranges::any_of(after, [&](const auto& one) { return one.user_id == name.user_id; });
    if (stays && !after.contains(name) && current_devices(name.user_id).contains(name.device_id)) {
      return error(409, "chat.device_set");
    }
  }
  return std::nullopt;
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::CommitGroup& body) {
  if (commit_error) {
    return *commit_error;
  }
  const auto found = groups_.find(body.conversation_id);
  const auto message = mls::MlsMessage::parse(body.commit);
  const auto* commit = message ? message->as<mls::PublicMessage>() : nullptr;
  if (found == groups_.end() || commit == nullptr || found->second.closed) {
    return error(404, "chat.not_found");
  }
  auto& state = found->second;
  const auto user = devices_.at(from).user;
  const auto again = state.commits.find(commit->content.epoch);
  if (again != state.commits.end() && again->second.first == body.commit) {
    return wire::GroupOutcome{again->second.second};
  }
  if (!inside(body.conversation_id, state, user)) {
    return error(404, "chat.not_found");
  }
  if (commit->content.epoch != state.group.state().context.epoch) {
    return stale(state, body.after_seq);
  }
  auto checked = state.group.check_commit(*commit, group_rules());
  if (!checked) {
    return checked.error() == mls_public::Errc::unknown_proposal
               ? Reply(stale(state, body.after_seq))
               : error(422,
                       std::string(checked.error().code().name) + " " + checked.error().message());
  }
  const auto* leaf = checked->next.tree.leaf(checked->committer);
  if (leaf == nullptr || name_of(*leaf).device_id != from) {
    return error(422, "chat.not_the_sender");
  }
  if (!state.group.check_covers_all(*checked)) {
    return stale(state, body.after_seq);
  }
  if (const auto refused = check_device_sets(state, *checked)) {
    return *refused;
  }
  return take_commit(state, from, body, std::move(*checked));
}

FakeServer::Reply FakeServer::take_commit(GroupState& state, DeviceId from,
                                          const wire::CommitGroup& body, mls::PublicCommit commit) {
  const auto info = mls::MlsMessage::parse(body.group_info);
  const auto* next = info ? info->as<mls::GroupInfo>() : nullptr;
  if (next == nullptr || !mls::PublicGroup::check_group_info(commit, *next)) {
    return error(422, "chat.bad_group_info");
  }
  std::vector<mls::Welcome> welcomes;
  if (!body.welcome.empty()) {
    const auto parsed = mls::MlsMessage::parse(body.welcome);
    if (!parsed || parsed->as<mls::Welcome>() == nullptr) {
      return error(422, "chat.bad_welcome");
    }
    welcomes.push_back(*parsed->as<mls::Welcome>());
  }
  if (!mls::PublicGroup::check_welcomes(commit, welcomes)) {
    return error(422, "chat.bad_welcome");
  }
  const auto before = members_of(state.group.state().tree);
  const auto after = members_of(commit.next.tree);
  const auto epoch = state.group.state().context.epoch;
  const auto kept = commit;
  EXPECT_TRUE(state.group.apply(std::move(commit)));
  wire::GroupEntry entry;
  entry.conversation_id = body.conversation_id;
  entry.kind = wire::GroupEntryKind::commit;
  entry.epoch = epoch;
  entry.sender_user_id = devices_.at(from).user;
  entry.sender_device_id = from;
  entry.sent_at = clock_->now();
  entry.content = body.commit;
  const wire::Accepted accepted{state.log.size() + 1, clock_->now()};
  mls_public::TlsWriter tree;
  kept.next.tree.write(tree);
  state.trees[accepted.seq] = std::move(tree).take();
  deliver_welcomes(state, from, body, kept, accepted);
  std::set<DeviceId> gone;
  for (const auto& name : before) {
    if (!after.contains(name)) {
      gone.insert(name.device_id);
      state.stays[name.device_id].back().to_seq = accepted.seq;
      if (!users_of(kept.next.tree).contains(name.user_id)) {
        state.former[name.user_id] = accepted.seq;
      }
    }
  }
  for (const auto& name : after) {
    if (!before.contains(name)) {
      state.stays[name.device_id].push_back({epoch + 1, UINT64_MAX});
      state.former.erase(name.user_id);
    }
  }
  append(state, std::move(entry), from, gone);
  state.commits[epoch] = {body.commit, accepted};
  state.group_info = body.group_info;
  state.group_info_seq = accepted.seq;
  return wire::GroupOutcome{accepted};
}

// Each newcomer gets the Welcome with its own entry alone.
void FakeServer::deliver_welcomes(const GroupState& state, DeviceId from,
                                  const wire::CommitGroup& body, const mls::PublicCommit& commit,
                                  const wire::Accepted& accepted) {
  if (body.welcome.empty()) {
    return;
  }
  const auto parsed = mls::MlsMessage::parse(body.welcome);
  const auto& all = *parsed->as<mls::Welcome>();
  for (const auto& key_package : commit.key_packages) {
    const auto* own = all.find(key_package->reference(state.group.state().suite).view());
    mls::Welcome one{all.cipher_suite, {*own}, all.encrypted_group_info};
    wire::InboxEntry entry;
    entry.conversation_id = body.conversation_id;
    entry.seq = accepted.seq;
    entry.message_id = MessageId::make(*clock_, *random_);
    entry.sender_user_id = devices_.at(from).user;
    entry.sender_device_id = from;
    entry.sent_at = accepted.received_at;
    entry.received_at = accepted.received_at;
    entry.ciphertext = mls::encode(mls::MlsMessage{std::move(one)});
    entry.kind = wire::InboxKind::welcome;
    deliver(name_of(*key_package->leaf_node).device_id, std::move(entry));
  }
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::ProposeToGroup& body) {
  const auto found = groups_.find(body.conversation_id);
  if (found == groups_.end() || found->second.closed ||
      !inside(found->first, found->second, devices_.at(from).user)) {
    return error(404, "chat.not_found");
  }
  auto& state = found->second;
  auto group = state.group;
  const auto epoch = group.state().context.epoch;
  wire::Accepted accepted{state.log.size(), clock_->now()};
  std::vector<Bytes> fresh;
  for (const auto& bytes : body.proposals) {
    const auto message = mls::MlsMessage::parse(bytes);
    const auto* proposal = message ? message->as<mls::PublicMessage>() : nullptr;
    if (proposal == nullptr) {
      return error(422, "chat.bad_proposal");
    }
    const auto before = std::ranges::find(state.log, bytes, &wire::GroupEntry::content);
    if (before != state.log.end()) {  // its answer was lost
      accepted = {before->seq, before->received_at};
      continue;
    }
    if (proposal->content.epoch != epoch) {
      return stale(state, body.after_seq);
    }
    if (is_removal_proposed(group, *proposal)) {
      continue;  // as if it were stored
    }
    if (!group.add_proposal(*proposal, group_rules())) {
      return error(422, "chat.bad_proposal");
    }
    fresh.push_back(bytes);
  }
  state.group = std::move(group);
  for (const auto& bytes : fresh) {
    wire::GroupEntry entry;
    entry.conversation_id = body.conversation_id;
    entry.kind = wire::GroupEntryKind::proposal;
    entry.epoch = epoch;
    entry.sender_user_id = devices_.at(from).user;
    entry.sender_device_id = from;
    entry.sent_at = clock_->now();
    entry.content = bytes;
    accepted = append(state, std::move(entry), DeviceId());
  }
  if (state.group.proposals().items().size() >= state.group.state().tree.member_count()) {
    state.closed = true;
  }
  return wire::GroupOutcome{accepted};
}

void FakeServer::propose_removals(DeviceId revoked) {
  for (auto& [id, state] : groups_) {
    const auto& pub = state.group.state();
    std::optional<mls::LeafIndex> leaf;
    pub.tree.each_member([&](mls::LeafIndex index, const mls::LeafNode& one) {
      leaf = name_of(one).device_id == revoked ? std::optional(index) : leaf;
    });
    if (!leaf || state.closed) {
      continue;
    }
    const auto bytes = mls::external_proposal(pub.suite, pub.context, *external_sender_,
                                              {mls::SenderType::external, 0}, {mls::Remove{*leaf}})
                           .value();
    const auto message = mls::MlsMessage::parse(bytes).value();
    const auto& proposal = *message.as<mls::PublicMessage>();
    if (is_removal_proposed(state.group, proposal) ||
        !state.group.add_proposal(proposal, group_rules())) {
      continue;
    }
    wire::GroupEntry entry;
    entry.conversation_id = id;
    entry.kind = wire::GroupEntryKind::proposal;
    entry.epoch = pub.context.epoch;
    entry.sent_at = clock_->now();
    entry.content = bytes;
    append(state, std::move(entry), DeviceId());
  }
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::SendGroupMessage& body) {
  if (send_error) {
    return *send_error;
  }
  const auto found = groups_.find(body.conversation_id);
  const auto message = mls::MlsMessage::parse(body.ciphertext);
  const auto* sealed = message ? message->as<mls::PrivateMessage>() : nullptr;
  if (found == groups_.end() || sealed == nullptr || found->second.closed) {
    return error(404, "chat.not_found");
  }
  auto& state = found->second;
  const auto again = state.accepted.find({from, body.message_id});
  if (again != state.accepted.end()) {
    return wire::GroupOutcome{again->second};
  }
  const auto user = devices_.at(from).user;
  const auto members = members_of(state.group.state().tree);
  if (!members.contains({user, from})) {
    return error(404, "chat.not_found");
  }
  const auto epoch = state.group.state().context.epoch;
  const bool revoked_inside = std::ranges::any_of(
      members, [&](const auto& name) { return devices_.at(name.device_id).revoked; });
  if (sealed->epoch > epoch || sealed->epoch + kWindow < epoch || revoked_inside) {
    return stale(state, body.after_seq);
  }
  if (const auto refused = check_reference(state.log, from, body.kind, body.refers_to)) {
    return *refused;
  }
  wire::GroupEntry entry;
  entry.message_kind = body.kind;
  entry.refers_to = body.refers_to;
  entry.conversation_id = body.conversation_id;
  entry.kind = wire::GroupEntryKind::message;
  entry.epoch = sealed->epoch;
  entry.message_id = body.message_id;
  entry.sender_user_id = user;
  entry.sender_device_id = from;
  entry.sent_at = body.sent_at;
  entry.content = body.ciphertext;
  entry.by_moderator = body.kind == wire::MessageKind::deletion &&
                       (moderators.contains(user) || calls_all_moderators);
  const auto accepted = append(state, std::move(entry), from);
  state.accepted.emplace(std::pair(from, body.message_id), accepted);
  return wire::GroupOutcome{accepted};
}

// ---- channels ----

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::CreateChannel& body) {
  const auto found = groups_.find(body.channel_id);
  if (found == groups_.end() ||
      !users_of(found->second.group.state().tree).contains(devices_.at(from).user)) {
    return error(404, "chat.not_found");
  }
  for (const auto& [id, channel] : channels_) {
    if (id != body.channel_id && !body.name.empty() && channel.name == body.name) {
      return error(409, "chat.name_taken");
    }
  }
  channels_[body.channel_id] = body;
  return wire::Done{};
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::JoinChannel& body) {
  const auto user = devices_.at(from).user;
  for (const auto& [id, channel] : channels_) {
    const bool wanted = body.channel_id ? id == *body.channel_id : channel.is_default;
    if (wanted && channel.visibility == wire::ChannelVisibility::open) {
      let_in(id, user);
    } else if (wanted) {
      return error(403, "chat.not_allowed");
    }
  }
  return wire::Done{};
}

bool FakeServer::inside(ConversationId id, const GroupState& state, UserId user) const {
  const auto let = let_in_.find(id);
  return users_of(state.group.state().tree).contains(user) || state.kept.contains(user) ||
         (let != let_in_.end() && let->second.contains(user));
}

// ---- reading ----

void FakeServer::list_groups(DeviceId from, wire::Conversations& out) const {
  const auto user = devices_.at(from).user;
  for (const auto& [id, state] : groups_) {
    const auto users = users_of(state.group.state().tree);
    if (inside(id, state, user) && !state.closed) {
      out.conversations.push_back({id,
                                   {users.begin(), users.end()},
                                   state.log.size(),
                                   Timestamp(),
                                   wire::ConversationKind::group});
    }
  }
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::FetchGroupLog& body) {
  logs_asked.push_back(body.conversation_id);
  if (log_error) {
    return *log_error;
  }
  const auto found = groups_.find(body.conversation_id);
  if (found == groups_.end()) {
    return error(404, "chat.not_found");
  }
  const auto& state = found->second;
  const auto user = devices_.at(from).user;
  const auto former = state.former.find(user);
  const bool member = inside(body.conversation_id, state, user) && !state.closed;
  if (!member && (former == state.former.end() || former->second <= body.after_seq)) {
    return error(404, "chat.not_found");
  }
  wire::GroupLog out;
  out.conversation_id = body.conversation_id;
  out.head_seq = member ? state.log.size() : former->second;
  for (const auto& entry : state.log) {
    if ((log_from_start || entry.seq > body.after_seq) && entry.seq <= out.head_seq &&
        (log_from_start || out.entries.size() < kPage)) {
      out.entries.push_back(entry);
    }
  }
  return out;
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::FetchGroupInfo& body) {
  const auto found = groups_.find(body.conversation_id);
  if (found == groups_.end() || found->second.closed ||
      !inside(found->first, found->second, devices_.at(from).user)) {
    return error(404, "chat.not_found");
  }
  return wire::GroupInfo{body.conversation_id, found->second.group_info_seq,
                         found->second.group_info};
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::ResetGroup& body) {
  const auto found = groups_.find(body.conversation_id);
  const auto message = mls::MlsMessage::parse(body.group_info);
  auto tree = mls::RatchetTree::parse(body.ratchet_tree);
  const auto* info = message ? message->as<mls::GroupInfo>() : nullptr;
  if (found == groups_.end() || info == nullptr || !tree || tree->member_count() != 1 ||
      info->group_context.group_id.size() != 20) {
    return error(422, "chat.bad_group");
  }
  auto& state = found->second;
  if (body.after_seq < state.log.size()) {
    return stale(state, body.after_seq);
  }
  auto group = mls::PublicGroup::from_group_info(*crypto_, *info, *tree, group_rules());
  const std::set<UserId> kept(body.member_user_ids.begin(), body.member_user_ids.end());
  if (!group || !std::ranges::includes(users_of(state.group.state().tree), kept)) {
    return error(422, "chat.bad_group");
  }
  std::set<DeviceId> before;
  for (const auto& name : members_of(state.group.state().tree)) {
    before.insert(name.device_id);
    state.stays[name.device_id].back().to_seq = state.log.size() + 1;
  }
  wire::GroupEntry entry;
  entry.conversation_id = body.conversation_id;
  entry.kind = wire::GroupEntryKind::reset;
  entry.sender_user_id = devices_.at(from).user;
  entry.sender_device_id = from;
  entry.content = body.group_info;
  const auto accepted = append(state, std::move(entry), from, before);
  state.group = std::move(*group);
  state.kept = kept;
  state.commits.clear();
  state.trees[accepted.seq] = body.ratchet_tree;
  state.group_info = body.group_info;
  state.group_info_seq = accepted.seq;
  state.stays[from].push_back({0, UINT64_MAX});
  return wire::GroupOutcome{accepted};
}

FakeServer::Reply FakeServer::reply(DeviceId, const wire::FetchRatchetTree& body) {
  const auto found = groups_.find(body.conversation_id);
  if (found == groups_.end() || !found->second.trees.contains(body.seq)) {
    return error(404, "chat.not_found");
  }
  const auto& tree = found->second.trees.at(body.seq);
  wire::RatchetTree out{body.conversation_id, body.seq, body.offset, tree.size(), {}};
  if (body.offset < tree.size()) {
    out.piece = to_bytes(ByteView(tree).subspan(
        body.offset, std::min<std::size_t>(kTreePiece, tree.size() - body.offset)));
  }
  return out;
}

}  // namespace unhidra::client::testing
