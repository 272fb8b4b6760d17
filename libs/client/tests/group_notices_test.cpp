// Lines about a group in its timeline: in their place among the messages, the same on all devices,
// by whom the group's keys say, and not by whom the server says.

#include "unhidra/mls/group.h"

#include "group_world.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

class Notices : public Groups {
 protected:
  std::string name(UserId user) { return user.is_nil() ? "?" : world.server.user(user).name; }
  // The whole timeline: texts, and "ann added bob cleo".
  Lines timeline(const Phone& phone, ConversationId id) {
    Lines out;
    std::uint64_t index = 0;
    const auto messages = phone.engine->history(id, UINT64_MAX, 1000).value();
    for (const auto& message : messages) {
      EXPECT_EQ(message.index, index++);
      EXPECT_EQ(message.notice.has_value(), message.state == MessageState::notice);
      out.push_back(message.notice ? line(message, *message.notice) : message.text);
    }
    return out;
  }
  std::string line(const Message& message, const Notice& notice) {
    auto out = name(message.sender_user) + " " + std::string(to_string(notice.kind));
    std::vector<std::string> users;
    for (const auto& user : notice.users) {
      users.push_back(name(user));
    }
    std::ranges::sort(users);
    for (const auto& user : users) {
      out += " " + user;
    }
    return notice.name.empty() ? out : out + " " + notice.name;
  }
  template <class F>
  void change(F body) {
    const auto done = body();
    ASSERT_TRUE(done) << done.error().message();
    world.settle_over(60s);
  }
};

TEST_F(Notices, StandAmongTheMessagesAndAreTheSameForAll) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob});
  say(bob, id, "one");
  world.settle();
  change([&] { return bob.engine->add_to_group(id, std::array{cleo.enrollment.user}); });
  say(cleo, id, "two");
  world.settle();
  change([&] { return ann.engine->rename_group(id, "the choir"); });
  change([&] { return cleo.engine->share_history(id, true); });
  say(ann, id, "three");
  world.settle();
  change([&] { return cleo.engine->share_history(id, false); });
  change([&] { return bob.engine->leave_group(id); });
  change([&] { return ann.engine->remove_from_group(id, std::array{cleo.enrollment.user}); });
  const Lines from_cleo{"bob added cleo",
                        "two",
                        "ann renamed the choir",
                        "cleo history_shared",
                        "three",
                        "cleo history_unshared",
                        "bob left bob",
                        "ann removed cleo"};
  auto all = Lines{"ann added bob", "one"};
  std::ranges::copy(from_cleo, std::back_inserter(all));
  EXPECT_EQ(timeline(ann, id), all);
  EXPECT_EQ(timeline(cleo, id), from_cleo);
  EXPECT_EQ(timeline(bob, id), Lines(all.begin(), all.begin() + 9));
  EXPECT_EQ(ann.count<event::Noticed>(), 7U);
  for (auto* phone : {&ann, &bob, &cleo}) {
    const auto before = timeline(*phone, id);
    phone->reopen();
    EXPECT_EQ(timeline(*phone, id), before);
  }
}

TEST_F(Notices, CountNeitherAsUnreadNorAsMessages) {
  world.limits.receipts = true;
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob});
  say(ann, id, "look");
  world.settle();
  change([&] { return ann.engine->add_to_group(id, std::array{cleo.enrollment.user}); });
  const auto find = [&](const Phone& phone) {
    const auto all = phone.engine->conversations().value();
    return *std::ranges::find(all, id, &Conversation::id);
  };
  EXPECT_EQ(find(bob).unread, 1U);
  EXPECT_EQ(find(cleo).unread, 0U);
  EXPECT_EQ(bob.count<event::MessageReceived>(), 1U);
  SearchQuery query;
  query.conversation = id;
  EXPECT_EQ(bob.engine->search(query)->size(), 1U);
  // Read up to the line at the end: the receipt is about the message before it.
  ASSERT_TRUE(bob.engine->mark_read(id, UINT64_MAX));
  world.settle_over(60s);
  EXPECT_EQ(find(bob).unread, 0U);
  EXPECT_EQ(ann.engine->history(id, 2, 1)->front().read_by, 1U);
  const auto line = bob.engine->history(id, UINT64_MAX, 1)->front();
  ASSERT_TRUE(line.notice);
  EXPECT_EQ(bob.engine->react(id, line.ref(), "👍", true).error(), Errc::not_found);
}

TEST_F(Notices, WhoComesInByHimselfJoinedAndWhoseDevicesAreRevokedIsGone) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  NewChannel channel;
  channel.name = "news";
  channel.open = true;
  const auto id = ann.engine->create_channel(channel);
  ASSERT_TRUE(id) << id.error().message();
  world.settle();
  ASSERT_TRUE(bob.engine->ask_place(wire::JoinChannel{*id}));
  world.settle_over(60s);
  EXPECT_EQ(timeline(ann, *id), Lines{"bob joined bob"});
  EXPECT_EQ(timeline(bob, *id), Lines{});
}

TEST_F(Notices, AnotherDeviceOfSomebodyIsNoNews) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {&bob});
  auto& tablet = world.add_phone(bob.enrollment.user, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(bob, tablet);
  world.settle_over(120s);
  ASSERT_EQ(tablet.engine->group(id)->state, GroupState::active);
  EXPECT_EQ(timeline(ann, id), Lines{"ann added bob"});
  EXPECT_EQ(timeline(tablet, id), Lines{});
}

TEST_F(Notices, AGroupThatBeginsAnewTellsOfNobodyWhoWasInItBefore) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {&bob});
  ASSERT_TRUE(ann.engine->reset_group(id));
  world.settle_over(120s);
  EXPECT_EQ(timeline(ann, id), Lines{"ann added bob"});
  EXPECT_EQ(timeline(bob, id), Lines{"ann added bob"});
}

TEST_F(Notices, WhoSaysTheNameLaterHasNotGivenIt) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {&bob});
  // The note in which ann gives the name is lost on its way to bob, and her next message tells it.
  world.disconnect(ann);
  ASSERT_TRUE(ann.engine->rename_group(id, "the choir"));
  world.clock.advance(10s);
  world.connect(ann);
  world.settle();
  EXPECT_EQ(timeline(bob, id).back(), "ann renamed the choir");
  EXPECT_EQ(timeline(ann, id).back(), "ann renamed the choir");
  EXPECT_EQ(timeline(bob, id).size(), 2U);
}

TEST_F(Notices, AnOwnNewDeviceIsGivenThem) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {&bob});
  say(bob, id, "one");
  world.settle();
  auto& tablet = world.add_phone(ann.enrollment.user, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(ann, tablet);
  world.settle_over(120s);
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(tablet.engine->request_history(ann.enrollment.device));
    world.settle();
    const auto code = tablet.engine->history_transfers()->at(0).code;
    ASSERT_TRUE(ann.engine->approve_history(tablet.enrollment.device, code));
    world.settle_over(60s);
    EXPECT_EQ(timeline(tablet, id), (Lines{"ann added bob", "one"}));
  }
}

}  // namespace
}  // namespace unhidra::client::testing
