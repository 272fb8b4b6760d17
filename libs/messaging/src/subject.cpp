#include <algorithm>

#include "unhidra/messaging/bus.h"

namespace unhidra::messaging {

bool is_valid_subject(std::string_view subject) {
  constexpr std::size_t kMaxSubject = 200;
  if (subject.empty() || subject.size() > kMaxSubject || subject.back() == '.') {
    return false;
  }
  bool token_empty = true;
  for (const char c : subject) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
    if (c == '.' ? token_empty : !word) {
      return false;
    }
    token_empty = c == '.';
  }
  return true;
}

}  // namespace unhidra::messaging
