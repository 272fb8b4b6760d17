#include "reader.h"

#include <limits>

#include "unhidra/base/text.h"

namespace unhidra::wire {
namespace {

// nanopb reads tags and lengths of up to ten bytes; libprotobuf refuses more than five.
constexpr std::size_t kMaxVarint32Size = 5;

bool is_at_most(std::size_t size, std::size_t left_before, const pb_istream_t& stream) {
  return left_before - stream.bytes_left <= size;
}

}  // namespace

bool Reader::next() {
  if (failed()) {
    return false;
  }
  bool end = false;
  field_name_ = {};
  const auto left = stream_.bytes_left;
  if (!pb_decode_tag(&stream_, &type_, &field_, &end) ||
      !is_at_most(kMaxVarint32Size, left, stream_)) {
    if (!end) {
      fail_with(Errc::malformed, "no field begins here");
    }
    return false;
  }
  if (field_ == 0) {
    fail_with(Errc::malformed, "field number 0");
    return false;
  }
  return true;
}

bool Reader::expect(pb_wire_type_t type) {
  if (failed()) {
    return false;
  }
  if (type_ != type) {
    fail_with(Errc::wrong_type, "wrong wire type " + std::to_string(static_cast<int>(type_)));
    return false;
  }
  return true;
}

std::uint64_t Reader::u64() {
  std::uint64_t value = 0;
  if (expect(PB_WT_VARINT) && !pb_decode_varint(&stream_, &value)) {
    fail_with(Errc::malformed, "malformed number");
    return 0;
  }
  return value;
}

std::uint32_t Reader::u32() {
  const auto value = u64();
  if (value > std::numeric_limits<std::uint32_t>::max()) {
    fail_with(Errc::bad_number, "more than 32 bits");
    return 0;
  }
  return static_cast<std::uint32_t>(value);
}

std::int32_t Reader::enumerator() {
  // A negative enumerator travels sign-extended to 64 bits.
  const auto value = static_cast<std::int64_t>(u64());
  if (value < std::numeric_limits<std::int32_t>::min() ||
      value > std::numeric_limits<std::int32_t>::max()) {
    fail_with(Errc::bad_number, "more than 32 bits");
    return 0;
  }
  return static_cast<std::int32_t>(value);
}

bool Reader::boolean() {
  const auto value = u64();
  if (value > 1) {
    fail_with(Errc::bad_number, "neither true nor false");
  }
  return value == 1;
}

Timestamp Reader::timestamp() {
  const auto value = u64();
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    fail_with(Errc::bad_number, "no such time");
    return {};
  }
  return from_unix_micros(static_cast<std::int64_t>(value));
}

ByteView Reader::bytes() {
  std::uint32_t size = 0;
  if (!expect(PB_WT_STRING)) {
    return {};
  }
  const auto left = stream_.bytes_left;
  if (!pb_decode_varint32(&stream_, &size) || !is_at_most(kMaxVarint32Size, left, stream_)) {
    fail_with(Errc::malformed, "malformed length");
    return {};
  }
  if (size > stream_.bytes_left) {
    fail_with(Errc::malformed, "cut short");
    return {};
  }
  const auto content = data_.subspan(data_.size() - stream_.bytes_left, size);
  if (!pb_read(&stream_, nullptr, size)) {
    fail_with(Errc::malformed, "cut short");
    return {};
  }
  return content;
}

ByteView Reader::text() {
  const auto content = bytes();
  if (!failed() && !is_valid_utf8(as_text(content))) {
    fail_with(Errc::bad_text, "not UTF-8");
    return {};
  }
  return content;
}

ByteView Reader::exactly(std::size_t size) {
  const auto content = bytes();
  if (!failed() && content.size() != size) {
    fail_with(Errc::bad_length,
              "expected " + std::to_string(size) + " bytes, got " + std::to_string(content.size()));
    return {};
  }
  return content;
}

void Reader::skip() {
  if (type_ == PB_WT_VARINT) {
    u64();  // nanopb would skip a number of any length
  } else if (type_ == PB_WT_STRING) {
    bytes();
  } else if (!failed() && !pb_skip_field(&stream_, type_)) {
    fail_with(Errc::malformed, "unreadable field " + std::to_string(field_));
  }
}

bool Reader::take_element() {
  if (budget_.elements_left == 0) {
    fail_with(Errc::too_many_elements,
              "more than " + std::to_string(budget_.limits.max_elements) + " elements");
    return false;
  }
  --budget_.elements_left;
  return !failed();
}

bool Reader::may_nest() {
  if (depth_ + 1 >= budget_.limits.max_depth) {
    fail_with(Errc::too_deep, "nested deeper than " + std::to_string(budget_.limits.max_depth));
    return false;
  }
  return !failed();
}

void Reader::fail_with(Errc code, std::string_view what) {
  if (failed()) {
    return;
  }
  std::string where(message_.substr(message_.rfind('.') + 1));
  if (!field_name_.empty()) {
    where.append(".").append(field_name_);
  }
  error_.emplace(code, where.append(": ").append(what));
}

Status Reader::status() const {
  if (error_) {
    return fail(*error_);
  }
  return {};
}

}  // namespace unhidra::wire
