#include "foundation.h"

#include "unhidra/runtime/files.h"

#include "errc.h"

namespace unhidra::server {

std::string database_url(const ServerSettings& settings, const DataDirectory& directory) {
  const auto& url = settings.database_url;
  if (url.empty()) {
    return "sqlite:" + directory.database().string();
  }
  const bool has_scheme = url.starts_with("sqlite:") || url.find("://") != std::string::npos;
  return has_scheme ? url : "sqlite:" + url;
}

Result<std::shared_ptr<const pki::KeySealer>> load_key_sealer(const DataDirectory& directory,
                                                              RandomSource& random) {
  constexpr auto kSize = pki::KeySealer::kMasterKeySize;
  const auto path = directory.master_key();
  if (!std::filesystem::exists(path)) {
    const auto fresh = random.secret_array<kSize>();
    UNHIDRA_TRY_VOID(runtime::write_file_atomically(path, fresh.expose(), 0600));
  }
  UNHIDRA_TRY(const auto key, runtime::read_secret_file(path, kSize + 1));
  if (key.size() != kSize) {
    return fail(Errc::bad_directory, path.string() + " is no master key (32 bytes)");
  }
  return std::make_shared<const pki::KeySealer>(
      SecretArray<kSize>::copy_of(key.expose().first<kSize>()));
}

}  // namespace unhidra::server
