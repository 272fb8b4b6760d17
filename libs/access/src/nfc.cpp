#include "unhidra/access/nfc.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

namespace unhidra::access {

std::string to_nfc(std::string_view utf8) {
  auto status = U_ZERO_ERROR;
  const auto* const form = icu::Normalizer2::getNFCInstance(status);
  std::string out;
  if (U_SUCCESS(status)) {
    icu::StringByteSink<std::string> sink(&out);
    form->normalizeUTF8(0, {utf8.data(), static_cast<std::int32_t>(utf8.size())}, sink, nullptr,
                        status);
  }
  // The data of this form is part of the library: nothing but memory can be missing.
  return U_SUCCESS(status) ? out : std::string(utf8);
}

}  // namespace unhidra::access
