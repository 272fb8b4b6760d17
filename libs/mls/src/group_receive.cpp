// Reading messages of the group (RFC 9420 sections 6 and 12.4.2).
#include <algorithm>

#include "unhidra/mls/group.h"

#include "epoch.h"

namespace unhidra::mls {

Result<Received> Group::receive(const Environment& env, const MlsMessage& message) {
  if (removed_) {
    return fail(Errc::removed, "this member was removed from the group");
  }
  if (const auto* public_message = message.as<PublicMessage>()) {
    return receive_public(env, *public_message);
  }
  if (const auto* private_message = message.as<PrivateMessage>()) {
    return receive_private(env, *private_message);
  }
  return fail(PublicErrc::malformed, "not a message of a group");
}

Result<Received> Group::receive_public(const Environment& env, const PublicMessage& message) {
  if (message.content.group_id != context().group_id) {
    return fail(PublicErrc::wrong_group, "a message of another group");
  }
  if (message.content.epoch != context().epoch) {
    return fail(PublicErrc::wrong_epoch, "a message of another epoch");
  }
  UNHIDRA_TRY_VOID(verify_membership_tag(epoch_.pub.suite, message,
                                         epoch_.secrets.membership_key.expose(),
                                         epoch_.pub.encoded_context));
  return accept(env, message.authenticated());
}

Result<Received> Group::receive_private(const Environment& env, const PrivateMessage& message) {
  if (message.group_id != context().group_id) {
    return fail(PublicErrc::wrong_group, "a message of another group");
  }
  const bool current = message.epoch == context().epoch;
  const auto past = std::ranges::find_if(
      past_, [&](const PastEpoch& p) { return p.pub.context.epoch == message.epoch; });
  if (!current && (past == past_.end() || message.content_type != ContentType::application)) {
    return fail(PublicErrc::wrong_epoch, "a message of another epoch");
  }
  const PublicState& pub = current ? epoch_.pub : past->pub;
  SecretTree& messages = current ? epoch_.messages : past->messages;
  const ByteView sender_secret =
      current ? epoch_.secrets.sender_data_secret.expose() : past->sender_data_secret.expose();
  UNHIDRA_TRY(const SenderData sender, open_sender_data(pub.suite, message, sender_secret));
  if (pub.tree.leaf(sender.leaf) == nullptr) {
    return fail(PublicErrc::not_a_member, "the sender's leaf is blank");
  }
  const RatchetKind kind = message.content_type == ContentType::application
                               ? RatchetKind::application
                               : RatchetKind::handshake;
  auto ratchet = messages.peek(pub.suite, sender.leaf, kind);
  if (!ratchet) {
    return fail(Errc::undecryptable, "the sender's keys are gone");
  }
  UNHIDRA_TRY(const MessageKey key, ratchet->take(pub.suite, sender.generation, env.ratchets));
  UNHIDRA_TRY(const AuthenticatedContent content, open_content(pub.suite, message, sender, key));
  if (current) {
    UNHIDRA_TRY(Received out, accept(env, content));
    if (out.type != ContentType::commit) {
      messages.store(pub.suite, sender.leaf, kind, std::move(*ratchet));
    }
    return out;
  }
  UNHIDRA_TRY_VOID(verify_content(pub, content));
  messages.store(pub.suite, sender.leaf, kind, std::move(*ratchet));
  return Received{.sender = content.content.sender,
                  .epoch = message.epoch,
                  .sender_leaf = pub.tree.leaf_ptr(sender.leaf),
                  .authenticated_data = message.authenticated_data,
                  .application_data = SecretBytes::copy_of(*content.content.application_data())};
}

Result<Received> Group::accept(const Environment& env, const AuthenticatedContent& content) {
  const FramedContent& framed = content.content;
  if (framed.sender == Sender::member(self()) && framed.type() != ContentType::application) {
    return fail(Errc::duplicate, "a handshake message of our own");
  }
  UNHIDRA_TRY_VOID(verify_content(epoch_.pub, content));
  if (framed.type() == ContentType::commit) {
    return accept_commit(env, content);
  }
  const LeafNodePtr sender_leaf =
      framed.sender.is_member() ? epoch_.pub.tree.leaf_ptr(framed.sender.leaf()) : nullptr;
  Received out{.type = framed.type(),
               .sender = framed.sender,
               .epoch = framed.epoch,
               .sender_leaf = sender_leaf,
               .authenticated_data = framed.authenticated_data};
  if (framed.type() == ContentType::application) {
    out.application_data = SecretBytes::copy_of(*framed.application_data());
    return out;
  }
  if (reinit_) {
    return fail(Errc::reinitialised, "the group was closed by a ReInit");
  }
  UNHIDRA_TRY_VOID(validate_proposal(epoch_.pub, *framed.proposal(), framed.sender, env.rules));
  out.proposal = content.proposal_ref(epoch_.pub.suite);
  UNHIDRA_TRY_VOID(
      proposals_.add({std::get<ProposalPtr>(framed.content), framed.sender, out.proposal}));
  return out;
}

Result<Received> Group::accept_commit(const Environment& env, const AuthenticatedContent& content) {
  if (reinit_) {
    return fail(Errc::reinitialised, "the group was closed by a ReInit");
  }
  const FramedContent& framed = content.content;
  const Commit& commit = *framed.commit();
  UNHIDRA_TRY(const auto proposals, resolve_proposals(commit, proposals_, framed.sender));
  UNHIDRA_TRY(AppliedProposals applied,
              apply_proposals(epoch_.pub, proposals, framed.sender, env.rules));
  UNHIDRA_TRY_VOID(check_path_presence(commit, applied, framed.sender));
  const LeafNodePtr sender_leaf =
      framed.sender.is_member() ? epoch_.pub.tree.leaf_ptr(framed.sender.leaf()) : nullptr;
  Received out{.type = ContentType::commit,
               .sender = framed.sender,
               .epoch = framed.epoch,
               .sender_leaf = sender_leaf,
               .authenticated_data = framed.authenticated_data};
  out.commit = {framed.epoch + 1, applied.added, applied.removed,
                std::ranges::find(applied.removed, self()) != applied.removed.end(),
                applied.reinit};
  if (out.commit.self_removed) {
    // The new epoch's secrets are not for us; the path's public part is checked all the same.
    UNHIDRA_TRY_VOID(apply_path(epoch_.pub, applied, framed.sender, *commit.path, env.rules));
    removed_ = true;
    pending_.reset();
    return out;
  }
  UNHIDRA_TRY(Epoch next, follow(env, content, applied));
  if (!framed.sender.is_member()) {
    out.commit.added = applied.added;
  }
  enter(env, std::move(next), out.commit);
  return out;
}

// Our keys as a commit's path meets them: an Update of ours may be among its proposals.
PrivateTree Group::keys_before(const AppliedProposals& applied) const {
  PrivateTree keys = epoch_.keys.clone();
  const auto ours = own_updates_.find(to_bytes(applied.tree.leaf(self())->encryption_key()));
  if (ours != own_updates_.end()) {
    keys.set_leaf_key(ours->second.clone());
  }
  return keys;
}

Result<Group::Epoch> Group::follow(const Environment& env, const AuthenticatedContent& content,
                                   AppliedProposals& applied) const {
  const PublicState& pub = epoch_.pub;
  const Suite& suite = pub.suite;
  const Commit& commit = *content.content.commit();
  UNHIDRA_TRY(const auto psks, find_psks(env, applied.psks));
  SecretBytes init = epoch_.secrets.init_secret.clone();
  if (applied.external_init) {
    auto received = external_init_receive(suite, epoch_.secrets.external_secret.expose(),
                                          *applied.external_init);
    if (!received) {
      return fail(PublicErrc::invalid_commit, "the kem_output of the ExternalInit is no key");
    }
    init = std::move(*received);
  }
  PrivateTree keys = keys_before(applied);
  SecretBytes commit_secret = zero_secret(suite);
  if (commit.path) {
    UNHIDRA_TRY(const AppliedPath path,
                apply_path(pub, applied, content.content.sender, *commit.path, env.rules));
    const Bytes context = encode(provisional_context(pub, applied));
    UNHIDRA_TRY(const DecryptedPath secret, decrypt_path(suite, keys, applied.tree, path.steps,
                                                         *commit.path, applied.added, context));
    keys.drop_outdated(applied.tree);
    auto implanted = keys.implant(suite, applied.tree, std::span(path.steps).subspan(secret.step),
                                  secret.path_secret.expose());
    if (!implanted) {
      return fail(Errc::bad_path_secret, implanted.error().message());
    }
    commit_secret = std::move(*implanted);
    if (!content.content.sender.is_member()) {
      applied.added.push_back(path.sender);
    }
  }
  keys.drop_outdated(applied.tree);
  PublicState next = next_state(pub, applied, content);
  const SecretBytes joiner =
      joiner_secret(suite, init.expose(), commit_secret.expose(), next.encoded_context);
  EpochSecrets secrets = EpochSecrets::from_joiner(
      suite, joiner.expose(), psk_secret(suite, psks).expose(), next.encoded_context);
  const Digest tag =
      mac(suite, secrets.confirmation_key.expose(), next.context.confirmed_transcript_hash);
  if (!constant_time_equal(tag.view(), content.auth.confirmation_tag)) {
    return fail(PublicErrc::bad_tag, "the confirmation tag does not match");
  }
  set_confirmation_tag(next, content.auth.confirmation_tag);
  SecretTree messages(suite, next.tree.leaf_count(), std::move(secrets.encryption_secret));
  return Epoch{std::move(next), std::move(secrets), std::move(messages), std::move(keys)};
}

}  // namespace unhidra::mls
