#pragma once
// One Protobuf message being read: nanopb's stream primitives behind strict limits.

#include <pb_decode.h>

#include "unhidra/wire/codec.h"

namespace unhidra::wire {

// Shared by all messages of one decode call.
struct Budget {
  Limits limits;
  std::size_t elements_left = 0;
};

// A failed read records the first error, with the message and field it happened in; `status()`
// gives it. Values read after a failure are empty.
class Reader {
 public:
  Reader(ByteView data, std::string_view message, Budget& budget, unsigned depth)
      : stream_(pb_istream_from_buffer(data.data(), data.size())),
        data_(data),
        message_(message),
        budget_(budget),
        depth_(depth) {}

  // Moves to the next field; false at the end or after an error.
  bool next();
  std::uint32_t field() const { return field_; }
  // Names the current field for error messages.
  void name_field(std::string_view name) { field_name_ = name; }

  std::uint64_t u64();
  std::uint32_t u32();
  std::int32_t enumerator();
  bool boolean();
  Timestamp timestamp();
  // The content of the current length-delimited field, inside the input.
  ByteView bytes();
  ByteView text();
  ByteView exactly(std::size_t size);
  void skip();

  // Takes one repeated element, or one level of nesting, from the budget.
  bool take_element();
  bool may_nest();

  bool failed() const { return error_.has_value(); }
  void fail_with(Errc code, std::string_view what);
  void adopt(unhidra::Error error) {
    if (!error_) {
      error_ = std::move(error);
    }
  }
  Status status() const;
  Budget& budget() { return budget_; }
  unsigned depth() const { return depth_; }

 private:
  bool expect(pb_wire_type_t type);

  pb_istream_t stream_;
  ByteView data_;
  std::string_view message_;
  std::string_view field_name_;
  Budget& budget_;
  unsigned depth_;
  std::uint32_t field_ = 0;
  pb_wire_type_t type_ = PB_WT_VARINT;
  std::optional<unhidra::Error> error_;
};

}  // namespace unhidra::wire
