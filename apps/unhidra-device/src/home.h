#pragma once
// A device's folder: where its server is, its keys, and its flash with everything that must outlive
// a restart. One process at a time.

#include <filesystem>
#include <optional>

#include "unhidra/base/bytes.h"
#include "unhidra/base/id.h"
#include "unhidra/base/secret.h"
#include "unhidra/net/tls.h"

#include "core.h"
#include "errc.h"

namespace unhidra::device {

struct Address {
  std::string host;
  std::string port;
  std::string to_string() const { return host + ":" + port; }
};
// "host:port"; an IPv6 address stands in brackets. Errc::usage.
Result<Address> parse_address(std::string_view text, std::string_view default_port);

struct HomeSettings {
  DeviceId device;
  Address enrolment;  // EST, and the device's twin
  Address broker;     // MQTT over TLS
  // One of the two.
  std::string ca_file;
  std::optional<ByteArray<32>> pinned_certificate;
};

class Home {
 public:
  // Makes the folder (0700), the keys of end-to-end encryption, and writes the settings.
  // Errc::bad_home also when it is another device's.
  static Status create(const std::filesystem::path& folder, const HomeSettings& settings);
  // Errc::bad_home.
  static Result<std::unique_ptr<Home>> open(const std::filesystem::path& folder);
  ~Home();
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  const HomeSettings& settings() const { return settings_; }
  std::string device_id() const { return settings_.device.to_string(); }
  std::string key_file(std::uint8_t slot) const;
  // How the server is trusted; with this device's certificate when it has one and it is wanted.
  Result<net::TlsClientSettings> tls(bool with_certificate) const;
  // Milliseconds since this process started.
  std::uint64_t uptime() const;
  std::uint64_t now() const { return uh_clock_now(&clock, uptime()); }
  // Believes the machine's clock. Who commands must have one; who obeys may go without.
  void trust_system_clock();
  bool has_group() const { return group.current.number != 0; }
  // Whose group this device may join, and whether it hears all members or controllers and hubs
  // alone; told when it is commissioned, and kept. Its pairwise channel begins anew.
  // Errc::bad_home.
  Status commission(const ByteArray<32>& owner, bool hears_all);
  bool is_commissioned() const { return owner_.has_value(); }
  // Takes over an epoch's delivery that was sealed for this device, however it came. UH_STATE
  // before commission(), UH_DENIED once epochs come by the pairwise channel.
  uh_status adopt(Bytes delivery);
  // What came over the pairwise channel (uh_agent_hear); `heard` points into the payload. UH_STATE
  // before commission().
  uh_status hear(std::uint8_t* payload, std::size_t size, const std::string& answers,
                 uh_heard& heard);
  const std::uint8_t* signing_seed() const { return signing_seed_.expose().data(); }
  ByteView identity_seed() const { return identity_seed_.expose(); }

  uh_journal group_journal{};
  uh_journal policy_journal{};
  uh_journal enrol_journal{};
  uh_counters counters{};
  uh_ring ring{};
  uh_clock clock{};
  uh_group group{};
  uh_policy policy{};
  uh_channel channel{};
  uh_agent agent{};
  uh_enrol enrol{};

 private:
  Home(std::filesystem::path folder, HomeSettings settings);
  Status open_flash();
  uh_member_self self() const;

  std::filesystem::path folder_;
  std::string folder_text_;
  std::string device_text_;
  HomeSettings settings_;
  SecretArray<32> signing_seed_;
  SecretArray<32> identity_seed_;
  bool hears_all_ = false;
  std::optional<ByteArray<32>> owner_;
  uh_flash_file flash_{.descriptor = -1, .flash = {}};
  uh_openssl_keys keys_{};
  uh_enrol_port port_{};
  std::uint8_t enrol_work_[UH_ENROL_WORK];
  std::uint8_t work_[UH_GROUP_STORED_SIZE];
  std::uint64_t started_;
};

}  // namespace unhidra::device
