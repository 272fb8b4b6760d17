#include "openssl_support.h"

#include <climits>

#include <openssl/pem.h>

namespace unhidra::pki {
namespace {

// Without a callback OpenSSL would ask for a passphrase on the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

OwnedBio memory_reader(ByteView bytes) {
  if (bytes.size() > INT_MAX) {
    return nullptr;
  }
  // An empty view may be null, which OpenSSL refuses.
  return OwnedBio(BIO_new_mem_buf(bytes.empty() ? reinterpret_cast<const Byte*>("") : bytes.data(),
                                  static_cast<int>(bytes.size())));
}

std::string content(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

OwnedPkey read_private_key(ByteView pem) {
  const auto bio = memory_reader(pem);
  return OwnedPkey(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr)
                       : nullptr);
}

SecretBytes write_private_key(EVP_PKEY* key) {
  // This kind of memory is wiped when it is freed.
  const OwnedBio bio(BIO_new(BIO_s_secmem()));
  if (!bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return {};
  }
  Byte* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), reinterpret_cast<char**>(&data));
  return size > 0 ? SecretBytes::copy_of({data, static_cast<std::size_t>(size)}) : SecretBytes();
}

}  // namespace unhidra::pki
