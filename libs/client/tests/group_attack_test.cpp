// What a hostile server can do to a group, and what happens then.

#include <algorithm>

#include "unhidra/identity/member_name.h"
#include "unhidra/mls/group.h"

#include "world.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

class GroupAttacks : public ::testing::Test {
 protected:
  GroupAttacks() {
    world.limits.leaf_update_age = 2h;
    for (const auto* name : {"ann", "bob"}) {
      auto& phone = world.add_phone(world.add_user(name));
      world.connect(phone);
    }
    world.settle();
    id = ann().engine->create_group("the group", std::array{bob().enrollment.user}).value();
    world.settle();
  }
  Phone& ann() { return *world.phones[0]; }
  Phone& bob() { return *world.phones[1]; }
  void say(Phone& by, const std::string& text) {
    ASSERT_TRUE(by.engine->send_text(id, text));
    world.settle();
  }
  FakeServer::GroupState& state() { return world.server.groups().at(id); }
  // What is said next reaches nobody by itself: the test hands it over, changed.
  wire::GroupEntry capture(const std::string& text) {
    EXPECT_TRUE(ann().engine->send_text(id, text));
    ann().take();
    while (!ann().to_server.empty()) {
      world.server.handle(ann().enrollment.device, ann().to_server.front());
      ann().to_server.pop_front();
    }
    world.server.outgoing(bob().enrollment.device).clear();
    auto& answers = world.server.outgoing(ann().enrollment.device);
    while (!answers.empty()) {
      EXPECT_TRUE(ann().engine->receive(wire::encode(answers.front())));
      answers.pop_front();
    }
    return state().log.back();
  }
  void hand_over(Phone& to, const wire::GroupEntry& entry) {
    ASSERT_TRUE(to.engine->receive(wire::encode(wire::ServerFrame{0, entry})));
    to.take();
  }
  UnreadableReason reason() {
    const auto told = bob().events_of<event::MessageUnreadable>();
    return told.empty() ? UnreadableReason::none : told.back().message.reason;
  }

  World world;
  ConversationId id;
};

TEST_F(GroupAttacks, AChangedMessageIsTampered) {
  auto entry = capture("hello");
  entry.content.back() ^= 1;
  hand_over(bob(), entry);
  EXPECT_EQ(reason(), UnreadableReason::tampered);
  EXPECT_TRUE(bob().texts(id).empty());
}

TEST_F(GroupAttacks, AMessageIsBoundToItsIdTimeAndSender) {
  for (int change = 0; change < 3; ++change) {
    auto entry = capture("hello " + std::to_string(change));
    if (change == 0) {
      entry.message_id = MessageId::make(world.clock, world.random);
    } else if (change == 1) {
      entry.sent_at += 1s;
    } else {
      entry.sender_user_id = bob().enrollment.user;
    }
    hand_over(bob(), entry);
    EXPECT_EQ(reason(),
              change == 2 ? UnreadableReason::identity_mismatch : UnreadableReason::tampered);
  }
  EXPECT_TRUE(bob().texts(id).empty());
}

TEST_F(GroupAttacks, AReplayedMessageIsShownOnce) {
  auto entry = capture("hello");
  hand_over(bob(), entry);
  ++entry.seq;
  hand_over(bob(), entry);
  entry.message_id = MessageId::make(world.clock, world.random);
  ++entry.seq;
  hand_over(bob(), entry);
  EXPECT_EQ(reason(), UnreadableReason::replayed);
  EXPECT_EQ(bob().texts(id), std::vector<std::string>{"hello"});
}

// The server signs up a device of bob's by itself and brings it in by an external commit.
TEST_F(GroupAttacks, AGhostDeviceIsToldAndTakenOutAndReadsNothing) {
  const auto ghost = world.server.add_device(bob().enrollment.user, "ghost");
  const auto& provider = world.crypto;
  const auto suite = mls::Suite::of(provider, mls::kDefaultCipherSuite).value();
  const auto key = mls::SignatureKeyPair::generate(suite, world.random).value();
  const mls::Identity identity{
      key.clone(),
      mls::Credential::basic(identity::encode(identity::MemberName{bob().enrollment.user, ghost})),
      mls::default_capabilities(provider),
      {}};
  const mls::Environment env{.provider = provider, .random = world.random};
  const auto info = mls::MlsMessage::parse(state().group_info).value();
  mls::JoinOptions options;
  options.tree = mls::RatchetTree::parse(state().trees.at(state().group_info_seq)).value();
  auto joined =
      mls::Group::join_external(env, *info.as<mls::GroupInfo>(), identity, options).value();
  wire::PublishKeys keys;
  keys.signing_key = to_array<32>(key.public_key()).value();
  world.server.device(ghost).keys = keys;
  const auto next = joined.group.group_info(false).value();
  world.server.connect(ghost);
  world.server.handle(
      ghost,
      wire::encode(wire::ClientFrame{
          1, wire::CommitGroup{id, 0, joined.commit, {}, mls::encode(mls::MlsMessage{next})}}));
  ASSERT_TRUE(ann().engine->send_text(id, "secret"));
  world.settle_over(60s);
  EXPECT_GT(ann().count<event::GhostDevice>() + bob().count<event::GhostDevice>(), 0U);
  EXPECT_EQ(bob().texts(id), std::vector<std::string>{"secret"});
  std::size_t removed_at = 0;
  for (const auto& entry : state().log) {
    const auto message = mls::MlsMessage::parse(entry.content).value();
    if (entry.kind == wire::GroupEntryKind::commit && entry.sender_device_id != ghost &&
        entry.epoch == joined.group.context().epoch) {
      const auto got = joined.group.receive(env, message);
      ASSERT_TRUE(got) << got.error().message();
      EXPECT_TRUE(got->commit.self_removed);
      removed_at = entry.seq;
    } else if (entry.kind == wire::GroupEntryKind::message) {
      EXPECT_GT(entry.seq, removed_at);
      EXPECT_FALSE(joined.group.receive(env, message)) << "the ghost reads";
    }
  }
  EXPECT_GT(removed_at, 0U);
}

// A user whom no member added comes in by a commit of its own, with the server's help.
TEST_F(GroupAttacks, NobodyComesInWhoseUserIsNoMember) {
  auto& eve = world.add_phone(world.add_user("eve"), "eve");
  world.connect(eve);
  world.settle();
  const auto before = ann().engine->group(id)->members.size();
  const mls::Environment env{.provider = world.crypto, .random = world.random};
  const auto suite = mls::Suite::of(world.crypto, mls::kDefaultCipherSuite).value();
  const mls::Identity identity{mls::SignatureKeyPair::generate(suite, world.random).value(),
                               mls::Credential::basic(identity::encode(identity::MemberName{
                                   eve.enrollment.user, eve.enrollment.device})),
                               mls::default_capabilities(world.crypto),
                               {}};
  const auto info = mls::MlsMessage::parse(state().group_info).value();
  mls::JoinOptions options;
  options.tree = mls::RatchetTree::parse(state().trees.at(state().group_info_seq)).value();
  auto joined =
      mls::Group::join_external(env, *info.as<mls::GroupInfo>(), identity, options).value();
  wire::GroupEntry entry;
  entry.conversation_id = id;
  entry.seq = state().log.size() + 1;
  entry.kind = wire::GroupEntryKind::commit;
  entry.epoch = state().group.state().context.epoch;
  entry.sender_user_id = eve.enrollment.user;
  entry.sender_device_id = eve.enrollment.device;
  entry.content = joined.commit;
  entry.received_at = world.clock.now();
  hand_over(ann(), entry);
  EXPECT_EQ(ann().count<event::GhostDevice>(), 1U);
  EXPECT_FALSE(ann().texts(id).size() > 0);
  world.settle_over(120s);
  EXPECT_EQ(ann().count<event::GroupRepaired>(), 1U) << "back in the true group";
  EXPECT_EQ(ann().engine->group(id)->members.size(), before);
  say(ann(), "still here");
  EXPECT_EQ(bob().texts(id), std::vector<std::string>{"still here"});
}

// The server shows ann and bob different commits of the same epoch.
TEST_F(GroupAttacks, ASplitGroupIsNoticed) {
  std::vector<mls::Record> records;
  auto all = ann().memory.load(Table::group_state).value();
  for (auto& stored : all) {
    records.push_back({to_bytes(ByteView(stored.key).subspan(16)), std::move(stored.value)});
  }
  auto twin = mls::Group::restore(world.crypto, records).value();
  const mls::Environment env{.provider = world.crypto, .random = world.random};
  wire::GroupEntry commit;
  commit.conversation_id = id;
  commit.seq = state().log.size() + 1;
  commit.kind = wire::GroupEntryKind::commit;
  commit.epoch = state().group.state().context.epoch;
  commit.sender_user_id = ann().enrollment.user;
  commit.sender_device_id = ann().enrollment.device;
  commit.received_at = world.clock.now();
  commit.content = twin.commit(env, {}).value().commit;
  world.server.disconnect(bob().enrollment.device);
  hand_over(bob(), commit);
  ASSERT_EQ(bob().engine->group(id)->epoch, commit.epoch + 1);
  // Ann takes another way into the same epoch.
  world.clock.advance(3h);
  world.settle_over(5s);
  ASSERT_EQ(ann().engine->group(id)->epoch, commit.epoch + 1);
  EXPECT_NE(ann().engine->group(id)->epoch_code, bob().engine->group(id)->epoch_code);
  say(ann(), "to the other half");
  auto entry = state().log.back();
  ASSERT_EQ(entry.kind, wire::GroupEntryKind::message);
  entry.seq = commit.seq + 1;
  hand_over(bob(), entry);
  EXPECT_EQ(bob().count<event::GroupForked>(), 1U);
  EXPECT_EQ(reason(), UnreadableReason::forked);
}

}  // namespace
}  // namespace unhidra::client::testing
