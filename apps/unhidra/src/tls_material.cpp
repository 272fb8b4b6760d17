#include "tls_material.h"

#include <algorithm>
#include <filesystem>
#include <unistd.h>

#include <arpa/inet.h>

#include "unhidra/base/text.h"
#include "unhidra/pki/x509.h"
#include "unhidra/runtime/files.h"
#include "unhidra/runtime/log.h"

#include "errc.h"

namespace unhidra::server {
namespace {

constexpr std::size_t kMaxPem = 256 * 1024;
constexpr std::chrono::days kAuthorityLifetime{3650};
// What browsers accept at most of a public authority; ours is renewed long before.
constexpr std::chrono::days kCertificateLifetime{397};
constexpr std::chrono::days kRenewBefore{30};
constexpr std::chrono::hours kBackdated{1};  // clients whose clocks are slow

bool is_address(const std::string& name) {
  ByteArray<16> buffer{};
  return inet_pton(AF_INET, name.c_str(), buffer.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), buffer.data()) == 1;
}

pki::ServerNames wanted_names(const ServerSettings& settings) {
  pki::ServerNames names{.dns = {"localhost"}, .ip_addresses = {"127.0.0.1", "::1"}};
  const auto add = [](std::vector<std::string>& list, const std::string& name) {
    if (std::ranges::find(list, name) == list.end()) {
      list.push_back(name);
    }
  };
  char host[256] = {};
  if (::gethostname(host, sizeof(host) - 1) == 0 && host[0] != '\0') {
    add(names.dns, host);
  }
  for (const auto& name : settings.tls_names) {
    add(is_address(name) ? names.ip_addresses : names.dns, name);
  }
  return names;
}

bool covers(const pki::Certificate& certificate, const pki::ServerNames& names) {
  const auto includes = [](const std::vector<std::string>& have, const auto& want) {
    return std::ranges::all_of(
        want, [&](const std::string& name) { return std::ranges::find(have, name) != have.end(); });
  };
  // How an address is spelt is not compared: ::1 has several forms.
  return includes(certificate.dns_names(), names.dns) &&
         certificate.ip_addresses().size() >= names.ip_addresses.size();
}

Result<std::string> read_text(const std::filesystem::path& path) {
  UNHIDRA_TRY(const auto bytes, runtime::read_file(path, kMaxPem));
  return std::string(as_text(bytes));
}

std::string colons(ByteView bytes) {
  auto hex = to_hex(bytes);
  std::ranges::transform(hex, hex.begin(),
                         [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  for (std::size_t at = 2; at < hex.size(); at += 3) {
    hex.insert(at, 1, ':');
  }
  return hex;
}

Status ensure_authority(const DataDirectory& directory, const Clock& clock, RandomSource& random) {
  if (std::filesystem::exists(directory.ca_certificate()) &&
      std::filesystem::exists(directory.ca_key())) {
    return {};
  }
  const auto now = clock.now();
  UNHIDRA_TRY(const auto authority,
              pki::make_authority("Unhidra authority of this server",
                                  {now - kBackdated, now + kAuthorityLifetime}, random));
  UNHIDRA_TRY_VOID(
      runtime::write_file_atomically(directory.ca_key(), authority.private_key_pem.expose(), 0600));
  return runtime::write_file_atomically(directory.ca_certificate(),
                                        as_bytes(authority.certificate_pem), 0644);
}

// Whether the certificate on disk will do for some time.
bool still_good(const DataDirectory& directory, const pki::Certificate& authority,
                const pki::ServerNames& names, Timestamp now) {
  const auto pem = read_text(directory.certificate());
  const auto key = runtime::read_secret_file(directory.private_key(), kMaxPem);
  if (!pem || !key) {
    return false;
  }
  const auto certificate = pki::Certificate::from_pem(*pem);
  return certificate && certificate->remaining(now) > kRenewBefore && covers(*certificate, names) &&
         certificate->check_issued_by(authority) && certificate->check_private_key(key->expose());
}

Status ensure_certificate(const ServerSettings& settings, const DataDirectory& directory,
                          const std::string& authority_pem, const Clock& clock,
                          RandomSource& random) {
  UNHIDRA_TRY(const auto authority, pki::Certificate::from_pem(authority_pem));
  const auto names = wanted_names(settings);
  const auto now = clock.now();
  if (still_good(directory, authority, names, now)) {
    return {};
  }
  UNHIDRA_TRY(const auto authority_key, runtime::read_secret_file(directory.ca_key(), kMaxPem));
  const pki::Validity validity{
      std::max<Timestamp>(now - kBackdated, authority.validity().not_before),
      std::min<Timestamp>(now + kCertificateLifetime, authority.validity().not_after)};
  UNHIDRA_TRY(const auto issued,
              pki::issue_server_certificate(authority_pem, authority_key.expose(), names, validity,
                                            random));
  UNHIDRA_TRY_VOID(runtime::write_file_atomically(directory.private_key(),
                                                  issued.private_key_pem.expose(), 0600));
  log::info("tls.certificate_issued", {{"names", names.dns.size() + names.ip_addresses.size()}});
  return runtime::write_file_atomically(directory.certificate(), as_bytes(issued.certificate_pem),
                                        0644);
}

Result<TlsMaterial> read_material(const std::filesystem::path& certificate,
                                  const std::filesystem::path& key) {
  TlsMaterial out;
  UNHIDRA_TRY(out.settings.certificate_chain_pem, read_text(certificate));
  UNHIDRA_TRY(out.settings.private_key_pem, runtime::read_secret_file(key, kMaxPem));
  return out;
}

}  // namespace

Result<TlsMaterial> load_tls(const ServerSettings& settings, const DataDirectory& directory,
                             const Clock& clock, RandomSource& random) {
  if (settings.tls_certificate.empty() != settings.tls_private_key.empty()) {
    return fail(Errc::bad_option, "tls.certificate and tls.private_key belong together");
  }
  if (!settings.tls_certificate.empty()) {
    return read_material(settings.tls_certificate, settings.tls_private_key);
  }
  UNHIDRA_TRY_VOID(ensure_authority(directory, clock, random));
  UNHIDRA_TRY(auto authority_pem, read_text(directory.ca_certificate()));
  UNHIDRA_TRY_VOID(ensure_certificate(settings, directory, authority_pem, clock, random));
  UNHIDRA_TRY(auto out, read_material(directory.certificate(), directory.private_key()));
  UNHIDRA_TRY(const auto authority, pki::Certificate::from_pem(authority_pem));
  out.settings.certificate_chain_pem += authority_pem;
  out.authority_fingerprint = colons(authority.sha256_fingerprint());
  return out;
}

}  // namespace unhidra::server
