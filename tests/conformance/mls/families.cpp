// Which family a vector belongs to.
#include <algorithm>

#include "case.h"

namespace unhidra::mls_vectors {

Handler find_handler(const json::object& vector) {
  struct Family {
    std::string_view member;
    Handler handler;
  };
  static constexpr Family kFamilies[] = {
      {"n_leaves", run_tree_math},
      {"ref_hash", run_crypto_basics},
      {"sender_data", run_secret_tree},
      {"application_priv", run_message_protection},
      {"initial_init_secret", run_key_schedule},
      {"psks", run_psk_secret},
      {"authenticated_content", run_transcript_hashes},
      {"signer_pub", run_welcome},
      {"tree_before", run_tree_operations},
      {"resolutions", run_tree_validation},
      {"update_paths", run_treekem},
      {"mls_welcome", run_messages},
      {"initial_epoch_authenticator", run_passive_client},
      {"vlbytes_header", run_deserialization},
  };
  const auto* found = std::ranges::find_if(
      kFamilies, [&](const Family& family) { return vector.contains(family.member); });
  return found == std::end(kFamilies) ? nullptr : found->handler;
}

}  // namespace unhidra::mls_vectors
