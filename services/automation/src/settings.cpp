#include "unhidra/automation/settings.h"

namespace unhidra::automation {
namespace {

using pki::BindingMode;
using runtime::ByteSize;
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
const Setting<Duration> kAskAgain{
    {.name = "automation.enrolment_ask_again",
     .description = "After how long a device that waits for approval is told to ask again.",
     .default_value = std::chrono::minutes(1),
     .minimum = std::chrono::seconds(1),
     .maximum = std::chrono::hours(24)}};
const EnumSetting<BindingMode> kBinding{
    {.name = "automation.request_binding",
     .description = "Whether certificate requests carry the binding of their TLS connection.",
     .default_value = BindingMode::if_present,
     .values = {{"off", BindingMode::off},
                {"if-present", BindingMode::if_present},
                {"required", BindingMode::required}}}};
const Setting<bool> kServerKeygen{
    {.name = "automation.est_server_keygen",
     .description = "Whether the server makes keys for devices that cannot (EST serverkeygen).",
     .default_value = false}};
const Setting<std::string> kStatusListen{
    {.name = "automation.status_listen",
     .description = "Address and port of CRL and OCSP without TLS; empty: with TLS alone.",
     .default_value = ""}};
const Setting<std::string> kStatusUrl{
    {.name = "automation.status_url",
     .description = "Where certificates say CRL and OCSP are, as http://host:port; empty: nowhere.",
     .default_value = ""}};
const Setting<bool> kMqtt{
    {.name = "automation.mqtt", .description = "Whether MQTT is served.", .default_value = true}};
const Setting<HostPort> kMqttListen{
    {.name = "automation.mqtt_listen",
     .description = "Address and port of MQTT over plain TCP: for this machine alone.",
     .default_value = {"127.0.0.1", 1883}}};
const Setting<HostPort> kMqttsListen{
    {.name = "automation.mqtts_listen",
     .description = "Address and port of MQTT over TLS, with device certificates.",
     .default_value = {"127.0.0.1", 8883}}};
const Setting<std::vector<std::string>> kMqttProxies{
    {.name = "automation.mqtt_proxies",
     .description = "Addresses or networks of proxies whose MQTT connections begin with a PROXY "
                    "header (version 1 or 2).",
     .default_value = {}}};
const Setting<std::string> kMqttFailures{
    {.name = "automation.mqtt_failures_per_ip",
     .description = "Failed MQTT connections of one address, as 60/1m, or off; beyond, 0x9F.",
     .default_value = "60/1m"}};
const Setting<std::string> kServerReference{
    {.name = "automation.mqtt_server_reference",
     .description = "Where MQTT 5 clients are sent when this server stops (0x9C), as host:port; "
                    "empty: nowhere (0x8B).",
     .default_value = ""}};
const Setting<bool> kServerMoved{{.name = "automation.mqtt_server_moved",
                                  .description = "Whether they are to go there for good (0x9D).",
                                  .default_value = false}};
const Setting<Duration> kDrain{
    {.name = "automation.mqtt_drain",
     .description = "Over how long MQTT connections end, evenly, when this server stops; nobody "
                    "new is let in meanwhile.",
     .default_value = std::chrono::milliseconds(0),
     .minimum = std::chrono::milliseconds(0),
     .maximum = std::chrono::hours(1)}};
const Setting<std::vector<std::string>> kEncryptedTopics{
    {.name = "automation.encrypted_topics",
     .description = "Topic filters under which payloads must be end-to-end encrypted; what is not "
                    "is refused (0x99). An organisation may have its own instead.",
     .default_value = {}}};
const Setting<ByteSize> kMaxPacket{{.name = "automation.mqtt_max_packet",
                                    .description = "Largest MQTT packet that is accepted.",
                                    .default_value = runtime::mebibytes(1),
                                    .minimum = runtime::kibibytes(1),
                                    .maximum = runtime::mebibytes(256)}};
const Setting<std::int64_t> kMaxQueued{
    {.name = "automation.mqtt_max_queued_messages",
     .description = "Messages that wait for one session; beyond, mqtt_queue_policy decides.",
     .default_value = 10'000,
     .minimum = 1,
     .maximum = 100'000'000}};
const Setting<ByteSize> kMaxQueuedBytes{
    {.name = "automation.mqtt_max_queued_bytes",
     .description = "Bytes of messages that wait for one session.",
     .default_value = runtime::mebibytes(16),
     .minimum = runtime::kibibytes(1),
     .maximum = runtime::mebibytes(65536)}};
const EnumSetting<mqtt::QueuePolicy> kQueuePolicy{
    {.name = "automation.mqtt_queue_policy",
     .description = "What happens to a message for a session whose queue is full.",
     .default_value = mqtt::QueuePolicy::drop_oldest,
     .values = {{"drop-oldest", mqtt::QueuePolicy::drop_oldest},
                {"drop-newest", mqtt::QueuePolicy::drop_newest},
                {"refuse", mqtt::QueuePolicy::refuse}}}};
const Setting<ByteSize> kMaxMemory{
    {.name = "automation.mqtt_max_memory",
     .description = "Bytes of messages in memory; beyond, QoS 1 and 2 are refused.",
     .default_value = runtime::mebibytes(1024),
     .minimum = runtime::mebibytes(1),
     .maximum = runtime::mebibytes(1 << 20)}};
const Setting<std::int64_t> kMaxRetained{
    {.name = "automation.mqtt_max_retained_messages",
     .description = "Retained messages of one organisation; beyond, 0x97.",
     .default_value = 1'000'000,
     .minimum = 100,
     .maximum = 1'000'000'000}};
const Setting<ByteSize> kMaxRetainedBytes{
    {.name = "automation.mqtt_max_retained_bytes",
     .description = "Bytes of retained messages of one organisation.",
     .default_value = runtime::mebibytes(256),
     .minimum = runtime::kibibytes(64),
     .maximum = runtime::mebibytes(1 << 20)}};
const Setting<std::int64_t> kMaxRetainedEach{
    {.name = "automation.mqtt_max_retained_messages_each",
     .description = "Of them, those that one device or person published.",
     .default_value = 10'000,
     .minimum = 1,
     .maximum = 1'000'000'000}};
const Setting<ByteSize> kMaxRetainedBytesEach{
    {.name = "automation.mqtt_max_retained_bytes_each",
     .description = "Bytes of them, of one device or person.",
     .default_value = runtime::mebibytes(16),
     .minimum = runtime::kibibytes(1),
     .maximum = runtime::mebibytes(1 << 20)}};
const Setting<Duration> kMaxSession{{.name = "automation.mqtt_max_session",
                                     .description = "How long a session lives without its client.",
                                     .default_value = std::chrono::days(30),
                                     .minimum = std::chrono::seconds(1),
                                     .maximum = std::chrono::days(3650)}};
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

mqtt::BrokerSettings broker_settings(const runtime::Config& config) {
  mqtt::BrokerSettings out;
  out.max_packet = static_cast<std::uint32_t>(config.get(kMaxPacket).bytes);
  out.max_queued_messages = static_cast<std::size_t>(config.get(kMaxQueued));
  out.max_queued_bytes = config.get(kMaxQueuedBytes).bytes;
  out.queue_policy = config.get(kQueuePolicy);
  out.max_memory = config.get(kMaxMemory).bytes;
  out.max_retained = static_cast<std::size_t>(config.get(kMaxRetained));
  out.max_retained_bytes = config.get(kMaxRetainedBytes).bytes;
  out.max_retained_each = static_cast<std::size_t>(config.get(kMaxRetainedEach));
  out.max_retained_bytes_each = config.get(kMaxRetainedBytesEach).bytes;
  out.max_session_expiry = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(config.get(kMaxSession)).count());
  return out;
}

}  // namespace

std::vector<const runtime::SettingBase*> settings() {
  std::vector<const runtime::SettingBase*> out{&kListen,
                                               &kCertificateLifetime,
                                               &kCodeLifetime,
                                               &kApproval,
                                               &kApprovalLifetime,
                                               &kAskAgain,
                                               &kBinding,
                                               &kServerKeygen,
                                               &kStatusListen,
                                               &kStatusUrl,
                                               &kMqtt,
                                               &kMqttListen,
                                               &kMqttsListen,
                                               &kMqttProxies,
                                               &kMqttFailures,
                                               &kServerReference,
                                               &kServerMoved,
                                               &kDrain,
                                               &kEncryptedTopics,
                                               &kMaxPacket,
                                               &kMaxQueued,
                                               &kMaxQueuedBytes,
                                               &kQueuePolicy,
                                               &kMaxMemory,
                                               &kMaxRetained,
                                               &kMaxRetainedBytes,
                                               &kMaxRetainedEach,
                                               &kMaxRetainedBytesEach,
                                               &kMaxSession,
                                               &kModule,
                                               &kToken,
                                               &kKey,
                                               &kPin};
  const auto policy = policy_settings();
  out.insert(out.end(), policy.begin(), policy.end());
  return out;
}

AutomationSettings AutomationSettings::from(const runtime::Config& config) {
  return {.listen = config.get(kListen),
          .certificate_lifetime = config.get(kCertificateLifetime),
          .code_lifetime = config.get(kCodeLifetime),
          .approval = config.get(kApproval),
          .approval_lifetime = config.get(kApprovalLifetime),
          .ask_again = std::chrono::duration_cast<std::chrono::seconds>(config.get(kAskAgain)),
          .binding = config.get(kBinding),
          .server_keygen = config.get(kServerKeygen),
          .status_listen = config.get(kStatusListen),
          .status_url = config.get(kStatusUrl),
          .mqtt = config.get(kMqtt),
          .mqtt_listen = config.get(kMqttListen),
          .mqtts_listen = config.get(kMqttsListen),
          .mqtt_proxies = config.get(kMqttProxies),
          .mqtt_failures = config.get(kMqttFailures),
          .mqtt_farewell = {.server_reference = config.get(kServerReference),
                            .moved = config.get(kServerMoved),
                            .period = config.get(kDrain)},
          .policy = PolicySettings::from(config),
          .encrypted_topics = config.get(kEncryptedTopics),
          .broker = broker_settings(config),
          .pkcs11_module = config.get(kModule),
          .pkcs11_token = config.get(kToken),
          .pkcs11_key = config.get(kKey),
          .pkcs11_pin = config.get(kPin)};
}

}  // namespace unhidra::automation
