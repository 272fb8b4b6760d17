#pragma once
// Topic names and topic filters (MQTT 5.0 section 4.7), and the strings they are made of
// (section 1.5.4).

#include <cstdint>
#include <optional>
#include <string_view>

namespace unhidra::mqtt {

// Levels of one topic. Deeper ones are refused: a tree's depth must not be the peer's choice.
inline constexpr std::size_t kMaxLevels = 201;

// Well-formed UTF-8 without U+0000, and without what the standard lets a receiver refuse: control
// characters and non-characters.
bool is_valid_string(std::string_view text);

// One that may be published to: not empty, no wildcard, no NUL.
bool is_valid_topic_name(std::string_view topic);
// Of a subscription: wildcards whole levels, '#' last (section 4.7.1). A "$share" prefix must
// have been taken off.
bool is_valid_topic_filter(std::string_view filter);
bool has_wildcard(std::string_view filter);

// Whether the filter covers the name: wildcards at the start do not match '$' (section 4.7.2).
bool matches(std::string_view filter, std::string_view topic);

// "$share/{group}/{filter}" taken apart (section 4.8.2). `group` is empty for an ordinary one;
// nullopt when it is malformed or the filter in it is.
struct ParsedFilter {
  std::string_view group;
  std::string_view filter;
};
std::optional<ParsedFilter> parse_filter(std::string_view filter);
// Whether it means to be one for a group, well-formed or not.
bool is_shared_filter(std::string_view filter);

// The levels of a topic, one after the other; "a//b" has an empty one in the middle.
class Levels {
 public:
  explicit Levels(std::string_view topic) : rest_(topic) {}
  bool done() const { return done_; }
  std::string_view next() {
    const auto slash = rest_.find('/');
    const auto level = rest_.substr(0, slash);
    if (slash == std::string_view::npos) {
      done_ = true;
    } else {
      rest_.remove_prefix(slash + 1);
    }
    return level;
  }

 private:
  std::string_view rest_;
  bool done_ = false;
};

}  // namespace unhidra::mqtt
