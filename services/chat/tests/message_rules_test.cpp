// Who may edit and delete what, and how long: enforced on what the server knows of a message.

#include "message_rules.h"

#include "unhidra/chat/errc.h"

#include "group_delivery_fixture.h"

namespace unhidra::chat {
namespace {

using namespace std::chrono_literals;
using storage::Transaction;
using wire::MessageKind;

class MessageRules : public GroupDeliveryFixture {
 protected:
  void SetUp() override {
    GroupDeliveryFixture::SetUp();
    if (database_ != nullptr) {
      commit(*laptop_, adding({&*phone_, &*desk_}), {}, {&*phone_, &*desk_});
    }
  }
  Result<GroupChange> send(Client& by, MessageKind kind, std::optional<wire::MessageRef> ref,
                           MessageId id) {
    const wire::SendGroupMessage request{
        id_,
        0,
        id,
        clock_.now(),
        by.group->encrypt(environment(), as_bytes(std::string_view("x"))).value(),
        kind,
        ref,
        {}};
    return write_as([&](const GroupService& s, Transaction& tx) {
      return store_group_message(s, tx, by.device.asker, request, clock_.now());
    });
  }
  wire::MessageRef say_something(Client& by) {
    const auto id = MessageId::make(clock_, random_);
    const auto sent = send(by, MessageKind::content, {}, id);
    EXPECT_TRUE(sent) << sent.error().message();
    return {id, by.device.asker.device_id};
  }
  Result<GroupChange> change(Client& by, MessageKind kind, std::optional<wire::MessageRef> ref) {
    return send(by, kind, ref, MessageId::make(clock_, random_));
  }
  void expect_refused(const Result<GroupChange>& got, Errc code) {
    ASSERT_FALSE(got);
    EXPECT_TRUE(got.error() == code) << got.error().message();
  }
};

TEST_P(MessageRules, FilesBelongToTheirMessageAndGoWithIt) {
  const auto add_file = [&](const Client& owner, ConversationId where, bool complete) {
    const auto id = wire::FileId::make(clock_, random_);
    const auto done = write([&](Transaction& tx) -> Status {
      UNHIDRA_TRY_VOID(tx.execute(
          "INSERT INTO files (file_id, org_id, conversation_id, user_id, size, received, chain, "
          "last_offset, last_chain, created_at, touched_at, completed_at) VALUES ($1, $2, $3, $4, "
          "5, 5, $5, 0, $5, 0, 0, $6)",
          id, owner.device.asker.org_id, where, owner.device.asker.user_id, Bytes(32),
          complete ? std::optional(clock_.now()) : std::nullopt));
      return {};
    });
    EXPECT_TRUE(done) << done.error().message();
    return id;
  };
  const auto with_file = [&](Client& by, wire::FileId file, MessageKind kind, MessageId id) {
    const wire::SendGroupMessage request{
        id_,
        0,
        id,
        clock_.now(),
        by.group->encrypt(environment(), as_bytes(std::string_view("x"))).value(),
        kind,
        std::nullopt,
        {file}};
    return write_as([&](const GroupService& s, Transaction& tx) {
      return store_group_message(s, tx, by.device.asker, request, clock_.now());
    });
  };
  const auto deleted = [&](wire::FileId file) {
    return read([&](Transaction& tx) -> Result<bool> {
             UNHIDRA_TRY(const auto rows,
                         tx.query("SELECT deleted_at FROM files WHERE file_id = $1", file));
             return !rows.front().is_null(0);
           })
        .value();
  };
  const auto make_id = [&] { return MessageId::make(clock_, random_); };
  const auto file = add_file(*laptop_, id_, true);
  for (const auto& missing : {wire::FileId::make(clock_, random_), add_file(*laptop_, id_, false),
                              add_file(*desk_, id_, true),
                              add_file(*laptop_, ConversationId::make(clock_, random_), true)}) {
    expect_refused(with_file(*laptop_, missing, MessageKind::content, make_id()),
                   Errc::file_missing);
  }
  expect_refused(with_file(*laptop_, file, MessageKind::signal, make_id()), Errc::malformed);
  const auto id = make_id();
  EXPECT_TRUE(with_file(*laptop_, file, MessageKind::content, id));
  EXPECT_TRUE(with_file(*laptop_, file, MessageKind::content, id)) << "sent again";
  expect_refused(with_file(*laptop_, file, MessageKind::content, make_id()), Errc::file_missing);
  EXPECT_FALSE(deleted(file));
  const wire::MessageRef ref{id, laptop_->device.asker.device_id};
  expect_refused(change(*desk_, MessageKind::deletion, ref), Errc::not_author);
  EXPECT_FALSE(deleted(file));
  EXPECT_TRUE(change(*phone_, MessageKind::deletion, ref));
  EXPECT_TRUE(deleted(file));
}

TEST_P(MessageRules, TheAuthorEditsWithinTheWindowFromAnyDevice) {
  const auto ref = say_something(*laptop_);
  EXPECT_TRUE(change(*laptop_, MessageKind::edit, ref));
  clock_.advance(4min);
  EXPECT_TRUE(change(*phone_, MessageKind::edit, ref));
  expect_refused(change(*desk_, MessageKind::edit, ref), Errc::not_author);
  clock_.advance(2min);
  expect_refused(change(*laptop_, MessageKind::edit, ref), Errc::edit_window_closed);
  EXPECT_TRUE(change(*laptop_, MessageKind::deletion, ref));  // at any time
  expect_refused(change(*laptop_, MessageKind::deletion, ref), Errc::message_deleted);
  // The log tells what each entry claims to be.
  const auto entries = log(*desk_, 0).entries;
  EXPECT_EQ(entries.back().message_kind, MessageKind::deletion);
  EXPECT_EQ(entries.back().refers_to, ref);
}

TEST_P(MessageRules, TheOrganisationDecidesHowLong) {
  const auto ref = say_something(*laptop_);
  const auto set = [&](std::uint32_t seconds) {
    return write([&](Transaction& tx) {
      return store_chat_policy(tx, org_, {seconds, false}, clock_.now());
    });
  };
  ASSERT_TRUE(set(3600));
  clock_.advance(30min);
  EXPECT_TRUE(change(*laptop_, MessageKind::edit, ref));
  ASSERT_TRUE(set(0));
  expect_refused(change(*laptop_, MessageKind::edit, ref), Errc::edit_window_closed);
  EXPECT_FALSE(set(kMaxEditWindow + 1));
  const auto known = read([&](Transaction& tx) { return chat_policy(tx, org_); });
  EXPECT_EQ(known.value(), (wire::ChatPolicy{0, false}));
  EXPECT_EQ(read([&](Transaction& tx) { return chat_policy(tx, make_org("other")); }).value(),
            kDefaultChatPolicy);
}

TEST_P(MessageRules, AReferenceIsToAMessageOfThisConversation) {
  const auto ref = say_something(*laptop_);
  expect_refused(change(*laptop_, MessageKind::edit,
                        wire::MessageRef{MessageId::make(clock_, random_), ref.sender_device_id}),
                 Errc::not_found);
  expect_refused(change(*laptop_, MessageKind::edit, std::nullopt), Errc::malformed);
  expect_refused(change(*laptop_, MessageKind::content, ref), Errc::malformed);
  expect_refused(change(*laptop_, MessageKind::signal, ref), Errc::malformed);
  expect_refused(change(*laptop_, static_cast<MessageKind>(9), std::nullopt), Errc::malformed);
  // Nor to what is itself no message.
  const auto edit = MessageId::make(clock_, random_);
  ASSERT_TRUE(send(*laptop_, MessageKind::edit, ref, edit));
  expect_refused(change(*laptop_, MessageKind::edit, wire::MessageRef{edit, ref.sender_device_id}),
                 Errc::malformed);
  // Another conversation's message is none of this one.
  const auto direct = open(laptop_->device, bob_);
  auto message = message_for(direct, {&phone_->device, &desk_->device});
  message.kind = MessageKind::edit;
  message.refers_to = ref;
  const auto sent = write([&](Transaction& tx) {
    return store_message(tx, laptop_->device.asker, message, clock_.now());
  });
  ASSERT_FALSE(sent);
  EXPECT_TRUE(sent.error() == Errc::not_found);
}

TEST_P(MessageRules, PairsFollowTheSameRulesAndTheInboxTellsTheKind) {
  const auto direct = open(laptop_->device, bob_);
  const auto send_pair = [&](MessageKind kind, std::optional<wire::MessageRef> ref) {
    auto message = message_for(direct, {&phone_->device, &desk_->device});
    message.kind = kind;
    message.refers_to = ref;
    auto sent = write([&](Transaction& tx) {
      return store_message(tx, laptop_->device.asker, message, clock_.now());
    });
    return std::pair(std::move(sent),
                     wire::MessageRef{message.message_id, laptop_->device.asker.device_id});
  };
  const auto [sent, ref] = send_pair(MessageKind::content, std::nullopt);
  ASSERT_TRUE(sent);
  EXPECT_TRUE(send_pair(MessageKind::edit, ref).first);
  clock_.advance(6min);
  const auto late = send_pair(MessageKind::edit, ref).first;
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.error() == Errc::edit_window_closed);
  const auto inbox =
      *read([&](Transaction& tx) { return fetch_inbox(tx, desk_->device.asker, {0, 0}); });
  EXPECT_EQ(inbox.entries.back().message_kind, MessageKind::edit);
  EXPECT_EQ(inbox.entries.back().refers_to, ref);
}

TEST_P(MessageRules, EveryVersionIsKeptForWhoMayReadThem) {
  const auto ref = say_something(*laptop_);
  say_something(*laptop_);
  ASSERT_TRUE(change(*laptop_, MessageKind::edit, ref));
  ASSERT_TRUE(change(*laptop_, MessageKind::deletion, ref));
  const auto fetch = [&](OrgId org) {
    return read([&](Transaction& tx) { return message_versions(tx, org, {id_, ref}); });
  };
  const auto versions = fetch(org_).value().versions;
  ASSERT_EQ(versions.size(), 3U);
  EXPECT_EQ(versions[0].kind, MessageKind::content);
  EXPECT_EQ(versions[1].kind, MessageKind::edit);
  EXPECT_EQ(versions[2].kind, MessageKind::deletion);
  EXPECT_FALSE(versions[0].ciphertext.empty());
  const auto other = fetch(make_org("other"));
  ASSERT_FALSE(other);
  EXPECT_TRUE(other.error() == Errc::not_found);
}

INSTANTIATE_TEST_SUITE_P(Databases, MessageRules, testing::Values("sqlite", "postgres"),
                         [](const auto& database) { return database.param; });

}  // namespace
}  // namespace unhidra::chat
