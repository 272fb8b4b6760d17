#pragma once
// Why an MLS object was refused. Whatever the code: nothing has changed.

#include <cstdint>

#include "unhidra/base/error.h"

namespace unhidra::mls_public {

enum class Errc : std::uint8_t {
  malformed,            // not in the presentation language of RFC 9420, or over a limit
  unsupported,          // a version, cipher suite, type or extension that this program does not do
  wrong_group,          // of another group
  wrong_epoch,          // of an epoch other than the current one
  bad_signature,        // a signature does not verify
  bad_tag,              // membership tag, confirmation tag or AEAD tag do not match
  invalid_leaf_node,    // section 7.3
  invalid_key_package,  // section 10.1
  invalid_tree,         // sections 7.8, 7.9 and 12.4.3.1
  invalid_proposal,     // section 12.1, or a list that section 12.2 refuses
  invalid_commit,       // section 12.4
  invalid_group_info,   // section 12.4.3
  unknown_proposal,     // a commit refers to a proposal that was not seen
  not_authenticated,    // the application does not accept the credential (section 5.3.1)
  not_a_member,         // names a leaf that is blank or outside the tree
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::malformed:
      return {"mls.malformed", ErrorKind::invalid};
    case Errc::unsupported:
      return {"mls.unsupported", ErrorKind::invalid};
    case Errc::wrong_group:
      return {"mls.wrong_group", ErrorKind::invalid};
    case Errc::wrong_epoch:
      return {"mls.wrong_epoch", ErrorKind::conflict};
    case Errc::bad_signature:
      return {"mls.bad_signature", ErrorKind::unprocessable};
    case Errc::bad_tag:
      return {"mls.bad_tag", ErrorKind::unprocessable};
    case Errc::invalid_leaf_node:
      return {"mls.invalid_leaf_node", ErrorKind::unprocessable};
    case Errc::invalid_key_package:
      return {"mls.invalid_key_package", ErrorKind::unprocessable};
    case Errc::invalid_tree:
      return {"mls.invalid_tree", ErrorKind::unprocessable};
    case Errc::invalid_proposal:
      return {"mls.invalid_proposal", ErrorKind::unprocessable};
    case Errc::invalid_commit:
      return {"mls.invalid_commit", ErrorKind::unprocessable};
    case Errc::invalid_group_info:
      return {"mls.invalid_group_info", ErrorKind::unprocessable};
    case Errc::unknown_proposal:
      return {"mls.unknown_proposal", ErrorKind::conflict};
    case Errc::not_authenticated:
      return {"mls.not_authenticated", ErrorKind::denied};
    case Errc::not_a_member:
      break;
  }
  return {"mls.not_a_member", ErrorKind::unprocessable};
}

}  // namespace unhidra::mls_public
