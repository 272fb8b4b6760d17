// `unhidra admin device-ca ...`: the authorities that certify devices.
#include "unhidra/automation/authority_administration.h"
#include "unhidra/base/text.h"

#include "admin_output.h"
#include "commands.h"
#include "errc.h"
#include "workplace.h"

namespace unhidra::server {
namespace {

automation::AuthorityAdministration authorities_of(Workplace& place) {
  return {*place.database, automation::AutomationSettings::from(*place.config),
          *place.sealer,   place.data_directory,
          place.clock,     place.random};
}

std::string state_of(const automation::AuthorityLine& line) {
  if (line.retired_at) {
    return "retired";
  }
  return line.issues ? "issues" : "believed";
}

}  // namespace

Result<int> admin_list_authorities(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open_workplace(sources));
  UNHIDRA_TRY(const auto lines, authorities_of(*place).list());
  Table table({"generation", "state", "live_certificates", "issues_from", "valid_until",
               "retired_at", "key", "sha256"});
  for (const auto& line : lines) {
    table.add({std::to_string(line.generation), state_of(line),
               std::to_string(line.live_certificates), time_text(line.issues_from),
               time_text(line.certificate.validity().not_after), time_text(line.retired_at),
               line.key_label.empty() ? "sealed" : "token: " + line.key_label,
               to_hex(line.certificate.sha256_fingerprint())});
  }
  table.print(options.json);
  return 0;
}

Result<int> admin_rotate_authority(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open_workplace(sources));
  const bool token = !automation::AutomationSettings::from(*place->config).pkcs11_module.empty();
  if (token == options.token_label.empty()) {
    return fail(Errc::bad_option, token ? "--pkcs11-key says which pair of the token is the new one"
                                        : "--pkcs11-key needs automation.pkcs11_module");
  }
  UNHIDRA_TRY(const auto line, authorities_of(*place).rotate(options.now, options.token_label));
  print_fields({{"generation", std::to_string(line.generation)},
                {"issues_from", time_text(line.issues_from)},
                {"valid_until", time_text(line.certificate.validity().not_after)},
                {"sha256", to_hex(line.certificate.sha256_fingerprint())}},
               options.json);
  return 0;
}

Result<int> admin_retire_authority(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open_workplace(sources));
  UNHIDRA_TRY(const auto done, authorities_of(*place).retire(options.generation, options.revoke));
  print_fields({{"retired", std::to_string(options.generation)},
                {"revoked_certificates", std::to_string(done.revoked)},
                {"removed_files", done.files_removed ? "device-ca.pem, device-ca.key" : "-"}},
               options.json);
  return 0;
}

}  // namespace unhidra::server
