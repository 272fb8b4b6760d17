// SipHash-2-4 (Aumasson and Bernstein, 2012) under a key drawn once per process: a keyed function
// for short inputs. What it returns cannot be turned back or linked across restarts without the
// key.
#include <bit>
#include <cstdlib>
#include <cstring>

#include <sys/random.h>

#include "unhidra/base/text.h"
#include "unhidra/runtime/log.h"

#include "siphash.h"

namespace unhidra::log {
namespace {

runtime::SipKey random_key() {
  runtime::SipKey key{};
  if (::getrandom(&key, sizeof(key), 0) != static_cast<ssize_t>(sizeof(key))) {
    std::abort();  // without entropy nothing in this process is safe
  }
  return key;
}

}  // namespace

std::string obscure(ByteView id) {
  static const runtime::SipKey key = random_key();
  const auto hash = runtime::siphash24(key, id);
  ByteArray<6> shown{};
  std::memcpy(shown.data(), &hash, shown.size());
  return to_hex(shown);
}

}  // namespace unhidra::log
