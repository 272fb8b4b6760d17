#pragma once
// What can go wrong beside what mls_public::Errc names. Nothing has changed then.

#include <cstdint>

#include "unhidra/base/error.h"
#include "unhidra/mls_public/errc.h"

namespace unhidra::mls {

using PublicErrc = mls_public::Errc;

enum class Errc : std::uint8_t {
  duplicate,       // read before, or so late that its key is gone
  too_far_ahead,   // more messages are missing than may be skipped
  exhausted,       // a ratchet has reached its end: commit first
  unknown_psk,     // a pre-shared key that this member does not hold
  not_for_us,      // a Welcome without an entry for our KeyPackage
  removed,         // this member is no longer in the group
  reinitialised,   // the group was closed by a ReInit
  pending_commit,  // a commit of our own waits for its confirmation
  no_pending,      // there is no such commit
  undecryptable,   // no key of ours opens it
  // A commit's path secret for us does not open or leads to other keys than its path has: whoever
  // signed the commit broke the rules. Group::path_fault() is for telling the others.
  bad_path_secret,
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::duplicate:
      return {"mls.duplicate", ErrorKind::conflict};
    case Errc::too_far_ahead:
      return {"mls.too_far_ahead", ErrorKind::unprocessable};
    case Errc::exhausted:
      return {"mls.exhausted", ErrorKind::conflict};
    case Errc::unknown_psk:
      return {"mls.unknown_psk", ErrorKind::not_found};
    case Errc::not_for_us:
      return {"mls.not_for_us", ErrorKind::not_found};
    case Errc::removed:
      return {"mls.removed", ErrorKind::denied};
    case Errc::reinitialised:
      return {"mls.reinitialised", ErrorKind::conflict};
    case Errc::pending_commit:
      return {"mls.pending_commit", ErrorKind::conflict};
    case Errc::no_pending:
      return {"mls.no_pending", ErrorKind::conflict};
    case Errc::bad_path_secret:
      return {"mls.bad_path_secret", ErrorKind::unprocessable};
    case Errc::undecryptable:
      break;
  }
  return {"mls.undecryptable", ErrorKind::unprocessable};
}

}  // namespace unhidra::mls
