// The people of an organisation: who finds whom, and who is called otherwise.

#include "people.h"

#include "chat_fixture.h"
#include "message_rules.h"
#include "places.h"

namespace unhidra::chat {
namespace {

using storage::Transaction;
using Names = std::vector<std::string>;

class People : public ChatTest {
 protected:
  void SetUp() override {
    ChatTest::SetUp();
    if (database_ == nullptr) {
      return;
    }
    acme_ = make_org("acme");
    ann_ = add("ann.lee", "Ann Marie Lee", " ann.lee ann lee ann marie lee");
    bob_ = add("bob", "Bob O'Brien", " bob bob o'brien o brien");
    zoe_ = add("zoe", "Zo\xc3\xab M\xc3\xbcller", " zoe zo\xc3\xab m\xc3\xbcller");
    percent_ = add("percy", "100% Percy", " percy 100% percy");
  }
  UserId add(const std::string& name, const std::string& display, const std::string& search) {
    const auto id = make_user(acme_, name);
    EXPECT_TRUE(write([&](Transaction& tx) {
      return tx.execute("UPDATE users SET display_name = $2, search_text = $3 WHERE user_id = $1",
                        id, display, search);
    }));
    return id;
  }
  Asker as(UserId user, Level level = kMember) const { return {acme_, user, {}, level}; }
  Result<wire::People> list(const Asker& by, const wire::ListPeople& request) {
    return read([&](Transaction& tx) { return list_people(tx, by, request); });
  }
  Names found(const Asker& by, const std::string& search) {
    Names out;
    const auto page = list(by, {.search = search, .cursor = {}});
    EXPECT_TRUE(page) << page.error().message();
    for (const auto& one : page->people) {
      out.push_back(one.username);
    }
    return out;
  }
  void hide(OrgId org) {
    ASSERT_TRUE(write([&](Transaction& tx) {
      return store_chat_policy(tx, org, {300, true, true}, clock_.now());
    }));
  }
  void meet(UserId a, UserId b) {
    ASSERT_TRUE(write([&](Transaction& tx) {
      return open_direct(tx, as(a), b, ConversationId::make(clock_, random_), clock_.now());
    }));
  }

  OrgId acme_;
  UserId ann_;
  UserId bob_;
  UserId zoe_;
  UserId percent_;
};

TEST_P(People, AreFoundByTheBeginningsOfTheirNamesWords) {
  EXPECT_EQ(found(as(bob_), ""), (Names{"ann.lee", "bob", "percy", "zoe"}));
  EXPECT_EQ(found(as(bob_), "ann"), Names{"ann.lee"});
  EXPECT_EQ(found(as(bob_), "LEE Mar"), Names{"ann.lee"});
  EXPECT_EQ(found(as(bob_), "brien"), Names{"bob"});
  EXPECT_EQ(found(as(bob_), "M\xc3\x9cL"), Names{"zoe"}) << "without regard to case";
  EXPECT_EQ(found(as(bob_), "Zoe\u0308 Mu\u0308"), Names{"zoe"}) << "in whatever form it is typed";
  EXPECT_EQ(found(as(bob_), "ie"), Names{}) << "the end of a word is no beginning";
  EXPECT_EQ(found(as(bob_), "ann bob"), Names{}) << "all words are meant";
}

TEST_P(People, SignsOfPatternsStandForThemselves) {
  EXPECT_EQ(found(as(bob_), "100%"), Names{"percy"});
  EXPECT_EQ(found(as(bob_), "%"), Names{});
  EXPECT_EQ(found(as(bob_), "_nn"), Names{});
  EXPECT_EQ(found(as(bob_), "!"), Names{});
  EXPECT_EQ(found(as(bob_), "' OR 1=1 --"), Names{});
}

TEST_P(People, ThoseOfOtherOrganisationsAndDeactivatedOnesAreNotThere) {
  const auto other = make_org("other");
  const auto mallory = make_user(other, "mallory");
  EXPECT_EQ(found({other, mallory, {}, kHighestLevel}, "ann"), Names{});
  EXPECT_FALSE(read([&](Transaction& tx) {
    return look_up_user(tx, {other, mallory, {}, kHighestLevel}, {ann_});
  }));
  ASSERT_TRUE(write([&](Transaction& tx) {
    return tx.execute("UPDATE users SET disabled = 1 WHERE user_id = $1", ann_);
  }));
  EXPECT_EQ(found(as(bob_, kOrgAdmin), "ann"), Names{});
}

TEST_P(People, AGuestKnowsOfThoseAloneWithWhomHeTalks) {
  const auto look = [&](const Asker& by, const wire::LookUpUser& who) {
    return read([&](Transaction& tx) { return look_up_user(tx, by, who); });
  };
  EXPECT_EQ(found(as(bob_, kGuest), ""), Names{"bob"});
  EXPECT_FALSE(look(as(bob_, kGuest), {ann_}));
  EXPECT_FALSE(look(as(bob_, kGuest), {std::string("ann.lee")}));
  meet(ann_, bob_);
  EXPECT_EQ(found(as(bob_, kGuest), ""), (Names{"ann.lee", "bob"}));
  EXPECT_EQ(found(as(bob_, kGuest), "zo"), Names{});
  EXPECT_TRUE(look(as(bob_, kGuest), {ann_}));
  EXPECT_TRUE(look(as(bob_, kGuest), {std::string("ann.lee")}));
  EXPECT_TRUE(look(as(bob_, kMember), {zoe_}));
}

TEST_P(People, WhoHasLeftIsNotKnownToAGuestAnyMore) {
  meet(ann_, bob_);
  ASSERT_TRUE(write([&](Transaction& tx) {
    return tx.execute("UPDATE conversation_members SET left_at = $2 WHERE user_id = $1", ann_,
                      clock_.now());
  }));
  EXPECT_EQ(found(as(bob_, kGuest), ""), Names{"bob"});
}

TEST_P(People, AnOrganisationMayHideThem) {
  hide(acme_);
  meet(bob_, zoe_);
  EXPECT_EQ(found(as(bob_), ""), (Names{"bob", "zoe"}));
  EXPECT_EQ(found(as(bob_, kSpaceAdmin), "ann"), Names{});
  EXPECT_EQ(found(as(bob_, kOrgAdmin), "ann"), Names{"ann.lee"});
  EXPECT_TRUE(read([&](Transaction& tx) {
    return look_up_user(tx, as(bob_), {std::string("ann.lee")});
  })) << "who knows the whole name has it from somebody";
}

TEST_P(People, PagesFollowEachOther) {
  Names out;
  wire::ListPeople request{.search = {}, .cursor = {}, .limit = 3};
  std::size_t pages = 0;
  do {
    const auto page = list(as(bob_), request);
    ASSERT_TRUE(page);
    for (const auto& one : page->people) {
      out.push_back(one.username);
    }
    request.cursor = page->next_cursor;
    ++pages;
  } while (!request.cursor.empty() && pages < 10);
  EXPECT_EQ(pages, 2U);
  EXPECT_EQ(out, (Names{"ann.lee", "bob", "percy", "zoe"}));
}

TEST_P(People, WhoIsCalledOtherwiseIsToldSinceWhen) {
  const auto before = clock_.now();
  clock_.advance(std::chrono::seconds(1));
  ASSERT_TRUE(write([&](Transaction& tx) {
    return tx.execute(
        "UPDATE users SET display_name_changed_at = $2, disabled = 1 WHERE user_id = $1", zoe_,
        clock_.now());
  }));
  const auto since = [&](Timestamp when) {
    return list(as(bob_), {.search = {}, .cursor = {}, .limit = 0, .changed_since = when})
        ->people.size();
  };
  EXPECT_EQ(since(before), 1U);
  EXPECT_EQ(since(clock_.now() + std::chrono::seconds(1)), 0U);
  hide(acme_);
  EXPECT_EQ(since(before), 0U) << "what is hidden stays hidden";
}

TEST_P(People, SearchesThatAreNoneAreRefused) {
  const auto refused = [&](wire::ListPeople request) {
    const auto got = list(as(bob_), request);
    return !got && got.error() == Errc::malformed;
  };
  EXPECT_TRUE(refused({.search = std::string(kMaxPeopleSearch + 1, 'a'), .cursor = {}}));
  EXPECT_TRUE(refused({.search = "a b c d e f g", .cursor = {}}));
  EXPECT_TRUE(refused({.search = "\xff", .cursor = {}}));
  EXPECT_TRUE(refused({.search = {}, .cursor = Bytes(65, Byte{'a'})}));
}

INSTANTIATE_TEST_SUITE_P(Databases, People, testing::Values("sqlite", "postgres"),
                         [](const auto& database) { return database.param; });

}  // namespace
}  // namespace unhidra::chat
