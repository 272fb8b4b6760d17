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

}  // namespace
}  // namespace unhidra::client::testing
