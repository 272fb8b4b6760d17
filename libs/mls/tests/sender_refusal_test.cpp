// What a member refuses to make itself.
#include "forger.h"

namespace unhidra::mls {
namespace {

class ASender : public testing::Test {
 protected:
  template <class T>
  void refused(const Result<T>& made, const Refusal& refusal) {
    ASSERT_FALSE(made) << "made, instead of: " << refusal.why;
    expect_error(made.error(), refusal);
  }
  // Each way to send something.
  void sends_nothing(Group& group, const Refusal& refusal) {
    refused(group.commit(world_.env, {}), refusal);
    refused(group.propose(world_.env, {Remove{{0}}}, WireFormat::mls_public_message), refusal);
    refused(group.propose_update(world_.env, WireFormat::mls_public_message), refusal);
    refused(group.encrypt(world_.env, as_bytes("x")), refusal);
    refused(group.group_info(true), refusal);
  }
  World world_;
  Group alice_ = world_.create("alice");
  Group bob_ = world_.add(alice_, "bob");
};

TEST_F(ASender, WhoWasRemovedSendsNothing) {
  world_.commit(alice_, {.proposals = {{Remove{bob_.self()}}}}, {&bob_});
  sends_nothing(bob_, {Errc::removed, "was removed from the group"});
}

TEST_F(ASender, WhoClosedTheGroupSendsNothing) {
  const ReInit next{to_bytes("next"), ProtocolVersion::mls10, kDefaultCipherSuite, {}};
  world_.commit(alice_, {.proposals = {{next}}}, {&bob_});
  sends_nothing(alice_, {Errc::reinitialised, "closed by a ReInit"});
  sends_nothing(bob_, {Errc::reinitialised, "closed by a ReInit"});
}

TEST_F(ASender, ConfirmsOnlyWhatWaits) {
  refused(alice_.confirm_pending(world_.env), {Errc::no_pending, "no commit of our own waits"});
  ASSERT_TRUE(alice_.commit(world_.env, {}));
  refused(alice_.commit(world_.env, {}), {Errc::pending_commit, "waits for its confirmation"});
}

TEST_F(ASender, Section7_3_ChecksTheLifetimeOfWhomItAdds) {
  world_.env.rules.now = kLifetime.not_after + 1;
  const Proposal add = World::add_of(world_.key_package("carol").key_package);
  const Refusal refusal{PublicErrc::invalid_leaf_node, "has ended or not begun"};
  refused(alice_.propose(world_.env, add, WireFormat::mls_public_message), refusal);
  refused(alice_.commit(world_.env, {.proposals = {add}}), refusal);
}

TEST_F(ASender, Section11_CreatesNoGroupThatItCouldNotJoin) {
  const auto create = [&](const Identity& identity, ExtensionList extensions = {},
                          CipherSuite suite = kDefaultCipherSuite) {
    return Group::create(world_.env, suite, to_bytes("g"), identity, kLifetime,
                         std::move(extensions));
  };
  Identity eve = world_.identity("eve");
  refused(create(eve, {}, CipherSuite{0x7777}), {PublicErrc::unsupported, "is not offered"});
  ExtensionList extensions;
  extensions.set(ExtensionType{0xff01}, {});
  refused(create(eve, extensions), {PublicErrc::unsupported, "a group extension"});
  extensions = {};
  extensions.set(ExtensionType::external_senders, Bytes{9});
  refused(create(eve, extensions), {PublicErrc::malformed, "external_senders"});
  eve.capabilities.cipher_suites.clear();
  refused(create(eve), {PublicErrc::invalid_leaf_node, "version or cipher suite"});
}

TEST_F(ASender, Section12_4_3_2_JoinsNoGroupWhoseRequirementsItLacks) {
  RequiredCapabilities required;
  required.credentials = {CredentialType::x509};
  ExtensionList extensions;
  extensions.set(ExtensionType::required_capabilities, encode(required));
  world_.commit(alice_, {.proposals = {{GroupContextExtensions{extensions}}}}, {&bob_});
  Identity eve = world_.identity("eve");
  eve.capabilities.credentials = {CredentialType::basic};
  refused(Group::join_external(world_.env, alice_.group_info(true).value(), eve),
          {PublicErrc::invalid_leaf_node, "a required capability"});
}

TEST_F(ASender, Section6_ContentThatCannotTravelSo) {
  const auto content = [&](WireFormat format) {
    return sign_content(world_.suite, GroupInside::signer(alice_), format,
                        {alice_.context().group_id,
                         alice_.context().epoch,
                         Sender::member(alice_.self()),
                         {},
                         to_bytes("text")},
                        alice_.state().encoded_context)
        .value();
  };
  const auto in_public = content(WireFormat::mls_public_message);
  refused(protect_public(world_.suite, in_public, {}, {}),
          {PublicErrc::malformed, "cannot travel as a PublicMessage"});
  refused(
      protect_private(world_.suite, world_.random, in_public, {}, GroupInside::messages(alice_), 0),
      {PublicErrc::malformed, "cannot travel as a PrivateMessage"});
}

TEST(Section9, ARatchetThatHasReachedItsEnd) {
  const World world;
  TlsWriter out;
  out.opaque(Bytes(32)).u32(~std::uint32_t{0}).vector([](TlsWriter&) {});
  TlsReader in(out.view());
  Ratchet ratchet = Ratchet::read(in);
  const auto next = ratchet.next(world.suite);
  ASSERT_FALSE(next);
  expect_error(next.error(), {Errc::exhausted, "every generation"});
}

class KeysOfEachSuite : public testing::TestWithParam<CipherSuite> {};

TEST_P(KeysOfEachSuite, ASignatureOrAKeyThatIsWrong) {
  World world(GetParam());
  const auto key = SignatureKeyPair::generate(world.suite, world.random).value();
  const Bytes text(40, 1);
  Bytes signature = key.sign(world.suite, "test", text).value();
  ASSERT_TRUE(world.suite.verify_with_label(key.public_key(), "test", text, signature));
  const Refusal refusal{PublicErrc::bad_signature, "the signature of test does not verify"};
  const auto refused = [&](ByteView public_key, ByteView content, ByteView made) {
    const Status verified = world.suite.verify_with_label(public_key, "test", content, made);
    ASSERT_FALSE(verified);
    expect_error(verified.error(), refusal);
  };
  refused(key.public_key(), Bytes(40, 2), signature);
  refused(key.public_key(), text, {});
  refused(ByteView(key.public_key()).first(key.public_key().size() - 1), text, signature);
  signature.back() ^= 1;
  refused(key.public_key(), text, signature);

  const auto hpke = HpkeKeyPair::generate(world.suite, world.random).value();
  const ByteView shorter = ByteView(hpke.public_key()).first(hpke.public_key().size() - 1);
  const Refusal no_key{PublicErrc::invalid_leaf_node, "is no key of the cipher suite"};
  expect_error(world.suite.check_hpke_key(shorter).error(), no_key);
  expect_error(world.suite.check_signature_key(shorter).error(), no_key);
  if (curve_of(world.suite.parameters().kem) != nullptr) {
    Bytes beside = hpke.public_key();
    beside.back() ^= 1;  // no point of the curve
    expect_error(world.suite.check_hpke_key(beside).error(), no_key);
    expect_error(world.suite.check_signature_key(beside).error(), no_key);
  }
}

INSTANTIATE_TEST_SUITE_P(Suites, KeysOfEachSuite,
                         testing::ValuesIn(supported_suites(crypto::native_provider())),
                         [](const auto& suite) {
                           return "suite" + std::to_string(static_cast<int>(suite.param));
                         });

}  // namespace
}  // namespace unhidra::mls
