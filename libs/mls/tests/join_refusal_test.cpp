// Which groups a newcomer refuses to join (RFC 9420 sections 7.9.2 and 12.4.3).
#include "forger.h"
#include "opened_welcome.h"

namespace unhidra::mls {
namespace {

constexpr auto kBadInfo = PublicErrc::invalid_group_info;
constexpr auto kBadTree = PublicErrc::invalid_tree;

// alice adds dora to a group whose parents have keys; what dora gets is changed on its way.
class Section12_4_3 : public ForgedMessages {
 protected:
  Section12_4_3() {
    world_.commit(bob_, {}, {&alice_, &carol_});
    world_.commit(carol_, {}, {&alice_, &bob_});
    welcome_dora({});
  }
  void welcome_dora(CommitOptions options) {
    alice_.discard_pending();
    options.proposals.push_back(World::add_of(dora_.key_package));
    const CommitBundle bundle = alice_.commit(world_.env, options).value();
    opened_ = OpenedWelcome::open(world_.suite, dora_, World::parsed<Welcome>(*bundle.welcome));
  }
  // A Welcome of any plaintexts, for dora.
  Welcome sealed(ByteView group_info, ByteView group_secrets) {
    return opened_->seal(world_.random, group_info, group_secrets);
  }
  Welcome sealed() { return sealed(encode(opened_->info), opened_->secrets.encode().expose()); }
  // Signed by alice again.
  Welcome sealed_again() {
    opened_->sign_info(GroupInside::signer(alice_));
    return sealed();
  }
  void join_refused(const Welcome& welcome, const Refusal& refusal,
                    const JoinOptions& options = {}) {
    const auto joined = Group::join(world_.env, dora_, welcome, options);
    ASSERT_FALSE(joined) << "joined, instead of: " << refusal.why;
    expect_error(joined.error(), refusal);
  }
  RatchetTree tree() const {
    return RatchetTree::parse(*opened_->info.extensions.find(ExtensionType::ratchet_tree)).value();
  }
  // Another tree, with the tree hash that belongs to it.
  void tree_refused(RatchetTree tree, const Refusal& refusal) {
    TlsWriter out;
    tree.write(out);
    opened_->info.extensions.set(ExtensionType::ratchet_tree, out.view());
    opened_->info.group_context.tree_hash = tree.root_hash(world_.suite).copy();
    join_refused(sealed_again(), refusal);
  }
  using ParentChange = std::function<void(ParentNode&)>;
  static RatchetTree with_parent(const RatchetTree& from, NodeIndex node,
                                 const ParentChange& change) {
    std::vector<std::pair<LeafIndex, LeafNodePtr>> leaves;
    std::vector<std::pair<NodeIndex, ParentNodePtr>> parents;
    from.each_member(
        [&](LeafIndex i, const LeafNode&) { leaves.emplace_back(i, from.leaf_ptr(i)); });
    for (std::uint32_t i = 1; i < tree_math::node_count(from.leaf_count()); i += 2) {
      if (const ParentNode* parent = from.parent({i})) {
        auto copy = std::make_shared<ParentNode>(*parent);
        if (NodeIndex{i} == node) {
          change(*copy);
        }
        parents.emplace_back(NodeIndex{i}, std::move(copy));
      }
    }
    return RatchetTree::from_nodes(from.leaf_count(), leaves, parents).value();
  }

  OwnKeyPackage dora_ = world_.key_package("dora");
  std::optional<OpenedWelcome> opened_;
};

TEST_F(Section12_4_3, TheHonestWelcomeIsTakenAlsoWhenItIsSealedAgain) {
  EXPECT_TRUE(Group::join(world_.env, dora_, opened_->welcome));
  EXPECT_TRUE(Group::join(world_.env, dora_, sealed_again()));
}

TEST_F(Section12_4_3, Section12_4_3_1_NoEntryForOurKeyPackage) {
  const Refusal refusal{Errc::not_for_us, "no entry for this KeyPackage"};
  Welcome other = opened_->welcome;
  other.secrets[0].new_member[0] ^= 1;
  join_refused(other, refusal);
  other.secrets.clear();
  join_refused(other, refusal);
}

TEST_F(Section12_4_3, Section12_4_3_1_AnotherCipherSuite) {
  Welcome other = opened_->welcome;
  other.cipher_suite = CipherSuite::x25519_aes128gcm_sha256_ed25519;
  join_refused(other, {Errc::not_for_us, "no entry for this KeyPackage"});
  opened_->info.group_context.cipher_suite = CipherSuite::x25519_aes128gcm_sha256_ed25519;
  join_refused(sealed_again(), {kBadInfo, "names another cipher suite"});
}

TEST_F(Section12_4_3, Section12_4_3_1_GroupSecretsThatDoNotDecrypt) {
  const Refusal refusal{Errc::undecryptable, "the group secrets do not decrypt"};
  Welcome other = opened_->welcome;
  auto& sealed_secrets = other.secrets[0].encrypted_group_secrets;
  sealed_secrets.ciphertext[0] ^= 1;
  join_refused(other, refusal);
  sealed_secrets.ciphertext.clear();
  join_refused(other, refusal);
  other = opened_->welcome;
  other.secrets[0].encrypted_group_secrets.kem_output.assign(32, 0);
  join_refused(other, refusal);
  // The GroupInfo is part of what they are sealed for.
  other = opened_->welcome;
  other.encrypted_group_info[0] ^= 1;
  join_refused(other, refusal);
}

TEST_F(Section12_4_3, Section12_4_3_1_GroupSecretsThatAreMalformed) {
  Bytes longer = to_bytes(opened_->secrets.encode().expose());
  longer.push_back(0);
  join_refused(sealed(encode(opened_->info), longer), {PublicErrc::malformed, "GroupSecrets"});
  join_refused(sealed(encode(opened_->info), {}), {PublicErrc::malformed, "GroupSecrets"});
}

TEST_F(Section12_4_3, Section12_4_3_1_APskThatIsNotHeld) {
  PreSharedKeyId id;
  id.psk_id = to_bytes("nobody's");
  id.psk_nonce.assign(32, 1);
  opened_->secrets.psks = {id};
  join_refused(sealed(), {Errc::unknown_psk, "a pre-shared key is not held"});
}

TEST_F(Section12_4_3, Section12_4_3_1_AGroupInfoThatDoesNotDecrypt) {
  const Refusal refusal{PublicErrc::bad_tag, "the GroupInfo does not decrypt"};
  GroupSecrets other = GroupSecrets::decode(opened_->secrets.encode().expose()).value();
  other.joiner_secret.expose_mutable()[0] ^= 1;
  join_refused(sealed(encode(opened_->info), other.encode().expose()), refusal);
  other.joiner_secret = SecretBytes();
  join_refused(sealed(encode(opened_->info), other.encode().expose()), refusal);
}

TEST_F(Section12_4_3, Section12_4_3_1_AGroupInfoThatIsMalformed) {
  Bytes longer = encode(opened_->info);
  longer.push_back(0);
  join_refused(sealed(longer, opened_->secrets.encode().expose()),
               {PublicErrc::malformed, "a GroupInfo"});
  join_refused(sealed({}, opened_->secrets.encode().expose()),
               {PublicErrc::malformed, "a GroupInfo"});
  Welcome empty = opened_->welcome;
  empty.encrypted_group_info.clear();
  const HpkeInfo info = encrypt_context(world_.suite, "Welcome", {}).value();
  empty.secrets[0].encrypted_group_secrets =
      hpke_seal(world_.suite, world_.random, dora_.key_package.init_key, info, {},
                opened_->secrets.encode().expose())
          .value();
  join_refused(empty, {PublicErrc::malformed, "too short"});
}

TEST_F(Section12_4_3, AGroupInfoSignedByNobodyOrByAnother) {
  opened_->info.signature[0] ^= 1;
  join_refused(sealed(), {PublicErrc::bad_signature, "GroupInfoTBS does not verify"});
  opened_->info.signer = bob_.self();
  join_refused(sealed_again(), {PublicErrc::bad_signature, "GroupInfoTBS does not verify"});
  for (const std::uint32_t leaf : {4U, 0x80000000U, 0xffffffffU}) {
    opened_->info.signer = {leaf};
    join_refused(sealed_again(), {kBadInfo, "the signer of the GroupInfo is no member"});
  }
}

TEST_F(Section12_4_3, AGroupInfoSignedByTheNewcomersOwnLeaf) {
  opened_->info.signer = {3};
  opened_->sign_info(dora_.signature_key);
  join_refused(sealed(), {kBadInfo, "signed by our own leaf"});
}

TEST_F(Section12_4_3, NoTreeOrOneOfAnotherHash) {
  const RatchetTree real = tree();
  opened_->info.extensions.remove(ExtensionType::ratchet_tree);
  join_refused(sealed_again(), {kBadInfo, "no ratchet tree came"});
  EXPECT_TRUE(Group::join(world_.env, dora_, sealed_again(), {real}));
  RatchetTree other = real;
  other.remove(bob_.self());
  join_refused(sealed_again(), {kBadTree, "the tree hash is not the group's"}, {other});
  join_refused(sealed_again(), {kBadInfo, "is no member"}, {RatchetTree()});
}

TEST_F(Section12_4_3, Section12_4_3_1_ATreeWithoutOurLeaf) {
  RatchetTree without = tree();
  without.remove({3});
  tree_refused(without, {kBadInfo, "our leaf is not in the tree"});
  // Nor with another leaf that has our keys.
  LeafNodeContent content = dora_.key_package.leaf_node->content();
  content.lifetime.not_after += 1;
  without.add(sign_leaf(world_.suite, dora_.signature_key, content, {}).value());
  tree_refused(without, {kBadInfo, "our leaf is not in the tree"});
}

TEST_F(Section12_4_3, Section12_4_3_1_APathSecretOfAnotherNodeOrSize) {
  opened_->secrets.path_secret = world_.random.secret(32);
  join_refused(sealed(), {PublicErrc::invalid_commit, "leads to another public key"});
  opened_->secrets.path_secret = world_.random.secret(31);
  join_refused(sealed(), {PublicErrc::invalid_commit, "the path secret belongs to no node"});
  welcome_dora({.force_path = false});
  ASSERT_FALSE(opened_->secrets.path_secret);
  opened_->secrets.path_secret = world_.random.secret(32);
  join_refused(sealed(), {PublicErrc::invalid_commit, "leads to another public key"});
}

TEST_F(Section12_4_3, Section12_4_3_1_AWrongConfirmationTag) {
  opened_->info.confirmation_tag[0] ^= 1;
  join_refused(sealed_again(), {PublicErrc::bad_tag, "the confirmation tag does not match"});
}

TEST_F(Section12_4_3, Section13_4_AGroupExtensionThatWeDoNotSupport) {
  opened_->info.group_context.extensions.set(ExtensionType{0xff01}, {});
  join_refused(sealed_again(), {PublicErrc::unsupported, "a group extension is not supported"});
}

TEST_F(Section12_4_3, Section12_4_3_1_UnmergedLeavesThatAreNotBelowOrNoMembers) {
  const Refusal refusal{kBadTree, "an unmerged leaf is no member below its node"};
  const RatchetTree real = tree();
  const auto unmerged = [](std::vector<LeafIndex> leaves) {
    return [leaves](ParentNode& parent) { parent.unmerged_leaves = leaves; };
  };
  tree_refused(with_parent(real, {1}, unmerged({{2}})), refusal);
  tree_refused(with_parent(real, {1}, unmerged({{0xffffffff}})), refusal);
  RatchetTree blank = real;
  blank.set_leaf({1}, nullptr);
  tree_refused(with_parent(blank, {1}, unmerged({{1}})), refusal);
}

TEST_F(Section12_4_3, Section12_4_3_1_AnUnmergedLeafThatIsMergedBelow) {
  tree_refused(with_parent(tree(), tree().root(),
                           [](ParentNode& parent) { parent.unmerged_leaves = {{1}}; }),
               {kBadTree, "an unmerged leaf is merged at a node below"});
}

TEST_F(Section12_4_3, Section12_4_3_1_OneEncryptionKeyTwice) {
  const RatchetTree real = tree();
  tree_refused(with_parent(real, {1},
                           [&](ParentNode& parent) {
                             parent.encryption_key = to_bytes(real.encryption_key(real.root()));
                           }),
               {kBadTree, "an encryption key appears twice"});
  tree_refused(with_parent(real, {1},
                           [&](ParentNode& parent) {
                             parent.encryption_key = to_bytes(real.leaf({2})->encryption_key());
                           }),
               {kBadTree, "an encryption key appears twice"});
}

TEST_F(Section12_4_3, Section7_3_TwoLeavesWithOneKey) {
  RatchetTree twins = tree();
  twins.add(dora_.key_package.leaf_node);
  tree_refused(twins, {kBadTree, "two leaves have a key in common"});
}

TEST_F(Section12_4_3, Section7_9_2_AParentThatNoChainCovers) {
  const Refusal refusal{kBadTree, "a parent node is not parent-hash valid"};
  const RatchetTree real = tree();
  for (const NodeIndex node : {NodeIndex{1}, real.root()}) {
    ASSERT_NE(real.parent(node), nullptr);
    tree_refused(with_parent(real, node, [](ParentNode& parent) { parent.encryption_key[0] ^= 1; }),
                 refusal);
    tree_refused(
        with_parent(real, node, [](ParentNode& parent) { parent.parent_hash.push_back(1); }),
        refusal);
  }
  RatchetTree changed_leaf = real;
  changed_leaf.set_leaf(bob_.self(), world_.key_package("eve").key_package.leaf_node);
  tree_refused(changed_leaf, refusal);
}

TEST_F(Section12_4_3, Section12_4_3_3_ATreeOfAnotherShape) {
  const auto parse = [](const std::function<void(TlsWriter&)>& nodes) {
    TlsWriter out;
    out.vector(nodes);
    return RatchetTree::parse(out.view()).error();
  };
  const RatchetTree real = tree();
  const auto leaf = [&](TlsWriter& out) {
    out.u8(1).u8(1);
    real.leaf({0})->write(out);
  };
  expect_error(parse([&](TlsWriter& out) {
                 leaf(out);
                 out.u8(0);
               }),
               {kBadTree, "the last node of a ratchet tree is blank"});
  expect_error(parse([](TlsWriter&) {}), {kBadTree, "the last node of a ratchet tree is blank"});
  expect_error(parse([&](TlsWriter& out) {
                 leaf(out);
                 leaf(out);
               }),
               {PublicErrc::malformed, "a ratchet tree"});
  expect_error(parse([&](TlsWriter& out) {
                 out.u8(1).u8(2);
                 real.parent({1})->write(out);
               }),
               {PublicErrc::malformed, "a ratchet tree"});
}

TEST_F(Section12_4_3, Section7_1_UnmergedLeavesThatAreNotAscending) {
  for (const std::vector<LeafIndex>& leaves :
       {std::vector<LeafIndex>{{2}, {1}}, std::vector<LeafIndex>{{1}, {1}}}) {
    const Bytes bytes = encode(ParentNode{Bytes(32), {}, leaves});
    EXPECT_EQ(mls_public::decode<ParentNode>(bytes, "x").error(), PublicErrc::malformed);
  }
}

TEST_F(Section12_4_3, Section12_4_3_2_AnExternalPubThatIsMissingOrNoKey) {
  GroupInfo& info = opened_->info = alice_.group_info(true).value();
  const auto refused_with = [&](std::optional<Bytes> key, const Refusal& refusal) {
    info.extensions.remove(ExtensionType::external_pub);
    if (key) {
      info.extensions.set(ExtensionType::external_pub, *key);
    }
    opened_->sign_info(GroupInside::signer(alice_));
    const auto joined = Group::join_external(world_.env, info, world_.identity("eve"));
    ASSERT_FALSE(joined);
    expect_error(joined.error(), refusal);
  };
  refused_with(std::nullopt, {kBadInfo, "no external_pub"});
  refused_with(encode(ExternalPub{Bytes(31)}), {kBadInfo, "the external_pub is no key"});
  refused_with(Bytes{9}, {PublicErrc::malformed, "external_pub"});
}

}  // namespace
}  // namespace unhidra::mls
