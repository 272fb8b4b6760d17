// Which proposals and lists of proposals are refused (RFC 9420 sections 12.1 and 12.2), by a member
// that commits them and by one that receives them.
#include "forger.h"

namespace unhidra::mls {
namespace {

constexpr auto kBadList = PublicErrc::invalid_proposal;

class Proposals : public ForgedMessages {
 protected:
  static Proposal psk(PreSharedKeyId id) { return {PreSharedKey{std::move(id)}}; }
  static PreSharedKeyId external_psk(std::size_t nonce = 32) {
    PreSharedKeyId id;
    id.psk_id = to_bytes("a key");
    id.psk_nonce.assign(nonce, 1);
    return id;
  }
  static PreSharedKeyId resumption_psk(ResumptionUsage usage) {
    PreSharedKeyId id{.type = PskType::resumption, .usage = usage};
    id.psk_group_id = to_bytes("group");
    id.psk_nonce.assign(32, 1);
    return id;
  }
  static Proposal reinit(std::uint16_t version = 1) {
    return {ReInit{to_bytes("next"), ProtocolVersion{version}, kDefaultCipherSuite, {}}};
  }
  static Proposal extensions(ExtensionType type, Bytes data) {
    ExtensionList list;
    list.set(type, std::move(data));
    return {GroupContextExtensions{std::move(list)}};
  }
  Proposal fresh() { return World::add_of(world_.key_package("dora").key_package); }

  void list_refused(const std::vector<Proposal>& list, const Refusal& refusal) {
    const Bytes before = GroupInside::snapshot(alice_);
    const auto made = alice_.commit(world_.env, {.proposals = list});
    ASSERT_FALSE(made) << "made, instead of: " << refusal.why;
    expect_error(made.error(), refusal);
    EXPECT_TRUE(GroupInside::snapshot(alice_) == before);
    refused(forger_.commit_values(list), refusal);
  }
  // Also when it is sent by itself.
  void proposal_refused(const Proposal& proposal, const Refusal& refusal) {
    const auto sent = alice_.propose(world_.env, proposal, WireFormat::mls_public_message);
    ASSERT_FALSE(sent);
    expect_error(sent.error(), refusal);
    refused(forger_.propose(proposal), refusal);
    list_refused({proposal}, refusal);
  }
  // Sent and taken, for a commit that covers it by reference.
  ProposalOrRef sent(const Forger& by, const Proposal& proposal) {
    return {world_.deliver(by.propose(proposal), bob_).proposal};
  }
};

using Section12_1_2 = Proposals;
TEST_F(Section12_1_2, AnUpdateOfABlankLeafOrByNoMember) {
  // The leaf of a blank sender cannot sign; an Update by value is the committer's.
  refused(forger_.commit_values({forger_.update([](LeafNodeContent&) {})}),
          {kBadList, "an Update by the committer, or by no member"});
}

using Section12_1_3 = Proposals;
TEST_F(Section12_1_3, ARemoveOfABlankLeaf) {
  for (const std::uint32_t leaf : {3U, 4U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
    proposal_refused({Remove{{leaf}}}, {kBadList, "a Remove of a blank leaf"});
  }
}

using Section12_1_4 = Proposals;
TEST_F(Section12_1_4, APskNonceOfAnotherLength) {
  for (const std::size_t size : {0U, 31U, 33U}) {
    proposal_refused(psk(external_psk(size)), {kBadList, "a psk_nonce has another length"});
  }
}
TEST_F(Section12_1_4, APskOfUsageReinitOrBranch) {
  for (const auto usage : {ResumptionUsage::reinit, ResumptionUsage::branch}) {
    proposal_refused(psk(resumption_psk(usage)), {kBadList, "usage reinit or branch"});
  }
}

using Section12_1_5 = Proposals;
TEST_F(Section12_1_5, AReInitToAnEarlierVersion) {
  proposal_refused(reinit(0), {kBadList, "a ReInit to an earlier version"});
}

using Section12_1_6 = Proposals;
TEST_F(Section12_1_6, AnExternalInitByAMember) {
  proposal_refused({ExternalInit{Bytes(32)}}, {kBadList, "an ExternalInit outside"});
}

using Section12_1_7 = Proposals;
TEST_F(Section12_1_7, RequiredCapabilitiesThatAMemberLacks) {
  const Refusal refusal{PublicErrc::invalid_leaf_node, "a required capability"};
  const auto requires_all = [](const RequiredCapabilities& required) {
    return extensions(ExtensionType::required_capabilities, encode(required));
  };
  list_refused({requires_all({{ExtensionType{0xff01}}, {}, {}})}, refusal);
  list_refused({requires_all({{}, {ProposalType{0xff02}}, {}})}, refusal);
  list_refused({requires_all({{}, {}, {CredentialType{0xff03}}})}, refusal);
}
TEST_F(Section12_1_7, RequiredCapabilitiesThatAnAddInTheSameCommitLacks) {
  RequiredCapabilities required;
  required.credentials = {CredentialType::x509};
  Identity dora = world_.identity("dora");
  dora.capabilities.credentials = {CredentialType::basic};
  std::vector<QueuedProposal> list;
  CommitOptions options;
  for (Proposal& proposal :
       std::vector{World::add_of(world_.key_package(dora).key_package),
                   extensions(ExtensionType::required_capabilities, encode(required))}) {
    options.proposals.push_back(proposal);
    list.push_back({std::make_shared<const Proposal>(proposal), Sender::member(alice_.self()), {}});
  }
  const Refusal refusal{PublicErrc::invalid_leaf_node, "a required capability"};
  expect_error(alice_.commit(world_.env, options).error(), refusal);
  refused(forger_.commit_fitting(list), refusal);
}
TEST_F(Section12_1_7, AnExtensionThatAMemberDoesNotSupport) {
  list_refused({extensions(ExtensionType{0xff01}, {})},
               {PublicErrc::unsupported, "a group extension is not supported"});
}
TEST_F(Section12_1_7, ExtensionsThatAreMalformed) {
  proposal_refused(extensions(ExtensionType::required_capabilities, Bytes(2)),
                   {PublicErrc::malformed, "required_capabilities"});
  proposal_refused(extensions(ExtensionType::external_senders, Bytes{9}),
                   {PublicErrc::malformed, "external_senders"});
}
TEST_F(Section12_1_7, Section13_4_AnExtensionTwice) {
  Bytes message = forger_.propose(extensions(ExtensionType{0xff01}, to_bytes("once")));
  TlsWriter one;
  one.u16(0xff01).opaque(as_bytes("once"));
  TlsWriter two;
  two.u16(0xff01).opaque(as_bytes("once")).u16(0xff01).opaque(as_bytes("more"));
  const auto at = std::ranges::search(message, one.view()).begin();
  ASSERT_NE(at, message.end());
  *(at - 1) = static_cast<Byte>(two.size());
  message.insert(message.erase(at, at + static_cast<std::ptrdiff_t>(one.size())),
                 two.view().begin(), two.view().end());
  EXPECT_EQ(MlsMessage::parse(message).error(), PublicErrc::malformed);
}

class Section12_1_8 : public Proposals {
 protected:
  Section12_1_8() {
    ExtensionList list;
    list.set(ExtensionType::external_senders,
             encode(ExternalSenders{{{service_.public_key(), Credential::basic({})}}}));
    world_.commit(alice_, {.proposals = {{GroupContextExtensions{list}}}}, {&bob_, &carol_});
  }
  Bytes from_service(Proposal proposal, std::uint32_t index = 0) {
    return external_proposal(world_.suite, alice_.context(), service_,
                             {SenderType::external, index}, std::move(proposal))
        .value();
  }
  SignatureKeyPair service_ = SignatureKeyPair::generate(world_.suite, world_.random).value();
};

TEST_F(Section12_1_8, AnExternalSenderThatIsNotOnTheList) {
  refused(from_service({Remove{carol_.self()}}, 1),
          {PublicErrc::not_a_member, "no such external sender"});
  world_.commit(alice_, {.proposals = {{GroupContextExtensions{}}}}, {&bob_});
  refused(from_service({Remove{carol_.self()}}),
          {PublicErrc::not_a_member, "no such external sender"});
}
TEST_F(Section12_1_8, AProposalThatItsExternalSenderDidNotSign) {
  auto message = World::parsed<PublicMessage>(from_service({Remove{carol_.self()}}));
  message.auth.signature[0] ^= 1;
  refused(encode(MlsMessage{std::move(message)}),
          {PublicErrc::bad_signature, "FramedContentTBS does not verify"});
}
TEST_F(Section12_1_8, ATypeThatAnExternalSenderMayNotSend) {
  const Refusal refusal{PublicErrc::malformed, "an external sender may not send this"};
  refused(from_service(forger_.update([](LeafNodeContent&) {})), refusal);
  refused(from_service({ExternalInit{Bytes(32)}}), refusal);
  FramedContent commit = forger_.honest_commit();
  commit.sender = {SenderType::external, 0};
  refused(encode(MlsMessage{signed_again(world_.suite, service_, commit,
                                         alice_.state().encoded_context, Bytes(32))}),
          refusal);
}
TEST_F(Section12_1_8, AnExternalSendersProposalMeetsTheSameRules) {
  refused(from_service({Remove{{7}}}), {kBadList, "a Remove of a blank leaf"});
  refused(from_service(reinit(0)), {kBadList, "a ReInit to an earlier version"});
  refused(from_service(psk(external_psk(3))), {kBadList, "a psk_nonce has another length"});
}

using Section12_2 = Proposals;
TEST_F(Section12_2, AnUpdateByTheCommitter) {
  const ProposalOrRef update = sent(forger_, forger_.update([](LeafNodeContent&) {}));
  refused(forger_.commit({update}), {kBadList, "an Update by the committer"});
}
TEST_F(Section12_2, ARemoveOfTheCommitter) {
  list_refused({{Remove{alice_.self()}}}, {kBadList, "a Remove of the committer"});
  const ProposalOrRef remove = sent(Forger(world_, carol_), {Remove{alice_.self()}});
  refused(forger_.commit({remove}), {kBadList, "a Remove of the committer"});
}
TEST_F(Section12_2, TwoProposalsForOneLeaf) {
  const Refusal refusal{kBadList, "several Updates or Removes of one leaf"};
  list_refused({{Remove{carol_.self()}}, {Remove{carol_.self()}}}, refusal);
  const Forger carol(world_, carol_);
  const ProposalOrRef first = sent(carol, carol.update([](LeafNodeContent&) {}));
  const ProposalOrRef second = sent(carol, carol.update([](LeafNodeContent&) {}));
  refused(forger_.commit({first, second}), refusal);
  refused(forger_.commit({first, Forger::by_value({Remove{carol_.self()}})}), refusal);
  refused(forger_.commit({Forger::by_value({Remove{carol_.self()}}), first}), refusal);
}
TEST_F(Section12_2, OneClientAddedTwice) {
  const Proposal add = fresh();
  list_refused({add, add}, {kBadList, "a key of a new leaf is in the group already"});
}
TEST_F(Section12_2, AnAddOfAMemberUnlessItIsRemoved) {
  Identity carol = world_.identity("carol");
  carol.signature_key = GroupInside::signer(carol_).clone();
  const Proposal again = World::add_of(world_.key_package(carol).key_package);
  list_refused({again}, {kBadList, "a key of a new leaf is in the group already"});
  world_.commit(alice_, {.proposals = {again, {Remove{carol_.self()}}}}, {&bob_});
}
TEST_F(Section12_2, OnePskTwice) {
  list_refused({psk(external_psk()), psk(external_psk())}, {kBadList, "PreSharedKeyID twice"});
}
TEST_F(Section12_2, SeveralGroupContextExtensions) {
  const Proposal none{GroupContextExtensions{}};
  list_refused({none, none}, {kBadList, "several GroupContextExtensions"});
}
TEST_F(Section12_2, AReInitBesideAnother) {
  const Refusal refusal{kBadList, "a ReInit stands beside other proposals"};
  list_refused({reinit(), fresh()}, refusal);
  list_refused({{Remove{carol_.self()}}, reinit()}, refusal);
  list_refused({reinit(), reinit()}, refusal);
}
TEST_F(Section12_2, AProposalTypeThatIsNotKnown) {
  Bytes message = forger_.propose({Remove{carol_.self()}});
  const std::size_t type = 2 + 2 + 1 + alice_.context().group_id.size() + 8 + 1 + 4 + 1 + 1;
  ASSERT_EQ(message[type + 1], 3);
  for (const Byte unknown : {Byte{0}, Byte{8}, Byte{0x0a}}) {
    message[type + 1] = unknown;
    EXPECT_EQ(MlsMessage::parse(message).error(), PublicErrc::malformed);
  }
}
TEST_F(Section12_2, MoreProposalsThanAreKept) {
  ProposalStore store;
  const auto proposal = std::make_shared<const Proposal>(Proposal{Remove{{1}}});
  const auto numbered = [&](std::size_t i) {
    TlsWriter reference;
    reference.u64(i);
    return QueuedProposal{proposal, Sender::member({0}), reference.view()};
  };
  for (std::size_t i = 0; i < ProposalStore::kLimit; ++i) {
    ASSERT_TRUE(store.add(numbered(i)));
  }
  expect_error(store.add(numbered(ProposalStore::kLimit)).error(),
               {kBadList, "more proposals in one epoch than are kept"});
  EXPECT_TRUE(store.add(numbered(0))) << "the same one again changes nothing";
}

}  // namespace
}  // namespace unhidra::mls
