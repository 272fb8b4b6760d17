// What a pairwise message costs, beside the bare primitives it is made of. With libolm and
// libsignal-protocol-c installed, the same operations of theirs run in the same process.
#include "batches.h"
#include "session_pair.h"

namespace unhidra::e2ee {
namespace {

static_assert(kTextSize == kPairTextSize);

// Both sides of a new session: the bundle's signature, X3DH with a one-time prekey, the first
// message made and read.
void unhidra_x3dh_session(benchmark::State& state) {
  Pair pair;
  run_batches(
      state, 10,
      [&] {
        pair.alice = PeerSessions(pair.bob_device.keys());
        pair.bob = PeerSessions(pair.alice_device.keys());
      },
      [&](int) {
        pair.start();
        pair.at_bob(pair.to_bob());
      });
}
BENCHMARK(unhidra_x3dh_session)->Apply(dear);

void unhidra_encrypt(benchmark::State& state) {
  Pair pair;
  pair.greet();
  std::size_t size = 0;
  (void)pair.to_bob();
  run_batches(state, kBatch, [] {}, [&](int) { size = pair.to_bob().bytes.size(); });
  state.counters["growth"] = static_cast<double>(size - kTextSize);
}
BENCHMARK(unhidra_encrypt)->Apply(cheap);

void unhidra_decrypt(benchmark::State& state) {
  Pair pair;
  pair.greet();
  pair.at_bob(pair.to_bob());
  std::vector<Message> messages(kBatch);
  run_batches(
      state, kBatch,
      [&] {
        for (auto& message : messages) {
          message = pair.to_bob();
        }
      },
      [&](int i) { pair.at_bob(messages[static_cast<std::size_t>(i)]); });
}
BENCHMARK(unhidra_decrypt)->Apply(cheap);

// One message, made and read, each with a new ratchet key.
void unhidra_dh_step(benchmark::State& state) {
  Pair pair;
  pair.greet();
  bool from_alice = true;
  run_batches(
      state, kBatch, [] {},
      [&](int) {
        if (std::exchange(from_alice, !from_alice)) {
          pair.at_bob(pair.to_bob());
        } else {
          pair.at_alice(pair.to_alice());
        }
      });
}
BENCHMARK(unhidra_dh_step)->Apply(dear);

// A message whose key was kept, with so many kept keys.
void unhidra_out_of_order(benchmark::State& state) {
  Pair pair;
  pair.greet();
  const auto kept = static_cast<int>(state.range(0));
  const int batch = std::min(kept, kBatch);
  std::vector<Message> messages(static_cast<std::size_t>(kept));
  run_batches(
      state, batch,
      [&] {
        pair.at_alice(pair.to_alice());  // a new chain; what was kept before leaves with its chains
        for (auto& message : messages) {
          message = pair.to_bob();
        }
        pair.at_bob(pair.to_bob());
      },
      [&](int i) { pair.at_bob(messages[static_cast<std::size_t>(i * (kept / batch))]); });
}
BENCHMARK(unhidra_out_of_order)->Arg(10)->Arg(100)->Arg(1000)->Apply(cheap);

void unhidra_refuse_far_ahead(benchmark::State& state) {
  Pair pair;
  pair.greet();
  auto message = pair.to_bob();
  Bytes far(message.bytes.begin(), message.bytes.begin() + 33);
  append(far, ByteArray<6>{0x01, 0xff, 0xff, 0xff, 0xff, 0x0f});
  append(far, ByteView(message.bytes).subspan(35));
  run_batches(
      state, kBatch, [] {},
      [&](int) {
        const auto refused = pair.bob.decrypt(provider(), pair.bob_device.self(), pair.bob_device,
                                              message.context, far, kNow);
        if (refused || !(refused.error() == Errc::too_far_ahead)) {
          std::abort();
        }
      });
}
BENCHMARK(unhidra_refuse_far_ahead)->Apply(cheap);

// ---- the primitives alone ----

// 8 agreements of X3DH, 2 of the ratchet, 2 key pairs made, one signature checked: what no
// implementation of the first message can do without.
void floor_x3dh_session(benchmark::State& state) {
  crypto::SystemRandom random;
  const auto ours = crypto::X25519KeyPair::generate(provider(), random);
  const auto theirs = crypto::X25519KeyPair::generate(provider(), random);
  const auto signing = crypto::Ed25519KeyPair::generate(provider(), random);
  const Bytes content(93, Byte{1});
  const auto signature = signing.sign(provider(), content);
  run_batches(
      state, 10, [] {},
      [&](int) {
        for (int i = 0; i < 10; ++i) {
          benchmark::DoNotOptimize(ours.agree(provider(), theirs.public_key()));
        }
        for (int i = 0; i < 2; ++i) {
          benchmark::DoNotOptimize(crypto::X25519KeyPair::generate(provider(), random));
        }
        benchmark::DoNotOptimize(
            crypto::verify(provider(), signing.public_key(), content, signature));
      });
}
BENCHMARK(floor_x3dh_session)->Apply(dear);

// A chain step, a message key expanded, 100 bytes sealed beside as much associated data as ours.
void floor_encrypt(benchmark::State& state) {
  SecretArray<32> key;
  SecretArray<44> expanded;
  const Bytes associated(218, Byte{1});
  const Bytes text(kTextSize, Byte{1});
  Bytes out(kTextSize + 16);
  run_batches(
      state, kBatch, [] {},
      [&](int) {
        const auto message_key = provider().hmac_sha256(key.expose(), ByteArray<1>{1});
        key = provider().hmac_sha256(key.expose(), ByteArray<1>{2});
        Pair::check(provider().hkdf_expand(crypto::Hash::sha256, message_key.expose(),
                                           as_bytes("unhidra message key 1"),
                                           expanded.expose_mutable()));
        Pair::check(provider().aead_seal(crypto::Aead::chacha20_poly1305,
                                         expanded.expose().first<32>(),
                                         expanded.expose().last<12>(), associated, text, out));
        benchmark::DoNotOptimize(out.data());
      });
}
BENCHMARK(floor_encrypt)->Apply(cheap);

// One key pair made and one agreement on each side.
void floor_dh_step(benchmark::State& state) {
  crypto::SystemRandom random;
  const auto theirs = crypto::X25519KeyPair::generate(provider(), random);
  run_batches(
      state, kBatch, [] {},
      [&](int) {
        const auto ours = crypto::X25519KeyPair::generate(provider(), random);
        benchmark::DoNotOptimize(ours.agree(provider(), theirs.public_key()));
        benchmark::DoNotOptimize(theirs.agree(provider(), ours.public_key()));
      });
}
BENCHMARK(floor_dh_step)->Apply(dear);

}  // namespace
}  // namespace unhidra::e2ee
