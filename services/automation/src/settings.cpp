#include "unhidra/automation/settings.h"

namespace unhidra::automation {
namespace {

using pki::BindingMode;
using runtime::Duration;
using runtime::EnumSetting;
using runtime::HostPort;
using runtime::Setting;

const Setting<HostPort> kListen{
    {.name = "automation.listen",
     .description = "Address and port of device enrolment (EST), CRL and OCSP.",
     .default_value = {"127.0.0.1", 9300}}};
const Setting<Duration> kCertificateLifetime{{.name = "automation.certificate_lifetime",
                                              .description = "How long a device certificate lives.",
                                              .default_value = std::chrono::days(90),
                                              .minimum = std::chrono::minutes(1),
                                              .maximum = std::chrono::days(397)}};
const Setting<Duration> kCodeLifetime{{.name = "automation.enrolment_code_lifetime",
                                       .description = "How long a one-time enrolment code is good.",
                                       .default_value = std::chrono::hours(1),
                                       .minimum = std::chrono::seconds(1),
                                       .maximum = std::chrono::days(30)}};
const Setting<bool> kApproval{
    {.name = "automation.enrolment_approval",
     .description = "Whether a first enrolment waits until somebody approves it.",
     .default_value = false}};
const Setting<Duration> kApprovalLifetime{{.name = "automation.enrolment_approval_lifetime",
                                           .description = "How long an enrolment may wait.",
                                           .default_value = std::chrono::days(7),
                                           .minimum = std::chrono::seconds(1),
                                           .maximum = std::chrono::days(90)}};
const EnumSetting<BindingMode> kBinding{
    {.name = "automation.request_binding",
     .description = "Whether certificate requests carry the binding of their TLS connection.",
     .default_value = BindingMode::if_present,
     .values = {{"off", BindingMode::off},
                {"if-present", BindingMode::if_present},
                {"required", BindingMode::required}}}};
const Setting<std::string> kStatusListen{
    {.name = "automation.status_listen",
     .description = "Address and port of CRL and OCSP without TLS; empty: with TLS alone.",
     .default_value = ""}};
const Setting<std::string> kStatusUrl{
    {.name = "automation.status_url",
     .description = "Where certificates say CRL and OCSP are, as http://host:port; empty: nowhere.",
     .default_value = ""}};
const Setting<std::filesystem::path> kModule{
    {.name = "automation.pkcs11_module",
     .description = "PKCS#11 module with the device authority's key; empty: a sealed file.",
     .default_value = ""}};
const Setting<std::string> kToken{
    {.name = "automation.pkcs11_token", .description = "Label of the token.", .default_value = ""}};
const Setting<std::string> kKey{{.name = "automation.pkcs11_key",
                                 .description = "Label of the key pair, on P-256.",
                                 .default_value = ""}};
const Setting<std::string> kPin{{.name = "automation.pkcs11_pin",
                                 .description = "PIN of the token.",
                                 .default_value = "",
                                 .secret = true}};

}  // namespace

std::vector<const runtime::SettingBase*> settings() {
  return {&kListen,
          &kCertificateLifetime,
          &kCodeLifetime,
          &kApproval,
          &kApprovalLifetime,
          &kBinding,
          &kStatusListen,
          &kStatusUrl,
          &kModule,
          &kToken,
          &kKey,
          &kPin};
}

AutomationSettings AutomationSettings::from(const runtime::Config& config) {
  return {.listen = config.get(kListen),
          .certificate_lifetime = config.get(kCertificateLifetime),
          .code_lifetime = config.get(kCodeLifetime),
          .approval = config.get(kApproval),
          .approval_lifetime = config.get(kApprovalLifetime),
          .binding = config.get(kBinding),
          .status_listen = config.get(kStatusListen),
          .status_url = config.get(kStatusUrl),
          .pkcs11_module = config.get(kModule),
          .pkcs11_token = config.get(kToken),
          .pkcs11_key = config.get(kKey),
          .pkcs11_pin = config.get(kPin)};
}

}  // namespace unhidra::automation
