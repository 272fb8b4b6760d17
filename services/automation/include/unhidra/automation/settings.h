#pragma once
// The settings of the automation role, and what they amount to at run time.

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "unhidra/automation/policy_settings.h"
#include "unhidra/mqtt/broker.h"
#include "unhidra/pki/est.h"
#include "unhidra/runtime/config.h"

namespace unhidra::automation {

struct AutomationSettings {
  runtime::HostPort listen{"127.0.0.1", 9300};
  std::chrono::milliseconds certificate_lifetime = std::chrono::days(90);
  std::chrono::milliseconds code_lifetime = std::chrono::hours(1);
  bool approval = false;  // a first enrolment waits for a person
  std::chrono::milliseconds approval_lifetime = std::chrono::days(7);
  std::chrono::seconds ask_again{60};  // of a device that waits for approval
  pki::BindingMode binding = pki::BindingMode::if_present;
  bool server_keygen = false;  // EST makes keys for devices that cannot (serverkeygen)
  std::string status_listen;   // host:port of CRL and OCSP without TLS; empty: not served
  std::string status_url;      // base of the CRL and OCSP addresses in certificates; empty: none
  bool mqtt = true;
  runtime::HostPort mqtt_listen{"127.0.0.1", 1883};   // plain TCP
  runtime::HostPort mqtts_listen{"127.0.0.1", 8883};  // TLS, with device certificates
  std::vector<std::string> mqtt_proxies;              // addresses that send a PROXY header
  std::string mqtt_failures = "60/1m";                // failed connections of one address
  mqtt::Farewell mqtt_farewell;                       // when this server stops
  PolicySettings policy;
  std::vector<std::string> encrypted_topics;  // filters: what is published there must be sealed
  mqtt::BrokerSettings broker;
  std::filesystem::path pkcs11_module;  // empty: the key is a sealed file
  std::string pkcs11_token;
  std::string pkcs11_key;
  std::string pkcs11_pin;

  static AutomationSettings from(const runtime::Config& config);
};

// Declarations for the process's schema.
std::vector<const runtime::SettingBase*> settings();

}  // namespace unhidra::automation
