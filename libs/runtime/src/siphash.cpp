#include "unhidra/runtime/siphash.h"

#include <cstdlib>

#include <sys/random.h>

namespace unhidra::runtime {

SipKey random_sip_key() {
  SipKey key;
  if (::getrandom(&key, sizeof(key), 0) != static_cast<ssize_t>(sizeof(key))) {
    std::abort();  // without entropy nothing in this process is safe
  }
  return key;
}

}  // namespace unhidra::runtime
