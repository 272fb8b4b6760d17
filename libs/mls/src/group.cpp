// Creating a group, its secrets for the application, proposals and application messages.
#include "unhidra/mls/group.h"

#include "epoch.h"

namespace unhidra::mls {

Capabilities default_capabilities(const crypto::Provider& provider) {
  return {.versions = {ProtocolVersion::mls10},
          .cipher_suites = supported_suites(provider),
          .extensions = {},
          .proposals = {},
          .credentials = {CredentialType::basic, CredentialType::x509}};
}

namespace {

LeafNodeContent leaf_content(const Identity& identity, const HpkeKeyPair& key, Lifetime lifetime) {
  return {.encryption_key = key.public_key(),
          .signature_key = identity.signature_key.public_key(),
          .credential = identity.credential,
          .capabilities = identity.capabilities,
          .source = LeafNodeSource::key_package,
          .lifetime = lifetime,
          .parent_hash = {},
          .extensions = identity.leaf_extensions};
}

}  // namespace

Result<OwnKeyPackage> make_key_package(const Suite& suite, RandomSource& random,
                                       const Identity& identity, Lifetime lifetime,
                                       ExtensionList extensions) {
  UNHIDRA_TRY(HpkeKeyPair init, HpkeKeyPair::generate(suite, random));
  UNHIDRA_TRY(HpkeKeyPair encryption, HpkeKeyPair::generate(suite, random));
  KeyPackage out{.cipher_suite = suite.id(),
                 .init_key = init.public_key(),
                 .extensions = std::move(extensions)};
  UNHIDRA_TRY(out.leaf_node, sign_leaf(suite, identity.signature_key,
                                       leaf_content(identity, encryption, lifetime), {}));
  TlsWriter content;
  out.write_content(content);
  UNHIDRA_TRY(out.signature, identity.signature_key.sign(suite, "KeyPackageTBS", content.view()));
  return OwnKeyPackage{std::move(out), std::move(init), std::move(encryption),
                       identity.signature_key.clone()};
}

Result<Group> Group::create(const Environment& env, CipherSuite id, Bytes group_id,
                            const Identity& identity, Lifetime lifetime, ExtensionList extensions) {
  UNHIDRA_TRY(const Suite suite, Suite::of(env.provider, id));
  UNHIDRA_TRY(HpkeKeyPair key, HpkeKeyPair::generate(suite, env.random));
  UNHIDRA_TRY(const LeafNodePtr leaf,
              sign_leaf(suite, identity.signature_key, leaf_content(identity, key, lifetime), {}));
  UNHIDRA_TRY_VOID(validate_leaf_node(suite, *leaf, LeafOrigin::key_package, {}, env.rules));
  if (!lists_group_parameters(suite, *leaf)) {
    return fail(PublicErrc::invalid_leaf_node,
                "the capabilities lack the group's version or cipher suite");
  }
  PublicState pub{suite, {id, std::move(group_id), 0, {}, {}, std::move(extensions)}, {}, {}, {},
                  {}};
  pub.tree.add(leaf);
  UNHIDRA_TRY_VOID(validate_group_extensions(pub.context.extensions, env.rules));
  UNHIDRA_TRY_VOID(validate_members_together(pub.tree, pub.context.extensions));
  refresh(pub);
  EpochSecrets secrets =
      EpochSecrets::from_epoch_secret(suite, env.random.secret(suite.hash_size()).expose());
  set_confirmation_tag(pub, mac(suite, secrets.confirmation_key.expose(), {}).copy());
  SecretTree messages(suite, 1, std::move(secrets.encryption_secret));
  return Group(
      {std::move(pub), std::move(secrets), std::move(messages), PrivateTree({0}, std::move(key))},
      identity.signature_key.clone());
}

Status Group::check_active() const {
  if (removed_) {
    return fail(Errc::removed, "this member was removed from the group");
  }
  if (reinit_) {
    return fail(Errc::reinitialised, "the group was closed by a ReInit");
  }
  return {};
}

SecretBytes Group::export_secret(std::string_view label, ByteView context, std::size_t size) const {
  return mls_exporter(epoch_.pub.suite, epoch_.secrets.exporter_secret.expose(), label, context,
                      size);
}

Result<GroupInfo> Group::group_info(bool with_tree) const {
  UNHIDRA_TRY_VOID(check_active());
  return make_group_info(epoch_.pub, epoch_.secrets, signer_, self(), with_tree, true);
}

// Signs and protects a message of this member in the current epoch.
Result<Bytes> Group::frame(const Environment& env, FramedContent content, WireFormat format,
                           std::size_t padding) {
  const PublicState& pub = epoch_.pub;
  UNHIDRA_TRY(const AuthenticatedContent signed_content,
              sign_content(pub.suite, signer_, format, std::move(content), pub.encoded_context));
  const bool is_proposal = signed_content.content.type() == ContentType::proposal;
  Bytes out;
  if (format == WireFormat::mls_private_message) {
    UNHIDRA_TRY(PrivateMessage message, protect_private(pub.suite, env.random, signed_content,
                                                        epoch_.secrets.sender_data_secret.expose(),
                                                        epoch_.messages, padding));
    out = encode(MlsMessage{std::move(message)});
  } else {
    UNHIDRA_TRY(PublicMessage message,
                protect_public(pub.suite, signed_content, epoch_.secrets.membership_key.expose(),
                               pub.encoded_context));
    out = encode(MlsMessage{std::move(message)});
  }
  if (is_proposal) {
    UNHIDRA_TRY_VOID(
        proposals_.add({std::get<ProposalPtr>(signed_content.content.content),
                        signed_content.content.sender, signed_content.proposal_ref(pub.suite)}));
  }
  return out;
}

Result<Bytes> Group::propose(const Environment& env, Proposal proposal, WireFormat format,
                             ByteView authenticated_data) {
  UNHIDRA_TRY_VOID(check_active());
  const Sender sender = Sender::member(self());
  UNHIDRA_TRY_VOID(validate_proposal(epoch_.pub, proposal, sender, env.rules));
  return frame(env,
               {context().group_id, context().epoch, sender, to_bytes(authenticated_data),
                std::make_shared<const Proposal>(std::move(proposal))},
               format, 0);
}

Result<Bytes> Group::propose_update(const Environment& env, WireFormat format) {
  UNHIDRA_TRY_VOID(check_active());
  const Suite& suite = epoch_.pub.suite;
  UNHIDRA_TRY(HpkeKeyPair key, HpkeKeyPair::generate(suite, env.random));
  LeafNodeContent content = epoch_.pub.tree.leaf(self())->content();
  content.source = LeafNodeSource::update;
  content.encryption_key = key.public_key();
  UNHIDRA_TRY(LeafNodePtr leaf, sign_leaf(suite, signer_, content, {context().group_id, self()}));
  UNHIDRA_TRY(Bytes message, propose(env, {Update{std::move(leaf)}}, format));
  Bytes name = key.public_key();
  own_updates_.emplace(std::move(name), std::move(key));
  return message;
}

Result<Bytes> Group::encrypt(const Environment& env, ByteView data, ByteView authenticated_data,
                             std::size_t padding) {
  UNHIDRA_TRY_VOID(check_active());
  if (!proposals_.items().empty()) {
    return fail(Errc::pending_commit, "proposals wait for a commit before application data");
  }
  return frame(env,
               {context().group_id, context().epoch, Sender::member(self()),
                to_bytes(authenticated_data), to_bytes(data)},
               WireFormat::mls_private_message, padding);
}

void Group::enter(const Environment& env, Epoch next, const CommitEffects& effects) {
  resumption_.push_front({context().epoch, std::move(epoch_.secrets.resumption_psk)});
  while (resumption_.size() > env.past_resumption_psks) {
    resumption_.pop_back();
  }
  past_.push_front({std::move(epoch_.pub), std::move(epoch_.secrets.sender_data_secret),
                    std::move(epoch_.messages)});
  while (past_.size() > env.past_epochs) {
    append_epoch_keys(dropped_, past_.back().pub.context.epoch, past_.back().messages);
    past_.pop_back();
  }
  epoch_ = std::move(next);
  proposals_.clear();
  own_updates_.clear();
  pending_.reset();
  reinit_ = effects.reinit;
}

Result<Bytes> external_proposal(const Suite& suite, const GroupContext& context,
                                const SignatureKeyPair& signer, const Sender& sender,
                                Proposal proposal) {
  UNHIDRA_TRY(AuthenticatedContent content,
              sign_content(suite, signer, WireFormat::mls_public_message,
                           {context.group_id,
                            context.epoch,
                            sender,
                            {},
                            std::make_shared<const Proposal>(std::move(proposal))},
                           encode(context)));
  return encode(MlsMessage{PublicMessage{std::move(content.content), std::move(content.auth), {}}});
}

}  // namespace unhidra::mls
