#pragma once
// Code points of RFC 9420 section 17 and the small types that everything uses.

#include <cstdint>

#include "unhidra/base/bytes.h"

namespace unhidra::mls_public {

enum class ProtocolVersion : std::uint16_t { mls10 = 1 };

enum class WireFormat : std::uint16_t {
  mls_public_message = 1,
  mls_private_message = 2,
  mls_welcome = 3,
  mls_group_info = 4,
  mls_key_package = 5,
};

enum class ContentType : std::uint8_t { application = 1, proposal = 2, commit = 3 };

// Open: unknown values travel in capabilities and extension lists.
enum class ExtensionType : std::uint16_t {
  application_id = 1,
  ratchet_tree = 2,
  required_capabilities = 3,
  external_pub = 4,
  external_senders = 5,
  last_resort = 10,  // draft-ietf-mls-extensions: this KeyPackage may be used more than once
};
// Default types are supported by everyone and not listed in capabilities (section 7.2).
constexpr bool is_default(ExtensionType type) {
  return type >= ExtensionType::application_id && type <= ExtensionType::external_senders;
}

enum class ProposalType : std::uint16_t {
  add = 1,
  update = 2,
  remove = 3,
  psk = 4,
  reinit = 5,
  external_init = 6,
  group_context_extensions = 7,
};
constexpr bool is_default(ProposalType type) {
  return type >= ProposalType::add && type <= ProposalType::group_context_extensions;
}
// Section 12.4: a commit that covers one of these has a path.
constexpr bool requires_path(ProposalType type) {
  return type == ProposalType::update || type == ProposalType::remove ||
         type == ProposalType::external_init || type == ProposalType::group_context_extensions;
}

enum class CredentialType : std::uint16_t { basic = 1, x509 = 2 };

// The position of a member among the leaves, and of any node in the array (appendix C).
struct LeafIndex {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(LeafIndex, LeafIndex) = default;
};
struct NodeIndex {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(NodeIndex, NodeIndex) = default;
};

}  // namespace unhidra::mls_public
