#pragma once
// Short-lived links. A link is sealed under the server's master key: nobody makes or changes one,
// and it tells nothing. Whether its maker may still read the file is asked again when it is used.

#include <optional>
#include <string>
#include <string_view>

#include "unhidra/base/time.h"
#include "unhidra/pki/seal.h"
#include "unhidra/wire/conversations.h"

namespace unhidra::files {

struct Link {
  wire::FileId file_id;
  OrgId org_id;
  UserId user_id;
  SessionId session_id;
  Timestamp expires_at;
  friend bool operator==(const Link&, const Link&) = default;
};

Result<std::string> seal_link(const pki::KeySealer& sealer, RandomSource& random, const Link& link);
// Nothing when it is none of ours or over.
std::optional<Link> open_link(const pki::KeySealer& sealer, std::string_view text, Timestamp now);

}  // namespace unhidra::files
