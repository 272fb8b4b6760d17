#include "server_settings.h"

#include "unhidra/access/limits.h"
#include "unhidra/auth/settings.h"
#include "unhidra/automation/settings.h"
#include "unhidra/files/settings.h"
#include "unhidra/gateway/settings.h"
#include "unhidra/net/settings.h"
#include "unhidra/runtime/runtime_settings.h"

namespace unhidra::server {
namespace {

using runtime::Duration;
using runtime::Setting;
using runtime::StringList;

const Setting<std::filesystem::path> kDataDirectory{
    {.name = "data.directory",
     .description = "Directory of everything the server keeps; readable by its owner alone.",
     .default_value = "data"}};
const Setting<std::string> kDatabaseUrl{
    {.name = "database.url",
     .description = "Path of an SQLite file, or postgresql://...; empty: in the data directory.",
     .default_value = "",
     .secret = true}};
const Setting<std::filesystem::path> kTlsCertificate{
    {.name = "tls.certificate",
     .description = "PEM file with the server's certificate chain; empty: made by the server.",
     .default_value = ""}};
const Setting<std::filesystem::path> kTlsPrivateKey{
    {.name = "tls.private_key",
     .description = "PEM file with the private key of tls.certificate.",
     .default_value = ""}};
const Setting<StringList> kTlsNames{
    {.name = "tls.names",
     .description = "Further host names and addresses of the certificate made by the server.",
     .default_value = {}}};
const Setting<std::string> kMetricsToken{
    {.name = "metrics.token",
     .description = "Bearer token for /metrics; empty: only loopback may read it.",
     .default_value = "",
     .secret = true}};
const Setting<Duration> kShutdownDeadline{
    {.name = "server.shutdown_deadline",
     .description = "How long a stop may take before what is left is cut off.",
     .default_value = std::chrono::seconds(15),
     .minimum = std::chrono::milliseconds(100),
     .maximum = std::chrono::minutes(10)}};
const Setting<StringList> kNatsUrls{
    {.name = "bus.nats_urls",
     .description = "NATS servers that join several processes; none: everything in this process.",
     .default_value = {}}};
const Setting<std::filesystem::path> kNatsCredentials{
    {.name = "bus.nats_credentials", .description = "NATS credentials file.", .default_value = ""}};
const Setting<std::filesystem::path> kNatsCa{
    {.name = "bus.nats_ca",
     .description = "PEM file of the authority that the NATS servers are signed by; set: TLS.",
     .default_value = ""}};

}  // namespace

std::vector<const runtime::SettingBase*> settings() {
  return {&kDataDirectory, &kDatabaseUrl,      &kTlsCertificate, &kTlsPrivateKey,   &kTlsNames,
          &kMetricsToken,  &kShutdownDeadline, &kNatsUrls,       &kNatsCredentials, &kNatsCa};
}

runtime::Schema full_schema() {
  runtime::Schema schema;
  schema.add(runtime::runtime_settings());
  schema.add(settings());
  schema.add(net::settings());
  schema.add(auth::settings());
  schema.add(automation::settings());
  schema.add(access::settings());
  schema.add(gateway::settings());
  schema.add(files::settings());
  return schema;
}

ServerSettings ServerSettings::from(const runtime::Config& config) {
  return {
      .data_directory = config.get(kDataDirectory),
      .database_url = config.get(kDatabaseUrl),
      .tls_certificate = config.get(kTlsCertificate),
      .tls_private_key = config.get(kTlsPrivateKey),
      .tls_names = config.get(kTlsNames),
      .metrics_token = config.get(kMetricsToken),
      .shutdown_deadline = config.get(kShutdownDeadline),
      .io_threads = static_cast<std::size_t>(config.get(runtime::kIoThreads)),
      .nats = {.urls = config.get(kNatsUrls),
               .name = "unhidra",
               .credentials_file = config.get(kNatsCredentials).string(),
               .ca_file = config.get(kNatsCa).string()},
  };
}

}  // namespace unhidra::server
