// Which commits a member refuses (RFC 9420 section 12.4.2), external ones among them.
#include "epoch.h"
#include "forger.h"

namespace unhidra::mls {
namespace {

constexpr auto kBadCommit = PublicErrc::invalid_commit;

class Section12_4_2 : public ForgedMessages {
 protected:
  Bytes with_path_secrets(const std::function<SecretBytes(std::size_t step)>& secret) {
    return forger_.changed_commit([&](Commit& commit) { forger_.reseal_path(commit, secret); });
  }
  ProposalOrRef carols_removal() {
    const Forger bob(world_, bob_);
    const Bytes remove =
        bob_.propose(world_.env, {Remove{carol_.self()}}, WireFormat::mls_public_message).value();
    return {world_.deliver(remove, alice_).proposal};
  }
};

TEST_F(Section12_4_2, AProposalThatWasNotSeen) {
  refused(forger_.commit({{Bytes(32, 1)}}), {PublicErrc::unknown_proposal, "was not seen"});
}

TEST_F(Section12_4_2, AProposalCoveredTwice) {
  const ProposalOrRef removal = carols_removal();
  refused(forger_.commit({removal, removal}),
          {PublicErrc::invalid_proposal, "one proposal is covered twice"});
}

TEST_F(Section12_4_2, APskThatIsNotHeld) {
  PreSharedKeyId id;
  id.psk_id = to_bytes("nobody's");
  id.psk_nonce.assign(32, 1);
  refused(forger_.commit_values({{PreSharedKey{id}}}), {Errc::unknown_psk, "is not held"});
  PreSharedKeyId old{.type = PskType::resumption};
  old.psk_group_id = alice_.context().group_id;
  old.psk_epoch = alice_.context().epoch + 1;
  old.psk_nonce.assign(32, 1);
  refused(forger_.commit_values({{PreSharedKey{old}}}), {Errc::unknown_psk, "is not held"});
}

TEST_F(Section12_4_2, NoPathWhereOneIsRequired) {
  const Refusal refusal{kBadCommit, "lacks the path"};
  const auto without = [&](std::vector<ProposalOrRef> list) {
    return forger_.changed_commit([&](Commit& commit) {
      commit.proposals = std::move(list);
      commit.path.reset();
    });
  };
  refused(without({}), refusal);
  refused(without({Forger::by_value({Remove{carol_.self()}})}), refusal);
  refused(without({Forger::by_value({GroupContextExtensions{}})}), refusal);
  const Forger carol(world_, carol_);
  const auto update = world_.deliver(carol.propose(carol.update([](auto&) {})), bob_).proposal;
  refused(without({{update}}), refusal);
}

TEST_F(Section12_4_2, APathOfAnotherLength) {
  const Refusal refusal{kBadCommit, "not as long as the filtered direct path"};
  refused(forger_.changed_commit([](Commit& c) { c.path->nodes.pop_back(); }), refusal);
  refused(forger_.changed_commit([](Commit& c) { c.path->nodes.clear(); }), refusal);
  refused(forger_.changed_commit([](Commit& c) { c.path->nodes.push_back(c.path->nodes[0]); }),
          refusal);
}

TEST_F(Section12_4_2, APathNodeWithMoreOrFewerCiphertexts) {
  const Refusal refusal{kBadCommit, "not one ciphertext for each node of the resolution"};
  for (const std::size_t node : {0U, 1U}) {
    refused(forger_.changed_commit(
                [&](Commit& c) { c.path->nodes[node].encrypted_path_secret.pop_back(); }),
            refusal);
    refused(forger_.changed_commit([&](Commit& c) {
      auto& sealed = c.path->nodes[node].encrypted_path_secret;
      sealed.push_back(sealed[0]);
    }),
            refusal);
  }
}

TEST_F(Section12_4_2, AKeyOfThePathThatIsInTheTree) {
  const Refusal refusal{kBadCommit, "a key of the path is in the tree already"};
  const RatchetTree& tree = alice_.state().tree;
  for (const NodeIndex node : {tree_math::node_of(bob_.self()), tree.root()}) {
    refused(forger_.changed_commit([&](Commit& c) {
      c.path->nodes[0].encryption_key = to_bytes(tree.encryption_key(node));
    }),
            refusal);
  }
  refused(forger_.changed_commit(
              [](Commit& c) { c.path->nodes[1].encryption_key = c.path->nodes[0].encryption_key; }),
          refusal);
  refused(forger_.changed_commit([](Commit& c) {
    c.path->nodes[1].encryption_key = to_bytes(c.path->leaf_node->encryption_key());
  }),
          refusal);
}

TEST_F(Section12_4_2, AKeyOfThePathOfAnotherSize) {
  refused(forger_.changed_commit([](Commit& c) { c.path->nodes[1].encryption_key.pop_back(); }),
          {PublicErrc::invalid_leaf_node, "the HPKE public key is no key"});
}

TEST_F(Section12_4_2, Section7_9_AParentHashThatDoesNotMatch) {
  const Refusal refusal{kBadCommit, "parent hash does not match"};
  refused(forger_.changed_commit([&](Commit& c) {
    c.path->leaf_node =
        forger_.leaf(c.path->leaf_node, [](LeafNodeContent& leaf) { leaf.parent_hash[0] ^= 1; });
  }),
          refusal);
  refused(forger_.changed_commit([&](Commit& c) {
    c.path->leaf_node =
        forger_.leaf(c.path->leaf_node, [](LeafNodeContent& leaf) { leaf.parent_hash.clear(); });
  }),
          refusal);
  refused(forger_.changed_commit([](Commit& c) { c.path->nodes[0].encryption_key[0] ^= 1; }),
          refusal);
}

TEST_F(Section12_4_2, APathSecretThatDoesNotDecrypt) {
  const Refusal refusal{Errc::bad_path_secret, "the path secret does not decrypt"};
  const auto each = [&](const std::function<void(HpkeCiphertext&)>& change) {
    return forger_.changed_commit([&](Commit& commit) {
      for (UpdatePathNode& node : commit.path->nodes) {
        for (HpkeCiphertext& sealed : node.encrypted_path_secret) {
          change(sealed);
        }
      }
    });
  };
  refused(each([](HpkeCiphertext& sealed) { sealed.ciphertext[0] ^= 1; }), refusal);
  refused(each([](HpkeCiphertext& sealed) { sealed.ciphertext.clear(); }), refusal);
  refused(each([](HpkeCiphertext& sealed) { sealed.kem_output.clear(); }), refusal);
  refused(each([](HpkeCiphertext& sealed) { sealed.kem_output.assign(32, 0); }), refusal);
}

TEST_F(Section12_4_2, APathSecretOfAnotherKeyOrSize) {
  refused(with_path_secrets([&](std::size_t) { return world_.random.secret(32); }),
          {Errc::bad_path_secret, "a path secret leads to another public key"});
  refused(with_path_secrets([&](std::size_t) { return world_.random.secret(31); }),
          {Errc::bad_path_secret, "the path secret does not decrypt"});
}

TEST_F(Section12_4_2, AWrongConfirmationTag) {
  const Refusal refusal{PublicErrc::bad_tag, "the confirmation tag does not match"};
  refused(forger_.changed_commit([](Commit&) {}), refusal);
  refused(forger_.send(forger_.honest_commit(), {}), refusal);
}

TEST_F(Section12_4_2, AMemberThatIsRemovedChecksThePathAllTheSame) {
  const CommitOptions removal{.proposals = {{Remove{bob_.self()}}}};
  refused(forger_.changed_commit([](Commit& c) { c.path->nodes.clear(); }, removal),
          {kBadCommit, "not as long as the filtered direct path"});
  refused(forger_.changed_commit(
              [&](Commit& c) {
                c.path->leaf_node =
                    forger_.leaf(c.path->leaf_node, [](auto& l) { l.parent_hash.clear(); });
              },
              removal),
          {kBadCommit, "parent hash does not match"});
  EXPECT_FALSE(bob_.is_removed());
}

TEST_F(Section12_4_2, Section12_1_5_NothingButApplicationDataAfterAReInit) {
  const ReInit next{to_bytes("next"), ProtocolVersion::mls10, kDefaultCipherSuite, {}};
  World world;
  Group alice = world.create("alice");
  Group bob = world.add(alice, "bob");
  world.commit(alice, {.proposals = {{next}}}, {&bob});
  // alice's own guard is not asked.
  const auto closed = [&](FramedContent content) {
    expect_refused(world, bob, Forger(world, alice).send(std::move(content)),
                   {Errc::reinitialised, "closed by a ReInit"});
  };
  Forger forger(world, alice);
  closed(forger.content_of(Proposal{Remove{bob.self()}}));
  closed(forger.content_of(Commit{}));
  expect_error(alice.commit(world.env, {}).error(), {Errc::reinitialised, "closed by a ReInit"});
  expect_error(bob.encrypt(world.env, as_bytes("x")).error(),
               {Errc::reinitialised, "closed by a ReInit"});
}

// dora, who joins from outside and breaks the rules.
class Section12_4_3_2 : public ForgedMessages {
 protected:
  using Change = std::function<void(Commit&)>;
  Bytes external(const Change& change, std::optional<LeafIndex> resync = std::nullopt,
                 const SignatureKeyPair* signer = nullptr) {
    const GroupInfo info = alice_.group_info(true).value();
    auto joined = Group::join_external(world_.env, info, dora_, {}, resync);
    EXPECT_TRUE(joined) << joined.error().message();
    FramedContent content = World::parsed<PublicMessage>(joined->commit).content;
    Commit commit = *content.commit();
    change(commit);
    content.content = std::make_shared<const Commit>(std::move(commit));
    return encode(
        MlsMessage{signed_again(world_.suite, signer != nullptr ? *signer : dora_.signature_key,
                                std::move(content), alice_.state().encoded_context, Bytes(32, 7))});
  }
  Bytes with(Proposal proposal) {
    return external([&](Commit& c) { c.proposals.push_back(Forger::by_value(proposal)); });
  }
  Bytes with_leaf(const Forger::LeafChange& change,
                  std::optional<LeafIndex> resync = std::nullopt) {
    return external(
        [&](Commit& commit) {
          LeafNodeContent content = commit.path->leaf_node->content();
          change(content);
          commit.path->leaf_node = sign_leaf(world_.suite, dora_.signature_key, content,
                                             {alice_.context().group_id, resync.value_or(free_)})
                                       .value();
        },
        resync);
  }

  Identity dora_ = world_.identity("dora");
  LeafIndex free_{3};
};

TEST_F(Section12_4_3_2, AnotherNumberOfExternalInits) {
  refused(external([](Commit& c) { c.proposals.clear(); }),
          {PublicErrc::invalid_proposal, "has no ExternalInit"});
  refused(with({ExternalInit{Bytes(32)}}), {PublicErrc::invalid_proposal, "or a second one"});
}

TEST_F(Section12_4_3_2, AProposalThatBelongsToMembers) {
  constexpr auto kBadList = PublicErrc::invalid_proposal;
  refused(with(World::add_of(world_.key_package("eve").key_package)),
          {kBadList, "may not cover an Add"});
  refused(with(forger_.update([](LeafNodeContent&) {})), {kBadList, "may not cover an Update"});
  refused(with({ReInit{to_bytes("x"), ProtocolVersion::mls10, kDefaultCipherSuite, {}}}),
          {kBadList, "may not cover a ReInit"});
  refused(with({GroupContextExtensions{}}), {kBadList, "may not cover GroupContextExtensions"});
}

TEST_F(Section12_4_3_2, AProposalByReference) {
  const auto reference = world_.deliver(forger_.propose({Remove{carol_.self()}}), bob_).proposal;
  refused(external([&](Commit& c) { c.proposals.push_back({reference}); }),
          {kBadCommit, "covers proposals by reference"});
}

TEST_F(Section12_4_3_2, MoreThanOneRemoveOrOneOfSomebodyElse) {
  refused(external([&](Commit& c) {
            c.proposals.push_back(Forger::by_value({Remove{bob_.self()}}));
            c.proposals.push_back(Forger::by_value({Remove{carol_.self()}}));
          }),
          {PublicErrc::invalid_proposal, "removes more than one leaf"});
  refused(with({Remove{{7}}}), {PublicErrc::invalid_proposal, "a Remove of a blank leaf"});
  refused(external([](Commit&) {}, carol_.self()),
          {kBadCommit, "removes a leaf that is not the committer's own"});
}

TEST_F(Section12_4_3_2, NoPath) {
  refused(external([](Commit& c) { c.path.reset(); }), {kBadCommit, "needs a path"});
}

TEST_F(Section12_4_3_2, ASignatureByAnotherKeyThanTheLeafs) {
  const auto other = SignatureKeyPair::generate(world_.suite, world_.random).value();
  refused(external([](Commit&) {}, std::nullopt, &other),
          {PublicErrc::bad_signature, "FramedContentTBS does not verify"});
}

TEST_F(Section12_4_3_2, ALeafThatBreaksARule) {
  constexpr auto kBad = PublicErrc::invalid_leaf_node;
  refused(with_leaf([](auto& leaf) { leaf.source = LeafNodeSource::key_package; }),
          {kBad, "leaf_node_source"});
  refused(with_leaf([](auto& leaf) { leaf.capabilities.versions.clear(); }),
          {kBad, "version or cipher suite"});
  refused(with_leaf([](auto& leaf) { leaf.capabilities.credentials = {CredentialType::x509}; }),
          {kBad, "own credential type"});
  refused(with_leaf([](auto& leaf) { leaf.extensions.set(ExtensionType{0xff01}, {}); }),
          {kBad, "lack an extension"});
  refused(with_leaf([](auto& leaf) { leaf.encryption_key.pop_back(); }),
          {kBad, "the HPKE public key is no key"});
  refused(with_leaf([](auto& leaf) { leaf.parent_hash[0] ^= 1; }),
          {kBadCommit, "parent hash does not match"});
  refused(with_leaf([&](auto& leaf) {
            leaf.encryption_key = to_bytes(bob_.state().tree.leaf(bob_.self())->encryption_key());
          }),
          {kBadCommit, "encryption key is in the tree already"});
  free_ = {4};
  refused(with_leaf([](auto&) {}), {PublicErrc::bad_signature, "LeafNodeTBS does not verify"});
}

TEST_F(Section12_4_3_2, AKeyThatAMemberHas) {
  Identity second = world_.identity("dora");
  second.signature_key = GroupInside::signer(carol_).clone();
  const auto sent = Group::join_external(world_.env, alice_.group_info(true).value(), second);
  ASSERT_TRUE(sent) << sent.error().message();
  refused(sent->commit, {kBadCommit, "signature key is in the group already"});
}

TEST_F(Section12_4_3_2, AResyncMeetsTheRulesOfAnUpdate) {
  dora_ = world_.identity("carol");
  const LeafNodePtr before = bob_.state().tree.leaf_ptr(carol_.self());
  refused(with_leaf([&](auto& leaf) { leaf.encryption_key = to_bytes(before->encryption_key()); },
                    carol_.self()),
          {kBadCommit, "keeps the leaf's encryption key"});
}

TEST_F(Section12_4_3_2, Section8_3_AKemOutputThatIsNoKey) {
  for (const std::size_t size : {0U, 31U, 33U}) {
    const Bytes message = external(
        [&](Commit& c) { c.proposals = {Forger::by_value({ExternalInit{Bytes(size, 9)}})}; });
    refused(message, {kBadCommit, "the kem_output of the ExternalInit"});
  }
}

TEST_F(Section12_4_3_2, AWrongConfirmationTag) {
  refused(external([](Commit&) {}), {PublicErrc::bad_tag, "the confirmation tag"});
}

}  // namespace
}  // namespace unhidra::mls
