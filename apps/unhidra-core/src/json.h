#pragma once
// Writes JSON (RFC 8259) into one text. Knows objects with members of known names and lists: what
// answers and events consist of.

#include <cstdint>
#include <string>
#include <string_view>

namespace unhidra::core {

class Json {
 public:
  Json& begin_object() { return open('{'); }
  Json& end_object() { return close('}'); }
  Json& begin_list() { return open('['); }
  Json& end_list() { return close(']'); }
  // The next value belongs to this member.
  Json& name(std::string_view name);

  Json& text(std::string_view value);
  Json& number(std::uint64_t value) { return raw(std::to_string(value)); }
  Json& time(std::int64_t micros) { return raw(std::to_string(micros)); }
  Json& boolean(bool value) { return raw(value ? "true" : "false"); }
  Json& null() { return raw("null"); }

  std::string take() && { return std::move(out_); }

 private:
  Json& open(char bracket);
  Json& close(char bracket);
  Json& raw(std::string_view value);
  void quoted(std::string_view value);
  void separate();

  std::string out_;
  bool first_ = true;  // no comma before what comes next
};

}  // namespace unhidra::core
