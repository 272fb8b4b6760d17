// What the client core's primitives and messages cost, as machine code or as WebAssembly: the same
// program built by two presets, which bench/core_ratio.mjs runs side by side.
// Prints one line an operation: its name and nanoseconds, the best of many batches.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>

#include "session_pair.h"

namespace unhidra::e2ee {
namespace {

using Seconds = std::chrono::duration<double>;
constexpr Seconds kTimeForEach{0.4};

template <class Prepare, class Run>
void measure(const char* name, int batch, Prepare prepare, Run run) {
  using Clock = std::chrono::steady_clock;
  auto best = std::numeric_limits<double>::max();
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(kTimeForEach);
  do {
    prepare();
    const auto start = Clock::now();
    for (int i = 0; i < batch; ++i) {
      run(static_cast<std::size_t>(i));
    }
    best = std::min(best, Seconds(Clock::now() - start).count() / batch);
  } while (Clock::now() < end);
  std::printf("%s %.0f\n", name, best * 1e9);
}

void measure_primitives() {
  crypto::SystemRandom random;
  const auto ours = crypto::X25519KeyPair::generate(provider(), random);
  const auto theirs = crypto::X25519KeyPair::generate(provider(), random);
  SecretArray<32> shared;
  const auto nothing = [] {};
  measure("x25519", 50, nothing, [&](std::size_t) {
    Pair::check(provider().x25519(ours.private_key().expose(), theirs.public_key().bytes(),
                                  shared.expose_mutable()));
  });
  const auto key = random.array<32>();
  const auto nonce = random.array<12>();
  for (const std::size_t size : {100U, 1024U, 16384U, 65536U}) {
    const Bytes text(size, Byte{1});
    Bytes sealed(size + crypto::kAeadTagSize);
    Bytes opened(size);
    const auto name = "aead_seal_open_" + std::to_string(size);
    measure(name.c_str(), 20, nothing, [&](std::size_t) {
      constexpr auto kAead = crypto::Aead::chacha20_poly1305;
      Pair::check(provider().aead_seal(kAead, key, nonce, {}, text, sealed));
      Pair::check(provider().aead_open(kAead, key, nonce, {}, sealed, opened));
    });
  }
  const auto signing = crypto::Ed25519KeyPair::generate(provider(), random);
  const Bytes document(256, Byte{1});
  const auto signature = signing.sign(provider(), document);
  measure("ed25519_verify", 20, nothing, [&](std::size_t) {
    Pair::check(crypto::verify(provider(), signing.public_key(), document, signature));
  });
}

void measure_messages() {
  Pair pair;
  pair.greet();
  constexpr int kBatch = 100;
  std::vector<Message> messages(kBatch);
  measure("ratchet_encrypt", kBatch, [] {}, [&](std::size_t i) { messages[i] = pair.to_bob(); });
  pair = Pair();
  pair.greet();
  measure(
      "ratchet_decrypt", kBatch,
      [&] { std::ranges::generate(messages, [&] { return pair.to_bob(); }); },
      [&](std::size_t i) { pair.at_bob(messages[i]); });
  bool from_alice = true;
  measure(
      "ratchet_new_key_both_sides", 10, [] {},
      [&](std::size_t) {
        if (std::exchange(from_alice, !from_alice)) {
          pair.at_bob(pair.to_bob());
        } else {
          pair.at_alice(pair.to_alice());
        }
      });
  measure(
      "x3dh_session_both_sides", 5, [] {},
      [&](std::size_t) {
        pair.alice = PeerSessions(pair.bob_device.keys());
        pair.bob = PeerSessions(pair.alice_device.keys());
        pair.start();
        pair.at_bob(pair.to_bob());
      });
}

}  // namespace
}  // namespace unhidra::e2ee

int main() {
  unhidra::e2ee::measure_primitives();
  unhidra::e2ee::measure_messages();
}
