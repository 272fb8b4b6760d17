// Any text as a scanned safety number.
#include <cstdlib>

#include "unhidra/identity/safety_number.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  static const identity::SafetyNumber number = identity::SafetyNumber::compute(
      crypto::native_provider(), {UserId(Uuid{1}), {}}, {UserId(Uuid{2}), {}});
  const auto text = as_text({data, size});
  const auto scan = number.compare_qr(text);
  if (scan && (*scan == identity::SafetyNumber::Scan::match) != (text == number.qr_text())) {
    std::abort();
  }
  return 0;
}
