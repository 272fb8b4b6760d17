#include "vault.h"

#include <filesystem>

#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"
#include "unhidra/runtime/files.h"

#include "errc.h"

namespace unhidra::cli {

namespace {

constexpr std::string_view kMagic = "unhidra vault 1\n";
constexpr std::size_t kMaxFile = 4096;
constexpr std::size_t kMaxName = 256;
constexpr std::uint32_t kMaxMemoryKib = 1 << 20;
constexpr std::uint32_t kMaxPasses = 64;
enum class Source : std::uint8_t { passphrase = 1, keychain = 2 };

struct Wrapped {
  crypto::Argon2Cost cost;
  ByteArray<16> salt{};
  ByteArray<12> nonce{};
  ByteArray<48> sealed{};  // the store key and its tag
};

// Everything that is not secret is authenticated with the wrapped key.
Bytes header_of(const Wrapped& wrapped) {
  ByteWriter writer;
  writer.raw(as_bytes(kMagic)).u8(static_cast<std::uint8_t>(Source::passphrase));
  writer.u32(wrapped.cost.memory_kib).u32(wrapped.cost.passes);
  writer.raw(wrapped.salt).raw(wrapped.nonce);
  return std::move(writer).take();
}

Result<SecretArray<32>> derive(const crypto::Provider& crypto, const Wrapped& wrapped,
                               ByteView passphrase) {
  SecretArray<32> key;
  UNHIDRA_TRY_VOID(crypto.argon2id(wrapped.cost, passphrase, wrapped.salt, key.expose_mutable()));
  return key;
}

Status write_with_passphrase(const std::string& path, const crypto::Provider& crypto,
                             RandomSource& random, const VaultOptions& options,
                             const StoreKey& key) {
  UNHIDRA_TRY(const auto passphrase, options.ask(true));
  Wrapped wrapped;
  wrapped.cost = options.cost;
  wrapped.salt = random.array<16>();
  wrapped.nonce = random.array<12>();
  UNHIDRA_TRY(const auto wrapping, derive(crypto, wrapped, passphrase.expose()));
  const auto header = header_of(wrapped);
  UNHIDRA_TRY_VOID(crypto.aead_seal(crypto::Aead::chacha20_poly1305, wrapping.expose(),
                                    wrapped.nonce, header, key.expose(), wrapped.sealed));
  ByteWriter writer;
  writer.raw(header).raw(wrapped.sealed);
  return runtime::write_file_atomically(path, writer.view());
}

Result<StoreKey> read_with_passphrase(ByteReader& reader, const crypto::Provider& crypto,
                                      const VaultOptions& options) {
  Wrapped wrapped;
  wrapped.cost.memory_kib = reader.u32();
  wrapped.cost.passes = reader.u32();
  wrapped.salt = reader.array<16>();
  wrapped.nonce = reader.array<12>();
  wrapped.sealed = reader.array<48>();
  if (!reader.finish("vault") || wrapped.cost.memory_kib > kMaxMemoryKib ||
      wrapped.cost.passes > kMaxPasses) {
    return fail(Errc::bad_profile, "the profile's vault file is damaged");
  }
  UNHIDRA_TRY(const auto passphrase, options.ask(false));
  UNHIDRA_TRY(const auto wrapping, derive(crypto, wrapped, passphrase.expose()));
  StoreKey key;
  const auto opened =
      crypto.aead_open(crypto::Aead::chacha20_poly1305, wrapping.expose(), wrapped.nonce,
                       header_of(wrapped), wrapped.sealed, key.expose_mutable());
  if (!opened) {
    return fail(Errc::wrong_passphrase,
                "this is not the passphrase of the profile. Without it the profile cannot be "
                "opened; if it is lost, remove the profile and log in as a new device");
  }
  return key;
}

}  // namespace

bool vault_exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

Result<StoreKey> create_vault(const std::string& path, const crypto::Provider& crypto,
                              RandomSource& random, const VaultOptions& options) {
  auto key = random.secret_array<32>();
  if (options.keychain != nullptr && !options.passphrase_given) {
    const auto name = to_hex(random.array<16>());
    if (options.keychain->put(name, key)) {
      ByteWriter writer;
      writer.raw(as_bytes(kMagic)).u8(static_cast<std::uint8_t>(Source::keychain)).text(name);
      UNHIDRA_TRY_VOID(runtime::write_file_atomically(path, writer.view()));
      return key;
    }
  }
  UNHIDRA_TRY_VOID(write_with_passphrase(path, crypto, random, options, key));
  return key;
}

Result<StoreKey> open_vault(const std::string& path, const crypto::Provider& crypto,
                            const VaultOptions& options) {
  UNHIDRA_TRY(const auto file, runtime::read_file(path, kMaxFile));
  ByteReader reader(file);
  const auto magic = as_text(reader.raw(kMagic.size()));
  const auto source = static_cast<Source>(reader.u8());
  if (reader.failed() || magic != kMagic) {
    return fail(Errc::bad_profile, "the profile's vault file is damaged");
  }
  if (source == Source::passphrase) {
    return read_with_passphrase(reader, crypto, options);
  }
  const std::string name(reader.text(kMaxName));
  if (source != Source::keychain || !reader.finish("vault")) {
    return fail(Errc::bad_profile, "the profile's vault file is damaged");
  }
  if (options.keychain == nullptr) {
    return fail(Errc::no_passphrase,
                "the profile's key lies in the desktop's keychain, which this session does not "
                "offer: run the command in the desktop session");
  }
  return options.keychain->get(name);
}

}  // namespace unhidra::cli
