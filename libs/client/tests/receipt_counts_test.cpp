// Receipts of large groups: reported to the server, counted there, and nobody is named.

#include <numeric>

#include "chat_case.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

class ReceiptCounts : public ChatCase {
 protected:
  ReceiptCounts() { world.limits.max_receipt_members = 2; }
  void SetUp() override {
    ann = &join("ann");
    bob = &join("bob");
    cid = &join("cid");
    where = group_of(*ann, {bob, cid});
    said = say(*ann, where, {.text = "to all"});
  }
  std::uint64_t seq() { return seen_by(*ann, where, said).seq; }
  wire::ReceiptMark reported_by(const Phone& phone) {
    return world.server.reported[where][phone.enrollment.user];
  }
  std::size_t reports_of(const Phone& phone) {
    return static_cast<std::size_t>(std::ranges::count(world.server.reports, phone.enrollment.user,
                                                       [](const auto& one) { return one.second; }));
  }
  Phone& add_device(Phone& to, const std::string& name) {
    auto& phone = world.add_phone(to.enrollment.user, name);
    world.connect(phone);
    world.settle();
    world.approve(to, phone);
    world.settle_over(60s);
    return phone;
  }
  void watch(Phone& by, std::vector<std::uint64_t> seqs) {
    ASSERT_TRUE(by.engine->watch_receipts(where, seqs));
    by.take();
  }

  Phone* ann = nullptr;
  Phone* bob = nullptr;
  Phone* cid = nullptr;
  ConversationId where;
  MessageRef said;
};

TEST_F(ReceiptCounts, AreToldToTheServerAndNobodyIsNamed) {
  const auto entries = world.server.groups().at(where).log.size();
  world.settle_over(10s);
  EXPECT_EQ(reported_by(*bob), (wire::ReceiptMark{{}, seq(), 0}));
  EXPECT_EQ(seen_by(*ann, where, said).receipts_of, 0U) << "it is not shown yet";
  watch(*ann, {seq()});
  world.settle_over(5s);
  EXPECT_EQ(seen_by(*ann, where, said).delivered_to, 2U);
  EXPECT_EQ(seen_by(*ann, where, said).read_by, 0U);
  EXPECT_EQ(seen_by(*ann, where, said).receipts_of, 2U);
  ASSERT_TRUE(bob->engine->mark_read(where, UINT64_MAX));
  world.settle_over(30s);
  EXPECT_EQ(seen_by(*ann, where, said).read_by, 1U);
  EXPECT_EQ(ann->engine->receipt_count(where, seq()), (ReceiptCount{seq(), 2, 1, 2}));
  EXPECT_EQ(ann->events_of<event::ReceiptCountsChanged>().back().counts,
            (std::vector{ReceiptCount{seq(), 2, 1, 2}}));
  EXPECT_TRUE(ann->engine->receipts(where).value().empty());
  EXPECT_EQ(world.server.groups().at(where).log.size(), entries) << "no message for a receipt";
}

TEST_F(ReceiptCounts, AreOfPeopleAndGoOnlyForward) {
  auto& desk = world.add_phone(bob->enrollment.user, "desk");
  world.connect(desk);
  world.settle();
  world.approve(*bob, desk);
  world.settle_over(30s);
  ASSERT_TRUE(bob->engine->mark_read(where, UINT64_MAX));
  const auto next = say(*ann, where, {.text = "and to both of his"});
  world.settle_over(30s);
  EXPECT_EQ(reported_by(*bob).read_seq, seq());
  EXPECT_EQ(reported_by(*bob).delivered_seq, seen_by(*ann, where, next).seq);
  watch(*ann, {seq(), seen_by(*ann, where, next).seq});
  world.settle_over(5s);
  EXPECT_EQ(seen_by(*ann, where, said).read_by, 1U);
  EXPECT_EQ(seen_by(*ann, where, next).delivered_to, 2U);
  EXPECT_EQ(seen_by(*ann, where, next).read_by, 0U);
}

TEST_F(ReceiptCounts, ReportsAreSpreadAndTheFewerTheMoreMessagesThereAre) {
  auto limits = world.limits;
  limits.receipt_report_interval = 60s;
  for (auto* phone : {ann, bob, cid}) {
    phone->limits = limits;
    world.disconnect(*phone);
    phone->reopen();
    world.connect(*phone);
  }
  world.settle_over(120s);
  const auto before = reports_of(*bob);
  const auto begin = world.server.reports.size();
  for (int i = 0; i < 60; ++i) {
    say(*ann, where, {.text = "again"});
    ASSERT_TRUE(bob->engine->mark_read(where, UINT64_MAX));
    world.settle_over(5s);
  }
  EXPECT_GE(reports_of(*bob), before + 3);
  EXPECT_LE(reports_of(*bob), before + 6) << "in five minutes, each at least one after the other";
  std::set<SteadyTime> times;
  for (auto at = begin; at < world.server.reports.size(); ++at) {
    times.insert(world.server.reports[at].first);
  }
  EXPECT_GT(times.size(), 3U) << "not all at one moment";
}

TEST_F(ReceiptCounts, EndWhenThePersonDoesNotWantThem) {
  world.settle_over(10s);
  EXPECT_TRUE(world.server.reported[where].contains(bob->enrollment.user));
  world.disconnect(*bob);
  ASSERT_TRUE(bob->engine->set_receipts(false));
  bob->reopen();
  world.connect(*bob);
  world.settle_over(10s);
  EXPECT_FALSE(world.server.reported[where].contains(bob->enrollment.user)) << "taken back";
  say(*ann, where, {.text = "more"});
  ASSERT_TRUE(bob->engine->mark_read(where, UINT64_MAX));
  world.settle_over(30s);
  EXPECT_FALSE(world.server.reported[where].contains(bob->enrollment.user));
  ASSERT_TRUE(bob->engine->set_receipts(true));
  say(*ann, where, {.text = "and more"});
  world.settle_over(30s);
  EXPECT_TRUE(world.server.reported[where].contains(bob->enrollment.user));
}

TEST_F(ReceiptCounts, ThePersonsWishHoldsOnAllOwnDevices) {
  auto& desk = add_device(*bob, "desk");
  ASSERT_TRUE(desk.engine->sends_receipts());
  ASSERT_TRUE(desk.engine->set_receipts(false));
  world.settle_over(10s);
  EXPECT_FALSE(bob->engine->sends_receipts());
  EXPECT_FALSE(bob->events_of<event::OwnReceiptsChanged>().back().sent);
  EXPECT_FALSE(world.server.reported[where].contains(bob->enrollment.user));
  say(*ann, where, {.text = "neither of them tells"});
  ASSERT_TRUE(bob->engine->mark_read(where, UINT64_MAX));
  world.settle_over(30s);
  EXPECT_FALSE(world.server.reported[where].contains(bob->enrollment.user));
  bob->reopen();
  world.connect(*bob);
  EXPECT_FALSE(bob->engine->sends_receipts()) << "kept in the store";

  // Both say something else while they do not hear each other: the later one counts on both.
  world.disconnect(*bob);
  world.disconnect(desk);
  ASSERT_TRUE(bob->engine->set_receipts(true));
  world.clock.advance(1s);
  ASSERT_TRUE(desk.engine->set_receipts(true));
  ASSERT_TRUE(desk.engine->set_receipts(false));
  world.connect(desk);
  world.settle_over(10s);
  world.connect(*bob);
  world.settle_over(30s);
  EXPECT_FALSE(bob->engine->sends_receipts());
  EXPECT_FALSE(desk.engine->sends_receipts());
  EXPECT_FALSE(world.server.reported[where].contains(bob->enrollment.user));

  auto& tablet = add_device(*bob, "tablet");
  EXPECT_FALSE(tablet.engine->sends_receipts()) << "one that comes later hears of it";
  EXPECT_TRUE(ann->engine->sends_receipts());
  EXPECT_EQ(ann->count<event::OwnReceiptsChanged>(), 0U);
}

TEST_F(ReceiptCounts, TheOrganisationsRuleIsTakenOverAtOnce) {
  world.settle_over(30s);
  const auto before = world.server.reports.size();
  world.server.decide({900, false, true});
  world.settle();
  EXPECT_EQ(ann->events_of<event::PolicyChanged>().back().policy,
            (wire::ChatPolicy{900, false, true}));
  const auto asked = world.server.counts_asked;
  watch(*ann, {seq()});
  say(*ann, where, {.text = "more"});
  world.settle_over(30s);
  EXPECT_EQ(world.server.reports.size(), before);
  EXPECT_EQ(world.server.counts_asked, asked);
}

TEST_F(ReceiptCounts, AreAskedForWhileTheyAreShownAndLessOftenWhenNothingChanges) {
  world.settle_over(30s);
  const auto caught_up = ann->count<event::CaughtUp>();
  watch(*ann, {seq()});
  world.settle_over(600s);
  EXPECT_GE(world.server.counts_asked, 10U);
  EXPECT_LE(world.server.counts_asked, 16U) << "once a minute in the end";
  EXPECT_EQ(ann->count<event::ReceiptCountsChanged>(), 1U);
  EXPECT_EQ(ann->count<event::CaughtUp>(), caught_up) << "nobody waits for them";
  watch(*ann, {});
  const auto asked = world.server.counts_asked;
  world.settle_over(120s);
  EXPECT_EQ(world.server.counts_asked, asked);
  EXPECT_TRUE(ann->engine->watch_receipts(where, std::vector<std::uint64_t>(51, 1)))
      << "the same one";
  std::vector<std::uint64_t> many(51);
  std::iota(many.begin(), many.end(), 1);
  EXPECT_TRUE(ann->engine->watch_receipts(where, many).error() == Errc::too_many_watched);
}

TEST_F(ReceiptCounts, WhatTheServerCouldNotTakeIsReportedAgainAndWhatItWillNotIsLeft) {
  world.server.report_error = wire::Error{"chat.unavailable", "later", 503, 0};
  world.settle_over(10s);
  EXPECT_GE(reports_of(*bob), 1U);
  EXPECT_TRUE(world.server.reported.empty());
  world.server.report_error.reset();
  world.settle_over(60s);
  EXPECT_EQ(reported_by(*bob).delivered_seq, seq());
  world.server.report_error = wire::Error{"gateway.unknown_request", "an older server", 400, 0};
  say(*ann, where, {.text = "more"});
  world.settle_over(30s);
  const auto tried = reports_of(*bob);
  world.settle_over(300s);
  EXPECT_EQ(reports_of(*bob), tried);
  EXPECT_EQ(bob->count<event::RequestFailed>(), 0U);
}

TEST_F(ReceiptCounts, BeginWhenTheGroupGrowsBeyondTheNamedOnes) {
  auto& dan = join("dan");
  auto& eve = join("eve");
  const auto small = group_of(dan, {&eve});
  const auto ref = say(dan, small, {.text = "to one"});
  world.settle_over(10s);
  EXPECT_EQ(seen_by(dan, small, ref).delivered_to, 1U);
  EXPECT_EQ(dan.engine->receipts(small).value().size(), 1U);
  EXPECT_FALSE(world.server.reported.contains(small));
  ASSERT_TRUE(dan.engine->add_to_group(small, std::vector{ann->enrollment.user}));
  world.settle_over(10s);
  say(dan, small, {.text = "to two"});
  world.settle_over(30s);
  EXPECT_EQ(world.server.reported[small].size(), 2U);
  EXPECT_TRUE(dan.engine->receipts(small).value().empty());
}

}  // namespace
}  // namespace unhidra::client::testing
