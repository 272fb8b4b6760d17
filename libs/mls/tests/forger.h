#pragma once
// A member that breaks the rules: it signs and protects what it likes with the keys of a real one,
// so that what reaches the others is right in everything but the rule under test.

#include <functional>

#include "group_inside.h"
#include "world.h"

namespace unhidra::mls {

// Signs a content again, with the context that its sender signs, as an unprotected PublicMessage.
PublicMessage signed_again(const Suite& suite, const SignatureKeyPair& key, FramedContent content,
                           ByteView encoded_context, Bytes confirmation_tag);

class Forger {
 public:
  Forger(World& world, Group& as) : world_(world), as_(as) {}

  // The content of a message that the group would take.
  FramedContent honest_commit(const CommitOptions& options = {});
  FramedContent content_of(Proposal proposal) const;
  FramedContent content_of(Commit commit) const;

  // Signed and tagged; a commit has the given confirmation tag.
  PublicMessage protect(FramedContent content, Bytes confirmation_tag = Bytes(32, 7)) const;
  Bytes send(FramedContent content, Bytes confirmation_tag = Bytes(32, 7)) const;
  Bytes propose(Proposal proposal) const { return send(content_of(std::move(proposal))); }
  // A commit of a list that no honest member would make, with the path of an honest one.
  Bytes commit(std::vector<ProposalOrRef> list);
  Bytes commit_values(const std::vector<Proposal>& list);
  // A commit of proposals that were sent, with a path that fits the tree they make.
  Bytes commit_fitting(const std::vector<QueuedProposal>& list);
  // An honest commit whose parts are changed before it is signed.
  using Change = std::function<void(Commit&)>;
  Bytes changed_commit(const Change& change, const CommitOptions& options = {});

  // A commit of nothing but a path, spoiled before it is signed and right in all else: whoever can
  // open his part follows it.
  Bytes spoiled_commit(const Change& spoil);

  // Puts other path secrets into a commit without proposals, sealed to the right receivers.
  void reseal_path(Commit& commit,
                   const std::function<SecretBytes(std::size_t step)>& secret) const;

  // A leaf of this member, changed and signed again.
  using LeafChange = std::function<void(LeafNodeContent&)>;
  LeafNodePtr leaf(const LeafNodePtr& from, const LeafChange& change) const;
  // An Update proposal of this member's leaf, with a fresh key, changed.
  Proposal update(const LeafChange& change) const;
  // A PrivateMessage of any plaintext, with the next key of a ratchet.
  PrivateMessage seal(ContentType type, ByteView text);

  static ProposalOrRef by_value(Proposal proposal) {
    return {std::make_shared<const Proposal>(std::move(proposal))};
  }

 private:
  World& world_;
  Group& as_;
};

// A KeyPackage whose leaf and head are changed before each is signed.
OwnKeyPackage changed_key_package(World& world, const Identity& identity,
                                  const Forger::LeafChange& leaf,
                                  const std::function<void(KeyPackage&)>& head = {});

struct Refusal {
  ErrorCode code;
  std::string_view why;  // part of the message
  template <class E>
  Refusal(E error, std::string_view text) : code(error_code(error)), why(text) {}
};

void expect_error(const Error& error, const Refusal& expected);
// The message is refused for that reason, and nothing has changed by it.
void expect_refused(World& world, Group& by, ByteView message, const Refusal& expected);

// Three members; `forger_` is alice and `bob_` the one that receives. Whatever a test sends, the
// group goes on afterwards.
class ForgedMessages : public testing::Test {
 protected:
  ForgedMessages() : ForgedMessages(default_capabilities(crypto::native_provider()), {}) {}
  // All members have these capabilities, and the group these extensions.
  ForgedMessages(Capabilities capabilities, ExtensionList extensions);
  void TearDown() override;
  void refused(ByteView message, const Refusal& expected) {
    expect_refused(world_, bob_, message, expected);
  }

  World world_;
  Group alice_;
  Group bob_ = world_.add(alice_, "bob");
  Group carol_ = world_.add(alice_, "carol", {&bob_});
  Forger forger_{world_, alice_};
};

}  // namespace unhidra::mls
