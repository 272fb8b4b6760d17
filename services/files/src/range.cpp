#include "range.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "unhidra/files/errc.h"

namespace unhidra::files {
namespace {

std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t out = 0;
  const auto* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, out);
  return !digits.empty() && error == std::errc() && at == end ? std::optional(out) : std::nullopt;
}

std::unexpected<Error> outside() {
  return fail(Errc::bad_request, "the range lies outside of the file");
}

}  // namespace

Result<ByteRange> read_range(std::string_view header, std::uint64_t size) {
  const ByteRange whole{.offset = 0, .length = size, .partial = false};
  constexpr std::string_view kUnit = "bytes=";
  const auto dash = header.find('-');
  if (!header.starts_with(kUnit) || dash == header.npos) {
    return whole;
  }
  const auto first_text = header.substr(kUnit.size(), dash - kUnit.size());
  const auto last_text = header.substr(dash + 1);
  const auto first = number(first_text);
  const auto last = number(last_text);
  if (first_text.empty() && last) {  // the last so many bytes
    const auto length = std::min(*last, size);
    return length == 0 ? Result<ByteRange>(outside())
                       : ByteRange{.offset = size - length, .length = length, .partial = true};
  }
  if (!first || (!last && !last_text.empty()) || (last && *last < *first)) {
    return whole;
  }
  if (*first >= size) {
    return outside();
  }
  const auto end = last ? std::min(*last, size - 1) : size - 1;
  return ByteRange{.offset = *first, .length = end - *first + 1, .partial = true};
}

}  // namespace unhidra::files
