#pragma once
// What the application decides: whom a credential stands for (the Authentication Service of RFC
// 9420 section 5.3.1), and how long leaves may live.

#include <optional>

#include "unhidra/base/time.h"
#include "unhidra/mls_public/leaf_node.h"

namespace unhidra::mls_public {

class AuthenticationService {
 public:
  virtual ~AuthenticationService() = default;
  // Is `signature_key` the key of whom the leaf's credential names? Any error refuses the leaf.
  virtual Status validate(const LeafNode& leaf) const = 0;
  // May the second leaf follow the first as the same client (sections 5.3.1 and 12.2)?
  virtual Status validate_successor(const LeafNode& before, const LeafNode& after) const = 0;
  virtual Status validate_external_sender(const ExternalSender& sender) const = 0;
};

inline constexpr std::uint64_t kUnlimitedLifetime = ~std::uint64_t{0};

struct ValidationRules {
  const AuthenticationService* authentication = nullptr;
  // Section 7.2: the longest not_after - not_before that is accepted, seconds.
  std::uint64_t max_lifetime = std::uint64_t{366} * 24 * 3600;
  // When set, leaves from KeyPackages must be valid now. What a client sends itself is checked
  // always; for what it receives section 7.3 leaves the choice, and a member that reads old
  // commits must not refuse what was valid then.
  std::optional<std::uint64_t> now{};  // seconds since 1970
};

}  // namespace unhidra::mls_public
