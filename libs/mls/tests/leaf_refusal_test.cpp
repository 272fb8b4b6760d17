// Which leaves a receiver refuses (RFC 9420 sections 7.2, 7.3 and 10.1), wherever it meets them: in
// an Add, in an Update, in the path of a commit and in the tree of a group that it joins.
#include "epoch.h"
#include "forger.h"

namespace unhidra::mls {
namespace {

constexpr auto kExtension = static_cast<ExtensionType>(0xff01);
constexpr auto kProposal = static_cast<ProposalType>(0xff02);
constexpr std::uint64_t kYear = 366ULL * 24 * 3600;

Capabilities capabilities() {
  Capabilities out = default_capabilities(crypto::native_provider());
  out.extensions = {kExtension};
  out.proposals = {kProposal};
  return out;
}

// A group that asks for what all its members have.
ExtensionList group_extensions() {
  ExtensionList out;
  const RequiredCapabilities required{{kExtension}, {kProposal}, {CredentialType::x509}};
  out.set(ExtensionType::required_capabilities, encode(required));
  out.set(kExtension, to_bytes("in use"));
  return out;
}

struct LeafRule {
  const char* name;
  Forger::LeafChange change;
  Refusal refusal;
  std::optional<Refusal> in_tree = std::nullopt;  // where another rule meets it first
  bool of_newcomers = true;                       // else of leaves that replace another
};

const std::vector<LeafRule>& rules_for_all() {
  constexpr auto kBad = PublicErrc::invalid_leaf_node;
  static const std::vector<LeafRule> rules{
      {"an HPKE key of another size",
       [](auto& leaf) { leaf.encryption_key.pop_back(); },
       {kBad, "the HPKE public key is no key"}},
      {"a signature key of another size",
       [](auto& leaf) { leaf.signature_key.pop_back(); },
       {kBad, "the signature key is no key"}},
      {"a signature of another key",
       [](auto& leaf) { leaf.signature_key[0] ^= 1; },
       {PublicErrc::bad_signature, "LeafNodeTBS does not verify"}},
      {"without the group's version",
       [](auto& leaf) { leaf.capabilities.versions.clear(); },
       {kBad, "the capabilities lack the group's version"}},
      {"without the group's cipher suite",
       [](auto& leaf) { leaf.capabilities.cipher_suites = {CipherSuite{0x7777}}; },
       {kBad, "version or cipher suite"},
       std::nullopt,
       false},
      {"without its own credential type",
       [](auto& leaf) { leaf.capabilities.credentials = {CredentialType::x509}; },
       {kBad, "the leaf's own credential type"},
       Refusal{kBad, "a credential type in use"}},
      {"without an extension that it has",
       [](auto& leaf) { leaf.extensions.set(ExtensionType{0xff09}, {}); },
       {kBad, "lack an extension of the leaf"}},
      {"without a credential type in use",
       [](auto& leaf) {
         leaf.credential = Credential::x509({to_bytes("certificate")});
         leaf.capabilities.credentials = {CredentialType::x509};
       },
       {kBad, "a credential type in use"}},
      {"without a required extension and one of the group",
       [](auto& leaf) { leaf.capabilities.extensions.clear(); },
       {PublicErrc::unsupported, "a group extension is not supported"}},
      {"without a required proposal",
       [](auto& leaf) { leaf.capabilities.proposals.clear(); },
       {kBad, "a required capability"}},
      {"without a required credential",
       [](auto& leaf) { leaf.capabilities.credentials = {CredentialType::basic}; },
       {kBad, "a required capability"}},
  };
  return rules;
}

const std::vector<LeafRule>& rules_for_key_packages() {
  constexpr auto kBad = PublicErrc::invalid_leaf_node;
  static const std::vector<LeafRule> rules{
      {"a life that is too long",
       [](auto& leaf) { leaf.lifetime = {0, kYear + 1}; },
       {kBad, "the lifetime is longer"}},
      {"a life that ends before it begins",
       [](auto& leaf) { leaf.lifetime = {2, 1}; },
       {kBad, "the lifetime is longer"}},
      {"a life that has ended",
       [](auto& leaf) { leaf.lifetime = {0, 999}; },
       {kBad, "has ended or not begun"}},
      {"a life that has not begun",
       [](auto& leaf) { leaf.lifetime = {1001, kYear}; },
       {kBad, "has ended or not begun"}},
  };
  return rules;
}

class Section7_3 : public ForgedMessages {
 protected:
  Section7_3() : ForgedMessages(capabilities(), group_extensions()) {}

  Proposal added(const Forger::LeafChange& change) {
    return World::add_of(changed_key_package(world_, world_.identity("dora"), change).key_package);
  }
  // carol commits what alice proposed, unless bob refuses the proposal itself.
  void update_refused(const Proposal& update, const Refusal& refusal) {
    const PublicMessage message = forger_.protect(forger_.content_of(update));
    const Bytes bytes = encode(MlsMessage{message});
    const Bytes before = GroupInside::snapshot(bob_);
    const auto received = bob_.receive(world_.env, *MlsMessage::parse(bytes));
    if (!received) {
      expect_error(received.error(), refusal);
      EXPECT_TRUE(GroupInside::snapshot(bob_) == before);
      return;
    }
    Forger carol(world_, carol_);
    refused(carol.commit_fitting({{std::make_shared<const Proposal>(update), message.content.sender,
                                   received->proposal}}),
            refusal);
  }
  Bytes committed(const Forger::LeafChange& change) {
    return forger_.changed_commit([&](Commit& commit) {
      commit.path->leaf_node = forger_.leaf(commit.path->leaf_node, change);
    });
  }
  // dora meets a tree of alice's leaf and the given one.
  void tree_refused(const LeafNodePtr& leaf, const Refusal& refusal) {
    RatchetTree tree;
    tree.add(alice_.state().tree.leaf_ptr(alice_.self()));
    tree.add(leaf);
    GroupInfo info = alice_.group_info(false).value();
    info.group_context.tree_hash = tree.root_hash(world_.suite).copy();
    TlsWriter content;
    info.write_content(content);
    info.signature =
        GroupInside::signer(alice_).sign(world_.suite, "GroupInfoTBS", content.view()).value();
    const auto joined = Group::join_external(world_.env, info, world_.identity("dora"), {tree});
    ASSERT_FALSE(joined) << "taken, instead of: " << refusal.why;
    expect_error(joined.error(), refusal);
  }
};

TEST_F(Section7_3, OfAnAdd) {
  for (const LeafRule& rule : rules_for_all()) {
    SCOPED_TRACE(rule.name);
    if (rule.of_newcomers) {
      refused(forger_.commit_values({added(rule.change)}), rule.refusal);
    }
  }
  world_.env.rules.now = 1000;
  for (const LeafRule& rule : rules_for_key_packages()) {
    SCOPED_TRACE(rule.name);
    refused(forger_.propose(added(rule.change)), rule.refusal);
    refused(forger_.commit_values({added(rule.change)}), rule.refusal);
  }
}

// The KeyPackage names its cipher suite; that its leaf lists it too is nowhere asked.
TEST_F(Section7_3, ANewcomerNeedNotListTheCipherSuiteOfItsKeyPackage) {
  const auto proposal =
      added([](auto& leaf) { leaf.capabilities.cipher_suites = {CipherSuite{0x7777}}; });
  const auto before = bob_.state().tree.member_count();
  world_.commit(alice_, {.proposals = {proposal}}, {&bob_, &carol_});
  EXPECT_EQ(bob_.state().tree.member_count(), before + 1);
}

TEST_F(Section7_3, OfAnUpdate) {
  for (const LeafRule& rule : rules_for_all()) {
    SCOPED_TRACE(rule.name);
    update_refused(forger_.update(rule.change), rule.refusal);
  }
}

TEST_F(Section7_3, OfACommit) {
  for (const LeafRule& rule : rules_for_all()) {
    SCOPED_TRACE(rule.name);
    refused(committed(rule.change), rule.refusal);
  }
}

TEST_F(Section7_3, OfATree) {
  const Identity dora = world_.identity("dora");
  for (const LeafRule& rule : rules_for_all()) {
    SCOPED_TRACE(rule.name);
    if (rule.of_newcomers) {
      tree_refused(changed_key_package(world_, dora, rule.change).key_package.leaf_node,
                   rule.in_tree.value_or(rule.refusal));
    }
  }
  world_.env.rules.now = 1000;
  for (const LeafRule& rule : rules_for_key_packages()) {
    SCOPED_TRACE(rule.name);
    tree_refused(changed_key_package(world_, dora, rule.change).key_package.leaf_node,
                 rule.refusal);
  }
}

TEST_F(Section7_3, ASourceThatDoesNotFitThePlace) {
  const Refusal refusal{PublicErrc::invalid_leaf_node, "leaf_node_source does not fit"};
  const auto source = [](LeafNodeSource is) {
    return [is](LeafNodeContent& leaf) { leaf.source = is; };
  };
  refused(forger_.propose(added(source(LeafNodeSource::update))), refusal);
  refused(forger_.propose(added(source(LeafNodeSource::commit))), refusal);
  refused(forger_.propose(forger_.update(source(LeafNodeSource::key_package))), refusal);
  refused(forger_.propose(forger_.update(source(LeafNodeSource::commit))), refusal);
  refused(committed(source(LeafNodeSource::key_package)), refusal);
  refused(committed(source(LeafNodeSource::update)), refusal);
}

TEST_F(Section7_3, ALeafSignedForAnotherGroupOrPlace) {
  const Refusal refusal{PublicErrc::bad_signature, "LeafNodeTBS does not verify"};
  LeafNodeContent content = alice_.state().tree.leaf(alice_.self())->content();
  content.source = LeafNodeSource::update;
  content.encryption_key[0] ^= 1;
  const SignatureKeyPair& key = GroupInside::signer(alice_);
  const Bytes other = to_bytes("other");
  for (const LeafPlace& place :
       {LeafPlace{other, alice_.self()}, LeafPlace{alice_.context().group_id, bob_.self()}}) {
    refused(forger_.propose({Update{sign_leaf(world_.suite, key, content, place).value()}}),
            refusal);
  }
}

TEST_F(Section7_3, ACredentialTypeThatAMemberDoesNotSupport) {
  // The required capability goes first; then a member that knows basic credentials alone comes.
  ExtensionList extensions;
  extensions.set(kExtension, {});
  world_.commit(alice_, {.proposals = {{GroupContextExtensions{extensions}}}}, {&bob_, &carol_});
  Identity eve = world_.identity("eve");
  eve.capabilities.credentials = {CredentialType::basic};
  world_.add(alice_, eve, {&bob_, &carol_});
  const auto x509 = [](LeafNodeContent& leaf) {
    leaf.credential = Credential::x509({to_bytes("certificate")});
  };
  const Refusal refusal{PublicErrc::invalid_leaf_node, "a credential type in use"};
  refused(forger_.commit_values({added(x509)}), refusal);
  refused(committed(x509), refusal);
  update_refused(forger_.update(x509), refusal);
}

TEST_F(Section7_3, ASignatureKeyThatAMemberHas) {
  const Refusal refusal{PublicErrc::invalid_proposal, "a key of a new leaf is in the group"};
  Identity double_of_bob = world_.identity("bob's other device");
  double_of_bob.signature_key = GroupInside::signer(bob_).clone();
  refused(forger_.commit_values({World::add_of(world_.key_package(double_of_bob).key_package)}),
          refusal);
  const Identity twin = world_.identity("twin");
  refused(forger_.commit_values({World::add_of(world_.key_package(twin).key_package),
                                 World::add_of(world_.key_package(twin).key_package)}),
          refusal);
  // alice takes over carol's key, as the two agreed.
  const auto take = [&](LeafNodePtr from, LeafNodeSource source) {
    LeafNodeContent content = from->content();
    content.source = source;
    content.signature_key = GroupInside::signer(carol_).public_key();
    if (source == LeafNodeSource::update) {
      content.encryption_key[0] ^= 1;
    }
    return sign_leaf(world_.suite, GroupInside::signer(carol_), content,
                     {alice_.context().group_id, alice_.self()})
        .value();
  };
  refused(forger_.changed_commit([&](Commit& commit) {
    commit.path->leaf_node = take(commit.path->leaf_node, LeafNodeSource::commit);
  }),
          {PublicErrc::invalid_commit, "signature key is in the group already"});
  update_refused(
      {Update{take(alice_.state().tree.leaf_ptr(alice_.self()), LeafNodeSource::update)}}, refusal);
}

TEST_F(Section7_3, AnEncryptionKeyThatIsInTheTree) {
  const auto bobs = [&](LeafNodeContent& leaf) {
    leaf.encryption_key = to_bytes(bob_.state().tree.leaf(bob_.self())->encryption_key());
  };
  const Refusal refusal{PublicErrc::invalid_proposal, "a key of a new leaf is in the group"};
  refused(forger_.commit_values({added(bobs)}), refusal);
  update_refused(forger_.update(bobs), refusal);
  refused(committed(bobs), {PublicErrc::invalid_commit, "encryption key is in the tree already"});
}

TEST_F(Section7_3, AnEncryptionKeyThatStays) {
  const auto own = [&](LeafNodeContent& leaf) {
    leaf.encryption_key = to_bytes(alice_.state().tree.leaf(alice_.self())->encryption_key());
  };
  refused(forger_.propose(forger_.update(own)),
          {PublicErrc::invalid_leaf_node, "keeps the encryption key"});
  refused(committed(own), {PublicErrc::invalid_commit, "keeps the leaf's encryption key"});
}

// Knows nobody called eve, and lets nobody change the name.
class Names final : public AuthenticationService {
 public:
  Status validate(const LeafNode& leaf) const override { return check(leaf.credential()); }
  Status validate_successor(const LeafNode& before, const LeafNode& after) const override {
    if (!std::ranges::equal(before.encoded_credential(), after.encoded_credential())) {
      return fail(PublicErrc::not_authenticated, "another name");
    }
    return {};
  }
  Status validate_external_sender(const ExternalSender& sender) const override {
    return check(sender.credential);
  }

 private:
  static Status check(const Credential& credential) {
    if (as_text(credential.identity) == "eve") {
      return fail(PublicErrc::not_authenticated, "nobody knows eve");
    }
    return {};
  }
};

TEST_F(Section7_3, Section5_3_1_ACredentialThatTheServiceRefuses) {
  const Names names;
  const auto eve = [](LeafNodeContent& leaf) {
    leaf.credential = Credential::basic(as_bytes("eve"));
  };
  const auto renamed = [](LeafNodeContent& leaf) {
    leaf.credential = Credential::basic(as_bytes("alicia"));
  };
  const Bytes commit_of_eve = committed(eve);
  const Bytes commit_renamed = committed(renamed);
  world_.env.rules.authentication = &names;
  refused(forger_.propose(added(eve)), {PublicErrc::not_authenticated, "nobody knows eve"});
  refused(forger_.propose(forger_.update(renamed)), {PublicErrc::not_authenticated, "another"});
  refused(commit_of_eve, {PublicErrc::not_authenticated, "another name"});
  refused(commit_renamed, {PublicErrc::not_authenticated, "another name"});
  tree_refused(changed_key_package(world_, world_.identity("eve"), {}).key_package.leaf_node,
               {PublicErrc::not_authenticated, "nobody knows eve"});
}

TEST_F(Section7_3, Section5_3_1_AnExternalSenderThatTheServiceRefuses) {
  const Names names;
  ExtensionList extensions = group_extensions();
  const ExternalSender eve{SignatureKeyPair::generate(world_.suite, world_.random)->public_key(),
                           Credential::basic(as_bytes("eve"))};
  extensions.set(ExtensionType::external_senders, encode(ExternalSenders{{eve}}));
  const Refusal refusal{PublicErrc::not_authenticated, "nobody knows eve"};
  const Proposal proposal{GroupContextExtensions{extensions}};
  world_.env.rules.authentication = &names;
  refused(forger_.propose(proposal), refusal);
  refused(forger_.commit_values({proposal}), refusal);
  // Members that do not ask let her in: who joins them still refuses.
  world_.env.rules.authentication = nullptr;
  world_.commit(alice_, {.proposals = {proposal}}, {&bob_});
  world_.env.rules.authentication = &names;
  const auto joined =
      Group::join_external(world_.env, alice_.group_info(true).value(), world_.identity("dora"));
  ASSERT_FALSE(joined);
  expect_error(joined.error(), refusal);
}

class Section10_1 : public ForgedMessages {
 protected:
  void key_package_refused(const std::function<void(KeyPackage&)>& change, const Refusal& refusal) {
    const Proposal add =
        World::add_of(changed_key_package(world_, world_.identity("dora"), {}, change).key_package);
    refused(forger_.propose(add), refusal);
    refused(forger_.commit_values({add}), refusal);
    const auto sent = alice_.propose(world_.env, add, WireFormat::mls_public_message);
    ASSERT_FALSE(sent);
    expect_error(sent.error(), refusal);
  }
};

TEST_F(Section10_1, AnotherVersionOrCipherSuite) {
  const Refusal refusal{PublicErrc::invalid_key_package, "version or cipher suite"};
  key_package_refused([](KeyPackage& k) { k.version = ProtocolVersion{2}; }, refusal);
  key_package_refused(
      [](KeyPackage& k) { k.cipher_suite = CipherSuite::x25519_aes128gcm_sha256_ed25519; },
      refusal);
}

TEST_F(Section10_1, AnInitKeyThatIsTheEncryptionKey) {
  key_package_refused([](KeyPackage& k) { k.init_key = to_bytes(k.leaf_node->encryption_key()); },
                      {PublicErrc::invalid_key_package, "init_key and encryption_key"});
}

TEST_F(Section10_1, AnInitKeyOfAnotherSize) {
  key_package_refused([](KeyPackage& k) { k.init_key.pop_back(); },
                      {PublicErrc::invalid_leaf_node, "HPKE public key is no key"});
}

TEST_F(Section10_1, AWrongSignature) {
  KeyPackage key_package = world_.key_package("dora").key_package;
  key_package.signature[0] ^= 1;
  refused(forger_.propose(World::add_of(key_package)),
          {PublicErrc::bad_signature, "KeyPackageTBS does not verify"});
}

}  // namespace
}  // namespace unhidra::mls
