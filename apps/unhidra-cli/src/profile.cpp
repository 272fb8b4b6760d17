#include "profile.h"

#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <boost/json.hpp>
#include <sys/file.h>

#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"
#include "unhidra/runtime/files.h"

#include "errc.h"
#include "json_fields.h"

namespace unhidra::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxSettings = 1 << 20;
constexpr std::size_t kMaxToken = 64 * 1024;
constexpr std::string_view kLogin = "login";

Result<int> take_lock(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return fail(Errc::bad_profile, "cannot write to the profile: " + path);
  }
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> owner{};
    const auto size = ::pread(fd, owner.data(), owner.size() - 1, 0);
    ::close(fd);
    const std::string pid(owner.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    return fail(Errc::locked, "another unhidra-cli" +
                                  (pid.empty() ? "" : " (process " + pid + ")") +
                                  " uses this profile; end it, or name another --profile");
  }
  const auto pid = std::to_string(::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    ::close(fd);
    return fail(Errc::bad_profile, "cannot write to the profile: " + path);
  }
  return fd;
}

}  // namespace

Profile::Profile(Profile&& other) noexcept
    : settings(std::move(other.settings)),
      directory_(std::move(other.directory_)),
      lock_(std::exchange(other.lock_, -1)) {}

Profile::~Profile() {
  if (lock_ >= 0) {
    ::close(lock_);
  }
}

Result<Profile> Profile::open(const std::string& directory) {
  if (auto made = runtime::make_private_directory(directory); !made) {
    return fail(Errc::bad_profile, "the profile folder cannot be used: " + made.error().message());
  }
  UNHIDRA_TRY(const int lock, take_lock(directory + "/lock"));
  Profile out(directory, lock);
  UNHIDRA_TRY_VOID(out.load_settings());
  return out;
}

Status Profile::load_settings() {
  const auto path = file("profile.json");
  if (::access(path.c_str(), F_OK) != 0) {
    return {};
  }
  UNHIDRA_TRY(const auto bytes, runtime::read_file(path, kMaxSettings));
  boost::system::error_code error;
  const auto parsed = json::parse(std::string_view(as_text(bytes)), error);
  if (error || !parsed.is_object()) {
    return fail(Errc::bad_profile, path + " is damaged");
  }
  const auto& object = parsed.get_object();
  settings = {text_of(object, "server"), text_of(object, "gateway"), text_of(object, "username"),
              text_of(object, "ca_pem"), text_of(object, "fingerprint")};
  return {};
}

Status Profile::save_settings() const {
  const json::object object{{"server", settings.server},
                            {"gateway", settings.gateway},
                            {"username", settings.username},
                            {"ca_pem", settings.ca_pem},
                            {"fingerprint", settings.fingerprint}};
  return runtime::write_file_atomically(file("profile.json"),
                                        as_bytes(json::serialize(object) + "\n"));
}

Result<net::TlsClientSettings> Profile::tls() const {
  net::TlsClientSettings out;
  out.ca_pem = settings.ca_pem;
  if (!settings.fingerprint.empty()) {
    UNHIDRA_TRY(const auto bytes, from_hex(settings.fingerprint));
    UNHIDRA_TRY(out.pinned_certificate, to_array<32>(bytes));
  }
  return out;
}

bool Profile::has_store() const {
  return vault_exists(file("vault"));
}

Result<std::unique_ptr<SealedStore>> Profile::open_store(const crypto::Provider& crypto,
                                                         RandomSource& random,
                                                         const VaultOptions& options) const {
  UNHIDRA_TRY(const auto key, has_store() ? open_vault(file("vault"), crypto, options)
                                          : create_vault(file("vault"), crypto, random, options));
  return SealedStore::open(file("store.db"), key, crypto, random);
}

Result<std::optional<LoginState>> load_login(SealedStore& store) {
  UNHIDRA_TRY(const auto stored, store.get_value(kLogin));
  if (!stored) {
    return std::optional<LoginState>();
  }
  ByteReader reader(stored->expose());
  LoginState out;
  const auto version = reader.u8();
  out.access_token = reader.text(kMaxToken);
  out.access_expires_at = from_unix_micros(static_cast<std::int64_t>(reader.u64()));
  out.refresh_token = reader.text(kMaxToken);
  out.retry_key = reader.text(kMaxToken);
  if (!reader.finish("login") || version != 1) {
    return fail(Errc::bad_profile, "the stored login cannot be read: log in again");
  }
  return std::optional(std::move(out));
}

Status save_login(SealedStore& store, const LoginState& login) {
  ByteWriter writer(login.access_token.size() + login.refresh_token.size() + 128);
  writer.u8(1).text(login.access_token);
  writer.u64(static_cast<std::uint64_t>(to_unix_micros(login.access_expires_at)));
  writer.text(login.refresh_token).text(login.retry_key);
  auto bytes = std::move(writer).take();
  const auto saved = store.put_value(kLogin, bytes);
  wipe(bytes);
  return saved;
}

GenerationFile::GenerationFile(const std::string& state_directory, DeviceId device) {
  if (state_directory.empty() || !runtime::make_private_directory(state_directory)) {
    return;
  }
  const auto path = state_directory + "/" + device.to_string() + ".generation";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  ByteArray<8> stored{};
  if (fd_ >= 0 && ::pread(fd_, stored.data(), stored.size(), 0) == 8) {
    ByteReader reader(stored);
    last_ = reader.u64();
  }
}

GenerationFile::~GenerationFile() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

// Not synced: after a power cut a lower number stands there, which only notices less.
void GenerationFile::remember(std::uint64_t generation) {
  if (fd_ < 0 || generation <= last_) {
    return;
  }
  last_ = generation;
  ByteWriter writer(8);
  writer.u64(generation);
  if (::pwrite(fd_, writer.view().data(), writer.view().size(), 0) < 0) {
    last_ = generation;  // it is a safety net only
  }
}

}  // namespace unhidra::cli
