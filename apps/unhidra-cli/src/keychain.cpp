#include <cstdlib>

#include "unhidra/base/text.h"

#include "errc.h"
#include "vault.h"

#ifdef UNHIDRA_WITH_LIBSECRET
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wconversion"
#include <libsecret/secret.h>
#pragma GCC diagnostic pop
#endif

namespace unhidra::cli {

#ifdef UNHIDRA_WITH_LIBSECRET
namespace {

const SecretSchema kSchema = {
    "org.unhidra.Profile",
    SECRET_SCHEMA_NONE,
    {{"profile", SECRET_SCHEMA_ATTRIBUTE_STRING}, {nullptr, SECRET_SCHEMA_ATTRIBUTE_STRING}},
    0,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr};

Error to_error(GError* error) {
  std::string message = "the keychain does not answer";
  if (error != nullptr) {
    message = "the keychain: " + std::string(error->message);
    g_error_free(error);
  }
  return {Errc::no_passphrase, std::move(message)};
}

class Libsecret final : public Keychain {
 public:
  Status put(const std::string& name, const StoreKey& key) override {
    auto text = to_hex(key.expose());
    GError* error = nullptr;
    const bool stored = secret_password_store_sync(&kSchema, SECRET_COLLECTION_DEFAULT,
                                                   "Unhidra profile key", text.c_str(), nullptr,
                                                   &error, "profile", name.c_str(), nullptr) != 0;
    wipe({reinterpret_cast<Byte*>(text.data()), text.size()});
    if (!stored) {
      return fail(to_error(error));
    }
    return {};
  }

  Result<StoreKey> get(const std::string& name) override {
    GError* error = nullptr;
    char* found =
        secret_password_lookup_sync(&kSchema, nullptr, &error, "profile", name.c_str(), nullptr);
    if (found == nullptr) {
      return fail(error != nullptr ? to_error(error)
                                   : Error(Errc::no_passphrase,
                                           "the keychain does not hold this profile's key"));
    }
    auto bytes = from_hex(found);
    secret_password_free(found);
    if (!bytes || bytes->size() != 32) {
      return fail(Errc::bad_profile, "the keychain's entry of this profile is damaged");
    }
    StoreKey key;
    std::copy(bytes->begin(), bytes->end(), key.expose_mutable().begin());
    wipe(*bytes);
    return key;
  }
};

}  // namespace

Keychain* desktop_keychain() {
  static Libsecret keychain;
  const auto* bus = std::getenv("DBUS_SESSION_BUS_ADDRESS");
  return bus != nullptr && *bus != '\0' ? &keychain : nullptr;
}
#else
Keychain* desktop_keychain() {
  return nullptr;
}
#endif

}  // namespace unhidra::cli
