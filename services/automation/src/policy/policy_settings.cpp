#include "unhidra/automation/policy_settings.h"

namespace unhidra::automation {
namespace {

using runtime::ByteSize;
using runtime::Duration;
using runtime::EnumSetting;
using runtime::Setting;

const EnumSetting<PolicySource> kSource{
    {.name = "automation.policy_source",
     .description = "Where the topic policy comes from; auto: the folder in automation.policy when "
                    "there is one, else the database.",
     .default_value = PolicySource::automatic,
     .values = {{"auto", PolicySource::automatic},
                {"folder", PolicySource::folder},
                {"bundle", PolicySource::bundle},
                {"database", PolicySource::database},
                {"remote", PolicySource::remote}}}};
const Setting<std::filesystem::path> kPolicy{
    {.name = "automation.policy",
     .description = "Folder of .rego files, or a bundle, that decide over topics; empty: the "
                    "built-in policy.",
     .default_value = ""}};
const EnumSetting<rego::Syntax> kSyntax{
    {.name = "automation.policy_syntax",
     .description = "Version of Rego that the policy is written in.",
     .default_value = rego::Syntax::v1,
     .values = {{"v0", rego::Syntax::v0}, {"v1", rego::Syntax::v1}}}};
const Setting<std::filesystem::path> kKeys{
    {.name = "automation.policy_keys",
     .description = "File with the public keys (JWK or JWK set) of which one must have signed the "
                    "bundle; empty: signatures are not looked at.",
     .default_value = ""}};
const Setting<Duration> kCheck{{.name = "automation.policy_check",
                                .description = "How often the bundle's files are looked at.",
                                .default_value = std::chrono::seconds(5),
                                .minimum = std::chrono::seconds(1),
                                .maximum = std::chrono::hours(24)}};
const Setting<Duration> kCompileTime{
    {.name = "automation.policy_compile_time",
     .description = "How long compiling a policy may take; what takes longer is refused.",
     .default_value = policy::kMaxCompileTime,
     .minimum = std::chrono::milliseconds(100),
     .maximum = std::chrono::minutes(10)}};
const Setting<std::string> kUrl{
    {.name = "automation.policy_url",
     .description = "The remote policy, as https://host:8181/v1/data/unhidra/automation/allow.",
     .default_value = ""}};
const Setting<std::string> kOperationsUrl{
    {.name = "automation.policy_operations_url",
     .description = "The remote policy over operations, as "
                    "https://host:8181/v1/data/unhidra/operations/allow; empty: it is not asked "
                    "about them.",
     .default_value = ""}};
const Setting<std::string> kToken{{.name = "automation.policy_token",
                                   .description = "Bearer token for the remote policy.",
                                   .default_value = "",
                                   .secret = true}};
const Setting<Duration> kTimeout{{.name = "automation.policy_timeout",
                                  .description = "How long the remote policy may take; then: no.",
                                  .default_value = std::chrono::milliseconds(500),
                                  .minimum = std::chrono::milliseconds(10),
                                  .maximum = std::chrono::seconds(30)}};
const EnumSetting<DecisionLogMode> kLog{
    {.name = "automation.decision_log",
     .description = "What is written of each topic decision: nothing, a digest of its input, or "
                    "the input itself, which a dry run needs.",
     .default_value = DecisionLogMode::digest,
     .values = {{"off", DecisionLogMode::off},
                {"digest", DecisionLogMode::digest},
                {"input", DecisionLogMode::input}}}};
const Setting<std::int64_t> kSample{
    {.name = "automation.decision_log_sample",
     .description = "Of decisions that allow, one in so many is written; denials always are.",
     .default_value = 1,
     .minimum = 1,
     .maximum = 1'000'000'000}};
const Setting<ByteSize> kMaxBytes{
    {.name = "automation.decision_log_max_bytes",
     .description = "Size at which the decision log is put aside; one older file is kept.",
     .default_value = runtime::mebibytes(64),
     .minimum = runtime::kibibytes(64),
     .maximum = runtime::mebibytes(65536)}};

}  // namespace

std::string_view to_string(PolicySource source) {
  switch (source) {
    case PolicySource::folder:
      return "folder";
    case PolicySource::bundle:
      return "bundle";
    case PolicySource::database:
      return "database";
    case PolicySource::remote:
      return "remote";
    case PolicySource::automatic:
      break;
  }
  return "auto";
}

std::vector<const runtime::SettingBase*> policy_settings() {
  return {&kSource,        &kPolicy, &kSyntax,  &kKeys, &kCheck,  &kCompileTime, &kUrl,
          &kOperationsUrl, &kToken,  &kTimeout, &kLog,  &kSample, &kMaxBytes};
}

PolicySettings PolicySettings::from(const runtime::Config& config) {
  return {.source = config.get(kSource),
          .path = config.get(kPolicy),
          .syntax = config.get(kSyntax),
          .bundle_keys = config.get(kKeys),
          .bundle_check = config.get(kCheck),
          .compile_time = config.get(kCompileTime),
          .url = config.get(kUrl),
          .operations_url = config.get(kOperationsUrl),
          .token = config.get(kToken),
          .timeout = config.get(kTimeout),
          .log = config.get(kLog),
          .log_sample = static_cast<std::uint64_t>(config.get(kSample)),
          .log_max_bytes = config.get(kMaxBytes).bytes};
}

std::filesystem::path decision_log_file(const std::filesystem::path& data_directory) {
  return data_directory / "decisions.jsonl";
}

}  // namespace unhidra::automation
