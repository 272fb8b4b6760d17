// A member whose commits cannot be followed by somebody is named: to whom it shuts out, and to the
// others, with what proves it. Who accuses falsely is named too.

#include <algorithm>
#include <ranges>

#include "unhidra/mls/group.h"

#include "content_format.h"
#include "records.h"
#include "world.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;
using crypto::FixedView;
using crypto::MutableFixedView;

// A client that breaks the rules in one place: when told to, it spoils the next path secret that it
// encrypts for somebody. They are the only texts of 32 bytes without associated data.
class SpoilingProvider final : public crypto::Provider {
 public:
  enum class Mode : std::uint8_t { none, garbage, another_secret };
  mutable Mode next = Mode::none;

  std::string_view name() const override { return "spoiling"; }
  bool supports(crypto::Feature feature) const override { return true_.supports(feature); }
  bool supports(crypto::Aead aead) const override { return true_.supports(aead); }
  bool supports(crypto::Hash hash) const override { return true_.supports(hash); }
  bool supports(crypto::Curve) const override { return false; }
  Status x25519(FixedView<32> key, FixedView<32> peer, MutableFixedView<32> out) const override {
    return true_.x25519(key, peer, out);
  }
  void x25519_base(FixedView<32> key, MutableFixedView<32> out) const override {
    true_.x25519_base(key, out);
  }
  void ed25519_public(FixedView<32> seed, MutableFixedView<32> out) const override {
    true_.ed25519_public(seed, out);
  }
  void ed25519_sign(FixedView<32> seed, FixedView<32> key, ByteView message,
                    MutableFixedView<64> signature) const override {
    true_.ed25519_sign(seed, key, message, signature);
  }
  Status ed25519_verify(FixedView<32> key, ByteView message,
                        FixedView<64> signature) const override {
    return true_.ed25519_verify(key, message, signature);
  }
  Status ed25519_check_public(FixedView<32> key) const override {
    return true_.ed25519_check_public(key);
  }
  Status aead_seal(crypto::Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                   ByteView plaintext, MutableByteView out) const override {
    Bytes text = to_bytes(plaintext);
    const bool is_path_secret = text.size() == 32 && associated_data.empty();
    const auto mode = is_path_secret ? std::exchange(next, Mode::none) : Mode::none;
    if (mode == Mode::another_secret) {
      text[0] ^= 1;
    }
    UNHIDRA_TRY_VOID(true_.aead_seal(aead, key, nonce, associated_data, text, out));
    out[0] ^= static_cast<Byte>(mode == Mode::garbage ? 1 : 0);
    return {};
  }
  Status aead_open(crypto::Aead aead, ByteView key, ByteView nonce, ByteView associated_data,
                   ByteView ciphertext, MutableByteView out) const override {
    return true_.aead_open(aead, key, nonce, associated_data, ciphertext, out);
  }
  Status hash(crypto::Hash hash, crypto::Parts parts, MutableByteView out) const override {
    return true_.hash(hash, parts, out);
  }
  Status hmac(crypto::Hash hash, ByteView key, crypto::Parts parts,
              MutableByteView out) const override {
    return true_.hmac(hash, key, parts, out);
  }

 private:
  const crypto::Provider& true_ = crypto::native_provider();
};

class CommitFaults : public ::testing::Test {
 protected:
  CommitFaults() {
    world.limits.leaf_update_age = 1'000h;
    for (const auto* name : {"ann", "bob", "cleo", "dan"}) {
      world.join(name);
    }
    const auto user = world.add_user("eve");
    const auto device = world.server.add_device(user, "phone");
    world.phones.push_back(std::make_unique<Phone>(
        spoiling, world.random, world.clock, Enrollment{user, device, world.server.user(user).name},
        world.limits));
    world.connect(eve());
    world.settle();
    world.join(
        "fay");  // six leaves: the first path secret that eve seals is for her neighbour alone
    std::vector<UserId> others;
    for (std::size_t i = 1; i < world.phones.size(); ++i) {
      others.push_back(world.phones[i]->enrollment.user);
    }
    id = ann().engine->create_group("the group", others).value();
    world.settle();
  }
  Phone& ann() { return *world.phones[0]; }
  Phone& bob() { return *world.phones[1]; }
  Phone& eve() { return *world.phones[4]; }
  Phone* shut_out() {
    for (const auto& phone : world.phones) {
      const auto all = told(*phone);
      if (!all.empty() && all[0].evidence == CommitEvidence::seen) {
        return phone.get();
      }
    }
    return nullptr;
  }
  // A change whose commit has a path.
  void change(Phone& by) {
    shared_ = !shared_;
    ASSERT_TRUE(by.engine->share_history(id, shared_));
    world.settle_over(180s);
  }
  std::vector<event::BadCommit> told(Phone& to) { return to.events_of<event::BadCommit>(); }
  void expect_everybody_reads(const std::string& text) {
    ASSERT_TRUE(bob().engine->send_text(id, text));
    world.settle_over(60s);
    for (const auto& phone : world.phones) {
      const auto texts = phone->texts(id);
      EXPECT_EQ(std::ranges::count(texts, text), 1) << phone->enrollment.username;
    }
  }
  void expect_eve_is_convicted(SpoilingProvider::Mode mode) {
    spoiling.next = mode;
    change(eve());
    ASSERT_EQ(spoiling.next, SpoilingProvider::Mode::none) << "no path was made";
    const Phone* neighbour = shut_out();
    ASSERT_NE(neighbour, nullptr);
    for (const auto& phone : world.phones) {
      SCOPED_TRACE(phone->enrollment.username);
      const bool shut_out = phone.get() == neighbour;
      const auto all = told(*phone);
      ASSERT_EQ(all.size(), 1U);
      EXPECT_EQ(all[0].conversation, id);
      EXPECT_EQ(all[0].user, eve().enrollment.user);
      EXPECT_EQ(all[0].device, eve().enrollment.device);
      EXPECT_EQ(all[0].reporter, neighbour->enrollment.user);
      EXPECT_EQ(all[0].evidence, shut_out ? CommitEvidence::seen : CommitEvidence::proven);
      EXPECT_EQ(phone->count<event::GroupRepaired>(), shut_out ? 1U : 0U);
    }
    expect_everybody_reads("after all");
  }
  // Sends this in place of a text, as only a client that breaks the rules can.
  void say(Phone& by, wire::CommitFault report) {
    world.disconnect(by);
    ASSERT_TRUE(by.engine->send_text(id, "to be replaced"));
    by.take();
    auto stored = by.memory.load(Table::outbox).value();
    ASSERT_EQ(stored.size(), 1U);
    auto record = OutboxRecord::decode(stored[0].value.expose()).value();
    wire::Content content;
    content.body = std::move(report);
    record.envelope = envelope_of(content);
    record.index.reset();
    record.content = encode_content(std::move(content));
    std::vector<Mutation> put;
    put.push_back({Table::outbox, record.record_key(), record.encode()});
    ASSERT_TRUE(by.memory.commit(put));
    by.reopen();
    world.connect(by);
    world.settle_over(30s);
  }
  // The group as the phone's store has it.
  mls::Group twin(Phone& of) {
    std::vector<mls::Record> records;
    auto all = of.memory.load(Table::group_state).value();
    for (auto& stored : all) {
      records.push_back({to_bytes(ByteView(stored.key).subspan(16)), std::move(stored.value)});
    }
    return mls::Group::restore(world.crypto, records).value();
  }
  Bytes last_commit() {
    for (const auto& entry : world.server.groups().at(id).log | std::views::reverse) {
      if (entry.kind == wire::GroupEntryKind::commit) {
        return entry.content;
      }
    }
    return {};
  }

  SpoilingProvider spoiling;
  World world;
  ConversationId id;

 private:
  bool shared_ = false;
};

TEST_F(CommitFaults, WhoSendsASecretThatDoesNotOpenIsNamedWithProof) {
  expect_eve_is_convicted(SpoilingProvider::Mode::garbage);
}

TEST_F(CommitFaults, WhoSendsAnotherSecretThanTheOthersHaveIsNamedWithProof) {
  expect_eve_is_convicted(SpoilingProvider::Mode::another_secret);
}

TEST_F(CommitFaults, TheReportOutlivesARestartBetweenTheFaultAndTheReturn) {
  spoiling.next = SpoilingProvider::Mode::garbage;
  ASSERT_TRUE(eve().engine->share_history(id, true));
  while (shut_out() == nullptr && world.move_one()) {
  }
  auto* neighbour = shut_out();
  ASSERT_NE(neighbour, nullptr);
  ASSERT_EQ(neighbour->count<event::GroupRepaired>(), 0U);
  world.disconnect(*neighbour);
  neighbour->reopen();
  world.connect(*neighbour);
  world.settle_over(180s);
  for (const auto& phone : world.phones) {
    if (phone.get() != neighbour) {
      ASSERT_EQ(told(*phone).size(), 1U) << phone->enrollment.username;
      EXPECT_EQ(told(*phone)[0].evidence, CommitEvidence::proven);
    }
  }
}

TEST_F(CommitFaults, NobodyIsConvictedForAnHonestCommit) {
  const mls::Group before = twin(bob());
  change(ann());
  EXPECT_TRUE(told(bob()).empty());
  const auto message = mls::MlsMessage::parse(last_commit()).value();
  const mls::Environment env{.provider = world.crypto, .random = world.random};
  const auto fault = before.path_fault(env, *message.as<mls::PublicMessage>());
  ASSERT_TRUE(fault) << fault.error().message();
  say(bob(), {ann().enrollment.user, ann().enrollment.device, before.context().epoch, last_commit(),
              mls::encode(*fault)});
  for (auto* phone : {&ann(), world.phones[2].get(), &eve()}) {
    const auto all = told(*phone);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].evidence, CommitEvidence::refuted);
    EXPECT_EQ(all[0].reporter, bob().enrollment.user);
    EXPECT_EQ(all[0].user, ann().enrollment.user);
  }
}

TEST_F(CommitFaults, AMereWordIsShownAsSuchAndOnce) {
  change(ann());
  const auto epoch = bob().engine->group(id)->epoch - 1;
  say(bob(), {ann().enrollment.user, ann().enrollment.device, epoch, {}, {}});
  say(bob(), {ann().enrollment.user, ann().enrollment.device, epoch, {}, {}});
  const auto all = told(eve());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].evidence, CommitEvidence::claimed);
  // Garbage is no more than that.
  say(bob(), {ann().enrollment.user, ann().enrollment.device, epoch + 1, last_commit(), Bytes(9)});
  ASSERT_EQ(told(eve()).size(), 2U);
  EXPECT_EQ(told(eve())[1].evidence, CommitEvidence::claimed);
}

// The server alone changes a commit on its way: the signature breaks and nobody is accused.
TEST_F(CommitFaults, TheServerCannotHaveAMemberAccused) {
  world.server.disconnect(bob().enrollment.device);
  change(ann());
  auto entry = world.server.groups().at(id).log.back();
  for (const auto& one : world.server.groups().at(id).log) {
    entry = one.kind == wire::GroupEntryKind::commit ? one : entry;
  }
  auto message = mls::MlsMessage::parse(entry.content).value();
  auto changed = *message.as<mls::PublicMessage>();
  auto commit = *changed.content.commit();
  for (auto& node : commit.path->nodes) {
    for (auto& sealed : node.encrypted_path_secret) {
      sealed.ciphertext[0] ^= 1;
    }
  }
  changed.content.content = std::make_shared<const mls_public::Commit>(std::move(commit));
  entry.content = mls::encode(mls::MlsMessage{std::move(changed)});
  ASSERT_TRUE(bob().engine->receive(wire::encode(wire::ServerFrame{0, entry})));
  bob().take();
  EXPECT_TRUE(told(bob()).empty());
}

}  // namespace
}  // namespace unhidra::client::testing
