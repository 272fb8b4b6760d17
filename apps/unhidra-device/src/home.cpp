#include "home.h"

#include <chrono>
#include <cstring>

#include <boost/json.hpp>
#include <sys/stat.h>

#include "unhidra/base/text.h"
#include "unhidra/crypto/random.h"
#include "unhidra/runtime/files.h"
#include "unhidra/runtime/system_clock.h"

namespace unhidra::device {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxFile = 64 * 1024;
// Where things lie in flash, in sectors of 4 KiB.
constexpr std::uint32_t kGroup = 0;
constexpr std::uint32_t kGroupHalf = 2;
constexpr std::uint32_t kPolicy = 4;
constexpr std::uint32_t kEnrolment = 6;
constexpr std::uint32_t kCounters = 8;
constexpr std::uint32_t kRing = 10;
constexpr std::uint32_t kRingSectors = 64;
constexpr std::uint32_t kChannel = kRing + kRingSectors;
constexpr std::uint32_t kChannelHalf = 2;
constexpr std::uint32_t kSectors = kChannel + 2 * kChannelHalf;

std::uint64_t steady_millis() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

std::unexpected<Error> bad(const std::filesystem::path& path, std::string_view what) {
  return fail(Errc::bad_home, path.string() + ": " + std::string(what));
}

std::string text_of(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

Result<HomeSettings> read_settings(const std::filesystem::path& path) {
  const auto text = runtime::read_file(path, kMaxFile);
  if (!text) {
    return bad(path, "there is no device here: enrol it first");
  }
  boost::system::error_code error;
  const auto value = json::parse(as_text(*text), error);
  if (error || !value.is_object()) {
    return bad(path, "this is no JSON object");
  }
  const auto& fields = value.as_object();
  const auto device = DeviceId::parse(text_of(fields, "device"));
  if (!device) {
    return bad(path, "\"device\" is no id");
  }
  HomeSettings out{
      .device = *device, .enrolment = {}, .broker = {}, .ca_file = {}, .pinned_certificate = {}};
  UNHIDRA_TRY(out.enrolment, parse_address(text_of(fields, "enrolment"), "9300"));
  UNHIDRA_TRY(out.broker, parse_address(text_of(fields, "broker"), "8883"));
  out.ca_file = text_of(fields, "ca_file");
  if (const auto pin = from_hex(text_of(fields, "pin")); pin && pin->size() == 32) {
    out.pinned_certificate.emplace();
    std::ranges::copy(*pin, out.pinned_certificate->begin());
  }
  if (out.ca_file.empty() == !out.pinned_certificate) {
    return bad(path, "one of \"ca_file\" and \"pin\" is needed");
  }
  return out;
}

Status write_settings(const std::filesystem::path& path, const HomeSettings& settings) {
  json::object out;
  out["device"] = settings.device.to_string();
  out["enrolment"] = settings.enrolment.to_string();
  out["broker"] = settings.broker.to_string();
  if (settings.pinned_certificate) {
    out["pin"] = to_hex(*settings.pinned_certificate);
  } else {
    out["ca_file"] = settings.ca_file;
  }
  return runtime::write_file_atomically(path, as_bytes(json::serialize(out) + "\n"));
}

bool hears(void* hears_all, const std::uint8_t* device, std::uint8_t role) {
  return *static_cast<const bool*>(hears_all) || uh_listens_to_controllers(nullptr, device, role);
}

Status make_keys(const std::filesystem::path& path) {
  crypto::SystemRandom random;
  Bytes seeds(64);
  random.fill(seeds);
  auto written = runtime::write_file_atomically(path, seeds);
  uh_wipe(seeds.data(), seeds.size());
  return written;
}

}  // namespace

Result<Address> parse_address(std::string_view text, std::string_view default_port) {
  Address out;
  if (text.starts_with('[') && text.find(']') != std::string_view::npos) {
    const auto end = text.find(']');
    out.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
  } else {
    out.host = text.substr(0, text.find(':'));
    text.remove_prefix(out.host.size());
  }
  out.port = text.starts_with(':') ? text.substr(1) : default_port;
  const bool is_port = !out.port.empty() && out.port.size() <= 5 &&
                       out.port.find_first_not_of("0123456789") == std::string::npos;
  if (out.host.empty() || !is_port || (!text.empty() && !text.starts_with(':'))) {
    return fail(Errc::usage, "\"" + out.host + "\": an address is HOST or HOST:PORT");
  }
  return out;
}

Status Home::create(const std::filesystem::path& folder, const HomeSettings& settings) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || ::chmod(folder.c_str(), 0700) != 0) {
    return bad(folder, "the folder cannot be made");
  }
  if (const auto there = read_settings(folder / "device.json");
      there && there->device != settings.device) {
    return bad(folder, "this folder is another device's");
  }
  if (!std::filesystem::exists(folder / "e2ee.key")) {
    UNHIDRA_TRY_VOID(make_keys(folder / "e2ee.key"));
  }
  return write_settings(folder / "device.json", settings);
}

Home::Home(std::filesystem::path folder, HomeSettings settings)
    : folder_(std::move(folder)),
      folder_text_(folder_.string()),
      device_text_(settings.device.to_string()),
      settings_(std::move(settings)),
      started_(steady_millis()) {}

Home::~Home() {
  uh_group_wipe(&group);
  uh_flash_file_close(&flash_);
}

Result<std::unique_ptr<Home>> Home::open(const std::filesystem::path& folder) {
  UNHIDRA_TRY(auto settings, read_settings(folder / "device.json"));
  std::unique_ptr<Home> out(new Home(folder, std::move(settings)));
  const auto seeds = runtime::read_file(folder / "e2ee.key", kMaxFile);
  if (!seeds || seeds->size() != 64) {
    return bad(folder / "e2ee.key", "the keys cannot be read");
  }
  std::copy_n(seeds->begin(), 32, out->signing_seed_.expose_mutable().begin());
  std::copy_n(seeds->begin() + 32, 32, out->identity_seed_.expose_mutable().begin());
  UNHIDRA_TRY_VOID(out->open_flash());
  if (const auto text = runtime::read_file(folder / "owner.json", kMaxFile)) {
    boost::system::error_code error;
    const auto value = json::parse(as_text(*text), error);
    const auto owner = error || !value.is_object() ? Result<Bytes>(Bytes())
                                                   : from_hex(text_of(value.as_object(), "owner"));
    if (!owner || owner->size() != 32) {
      return bad(folder / "owner.json", "the owner's key cannot be read");
    }
    out->owner_.emplace();
    std::ranges::copy(*owner, out->owner_->begin());
    out->hears_all_ = text_of(value.as_object(), "hears") == "all";
  }
  return out;
}

Status Home::commission(const ByteArray<32>& owner, bool hears_all) {
  if (uh_channel_restart(&channel) != UH_OK) {
    return bad(folder_ / "flash", "the sessions of before cannot be ended");
  }
  owner_ = owner;
  hears_all_ = hears_all;
  const json::object out = {{"owner", to_hex(owner)}, {"hears", hears_all ? "all" : "controllers"}};
  return runtime::write_file_atomically(folder_ / "owner.json",
                                        as_bytes(json::serialize(out) + "\n"));
}

uh_member_self Home::self() const {
  return {.device = settings_.device.uuid().data(),
          .identity_key = identity_seed_.expose().data(),
          .owner = owner_->data(),
          .listens = hears,
          .context = const_cast<bool*>(&hears_all_)};
}

uh_status Home::adopt(Bytes delivery) {
  if (!owner_) {
    return UH_STATE;
  }
  const auto own = self();
  return uh_agent_adopt(&agent, &own, delivery.data(), delivery.size());
}

uh_status Home::hear(std::uint8_t* payload, std::size_t size, const std::string& answers,
                     uh_heard& heard) {
  if (!owner_) {
    return UH_STATE;
  }
  const auto own = self();
  return uh_agent_hear(&agent, &own, payload, size, answers.c_str(), uptime(), &heard);
}

Status Home::open_flash() {
  const auto path = folder_ / "flash";
  const int failed = uh_flash_file_open(&flash_, path.c_str(), kSectors);
  if (failed != 0) {
    return bad(path,
               failed == EWOULDBLOCK ? "another process uses this device" : std::strerror(failed));
  }
  const uh_flash* flash = &flash_.flash;
  keys_ = {.folder = folder_text_.c_str(), .subject = device_text_.c_str()};
  port_ = uh_enrol_openssl(&keys_);
  if (uh_journal_open(&group_journal, flash, kGroup, kGroupHalf) != UH_OK ||
      uh_journal_open(&policy_journal, flash, kPolicy, 1) != UH_OK ||
      uh_journal_open(&enrol_journal, flash, kEnrolment, 1) != UH_OK ||
      uh_counters_open(&counters, flash, kCounters, 1) != UH_OK ||
      uh_ring_open(&ring, flash, kRing, kRingSectors) != UH_OK ||
      uh_enrol_open(&enrol, &enrol_journal, &port_, &clock, enrol_work_) != UH_OK) {
    return bad(path, "what is stored here is damaged");
  }
  const uh_channel_parts ends = {.device = settings_.device.uuid().data(),
                                 .identity_key = identity_seed_.expose().data(),
                                 .signing_seed = signing_seed(),
                                 .work = work_,
                                 .work_size = sizeof work_};
  if (uh_channel_open(&channel, &ends, flash, kChannel, kChannelHalf) != UH_OK) {
    return bad(path, "the sessions that are stored here are damaged");
  }
  const uh_agent_parts parts = {.group = &group,
                                .group_journal = &group_journal,
                                .policy = &policy,
                                .policy_journal = &policy_journal,
                                .counters = &counters,
                                .ring = &ring,
                                .clock = &clock,
                                .channel = &channel,
                                .signing_seed = signing_seed(),
                                .work = work_,
                                .work_size = sizeof work_};
  uh_agent_init(&agent, &parts);
  const auto loaded = uh_agent_load(&agent);
  if (loaded != UH_OK && loaded != UH_STATE) {
    return bad(path, "the group's keys are damaged or older than what was sent with them");
  }
  return {};
}

std::uint64_t Home::uptime() const {
  return steady_millis() - started_ + 1;
}

void Home::trust_system_clock() {
  const auto now = runtime::SystemClock().now().time_since_epoch();
  uh_clock_set(&clock,
               static_cast<std::uint64_t>(
                   std::chrono::duration_cast<std::chrono::milliseconds>(now).count()),
               uptime());
}

std::string Home::key_file(std::uint8_t slot) const {
  char path[1024];
  return uh_openssl_key_path(&keys_, slot, path, sizeof path) ? path : "";
}

Result<net::TlsClientSettings> Home::tls(bool with_certificate) const {
  net::TlsClientSettings out{.ca_file = settings_.ca_file,
                             .ca_pem = {},
                             .pinned_certificate = settings_.pinned_certificate,
                             .client_certificate_pem = {},
                             .client_key_pem = {}};
  if (with_certificate) {
    char pem[4096];
    const auto size =
        uh_openssl_pem(enrol.certificate.der, enrol.certificate.size, pem, sizeof pem);
    auto key = runtime::read_secret_file(key_file(enrol.slot), kMaxFile);
    if (size == 0 || !key) {
      return bad(folder_, "the certificate or its key cannot be read");
    }
    out.client_certificate_pem.assign(pem, size);
    out.client_key_pem = std::make_shared<const SecretBytes>(std::move(*key));
  }
  return out;
}

}  // namespace unhidra::device
