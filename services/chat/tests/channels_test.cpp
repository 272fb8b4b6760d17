// Spaces and channels: who sees, enters, writes, manages; and what stays hidden.

#include "channels.h"

#include "unhidra/chat/errc.h"

#include "group_delivery_fixture.h"
#include "spaces.h"

namespace unhidra::chat {
namespace {

using storage::Transaction;
using wire::ChannelVisibility;
using wire::PostingRule;

class Channels : public GroupDeliveryFixture {
 protected:
  void SetUp() override {
    GroupDeliveryFixture::SetUp();
    if (database_ == nullptr) {
      return;
    }
    private_ = id_;
    id_ = ConversationId::make(clock_, random_);
    ASSERT_TRUE(create(*laptop_, true));
    commit(*laptop_, adding({&*phone_}), {}, {&*phone_});
  }
  Asker asker(const Client& who, Level level = kMember) const {
    auto out = who.device.asker;
    out.level = level;
    return out;
  }
  template <class F>
  auto tx_write(F f) {
    return write([&](Transaction& tx) { return f(tx); });
  }
  Status make(const Asker& by, wire::CreateChannel request) {
    return tx_write([&](Transaction& tx) { return create_channel(tx, by, request, clock_.now()); });
  }
  Status make_public(const std::string& name = "General") {
    return make(asker(*laptop_), {.channel_id = id_, .name = name});
  }
  Status update(const Asker& by, wire::UpdateChannel request) {
    request.channel_id = id_;
    return tx_write([&](Transaction& tx) { return update_channel(tx, by, request, clock_.now()); });
  }
  Result<std::uint32_t> join(const Asker& by, std::optional<ConversationId> id) {
    return tx_write([&](Transaction& tx) { return join_channel(tx, by, {id}, clock_.now()); });
  }
  std::vector<std::string> listed(const Asker& by, wire::ListChannels query = {}) {
    const auto page = read([&](Transaction& tx) { return list_channels(tx, by, query); }).value();
    std::vector<std::string> out;
    for (const auto& one : page.channels) {
      out.push_back(one.name);
    }
    return out;
  }
  Result<wire::ChannelDetails> fetch(const Asker& by, ConversationId id) {
    return read([&](Transaction& tx) { return fetch_channel(tx, by, id); });
  }
  void come_in(Client& who) {
    ASSERT_TRUE(join(asker(who), id_));
    const auto sent = send(who, external(who));
    ASSERT_TRUE(sent) << sent.error().message();
    for (auto* one : {&*laptop_, &*phone_}) {
      ASSERT_TRUE(one->group->receive(
          environment(), mls_public::MlsMessage::parse(sent->entries.front().content).value()));
    }
  }
  Result<GroupChange> kick(const Asker& by, UserId user, bool ban) {
    return write_as([&](const GroupService& s, Transaction& tx) {
      return remove_from_channel(s, tx, by, {id_, user, ban}, clock_.now());
    });
  }
  template <class T>
  void expect_refused(const Result<T>& got, Errc code) {
    ASSERT_FALSE(got);
    EXPECT_TRUE(got.error() == code) << got.error().message();
  }

  ConversationId private_;  // Alice's, not yet a channel
};

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
  for (const std::string bad : {"", " x", "a\nb", "\xff"}) {
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
}

// ---- spaces ----

class Spaces : public Channels {
 protected:
  SpaceId space(const Asker& by, const std::string& name, std::optional<SpaceId> parent = {},
                bool hidden = false) {
    const auto id = SpaceId::make(clock_, random_);
    const auto made = tx_write([&](Transaction& tx) {
      return create_space(tx, by, {id, parent, name, hidden}, clock_.now());
    });
    EXPECT_TRUE(made) << made.error().message();
    return id;
  }
  std::vector<std::string> spaces(const Asker& by) {
    const auto page = read([&](Transaction& tx) { return list_spaces(tx, by, {}); }).value();
    std::vector<std::string> out;
    for (const auto& one : page.spaces) {
      out.push_back(one.name);
    }
    return out;
  }
  Status give(const Asker& by, SpaceId id, UserId user, Level role) {
    return tx_write([&](Transaction& tx) {
      return set_place_role(tx, by, {id, std::nullopt, user, role}, clock_.now());
    });
  }
};

TEST_P(Spaces, RolesAreInheritedDownAndNeverGivenAboveOnesOwn) {
  const auto root = space(asker(*laptop_, kSpaceAdmin), "Engineering");
  const auto below = space(asker(*laptop_, kSpaceAdmin), "Backend", root);
  ASSERT_TRUE(make(asker(*laptop_), {.channel_id = id_, .space_id = below, .name = "deploys"}));
  const auto archive = [&](const Asker& by) {
    return update(by, {.state = wire::PlaceState::archived});
  };
  expect_refused(archive(asker(*desk_)), Errc::not_allowed);
  expect_refused(give(asker(*desk_), root, bob_, kSpaceAdmin), Errc::not_allowed);
  expect_refused(give(asker(*laptop_, kSpaceAdmin), root, bob_, kOrgAdmin), Errc::not_allowed);
  ASSERT_TRUE(give(asker(*laptop_, kSpaceAdmin), root, bob_, kSpaceAdmin));
  EXPECT_TRUE(archive(asker(*desk_)));
  ASSERT_TRUE(give(asker(*laptop_, kSpaceAdmin), root, bob_, 0));
  expect_refused(archive(asker(*desk_)), Errc::not_allowed);
}

TEST_P(Spaces, AHiddenOneAndWhatIsInItIsUnknownToOthers) {
  const auto hidden = space(asker(*laptop_, kSpaceAdmin), "Board", {}, true);
  space(asker(*laptop_, kOrgAdmin), "Minutes", hidden);
  ASSERT_TRUE(give(asker(*laptop_, kOrgAdmin), hidden, alice_, kMember));
  ASSERT_TRUE(make(asker(*laptop_), {.channel_id = id_, .space_id = hidden, .name = "figures"}));
  EXPECT_TRUE(spaces(asker(*desk_)).empty());
  EXPECT_TRUE(listed(asker(*desk_)).empty());
  EXPECT_TRUE(listed(asker(*desk_), {.search = "fig"}).empty());
  expect_refused(join(asker(*desk_), id_), Errc::not_found);
  EXPECT_EQ(spaces(asker(*laptop_)).size(), 2U);
  EXPECT_EQ(spaces(asker(*tablet_, kOrgAdmin)).size(), 2U);
}

TEST_P(Spaces, AreNestedOnlySoDeepAndDeletedWhenEmpty) {
  const auto admin = asker(*laptop_, kSpaceAdmin);
  std::optional<SpaceId> at;
  const auto first = space(admin, "1");
  at = first;
  for (unsigned depth = 2; depth <= kMaxSpaceDepth; ++depth) {
    at = space(admin, std::to_string(depth), at);
  }
  const auto too_deep = tx_write([&](Transaction& tx) {
    return create_space(tx, admin, {SpaceId::make(clock_, random_), at, "deeper", false},
                        clock_.now());
  });
  expect_refused(too_deep, Errc::too_deep);
  const auto remove = [&](SpaceId id) {
    return tx_write([&](Transaction& tx) { return delete_space(tx, admin, id); });
  };
  expect_refused(remove(first), Errc::not_empty);
  EXPECT_TRUE(remove(*at));
  expect_refused(tx_write([&](Transaction& tx) {
                   return create_space(tx, asker(*desk_),
                                       {SpaceId::make(clock_, random_), {}, "mine", false},
                                       clock_.now());
                 }),
                 Errc::not_allowed);
}

INSTANTIATE_TEST_SUITE_P(Databases, Channels, testing::Values("sqlite", "postgres"),
                         [](const auto& database) { return database.param; });
INSTANTIATE_TEST_SUITE_P(Databases, Spaces, testing::Values("sqlite", "postgres"),
                         [](const auto& database) { return database.param; });

}  // namespace
}  // namespace unhidra::chat
