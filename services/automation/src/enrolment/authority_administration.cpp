#include "unhidra/automation/authority_administration.h"

#include <algorithm>

#include "unhidra/access/operator_event.h"
#include "unhidra/audit/chain.h"
#include "unhidra/automation/errc.h"
#include "unhidra/base/text.h"

#include "enrolment/authority_book.h"

namespace unhidra::automation {
namespace {

using storage::Transaction;

// Every running server has looked at the database many times by then.
constexpr std::chrono::minutes kUntilKnown{1};

std::int64_t issuing(const std::vector<store::Authority>& rows, Timestamp now) {
  std::int64_t out = 0;
  for (const auto& row : rows) {
    if (!row.retired_at && (out == 0 || row.issues_from <= now)) {
      out = row.generation;
    }
  }
  return out;
}

Result<AuthorityLine> line_of(const store::Authority& row, std::int64_t issues) {
  UNHIDRA_TRY(auto certificate, pki::Certificate::from_der(row.certificate));
  return AuthorityLine{.generation = row.generation,
                       .certificate = std::move(certificate),
                       .key_label = row.key_label,
                       .issues_from = row.issues_from,
                       .issues = row.generation == issues,
                       .retired_at = row.retired_at};
}

audit::AuditEvent event_of(std::string_view type, std::string_view action, OrgId org,
                           std::int64_t generation, const Clock& clock, RandomSource& random) {
  auto event = access::operator_event(org, std::to_string(generation), clock, random);
  event.event_type = type;
  event.resource_type = "device_authority";
  event.action = action;
  return event;
}

}  // namespace

AuthorityAdministration::AuthorityAdministration(storage::Database& database,
                                                 AutomationSettings settings,
                                                 const pki::KeySealer& sealer,
                                                 std::filesystem::path directory,
                                                 const Clock& clock, RandomSource& random)
    : database_(database),
      settings_(std::move(settings)),
      sealer_(sealer),
      directory_(std::move(directory)),
      clock_(clock),
      random_(random) {}

Result<std::vector<AuthorityLine>> AuthorityAdministration::list() {
  const auto now = clock_.now();
  return database_.read_sync([&](Transaction& tx) -> Result<std::vector<AuthorityLine>> {
    UNHIDRA_TRY(const auto rows, store::authorities(tx));
    const auto issues = issuing(rows, now);
    std::vector<AuthorityLine> out;
    for (const auto& row : rows) {
      UNHIDRA_TRY(auto line, line_of(row, issues));
      UNHIDRA_TRY(line.live_certificates, store::live_certificates(tx, row.generation, now));
      out.push_back(std::move(line));
    }
    return out;
  });
}

Result<AuthorityLine> AuthorityAdministration::rotate(bool at_once,
                                                      const std::string& token_label) {
  UNHIDRA_TRY(const auto rows, database_.read_sync(store::authorities));
  const auto believed =
      std::ranges::count_if(rows, [](const auto& row) { return !row.retired_at; });
  if (static_cast<std::size_t>(believed) >= kMost) {
    return fail(Errc::conflict,
                std::to_string(believed) + " device authorities are believed: retire one before");
  }
  const auto now = clock_.now();
  UNHIDRA_TRY(const auto made,
              next_authority(rows, settings_, token_label, at_once ? now : now + kUntilKnown,
                             sealer_, clock_, random_));
  UNHIDRA_TRY(auto line, line_of(made, at_once ? made.generation : 0));
  const auto written = database_.write_sync([&](Transaction& tx) -> Status {
    UNHIDRA_TRY(const auto present, store::authority_stamps(tx));
    if (present.size() != rows.size()) {
      return fail(Errc::conflict, "another one was made meanwhile");
    }
    UNHIDRA_TRY_VOID(store::insert(tx, made));
    auto event =
        event_of("device_authority.rotated", "create", OrgId(), made.generation, clock_, random_);
    event.metadata.emplace_back("sha256", to_hex(line.certificate.sha256_fingerprint()));
    event.metadata.emplace_back("follows", std::to_string(*made.predecessor));
    UNHIDRA_TRY_VOID(audit::append(tx, event));
    return {};
  });
  UNHIDRA_TRY_VOID(written);
  return line;
}

Result<AuthorityAdministration::Retired> AuthorityAdministration::retire(std::int64_t generation,
                                                                         bool revoke) {
  const auto now = clock_.now();
  std::optional<pki::Certificate> certificate;
  Retired out;
  const auto written = database_.write_sync([&](Transaction& tx) -> Status {
    out = {};
    UNHIDRA_TRY(const auto rows, store::authorities(tx));
    const auto row = std::ranges::find(rows, generation, &store::Authority::generation);
    if (row == rows.end() || row->retired_at) {
      return fail(Errc::not_found, "no authority of that number is believed");
    }
    if (issuing(rows, now) == generation) {
      return fail(Errc::conflict, "this authority issues: make its successor before");
    }
    UNHIDRA_TRY(certificate, pki::Certificate::from_der(row->certificate));
    UNHIDRA_TRY(const auto live, store::live_certificates(tx, generation, now));
    if (live != 0 && !revoke) {
      return fail(Errc::conflict, std::to_string(live) +
                                      " certificates of this authority are good: wait until their "
                                      "devices have renewed them, or revoke them with it");
    }
    UNHIDRA_TRY(const auto revoked, store::revoke_of_authority(tx, generation, now));
    for (const auto& [org, count] : revoked) {
      auto event =
          event_of("device.certificates_revoked", "delete", org, generation, clock_, random_);
      event.metadata.emplace_back("certificates", std::to_string(count));
      UNHIDRA_TRY_VOID(audit::append(tx, event));
    }
    out.revoked = live;
    UNHIDRA_TRY_VOID(store::retire(tx, generation, now));
    auto event =
        event_of("device_authority.retired", "delete", OrgId(), generation, clock_, random_);
    event.metadata.emplace_back("certificates", std::to_string(live));
    UNHIDRA_TRY_VOID(audit::append(tx, event));
    return {};
  });
  UNHIDRA_TRY_VOID(written);
  UNHIDRA_TRY(out.files_removed, remove_authority_files(directory_, *certificate));
  return out;
}

}  // namespace unhidra::automation
