#pragma once
// Arguments that come as lines of name=value.

#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "unhidra/base/text.h"

namespace unhidra::core {

class Fields {
 public:
  explicit Fields(std::string_view lines) {
    while (!lines.empty()) {
      const auto line = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(std::min(line.size() + 1, lines.size()));
      const auto equals = line.find('=');
      good_ = good_ && equals != std::string_view::npos &&
              values_.emplace(line.substr(0, equals), line.substr(equals + 1)).second;
    }
  }
  std::string text(std::string_view name) {
    const auto found = values_.find(name);
    return found == values_.end() ? std::string() : std::string(take(found));
  }
  bool flag(std::string_view name) { return number(name) != 0; }
  std::uint32_t number(std::string_view name) {
    const auto found = values_.find(name);
    if (found == values_.end()) {
      return 0;
    }
    const auto value = take(found);
    std::uint32_t out = 0;
    const auto end = std::from_chars(value.data(), value.data() + value.size(), out);
    good_ = good_ && end.ec == std::errc() && end.ptr == value.data() + value.size();
    return out;
  }
  template <class E>
  E choice(std::string_view name) {
    return static_cast<E>(number(name));
  }
  template <class IdType>
  std::optional<IdType> maybe(std::string_view name) {
    const auto found = values_.find(name);
    if (found == values_.end()) {
      return std::nullopt;
    }
    auto id = IdType::parse(take(found));
    good_ = good_ && id.has_value();
    return id ? std::optional(*id) : std::nullopt;
  }
  template <class IdType>
  IdType id(std::string_view name) {
    const auto out = maybe<IdType>(name);
    good_ = good_ && out.has_value();
    return out.value_or(IdType());
  }
  Bytes cursor() {
    auto bytes = from_hex(text("cursor"));
    good_ = good_ && bytes.has_value();
    return bytes.value_or(Bytes());
  }
  // Every field was one of the request's, and well written.
  bool good() const { return good_ && values_.empty(); }

 private:
  using Values = std::map<std::string_view, std::string_view>;
  std::string_view take(Values::iterator found) {
    const auto out = found->second;
    values_.erase(found);
    return out;
  }
  Values values_;
  bool good_ = true;
};

}  // namespace unhidra::core
