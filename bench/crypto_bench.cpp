// The primitives, per provider. What a chat message costs is `MessageStep`: a step of the symmetric
// chain, the message key, and sealing 100 bytes.
#include <benchmark/benchmark.h>

#include "unhidra/crypto/keys.h"
#include "unhidra/crypto/password.h"
#include "unhidra/crypto/random.h"

namespace unhidra::crypto {
namespace {

const Provider& provider_of(const benchmark::State& state) {
  const Provider* const all[] = {&openssl_provider(), &sodium_provider(), &native_provider()};
  return *all[state.range(0)];
}

void name_after(benchmark::State& state, bool supported = true) {
  state.SetLabel(std::string(provider_of(state).name()));
  if (!supported) {
    state.SkipWithError("not offered by this provider");
  }
}

void x25519(benchmark::State& state) {
  name_after(state);
  const auto& provider = provider_of(state);
  SystemRandom random;
  const auto ours = X25519KeyPair::generate(provider, random);
  const auto theirs = X25519KeyPair::generate(provider, random);
  for (auto _ : state) {
    benchmark::DoNotOptimize(ours.agree(provider, theirs.public_key()));
  }
}

void x25519_key_pair(benchmark::State& state) {
  name_after(state);
  SystemRandom random;
  for (auto _ : state) {
    benchmark::DoNotOptimize(X25519KeyPair::generate(provider_of(state), random));
  }
}

void ed25519_sign(benchmark::State& state) {
  name_after(state);
  SystemRandom random;
  const auto key = Ed25519KeyPair::generate(provider_of(state), random);
  const Bytes message(256, 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(key.sign(provider_of(state), message));
  }
}

void ed25519_verify(benchmark::State& state) {
  name_after(state);
  SystemRandom random;
  const auto key = Ed25519KeyPair::generate(provider_of(state), random);
  const Bytes message(256, 1);
  const auto signature = key.sign(provider_of(state), message);
  for (auto _ : state) {
    benchmark::DoNotOptimize(verify(provider_of(state), key.public_key(), message, signature));
  }
}

void seal(benchmark::State& state, Aead aead) {
  const auto& provider = provider_of(state);
  name_after(state, provider.supports(aead));
  const Bytes key(key_size(aead), 1);
  const Bytes nonce(kAeadNonceSize, 2);
  const Bytes text(static_cast<std::size_t>(state.range(1)), 3);
  Bytes out(text.size() + kAeadTagSize);
  for (auto _ : state) {
    benchmark::DoNotOptimize(provider.aead_seal(aead, key, nonce, key, text, out));
  }
  state.SetBytesProcessed(state.iterations() * state.range(1));
}
void chacha20_poly1305(benchmark::State& state) {
  seal(state, Aead::chacha20_poly1305);
}
void aes_256_gcm(benchmark::State& state) {
  seal(state, Aead::aes_256_gcm);
}

void sha256(benchmark::State& state) {
  name_after(state);
  const Bytes text(static_cast<std::size_t>(state.range(1)), 3);
  for (auto _ : state) {
    benchmark::DoNotOptimize(provider_of(state).sha256(text));
  }
  state.SetBytesProcessed(state.iterations() * state.range(1));
}

void hmac_sha256(benchmark::State& state) {
  name_after(state);
  const Bytes key(32, 1);
  const Byte input = 1;
  for (auto _ : state) {
    benchmark::DoNotOptimize(provider_of(state).hmac_sha256(key, ByteView(&input, 1)));
  }
}

void hkdf_sha256(benchmark::State& state) {
  name_after(state);
  const Bytes key(32, 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(provider_of(state).hkdf_sha256<64>(key, key, as_bytes("info")));
  }
}

// Double Ratchet: chain key and message key by HMAC, then HKDF to key, and nonce, then the AEAD.
void message_step(benchmark::State& state) {
  name_after(state);
  const auto& provider = provider_of(state);
  auto chain = SecretArray<32>();
  const Byte one = 1;
  const Byte two = 2;
  const Bytes text(100, 3);
  const Bytes ad(150, 4);
  Bytes out(text.size() + kAeadTagSize);
  for (auto _ : state) {
    const auto message_key = provider.hmac_sha256(chain.expose(), ByteView(&one, 1));
    chain = provider.hmac_sha256(chain.expose(), ByteView(&two, 1));
    const auto keys = provider.hkdf_sha256<44>({}, message_key.expose(), as_bytes("message keys"));
    benchmark::DoNotOptimize(provider.aead_seal(Aead::chacha20_poly1305, keys.expose().first(32),
                                                keys.expose().last(12), ad, text, out));
  }
}

void ecdsa_p256_verify(benchmark::State& state) {
  const auto& provider = native_provider();
  const Bytes scalar(32, 1);
  Bytes point(point_size(Curve::p256));
  const bool ready = provider.ec_public(Curve::p256, scalar, point).has_value();
  const auto signature =
      provider.ecdsa_sign(Curve::p256, Hash::sha256, EcdsaFormat::fixed, scalar, point);
  if (!ready || !signature) {
    state.SkipWithError("no signature");
    return;
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(provider.ecdsa_verify(Curve::p256, Hash::sha256, EcdsaFormat::fixed,
                                                   point, point, *signature));
  }
}

void argon2id_default(benchmark::State& state) {
  SystemRandom random;
  for (auto _ : state) {
    benchmark::DoNotOptimize(hash_password(native_provider(), random, as_bytes("password")));
  }
}

constexpr std::int64_t kFirst = 0;
constexpr std::int64_t kLast = 2;
BENCHMARK(x25519)->DenseRange(kFirst, kLast);
BENCHMARK(x25519_key_pair)->DenseRange(kFirst, kLast);
BENCHMARK(ed25519_sign)->DenseRange(kFirst, kLast);
BENCHMARK(ed25519_verify)->DenseRange(kFirst, kLast);
BENCHMARK(chacha20_poly1305)->ArgsProduct({{0, 1, 2}, {100, 1024, 2048, 4096, 65536}});
BENCHMARK(aes_256_gcm)->ArgsProduct({{0, 1, 2}, {100, 65536}});
BENCHMARK(sha256)->ArgsProduct({{0, 1, 2}, {64, 4096}});
BENCHMARK(hmac_sha256)->DenseRange(kFirst, kLast);
BENCHMARK(hkdf_sha256)->DenseRange(kFirst, kLast);
BENCHMARK(message_step)->DenseRange(kFirst, kLast);
BENCHMARK(ecdsa_p256_verify);
BENCHMARK(argon2id_default)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace unhidra::crypto
