#pragma once
// One line of input at the bottom of a terminal, redrawn after what is printed above it. Knows no
// terminal: keys go in as bytes, text to draw comes out. It always occupies a single row, so that
// resizing the window at any time leaves it whole.

#include <string>
#include <vector>

namespace unhidra::cli {

class LineEditor {
 public:
  struct Result {
    std::vector<std::string> lines;  // finished with Enter
    bool end = false;                // Ctrl-C, or Ctrl-D on an empty line
  };
  explicit LineEditor(std::string prompt) : prompt_(std::move(prompt)) {}

  Result feed(std::string_view bytes);
  // Erases the row and draws prompt and the line's end, as far as `columns` allow.
  std::string redraw(int columns) const;
  static std::string erase() { return "\r\x1b[K"; }
  const std::string& text() const { return text_; }

 private:
  void erase_character();
  void erase_word();
  bool swallow_escape(unsigned char byte);

  std::string prompt_;
  std::string text_;
  std::string partial_;  // of a UTF-8 character
  int escape_ = 0;       // 1: after ESC, 2: within a control sequence
};

}  // namespace unhidra::cli
