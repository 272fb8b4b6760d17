#include "unhidra/auth/settings.h"

#include "unhidra/net/settings.h"

namespace unhidra::auth {
namespace {

using runtime::ByteSize;
using runtime::Duration;
using runtime::EnumSetting;
using runtime::HostPort;
using runtime::Setting;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Setting<HostPort> kListen{{.name = "auth.listen",
                                 .description = "Address and port of the REST interface.",
                                 .default_value = {"127.0.0.1", 9200}}};
const Setting<std::string> kIssuer{
    {.name = "auth.issuer",
     .description = "The issuer in tokens; the same for every role of a deployment.",
     .default_value = "unhidra"}};
const Setting<std::string> kGatewayUrl{
    {.name = "auth.gateway_url",
     .description = "Where clients find the gateway; empty: this process's own address.",
     .default_value = ""}};
const EnumSetting<TokenAlgorithm> kTokenAlgorithm{
    {.name = "auth.token_algorithm",
     .description = "Algorithm of new signing keys; present keys stay valid until they retire.",
     .default_value = TokenAlgorithm::rs256,
     .values = {{"RS256", TokenAlgorithm::rs256}, {"EdDSA", TokenAlgorithm::eddsa}}}};
const Setting<Duration> kAccessTokenLifetime{{.name = "auth.access_token_lifetime",
                                              .description = "How long an access token is valid.",
                                              .default_value = minutes(15),
                                              .minimum = seconds(1),
                                              .maximum = hours(24)}};
const Setting<Duration> kRefreshTokenLifetime{
    {.name = "auth.refresh_token_lifetime",
     .description = "A session that is not refreshed for so long is over.",
     .default_value = days(30),
     .minimum = seconds(1),
     .maximum = days(365)}};
const Setting<Duration> kSessionLifetime{
    {.name = "auth.session_lifetime",
     .description = "No session lives longer, refreshed or not.",
     .default_value = days(365),
     .minimum = seconds(1),
     .maximum = days(3650)}};
const Setting<Duration> kRefreshRetryWindow{
    {.name = "auth.refresh_retry_window",
     .description = "How long a refresh may be repeated with its own Idempotency-Key.",
     .default_value = seconds(60),
     .minimum = seconds(0),
     .maximum = minutes(10)}};
const Setting<Duration> kSigningKeyLifetime{
    {.name = "auth.signing_key_lifetime",
     .description = "Age at which a signing key is replaced.",
     .default_value = days(90),
     .minimum = hours(1),
     .maximum = days(3650)}};
const Setting<Duration> kKeySetLifetime{
    {.name = "auth.key_set_lifetime",
     .description = "How long the published key set may be cached; a new key waits so long.",
     .default_value = minutes(5),
     .minimum = seconds(0),
     .maximum = hours(24)}};
const Setting<Duration> kInvitationLifetime{
    {.name = "auth.invitation_lifetime",
     .description = "How long an invitation is good unless it says otherwise.",
     .default_value = days(7),
     .minimum = minutes(1),
     .maximum = days(90)}};
const Setting<bool> kOpenSignUp{{.name = "auth.open_sign_up",
                                 .description = "Whether anyone may register without invitation.",
                                 .default_value = false}};
const Setting<std::int64_t> kMaxDevices{{.name = "auth.max_devices",
                                         .description = "Devices that a user may have at a time.",
                                         .default_value = 32,
                                         .minimum = 1,
                                         .maximum = 32}};
const Setting<ByteSize> kPasswordMemory{{.name = "auth.password_memory",
                                         .description = "Memory of one Argon2id computation.",
                                         .default_value = runtime::mebibytes(48),
                                         .minimum = runtime::kibibytes(8),
                                         .maximum = runtime::mebibytes(256)}};
const Setting<std::int64_t> kPasswordPasses{{.name = "auth.password_passes",
                                             .description = "Passes of one Argon2id computation.",
                                             .default_value = 3,
                                             .minimum = 1,
                                             .maximum = 16}};
const Setting<std::int64_t> kPasswordThreads{{.name = "auth.password_threads",
                                              .description = "Argon2id computations at a time.",
                                              .default_value = 2,
                                              .minimum = 1,
                                              .maximum = 64}};
const Setting<std::int64_t> kPasswordQueue{
    {.name = "auth.password_queue",
     .description = "Argon2id computations that may wait; one more is answered with 503.",
     .default_value = 64,
     .minimum = 1,
     .maximum = 10'000}};

}  // namespace

std::vector<const runtime::SettingBase*> settings() {
  return {&kListen,
          &kIssuer,
          &kGatewayUrl,
          &kTokenAlgorithm,
          &kAccessTokenLifetime,
          &kRefreshTokenLifetime,
          &kSessionLifetime,
          &kRefreshRetryWindow,
          &kSigningKeyLifetime,
          &kKeySetLifetime,
          &kInvitationLifetime,
          &kOpenSignUp,
          &kMaxDevices,
          &kPasswordMemory,
          &kPasswordPasses,
          &kPasswordThreads,
          &kPasswordQueue};
}

AuthSettings AuthSettings::from(const runtime::Config& config) {
  AuthSettings out;
  out.listen = config.get(kListen);
  net::apply_settings(config, out.server);
  out.issuer = config.get(kIssuer);
  out.gateway_url = config.get(kGatewayUrl);
  out.token_algorithm = config.get(kTokenAlgorithm);
  out.access_token_lifetime = config.get(kAccessTokenLifetime);
  out.refresh_token_lifetime = config.get(kRefreshTokenLifetime);
  out.session_lifetime = config.get(kSessionLifetime);
  out.refresh_retry_window = config.get(kRefreshRetryWindow);
  out.signing_key_lifetime = config.get(kSigningKeyLifetime);
  out.key_set_lifetime = config.get(kKeySetLifetime);
  out.invitation_lifetime = config.get(kInvitationLifetime);
  out.open_sign_up = config.get(kOpenSignUp);
  out.max_devices = static_cast<std::size_t>(config.get(kMaxDevices));
  out.password_memory_kib = static_cast<std::uint32_t>(config.get(kPasswordMemory).bytes >> 10);
  out.password_passes = static_cast<std::uint32_t>(config.get(kPasswordPasses));
  out.password_threads = static_cast<std::size_t>(config.get(kPasswordThreads));
  out.password_queue = static_cast<std::size_t>(config.get(kPasswordQueue));
  return out;
}

}  // namespace unhidra::auth
