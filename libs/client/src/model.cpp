#include "unhidra/client/model.h"

#include "unhidra/client/events.h"

namespace unhidra::client {

std::string_view to_string(MessageState state) {
  switch (state) {
    case MessageState::queued:
      return "queued";
    case MessageState::blocked:
      return "blocked";
    case MessageState::sent:
      return "sent";
    case MessageState::failed:
      return "failed";
    case MessageState::received:
      return "received";
    case MessageState::unreadable:
      return "unreadable";
    case MessageState::notice:
      break;
  }
  return "notice";
}

std::string_view to_string(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::added:
      return "added";
    case NoticeKind::joined:
      return "joined";
    case NoticeKind::removed:
      return "removed";
    case NoticeKind::left:
      return "left";
    case NoticeKind::gone:
      return "gone";
    case NoticeKind::renamed:
      return "renamed";
    case NoticeKind::history_shared:
      return "history_shared";
    case NoticeKind::history_unshared:
      break;
  }
  return "history_unshared";
}

std::string_view to_string(ScanState state) {
  switch (state) {
    case ScanState::none:
      return "none";
    case ScanState::clean:
      return "clean";
    case ScanState::infected:
      return "infected";
    case ScanState::forged:
      break;
  }
  return "forged";
}

std::string_view to_string(UnreadableReason reason) {
  switch (reason) {
    case UnreadableReason::none:
      return "none";
    case UnreadableReason::unknown_device:
      return "unknown_device";
    case UnreadableReason::identity_mismatch:
      return "identity_mismatch";
    case UnreadableReason::no_session:
      return "no_session";
    case UnreadableReason::missing_pre_key:
      return "missing_pre_key";
    case UnreadableReason::tampered:
      return "tampered";
    case UnreadableReason::too_far_ahead:
      return "too_far_ahead";
    case UnreadableReason::replayed:
      return "replayed";
    case UnreadableReason::malformed:
      return "malformed";
    case UnreadableReason::unsupported:
      return "unsupported";
    case UnreadableReason::not_a_member:
      return "not_a_member";
    case UnreadableReason::reflected:
      return "reflected";
    case UnreadableReason::identity_not_accepted:
      return "identity_not_accepted";
    case UnreadableReason::joined_later:
      return "joined_later";
    case UnreadableReason::epoch_lost:
      return "epoch_lost";
    case UnreadableReason::forked:
      return "forked";
    case UnreadableReason::mislabelled:
      return "mislabelled";
    case UnreadableReason::out_of_place:
      break;
  }
  return "out_of_place";
}

std::string_view to_string(CommitEvidence evidence) {
  switch (evidence) {
    case CommitEvidence::seen:
      return "seen";
    case CommitEvidence::proven:
      return "proven";
    case CommitEvidence::claimed:
      return "claimed";
    case CommitEvidence::refuted:
      break;
  }
  return "refuted";
}

std::string_view to_string(GroupState state) {
  switch (state) {
    case GroupState::creating:
      return "creating";
    case GroupState::joining:
      return "joining";
    case GroupState::active:
      return "active";
    case GroupState::leaving:
      return "leaving";
    case GroupState::left:
      return "left";
    case GroupState::removed:
      break;
  }
  return "removed";
}

std::string_view explain(UnreadableReason reason) {
  switch (reason) {
    case UnreadableReason::none:
      return "";
    case UnreadableReason::unknown_device:
      return "It came from a device that its user has not signed. Ask them to approve that device.";
    case UnreadableReason::identity_mismatch:
      return "The sending device showed a key that its user has not signed. Do not trust it.";
    case UnreadableReason::no_session:
      return "This device shares no keys with the sending device for it. A new session was asked "
             "for; ask them to send it again.";
    case UnreadableReason::missing_pre_key:
      return "It was made for a key that this device has already used or replaced. A new session "
             "was asked for; ask them to send it again.";
    case UnreadableReason::tampered:
      return "It was changed on its way, or belongs to another conversation. Ask them to send it "
             "again.";
    case UnreadableReason::too_far_ahead:
      return "Too many messages before it are missing. A new session was asked for.";
    case UnreadableReason::replayed:
      return "It is a copy of a message that was read before.";
    case UnreadableReason::malformed:
      return "Its content could not be understood. Ask them to update their client.";
    case UnreadableReason::unsupported:
      return "It was made by a newer version. Update this client.";
    case UnreadableReason::not_a_member:
      return "Its sender does not belong to this conversation.";
    case UnreadableReason::reflected:
      return "The server returned a message of this device as if somebody had sent it.";
    case UnreadableReason::identity_not_accepted:
      return "Too many messages waited for the new identity to be accepted. Ask them to send it "
             "again.";
    case UnreadableReason::joined_later:
      return "It was sent before this device joined the group.";
    case UnreadableReason::epoch_lost:
      return "This device had lost the group's keys when it was sent. The keys are renewed; ask "
             "them to send it again.";
    case UnreadableReason::forked:
      return "Its sender sees another group under this name: the server shows people different "
             "groups. Compare the group's code with the others.";
    case UnreadableReason::mislabelled:
      return "The server was told something else about it than what it is. Its sender's client "
             "breaks the rules.";
    case UnreadableReason::out_of_place:
      break;
  }
  return "The server shows it before messages that its sender had read when writing it.";
}

std::string_view to_string(Trust trust) {
  switch (trust) {
    case Trust::unknown:
      return "unknown";
    case Trust::first_use:
      return "first_use";
    case Trust::verified:
      return "verified";
    case Trust::changed:
      break;
  }
  return "changed";
}

std::string_view to_string(PresenceState state) {
  switch (state) {
    case PresenceState::unknown:
      return "unknown";
    case PresenceState::offline:
      return "offline";
    case PresenceState::online:
      return "online";
    case PresenceState::away:
      break;
  }
  return "away";
}

std::string_view to_string(HistoryState state) {
  switch (state) {
    case HistoryState::asked:
      return "asked";
    case HistoryState::comparing:
      return "comparing";
    case HistoryState::running:
      return "running";
    case HistoryState::done:
      return "done";
    case HistoryState::failed:
      break;
  }
  return "failed";
}

std::string_view to_string(Membership membership) {
  switch (membership) {
    case Membership::unknown:
      return "unknown";
    case Membership::pending:
      return "pending";
    case Membership::approved:
      return "approved";
    case Membership::removed:
      break;
  }
  return "removed";
}

namespace event {

std::string_view to_string(ListRefusal refusal) {
  switch (refusal) {
    case ListRefusal::rolled_back:
      return "rolled_back";
    case ListRefusal::forked:
      return "forked";
    case ListRefusal::bad_signature:
      return "bad_signature";
    case ListRefusal::malformed:
      break;
  }
  return "malformed";
}

}  // namespace event

}  // namespace unhidra::client
