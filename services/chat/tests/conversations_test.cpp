#include <algorithm>
#include <thread>

#include "unhidra/chat/errc.h"
#include "unhidra/wire/codec.h"

#include "chat_fixture.h"

namespace unhidra::chat {
namespace {

using storage::Transaction;

// Alice with two devices, Bob with one, in one organisation.
class Conversations : public ChatTest {
 protected:
  void SetUp() override {
    ChatTest::SetUp();
    if (database_ == nullptr) {
      return;
    }
    org_ = make_org("acme");
    alice_ = make_user(org_, "alice");
    bob_ = make_user(org_, "bob");
    laptop_.emplace(ready_device(org_, alice_));
    phone_.emplace(ready_device(org_, alice_));
    desk_.emplace(ready_device(org_, bob_));
    ASSERT_TRUE(approve(alice_, {&*laptop_, &*phone_}));
    ASSERT_TRUE(approve(bob_, {&*desk_}));
    conversation_ = open(*laptop_, bob_);
  }

  Result<std::variant<Stored, wire::StaleDevices>> send(const TestDevice& from,
                                                        const wire::SendMessage& message) {
    return write(
        [&](Transaction& tx) { return store_message(tx, from.asker, message, clock_.now()); });
  }
  wire::Inbox inbox(const TestDevice& device, std::uint64_t after = 0, std::uint32_t limit = 0) {
    return *read([&](Transaction& tx) { return fetch_inbox(tx, device.asker, {after, limit}); });
  }

  OrgId org_;
  UserId alice_;
  UserId bob_;
  std::optional<TestDevice> laptop_;
  std::optional<TestDevice> phone_;
  std::optional<TestDevice> desk_;
  ConversationId conversation_;
};

TEST_P(Conversations, BothSidesOpenTheSameOne) {
  EXPECT_EQ(open(*desk_, alice_), conversation_);
  EXPECT_EQ(open(*phone_, bob_), conversation_);
}

TEST_P(Conversations, ThereIsOneWithOneselfForTheOwnDevices) {
  const auto own = open(*laptop_, alice_);
  EXPECT_EQ(open(*phone_, alice_), own);
  ASSERT_TRUE(send(*laptop_, message_for(own, {&*phone_})));
  EXPECT_EQ(inbox(*phone_).entries.size(), 1U);
  EXPECT_TRUE(inbox(*desk_).entries.empty());
}

TEST_P(Conversations, AMessageReachesEveryOtherDeviceInItsInbox) {
  const auto message = message_for(conversation_, {&*phone_, &*desk_});
  const auto outcome = send(*laptop_, message);
  ASSERT_TRUE(outcome) << outcome.error().message();
  EXPECT_EQ(std::get<Stored>(*outcome).accepted.seq, 1U);
  for (const auto* device : {&*phone_, &*desk_}) {
    const auto box = inbox(*device);
    ASSERT_EQ(box.entries.size(), 1U);
    EXPECT_EQ(box.head, 1U);
    EXPECT_EQ(box.entries[0].message_id, message.message_id);
    EXPECT_EQ(box.entries[0].sender_device_id, laptop_->asker.device_id);
    EXPECT_EQ(as_text(box.entries[0].ciphertext), "opaque bytes");
  }
  EXPECT_TRUE(inbox(*laptop_).entries.empty());
}

TEST_P(Conversations, TheSameMessageIdIsAnsweredAsTheFirstTime) {
  const auto message = message_for(conversation_, {&*phone_, &*desk_});
  const auto first = std::get<Stored>(*send(*laptop_, message));
  clock_.advance(std::chrono::seconds(5));
  const auto again = std::get<Stored>(*send(*laptop_, message));
  EXPECT_EQ(again.accepted, first.accepted);
  EXPECT_TRUE(again.entries.empty());
  EXPECT_EQ(inbox(*desk_).entries.size(), 1U);
}

TEST_P(Conversations, AnIdOfAnotherConversationIsRefused) {
  const auto carol = make_user(org_, "carol");
  const auto hers = ready_device(org_, carol);
  ASSERT_TRUE(approve(carol, {&hers}));
  const auto message = message_for(conversation_, {&*phone_, &*desk_});
  ASSERT_TRUE(send(*laptop_, message));
  auto other = message_for(open(*laptop_, carol), {&*phone_, &hers});
  other.message_id = message.message_id;
  const auto outcome = send(*laptop_, other);
  ASSERT_FALSE(outcome);
  EXPECT_TRUE(outcome.error() == Errc::message_id_reused);
}

TEST_P(Conversations, AStaleDeviceSetIsNamedAndNothingIsStored) {
  const auto extra = ready_device(org_, bob_);
  const auto outcome = send(*laptop_, message_for(conversation_, {&*desk_, &extra}));
  ASSERT_TRUE(outcome);
  const auto& stale = std::get<wire::StaleDevices>(*outcome);
  ASSERT_EQ(stale.missing.size(), 1U);
  EXPECT_EQ(stale.missing[0].device_id, phone_->asker.device_id);
  EXPECT_EQ(stale.missing[0].user_id, alice_);
  ASSERT_EQ(stale.extra_device_ids.size(), 1U);
  EXPECT_EQ(stale.extra_device_ids[0], extra.asker.device_id);
  EXPECT_EQ(inbox(*desk_).head, 0U);
  const auto log =
      read([&](Transaction& tx) { return fetch_log(tx, laptop_->asker, {conversation_, 0, 0}); });
  EXPECT_EQ(log->head_seq, 0U);
}

TEST_P(Conversations, ARevokedDeviceNeitherReceivesNorSends) {
  revoke(*phone_);
  const auto outcome = send(*laptop_, message_for(conversation_, {&*phone_, &*desk_}));
  EXPECT_EQ(std::get<wire::StaleDevices>(*outcome).extra_device_ids.size(), 1U);
  const auto from_revoked = send(*phone_, message_for(conversation_, {&*laptop_, &*desk_}));
  ASSERT_FALSE(from_revoked);
  EXPECT_TRUE(from_revoked.error() == Errc::device_not_approved);
}

TEST_P(Conversations, OutsidersSeeNoConversation) {
  const auto carol = make_user(org_, "carol");
  const auto hers = ready_device(org_, carol);
  ASSERT_TRUE(approve(carol, {&hers}));
  const auto sent = send(hers, message_for(conversation_, {&*laptop_, &*phone_, &*desk_}));
  ASSERT_FALSE(sent);
  EXPECT_TRUE(sent.error() == Errc::not_found);
  EXPECT_FALSE(
      read([&](Transaction& tx) { return fetch_log(tx, hers.asker, {conversation_, 0, 0}); }));
  EXPECT_TRUE(read([&](Transaction& tx) {
                return list_conversations(tx, hers.asker, {});
              })->conversations.empty());
}

TEST_P(Conversations, NobodyIsReachedAcrossOrganisations) {
  const auto other = make_org("other");
  const auto mallory = ready_device(other, make_user(other, "mallory"));
  const auto opened = write([&](Transaction& tx) {
    return open_direct(tx, mallory.asker, alice_, ConversationId::make(clock_, random_),
                       clock_.now());
  });
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error() == Errc::not_found);
}

TEST_P(Conversations, RefusesMalformedMessages) {
  auto twice = message_for(conversation_, {&*desk_, &*desk_});
  EXPECT_TRUE(send(*laptop_, twice).error() == Errc::malformed);
  auto empty = message_for(conversation_, {&*phone_, &*desk_});
  empty.ciphertexts[0].ciphertext.clear();
  EXPECT_TRUE(send(*laptop_, empty).error() == Errc::malformed);
  auto huge = message_for(conversation_, {&*phone_, &*desk_});
  huge.ciphertexts[0].ciphertext.resize(kMaxCiphertextBytes + 1);
  EXPECT_TRUE(send(*laptop_, huge).error() == Errc::message_too_large);
  auto nil = message_for(conversation_, {&*phone_, &*desk_});
  nil.message_id = MessageId();
  EXPECT_TRUE(send(*laptop_, nil).error() == Errc::malformed);
}

TEST_P(Conversations, SequenceAndPositionsHaveNoGapsUnderParallelSenders) {
  constexpr int kEach = 50;
  std::vector<std::vector<wire::SendMessage>> outboxes(3);
  for (int i = 0; i < kEach; ++i) {
    outboxes[0].push_back(message_for(conversation_, {&*phone_, &*desk_}));
    outboxes[1].push_back(message_for(conversation_, {&*laptop_, &*desk_}));
    outboxes[2].push_back(message_for(conversation_, {&*laptop_, &*phone_}));
  }
  const TestDevice* senders[] = {&*laptop_, &*phone_, &*desk_};
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (std::size_t s = 0; s < 3; ++s) {
    threads.emplace_back([&, s] {
      for (const auto& message : outboxes[s]) {
        failures += send(*senders[s], message) ? 0 : 1;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  ASSERT_EQ(failures, 0);
  const auto log = read(
      [&](Transaction& tx) { return fetch_log(tx, laptop_->asker, {conversation_, 0, kMaxPage}); });
  ASSERT_EQ(log->entries.size(), 3U * kEach);
  for (std::size_t i = 0; i < log->entries.size(); ++i) {
    EXPECT_EQ(log->entries[i].seq, i + 1);
  }
  const auto box = inbox(*desk_, 0, kMaxPage);
  ASSERT_EQ(box.entries.size(), 2U * kEach);
  for (std::size_t i = 0; i < box.entries.size(); ++i) {
    EXPECT_EQ(box.entries[i].position, i + 1);
  }
}

TEST_P(Conversations, AnAcknowledgedInboxIsForgottenAndKeepsItsPositions) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(send(*laptop_, message_for(conversation_, {&*phone_, &*desk_})));
  }
  const auto acknowledge = [&](std::uint64_t up_to) {
    return write([&](Transaction& tx) { return acknowledge_inbox(tx, desk_->asker, up_to); });
  };
  EXPECT_TRUE(acknowledge(2));
  EXPECT_TRUE(acknowledge(1));
  EXPECT_FALSE(acknowledge(4));
  const auto box = inbox(*desk_);
  ASSERT_EQ(box.entries.size(), 1U);
  EXPECT_EQ(box.entries[0].position, 3U);
  EXPECT_EQ(box.head, 3U);
}

TEST_P(Conversations, AreListedNewestFirstPageByPage) {
  std::vector<ConversationId> made{conversation_};
  for (int i = 0; i < 4; ++i) {
    clock_.advance(std::chrono::seconds(1));
    made.push_back(open(*laptop_, make_user(org_, "user" + std::to_string(i))));
  }
  std::vector<ConversationId> seen;
  wire::ListConversations request{.cursor = {}, .limit = 2};
  do {
    const auto page =
        read([&](Transaction& tx) { return list_conversations(tx, laptop_->asker, request); });
    ASSERT_TRUE(page) << page.error().message();
    for (const auto& one : page->conversations) {
      seen.push_back(one.conversation_id);
      EXPECT_EQ(one.member_user_ids.size(), 2U);
      EXPECT_NE(std::ranges::find(one.member_user_ids, laptop_->asker.user_id),
                one.member_user_ids.end());
    }
    request.cursor = page->next_cursor;
  } while (!request.cursor.empty());
  std::reverse(made.begin(), made.end());
  EXPECT_EQ(seen, made);
  request.cursor = {1, 2, 3};
  EXPECT_FALSE(
      read([&](Transaction& tx) { return list_conversations(tx, laptop_->asker, request); }));
}

TEST_P(Conversations, OneAnswerHoldsTheListOfAThousand) {
  constexpr std::size_t kListed = 1000;
  const auto other = make_user(org_, "other");
  const auto other_org = laptop_->asker.org_id;
  const auto filled = write([&](Transaction& tx) -> Status {
    for (std::size_t i = 0; i < kListed; ++i) {
      clock_.advance(std::chrono::seconds(1));
      const auto id = ConversationId::make(clock_, random_);
      UNHIDRA_TRY_VOID(tx.execute(
          "INSERT INTO conversations (conversation_id, org_id, kind, head_seq, created_by, "
          "created_at, last_activity_at) VALUES ($1, $2, 'group', 0, $3, $4, $4)",
          id, other_org, other, clock_.now()));
      for (const auto member : {other, laptop_->asker.user_id}) {
        UNHIDRA_TRY_VOID(tx.execute(
            "INSERT INTO conversation_members (conversation_id, user_id, org_id, joined_at) "
            "VALUES ($1, $2, $3, $4)",
            id, member, other_org, clock_.now()));
      }
    }
    return {};
  });
  ASSERT_TRUE(filled) << filled.error().message();
  const auto list = [&](const Bytes& cursor) {
    return *read([&](Transaction& tx) {
      return list_conversations(tx, laptop_->asker, {.cursor = cursor, .limit = 5000});
    });
  };
  const auto window = list({});
  EXPECT_EQ(window.conversations.size(), kListed);
  EXPECT_LT(wire::encode(window).size(), 100'000U);
  const auto rest = list(window.next_cursor);
  ASSERT_EQ(rest.conversations.size(), 1U);
  EXPECT_EQ(rest.conversations[0].conversation_id, conversation_);
  EXPECT_TRUE(rest.next_cursor.empty());
}

INSTANTIATE_TEST_SUITE_P(Databases, Conversations, testing::Values("sqlite", "postgres"),
                         [](const auto& database) { return database.param; });

}  // namespace
}  // namespace unhidra::chat
