#include "sha2.h"

// OpenSSL 3 marks the direct transforms as deprecated in favour of EVP, which allocates a context
// and looks up a provider for each use: several times the cost of hashing one short message.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace unhidra::crypto::sha2 {
namespace {

struct Sha256 {
  using State = SHA256_CTX;
  static constexpr std::size_t kBlock = 64;
  static constexpr std::size_t kDigest = 32;
  static constexpr auto kInit = &SHA256_Init;
  static constexpr auto kUpdate = &SHA256_Update;
  static constexpr auto kFinal = &SHA256_Final;
};
struct Sha384 {
  using State = SHA512_CTX;
  static constexpr std::size_t kBlock = 128;
  static constexpr std::size_t kDigest = 48;
  static constexpr auto kInit = &SHA384_Init;
  static constexpr auto kUpdate = &SHA384_Update;
  static constexpr auto kFinal = &SHA384_Final;
};
struct Sha512 {
  using State = SHA512_CTX;
  static constexpr std::size_t kBlock = 128;
  static constexpr std::size_t kDigest = 64;
  static constexpr auto kInit = &SHA512_Init;
  static constexpr auto kUpdate = &SHA512_Update;
  static constexpr auto kFinal = &SHA512_Final;
};

template <class H>
void update(typename H::State& state, ByteView part) {
  if (!part.empty()) {
    H::kUpdate(&state, part.data(), part.size());
  }
}

// RFC 2104. The two keyed states are made once and copied per message.
template <class H>
class Hmac {
 public:
  explicit Hmac(ByteView key) {
    std::array<Byte, H::kBlock> pad{};
    if (key.size() > H::kBlock) {
      H::kInit(&inner_);
      update<H>(inner_, key);
      H::kFinal(pad.data(), &inner_);
    } else {
      std::copy(key.begin(), key.end(), pad.begin());
    }
    absorb_pad(inner_, pad, 0x36);
    absorb_pad(outer_, pad, 0x36 ^ 0x5c);
    wipe(pad);
  }
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;
  ~Hmac() {
    OPENSSL_cleanse(&inner_, sizeof(inner_));
    OPENSSL_cleanse(&outer_, sizeof(outer_));
    OPENSSL_cleanse(&work_, sizeof(work_));
  }

  // `out` may be one of the parts.
  void mac(Parts parts, MutableByteView out) {
    work_ = inner_;
    for (const ByteView part : parts) {
      update<H>(work_, part);
    }
    std::array<Byte, H::kDigest> digest;
    H::kFinal(digest.data(), &work_);
    work_ = outer_;
    update<H>(work_, digest);
    H::kFinal(out.data(), &work_);
    wipe(digest);
  }

 private:
  static void absorb_pad(typename H::State& state, std::array<Byte, H::kBlock>& pad, Byte mask) {
    for (Byte& byte : pad) {
      byte = static_cast<Byte>(byte ^ mask);
    }
    H::kInit(&state);
    update<H>(state, pad);
  }

  typename H::State inner_;
  typename H::State outer_;
  typename H::State work_;
};

template <class F>
void with(Hash hash, F&& use) {
  switch (hash) {
    case Hash::sha256:
      return use(Sha256{});
    case Hash::sha384:
      return use(Sha384{});
    case Hash::sha512:
      return use(Sha512{});
  }
}

}  // namespace

void hash(Hash hash, Parts parts, MutableByteView out) {
  with(hash, [&]<class H>(H) {
    typename H::State state;
    H::kInit(&state);
    for (const ByteView part : parts) {
      update<H>(state, part);
    }
    H::kFinal(out.data(), &state);
  });
}

void hmac(Hash hash, ByteView key, Parts parts, MutableByteView out) {
  with(hash, [&]<class H>(H) { Hmac<H>(key).mac(parts, out); });
}

void hkdf_expand(Hash hash, ByteView key, ByteView info, MutableByteView out) {
  with(hash, [&]<class H>(H) {
    Hmac<H> keyed(key);
    SecretArray<H::kDigest> block;
    const MutableByteView previous = block.expose_mutable();
    for (std::size_t done = 0, counter = 1; done < out.size(); ++counter) {
      const Byte number = static_cast<Byte>(counter);
      const std::array<ByteView, 3> parts{done == 0 ? ByteView() : ByteView(previous), info,
                                          ByteView(&number, 1)};
      keyed.mac(parts, previous);
      const std::size_t take = std::min(H::kDigest, out.size() - done);
      std::copy_n(previous.begin(), take, out.begin() + static_cast<std::ptrdiff_t>(done));
      done += take;
    }
  });
}

}  // namespace unhidra::crypto::sha2
