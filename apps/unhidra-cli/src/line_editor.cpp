#include "line_editor.h"

#include <cwchar>

#include "unhidra/base/text.h"

namespace unhidra::cli {

namespace {

constexpr std::size_t kMaxLine = 16 * 1024;

std::size_t length_of(unsigned char first) {
  return first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
}

// Columns of one UTF-8 character; 1 where the system does not know.
int width_of(std::string_view character) {
  wchar_t wide = 0;
  std::mbstate_t state{};
  const auto size = std::mbrtowc(&wide, character.data(), character.size(), &state);
  if (size == static_cast<std::size_t>(-1) || size == static_cast<std::size_t>(-2)) {
    return 1;
  }
  const int width = ::wcwidth(wide);
  return width < 0 ? 1 : width;
}

std::size_t start_of_last(std::string_view text) {
  auto at = text.size();
  while (at > 0) {
    --at;
    if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80) {
      break;
    }
  }
  return at;
}

}  // namespace

void LineEditor::erase_character() {
  text_.resize(start_of_last(text_));
}

void LineEditor::erase_word() {
  while (!text_.empty() && text_.back() == ' ') {
    text_.pop_back();
  }
  while (!text_.empty() && text_.back() != ' ') {
    erase_character();
  }
}

// Arrow keys and the like do nothing; their bytes must not become text.
bool LineEditor::swallow_escape(unsigned char byte) {
  if (escape_ == 0) {
    escape_ = byte == 0x1b ? 1 : 0;
    return escape_ != 0;
  }
  if (escape_ == 1) {
    escape_ = byte == '[' || byte == 'O' ? 2 : 0;
    return true;
  }
  escape_ = byte >= 0x40 && byte <= 0x7e ? 0 : 2;
  return true;
}

LineEditor::Result LineEditor::feed(std::string_view bytes) {
  Result out;
  for (const char raw : bytes) {
    const auto byte = static_cast<unsigned char>(raw);
    if (swallow_escape(byte)) {
      continue;
    }
    switch (byte) {
      case 0x03:
        out.end = true;
        break;
      case 0x04:
        out.end = out.end || text_.empty();
        break;
      case '\r':
      case '\n':
        out.lines.push_back(std::move(text_));
        text_.clear();
        break;
      case 0x7f:
      case 0x08:
        erase_character();
        break;
      case 0x15:
        text_.clear();
        break;
      case 0x17:
        erase_word();
        break;
      default:
        if (byte < 0x20 && byte != '\t') {
          break;
        }
        partial_ += raw;
        if (const auto wanted = length_of(static_cast<unsigned char>(partial_[0]));
            wanted == 0 || partial_.size() >= wanted) {
          if (is_valid_utf8(partial_) && text_.size() + partial_.size() <= kMaxLine) {
            text_ += partial_;
          }
          partial_.clear();
        }
    }
  }
  return out;
}

std::string LineEditor::redraw(int columns) const {
  int room = columns - 1;
  const auto prompt = printable(prompt_);
  std::string shown;
  if (static_cast<int>(prompt.size()) + 10 < columns) {
    room -= static_cast<int>(prompt.size());
    shown = prompt;
  }
  std::size_t begin = text_.size();
  while (begin > 0) {
    const auto previous = start_of_last(std::string_view(text_).substr(0, begin));
    const auto width = width_of(std::string_view(text_).substr(previous, begin - previous));
    if (width > room) {
      break;
    }
    room -= width;
    begin = previous;
  }
  return erase() + shown + printable(std::string_view(text_).substr(begin));
}

}  // namespace unhidra::cli
