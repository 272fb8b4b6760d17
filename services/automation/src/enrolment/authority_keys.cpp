#include "enrolment/authority_keys.h"

#include "unhidra/automation/errc.h"
#include "unhidra/pki/pkcs11.h"
#include "unhidra/runtime/files.h"

namespace unhidra::automation {
namespace {

constexpr std::size_t kMaxFile = 64 * 1024;
constexpr std::string_view kFileLabel = "device-authority";  // what the file's seal says it is
constexpr std::int64_t kFirst = 1;

std::string label_of(std::int64_t generation) {
  return std::string(kFileLabel) + "/" + std::to_string(generation);
}

Result<std::shared_ptr<const pki::Signer>> open_token(const AutomationSettings& settings,
                                                      const std::string& label) {
  if (settings.pkcs11_module.empty()) {
    return fail(Errc::no_authority, "the device authority's key '" + label +
                                        "' is in a token: automation.pkcs11_module is needed");
  }
  UNHIDRA_TRY(auto signer, pki::open_pkcs11_signer(
                               {.module = settings.pkcs11_module.string(),
                                .token_label = settings.pkcs11_token,
                                .key_label = label,
                                .pin = SecretBytes::copy_of(as_bytes(settings.pkcs11_pin))}));
  return std::shared_ptr<const pki::Signer>(std::move(signer));
}

Result<std::shared_ptr<const pki::Signer>> software_signer(const SecretBytes& pem) {
  UNHIDRA_TRY(auto signer, pki::make_software_signer(pem.expose()));
  return std::shared_ptr<const pki::Signer>(std::move(signer));
}

Result<AuthorityKey> keep(const SecretBytes& pem, std::int64_t generation,
                          const pki::KeySealer& sealer, RandomSource& random) {
  AuthorityKey out;
  UNHIDRA_TRY(out.signer, software_signer(pem));
  UNHIDRA_TRY(out.sealed, sealer.seal(label_of(generation), pem.expose(), random));
  return out;
}

std::filesystem::path certificate_file(const std::filesystem::path& directory) {
  return directory / "device-ca.pem";
}
std::filesystem::path key_file(const std::filesystem::path& directory) {
  return directory / "device-ca.key";
}

}  // namespace

Result<AuthorityKey> make_authority_key(const AutomationSettings& settings,
                                        const std::string& token_label, std::int64_t generation,
                                        const pki::KeySealer& sealer, RandomSource& random) {
  if (!settings.pkcs11_module.empty()) {
    AuthorityKey out;
    UNHIDRA_TRY(out.signer, open_token(settings, token_label));
    out.token_label = token_label;
    return out;
  }
  UNHIDRA_TRY(const auto pem, pki::generate_signer_key());
  return keep(pem, generation, sealer, random);
}

Result<std::shared_ptr<const pki::Signer>> open_authority_key(const AutomationSettings& settings,
                                                              ByteView sealed,
                                                              const std::string& token_label,
                                                              std::int64_t generation,
                                                              const pki::KeySealer& sealer) {
  if (!token_label.empty()) {
    return open_token(settings, token_label);
  }
  UNHIDRA_TRY(const auto pem, sealer.open(label_of(generation), sealed));
  return software_signer(pem);
}

Result<std::optional<AuthorityFiles>> read_authority_files(const std::filesystem::path& directory,
                                                           const AutomationSettings& settings,
                                                           const pki::KeySealer& sealer,
                                                           RandomSource& random) {
  const auto file = certificate_file(directory);
  if (!std::filesystem::exists(file)) {
    return std::nullopt;
  }
  UNHIDRA_TRY(const auto pem, runtime::read_file(file, kMaxFile));
  UNHIDRA_TRY(auto certificate, pki::Certificate::from_pem(as_text(pem)));
  AuthorityKey key;
  if (settings.pkcs11_module.empty()) {
    UNHIDRA_TRY(const auto sealed, runtime::read_file(key_file(directory), kMaxFile));
    UNHIDRA_TRY(const auto opened, sealer.open(kFileLabel, sealed));
    UNHIDRA_TRY(key, keep(opened, kFirst, sealer, random));
  } else {
    UNHIDRA_TRY(key, make_authority_key(settings, settings.pkcs11_key, kFirst, sealer, random));
  }
  return AuthorityFiles{std::move(certificate), std::move(key)};
}

Result<bool> remove_authority_files(const std::filesystem::path& directory,
                                    const pki::Certificate& certificate) {
  const auto file = certificate_file(directory);
  if (!std::filesystem::exists(file)) {
    return false;
  }
  UNHIDRA_TRY(const auto pem, runtime::read_file(file, kMaxFile));
  UNHIDRA_TRY(const auto found, pki::Certificate::from_pem(as_text(pem)));
  if (found.to_der() != certificate.to_der()) {
    return false;
  }
  std::error_code error;
  std::filesystem::remove(key_file(directory), error);
  if (!error) {
    std::filesystem::remove(file, error);
  }
  if (error) {
    return fail(Errc::no_authority, "cannot remove " + key_file(directory).string());
  }
  return true;
}

}  // namespace unhidra::automation
