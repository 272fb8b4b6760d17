#pragma once
// People, their keys and their groups, for the tests of the room. Randomness repeats.

#include <gtest/gtest.h>

#include "unhidra/mls/group.h"
#include "unhidra/testkit/seeded_random.h"

namespace unhidra::mls {

inline constexpr Lifetime kLifetime{0, 90 * 24 * 3600};

struct World {
  testkit::SeededRandom random{9420};
  Environment env{.provider = crypto::native_provider(), .random = random, .rules = {}};
  Suite suite;
  Capabilities capabilities = default_capabilities(env.provider);  // of those who come
  explicit World(CipherSuite id = kDefaultCipherSuite)
      : suite(Suite::of(env.provider, id).value()) {}

  Identity identity(std::string_view name) {
    return {SignatureKeyPair::generate(suite, random).value(),
            Credential::basic(as_bytes(name)),
            capabilities,
            {}};
  }
  OwnKeyPackage key_package(const Identity& identity) {
    return make_key_package(suite, random, identity, kLifetime).value();
  }
  OwnKeyPackage key_package(std::string_view name) { return key_package(identity(name)); }
  Group create(std::string_view name, ExtensionList extensions = {}) {
    return Group::create(env, suite.id(), to_bytes("group"), identity(name), kLifetime,
                         std::move(extensions))
        .value();
  }
  // `adder` adds a newcomer; the others follow.
  Group add(Group& adder, std::string_view name, std::vector<Group*> others = {}) {
    return add(adder, identity(name), std::move(others));
  }
  Group add(Group& adder, const Identity& who, std::vector<Group*> others = {}) {
    const OwnKeyPackage ours = key_package(who);
    CommitOptions options;
    options.proposals.push_back(add_of(ours.key_package));
    const CommitBundle bundle = commit(adder, options, std::move(others));
    return Group::join(env, ours, parsed<Welcome>(*bundle.welcome)).value();
  }
  // A commit that all take.
  CommitBundle commit(Group& by, const CommitOptions& options, std::vector<Group*> others) {
    auto bundle = by.commit(env, options);
    EXPECT_TRUE(bundle) << bundle.error().message();
    for (Group* other : others) {
      deliver(bundle->commit, *other);
    }
    EXPECT_TRUE(by.confirm_pending(env));
    return std::move(*bundle);
  }
  Received deliver(const Bytes& message, Group& to) {
    auto received = to.receive(env, MlsMessage::parse(message).value());
    EXPECT_TRUE(received) << received.error().message();
    return std::move(received).value_or(Received{});
  }
  void expect_agreement(const Group& a, const Group& b) {
    EXPECT_EQ(a.context().epoch, b.context().epoch);
    EXPECT_EQ(to_bytes(a.epoch_authenticator()), to_bytes(b.epoch_authenticator()));
  }
  void expect_delivery(Group& from, Group& to, std::string_view text) {
    const auto message = from.encrypt(env, as_bytes(text), {}, 16);
    ASSERT_TRUE(message) << message.error().message();
    const auto received = to.receive(env, MlsMessage::parse(*message).value());
    ASSERT_TRUE(received) << received.error().message();
    EXPECT_EQ(as_text(received->application_data.expose()), text);
    EXPECT_EQ(received->sender, Sender::member(from.self()));
    const auto again = to.receive(env, MlsMessage::parse(*message).value());
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error(), Errc::duplicate);
  }

  static Proposal add_of(const KeyPackage& key_package) {
    return {Add{std::make_shared<const KeyPackage>(key_package)}};
  }
  template <class T>
  static T parsed(const Bytes& bytes) {
    return *MlsMessage::parse(bytes)->as<T>();
  }
};

}  // namespace unhidra::mls
