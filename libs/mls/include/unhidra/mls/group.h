#pragma once
// One member's view of a group (RFC 9420). Sans-I/O: messages in, messages out. Every call either
// succeeds as a whole or leaves the group as it was. A commit of our own is staged and takes
// effect with confirm_pending(), because the delivery service may prefer another's.

#include <deque>
#include <functional>

#include "unhidra/mls/errc.h"
#include "unhidra/mls/key_schedule.h"
#include "unhidra/mls/path_fault.h"
#include "unhidra/mls/private_framing.h"
#include "unhidra/mls/treekem.h"
#include "unhidra/mls_public/proposal_list.h"

namespace unhidra::mls {

// Where pre-shared keys come from (section 8.4): external ones by name, resumption ones of other
// groups or of epochs that this group no longer keeps.
class PskSource {
 public:
  virtual ~PskSource() = default;
  // Nothing when the key is not held.
  virtual std::optional<SecretBytes> find(const PreSharedKeyId& id) const = 0;
};

// What a call needs from outside. All of it outlives the call.
struct Environment {
  const crypto::Provider& provider;
  RandomSource& random;
  ValidationRules rules{};  // `rules.now` counts for what this client sends as for what it receives
  const PskSource* psks = nullptr;
  RatchetLimits ratchets{};
  std::size_t past_epochs = 2;  // whose application messages can still be read
  std::size_t past_resumption_psks = 16;
};

// Who this client is in a group.
struct Identity {
  SignatureKeyPair signature_key;
  Credential credential;
  Capabilities capabilities;
  ExtensionList leaf_extensions;
};
// Versions and suites of this program, basic and X.509 credentials.
Capabilities default_capabilities(const crypto::Provider& provider);

// A KeyPackage with its private halves.
struct OwnKeyPackage {
  KeyPackage key_package;
  HpkeKeyPair init_key;
  HpkeKeyPair encryption_key;
  SignatureKeyPair signature_key;
};
Result<OwnKeyPackage> make_key_package(const Suite& suite, RandomSource& random,
                                       const Identity& identity, Lifetime lifetime,
                                       ExtensionList extensions = {});

struct CommitOptions {
  std::vector<Proposal> proposals{};  // by value
  bool cover_pending = true;          // the valid proposals of this epoch, by reference
  bool force_path = true;             // a path even when none is required
  WireFormat wire_format = WireFormat::mls_public_message;
  Bytes authenticated_data{};
  std::size_t padding = 0;         // of a PrivateMessage
  bool tree_in_group_info = true;  // the ratchet_tree extension, in Welcome and GroupInfo
  bool make_group_info = false;    // a GroupInfo for external joins
  CommitUse use = CommitUse::ordinary;
  std::optional<Capabilities> capabilities{};  // of the own leaf, when they have grown
};

struct CommitBundle {
  Bytes commit;                       // MLSMessage
  std::optional<Bytes> welcome;       // MLSMessage, when members are added
  std::optional<Bytes> group_info;    // MLSMessage
  std::optional<Bytes> ratchet_tree;  // when it is not in the others
  std::uint64_t epoch = 0;            // the one that the commit begins
};

struct CommitEffects {
  std::uint64_t epoch = 0;
  std::vector<LeafIndex> added;
  std::vector<LeafIndex> removed;
  bool self_removed = false;
  std::optional<ReInit> reinit;
};

struct Received {
  ContentType type = ContentType::application;
  Sender sender{};
  std::uint64_t epoch = 0;    // in which it was sent
  LeafNodePtr sender_leaf{};  // of a member, as it was in that epoch
  Bytes authenticated_data{};
  SecretBytes application_data{};  // application
  ProposalRef proposal{};          // proposal
  CommitEffects commit{};          // commit
};

// One entry of the group's stored form; without a value it is to be deleted.
struct Record {
  Bytes key;
  std::optional<SecretBytes> value;
};

// A stored record by its name; nothing when there is none.
using RecordLookup = std::function<Result<std::optional<SecretBytes>>(ByteView key)>;

// What a member thinks of another's accusation, and whom it accuses.
struct PathJudgement {
  PathVerdict verdict = PathVerdict::unproven;
  LeafNodePtr committer{};  // of a commit that this member has followed
};

class Group;

struct JoinOptions {
  std::optional<RatchetTree> tree;      // when the Welcome or GroupInfo has none
  const Group* linked_group = nullptr;  // the group that was reinitialised or branched from
  std::vector<PreSharedKeyId> psks;     // that an external commit covers, of Environment::psks
};

class Group {
 public:
  Group(Group&&) = default;
  Group& operator=(Group&&) = default;

  // Section 11: a group of one.
  static Result<Group> create(const Environment& env, CipherSuite suite, Bytes group_id,
                              const Identity& identity, Lifetime lifetime,
                              ExtensionList extensions = {});
  // Section 12.4.3.1.
  static Result<Group> join(const Environment& env, const OwnKeyPackage& ours,
                            const Welcome& welcome, const JoinOptions& options = {});
  // Section 12.4.3.2. The group is the joiner's once the delivery service took the commit;
  // `resync` names the own old leaf that the commit removes.
  struct ExternalJoin;
  static Result<ExternalJoin> join_external(const Environment& env, const GroupInfo& group_info,
                                            const Identity& identity,
                                            const JoinOptions& options = {},
                                            std::optional<LeafIndex> resync = std::nullopt);

  // The state of the current epoch.
  const PublicState& state() const { return epoch_.pub; }
  const GroupContext& context() const { return epoch_.pub.context; }
  LeafIndex self() const { return epoch_.keys.self(); }
  // After join(): the member whose Welcome it was. Not stored.
  std::optional<LeafIndex> welcomed_by() const { return welcomed_by_; }
  ByteView epoch_authenticator() const { return epoch_.secrets.epoch_authenticator.expose(); }
  ByteView resumption_psk() const { return epoch_.secrets.resumption_psk.expose(); }
  const ProposalStore& proposals() const { return proposals_; }
  bool has_pending_commit() const { return pending_.has_value(); }
  bool is_removed() const { return removed_; }
  const std::optional<ReInit>& reinit() const { return reinit_; }
  // Section 8.5; at most 65,535 bytes.
  SecretBytes export_secret(std::string_view label, ByteView context, std::size_t size) const;
  Result<GroupInfo> group_info(bool with_tree) const;

  // A proposal by itself, as an MLSMessage. An Update takes a fresh leaf: update().
  Result<Bytes> propose(const Environment& env, Proposal proposal, WireFormat format,
                        ByteView authenticated_data = {});
  Result<Bytes> propose_update(const Environment& env, WireFormat format);

  Result<CommitBundle> commit(const Environment& env, const CommitOptions& options);
  Result<CommitEffects> confirm_pending(const Environment& env);
  void discard_pending() { pending_.reset(); }

  // An application message, as an MLSMessage. Refused while proposals wait (section 12.4).
  Result<Bytes> encrypt(const Environment& env, ByteView data, ByteView authenticated_data = {},
                        std::size_t padding = 0);
  // Any message of the group. A commit by another member drops a pending one of our own.
  Result<Received> receive(const Environment& env, const MlsMessage& message);

  // After receive() refused a commit with Errc::bad_path_secret: what shows the others whose fault
  // it is (path_fault.h). Changes nothing. To be told only in a later epoch.
  Result<PathFault> path_fault(const Environment& env, const PublicMessage& commit) const;
  // By who followed that commit and still has both its epochs among Environment::past_epochs.
  PathJudgement judge(const PublicMessage& commit, const PathFault& fault) const;

  // What must be written since the last time, in one transaction and before a message that was
  // made goes out. Nodes of the tree are records of their own, so that a commit writes kilobytes
  // however large the group is; a message writes one ratchet. A pending commit and the past epochs
  // that can still be read are part of it.
  std::vector<Record> take_changes();
  // The names of all records that may have been written, for forgetting the group.
  std::vector<Bytes> record_keys() const;
  // From all records that were written; Errc::malformed when they do not fit together.
  static Result<Group> restore(const crypto::Provider& provider, std::span<const Record> records);
  // The same, from a store that finds records by name alone: asks for those that can be there.
  static Result<Group> restore(const crypto::Provider& provider, const RecordLookup& find);

 private:
  friend struct GroupInside;  // of the tests: forges what no member would send

  struct Epoch {
    PublicState pub;
    EpochSecrets secrets;
    SecretTree messages;
    PrivateTree keys;
  };
  struct PastEpoch {
    PublicState pub;
    SecretBytes sender_data_secret;
    SecretTree messages;
    bool stored = false;
  };
  struct Pending {
    Epoch next;
    CommitEffects effects;
    bool stored = false;
  };
  struct StoredRecords;
  struct Resumption {
    std::uint64_t epoch;
    SecretBytes psk;
  };

  Group(Epoch epoch, SignatureKeyPair signer)
      : epoch_(std::move(epoch)), signer_(std::move(signer)) {}

  Status check_active() const;
  Result<std::vector<Psk>> find_psks(const Environment& env,
                                     std::span<const PreSharedKeyId> ids) const;
  Result<std::vector<QueuedProposal>> choose_proposals(const Environment& env,
                                                       const CommitOptions& options) const;
  Result<Bytes> frame(const Environment& env, FramedContent content, WireFormat format,
                      std::size_t padding);
  Result<Received> receive_public(const Environment& env, const PublicMessage& message);
  Result<Received> receive_private(const Environment& env, const PrivateMessage& message);
  Result<Received> accept(const Environment& env, const AuthenticatedContent& content);
  Result<Received> accept_commit(const Environment& env, const AuthenticatedContent& content);
  Result<Epoch> follow(const Environment& env, const AuthenticatedContent& content,
                       AppliedProposals& applied) const;
  PrivateTree keys_before(const AppliedProposals& applied) const;
  const PublicState* public_state(std::uint64_t epoch) const;
  void enter(const Environment& env, Epoch next, const CommitEffects& effects);
  const Suite& suite() const { return epoch_.pub.suite; }
  SecretBytes state_record() const;
  SecretBytes pending_record() const;
  static void put_message_keys(std::vector<Record>& out, std::uint64_t epoch, SecretTree& messages);
  static void append_epoch_keys(std::vector<Bytes>& out, std::uint64_t epoch,
                                const SecretTree& messages);
  Status read_rest(TlsReader& in, const StoredRecords& stored);
  Status read_past(ByteView record, const StoredRecords& stored);
  Status read_pending(ByteView record);

  Epoch epoch_;
  SignatureKeyPair signer_;
  ProposalStore proposals_;
  std::map<Bytes, HpkeKeyPair> own_updates_;  // by public key, until the epoch ends
  std::optional<Pending> pending_;
  std::deque<PastEpoch> past_;
  std::deque<Resumption> resumption_;
  std::optional<ReInit> reinit_;
  bool removed_ = false;
  std::optional<LeafIndex> welcomed_by_;
  // What the store holds.
  RatchetTree stored_tree_;
  Digest stored_state_;
  bool pending_record_ = false;
  std::vector<Bytes> dropped_;  // names of records of epochs that are no longer kept
};

struct Group::ExternalJoin {
  Group group;
  Bytes commit;  // MLSMessage
};

// A proposal from outside the group (section 12.1.8), as an MLSMessage: of an external sender, or
// of a newcomer, which proposes its own Add.
Result<Bytes> external_proposal(const Suite& suite, const GroupContext& context,
                                const SignatureKeyPair& signer, const Sender& sender,
                                Proposal proposal);

}  // namespace unhidra::mls
