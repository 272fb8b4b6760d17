// What a member, an old client or the server can do to the history that a group shares.

#include <algorithm>

#include "unhidra/identity/member_name.h"
#include "unhidra/mls/group.h"

#include "record_codec.h"
#include "records.h"
#include "shared_history_case.h"
#include "shared_history_records.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

class SharedHistoryAttacks : public SharedHistoryCase {
 protected:
  std::string outcome(Phone& of) {
    const auto told = of.events_of<event::GroupChangeDone>();
    return told.empty() ? "nothing" : told.back().failure;
  }
  // A member whose messages from now on hold wrong keys of the epochs before this one.
  void forge_links(Phone& of, ConversationId id, std::uint64_t before) {
    auto record = history_of(of, id);
    for (auto& [epoch, one] : record.keys) {
      if (epoch < before) {
        world.random.fill(one.key.expose_mutable());
      }
    }
    std::vector<Mutation> change;
    change.push_back({Table::group_history, to_bytes(id.bytes()), record.encode()});
    ASSERT_TRUE(of.memory.commit(change));
    reopen(of);
  }
  void reopen(Phone& phone) {
    world.server.disconnect(phone.enrollment.device);
    phone.reopen();
    world.connect(phone);
    world.settle();
  }
  GroupHistoryRecord history_of(Phone& of, ConversationId id) {
    const auto stored = of.memory.get(Table::group_history, id.bytes());
    return GroupHistoryRecord::decode((*stored)->expose()).value();
  }
};

// The last message before a newcomer reads back is a forger's.
TEST_F(SharedHistoryAttacks, ForgedKeysBesideTrueOnesHideNothing) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  auto& dora = join("dora");
  const auto id = create(ann, {&bob});
  share(ann, id);
  tell(ann, id, "one");
  tell(bob, id, "two");
  add(ann, id, cleo);
  forge_links(bob, id, bob.engine->group(id)->epoch);
  tell(bob, id, "forged");  // the forger speaks first
  tell(ann, id, "true");
  read_all(cleo, id);
  EXPECT_EQ(cleo.texts(id), (Texts{"one", "two", "forged", "true"}));
  EXPECT_EQ(cleo.count<event::MessageUnreadable>(), 0U);
  // What turned out to be the key is what cleo passes on, not what was told first.
  ASSERT_TRUE(ann.engine->remove_from_group(id, std::array{bob.enrollment.user}));
  world.settle();
  add(cleo, id, dora);
  tell(cleo, id, "from cleo");
  read_all(dora, id);
  EXPECT_EQ(dora.texts(id), (Texts{"one", "two", "forged", "true", "from cleo"}));
  EXPECT_EQ(dora.count<event::MessageUnreadable>(), 0U);
}

// Nothing false is shown as somebody's words; the device stays in the group and reads what follows.
TEST_F(SharedHistoryAttacks, ForgedKeysAloneOpenNothing) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob});
  share(ann, id);
  tell(ann, id, "one");
  forge_links(bob, id, bob.engine->group(id)->epoch + 1);
  add(bob, id, cleo);
  tell(bob, id, "forged");
  read_all(cleo, id);
  EXPECT_EQ(cleo.texts(id), Texts{"forged"});
  const auto told = cleo.events_of<event::MessageUnreadable>();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told.front().message.reason, UnreadableReason::tampered);
  tell(ann, id, "later");
  EXPECT_EQ(cleo.texts(id), (Texts{"forged", "later"}));
  EXPECT_EQ(cleo.engine->group(id)->state, GroupState::active);
}

TEST_F(SharedHistoryAttacks, AMemberCannotReplaceTheKeysOfEpochsThatAnotherWasIn) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob});
  share(ann, id);
  tell(ann, id, "one");
  add(ann, id, cleo);
  const auto before = history_of(ann, id);
  forge_links(bob, id, bob.engine->group(id)->epoch);
  tell(bob, id, "forged");
  const auto after = history_of(ann, id);
  for (const auto& [epoch, one] : before.keys) {
    ASSERT_TRUE(after.keys.contains(epoch));
    EXPECT_TRUE(after.keys.at(epoch).key == one.key) << epoch;
  }
}

TEST_F(SharedHistoryAttacks, TheLongestTextIsSharedToo) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {});
  share(ann, id);
  const std::string longest(ann.limits.max_text, 'x');
  tell(ann, id, longest);
  EXPECT_FALSE(ann.engine->send_text(id, longest + "x"));
  add(ann, id, bob);
  read_all(bob, id);
  EXPECT_EQ(bob.texts(id), Texts{longest});
}

// A client of before this version came in with a KeyPackage that does not know the setting.
TEST_F(SharedHistoryAttacks, AnOldClientInTheGroupKeepsItFromSharingAndNothingBreaks) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {});
  const auto suite = mls::Suite::of(world.crypto, mls::kDefaultCipherSuite).value();
  std::optional<Self> self;
  const auto stored = bob.memory.load(Table::device).value();
  for (const auto& record : stored) {
    auto decoded = Self::decode(world.crypto, record.value.expose());
    if (decoded && decoded->device == bob.enrollment.device) {
      self = std::move(*decoded);
    }
  }
  ASSERT_TRUE(self);
  auto capabilities = mls::default_capabilities(world.crypto);
  capabilities.extensions.push_back(mls::ExtensionType::last_resort);
  const mls::Identity old{
      mls::SignatureKeyPair::from_private(suite, self->signing.private_key().expose()).value(),
      mls::Credential::basic(
          identity::encode(identity::MemberName{bob.enrollment.user, bob.enrollment.device})),
      std::move(capabilities),
      {}};
  const auto now = static_cast<std::uint64_t>(to_unix_micros(world.clock.now()) / 1'000'000);
  auto key_package =
      mls::make_key_package(suite, world.random, old, {now - 3600, now + 86'400}).value();
  world.disconnect(bob);  // what he has is an old program, which this engine does not play
  auto& at_server = world.server.device(bob.enrollment.device).key_packages;
  at_server.clear();
  at_server.push_back(mls::encode(mls::MlsMessage{key_package.key_package}));
  add(ann, id, bob);
  ASSERT_EQ(outcome(ann), "");
  ASSERT_TRUE(ann.engine->share_history(id, true));
  world.settle();
  EXPECT_NE(outcome(ann), "");
  EXPECT_FALSE(ann.engine->group(id)->shares_history);
  tell(ann, id, "as before");
  EXPECT_EQ(ann.texts(id), Texts{"as before"});
  // The new program comes in with a leaf that knows it.
  world.connect(bob);
  world.settle_over(120s);
  ASSERT_EQ(bob.engine->group(id)->state, GroupState::active);
  share(ann, id);
  EXPECT_EQ(outcome(ann), "");
  EXPECT_TRUE(bob.engine->group(id)->shares_history);
  tell(bob, id, "shared");
  EXPECT_EQ(ann.texts(id), (Texts{"as before", "shared"}));
}

MessageBinding some_binding() {
  MessageBinding out;
  out.conversation = ConversationId(Uuid{1});
  out.message = MessageId(Uuid{2});
  out.sender = {UserId(Uuid{3}), DeviceId(Uuid{4})};
  out.shared.emplace();
  return out;
}

TEST(SharedHistoryBox, LongerThanABoxMayBeIsNotRead) {
  auto binding = some_binding();
  binding.shared->box.resize((std::size_t{1} << 20) + 1);
  EXPECT_FALSE(MessageBinding::decode(binding.encode()));
  binding.shared->box.resize(std::size_t{1} << 20);
  EXPECT_TRUE(MessageBinding::decode(binding.encode()));
}

// A length that the bytes behind it do not have costs no memory and is no binding.
TEST(SharedHistoryBox, ALengthBeyondTheEndIsNotRead) {
  auto bytes = some_binding().encode();
  bytes.pop_back();  // the box's length, 0
  for (const Byte next : {Byte{0xff}, Byte{0xff}, Byte{0x3f}}) {
    bytes.push_back(next);
    EXPECT_FALSE(MessageBinding::decode(bytes));
  }
}

Bytes body_with(std::initializer_list<std::uint64_t> epochs) {
  ByteWriter out(512);
  out.raw(ByteArray<64>{}).u8(static_cast<std::uint8_t>(epochs.size()));
  for (const auto epoch : epochs) {
    out.u64(epoch).raw(ByteArray<32>{});
  }
  return std::move(out).take();
}

TEST(SharedHistoryBox, LinksAreFewAndAscend) {
  EXPECT_TRUE(parse_history_body(body_with({1, 2, 3, 4, 5, 6, 7, 8})));
  EXPECT_FALSE(parse_history_body(body_with({1, 2, 3, 4, 5, 6, 7, 8, 9})));
  EXPECT_FALSE(parse_history_body(body_with({2, 1})));
  EXPECT_FALSE(parse_history_body(body_with({2, 2})));
  auto cut = body_with({1, 2});
  cut.pop_back();
  EXPECT_FALSE(parse_history_body(cut));
}

}  // namespace
}  // namespace unhidra::client::testing
