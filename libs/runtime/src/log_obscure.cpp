// A keyed hash under a key drawn once per process: what it returns cannot be turned back or linked
// across restarts without that key.
#include <cstring>

#include "unhidra/base/text.h"
#include "unhidra/runtime/log.h"
#include "unhidra/runtime/siphash.h"

namespace unhidra::log {

std::string obscure(ByteView id) {
  static const runtime::SipKey key = runtime::random_sip_key();
  const auto hash = runtime::siphash24(key, id);
  ByteArray<6> shown{};
  std::memcpy(shown.data(), &hash, shown.size());
  return to_hex(shown);
}

}  // namespace unhidra::log
