// Channels: who sees, enters, writes, manages; and what stays hidden.

#include "channel_fixture.h"

namespace unhidra::chat {
namespace {

using storage::Transaction;
using wire::ChannelVisibility;
using wire::PostingRule;

class Channels : public ChannelFixture {};

TEST_P(Channels, APublicOneIsInTheDirectoryAndEnteredByExternalCommit) {
  ASSERT_TRUE(make_public());
  ASSERT_TRUE(make_public());  // again is the same
  EXPECT_EQ(listed(asker(*desk_)), std::vector<std::string>{"General"});
  EXPECT_EQ(listed(asker(*desk_), {.search = "NER"}), std::vector<std::string>{"General"});
  EXPECT_TRUE(listed(asker(*desk_), {.search = "%"}).empty());
  EXPECT_TRUE(listed(asker(*desk_), {.joined = true}).empty());
  come_in(*desk_);
  EXPECT_EQ(listed(asker(*desk_), {.joined = true}).size(), 1U);
  EXPECT_TRUE(say(*desk_, "hello"));
}

TEST_P(Channels, AnExternalCommitNeedsTheJoining) {
  ASSERT_TRUE(make_public());
  const auto info = read([&](Transaction& tx) { return fetch_group_info(tx, asker(*desk_), id_); });
  expect_refused(info, Errc::not_found);
}

TEST_P(Channels, APrivateOneIsUnknownToOthersAndHasNoNameHere) {
  expect_refused(
      make(asker(*laptop_),
           {.channel_id = private_, .visibility = ChannelVisibility::hidden, .name = "Merger"}),
      Errc::bad_name);
  ASSERT_TRUE(
      make(asker(*laptop_), {.channel_id = private_, .visibility = ChannelVisibility::hidden}));
  EXPECT_TRUE(listed(asker(*desk_)).empty());
  EXPECT_EQ(listed(asker(*laptop_)).size(), 1U);
  EXPECT_TRUE(listed(asker(*laptop_), {.search = "a"}).empty());
  // The same answer as for what does not exist.
  const auto hidden = fetch(asker(*desk_), private_);
  const auto none = fetch(asker(*desk_), ConversationId::make(clock_, random_));
  ASSERT_FALSE(hidden);
  ASSERT_FALSE(none);
  EXPECT_EQ(hidden.error().message(), none.error().message());
  EXPECT_TRUE(hidden.error() == Errc::not_found);
  expect_refused(join(asker(*desk_), private_), Errc::not_found);
}

TEST_P(Channels, KindAndGroupFitAndNamesAreUnique) {
  expect_refused(make(asker(*laptop_), {.channel_id = private_, .name = "x"}), Errc::bad_group);
  expect_refused(
      make(asker(*laptop_), {.channel_id = id_, .visibility = ChannelVisibility::hidden}),
      Errc::bad_group);
  expect_refused(make(asker(*desk_), {.channel_id = id_, .name = "x"}), Errc::not_found);
  expect_refused(make(asker(*laptop_, kGuest), {.channel_id = id_, .name = "x"}),
                 Errc::not_allowed);
  // Empty, padded, broken, and with what turns or hides what stands beside it.
  for (const std::string bad : {"", " x", "a\nb", "\xff", "a\xe2\x80\xaegnp", "a\xe2\x81\xa6z"}) {
    expect_refused(make(asker(*laptop_), {.channel_id = id_, .name = bad}), Errc::bad_name);
  }
  ASSERT_TRUE(make_public());
  id_ = ConversationId::make(clock_, random_);
  ASSERT_TRUE(create(*laptop_, true));
  expect_refused(make_public("general"), Errc::name_taken);
}

TEST_P(Channels, NobodyWritesInAnArchivedOne) {
  ASSERT_TRUE(make_public());
  expect_refused(update(asker(*desk_), {.state = wire::PlaceState::archived}), Errc::not_allowed);
  ASSERT_TRUE(update(asker(*laptop_), {.state = wire::PlaceState::archived}));
  expect_refused(say(*laptop_, "too late"), Errc::place_archived);
  expect_refused(join(asker(*desk_), id_), Errc::place_archived);
  ASSERT_TRUE(update(asker(*laptop_), {.state = wire::PlaceState::active}));
  EXPECT_TRUE(say(*laptop_, "again"));
}

TEST_P(Channels, OnlyManagersPostAnnouncementsAndOthersReact) {
  ASSERT_TRUE(make_public());
  come_in(*desk_);
  ASSERT_TRUE(update(asker(*laptop_), {.posting = PostingRule::announcements}));
  expect_refused(say(*desk_, "me too"), Errc::not_allowed);
  EXPECT_TRUE(say(*laptop_, "hear"));
  const auto check = [&](wire::MessageKind kind) {
    return read(
        [&](Transaction& tx) { return check_channel_message(tx, asker(*desk_), id_, kind); });
  };
  EXPECT_TRUE(check(wire::MessageKind::signal));
  EXPECT_FALSE(check(wire::MessageKind::edit));
}

TEST_P(Channels, WhoModeratesDeletesWhatOthersWroteAndTheLogSaysSo) {
  ASSERT_TRUE(make_public());
  come_in(*desk_);
  const auto tell = [&](Client& by, wire::MessageKind kind, std::optional<wire::MessageRef> about) {
    const wire::SendGroupMessage request{
        id_,
        0,
        MessageId::make(clock_, random_),
        clock_.now(),
        by.group->encrypt(environment(), as_bytes(std::string_view("x"))).value(),
        kind,
        about,
        {}};
    auto sent = write_as([&](const GroupService& s, Transaction& tx) {
      return store_group_message(s, tx, by.device.asker, request, clock_.now());
    });
    return std::pair(std::move(sent),
                     wire::MessageRef{request.message_id, by.device.asker.device_id});
  };
  const auto of_bob = tell(*desk_, wire::MessageKind::content, {}).second;
  const auto of_alice = tell(*laptop_, wire::MessageKind::content, {}).second;
  const auto remove = [&](Client& by, const wire::MessageRef& what) {
    return tell(by, wire::MessageKind::deletion, what).first;
  };
  expect_refused(remove(*desk_, of_alice), Errc::not_author);
  expect_refused(tell(*laptop_, wire::MessageKind::edit, of_bob).first, Errc::not_author);
  // Also where only others post.
  ASSERT_TRUE(update(asker(*laptop_), {.posting = PostingRule::announcements}));
  const auto removed = remove(*laptop_, of_bob);
  ASSERT_TRUE(removed) << removed.error().message();
  EXPECT_TRUE(removed->entries.front().by_moderator);
  expect_refused(remove(*laptop_, of_bob), Errc::message_deleted);
  const auto own = remove(*laptop_, of_alice);
  ASSERT_TRUE(own);
  EXPECT_FALSE(own->entries.front().by_moderator);
  const auto log = read([&](Transaction& tx) {
                     return fetch_group_log(tx, asker(*desk_), {id_, 0, kMaxPage});
                   }).value();
  std::vector<bool> told;
  for (const auto& entry : log.entries) {
    if (entry.message_kind == wire::MessageKind::deletion) {
      told.push_back(entry.by_moderator);
    }
  }
  EXPECT_EQ(told, (std::vector{true, false}));
  // What he was made for does not outlive the role.
  const auto more = tell(*laptop_, wire::MessageKind::content, {}).second;
  ASSERT_TRUE(tx_write([&](Transaction& tx) {
    return tx.execute("UPDATE place_roles SET role = 3, user_id = $1 WHERE place_id = $2", bob_,
                      id_.bytes());
  }));
  EXPECT_TRUE(remove(*desk_, more));
}

TEST_P(Channels, WhoIsTakenOutReadsNoFurtherAndWhoIsBannedStaysOut) {
  ASSERT_TRUE(make_public());
  come_in(*desk_);
  expect_refused(kick(asker(*desk_), alice_, false), Errc::not_allowed);
  expect_refused(kick(asker(*laptop_), carol_, false), Errc::not_found);
  const auto removed = kick(asker(*laptop_), bob_, true);
  ASSERT_TRUE(removed) << removed.error().message();
  EXPECT_EQ(removed->entries.size(), 1U);  // the server proposes it
  expect_refused(read([&](Transaction& tx) { return fetch_group_info(tx, asker(*desk_), id_); }),
                 Errc::not_found);
  expect_refused(say(*desk_, "still here?"), Errc::not_found);
  expect_refused(say(*laptop_, "before the commit"), Errc::stale_group);
  expect_refused(join(asker(*desk_), id_), Errc::banned);
  const auto banned = fetch(asker(*laptop_), id_).value().banned_user_ids;
  EXPECT_EQ(banned, std::vector{bob_});
  EXPECT_TRUE(fetch(asker(*desk_), id_).value().banned_user_ids.empty());
  ASSERT_TRUE(tx_write([&](Transaction& tx) { return unban(tx, asker(*laptop_), {id_, bob_}); }));
  EXPECT_TRUE(join(asker(*desk_), id_));
}

TEST_P(Channels, AMemberMayInviteUnlessTheChannelMakesAnException) {
  ASSERT_TRUE(make_public());
  come_in(*desk_);
  const auto set = [&](const Asker& by, std::uint32_t role, std::uint32_t allow,
                       std::uint32_t deny) {
    return tx_write(
        [&](Transaction& tx) { return set_override(tx, by, {id_, role, allow, deny}); });
  };
  expect_refused(set(asker(*desk_), kMember, kManage, 0), Errc::not_allowed);
  expect_refused(set(asker(*laptop_), kSpaceAdmin, 0, kManage), Errc::not_allowed);
  expect_refused(set(asker(*laptop_), kMember, 32, 0), Errc::malformed);
  ASSERT_TRUE(set(asker(*laptop_), kMember, 0, kInvite));
  const auto request = bundle(*desk_, adding({&*tablet_}));
  expect_refused(send(*desk_, request), Errc::not_allowed);
  ASSERT_TRUE(set(asker(*laptop_), kMember, 0, 0));
  EXPECT_TRUE(send(*desk_, request));
}

// To take somebody out by a commit of one's own needs what asking the server for it needs.
TEST_P(Channels, NobodyTakesOutWhoHasMoreToSayByACommitEither) {
  ASSERT_TRUE(make_public());
  come_in(*desk_);
  const auto give = [&](UserId user, Level role) {
    return tx_write([&](Transaction& tx) {
      return set_place_role(tx, asker(*laptop_), {std::nullopt, id_, user, role}, clock_.now());
    });
  };
  const auto take_out = [&] {
    const auto sent = send(*desk_, bundle(*desk_, removing(*desk_, {&*laptop_, &*phone_})));
    desk_->group->discard_pending();
    return sent;
  };
  expect_refused(take_out(), Errc::not_allowed);
  ASSERT_TRUE(tx_write([&](Transaction& tx) {
    return set_override(tx, asker(*laptop_), {id_, kMember, kModerate, 0});
  }));
  expect_refused(take_out(), Errc::not_allowed);  // Alice has made the channel
  expect_refused(kick(asker(*desk_), alice_, false), Errc::not_allowed);
  ASSERT_TRUE(give(bob_, kSpaceAdmin));
  EXPECT_TRUE(take_out());
}

TEST_P(Channels, AWithdrawnRoleHoldsForWhatWasAdmittedBefore) {
  ASSERT_TRUE(make_public());
  auto admitted = asker(*desk_, kOrgAdmin);  // as the token said
  const auto as_now = [&] {
    return tx_write([&](Transaction& tx) { return as_of_now(tx, admitted); }).value().level;
  };
  EXPECT_EQ(as_now(), kGuest) << "no role stands in the database";
  const auto hold = [&](std::string_view role) {
    return tx_write([&](Transaction& tx) -> Status {
      const auto id = ConversationId::make(clock_, random_);
      UNHIDRA_TRY_VOID(
          tx.execute("INSERT INTO roles (role_id, name, permissions, created_at) "
                     "VALUES ($1, $2, '[]', 0)",
                     id, std::string(role)));
      return tx.execute_later(
          "INSERT INTO user_roles (user_id, role_id, scope, scope_id, org_id, granted_by, "
          "granted_at) VALUES ($1, $2, 'org', $3, $3, $1, 0)",
          bob_, id, org_);
    });
  };
  ASSERT_TRUE(hold("member"));
  EXPECT_EQ(as_now(), kMember);
  ASSERT_TRUE(hold("org_admin"));
  EXPECT_EQ(as_now(), kOrgAdmin);
  admitted.level = kGuest;  // nor does it make him more than he was admitted as
  EXPECT_EQ(as_now(), kGuest);
}

TEST_P(Channels, InAnArchivedOneNothingIsChangedEither) {
  ASSERT_TRUE(make_public());
  ASSERT_TRUE(update(asker(*laptop_), {.state = wire::PlaceState::archived}));
  for (const auto kind : {wire::MessageKind::content, wire::MessageKind::edit,
                          wire::MessageKind::deletion, wire::MessageKind::signal}) {
    const auto checked = read(
        [&](Transaction& tx) { return check_channel_message(tx, asker(*laptop_), id_, kind); });
    expect_refused(Result<int>(checked ? Result<int>(0) : fail(Error(checked.error()))),
                   Errc::place_archived);
  }
}

TEST_P(Channels, ADeletedOneIsClosedForEverybody) {
  ASSERT_TRUE(make_public());
  const auto change = write_as([&](const GroupService& s, Transaction& tx) {
    return delete_channel(s, tx, asker(*laptop_), id_, clock_.now());
  });
  ASSERT_TRUE(change) << change.error().message();
  EXPECT_EQ(change->entries.size(), 2U);  // both of Alice's devices
  EXPECT_TRUE(listed(asker(*laptop_)).empty());
  EXPECT_FALSE(say(*laptop_, "anybody?"));
  expect_refused(fetch(asker(*laptop_), id_), Errc::not_found);
}

TEST_P(Channels, NewcomersJoinTheDefaultOnesOnce) {
  ASSERT_TRUE(make_public());
  expect_refused(update(asker(*desk_), {.is_default = wire::Switch::on}), Errc::not_allowed);
  ASSERT_TRUE(update(asker(*laptop_), {.is_default = wire::Switch::on}));
  EXPECT_EQ(join(asker(*desk_), std::nullopt).value(), 1U);
  EXPECT_EQ(join(asker(*desk_), std::nullopt).value(), 0U);
  ASSERT_TRUE(kick(asker(*laptop_), bob_, false));
  EXPECT_EQ(join(asker(*desk_), std::nullopt).value(), 0U);  // was there before
}

TEST_P(Channels, OtherOrganisationsSeeNothing) {
  ASSERT_TRUE(make_public());
  const auto other = make_org("other");
  auto stranger = asker(*desk_, kHighestLevel);
  stranger.org_id = other;
  stranger.user_id = make_user(other, "mallory");
  EXPECT_TRUE(listed(stranger).empty());
  expect_refused(fetch(stranger, id_), Errc::not_found);
  expect_refused(join(stranger, id_), Errc::not_found);
  // Nor are they there to be taken out.
  for (const auto& user : {stranger.user_id, UserId::make(clock_, random_)}) {
    const auto out = kick(asker(*laptop_), user, true);
    expect_refused(out, Errc::not_found);
    EXPECT_EQ(out.error().message(), "that person is not in the channel");
    const auto back =
        tx_write([&](Transaction& tx) { return unban(tx, asker(*laptop_), {id_, user}); });
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().message(), "that person is not banned");
  }
}

INSTANTIATE_TEST_SUITE_P(Databases, Channels, testing::Values("sqlite", "postgres"),
                         [](const auto& database) { return database.param; });

}  // namespace
}  // namespace unhidra::chat
