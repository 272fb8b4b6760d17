// Devices that were away while their membership ended and began again.

#include "group_world.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

// The Welcome of the second stay is in the inbox before the device has read that the first is over.
TEST_F(Groups, WhoIsRemovedAndAddedWhileAwayReadsFromTheWelcomeOn) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {&bob});
  say(ann, id, "of the first stay");
  world.settle();
  world.disconnect(bob);
  say(ann, id, "the end of it");
  world.settle();
  ASSERT_TRUE(ann.engine->remove_from_group(id, std::array{bob.enrollment.user}));
  world.settle();
  say(ann, id, "not for bob");
  world.settle();
  ASSERT_TRUE(ann.engine->add_to_group(id, std::array{bob.enrollment.user}));
  world.settle();
  say(ann, id, "welcome back");
  world.settle();
  const auto epoch = ann.engine->group(id)->epoch;
  world.connect(bob);
  world.settle();
  EXPECT_EQ(bob.texts(id), (Texts{"of the first stay", "the end of it", "welcome back"}));
  EXPECT_EQ(ann.engine->group(id)->epoch, epoch) << "no external commit was needed";
  expect_together(id, {&ann, &bob});
}

// Connected, but the event of the removal is overtaken by the Welcome.
TEST_F(Groups, AWelcomeThatOvertakesTheRemovalIsNotLost) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {&bob});
  const auto run = [&](Phone& phone) {
    world.check_crash(phone);
    phone.take();
    while (!phone.to_server.empty()) {
      world.server.handle(phone.enrollment.device, phone.to_server.front());
      phone.to_server.pop_front();
    }
  };
  const auto let_ann_alone = [&] {
    for (bool moved = true; moved;) {
      run(ann);
      auto& incoming = world.server.outgoing(ann.enrollment.device);
      moved = !incoming.empty();
      while (!incoming.empty()) {
        ASSERT_TRUE(ann.engine->receive(wire::encode(incoming.front())));
        incoming.pop_front();
      }
      ann.take();
      moved = moved || !ann.to_server.empty();
    }
  };
  ASSERT_TRUE(ann.engine->remove_from_group(id, std::array{bob.enrollment.user}));
  let_ann_alone();
  ASSERT_TRUE(ann.engine->add_to_group(id, std::array{bob.enrollment.user}));
  let_ann_alone();
  say(ann, id, "welcome back");
  let_ann_alone();
  auto& incoming = world.server.outgoing(bob.enrollment.device);
  std::ranges::stable_partition(incoming, [](const wire::ServerFrame& frame) {
    return std::holds_alternative<wire::InboxEntry>(frame.body);
  });
  ASSERT_TRUE(std::holds_alternative<wire::InboxEntry>(incoming.front().body));
  world.settle_over(60s);
  EXPECT_EQ(bob.texts(id), Texts{"welcome back"});
  expect_together(id, {&ann, &bob});
}

// A second device of bob's that is on its way in by a commit of its own, which the server has not
// got yet, when ann takes bob out and in again: a Welcome for the device comes meanwhile.
class ExternalCommits : public Groups {
 protected:
  void SetUp() override {
    id = create(ann, {&bob});
    world.connect(tablet);
    world.settle();
    ASSERT_TRUE(bob.engine->refresh_user(bob.enrollment.user));
    world.settle();
    ASSERT_TRUE(bob.engine->approve_device(tablet.enrollment.device));
    for (int i = 0; i < 10'000 && !commit; ++i) {
      for (auto* phone : {&ann, &bob, &tablet}) {
        run(*phone);
      }
    }
    ASSERT_TRUE(commit) << "the device did not try to come in";
  }
  // Moves what one device sends and gets. The tablet's commit stays on its way.
  bool run(Phone& phone) {
    world.check_crash(phone);
    phone.take();
    bool moved = false;
    for (; !phone.to_server.empty(); phone.to_server.pop_front()) {
      moved = true;
      const auto& bytes = phone.to_server.front();
      const auto frame = wire::decode<wire::ClientFrame>(bytes, {.max_size = 1U << 20});
      if (&phone == &tablet && frame && std::get_if<wire::CommitGroup>(&frame->body) != nullptr) {
        commit = bytes;
      } else {
        world.server.handle(phone.enrollment.device, bytes);
      }
    }
    auto& incoming = world.server.outgoing(phone.enrollment.device);
    for (; !incoming.empty(); incoming.pop_front()) {
      moved = true;
      EXPECT_TRUE(phone.engine->receive(wire::encode(incoming.front())));
    }
    phone.take();
    return moved || !phone.to_server.empty();
  }
  void move_alone(Phone& phone) {
    while (run(phone)) {
    }
  }
  void take_bob_out_and_in_again() {
    move_alone(ann);
    ann.events.clear();
    ASSERT_TRUE(ann.engine->remove_from_group(id, std::array{bob.enrollment.user}));
    move_alone(ann);
    ASSERT_TRUE(ann.engine->add_to_group(id, std::array{bob.enrollment.user}));
    move_alone(ann);
    const auto told = ann.events_of<event::GroupChangeDone>();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told.back().failure, "");
    say(ann, id, "welcome back");
    move_alone(ann);
  }
  void deliver_commit() { world.server.handle(tablet.enrollment.device, *commit); }
  void expect_everybody_is_in() {
    world.settle_over(120s);
    EXPECT_EQ(bob.texts(id), Texts{"welcome back"});
    EXPECT_EQ(tablet.texts(id), Texts{"welcome back"});
    say(tablet, id, "from the tablet");
    world.settle();
    for (auto* phone : {&ann, &bob, &tablet}) {
      EXPECT_EQ(phone->texts(id), (Texts{"welcome back", "from the tablet"}));
    }
    EXPECT_EQ(tablet.count<event::GroupRepaired>(), 0U);
    expect_together(id, {&ann, &bob, &tablet});
  }

  Phone& ann = join("ann");
  Phone& bob = join("bob");
  Phone& tablet = world.add_phone(bob.enrollment.user, "tablet");
  ConversationId id;
  std::optional<Bytes> commit;
};

TEST_F(ExternalCommits, AWelcomeThatComesBeforeTheCommitIsRefusedIsTheWayIn) {
  take_bob_out_and_in_again();
  move_alone(tablet);
  EXPECT_NE(tablet.engine->group(id)->state, GroupState::active) << "the commit may have won";
  deliver_commit();
  expect_everybody_is_in();
}

TEST_F(ExternalCommits, AWelcomeAfterACommitWhoseAnswerWasLostIsTheWayIntoTheSecondStay) {
  deliver_commit();
  world.disconnect(tablet);
  world.server.outgoing(tablet.enrollment.device).clear();
  take_bob_out_and_in_again();
  world.connect(tablet);
  expect_everybody_is_in();
}

TEST_F(ExternalCommits, AWelcomeAfterACrashBeforeTheCommitWasSentIsTheWayIn) {
  take_bob_out_and_in_again();
  world.server.disconnect(tablet.enrollment.device);
  tablet.reopen();
  commit.reset();
  world.connect(tablet);
  expect_everybody_is_in();
}

}  // namespace
}  // namespace unhidra::client::testing
