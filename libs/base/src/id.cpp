#include "unhidra/base/id.h"

#include "unhidra/base/text.h"

namespace unhidra {

Uuid make_uuid_v7(Timestamp now, RandomSource& random) {
  Uuid uuid;
  random.fill(uuid);
  const auto millis = static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count());
  for (std::size_t i = 0; i < 6; ++i) {
    uuid[i] = static_cast<Byte>(millis >> (8 * (5 - i)));
  }
  uuid[6] = static_cast<Byte>((uuid[6] & 0x0f) | 0x70);
  uuid[8] = static_cast<Byte>((uuid[8] & 0x3f) | 0x80);
  return uuid;
}

std::string uuid_to_string(const Uuid& uuid) {
  std::string out = to_hex(uuid);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) {
    out.insert(at, 1, '-');
  }
  return out;
}

Result<Uuid> parse_uuid(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size() && text.size() == 36; ++i) {
    const bool dash_here = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash_here != (text[i] == '-')) {
      break;
    }
    if (!dash_here) {
      digits.push_back(text[i]);
    }
  }
  const auto bytes = from_hex(digits);
  if (!bytes || bytes->size() != 16) {
    return fail(Errc::invalid, "not a UUID");
  }
  return to_array<16>(*bytes);
}

}  // namespace unhidra
