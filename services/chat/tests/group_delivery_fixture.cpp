#include "group_delivery_fixture.h"

namespace unhidra::chat {

using mls_public::encode;
using mls_public::MlsMessage;
using storage::Transaction;

void GroupDeliveryFixture::SetUp() {
  ChatTest::SetUp();
  if (database_ == nullptr) {
    return;
  }
  const pki::SealedKeyProvider keys(
      std::make_shared<const pki::KeySealer>(random_.secret_array<32>()));
  auto sender = ExternalSender::load(*database_, keys, random_, clock_.now());
  ASSERT_TRUE(sender) << sender.error().message();
  sender_.emplace(*std::move(sender));
  org_ = make_org("acme");
  alice_ = make_user(org_, "alice");
  bob_ = make_user(org_, "bob");
  carol_ = make_user(org_, "carol");
  laptop_.emplace(client(alice_));
  phone_.emplace(client(alice_, {&*laptop_}));
  desk_.emplace(client(bob_));
  tablet_.emplace(client(carol_));
  id_ = ConversationId::make(clock_, random_);
  const auto created = create(*laptop_);
  ASSERT_TRUE(created) << created.error().message();
}

Client GroupDeliveryFixture::client(UserId user, std::vector<const Client*> others) {
  auto device = ready_device(org_, user);
  std::vector<const TestDevice*> all;
  for (const auto* other : others) {
    all.push_back(&other->device);
  }
  all.push_back(&device);
  EXPECT_TRUE(approve(user, all));
  auto ours = key_package(device);
  const auto stored = write([&](Transaction& tx) {
    return store_key_packages(provider_, tx, device.asker, {{message_of(ours)}}, clock_.now());
  });
  EXPECT_TRUE(stored) << stored.error().message();
  return {std::move(device), std::move(ours)};
}

mls_public::ExtensionList GroupDeliveryFixture::extensions() const {
  mls_public::ExtensionList out;
  const mls_public::ExternalSenders senders{
      {{to_bytes(sender_->public_key().bytes()),
        mls_public::Credential::basic(as_bytes(identity::kDeliveryServiceName))}}};
  out.set(mls_public::ExtensionType::external_senders, encode(senders));
  return out;
}

Result<wire::Accepted> GroupDeliveryFixture::create(Client& by, bool open) {
  auto all = extensions();
  if (open) {
    all.set(static_cast<mls_public::ExtensionType>(identity::kOpenChannelExtension), {});
  }
  by.group.emplace(mls::Group::create(environment(), mls_public::kDefaultCipherSuite,
                                      mls_group_id(id_, 0), identity_of(by.device), lifetime(),
                                      std::move(all))
                       .value());
  const wire::CreateGroup request{id_, encode(MlsMessage{by.group->group_info(false).value()}),
                                  encode(by.group->state().tree)};
  return write_as([&](const GroupService& s, Transaction& tx) {
    return create_group(s, tx, by.device.asker, request, clock_.now());
  });
}

mls_public::LeafIndex GroupDeliveryFixture::leaf_of(const Client& by, const Client& who) const {
  return by.group->state().tree.find_signature_key(who.device.signing.public_key().bytes()).value();
}

mls::CommitOptions GroupDeliveryFixture::adding(const std::vector<Client*>& who) {
  mls::CommitOptions out;
  for (const auto* one : who) {
    out.proposals.push_back({mls_public::Add{
        std::make_shared<const mls_public::KeyPackage>(one->key_package.key_package)}});
  }
  return out;
}

mls::CommitOptions GroupDeliveryFixture::removing(const Client& by,
                                                  const std::vector<const Client*>& who) {
  mls::CommitOptions out;
  for (const auto* one : who) {
    out.proposals.push_back({mls_public::Remove{leaf_of(by, *one)}});
  }
  return out;
}

wire::CommitGroup GroupDeliveryFixture::bundle(Client& by, mls::CommitOptions options) {
  options.tree_in_group_info = false;
  options.make_group_info = true;
  auto made = by.group->commit(environment(), options);
  EXPECT_TRUE(made) << made.error().message();
  return {id_, 0, made->commit, made->welcome.value_or(Bytes()),
          made->group_info.value_or(Bytes())};
}

Result<GroupChange> GroupDeliveryFixture::send(const Client& by, const wire::CommitGroup& request) {
  UNHIDRA_TRY(const auto prepared, read([&](Transaction& tx) {
                return prepare_commit(service(), tx, by.device.asker, request, clock_.now());
              }));
  if (const auto* before = std::get_if<wire::Accepted>(&prepared)) {
    GroupChange out;
    out.accepted = *before;
    return out;
  }
  return write_as([&](const GroupService& s, Transaction& tx) {
    return store_commit(s, tx, by.device.asker, std::get<PreparedCommit>(prepared), request,
                        clock_.now());
  });
}

void GroupDeliveryFixture::commit(Client& by, mls::CommitOptions options,
                                  const std::vector<Client*>& others,
                                  const std::vector<Client*>& joining) {
  const auto request = bundle(by, std::move(options));
  const auto sent = send(by, request);
  ASSERT_TRUE(sent) << sent.error().message();
  ASSERT_TRUE(by.group->confirm_pending(environment()));
  for (auto* other : others) {
    const auto followed =
        other->group->receive(environment(), MlsMessage::parse(request.commit).value());
    ASSERT_TRUE(followed) << followed.error().message();
  }
  for (auto* one : joining) {
    join(*one);
  }
}

void GroupDeliveryFixture::join(Client& who) {
  const auto inbox =
      *read([&](Transaction& tx) { return fetch_inbox(tx, who.device.asker, {0, 100}); });
  ASSERT_FALSE(inbox.entries.empty());
  const auto& entry = inbox.entries.back();
  ASSERT_EQ(entry.kind, wire::InboxKind::welcome);
  const auto tree = read([&](Transaction& tx) -> Result<Bytes> {
    UNHIDRA_TRY(const auto row, check_tree_kept(tx, who.device.asker, id_, entry.seq));
    return tree_at(tx, row, entry.seq);
  });
  ASSERT_TRUE(tree) << tree.error().message();
  const auto message = MlsMessage::parse(entry.ciphertext).value();
  auto joined = mls::Group::join(environment(), who.key_package, *message.as<mls_public::Welcome>(),
                                 {.tree = mls_public::RatchetTree::parse(*tree).value()});
  ASSERT_TRUE(joined) << joined.error().message();
  who.group.emplace(std::move(*joined));
}

wire::CommitGroup GroupDeliveryFixture::external(Client& who,
                                                 std::optional<mls_public::LeafIndex> resync) {
  const auto info =
      *read([&](Transaction& tx) { return fetch_group_info(tx, who.device.asker, id_); });
  const auto tree = *read([&](Transaction& tx) -> Result<Bytes> {
    UNHIDRA_TRY(const auto row, check_tree_kept(tx, who.device.asker, id_, info.seq));
    return tree_at(tx, row, info.seq);
  });
  const auto message = MlsMessage::parse(info.group_info).value();
  auto joined = mls::Group::join_external(
      environment(), *message.as<mls_public::GroupInfo>(), identity_of(who.device),
      {.tree = mls_public::RatchetTree::parse(tree).value()}, resync);
  EXPECT_TRUE(joined) << joined.error().message();
  who.group.emplace(std::move(joined->group));
  return {id_, 0, joined->commit, {}, encode(MlsMessage{who.group->group_info(false).value()})};
}

Result<GroupChange> GroupDeliveryFixture::say(Client& by, std::string_view text) {
  const wire::SendGroupMessage request{id_, 0, MessageId::make(clock_, random_), clock_.now(),
                                       by.group->encrypt(environment(), as_bytes(text)).value()};
  return write_as([&](const GroupService& s, Transaction& tx) {
    return store_group_message(s, tx, by.device.asker, request, clock_.now());
  });
}

wire::GroupLog GroupDeliveryFixture::log(const Client& who, std::uint64_t after) {
  auto out =
      read([&](Transaction& tx) { return fetch_group_log(tx, who.device.asker, {id_, after, 0}); });
  EXPECT_TRUE(out) << out.error().message();
  return out ? *std::move(out) : wire::GroupLog();
}

wire::StaleGroup GroupDeliveryFixture::stale(const Client& who, std::uint64_t after) {
  return *read([&](Transaction& tx) { return stale_answer(tx, who.device.asker, id_, after); });
}

Result<GroupChange> GroupDeliveryFixture::propose_removals() {
  return write_as([&](const GroupService& s, Transaction& tx) {
    return chat::propose_removals(s, tx, org_, id_, clock_.now());
  });
}

}  // namespace unhidra::chat
