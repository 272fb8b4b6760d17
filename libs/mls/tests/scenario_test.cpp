// Groups with outsiders, lost state and pre-shared keys, from end to end.
#include <map>

#include "world.h"

namespace unhidra::mls {
namespace {

class Scenario : public testing::Test {
 protected:
  void commit(Group& by, const CommitOptions& options, const std::vector<Group*>& others) {
    world_.commit(by, options, others);
    for (const Group* other : others) {
      world_.expect_agreement(by, *other);
    }
  }
  World world_;
  Group alice_ = world_.create("alice");
  Group bob_ = world_.add(alice_, "bob");
  Group carol_ = world_.add(alice_, "carol", {&bob_});
};

class AnExternalSender : public Scenario {
 protected:
  AnExternalSender() {
    extensions_.set(ExtensionType::external_senders,
                    encode(ExternalSenders{
                        {{SignatureKeyPair::generate(world_.suite, world_.random)->public_key(),
                          Credential::basic(as_bytes("directory"))},
                         {service_.public_key(), Credential::basic(as_bytes("service"))}}}));
    commit(alice_, {.proposals = {{GroupContextExtensions{extensions_}}}}, {&bob_, &carol_});
  }
  // A proposal of the service, which all get.
  void propose(Proposal proposal) {
    const Bytes message = external_proposal(world_.suite, alice_.context(), service_,
                                            {SenderType::external, 1}, std::move(proposal))
                              .value();
    for (Group* member : {&alice_, &bob_, &carol_}) {
      EXPECT_EQ(world_.deliver(message, *member).sender, (Sender{SenderType::external, 1}));
    }
  }
  SignatureKeyPair service_ = SignatureKeyPair::generate(world_.suite, world_.random).value();
  ExtensionList extensions_;
};

TEST_F(AnExternalSender, RemovesAMemberAndAddsAnother) {
  const OwnKeyPackage dora = world_.key_package("dora");
  propose({Remove{carol_.self()}});
  propose(World::add_of(dora.key_package));
  EXPECT_EQ(alice_.encrypt(world_.env, as_bytes("x")).error(), Errc::pending_commit);
  const CommitBundle bundle = world_.commit(bob_, {}, {&alice_});
  EXPECT_TRUE(world_.deliver(bundle.commit, carol_).commit.self_removed);
  Group joined = Group::join(world_.env, dora, World::parsed<Welcome>(*bundle.welcome)).value();
  world_.expect_agreement(alice_, bob_);
  world_.expect_delivery(joined, alice_, "sent for by the service");
}

TEST_F(AnExternalSender, ChangesTheExtensionsAndClosesTheGroup) {
  ExtensionList fewer = extensions_;
  fewer.set(ExtensionType::required_capabilities, encode(RequiredCapabilities{}));
  propose({GroupContextExtensions{fewer}});
  commit(bob_, {}, {&alice_, &carol_});
  EXPECT_EQ(alice_.context().extensions, fewer);
  propose({ReInit{to_bytes("next"), ProtocolVersion::mls10, kDefaultCipherSuite, {}}});
  commit(carol_, {}, {&alice_, &bob_});
  ASSERT_TRUE(alice_.reinit());
  EXPECT_EQ(alice_.reinit()->group_id, to_bytes("next"));
}

TEST_F(Scenario, ANewcomerProposesItsOwnAdd) {
  const Identity who = world_.identity("dora");
  const OwnKeyPackage dora = world_.key_package(who);
  const Bytes message =
      external_proposal(world_.suite, alice_.context(), who.signature_key,
                        {SenderType::new_member_proposal, 0}, World::add_of(dora.key_package))
          .value();
  for (Group* member : {&alice_, &bob_, &carol_}) {
    world_.deliver(message, *member);
  }
  const CommitBundle bundle = world_.commit(carol_, {}, {&alice_, &bob_});
  Group joined = Group::join(world_.env, dora, World::parsed<Welcome>(*bundle.welcome)).value();
  world_.expect_delivery(joined, bob_, "let in");
}

TEST_F(Scenario, AMemberThatLostItsStateComesBack) {
  const LeafIndex old = bob_.self();
  const GroupInfo info = carol_.group_info(true).value();
  auto back = Group::join_external(world_.env, info, world_.identity("bob"), {}, old).value();
  for (Group* member : {&alice_, &carol_}) {
    const Received received = world_.deliver(back.commit, *member);
    EXPECT_EQ(received.commit.removed, std::vector{old});
    EXPECT_EQ(received.commit.added, std::vector{old});
    world_.expect_agreement(*member, back.group);
  }
  EXPECT_TRUE(world_.deliver(back.commit, bob_).commit.self_removed);
  world_.expect_delivery(back.group, alice_, "here again");
  commit(alice_, {}, {&carol_, &back.group});
}

struct Psks final : PskSource {
  std::optional<SecretBytes> find(const PreSharedKeyId& id) const override {
    const auto found = keys.find(id.psk_id);
    return found == keys.end() ? std::nullopt : std::optional(found->second.clone());
  }
  std::map<Bytes, SecretBytes> keys;
};

TEST_F(Scenario, AnExternalPskIsMixedInByThoseWhoHoldIt) {
  PreSharedKeyId id;
  id.psk_id = to_bytes("shared out of band");
  id.psk_nonce = to_bytes(world_.random.secret(32).expose());
  Psks psks;
  psks.keys.emplace(id.psk_id, world_.random.secret(40));
  world_.env.psks = &psks;
  const OwnKeyPackage dora = world_.key_package("dora");
  const auto bundle =
      alice_
          .commit(world_.env, {.proposals = {{PreSharedKey{id}}, World::add_of(dora.key_package)}})
          .value();
  const auto message = MlsMessage::parse(bundle.commit).value();
  const auto welcome = World::parsed<Welcome>(*bundle.welcome);
  world_.env.psks = nullptr;
  EXPECT_EQ(bob_.receive(world_.env, message).error(), Errc::unknown_psk);
  EXPECT_EQ(Group::join(world_.env, dora, welcome).error(), Errc::unknown_psk);
  Psks wrong;
  wrong.keys.emplace(id.psk_id, world_.random.secret(40));
  world_.env.psks = &wrong;
  EXPECT_EQ(bob_.receive(world_.env, message).error(), mls_public::Errc::bad_tag);
  EXPECT_EQ(Group::join(world_.env, dora, welcome).error(), mls_public::Errc::bad_tag);
  world_.env.psks = &psks;
  ASSERT_TRUE(bob_.receive(world_.env, message));
  ASSERT_TRUE(alice_.confirm_pending(world_.env));
  Group joined = Group::join(world_.env, dora, welcome).value();
  world_.expect_delivery(joined, bob_, "with a key of old");
}

TEST_F(Scenario, AResumptionPskProvesThatAllWereThereInAPastEpoch) {
  PreSharedKeyId id{.type = PskType::resumption};
  id.psk_group_id = alice_.context().group_id;
  id.psk_epoch = alice_.context().epoch;
  id.psk_nonce = to_bytes(world_.random.secret(32).expose());
  Group dora = world_.add(alice_, "dora", {&bob_, &carol_});
  const auto bundle = alice_.commit(world_.env, {.proposals = {{PreSharedKey{id}}}}).value();
  const auto message = MlsMessage::parse(bundle.commit).value();
  for (Group* member : {&bob_, &carol_}) {
    ASSERT_TRUE(member->receive(world_.env, message));
  }
  EXPECT_EQ(dora.receive(world_.env, message).error(), Errc::unknown_psk);
  ASSERT_TRUE(alice_.confirm_pending(world_.env));
  world_.expect_agreement(alice_, bob_);
}

TEST_F(Scenario, AResyncWithAResumptionPskProvesWhoCameBack) {
  PreSharedKeyId id{.type = PskType::resumption};
  id.psk_group_id = bob_.context().group_id;
  id.psk_epoch = bob_.context().epoch;
  id.psk_nonce = to_bytes(world_.random.secret(32).expose());
  Psks kept;  // all that is left of bob's old state; named by an empty psk_id
  kept.keys[id.psk_id] = SecretBytes::copy_of(bob_.resumption_psk());
  world_.env.psks = &kept;
  auto back = Group::join_external(world_.env, carol_.group_info(true).value(),
                                   world_.identity("bob"), {.psks = {id}}, bob_.self());
  ASSERT_TRUE(back) << back.error().message();
  world_.env.psks = nullptr;  // the others have it of themselves
  for (Group* member : {&alice_, &carol_}) {
    world_.deliver(back->commit, *member);
    world_.expect_agreement(*member, back->group);
  }
}

}  // namespace
}  // namespace unhidra::mls
