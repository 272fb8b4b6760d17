// What people are called, and how others learn that it has changed.

#include "world.h"

namespace unhidra::client::testing {
namespace {

class Names : public ::testing::Test {
 protected:
  static std::string name(Phone& by, const Phone& whom) {
    const auto user = by.engine->user(whom.enrollment.user).value();
    return user ? user->display_name : "nobody";
  }
  void meet(Phone& a, Phone& b) {
    ASSERT_TRUE(a.engine->send_text(b.enrollment.user, "hello"));
    world.settle();
  }
  std::optional<event::PlaceAnswer> ask(Phone& by, const std::string& search) {
    by.events.clear();
    const auto number =
        by.engine->ask_place(wire::ListPeople{.search = search, .cursor = {}, .limit = 0});
    EXPECT_TRUE(number);
    world.settle();
    const auto answers = by.events_of<event::PlaceAnswer>();
    return answers.empty() ? std::nullopt : std::optional(answers.back());
  }

  World world;
};

TEST_F(Names, WhoIsConnectedLearnsOfANewOneAtOnce) {
  auto& ann = world.join("ann");
  auto& bob = world.join("bob");
  meet(ann, bob);
  EXPECT_EQ(name(bob, ann), "ann");
  const auto before = bob.engine->conversations_since(0)->revision;
  world.server.rename(ann.enrollment.user, "Ann Lee");
  world.settle();
  EXPECT_EQ(name(bob, ann), "Ann Lee");
  EXPECT_EQ(name(ann, ann), "Ann Lee") << "her own devices, too";
  ASSERT_EQ(bob.count<event::UserChanged>(), 1U);
  EXPECT_EQ(bob.events_of<event::UserChanged>().front().user.display_name, "Ann Lee");
  EXPECT_EQ(bob.engine->conversations_since(before)->conversations.size(), 1U)
      << "the list shows her otherwise";
}

TEST_F(Names, WhoWasAwayLearnsOfItOnTheNextConnection) {
  auto& ann = world.join("ann");
  auto& bob = world.join("bob");
  auto& cleo = world.join("cleo");
  meet(ann, bob);
  meet(cleo, bob);
  world.disconnect(bob);
  world.server.rename(ann.enrollment.user, "Ann Lee");
  world.server.rename(cleo.enrollment.user, "Cleo Day");
  world.clock.advance(std::chrono::hours(30));
  bob.reopen();
  world.connect(bob);
  world.settle();
  EXPECT_EQ(name(bob, ann), "Ann Lee");
  EXPECT_EQ(name(bob, cleo), "Cleo Day") << "on the second page";
  EXPECT_EQ(bob.count<event::UserChanged>(), 2U);
  // The next one asks for less.
  world.server.people_asked = 0;
  world.clock.advance(std::chrono::hours(1));
  world.disconnect(bob);
  world.connect(bob);
  world.settle();
  EXPECT_EQ(world.server.people_asked, 1U);
}

TEST_F(Names, AStrangersNameIsNotKept) {
  auto& ann = world.join("ann");
  auto& bob = world.join("bob");
  world.server.rename(ann.enrollment.user, "Ann Lee");
  world.settle();
  EXPECT_EQ(name(bob, ann), "nobody");
  EXPECT_EQ(bob.count<event::UserChanged>(), 0U);
}

TEST_F(Names, ANameThatIsTooLongLeavesTheOldOneAndTheStoreReadable) {
  auto& ann = world.join("ann");
  auto& bob = world.join("bob");
  meet(ann, bob);
  world.server.rename(ann.enrollment.user, std::string(100'000, 'a'));
  world.settle();
  EXPECT_EQ(name(bob, ann), "ann");
  bob.reopen();
  EXPECT_EQ(name(bob, ann), "ann");
}

TEST_F(Names, PeopleAreListedAndTheAnswerRenamesThoseWhoAreKnown) {
  auto& ann = world.join("ann");
  auto& bob = world.join("bob");
  meet(ann, bob);
  world.server.user(ann.enrollment.user).display_name = "Ann Lee";
  world.add_user("anna");
  const auto answer = ask(bob, "an");
  ASSERT_TRUE(answer);
  const auto* page = std::get_if<wire::People>(&answer->body);
  ASSERT_NE(page, nullptr);
  ASSERT_EQ(page->people.size(), 1U);
  EXPECT_EQ(page->people.front().username, "ann");
  EXPECT_FALSE(page->next_cursor.empty());
  EXPECT_EQ(name(bob, ann), "Ann Lee");
  world.disconnect(bob);
  EXPECT_FALSE(bob.engine->ask_place(wire::ListPeople{})) << "no connection";
}

}  // namespace
}  // namespace unhidra::client::testing
