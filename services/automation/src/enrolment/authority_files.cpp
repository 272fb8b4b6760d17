#include "enrolment/authority_files.h"

#include "unhidra/pki/pkcs11.h"
#include "unhidra/runtime/files.h"

namespace unhidra::automation {
namespace {

constexpr std::size_t kMaxFile = 64 * 1024;
constexpr std::chrono::days kLifetime{3650};
constexpr std::chrono::hours kBackdated{1};
constexpr std::string_view kLabel = "device-authority";
constexpr std::string_view kName = "Unhidra device authority";

Result<std::unique_ptr<pki::Signer>> sealed_signer(const std::filesystem::path& file,
                                                   const pki::KeySealer& sealer,
                                                   RandomSource& random) {
  if (!std::filesystem::exists(file)) {
    UNHIDRA_TRY(const auto fresh, pki::generate_signer_key());
    UNHIDRA_TRY(const auto sealed, sealer.seal(kLabel, fresh.expose(), random));
    UNHIDRA_TRY_VOID(runtime::write_file_atomically(file, sealed, 0600));
  }
  UNHIDRA_TRY(const auto sealed, runtime::read_file(file, kMaxFile));
  UNHIDRA_TRY(const auto pem, sealer.open(kLabel, sealed));
  return pki::make_software_signer(pem.expose());
}

}  // namespace

Result<pki::DeviceAuthority> load_authority(const std::filesystem::path& directory,
                                            const AutomationSettings& settings,
                                            const pki::KeySealer& sealer, const Clock& clock,
                                            RandomSource& random) {
  UNHIDRA_TRY(auto key, settings.pkcs11_module.empty()
                            ? sealed_signer(directory / "device-ca.key", sealer, random)
                            : pki::open_pkcs11_signer(
                                  {.module = settings.pkcs11_module.string(),
                                   .token_label = settings.pkcs11_token,
                                   .key_label = settings.pkcs11_key,
                                   .pin = SecretBytes::copy_of(as_bytes(settings.pkcs11_pin))}));
  const std::shared_ptr<const pki::Signer> signer(std::move(key));
  const auto file = directory / "device-ca.pem";
  if (!std::filesystem::exists(file)) {
    const auto now = clock.now();
    UNHIDRA_TRY(auto made, pki::DeviceAuthority::create(kName, {now - kBackdated, now + kLifetime},
                                                        signer, random));
    UNHIDRA_TRY_VOID(
        runtime::write_file_atomically(file, as_bytes(made.certificate().to_pem()), 0644));
    return made;
  }
  UNHIDRA_TRY(const auto pem, runtime::read_file(file, kMaxFile));
  UNHIDRA_TRY(auto certificate, pki::Certificate::from_pem(as_text(pem)));
  return pki::DeviceAuthority::make(std::move(certificate), signer);
}

}  // namespace unhidra::automation
