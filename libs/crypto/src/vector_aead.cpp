#include "vector_aead.h"

#include <algorithm>

#include "unhidra/base/secret.h"

#include "vector_chacha20.h"
#include "vector_poly1305.h"

namespace unhidra::crypto {
namespace {

constexpr std::size_t kBlock = InlinePoly1305::kBlock;
constexpr std::size_t kKeyBlock = 64;          // of the key stream, for Poly1305
constexpr std::size_t kFirst = 4 * kKeyBlock;  // made at once: that, and all a short text needs

enum class Way : std::uint8_t { seal, open };

// Ciphertext that is authenticated while the key stream is made: a block between two rounds, and so
// all 16 blocks of a step in its 20 rounds.
class Behind {
 public:
  Behind(const InlinePoly1305& mac, const Byte* at) : mac_(mac.running()), at_(at), end_(at) {}
  void extend(const Byte* end) { end_ = end; }
  [[gnu::always_inline]] void operator()() {
    if (at_ != end_) {
      mac_.absorb_block(at_);
      at_ += kBlock;
    }
  }
  const Byte* at() const { return at_; }
  const InlinePoly1305::Running& mac() const { return mac_; }

 private:
  InlinePoly1305::Running mac_;
  const Byte* at_;
  const Byte* end_;
};

// `in` and `out` have one length. What is authenticated is what is sealed: `out`, as far as it is
// written, or `in`, always before it can be written over.
template <Way kWay>
ByteArray<kAeadTagSize> crypt(FixedView<32> key, FixedView<12> nonce, ByteView associated_data,
                              ByteView in, MutableByteView out) {
  SecretArray<kFirst> first;
  vector_chacha20(key, nonce, 0, first.expose(), first.expose_mutable());
  InlinePoly1305 mac(first.expose().first<32>());
  mac.absorb_padded(associated_data);
  const auto size = std::min(in.size(), kFirst - kKeyBlock);
  const bool more = in.size() > size;
  const auto absorb = [&](ByteView sealed) { mac.absorb_padded(sealed); };
  if (kWay == Way::open) {
    absorb(in.first(size));
  }
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = static_cast<Byte>(in[i] ^ first.expose()[kKeyBlock + i]);
  }
  if (kWay == Way::seal) {
    absorb(out.first(size));
  }
  if (more) {
    const auto rest_in = in.subspan(size);
    const auto rest_out = out.subspan(size);
    const Byte* const sealed = kWay == Way::seal ? rest_out.data() : rest_in.data();
    chacha20::Stream stream(key, nonce, kFirst / kKeyBlock);
    Behind behind(mac, sealed);
    const auto done = stream.add_steps(
        rest_in, rest_out,
        [&](std::size_t at) {
          behind.extend(sealed + at + (kWay == Way::seal ? 0 : chacha20::kStep));
        },
        behind);
    const auto absorbed = static_cast<std::size_t>(behind.at() - sealed);
    mac.go_on_from(behind.mac());
    if (kWay == Way::open) {
      absorb(rest_in.subspan(absorbed));
    }
    stream.add_rest(rest_in.subspan(done), rest_out.subspan(done));
    if (kWay == Way::seal) {
      absorb(rest_out.subspan(absorbed));
    }
  }
  ByteArray<16> lengths{};
  for (std::size_t i = 0; i < 4; ++i) {  // 32-bit sizes, 64-bit fields
    lengths[i] = static_cast<Byte>(associated_data.size() >> (8 * i));
    lengths[8 + i] = static_cast<Byte>(in.size() >> (8 * i));
  }
  mac.absorb_padded(lengths);
  return mac.tag();
}

}  // namespace

void vector_aead_seal(FixedView<32> key, FixedView<12> nonce, ByteView associated_data,
                      ByteView text, MutableByteView out) {
  const auto tag = crypt<Way::seal>(key, nonce, associated_data, text, out.first(text.size()));
  std::ranges::copy(tag, out.last(kAeadTagSize).begin());
}

bool vector_aead_open(FixedView<32> key, FixedView<12> nonce, ByteView associated_data,
                      ByteView sealed, MutableByteView out) {
  ByteArray<kAeadTagSize> told;
  std::ranges::copy(sealed.last(kAeadTagSize), told.begin());
  const auto tag = crypt<Way::open>(key, nonce, associated_data, sealed.first(out.size()), out);
  if (!constant_time_equal(tag, told)) {
    wipe(out);
    return false;
  }
  return true;
}

}  // namespace unhidra::crypto
