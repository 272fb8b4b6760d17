// Groups among members of this implementation: the life of a group, message by message.
#include "world.h"

namespace unhidra::mls {
namespace {

class EachSuite : public testing::TestWithParam<CipherSuite> {};

TEST_P(EachSuite, MembersJoinCommitAndTalk) {
  World world(GetParam());
  Group alice = world.create("alice");
  Group bob = world.add(alice, "bob");
  Group carol = world.add(bob, "carol", {&alice});
  world.expect_agreement(alice, bob);
  world.expect_agreement(alice, carol);
  world.expect_delivery(carol, alice, "hello");
  world.commit(carol, {.wire_format = WireFormat::mls_private_message}, {&alice, &bob});
  world.expect_agreement(carol, bob);
  world.expect_delivery(alice, bob, "after an encrypted commit");
}

INSTANTIATE_TEST_SUITE_P(Suites, EachSuite,
                         testing::ValuesIn(supported_suites(crypto::native_provider())),
                         [](const auto& suite) {
                           return "suite" + std::to_string(static_cast<int>(suite.param));
                         });

TEST(Group, ProposalsByReferenceTakeEffectWithTheCommit) {
  World world;
  Group alice = world.create("alice");
  Group bob = world.add(alice, "bob");
  Group carol = world.add(alice, "carol", {&bob});
  const auto update = bob.propose_update(world.env, WireFormat::mls_private_message);
  ASSERT_TRUE(update) << update.error().message();
  for (Group* other : {&alice, &carol}) {
    ASSERT_TRUE(other->receive(world.env, MlsMessage::parse(*update).value()));
  }
  EXPECT_EQ(bob.encrypt(world.env, as_bytes("early")).error(), Errc::pending_commit);
  const auto before = to_bytes(alice.state().tree.leaf(bob.self())->encryption_key());
  world.commit(carol, {}, {&alice, &bob});
  world.expect_agreement(alice, bob);
  world.expect_agreement(carol, bob);
  EXPECT_NE(to_bytes(alice.state().tree.leaf(bob.self())->encryption_key()), before);
}

TEST(Group, ARemovedMemberIsToldAndReadsNoMore) {
  World world;
  Group alice = world.create("alice");
  Group bob = world.add(alice, "bob");
  Group carol = world.add(alice, "carol", {&bob});
  CommitOptions options;
  options.proposals.push_back({Remove{bob.self()}});
  const auto bundle = alice.commit(world.env, options).value();
  const auto message = MlsMessage::parse(bundle.commit).value();
  const auto told = bob.receive(world.env, message);
  ASSERT_TRUE(told) << told.error().message();
  EXPECT_TRUE(told->commit.self_removed);
  ASSERT_TRUE(carol.receive(world.env, message));
  ASSERT_TRUE(alice.confirm_pending(world.env));
  world.expect_delivery(alice, carol, "without bob");
  const auto late = alice.encrypt(world.env, as_bytes("x")).value();
  EXPECT_EQ(bob.receive(world.env, MlsMessage::parse(late).value()).error(), Errc::removed);
}

TEST(Group, ANewcomerJoinsByExternalCommit) {
  World world;
  Group alice = world.create("alice");
  Group bob = world.add(alice, "bob");
  const auto info = alice.group_info(true).value();
  auto joined = Group::join_external(world.env, info, world.identity("dora"));
  ASSERT_TRUE(joined) << joined.error().message();
  for (Group* member : {&alice, &bob}) {
    const auto received = member->receive(world.env, MlsMessage::parse(joined->commit).value());
    ASSERT_TRUE(received) << received.error().message();
    world.expect_agreement(*member, joined->group);
  }
  world.expect_delivery(joined->group, bob, "in by myself");
}

TEST(Group, Section12_2_AnExternalCommitRemovesNobodyElse) {
  World world;
  Group alice = world.create("alice");
  Group bob = world.add(alice, "bob");
  const auto info = alice.group_info(true).value();
  const auto bobs_leaf = bob.self();
  const auto thief =
      Group::join_external(world.env, info, world.identity("mallory"), {}, bobs_leaf);
  if (thief) {
    EXPECT_FALSE(alice.receive(world.env, MlsMessage::parse(thief->commit).value()));
  }
  const auto back = Group::join_external(world.env, info, world.identity("bob"), {}, bobs_leaf);
  ASSERT_TRUE(back) << back.error().message();
  ASSERT_TRUE(alice.receive(world.env, MlsMessage::parse(back->commit).value()));
  world.expect_agreement(alice, back->group);
}

TEST(Group, ALostCommitIsDiscardedAndAnotherFollowed) {
  World world;
  Group alice = world.create("alice");
  Group bob = world.add(alice, "bob");
  ASSERT_TRUE(alice.commit(world.env, {}));
  EXPECT_EQ(alice.commit(world.env, {}).error(), Errc::pending_commit);
  world.commit(bob, {}, {&alice});
  EXPECT_FALSE(alice.has_pending_commit());
  world.expect_agreement(alice, bob);
}

TEST(Group, MessagesArriveOutOfOrderAndAcrossAnEpoch) {
  World world;
  Group alice = world.create("alice");
  Group bob = world.add(alice, "bob");
  std::vector<Bytes> messages;
  for (int i = 0; i < 5; ++i) {
    messages.push_back(alice.encrypt(world.env, as_bytes(std::to_string(i))).value());
  }
  const auto read = [&](std::size_t i) {
    const auto got = bob.receive(world.env, MlsMessage::parse(messages[i]).value());
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ(as_text(got->application_data.expose()), std::to_string(i));
  };
  read(3);
  read(0);
  world.commit(bob, {}, {&alice});
  read(4);
  read(1);
}

TEST(Section6_3_2, AGenerationFarAheadIsRefusedBeforeAnyWork) {
  const Suite suite = Suite::of(crypto::native_provider(), kDefaultCipherSuite).value();
  Ratchet ratchet{SecretBytes(32)};
  EXPECT_EQ(ratchet.take(suite, 0xffffffff, {}).error(), Errc::too_far_ahead);
  EXPECT_EQ(ratchet.take(suite, 1001, {}).error(), Errc::too_far_ahead);
  EXPECT_EQ(ratchet.generation(), 0U);
  EXPECT_TRUE(ratchet.take(suite, 1000, {}));
}

}  // namespace
}  // namespace unhidra::mls
