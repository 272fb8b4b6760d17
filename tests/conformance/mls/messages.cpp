// Families over messages: encoding, protection, Welcome, and a client that follows a group.
#include <algorithm>
#include <map>

#include "../../../libs/mls/src/epoch.h"
#include "case.h"

namespace unhidra::mls_vectors {
namespace {

Suite suite_of(const Context& context, const json::object& vector) {
  return expect_value(
      Suite::of(context.provider, static_cast<CipherSuite>(number_member(vector, "cipher_suite"))),
      "cipher suite");
}

template <class T>
void round_trip(const json::object& vector, std::string_view name) {
  const Bytes bytes = hex_member(vector, name);
  expect_equal(encode(expect_value(decode<T>(bytes, name), name)), bytes, name);
}

void round_trip_message(const json::object& vector, std::string_view name, WireFormat format) {
  const Bytes bytes = hex_member(vector, name);
  const auto message = expect_value(MlsMessage::parse(bytes), name);
  expect(message.wire_format() == format, name);
  expect_equal(encode(message), bytes, name);
}

// The vectors hold what follows the proposal's type.
void round_trip_proposal(const json::object& vector, std::string_view name, ProposalType type) {
  const Bytes bytes = hex_member(vector, name);
  TlsReader in(bytes);
  const Proposal proposal = Proposal::read_content(type, in);
  expect_ok(in.finish(name), name);
  TlsWriter out;
  proposal.write_content(out);
  expect_equal(out.view(), bytes, name);
}

template <class T>
T message_of(const json::object& vector, std::string_view name) {
  const auto message = expect_value(MlsMessage::parse(hex_member(vector, name)), name);
  const T* body = message.as<T>();
  expect(body != nullptr, name);
  return *body;
}

}  // namespace

void run_messages(const Context&, const json::object& vector) {
  round_trip_message(vector, "mls_welcome", WireFormat::mls_welcome);
  round_trip_message(vector, "mls_group_info", WireFormat::mls_group_info);
  round_trip_message(vector, "mls_key_package", WireFormat::mls_key_package);
  round_trip_message(vector, "public_message_application", WireFormat::mls_public_message);
  round_trip_message(vector, "public_message_proposal", WireFormat::mls_public_message);
  round_trip_message(vector, "public_message_commit", WireFormat::mls_public_message);
  round_trip_message(vector, "private_message", WireFormat::mls_private_message);
  round_trip<Commit>(vector, "commit");
  const Bytes tree_bytes = hex_member(vector, "ratchet_tree");
  TlsWriter tree;
  expect_value(RatchetTree::parse(tree_bytes), "ratchet_tree").write(tree);
  expect_equal(tree.view(), tree_bytes, "ratchet_tree");
  const Bytes secrets = hex_member(vector, "group_secrets");
  expect_equal(expect_value(GroupSecrets::decode(secrets), "group_secrets").encode().expose(),
               secrets, "group_secrets");
  round_trip_proposal(vector, "add_proposal", ProposalType::add);
  round_trip_proposal(vector, "update_proposal", ProposalType::update);
  round_trip_proposal(vector, "remove_proposal", ProposalType::remove);
  round_trip_proposal(vector, "pre_shared_key_proposal", ProposalType::psk);
  round_trip_proposal(vector, "re_init_proposal", ProposalType::reinit);
  round_trip_proposal(vector, "external_init_proposal", ProposalType::external_init);
  round_trip_proposal(vector, "group_context_extensions_proposal",
                      ProposalType::group_context_extensions);
}

namespace {

class Protection {
 public:
  Protection(const Context& context, const json::object& vector)
      : random_(context.random),
        vector_(vector),
        suite_(suite_of(context, vector)),
        group_{suite_.id(),
               hex_member(vector, "group_id"),
               number_member(vector, "epoch"),
               hex_member(vector, "tree_hash"),
               hex_member(vector, "confirmed_transcript_hash"),
               {}},
        context_(encode(group_)),
        signature_pub_(hex_member(vector, "signature_pub")),
        membership_key_(hex_member(vector, "membership_key")),
        sender_data_(hex_member(vector, "sender_data_secret")),
        signer_(expect_value(
            SignatureKeyPair::from_private(suite_, hex_member(vector, "signature_priv")),
            "signature_priv")) {}

  void run(std::string_view name, ContentType type, bool as_public) {
    const std::string prefix(name);
    raw_ = hex_member(vector_, name);
    type_ = type;
    if (as_public) {
      check_public(message_of<PublicMessage>(vector_, prefix + "_pub"));
      check_public(expect_value(
          protect_public(suite_, make(WireFormat::mls_public_message), membership_key_, context_),
          "protect_public"));
    } else {
      expect(
          !protect_public(suite_, make(WireFormat::mls_public_message), membership_key_, context_),
          "application data went out as PublicMessage");
    }
    check_private(message_of<PrivateMessage>(vector_, prefix + "_priv"));
    SecretTree tree = keys();
    check_private(
        expect_value(protect_private(suite_, random_, make(WireFormat::mls_private_message),
                                     sender_data_, tree, 7),
                     "protect_private"));
  }

 private:
  SecretTree keys() const {
    return {suite_, 2, SecretBytes::copy_of(hex_member(vector_, "encryption_secret"))};
  }
  AuthenticatedContent make(WireFormat format) const {
    FramedContent content{group_.group_id, group_.epoch, Sender::member({1}), {}, {}};
    if (type_ == ContentType::application) {
      content.content = raw_;
    } else {
      TlsReader in(raw_);
      content.read_content(type_, in);
      expect_ok(in.finish("content"), "content");
    }
    auto out = expect_value(sign_content(suite_, signer_, format, std::move(content), context_),
                            "sign_content");
    if (type_ == ContentType::commit) {
      out.auth.confirmation_tag = Bytes(suite_.hash_size(), 7);
    }
    return out;
  }
  void check_content(const AuthenticatedContent& content) const {
    expect_ok(content.verify_signature(suite_, signature_pub_, context_), "signature");
    TlsWriter out;
    content.content.write_content(out);
    if (type_ == ContentType::application) {
      expect_equal(*content.content.application_data(), raw_, "application data");
    } else {
      expect_equal(out.view(), raw_, "content");
    }
  }
  void check_public(const PublicMessage& message) const {
    expect_ok(verify_membership_tag(suite_, message, membership_key_, context_), "membership tag");
    check_content(message.authenticated());
  }
  void check_private(const PrivateMessage& message) const {
    SecretTree tree = keys();
    const auto sender =
        expect_value(open_sender_data(suite_, message, sender_data_), "sender data");
    expect(sender.leaf == LeafIndex{1}, "sender");
    Ratchet* ratchet = tree.ratchet(
        suite_, sender.leaf,
        type_ == ContentType::application ? RatchetKind::application : RatchetKind::handshake);
    const auto key = expect_value(ratchet->take(suite_, sender.generation, {}), "key");
    check_content(expect_value(open_content(suite_, message, sender, key), "content"));
  }

  RandomSource& random_;
  const json::object& vector_;
  Suite suite_;
  GroupContext group_;
  Bytes context_;
  Bytes signature_pub_;
  Bytes membership_key_;
  Bytes sender_data_;
  SignatureKeyPair signer_;
  Bytes raw_;
  ContentType type_ = ContentType::application;
};

// The PSKs that a vector names.
class VectorPsks : public PskSource {
 public:
  std::map<Bytes, Bytes> external;
  std::optional<SecretBytes> find(const PreSharedKeyId& id) const override {
    const auto found = external.find(id.psk_id);
    if (id.type != PskType::external || found == external.end()) {
      return std::nullopt;
    }
    return SecretBytes::copy_of(found->second);
  }
};

}  // namespace

void run_message_protection(const Context& context, const json::object& vector) {
  Protection protection(context, vector);
  protection.run("proposal", ContentType::proposal, true);
  protection.run("commit", ContentType::commit, true);
  protection.run("application", ContentType::application, false);
}

void run_welcome(const Context& context, const json::object& vector) {
  const Suite suite = suite_of(context, vector);
  const auto init =
      expect_value(HpkeKeyPair::from_private(suite, hex_member(vector, "init_priv")), "init_priv");
  const auto key_package = message_of<KeyPackage>(vector, "key_package");
  const auto welcome = message_of<Welcome>(vector, "welcome");
  expect_equal(init.public_key(), key_package.init_key, "init_key");
  const auto* entry = welcome.find(key_package.reference(suite).view());
  expect(entry != nullptr, "no entry for the KeyPackage");
  const auto info =
      expect_value(encrypt_context(suite, "Welcome", welcome.encrypted_group_info), "context");
  const auto opened = expect_value(hpke_open(suite, init, entry->encrypted_group_secrets.kem_output,
                                             info, {}, entry->encrypted_group_secrets.ciphertext),
                                   "group secrets");
  const auto secrets = expect_value(GroupSecrets::decode(opened.expose()), "group secrets");
  const auto zero = zero_secret(suite);
  const auto key = welcome_key(suite, secrets.joiner_secret.expose(), zero.expose());
  Bytes plain(welcome.encrypted_group_info.size() - crypto::kAeadTagSize);
  expect_ok(context.provider.aead_open(suite.parameters().aead, key.key.expose(),
                                       key.nonce.expose(), {}, welcome.encrypted_group_info, plain),
            "group info");
  const auto group_info = expect_value(decode<GroupInfo>(plain, "GroupInfo"), "GroupInfo");
  expect_ok(group_info.verify_signature(suite, hex_member(vector, "signer_pub")), "signature");
  const auto epoch = EpochSecrets::from_joiner(suite, secrets.joiner_secret.expose(), zero.expose(),
                                               encode(group_info.group_context));
  expect_equal(mac(suite, epoch.confirmation_key.expose(),
                   group_info.group_context.confirmed_transcript_hash)
                   .view(),
               group_info.confirmation_tag, "confirmation tag");
}

void run_passive_client(const Context& context, const json::object& vector) {
  const Suite suite = suite_of(context, vector);
  VectorPsks psks;
  for (const json::value& value : array_member(vector, "external_psks")) {
    psks.external[hex_member(value.as_object(), "psk_id")] = hex_member(value.as_object(), "psk");
  }
  Environment env{.provider = context.provider,
                  .random = context.random,
                  .rules = {.max_lifetime = kUnlimitedLifetime},
                  .psks = &psks};
  const auto pair = [&](std::string_view name) {
    return expect_value(HpkeKeyPair::from_private(suite, hex_member(vector, name)), name);
  };
  OwnKeyPackage ours{
      message_of<KeyPackage>(vector, "key_package"), pair("init_priv"), pair("encryption_priv"),
      expect_value(SignatureKeyPair::from_private(suite, hex_member(vector, "signature_priv")),
                   "signature_priv")};
  expect_equal(ours.init_key.public_key(), ours.key_package.init_key, "init_key");
  expect_equal(ours.encryption_key.public_key(), ours.key_package.leaf_node->encryption_key(),
               "encryption_key");
  expect_equal(ours.signature_key.public_key(), ours.key_package.leaf_node->signature_key(),
               "signature_key");
  JoinOptions options;
  if (!member(vector, "ratchet_tree").is_null()) {
    options.tree = expect_value(RatchetTree::parse(hex_member(vector, "ratchet_tree")), "tree");
  }
  auto group =
      expect_value(Group::join(env, ours, message_of<Welcome>(vector, "welcome"), options), "join");
  expect_equal(group.epoch_authenticator(), hex_member(vector, "initial_epoch_authenticator"),
               "initial epoch authenticator");
  std::size_t number = 0;
  for (const json::value& value : array_member(vector, "epochs")) {
    const json::object& epoch = value.as_object();
    const std::string where = "epoch " + std::to_string(number++);
    for (const json::value& proposal : array_member(epoch, "proposals")) {
      const auto message = expect_value(MlsMessage::parse(hex_value(proposal)), where);
      expect_value(group.receive(env, message), where + " proposal");
    }
    const auto message = expect_value(MlsMessage::parse(hex_member(epoch, "commit")), where);
    expect_value(group.receive(env, message), where + " commit");
    expect_equal(group.epoch_authenticator(), hex_member(epoch, "epoch_authenticator"), where);
  }
}

}  // namespace unhidra::mls_vectors
