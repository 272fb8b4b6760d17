// Spaces: what they give to what is in them, and hide.

#include "channel_fixture.h"

namespace unhidra::chat {
namespace {

using storage::Transaction;

class Spaces : public ChannelFixture {
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
  EXPECT_EQ(fetch(asker(*desk_), id_).error().message(),
            fetch(asker(*desk_), ConversationId::make(clock_, random_)).error().message());
  EXPECT_EQ(spaces(asker(*laptop_)).size(), 2U);
  EXPECT_EQ(spaces(asker(*tablet_, kOrgAdmin)).size(), 2U);
}

TEST_P(Spaces, ANameThatIsTakenOutOfSightIsFree) {
  const auto hidden = space(asker(*laptop_, kSpaceAdmin), "Board", {}, true);
  ASSERT_TRUE(give(asker(*laptop_, kOrgAdmin), hidden, alice_, kMember));
  ASSERT_TRUE(make(asker(*laptop_), {.channel_id = id_, .space_id = hidden, .name = "Layoffs"}));
  id_ = ConversationId::make(clock_, random_);
  ASSERT_TRUE(create(*desk_, true));
  const auto made = make(asker(*desk_), {.channel_id = id_, .name = "layoffs"});
  EXPECT_TRUE(made) << made.error().message();
  EXPECT_EQ(listed(asker(*desk_)), std::vector<std::string>{"layoffs"});
  // Who sees one of them does not make another.
  id_ = ConversationId::make(clock_, random_);
  ASSERT_TRUE(create(*laptop_, true));
  expect_refused(make(asker(*laptop_), {.channel_id = id_, .name = "LAYOFFS"}), Errc::name_taken);
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

INSTANTIATE_TEST_SUITE_P(Databases, Spaces, testing::Values("sqlite", "postgres"),
                         [](const auto& database) { return database.param; });

}  // namespace
}  // namespace unhidra::chat
