// A delivery service that follows a group without its secrets.
#include "unhidra/mls_public/public_group.h"

#include <gtest/gtest.h>

#include "unhidra/mls/group.h"
#include "unhidra/testkit/seeded_random.h"

namespace unhidra::mls {
namespace {

constexpr Lifetime kLifetime{0, 90 * 24 * 3600};

class DeliveryService : public testing::Test {
 protected:
  Identity identity(std::string_view name) {
    return {SignatureKeyPair::generate(suite_, random_).value(),
            Credential::basic(as_bytes(name)),
            default_capabilities(env_.provider),
            {}};
  }
  OwnKeyPackage key_package(std::string_view name) {
    return make_key_package(suite_, random_, identity(name), kLifetime).value();
  }
  static Proposal add(const OwnKeyPackage& ours) {
    return {Add{std::make_shared<const KeyPackage>(ours.key_package)}};
  }
  template <class T>
  static T parsed(const Bytes& bytes) {
    return *MlsMessage::parse(bytes)->as<T>();
  }

  testkit::SeededRandom random_{12};
  Environment env_{.provider = crypto::native_provider(), .random = random_, .rules = {}};
  Suite suite_ = Suite::of(env_.provider, kDefaultCipherSuite).value();
  Group alice_ =
      Group::create(env_, suite_.id(), to_bytes("g"), identity("alice"), kLifetime).value();
  PublicGroup service_ =
      PublicGroup::from_group_info(env_.provider, alice_.group_info(true).value(), std::nullopt,
                                   env_.rules)
          .value();
};

TEST_F(DeliveryService, TakesABundleThatFitsTogether) {
  const auto bob = key_package("bob");
  const auto bundle =
      alice_.commit(env_, {.proposals = {add(bob)}, .make_group_info = true}).value();
  auto checked = service_.check_commit(parsed<PublicMessage>(bundle.commit), env_.rules);
  ASSERT_TRUE(checked) << checked.error().message();
  EXPECT_EQ(checked->added, std::vector{LeafIndex{1}});
  const auto welcome = parsed<Welcome>(*bundle.welcome);
  EXPECT_TRUE(PublicGroup::check_welcomes(*checked, {&welcome, 1}));
  EXPECT_TRUE(PublicGroup::check_group_info(*checked, parsed<GroupInfo>(*bundle.group_info)));
  ASSERT_TRUE(service_.apply(std::move(*checked)));
  ASSERT_TRUE(alice_.confirm_pending(env_));
  EXPECT_EQ(service_.state().encoded_context, alice_.state().encoded_context);
  EXPECT_EQ(service_.state().interim_transcript_hash, alice_.state().interim_transcript_hash);
}

TEST_F(DeliveryService, RefusesWelcomesForOthersOrForNobody) {
  const auto bob = key_package("bob");
  const auto bundle = alice_.commit(env_, {.proposals = {add(bob)}}).value();
  const auto checked =
      service_.check_commit(parsed<PublicMessage>(bundle.commit), env_.rules).value();
  EXPECT_EQ(PublicGroup::check_welcomes(checked, {}).error(), mls_public::Errc::invalid_commit);
  auto welcome = parsed<Welcome>(*bundle.welcome);
  welcome.secrets.push_back(welcome.secrets.front());
  EXPECT_EQ(PublicGroup::check_welcomes(checked, {&welcome, 1}).error(),
            mls_public::Errc::invalid_commit);
}

TEST_F(DeliveryService, RefusesTheGroupInfoOfAnotherEpoch) {
  const auto old = alice_.group_info(true).value();
  const auto bundle = alice_.commit(env_, {}).value();
  const auto checked =
      service_.check_commit(parsed<PublicMessage>(bundle.commit), env_.rules).value();
  EXPECT_EQ(PublicGroup::check_group_info(checked, old).error(),
            mls_public::Errc::invalid_group_info);
}

TEST_F(DeliveryService, RefusesAStaleCommit) {
  const auto bundle = alice_.commit(env_, {}).value();
  const auto message = parsed<PublicMessage>(bundle.commit);
  ASSERT_TRUE(service_.apply(service_.check_commit(message, env_.rules).value()));
  EXPECT_EQ(service_.check_commit(message, env_.rules).error(), mls_public::Errc::wrong_epoch);
}

TEST_F(DeliveryService, NoticesAProposalThatACommitLeavesOut) {
  const auto bob = key_package("bob");
  const auto proposal = alice_.propose(env_, add(bob), WireFormat::mls_public_message).value();
  ASSERT_TRUE(service_.add_proposal(parsed<PublicMessage>(proposal), env_.rules));
  const auto without = alice_.commit(env_, {.cover_pending = false}).value();
  alice_.discard_pending();
  const auto with = alice_.commit(env_, {}).value();
  const auto check = [&](const Bytes& commit) {
    return service_.check_covers_all(
        service_.check_commit(parsed<PublicMessage>(commit), env_.rules).value());
  };
  EXPECT_EQ(check(without.commit).error(), mls_public::Errc::invalid_commit);
  EXPECT_TRUE(check(with.commit));
}

TEST_F(DeliveryService, RefusesACommitOrProposalOfAnotherGroup) {
  auto commit = parsed<PublicMessage>(alice_.commit(env_, {}).value().commit);
  commit.content.group_id = to_bytes("other");
  EXPECT_EQ(service_.check_commit(commit, env_.rules).error(), mls_public::Errc::wrong_group);
  EXPECT_EQ(service_.add_proposal(commit, env_.rules).error(), mls_public::Errc::malformed);
}

}  // namespace
}  // namespace unhidra::mls
