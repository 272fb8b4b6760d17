// Commits whose path secret for a device cannot be used (RFC 9420 section 12.4.2): who made one is
// told to the person, and, once this device has come in again, to the others with what shows it to
// them (mls/path_fault.h). A server that changes a commit on its way breaks the committer's
// signature and gets nobody accused.

#include "unhidra/wire/codec.h"

#include "engine_impl.h"

namespace unhidra::client {

namespace {

// A report carries the commit, which a reader needs for its signature and its ciphertexts. Of a
// larger one, as the first commits of a large group are, the others are told without a proof.
constexpr std::size_t kMaxReported = std::size_t{64} << 10;
constexpr std::size_t kMaxTold = 500;  // in one group while a connection lasts

std::optional<identity::MemberName> committer_of(const mls::Group& group,
                                                 const mls::PublicMessage& message) {
  const auto& sender = message.content.sender;
  const auto* commit = message.content.commit();
  const auto leaf = sender.is_member() ? group.state().tree.leaf_ptr(sender.leaf())
                    : commit->path     ? commit->path->leaf_node
                                       : nullptr;
  const auto name =
      leaf ? name_of(*leaf) : Result<identity::MemberName>(fail(Errc::not_found, "no leaf"));
  return name ? std::optional(*name) : std::nullopt;
}

}  // namespace

// This device could not follow a commit that its committer has signed.
void Engine::Impl::note_commit_fault(GroupHold& hold, const wire::GroupEntry& entry,
                                     const mls::PublicMessage& message) {
  const auto committer = committer_of(*hold.mls, message);
  if (!committer) {
    return;
  }
  link_.groups[hold.record.id].faults_seen.insert(message.content.epoch);
  emit(event::BadCommit{hold.record.id, committer->user_id, committer->device_id,
                        CommitEvidence::seen, self_->user});
  wire::CommitFault report;
  report.user_id = committer->user_id;
  report.device_id = committer->device_id;
  report.epoch = message.content.epoch;
  const auto fault = hold.mls->path_fault(environment(entry.received_at), message);
  if (fault && entry.content.size() <= kMaxReported) {
    report.fault = mls::encode(*fault);
    report.commit = entry.content;
  }
  hold.record.fault = std::move(report);
}

// To the others, from a later epoch: what the proof gives away is a secret of the one that failed.
void Engine::Impl::tell_commit_fault(GroupHold& hold) {
  if (!hold.record.fault) {
    return;
  }
  wire::Content content;
  content.body = std::move(*hold.record.fault);
  hold.record.fault.reset();
  touch(hold);
  enqueue_content(UserId(), hold.record.id, std::move(content));
}

// What another member says of a commit.
void Engine::Impl::on_commit_fault(const GroupHold& hold, const identity::MemberName& from,
                                   const wire::CommitFault& report) {
  auto& link = link_.groups[hold.record.id];
  auto& told = link.faults_told;
  if (link.faults_seen.contains(report.epoch) || told.size() >= kMaxTold ||
      !told.emplace(from.device_id, report.epoch).second) {
    return;
  }
  event::BadCommit out{hold.record.id, report.user_id, report.device_id, CommitEvidence::claimed,
                       from.user_id};
  const auto fault = mls_public::decode<mls::PathFault>(report.fault, "a fault");
  const auto message = mls::MlsMessage::parse(report.commit);
  const auto* commit = message ? message->as<mls::PublicMessage>() : nullptr;
  if (fault && commit != nullptr) {
    const auto judged = hold.mls->judge(*commit, *fault);
    const auto committer =
        judged.committer ? name_of(*judged.committer)
                         : Result<identity::MemberName>(fail(Errc::not_found, "no such commit"));
    if (committer) {
      // Of whom the commit is, not of whom the reporter says it is.
      out.user = committer->user_id;
      out.device = committer->device_id;
    }
    if (judged.verdict != mls::PathVerdict::unproven) {
      out.evidence = judged.verdict == mls::PathVerdict::proven ? CommitEvidence::proven
                                                                : CommitEvidence::refuted;
    }
  }
  want_name(out.user);
  want_name(out.reporter);
  emit_named(out.user, std::move(out));
}

}  // namespace unhidra::client
