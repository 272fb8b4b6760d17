#include "unhidra/files/settings.h"

#include "unhidra/objects/s3_store.h"
#include "unhidra/runtime/log.h"

namespace unhidra::files {
namespace {

using runtime::ByteSize;
using runtime::Duration;
using runtime::EnumSetting;
using runtime::Setting;

constexpr ByteSize gibibytes(std::uint64_t n) {
  return {n << 30};
}
// What the encryption can hold (docs/security.md, "Files").
constexpr ByteSize kLargestFile = gibibytes(64);

const EnumSetting<StoreKind> kStore{
    {.name = "files.store",
     .description = "Where encrypted files lie: in a directory, or in a bucket that speaks S3.",
     .default_value = StoreKind::directory,
     .values = {{"directory", StoreKind::directory}, {"s3", StoreKind::s3}}}};
const Setting<std::filesystem::path> kDirectory{
    {.name = "files.directory",
     .description = "Directory of encrypted files; empty: files in the data directory.",
     .default_value = ""}};
const Setting<std::string> kEndpoint{
    {.name = "files.s3_endpoint",
     .description = "The S3 server, as https://host[:port], without a path.",
     .default_value = ""}};
const Setting<std::string> kBucket{
    {.name = "files.s3_bucket", .description = "The bucket; it must exist.", .default_value = ""}};
const Setting<std::string> kPrefix{
    {.name = "files.s3_prefix",
     .description = "What the names of objects begin with: a-z, 0-9, -, _ and /.",
     .default_value = ""}};
const Setting<std::string> kRegion{{.name = "files.s3_region",
                                    .description = "The bucket's region.",
                                    .default_value = "us-east-1"}};
const Setting<std::string> kAccessKey{
    {.name = "files.s3_access_key", .description = "The access key's id.", .default_value = ""}};
const Setting<std::string> kSecretKey{{.name = "files.s3_secret_key",
                                       .description = "The secret access key.",
                                       .default_value = "",
                                       .secret = true}};
const Setting<ByteSize> kMaxSize{{.name = "files.max_size",
                                  .description = "Largest file, encrypted.",
                                  .default_value = gibibytes(2),
                                  .minimum = runtime::kibibytes(64),
                                  .maximum = kLargestFile}};
const Setting<ByteSize> kUserQuota{
    {.name = "files.user_quota",
     .description = "Bytes that the files of one user may have together; 0: no limit.",
     .default_value = gibibytes(20)}};
const Setting<ByteSize> kOrganizationQuota{
    {.name = "files.organization_quota",
     .description = "Bytes that the files of one organisation may have together; 0: no limit.",
     .default_value = {0}}};
const Setting<Duration> kUploadLifetime{
    {.name = "files.upload_lifetime",
     .description = "After how long without a new part an unfinished upload is forgotten.",
     .default_value = std::chrono::hours(24),
     .minimum = std::chrono::seconds(1),
     .maximum = std::chrono::days(30)}};
const Setting<Duration> kUnsentLifetime{
    {.name = "files.unsent_lifetime",
     .description = "After how long a file that no message carries is deleted.",
     .default_value = std::chrono::days(3),
     .minimum = std::chrono::seconds(1),
     .maximum = std::chrono::days(90)}};
const Setting<Duration> kLinkLifetime{{.name = "files.link_lifetime",
                                       .description = "How long a link to a file is good.",
                                       .default_value = std::chrono::minutes(5),
                                       .minimum = std::chrono::seconds(1),
                                       .maximum = std::chrono::hours(1)}};
const Setting<Duration> kCollectInterval{
    {.name = "files.collect_interval",
     .description = "How often deleted and abandoned files are looked for.",
     .default_value = std::chrono::minutes(1),
     .minimum = std::chrono::milliseconds(100),
     .maximum = std::chrono::hours(24)}};

constexpr std::chrono::seconds kFirstLook{10};

// A bucket that can never be used is told at the start; one that does not answer now may do so
// later, and the server is there for everything else meanwhile.
Result<std::unique_ptr<storage::ObjectStore>> open_bucket(const FilesSettings& settings,
                                                          const crypto::Provider& provider) {
  constexpr auto kNames =
      "files.s3_endpoint, s3_bucket, s3_prefix, s3_region, s3_access_key and s3_secret_key";
  objects::S3Settings bucket{.endpoint = settings.s3_endpoint,
                             .bucket = settings.s3_bucket,
                             .prefix = settings.s3_prefix,
                             .credentials = {.access_key = settings.s3_access_key,
                                             .secret_key = settings.s3_secret_key,
                                             .region = settings.s3_region,
                                             .service = "s3"}};
  auto store = objects::open_s3_store(provider, std::move(bucket));
  if (!store) {
    return fail(std::move(store).error().in(kNames));
  }
  if (auto usable = (*store)->check(kFirstLook); !usable) {
    if (usable.error() == storage::Errc::bad_settings) {
      return fail(std::move(usable).error().in(kNames));
    }
    log::error("files.store_unavailable",
               {{"error", usable.error()}, {"message", usable.error().message()}});
  }
  return store;
}

}  // namespace

std::vector<const runtime::SettingBase*> settings() {
  return {&kStore,          &kDirectory,    &kEndpoint,          &kBucket,
          &kPrefix,         &kRegion,       &kAccessKey,         &kSecretKey,
          &kMaxSize,        &kUserQuota,    &kOrganizationQuota, &kUploadLifetime,
          &kUnsentLifetime, &kLinkLifetime, &kCollectInterval};
}

FilesSettings FilesSettings::from(const runtime::Config& config) {
  return {.store = config.get(kStore),
          .directory = config.get(kDirectory),
          .s3_endpoint = config.get(kEndpoint),
          .s3_bucket = config.get(kBucket),
          .s3_prefix = config.get(kPrefix),
          .s3_region = config.get(kRegion),
          .s3_access_key = config.get(kAccessKey),
          .s3_secret_key = config.get(kSecretKey),
          .max_size = config.get(kMaxSize).bytes,
          .user_quota = config.get(kUserQuota).bytes,
          .organization_quota = config.get(kOrganizationQuota).bytes,
          .upload_lifetime = config.get(kUploadLifetime),
          .unsent_lifetime = config.get(kUnsentLifetime),
          .link_lifetime = config.get(kLinkLifetime),
          .collect_interval = config.get(kCollectInterval)};
}

Result<std::unique_ptr<storage::ObjectStore>> open_store(
    const FilesSettings& settings, const std::filesystem::path& data_directory,
    const crypto::Provider& provider) {
  if (settings.store == StoreKind::directory) {
    auto store = storage::open_directory_store(settings.directory.empty() ? data_directory / "files"
                                                                          : settings.directory);
    if (!store) {
      return fail(std::move(store).error().in("files.directory"));
    }
    return store;
  }
  return open_bucket(settings, provider);
}

}  // namespace unhidra::files
