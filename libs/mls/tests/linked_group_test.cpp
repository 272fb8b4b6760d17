// Groups that continue others (RFC 9420 sections 11.2 and 11.3): what works, and what a member of
// the old group refuses.
#include "forger.h"

namespace unhidra::mls {
namespace {

constexpr auto kBadInfo = PublicErrc::invalid_group_info;

// Answers every name with one secret.
struct AnyPsk final : PskSource {
  explicit AnyPsk(ByteView key) : secret(SecretBytes::copy_of(key)) {}
  std::optional<SecretBytes> find(const PreSharedKeyId&) const override { return secret.clone(); }
  SecretBytes secret;
};

class LinkedGroups : public testing::Test {
 protected:
  struct Plan {
    ResumptionUsage usage = ResumptionUsage::branch;
    Bytes group_id = to_bytes("next");
    CipherSuite suite = kDefaultCipherSuite;
    ExtensionList extensions{};
    std::vector<std::string> others{"bob", "carol"};  // whom alice takes along
    std::size_t commits_before = 0;
    std::function<void(PreSharedKeyId&)> change{};
    std::size_t psks = 1;
  };
  struct Linked {
    Group alice;
    OwnKeyPackage bob;
    Welcome welcome;
  };

  Linked link(const Plan& plan) {
    World next(plan.suite);
    Group alice = Group::create(next.env, plan.suite, plan.group_id, next.identity("alice"),
                                kLifetime, plan.extensions)
                      .value();
    for (std::size_t i = 0; i < plan.commits_before; ++i) {
      next.commit(alice, {}, {});
    }
    std::vector<OwnKeyPackage> packages;
    CommitOptions options;
    options.use = CommitUse::linked_group;
    for (const std::string& name : plan.others) {
      packages.push_back(next.key_package(name));
      options.proposals.push_back(World::add_of(packages.back().key_package));
    }
    for (std::size_t i = 0; i < plan.psks; ++i) {
      PreSharedKeyId id{.type = PskType::resumption, .usage = plan.usage};
      id.psk_group_id = alice_.context().group_id;
      id.psk_epoch = alice_.context().epoch;
      id.psk_nonce.assign(next.suite.hash_size(), static_cast<Byte>(i));
      if (plan.change) {
        plan.change(id);
      }
      options.proposals.push_back({PreSharedKey{std::move(id)}});
    }
    const AnyPsk psk(alice_.resumption_psk());
    next.env.psks = &psk;
    const CommitBundle bundle = next.commit(alice, options, {});
    return {std::move(alice), std::move(packages[0]), World::parsed<Welcome>(*bundle.welcome)};
  }
  void join_refused(const Plan& plan, const Refusal& refusal, bool known = true) {
    const Linked linked = link(plan);
    const auto joined = Group::join(world_.env, linked.bob, linked.welcome,
                                    {.linked_group = known ? &bob_ : nullptr});
    ASSERT_FALSE(joined) << "joined, instead of: " << refusal.why;
    expect_error(joined.error(), refusal);
  }
  void reinitialise(ReInit reinit) {
    world_.commit(carol_, {.proposals = {{std::move(reinit)}}}, {&alice_, &bob_});
  }

  World world_;
  Group alice_ = world_.create("alice");
  Group bob_ = world_.add(alice_, "bob");
  Group carol_ = world_.add(alice_, "carol", {&bob_});
};

using Section11_2 = LinkedGroups;
const Refusal kNotAskedFor{kBadInfo, "the group is not the one that the ReInit asked for"};

TEST_F(Section11_2, AGroupGoesOnWithAnotherCipherSuite) {
  constexpr auto kNext = CipherSuite::p256_aes128gcm_sha256_p256;
  const Bytes proposal =
      bob_.propose(world_.env, {ReInit{to_bytes("next"), ProtocolVersion::mls10, kNext, {}}},
                   WireFormat::mls_private_message)
          .value();
  for (Group* other : {&alice_, &carol_}) {
    world_.deliver(proposal, *other);
  }
  world_.commit(carol_, {}, {&alice_, &bob_});
  ASSERT_TRUE(bob_.reinit());
  Linked linked = link({.usage = ResumptionUsage::reinit, .suite = kNext});
  World next(kNext);
  auto bob = Group::join(next.env, linked.bob, linked.welcome, {.linked_group = &bob_});
  ASSERT_TRUE(bob) << bob.error().message();
  next.expect_agreement(linked.alice, *bob);
  next.expect_delivery(linked.alice, *bob, "in the new group");
}

TEST_F(Section11_2, AnotherGroupThanTheReInitAskedFor) {
  ExtensionList extensions;
  extensions.set(ExtensionType::required_capabilities, encode(RequiredCapabilities{}));
  reinitialise({to_bytes("next"), ProtocolVersion::mls10, kDefaultCipherSuite, extensions});
  const Plan good{.usage = ResumptionUsage::reinit, .extensions = extensions};
  const Linked linked = link(good);
  EXPECT_TRUE(Group::join(world_.env, linked.bob, linked.welcome, {.linked_group = &bob_}));
  Plan other = good;
  other.group_id = to_bytes("another");
  join_refused(other, kNotAskedFor);
  other = good;
  other.extensions = {};
  join_refused(other, kNotAskedFor);
  other = good;
  other.suite = CipherSuite::x25519_aes128gcm_sha256_ed25519;
  join_refused(other, kNotAskedFor);
  other = good;
  other.others = {"bob"};
  join_refused(other, kNotAskedFor);
}

TEST_F(Section11_2, AnotherVersionThanTheReInitAskedFor) {
  reinitialise({to_bytes("next"), ProtocolVersion{2}, kDefaultCipherSuite, {}});
  join_refused({.usage = ResumptionUsage::reinit}, kNotAskedFor);
}

TEST_F(Section11_2, AGroupThatWasNotReinitialised) {
  join_refused({.usage = ResumptionUsage::reinit}, kNotAskedFor);
}

TEST_F(Section11_2, APskOfAnotherEpoch) {
  reinitialise({to_bytes("next"), ProtocolVersion::mls10, kDefaultCipherSuite, {}});
  const Plan plan{.usage = ResumptionUsage::reinit,
                  .change = [](PreSharedKeyId& id) { --id.psk_epoch; }};
  join_refused(plan, {Errc::unknown_psk, "is not held"});
  const AnyPsk all(alice_.resumption_psk());
  world_.env.psks = &all;
  join_refused(plan, kNotAskedFor);
}

using Section11_3 = LinkedGroups;

TEST_F(Section11_3, SomeMembersBranchOff) {
  Linked linked = link({.others = {"bob"}});
  auto bob = Group::join(world_.env, linked.bob, linked.welcome, {.linked_group = &bob_});
  ASSERT_TRUE(bob) << bob.error().message();
  world_.expect_delivery(*bob, linked.alice, "among us");
  world_.expect_delivery(alice_, bob_, "the old group goes on");
}

TEST_F(Section11_3, AnotherCipherSuiteOrAStranger) {
  const Refusal refusal{kBadInfo, "a branch has the suite and a subset of the members"};
  join_refused({.suite = CipherSuite::x25519_aes128gcm_sha256_ed25519}, refusal);
  join_refused({.others = {"bob", "mallory"}}, refusal);
}

TEST_F(Section11_3, AnotherEpochThanTheFirst) {
  const Refusal refusal{kBadInfo, "starts with epoch 1 and names the group it continues"};
  join_refused({.commits_before = 1}, refusal);
  reinitialise({to_bytes("next"), ProtocolVersion::mls10, kDefaultCipherSuite, {}});
  join_refused({.usage = ResumptionUsage::reinit, .commits_before = 1}, refusal);
}

TEST_F(Section11_3, APskOfAGroupThatIsNotKnown) {
  join_refused({}, {Errc::unknown_psk, "the group that the Welcome continues is not known"}, false);
  const Plan other{.change = [](PreSharedKeyId& id) { id.psk_group_id = to_bytes("another"); }};
  join_refused(other, {Errc::unknown_psk, "a pre-shared key is not held"});
  const AnyPsk all(alice_.resumption_psk());
  world_.env.psks = &all;
  join_refused(other, {kBadInfo, "names the group it continues"});
}

TEST_F(Section11_3, Section12_4_3_1_TwoLinkingPsks) {
  join_refused({.psks = 2}, {kBadInfo, "stands beside another"});
}

}  // namespace
}  // namespace unhidra::mls
