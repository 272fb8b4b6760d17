// What a receiver refuses of the framing (RFC 9420 section 6).
#include "forger.h"

namespace unhidra::mls {
namespace {

class Section6 : public ForgedMessages {
 protected:
  Proposal remove_carol() const { return {Remove{carol_.self()}}; }
  // An honest message, changed after it was protected.
  template <class Change>
  Bytes changed(const Bytes& message, Change&& change) const {
    auto parsed = World::parsed<PrivateMessage>(message);
    change(parsed);
    return encode(MlsMessage{std::move(parsed)});
  }
  Bytes application() { return alice_.encrypt(world_.env, as_bytes("text")).value(); }
  static Bytes flipped_at(Bytes bytes, std::size_t at) {
    bytes[at] ^= 1;
    return bytes;
  }
  // A PublicMessage in the name of somebody else than a member.
  Bytes from(const Sender& sender, const SignatureKeyPair& key, FramedContent content,
             Bytes tag = {}) const {
    content.sender = sender;
    return encode(MlsMessage{signed_again(world_.suite, key, std::move(content),
                                          alice_.state().encoded_context, std::move(tag))});
  }
};

TEST_F(Section6, ApplicationDataInAPublicMessage) {
  FramedContent content = forger_.content_of(remove_carol());
  content.content = to_bytes("text");
  refused(forger_.send(std::move(content)),
          {PublicErrc::malformed, "application data must be encrypted"});
}

TEST_F(Section6, AnotherGroup) {
  FramedContent content = forger_.content_of(remove_carol());
  content.group_id = to_bytes("other");
  refused(forger_.send(content), {PublicErrc::wrong_group, "another group"});
  refused(changed(application(), [](PrivateMessage& m) { m.group_id = to_bytes("other"); }),
          {PublicErrc::wrong_group, "another group"});
}

TEST_F(Section6, AnotherEpoch) {
  for (const std::uint64_t epoch : {alice_.context().epoch - 1, alice_.context().epoch + 1}) {
    FramedContent content = forger_.content_of(remove_carol());
    content.epoch = epoch;
    refused(forger_.send(content), {PublicErrc::wrong_epoch, "another epoch"});
  }
  refused(changed(application(), [](PrivateMessage& m) { ++m.epoch; }),
          {PublicErrc::wrong_epoch, "another epoch"});
}

TEST_F(Section6, AHandshakeMessageOfAPastEpoch) {
  const Bytes late =
      alice_.propose(world_.env, remove_carol(), WireFormat::mls_private_message).value();
  world_.commit(alice_, {.cover_pending = false}, {&bob_});
  refused(late, {PublicErrc::wrong_epoch, "another epoch"});
}

TEST_F(Section6, AHandshakeMessageOfOurOwn) {
  Forger bob(world_, bob_);
  const Bytes commit = bob_.commit(world_.env, {}).value().commit;
  refused(commit, {Errc::duplicate, "our own"});
  bob_.discard_pending();
  refused(bob.propose(remove_carol()), {Errc::duplicate, "our own"});
}

TEST_F(Section6, SomethingThatIsNoMessageOfAGroup) {
  refused(encode(MlsMessage{world_.key_package("x").key_package}),
          {PublicErrc::malformed, "not a message of a group"});
  refused(encode(MlsMessage{alice_.group_info(true).value()}),
          {PublicErrc::malformed, "not a message of a group"});
}

TEST_F(Section6, Section6_1_ASignatureOfAnotherKey) {
  const auto other = SignatureKeyPair::generate(world_.suite, world_.random).value();
  PublicMessage message = signed_again(world_.suite, other, forger_.content_of(remove_carol()),
                                       alice_.state().encoded_context, {});
  message.membership_tag = mac(world_.suite, GroupInside::secrets(alice_).membership_key.expose(),
                               message.authenticated().to_be_macked(alice_.state().encoded_context))
                               .copy();
  refused(encode(MlsMessage{std::move(message)}),
          {PublicErrc::bad_signature, "FramedContentTBS does not verify"});
}

TEST_F(Section6, Section6_1_ASignatureInAPrivateMessage) {
  TlsWriter text;
  text.opaque(as_bytes("text")).opaque(Bytes(64));
  refused(encode(MlsMessage{forger_.seal(ContentType::application, text.view())}),
          {PublicErrc::bad_signature, "FramedContentTBS does not verify"});
}

TEST_F(Section6, Section6_1_ASignatureInAPrivateMessageOfAPastEpoch) {
  TlsWriter text;
  text.opaque(as_bytes("text")).opaque(Bytes(64));
  const Bytes late = encode(MlsMessage{forger_.seal(ContentType::application, text.view())});
  world_.commit(alice_, {}, {&bob_});
  refused(late, {PublicErrc::bad_signature, "FramedContentTBS does not verify"});
}

TEST_F(Section6, Section6_1_ASenderThatIsNoMember) {
  for (const std::uint32_t leaf : {3U, 4U, 0x7fffffffU, 0xffffffffU}) {
    FramedContent content = forger_.content_of(remove_carol());
    content.sender = Sender::member({leaf});
    refused(forger_.send(content), {PublicErrc::not_a_member, "the sender's leaf is blank"});
  }
}

TEST_F(Section6, Section6_1_ANewMemberThatProposesMoreThanItsAdd) {
  const auto key = SignatureKeyPair::generate(world_.suite, world_.random).value();
  refused(from({SenderType::new_member_proposal, 0}, key, forger_.content_of(remove_carol())),
          {PublicErrc::malformed, "its own Add alone"});
  refused(from({SenderType::new_member_proposal, 0}, key, forger_.honest_commit(), Bytes(32)),
          {PublicErrc::malformed, "its own Add alone"});
}

TEST_F(Section6, Section6_1_AnAddThatItsNewMemberDidNotSign) {
  const auto other = SignatureKeyPair::generate(world_.suite, world_.random).value();
  refused(from({SenderType::new_member_proposal, 0}, other,
               forger_.content_of(World::add_of(world_.key_package("dora").key_package))),
          {PublicErrc::bad_signature, "FramedContentTBS does not verify"});
}

TEST_F(Section6, Section6_1_AnExternalCommitThatIsNoCommit) {
  const auto key = SignatureKeyPair::generate(world_.suite, world_.random).value();
  refused(from({SenderType::new_member_commit, 0}, key, forger_.content_of(remove_carol())),
          {PublicErrc::invalid_commit, "needs a path"});
}

TEST_F(Section6, Section6_1_AnUnknownSenderTypeOrContentType) {
  Bytes message = forger_.propose(remove_carol());
  const std::size_t sender_type = 2 + 2 + 1 + alice_.context().group_id.size() + 8;
  for (const Byte type : {Byte{0}, Byte{5}, Byte{255}}) {
    message[sender_type] = type;
    EXPECT_EQ(MlsMessage::parse(message).error(), PublicErrc::malformed);
  }
  message[sender_type] = 1;
  ASSERT_TRUE(MlsMessage::parse(message));
  const std::size_t content_type = sender_type + 1 + 4 + 1;
  for (const Byte type : {Byte{0}, Byte{4}}) {
    message[content_type] = type;
    EXPECT_EQ(MlsMessage::parse(message).error(), PublicErrc::malformed);
  }
}

TEST_F(Section6, Section6_2_AWrongMembershipTag) {
  PublicMessage message = forger_.protect(forger_.content_of(remove_carol()));
  message.membership_tag[31] ^= 1;
  refused(encode(MlsMessage{message}), {PublicErrc::bad_tag, "the membership tag"});
  message.membership_tag.clear();
  refused(encode(MlsMessage{message}), {PublicErrc::bad_tag, "the membership tag"});
}

TEST_F(Section6, Section6_3_1_APrivateMessageThatWasChanged) {
  const Bytes message = application();
  refused(changed(message, [](PrivateMessage& m) { m.ciphertext.back() ^= 1; }),
          {PublicErrc::bad_tag, "does not decrypt"});
  refused(changed(message, [](PrivateMessage& m) { m.ciphertext.resize(15); }),
          {PublicErrc::bad_tag, ""});
  refused(changed(message, [](PrivateMessage& m) { m.authenticated_data = to_bytes("x"); }),
          {PublicErrc::bad_tag, "does not decrypt"});
  refused(changed(message, [](PrivateMessage& m) { m.content_type = ContentType::proposal; }),
          {PublicErrc::bad_tag, "does not decrypt"});
  refused(changed(message, [](PrivateMessage& m) { m.encrypted_sender_data[0] ^= 1; }),
          {PublicErrc::bad_tag, "does not decrypt"});
  world_.deliver(message, bob_);
}

TEST_F(Section6, Section6_3_1_PaddingThatIsNotZero) {
  AuthenticatedContent content =
      sign_content(world_.suite, GroupInside::signer(alice_), WireFormat::mls_private_message,
                   {alice_.context().group_id,
                    alice_.context().epoch,
                    Sender::member(alice_.self()),
                    {},
                    to_bytes("text")},
                   alice_.state().encoded_context)
          .value();
  TlsWriter text;
  content.content.write_content(text);
  content.auth.write(ContentType::application, text);
  Bytes padded = text.view();
  padded.resize(padded.size() + 8);
  const Bytes good = encode(MlsMessage{forger_.seal(ContentType::application, padded)});
  for (const std::size_t place : {text.size(), padded.size() - 1}) {
    Bytes bad = padded;
    bad[place] = 1;
    refused(encode(MlsMessage{forger_.seal(ContentType::application, bad)}),
            {PublicErrc::malformed, "padding is not all zero"});
  }
  EXPECT_EQ(as_text(world_.deliver(good, bob_).application_data.expose()), "text");
}

TEST_F(Section6, Section6_3_1_ContentThatIsCutShort) {
  refused(encode(MlsMessage{forger_.seal(ContentType::application, Bytes{5, 1})}),
          {PublicErrc::malformed, "PrivateMessageContent"});
  refused(encode(MlsMessage{forger_.seal(ContentType::commit, Bytes(64, 0xff))}),
          {PublicErrc::malformed, "PrivateMessageContent"});
}

TEST_F(Section6, Section6_3_2_SenderDataThatNamesNoMemberOrNoKey) {
  const auto with = [&](SenderData sender) {
    auto message = World::parsed<PrivateMessage>(application());
    EXPECT_TRUE(seal_sender_data(world_.suite, message, sender,
                                 GroupInside::secrets(alice_).sender_data_secret.expose()));
    return encode(MlsMessage{std::move(message)});
  };
  for (const std::uint32_t leaf : {3U, 4U, 0x80000000U, 0xffffffffU}) {
    refused(with({{leaf}, 0, {}}), {PublicErrc::not_a_member, "the sender's leaf is blank"});
  }
  for (const std::uint32_t generation : {1001U + 1, 0x7fffffffU, 0xffffffffU}) {
    refused(with({alice_.self(), generation, {}}), {Errc::too_far_ahead, "may be skipped"});
  }
  refused(with({carol_.self(), 0, {}}), {PublicErrc::bad_tag, "does not decrypt"});
}

TEST_F(Section6, Section6_3_2_SenderDataOfAnotherSize) {
  auto message = World::parsed<PrivateMessage>(application());
  message.encrypted_sender_data.resize(3);
  refused(encode(MlsMessage{message}), {PublicErrc::bad_tag, "too short"});
}

TEST_F(Section6, Section9_AMessageThatWasRead) {
  const Bytes message = application();
  world_.deliver(message, bob_);
  refused(message, {Errc::duplicate, "the key was used"});
  world_.commit(alice_, {}, {&bob_});
  refused(message, {Errc::duplicate, "the key was used"});
}

TEST_F(Section6, Section9_AMessageOfAnEpochThatIsNoLongerKept) {
  const Bytes message = application();
  for (std::size_t i = 0; i < world_.env.past_epochs + 1; ++i) {
    world_.commit(alice_, {}, {&bob_});
  }
  refused(message, {PublicErrc::wrong_epoch, "another epoch"});
}

TEST_F(Section6, EveryChangedByteIsRefused) {
  std::vector<Bytes> messages{application(), forger_.propose(remove_carol())};
  for (const auto format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
    messages.push_back(alice_.commit(world_.env, {.wire_format = format}).value().commit);
    alice_.discard_pending();
  }
  for (const Bytes& message : messages) {
    const Bytes before = GroupInside::snapshot(bob_);
    for (std::size_t i = 0; i < message.size(); ++i) {
      const auto changed = MlsMessage::parse(flipped_at(message, i));
      EXPECT_FALSE(changed && bob_.receive(world_.env, *changed)) << "byte " << i;
    }
    EXPECT_TRUE(GroupInside::snapshot(bob_) == before);
  }
}

}  // namespace
}  // namespace unhidra::mls
