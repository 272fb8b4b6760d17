// Receipts of large groups: what is kept of whom, and that nothing but counts is told.

#include "receipts.h"

#include "unhidra/chat/errc.h"

#include "group_delivery_fixture.h"
#include "message_rules.h"

namespace unhidra::chat {
namespace {

using namespace std::chrono_literals;
using storage::Transaction;

class Receipts : public GroupDeliveryFixture {
 protected:
  void SetUp() override {
    GroupDeliveryFixture::SetUp();
    if (database_ == nullptr) {
      return;
    }
    commit(*laptop_, adding({&*phone_, &*desk_}), {}, {&*phone_, &*desk_});
    fill_up_to(kPeopleWithNamedReceipts + 1);
    first_ = say(*laptop_, "one")->accepted.seq;
    second_ = say(*desk_, "two")->accepted.seq;
  }
  // Alice and Bob are in the group; so many others come, without devices.
  void fill_up_to(std::size_t people) {
    for (auto i = crowd_.size() + 2; i < people; ++i) {
      crowd_.push_back(make_user(org_, "user" + std::to_string(i)));
      ASSERT_TRUE(write([&](Transaction& tx) {
        return tx.execute(
            "INSERT INTO conversation_members (conversation_id, user_id, org_id, joined_at) "
            "VALUES ($1, $2, $3, $4)",
            id_, crowd_.back(), org_, clock_.now());
      }));
    }
  }
  Asker as(UserId user) const { return {org_, user, {}}; }
  Status report(UserId by, std::uint64_t delivered, std::uint64_t read) {
    return report_all(by, {{id_, delivered, read}});
  }
  Status report_all(UserId by, std::vector<wire::ReceiptMark> marks) {
    return write([&](Transaction& tx) { return store_receipts(tx, as(by), {std::move(marks)}); });
  }
  std::vector<wire::ReceiptCount> counts(std::vector<std::uint64_t> seqs) {
    auto out = read([&](Transaction& tx) -> Result<std::vector<wire::ReceiptCount>> {
      UNHIDRA_TRY(const auto positions, receipt_positions(tx, org_, id_));
      return count_receipts(tx, org_, {id_, std::move(seqs)}, positions);
    });
    EXPECT_TRUE(out) << out.error().message();
    return out ? *out : std::vector<wire::ReceiptCount>();
  }
  wire::ReceiptCount count(std::uint64_t seq) {
    const auto all = counts({seq});
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? wire::ReceiptCount() : all.front();
  }
  Result<bool> counted(UserId by) {
    return read([&](Transaction& tx) { return counts_receipts(tx, as(by), id_); });
  }
  std::size_t rows() {
    return read([&](Transaction& tx) -> Result<std::size_t> {
             UNHIDRA_TRY(const auto all, tx.query("SELECT 1 FROM receipts"));
             return all.size();
           })
        .value();
  }

  std::vector<UserId> crowd_;
  std::uint64_t first_ = 0;   // Alice's message
  std::uint64_t second_ = 0;  // Bob's
};

TEST_P(Receipts, AreCountedWithoutTheAuthorAndOnlyOfThoseWhoTell) {
  EXPECT_EQ(count(first_), (wire::ReceiptCount{first_, 0, 0, 0}));
  ASSERT_TRUE(report(alice_, second_, first_));
  ASSERT_TRUE(report(bob_, first_, first_));
  ASSERT_TRUE(report(crowd_[0], second_, first_));
  ASSERT_TRUE(report(crowd_[1], first_, 0));
  EXPECT_EQ(count(first_), (wire::ReceiptCount{first_, 3, 2, 3})) << "the author is Alice";
  EXPECT_EQ(count(second_), (wire::ReceiptCount{second_, 2, 0, 3})) << "the author is Bob";
}

TEST_P(Receipts, GoOnlyForwardAndNotBeyondTheLog) {
  ASSERT_TRUE(report(crowd_[0], second_ + 1'000'000, first_));
  ASSERT_TRUE(report(crowd_[0], first_, first_ - 1));
  EXPECT_EQ(count(second_), (wire::ReceiptCount{second_, 1, 0, 1}));
  EXPECT_EQ(count(first_), (wire::ReceiptCount{first_, 1, 1, 1}));
  const auto third = say(*laptop_, "three")->accepted.seq;
  EXPECT_EQ(count(third).delivered, 0U) << "what was claimed beyond the end is not believed later";
  ASSERT_TRUE(report(crowd_[0], 0, third));
  EXPECT_EQ(count(third), (wire::ReceiptCount{third, 1, 1, 1})) << "read includes delivered";
}

TEST_P(Receipts, AreKeptOfMembersOfLargeGroupsAlone) {
  const auto stranger = make_user(org_, "stranger");
  ASSERT_TRUE(report(stranger, second_, second_));
  const auto elsewhere = ConversationId::make(clock_, random_);
  ASSERT_TRUE(report_all(crowd_[0], {{elsewhere, 1, 1}}));
  EXPECT_EQ(rows(), 0U);
  EXPECT_TRUE(counted(stranger).error() == Errc::not_found);
  EXPECT_TRUE(counted(bob_).value());
  ASSERT_TRUE(write([&](Transaction& tx) {
    return tx.execute("UPDATE conversation_members SET left_at = $2 WHERE user_id = $1", crowd_[9],
                      clock_.now());
  }));
  EXPECT_FALSE(counted(bob_).value()) << "fifty are left: they send receipts to each other";
  ASSERT_TRUE(report(crowd_[0], second_, second_));
  EXPECT_EQ(rows(), 0U);
}

TEST_P(Receipts, ReportsAndQuestionsAreBounded) {
  EXPECT_TRUE(report_all(bob_, {}).error() == Errc::malformed);
  EXPECT_TRUE(report_all(bob_, std::vector<wire::ReceiptMark>(kMaxReceiptMarks + 1)).error() ==
              Errc::malformed);
  for (const auto size : {std::size_t{0}, kMaxReceiptSeqs + 1}) {
    const auto asked = read([&](Transaction& tx) {
      return count_receipts(tx, org_, {id_, std::vector<std::uint64_t>(size, first_)},
                            ReceiptPositions({}));
    });
    EXPECT_TRUE(asked.error() == Errc::malformed) << size;
  }
  EXPECT_EQ(counts({first_, 1, second_ + 7}).size(), 1U)
      << "a commit, and nothing, are no messages";
}

TEST_P(Receipts, EndWithTheWishOfThePersonOrTheOrganisationAndWithTheMembership) {
  for (const auto user : {alice_, bob_, crowd_[0], crowd_[1]}) {
    ASSERT_TRUE(report(user, second_, second_));
  }
  ASSERT_TRUE(write([&](Transaction& tx) { return withdraw_receipts(tx, as(crowd_[0])); }));
  EXPECT_EQ(rows(), 3U);
  EXPECT_EQ(count(first_), (wire::ReceiptCount{first_, 2, 2, 2})) << "counted in neither";
  commit(*laptop_, removing(*laptop_, {&*desk_}), {&*phone_});
  EXPECT_EQ(rows(), 2U) << "Bob's is gone with him";
  const auto decide = [&](bool on) {
    return write([&](Transaction& tx) {
      return store_chat_policy(tx, org_, {300, on, false}, clock_.now());
    });
  };
  fill_up_to(kPeopleWithNamedReceipts + 3);
  ASSERT_TRUE(decide(false));
  EXPECT_EQ(rows(), 0U);
  ASSERT_TRUE(report(crowd_[1], second_, second_));
  EXPECT_EQ(rows(), 0U) << "nobody is told, so nothing is kept";
  EXPECT_FALSE(counted(alice_).value());
  ASSERT_TRUE(decide(true));
  EXPECT_TRUE(counted(alice_).value());
}

TEST(ReceiptCaches, KeepWhatWasReadForAWhileThatGrowsWithTheGroup) {
  testkit::SeededRandom random(1);
  testkit::FakeClock clock;
  ReceiptCache cache;
  const auto id = ConversationId::make(clock, random);
  EXPECT_EQ(cache.find(id, clock.steady_now()).positions, nullptr);
  std::vector<ReceiptPositions::Position> people;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    people.push_back({UserId::make(clock, random), i, i / 2});
  }
  cache.put(id, std::make_shared<const ReceiptPositions>(people), clock.steady_now());
  clock.advance(4s);
  const auto known = cache.find(id, clock.steady_now());
  ASSERT_NE(known.positions, nullptr);
  EXPECT_EQ(known.left, ReceiptCache::lifetime(10'001) - 4s);
  EXPECT_EQ(known.positions->count(1'000, UserId()),
            (wire::ReceiptCount{1'000, 9'000, 8'000, 10'000}));
  clock.advance(7s);
  EXPECT_EQ(cache.find(id, clock.steady_now()).positions, nullptr);
  EXPECT_EQ(ReceiptCache::lifetime(60), ReceiptCache::kAtLeast);
}

INSTANTIATE_TEST_SUITE_P(Databases, Receipts, testing::Values("sqlite", "postgres"),
                         [](const auto& database) { return database.param; });

}  // namespace
}  // namespace unhidra::chat
