// Who sends a path secret that a member cannot use is shown to the others; who did not is not.
#include "forger.h"

namespace unhidra::mls {
namespace {

class PathFaults : public testing::Test {
 protected:
  using Change = Forger::Change;

  // bob's is the first ciphertext of alice's path, carol's and dan's share the node above.
  static HpkeCiphertext& bobs(Commit& commit) {
    return commit.path->nodes.at(0).encrypted_path_secret.at(0);
  }
  static PublicMessage message_of(const Bytes& commit) {
    return World::parsed<PublicMessage>(commit);
  }
  PathFault fault_seen_by(const Group& member, const Bytes& commit) {
    auto fault = member.path_fault(world_.env, message_of(commit));
    EXPECT_TRUE(fault) << fault.error().message();
    return std::move(fault).value_or(PathFault{});
  }
  void expect_refused_by_bob(const Bytes& commit) {
    const auto received = bob_.receive(world_.env, MlsMessage::parse(commit).value());
    ASSERT_FALSE(received);
    EXPECT_EQ(received.error(), Errc::bad_path_secret) << received.error().message();
  }
  void expect_verdict(const Group& by, const Bytes& commit, const PathFault& fault,
                      PathVerdict expected) {
    const auto judged = by.judge(message_of(commit), fault);
    EXPECT_EQ(judged.verdict, expected);
    ASSERT_NE(judged.committer, nullptr);
    EXPECT_EQ(as_text(judged.committer->credential().identity), "alice");
  }
  // bob cannot follow, carol and dan do, and are convinced by what bob shows them.
  Bytes convict(const Change& spoil) {
    const Bytes commit = Forger(world_, alice_).spoiled_commit(spoil);
    expect_refused_by_bob(commit);
    const PathFault fault = fault_seen_by(bob_, commit);
    for (Group* follower : {&carol_, &dan_}) {
      EXPECT_EQ(follower->judge(message_of(commit), fault).verdict, PathVerdict::unproven)
          << "before it is followed there is nothing to judge";
      world_.deliver(commit, *follower);
      expect_verdict(*follower, commit, decoded(fault), PathVerdict::proven);
    }
    return commit;
  }
  static PathFault decoded(const PathFault& fault) {
    return decode<PathFault>(encode(fault), "a fault").value();
  }
  // A secret of the right size that does not fit.
  Change another_secret() {
    return [this](Commit& commit) {
      const auto above = commit.path->nodes.at(1);
      Forger(world_, alice_).reseal_path(commit, [&](auto) { return world_.random.secret(32); });
      commit.path->nodes[1] = above;
    };
  }

  World world_;
  Group alice_ = world_.create("alice");
  Group bob_ = world_.add(alice_, "bob");
  Group carol_ = world_.add(alice_, "carol", {&bob_});
  Group dan_ = world_.add(alice_, "dan", {&bob_, &carol_});
};

TEST_F(PathFaults, ACiphertextThatDoesNotOpenConvicts) {
  convict([](Commit& commit) { bobs(commit).ciphertext[5] ^= 1; });
}

TEST_F(PathFaults, ASecretThatLeadsElsewhereConvicts) {
  convict(another_secret());
}

TEST_F(PathFaults, ACiphertextForAnotherKeyConvicts) {
  convict([&](Commit& commit) {
    bobs(commit) =
        hpke_seal(world_.suite, world_.random,
                  HpkeKeyPair::generate(world_.suite, world_.random)->public_key(),
                  HpkeInfo::base(world_.suite, {}).value(), {}, world_.random.secret(32).expose())
            .value();
  });
}

TEST_F(PathFaults, WhatIsNoCiphertextConvictsWithoutAProof) {
  const std::vector<Change> changes{
      [](Commit& commit) { bobs(commit).kem_output.clear(); },
      [](Commit& commit) { bobs(commit).kem_output.assign(32, 0); },  // of low order
      [](Commit& commit) {
        bobs(commit).kem_output = Bytes{2};
        bobs(commit).kem_output.resize(32);
      },
      [](Commit& commit) { bobs(commit).ciphertext.pop_back(); },
      [](Commit& commit) { bobs(commit).ciphertext.clear(); }};
  for (const Change& change : changes) {
    const Bytes commit = convict(change);
    expect_verdict(carol_, commit, PathFault{}, PathVerdict::proven);
    // bob comes in again, so that the next one meets him.
    auto back = Group::join_external(world_.env, carol_.group_info(true).value(),
                                     {GroupInside::signer(bob_).clone(),
                                      Credential::basic(as_bytes("bob")),
                                      world_.capabilities,
                                      {}},
                                     {}, bob_.self());
    ASSERT_TRUE(back) << back.error().message();
    world_.deliver(back->commit, carol_);
    world_.deliver(back->commit, dan_);
    bob_ = std::move(back->group);
    // alice was shut out by her own commit, which she cannot confirm here.
    auto alice = Group::join_external(world_.env, carol_.group_info(true).value(),
                                      {GroupInside::signer(alice_).clone(),
                                       Credential::basic(as_bytes("alice")),
                                       world_.capabilities,
                                       {}},
                                      {}, alice_.self());
    ASSERT_TRUE(alice) << alice.error().message();
    for (Group* other : {&bob_, &carol_, &dan_}) {
      world_.deliver(alice->commit, *other);
    }
    alice_ = std::move(alice->group);
  }
}

TEST_F(PathFaults, AnHonestCommitterIsNotConvictedByATrueProof) {
  const CommitBundle bundle = alice_.commit(world_.env, {}).value();
  const PathFault fault = fault_seen_by(bob_, bundle.commit);
  EXPECT_FALSE(fault.proof.empty());
  for (Group* other : {&bob_, &carol_, &dan_}) {
    world_.deliver(bundle.commit, *other);
    expect_verdict(*other, bundle.commit, fault, PathVerdict::unfounded);
  }
  ASSERT_TRUE(alice_.confirm_pending(world_.env));
  expect_verdict(alice_, bundle.commit, fault, PathVerdict::unfounded);
}

TEST_F(PathFaults, NothingButTheTrueProofConvicts) {
  const Bytes commit = Forger(world_, alice_).spoiled_commit(another_secret());
  const PathFault fault = fault_seen_by(bob_, commit);
  world_.deliver(commit, carol_);
  for (std::size_t bit = 0; bit < 8 * fault.proof.size(); bit += 3) {
    PathFault changed = fault;
    changed.proof[bit / 8] ^= static_cast<Byte>(1U << (bit % 8));
    expect_verdict(carol_, commit, changed, PathVerdict::unfounded);
  }
  PathFault without = fault;
  without.proof.clear();
  expect_verdict(carol_, commit, without, PathVerdict::unproven);
  for (const auto& [node, place] : {std::pair{1U, 0U}, std::pair{0U, 1U}, std::pair{9U, 0U}}) {
    expect_verdict(carol_, commit, {node, place, fault.proof}, PathVerdict::unfounded);
  }
  // dan's own ciphertext is right, whatever he says.
  expect_verdict(carol_, commit, fault_seen_by(dan_, commit), PathVerdict::unfounded);
}

TEST_F(PathFaults, AProofIsOfOneCommit) {
  const Bytes first = Forger(world_, alice_).spoiled_commit(another_secret());
  const Bytes second = Forger(world_, alice_).spoiled_commit(another_secret());
  const PathFault fault = fault_seen_by(bob_, first);
  world_.deliver(second, carol_);
  expect_verdict(carol_, second, fault, PathVerdict::unfounded);
  EXPECT_EQ(carol_.judge(message_of(first), fault).verdict, PathVerdict::unproven)
      << "not the commit that carol has followed";
}

TEST_F(PathFaults, IsJudgedWhileBothEpochsAreKeptAndByThoseWhoWereThere) {
  const Bytes commit = Forger(world_, alice_).spoiled_commit(another_secret());
  const PathFault fault = fault_seen_by(bob_, commit);
  world_.deliver(commit, carol_);
  world_.deliver(commit, dan_);
  Group eve = world_.add(carol_, "eve", {&dan_});
  expect_verdict(dan_, commit, fault, PathVerdict::proven);
  EXPECT_EQ(eve.judge(message_of(commit), fault).verdict, PathVerdict::unproven);
  // Also after a restart.
  std::vector<Record> stored = dan_.take_changes();
  Group again = Group::restore(world_.env.provider, stored).value();
  expect_verdict(again, commit, fault, PathVerdict::proven);
  world_.commit(carol_, {}, {&dan_, &eve});
  EXPECT_EQ(dan_.judge(message_of(commit), fault).verdict, PathVerdict::unproven);
}

TEST_F(PathFaults, OtherSuitesHaveTheMembersWordAlone) {
  World world(CipherSuite::p256_aes128gcm_sha256_p256);
  Group alice = world.create("alice");
  Group bob = world.add(alice, "bob");
  Group carol = world.add(alice, "carol", {&bob});
  const CommitBundle bundle = alice.commit(world.env, {}).value();
  const auto fault = bob.path_fault(world.env, message_of(bundle.commit));
  ASSERT_TRUE(fault) << fault.error().message();
  EXPECT_TRUE(fault->proof.empty());
  world.deliver(bundle.commit, carol);
  EXPECT_EQ(carol.judge(message_of(bundle.commit), *fault).verdict, PathVerdict::unproven);
}

// In trees with blanks and unmerged leaves, of commits that add, remove and come from outside: the
// accuser and who judges have to mean the same ciphertext.
TEST(PathFaultsInLargerGroups, NobodyCanAccuseAnHonestCommit) {
  World world;
  std::vector<Group> members;
  members.push_back(world.create("0"));
  int number = 1;
  for (int round = 0; round < 40; ++round) {
    const auto who = world.random.next() % members.size();
    CommitOptions options;
    std::vector<OwnKeyPackage> fresh;
    std::optional<std::size_t> leaver;
    const auto what = world.random.next() % 4;
    if (what < 2 || members.size() < 4) {
      for (std::uint64_t i = 0; i <= what; ++i) {
        fresh.push_back(world.key_package(std::to_string(number++)));
        options.proposals.push_back(World::add_of(fresh.back().key_package));
      }
    } else if (what == 2) {
      leaver = (who + 1) % members.size();
      options.proposals.push_back({Remove{members[*leaver].self()}});
    }
    Bytes commit;
    std::optional<Bytes> welcome;
    std::optional<Group> joiner;
    const bool outside = what == 3 && round % 3 == 0;
    if (outside) {
      auto joined = Group::join_external(world.env, members[who].group_info(true).value(),
                                         world.identity(std::to_string(number++)));
      ASSERT_TRUE(joined) << joined.error().message();
      commit = joined->commit;
      joiner.emplace(std::move(joined->group));
    } else {
      auto bundle = members[who].commit(world.env, options);
      ASSERT_TRUE(bundle) << bundle.error().message();
      commit = bundle->commit;
      welcome = bundle->welcome;
    }
    const auto message = World::parsed<PublicMessage>(commit);
    std::vector<PathFault> faults;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if ((i != who || outside) && i != leaver) {
        const auto fault = members[i].path_fault(world.env, message);
        ASSERT_TRUE(fault) << fault.error().message();
        faults.push_back(*fault);
      }
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i == who && !outside) {
        ASSERT_TRUE(members[i].confirm_pending(world.env));
      } else {
        world.deliver(commit, members[i]);
      }
    }
    if (leaver) {
      members.erase(members.begin() + static_cast<std::ptrdiff_t>(*leaver));
    }
    for (const Group& judge : members) {
      for (const PathFault& fault : faults) {
        ASSERT_EQ(judge.judge(message, fault).verdict, PathVerdict::unfounded) << "round " << round;
      }
    }
    for (const auto& ours : fresh) {
      members.push_back(Group::join(world.env, ours, World::parsed<Welcome>(*welcome)).value());
    }
    if (joiner) {
      members.push_back(std::move(*joiner));
    }
  }
  EXPECT_GT(members.size(), 8U);
}

}  // namespace
}  // namespace unhidra::mls
