#include "forger.h"

#include "epoch.h"

namespace unhidra::mls {

PublicMessage signed_again(const Suite& suite, const SignatureKeyPair& key, FramedContent content,
                           ByteView encoded_context, Bytes confirmation_tag) {
  AuthenticatedContent made =
      sign_content(suite, key, WireFormat::mls_public_message, std::move(content), encoded_context)
          .value();
  made.auth.confirmation_tag = std::move(confirmation_tag);
  return {std::move(made.content), std::move(made.auth), {}};
}

FramedContent Forger::honest_commit(const CommitOptions& options) {
  as_.discard_pending();
  auto bundle = as_.commit(world_.env, options);
  EXPECT_TRUE(bundle) << bundle.error().message();
  as_.discard_pending();
  return World::parsed<PublicMessage>(bundle->commit).content;
}

FramedContent Forger::content_of(Proposal proposal) const {
  return {as_.context().group_id,
          as_.context().epoch,
          Sender::member(as_.self()),
          {},
          std::make_shared<const Proposal>(std::move(proposal))};
}

FramedContent Forger::content_of(Commit commit) const {
  return {as_.context().group_id,
          as_.context().epoch,
          Sender::member(as_.self()),
          {},
          std::make_shared<const Commit>(std::move(commit))};
}

PublicMessage Forger::protect(FramedContent content, Bytes confirmation_tag) const {
  return GroupInside::protect(as_, std::move(content), std::move(confirmation_tag));
}

Bytes Forger::send(FramedContent content, Bytes confirmation_tag) const {
  return encode(MlsMessage{protect(std::move(content), std::move(confirmation_tag))});
}

Bytes Forger::commit(std::vector<ProposalOrRef> list) {
  return changed_commit([&](Commit& commit) { commit.proposals = std::move(list); });
}

Bytes Forger::commit_values(const std::vector<Proposal>& list) {
  std::vector<ProposalOrRef> values;
  for (const Proposal& proposal : list) {
    values.push_back(by_value(proposal));
  }
  return commit(std::move(values));
}

Bytes Forger::commit_fitting(const std::vector<QueuedProposal>& list) {
  const PublicState& state = as_.state();
  Commit commit;
  for (const QueuedProposal& item : list) {
    commit.proposals.push_back(item.reference.empty() ? ProposalOrRef{item.proposal}
                                                      : ProposalOrRef{item.reference});
  }
  auto applied = apply_proposals(state, list, Sender::member(as_.self()), world_.env.rules);
  if (!applied) {  // there is no such tree
    return this->commit(std::move(commit.proposals));
  }
  PrivateTree keys(as_.self(), HpkeKeyPair::generate(world_.suite, world_.random).value());
  commit.path = build_path(world_.env, state, *applied, GroupInside::signer(as_),
                           state.tree.leaf(as_.self())->content(), keys)
                    .value()
                    .path;
  return send(content_of(std::move(commit)));
}

Bytes Forger::changed_commit(const Change& change, const CommitOptions& options) {
  FramedContent content = honest_commit(options);
  Commit commit = *content.commit();
  change(commit);
  content.content = std::make_shared<const Commit>(std::move(commit));
  return send(std::move(content));
}

Bytes Forger::spoiled_commit(const Change& spoil) {
  const PublicState& state = as_.state();
  const Suite& suite = world_.suite;
  AppliedProposals applied = apply_proposals(state, {}, Sender::member(as_.self()), {}).value();
  PrivateTree keys(as_.self(), HpkeKeyPair::generate(suite, world_.random).value());
  BuiltPath built = build_path(world_.env, state, applied, GroupInside::signer(as_),
                               state.tree.leaf(as_.self())->content(), keys)
                        .value();
  Commit commit{{}, std::move(built.path)};
  spoil(commit);
  FramedContent content = content_of(std::move(commit));
  const AuthenticatedContent made =
      sign_content(suite, GroupInside::signer(as_), WireFormat::mls_public_message, content,
                   state.encoded_context)
          .value();
  const PublicState next = next_state(state, applied, made);
  const SecretBytes joiner = joiner_secret(suite, GroupInside::secrets(as_).init_secret.expose(),
                                           built.commit_secret.expose(), next.encoded_context);
  const EpochSecrets secrets = EpochSecrets::from_joiner(
      suite, joiner.expose(), psk_secret(suite, {}).expose(), next.encoded_context);
  return send(
      std::move(content),
      mac(suite, secrets.confirmation_key.expose(), next.context.confirmed_transcript_hash).copy());
}

void Forger::reseal_path(Commit& commit,
                         const std::function<SecretBytes(std::size_t step)>& secret) const {
  const PublicState& state = as_.state();
  const Sender sender = Sender::member(as_.self());
  AppliedProposals applied = apply_proposals(state, {}, sender, {}).value();
  const AppliedPath path = apply_path(state, applied, sender, *commit.path, {}).value();
  const HpkeInfo info =
      encrypt_context(world_.suite, "UpdatePathNode", encode(provisional_context(state, applied)))
          .value();
  for (std::size_t i = 0; i < path.steps.size(); ++i) {
    auto& sealed = commit.path->nodes[i].encrypted_path_secret;
    const auto targets = applied.tree.resolution(path.steps[i].copath);
    for (std::size_t j = 0; j < targets.size(); ++j) {
      sealed[j] = hpke_seal(world_.suite, world_.random, applied.tree.encryption_key(targets[j]),
                            info, {}, secret(i).expose())
                      .value();
    }
  }
}

LeafNodePtr Forger::leaf(const LeafNodePtr& from, const LeafChange& change) const {
  LeafNodeContent content = from->content();
  change(content);
  return sign_leaf(world_.suite, GroupInside::signer(as_), content,
                   {as_.context().group_id, as_.self()})
      .value();
}

Proposal Forger::update(const LeafChange& change) const {
  return {Update{leaf(as_.state().tree.leaf_ptr(as_.self()), [&](LeafNodeContent& content) {
    content.source = LeafNodeSource::update;
    content.encryption_key =
        HpkeKeyPair::generate(world_.suite, world_.random).value().public_key();
    change(content);
  })}};
}

PrivateMessage Forger::seal(ContentType type, ByteView text) {
  return GroupInside::seal(as_, world_.random, type, text);
}

OwnKeyPackage changed_key_package(World& world, const Identity& identity,
                                  const Forger::LeafChange& leaf,
                                  const std::function<void(KeyPackage&)>& head) {
  OwnKeyPackage out = world.key_package(identity);
  LeafNodeContent content = out.key_package.leaf_node->content();
  if (leaf) {
    leaf(content);
  }
  out.key_package.leaf_node = sign_leaf(world.suite, identity.signature_key, content, {}).value();
  if (head) {
    head(out.key_package);
  }
  TlsWriter tbs;
  out.key_package.write_content(tbs);
  out.key_package.signature =
      identity.signature_key.sign(world.suite, "KeyPackageTBS", tbs.view()).value();
  return out;
}

void expect_error(const Error& error, const Refusal& expected) {
  EXPECT_EQ(error.code().name, expected.code.name) << error.message();
  EXPECT_NE(error.message().find(expected.why), std::string::npos)
      << "\"" << error.message() << "\" does not say \"" << expected.why << "\"";
}

void expect_refused(World& world, Group& by, ByteView message, const Refusal& expected) {
  const auto parsed = MlsMessage::parse(message);
  ASSERT_TRUE(parsed) << parsed.error().message();
  const Bytes before = GroupInside::snapshot(by);
  const auto received = by.receive(world.env, *parsed);
  ASSERT_FALSE(received) << "taken, instead of: " << expected.why;
  expect_error(received.error(), expected);
  EXPECT_TRUE(GroupInside::snapshot(by) == before) << "a trace is left in the group";
}

ForgedMessages::ForgedMessages(Capabilities capabilities, ExtensionList extensions)
    : alice_([&] {
        world_.capabilities = std::move(capabilities);
        return world_.create("alice", std::move(extensions));
      }()) {}

void ForgedMessages::TearDown() {
  world_.env.rules = {};
  alice_.discard_pending();
  world_.commit(alice_, {.cover_pending = false}, {&bob_});
  world_.expect_agreement(alice_, bob_);
  world_.expect_delivery(alice_, bob_, "after all");
}

}  // namespace unhidra::mls
