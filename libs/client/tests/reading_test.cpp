// Counts cannot get stuck: whatever happened in whatever order, reading everything gives zero
// everywhere, on every device of the person.

#include <algorithm>

#include "list_mirror.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

class Reading : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  Reading() : world(GetParam()) {
    world.keep_few_keys();
    world.limits.receipts = true;
  }
  Phone& pick() { return *world.phones[world.random.below(world.phones.size())]; }

  void expect_nothing_left(Phone& phone) {
    const auto conversations = phone.engine->conversations().value();
    for (const auto& one : conversations) {
      EXPECT_EQ(one.unread, 0U) << phone.enrollment.username;
      EXPECT_EQ(one.mentions, 0U) << phone.enrollment.username;
      EXPECT_EQ(one.unread_threads, 0U) << phone.enrollment.username;
    }
    const auto threads = phone.engine->threads({}, false).value();
    for (const auto& thread : threads) {
      EXPECT_EQ(thread.root.thread->unread, 0U);
      EXPECT_EQ(thread.root.thread->mentions, 0U);
    }
  }

  // What a person might do next.
  void act(Phone& phone, ConversationId where) {
    auto known = phone.engine->history(where, UINT64_MAX, 50);
    if (!known) {
      return;
    }
    std::erase_if(*known, [](const Message& one) { return one.notice.has_value(); });
    Draft draft{.text = "text"};
    if (world.random.below(3) == 0) {
      draft.mentions_everyone = true;
    }
    if (known->empty()) {
      (void)phone.engine->send(where, draft);
      return;
    }
    const auto& one = (*known)[world.random.below(known->size())];
    switch (world.random.below(8)) {
      case 0:
        (void)phone.engine->react(where, one.ref(), "👍", world.random.below(2) == 0);
        return;
      case 1:
        (void)phone.engine->edit(where, one.ref(), draft);
        return;
      case 2:
        (void)phone.engine->remove(where, one.ref());
        return;
      case 3:
        (void)phone.engine->mark_read(where, one.index);
        return;
      case 4:
        (void)phone.engine->mark_thread_read(where, one.ref());
        return;
      case 5:
        draft.thread_root = one.ref();
        (void)phone.engine->send(where, draft);
        return;
      case 6:
        (void)phone.engine->follow_thread(where, one.ref(), world.random.below(2) == 0);
        return;
      default:
        (void)phone.engine->send(where, draft);
    }
  }

  World world;
};

TEST_P(Reading, EverythingGivesZeroEverywhere) {
  SCOPED_TRACE("UNHIDRA seed " + std::to_string(GetParam()));
  const auto ann = world.add_user("ann");
  for (const auto& user : {ann, world.add_user("bob"), world.add_user("cleo")}) {
    world.connect(world.add_phone(user));
    world.settle();
  }
  auto& tablet = world.add_phone(ann, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(*world.phones[0], tablet);
  const auto group = world.phones[0]->engine->create_group(
      "g", std::array{world.phones[1]->enrollment.user, world.phones[2]->enrollment.user});
  ASSERT_TRUE(group);
  world.settle_over(10s);
  ASSERT_TRUE(world.phones[0]->engine->send_text(world.phones[1]->enrollment.user, "hello"));
  world.settle();
  const auto pair =
      world.phones[0]->engine->conversation_with(world.phones[1]->enrollment.user).value()->id;
  std::map<DeviceId, ListMirror> lists;
  for (int step = 0; step < 150; ++step) {
    auto& phone = pick();
    const auto dice = world.random.below(20);
    if (dice == 0 && world.server.connected(phone.enrollment.device)) {
      world.disconnect(phone);
    } else if (dice == 1) {
      phone.reopen();
      lists.erase(phone.enrollment.device);
      world.connect(phone);
    } else {
      act(phone, world.random.below(4) == 0 ? pair : *group);
      phone.take();
    }
    for (auto moves = world.random.below(12); moves > 0; --moves) {
      world.move_one();
    }
    for (auto& one : world.phones) {
      lists[one->enrollment.device].expect_whole(*one);
    }
  }
  for (auto& phone : world.phones) {
    if (!world.server.connected(phone->enrollment.device)) {
      world.connect(*phone);
    }
  }
  world.settle_over(60s);
  // Ann reads on one device; the other one learns of it.
  for (const std::size_t reader : {0U, 1U, 2U}) {
    ASSERT_TRUE(world.phones[reader]->engine->mark_all_read({}));
    world.phones[reader]->take();
  }
  world.settle_over(60s);
  for (auto& phone : world.phones) {
    expect_nothing_left(*phone);
  }
  // And all see the same.
  const auto first = world.phones[0]->engine->history(*group, UINT64_MAX, 1000).value();
  for (auto& phone : world.phones) {
    for (const auto& message : first) {
      if (message.notice) {
        continue;
      }
      const auto other = phone->engine->message(*group, message.ref());
      ASSERT_TRUE(other && *other) << phone->enrollment.username;
      EXPECT_EQ((*other)->text, message.text);
      EXPECT_EQ((*other)->deleted, message.deleted);
      EXPECT_EQ((*other)->edits, message.edits);
      EXPECT_EQ((*other)->reactions.size(), message.reactions.size());
    }
  }
}

// One record a message, as the first versions stored what is not read.
TEST(UnreadInStore, OfAnEarlierVersionIsTakenOver) {
  World world;
  auto& ann = world.join("ann");
  auto& bob = world.join("bob");
  ASSERT_TRUE(ann.engine->send_text(bob.enrollment.user, "one"));
  world.settle();
  const auto id = bob.engine->conversation_with(ann.enrollment.user).value()->id;
  ASSERT_TRUE(ann.engine->send(id, {.text = "two", .mentions = {bob.enrollment.user}}));
  ASSERT_TRUE(ann.engine->send_text(id, "three"));
  world.settle();
  std::vector<Mutation> changes;
  const auto blocks = bob.memory.load(Table::unread_block).value();
  for (const auto& block : blocks) {
    changes.push_back({Table::unread_block, block.key, std::nullopt});
  }
  EXPECT_EQ(changes.size(), 1U);
  const auto messages = bob.engine->history(id, UINT64_MAX, 10).value();
  for (const auto& message : messages) {
    ByteWriter key;
    key.raw(id.bytes()).u64(message.seq);
    ByteWriter value;
    value.u8(1).u8(message.mentions.empty() ? 0 : 1).u8(0).u64(0);
    changes.push_back({Table::unread, key.view(), SecretBytes::copy_of(value.view())});
  }
  ASSERT_TRUE(bob.memory.commit(changes));
  const auto counts = [&] {
    const auto shown = bob.engine->conversation_with(ann.enrollment.user).value();
    return std::pair(shown->unread, shown->mentions);
  };
  for (int i = 0; i < 2; ++i) {
    bob.reopen();
    EXPECT_EQ(counts(), std::pair(std::uint64_t{3}, std::uint64_t{1}));
    EXPECT_TRUE(bob.memory.load(Table::unread)->empty());
    EXPECT_EQ(bob.memory.load(Table::unread_block)->size(), 1U);
  }
  ASSERT_TRUE(bob.engine->mark_read(id, UINT64_MAX));
  bob.reopen();
  EXPECT_EQ(counts(), std::pair(std::uint64_t{0}, std::uint64_t{0}));
  EXPECT_TRUE(bob.memory.load(Table::unread_block)->empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, Reading, ::testing::Range<std::uint64_t>(1, 13));

}  // namespace
}  // namespace unhidra::client::testing
