#include <algorithm>
#include <array>
#include <sodium.h>

#include "unhidra/base/secret.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/crypto/random.h"

namespace unhidra::crypto {
namespace {

constexpr std::size_t kLargestFromBlock = 32;  // bytes

struct Block {
  std::array<Byte, 512> bytes{};
  std::size_t left = 0;
  ~Block() { wipe(bytes); }
};

}  // namespace

void SystemRandom::fill(MutableByteView out) {
  if (out.empty()) {
    return;
  }
  sodium_provider();  // initialises libsodium once, before its generator is used
  randombytes_buf(out.data(), out.size());
}

void PooledRandom::fill(MutableByteView out) {
  thread_local Block block;
  if (out.size() > kLargestFromBlock) {
    SystemRandom().fill(out);
    return;
  }
  if (block.left < out.size()) {
    SystemRandom().fill(block.bytes);
    block.left = block.bytes.size();
  }
  block.left -= out.size();
  const auto source = MutableByteView(block.bytes).subspan(block.left, out.size());
  std::ranges::copy(source, out.begin());
  wipe(source);
}

}  // namespace unhidra::crypto
