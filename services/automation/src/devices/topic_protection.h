#pragma once
// Which of an organisation's topics take sealed payloads alone, and where its end-to-end encrypted
// devices may publish plaintext all the same.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "unhidra/access/context.h"
#include "unhidra/messaging/bus.h"
#include "unhidra/storage/transaction.h"

namespace unhidra::automation {

inline constexpr std::size_t kMaxProtectedFilters = 64;      // of each kind
inline constexpr std::size_t kMaxProtectedFilterSize = 256;  // bytes

struct TopicProtection {
  // Filters; nothing: those of the server's setting.
  std::optional<std::vector<std::string>> encrypted_topics;
  std::vector<std::string> plaintext_topics;
  std::int64_t version = 0;  // 0: the organisation has said nothing
};

Result<TopicProtection> find_protection(storage::Transaction& tx, OrgId org);
// Of every organisation that has said something.
Result<std::map<OrgId, TopicProtection>> all_protections(storage::Transaction& tx);
// What says whether any of them has changed.
Result<std::map<OrgId, std::int64_t>> protection_versions(storage::Transaction& tx);
// What is set; `wanted.version` is the present one, or 0: whichever it is. Errc::bad_request for
// what are no topic filters or too many, Errc::conflict when the present version is another.
Result<TopicProtection> set_protection(storage::Transaction& tx, OrgId org,
                                       const TopicProtection& wanted, Timestamp now,
                                       access::AuditDraft& draft);

inline constexpr std::string_view kProtectionSubject = "topic_protection.changed";
void tell_protection_changed(messaging::Bus& bus, OrgId org);

}  // namespace unhidra::automation
