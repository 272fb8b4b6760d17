// Groups that are written down after each step and read again.
#include <algorithm>
#include <map>
#include <set>

#include "group_inside.h"
#include "world.h"

namespace unhidra::mls {
namespace {

class Storage {
 public:
  std::size_t save(Group& group) {
    std::size_t bytes = 0;
    for (Record& record : group.take_changes()) {
      if (record.value) {
        bytes += record.key.size() + record.value->size();
        records_.insert_or_assign(record.key, std::move(*record.value));
      } else {
        records_.erase(record.key);
      }
    }
    return bytes;
  }
  Result<Group> restore() const {
    std::vector<Record> records;
    for (const auto& [key, value] : records_) {
      records.push_back({key, value.clone()});
    }
    auto found = Group::restore(crypto::native_provider(), [this](ByteView key) {
      const auto at = records_.find(to_bytes(key));
      return Result<std::optional<SecretBytes>>(
          at == records_.end() ? std::nullopt : std::optional(at->second.clone()));
    });
    auto out = Group::restore(crypto::native_provider(), records);
    EXPECT_EQ(found.has_value(), out.has_value());
    if (found && out) {  // looked up one by one, it is the same
      const auto names = [](const Group& group) {
        const auto keys = group.record_keys();
        return std::set<Bytes>(keys.begin(), keys.end());
      };
      EXPECT_EQ(names(*found), names(*out));
      EXPECT_TRUE(std::ranges::equal(found->epoch_authenticator(), out->epoch_authenticator()));
    }
    return out;
  }
  std::map<Bytes, SecretBytes>& records() { return records_; }

 private:
  std::map<Bytes, SecretBytes> records_;
};

MlsMessage parsed(const Bytes& bytes) {
  return MlsMessage::parse(bytes).value();
}

TEST(Storage, AGroupGoesOnAfterARestart) {
  World world;
  Group alice = world.create("alice");
  Group bob = world.add(alice, "bob");
  Storage storage;
  storage.save(bob);
  world.commit(alice, {}, {&bob});
  storage.save(bob);
  EXPECT_TRUE(bob.take_changes().empty());
  auto again = storage.restore();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_TRUE(again->take_changes().empty());
  world.commit(alice, {}, {&*again});
  world.expect_agreement(alice, *again);
  world.expect_delivery(*again, alice, "after a restart");
}

TEST(Storage, APendingCommitSurvivesARestart) {
  World world;
  Group alice = world.create("alice");
  Group bob = world.add(alice, "bob");
  Storage storage;
  storage.save(alice);
  CommitOptions options;
  const OwnKeyPackage ours = world.key_package("carol");
  options.proposals.push_back({Add{std::make_shared<const KeyPackage>(ours.key_package)}});
  const CommitBundle bundle = alice.commit(world.env, options).value();
  storage.save(alice);
  auto again = storage.restore();
  ASSERT_TRUE(again) << again.error().message();
  ASSERT_TRUE(again->has_pending_commit());
  const auto effects = again->confirm_pending(world.env);
  ASSERT_TRUE(effects) << effects.error().message();
  EXPECT_EQ(effects->added, std::vector{LeafIndex{2}});
  ASSERT_TRUE(bob.receive(world.env, parsed(bundle.commit)));
  Group carol = Group::join(world.env, ours, *parsed(*bundle.welcome).as<Welcome>()).value();
  world.expect_agreement(*again, bob);
  world.expect_agreement(*again, carol);
  storage.save(*again);
  auto third = storage.restore();
  ASSERT_TRUE(third) << third.error().message();
  EXPECT_FALSE(third->has_pending_commit());
  world.expect_delivery(*third, carol, "confirmed and restarted");
}

TEST(Storage, ADiscardedCommitLeavesNoRecord) {
  World world;
  Group alice = world.create("alice");
  Storage storage;
  storage.save(alice);
  const auto before = storage.records().size();
  ASSERT_TRUE(alice.commit(world.env, {}));
  storage.save(alice);
  EXPECT_EQ(storage.records().size(), before + 1);
  alice.discard_pending();
  storage.save(alice);
  EXPECT_EQ(storage.records().size(), before);
}

TEST(Storage, MessagesOfPastEpochsAreReadAfterARestart) {
  World world;
  Group alice = world.create("alice");
  Group bob = world.add(alice, "bob");
  Storage storage;
  storage.save(bob);
  const Bytes first = alice.encrypt(world.env, as_bytes("first")).value();
  const Bytes second = alice.encrypt(world.env, as_bytes("second")).value();
  Group carol = world.add(alice, "carol", {&bob});
  storage.save(bob);
  world.commit(carol, {}, {&alice, &bob});
  storage.save(bob);
  auto again = storage.restore();
  ASSERT_TRUE(again) << again.error().message();
  const auto got = again->receive(world.env, parsed(second));
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(as_text(got->application_data.expose()), "second");
  storage.save(*again);
  auto third = storage.restore();
  ASSERT_TRUE(third) << third.error().message();
  EXPECT_EQ(third->receive(world.env, parsed(second)).error(), Errc::duplicate);
  EXPECT_TRUE(third->receive(world.env, parsed(first)));
  world.commit(carol, {}, {&alice, &*third});
  EXPECT_EQ(third->receive(world.env, parsed(first)).error(), mls_public::Errc::wrong_epoch);
}

TEST(Storage, AStepWritesLittleHoweverLargeTheGroup) {
  World world;
  Group alice = world.create("alice");
  CommitOptions options;
  std::vector<OwnKeyPackage> all;
  for (int i = 0; i < 300; ++i) {
    all.push_back(world.key_package("member " + std::to_string(i)));
    options.proposals.push_back({Add{std::make_shared<const KeyPackage>(all.back().key_package)}});
  }
  const CommitBundle bundle = world.commit(alice, options, {});
  Group bob = Group::join(world.env, all[7], *parsed(*bundle.welcome).as<Welcome>()).value();
  Storage storage;
  EXPECT_GT(storage.save(bob), 50'000U);
  const auto message = alice.encrypt(world.env, as_bytes("hello")).value();
  ASSERT_TRUE(bob.receive(world.env, parsed(message)));
  EXPECT_LT(storage.save(bob), 2'000U);  // the secrets beside the sender's path, once
  const auto next = alice.encrypt(world.env, as_bytes("hello again")).value();
  ASSERT_TRUE(bob.receive(world.env, parsed(next)));
  EXPECT_LT(storage.save(bob), 100U);
  world.commit(alice, {}, {&bob});
  EXPECT_LT(storage.save(bob), 8'000U);
  ASSERT_TRUE(bob.commit(world.env, {}));
  EXPECT_LT(storage.save(bob), 8'000U);
}

TEST(Storage, EveryStepOfARandomLifeIsRestoredAsItWas) {
  World world;
  std::vector<Group> members;
  members.push_back(world.create("founder"));
  Storage storage;
  std::vector<Bytes> late;
  for (int step = 0; step < 300; ++step) {
    Group& watched = members.front();
    Group& other = members[world.random.below(members.size())];
    switch (world.random.below(6)) {
      case 0: {
        if (watched.has_pending_commit()) {
          break;
        }
        std::vector<Group*> others;
        for (Group& member : members) {
          if (&member != &other) {
            others.push_back(&member);
          }
        }
        Group newcomer = world.add(other, "member " + std::to_string(step), others);
        members.push_back(std::move(newcomer));
        break;
      }
      case 1:
        if (members.size() > 3 && !watched.has_pending_commit()) {
          CommitOptions options;
          options.proposals.push_back({Remove{members.back().self()}});
          members.pop_back();
          std::vector<Group*> others;
          for (std::size_t i = 1; i < members.size(); ++i) {
            others.push_back(&members[i]);
          }
          world.commit(watched, options, others);
        }
        break;
      case 2:
        late.push_back(other.encrypt(world.env, as_bytes("text")).value());
        break;
      case 3:
        if (!late.empty()) {
          const auto at = world.random.below(late.size());
          (void)watched.receive(world.env, parsed(late[at]));
          late.erase(late.begin() + static_cast<std::ptrdiff_t>(at));
        }
        break;
      case 4:
        (void)watched.commit(world.env, {});
        break;
      default:
        watched.discard_pending();
    }
    if (world.random.below(3) == 0) {
      continue;  // several steps in one write
    }
    Group& saved = members.front();
    storage.save(saved);
    auto again = storage.restore();
    ASSERT_TRUE(again) << again.error().message() << " in step " << step;
    ASSERT_EQ(GroupInside::snapshot(*again), GroupInside::snapshot(saved)) << "step " << step;
    EXPECT_TRUE(again->take_changes().empty());
    if (world.random.below(2) == 0) {
      members.front() = std::move(*again);
    }
  }
  for (const Bytes& key : members.front().record_keys()) {
    storage.records().erase(key);
  }
  EXPECT_TRUE(storage.records().empty()) << "a forgotten group leaves nothing";
}

TEST(Storage, DamagedRecordsAreRefused) {
  World world;
  Group alice = world.create("alice");
  Group bob = world.add(alice, "bob");
  world.commit(bob, {}, {&alice});
  ASSERT_TRUE(alice.commit(world.env, {}));
  Storage storage;
  storage.save(alice);
  for (auto& [key, value] : storage.records()) {
    if (key.front() == 'k') {
      continue;  // random bytes: any is a key
    }
    const SecretBytes good = value.clone();
    value = SecretBytes::copy_of(good.expose().first(good.size() - 1));
    EXPECT_FALSE(storage.restore()) << "record " << key.front();
    value = good.clone();
  }
  EXPECT_TRUE(storage.restore());
}

}  // namespace
}  // namespace unhidra::mls
