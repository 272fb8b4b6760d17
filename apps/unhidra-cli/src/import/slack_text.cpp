// Slack's mark-up. Source: https://api.slack.com/reference/surfaces/formatting.

#include <array>
#include <cctype>

#include "import/slack.h"

namespace unhidra::cli::slack {
namespace {

constexpr std::string_view kFence = "```";

struct Escape {
  std::string_view written;
  char meant;
};
constexpr std::array<Escape, 3> kEscapes{{{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}}};

std::string unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    bool found = false;
    for (const auto& escape : kEscapes) {
      if (!found && text.starts_with(escape.written)) {
        out += escape.meant;
        text.remove_prefix(escape.written.size());
        found = true;
      }
    }
    if (!found) {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

bool is_word(char c) {
  return (static_cast<unsigned char>(c) & 0x80U) != 0 ||
         std::isalnum(static_cast<unsigned char>(c)) != 0;
}

class Writer {
 public:
  Writer(std::string_view text, const Directory& directory) : rest_(text), directory_(directory) {}

  std::string take() {
    while (!rest_.empty()) {
      step();
    }
    return std::move(out_);
  }

 private:
  void step() {
    if (rest_.starts_with(kFence) ? code(kFence) : rest_.front() == '`' && code("`")) {
      return;
    }
    if (rest_.front() == '<' && reference()) {
      return;
    }
    if ((rest_.front() == '*' && emphasis('*', "**")) ||
        (rest_.front() == '~' && emphasis('~', "~~")) || (rest_.front() == ':' && emoji())) {
      return;
    }
    plain();
  }

  void plain() {
    for (const auto& escape : kEscapes) {
      if (rest_.starts_with(escape.written)) {
        put(escape.meant);
        rest_.remove_prefix(escape.written.size());
        return;
      }
    }
    put(rest_.front());
    rest_.remove_prefix(1);
  }

  // Up to the closing mark nothing is mark-up but references, which cannot be switched off there.
  bool code(std::string_view mark) {
    const auto end = rest_.find(mark, mark.size());
    if (end == std::string_view::npos) {
      return false;
    }
    const auto inner = rest_.substr(mark.size(), end - mark.size());
    out_ += mark;
    out_ += without_references(inner);
    out_ += mark;
    before_ = '`';
    rest_.remove_prefix(end + mark.size());
    return true;
  }

  static std::string without_references(std::string_view text) {
    std::string out;
    while (!text.empty()) {
      const auto open = std::min(text.find('<'), text.size());
      const auto close = text.find('>', open);
      out += unescaped(text.substr(0, open));
      if (close == std::string_view::npos) {
        out += unescaped(text.substr(open));
        break;
      }
      const auto inside = text.substr(open + 1, close - open - 1);
      const auto bar = inside.find('|');
      out += unescaped(bar == std::string_view::npos ? inside : inside.substr(bar + 1));
      text.remove_prefix(close + 1);
    }
    return out;
  }

  bool reference() {
    const auto end = rest_.find_first_of("<>", 1);
    if (end == std::string_view::npos || end < 2 || rest_[end] == '<') {
      return false;
    }
    const auto inside = rest_.substr(1, end - 1);
    const auto bar = inside.find('|');
    const auto target = inside.substr(0, bar);
    const auto label =
        unescaped(bar == std::string_view::npos ? std::string_view() : inside.substr(bar + 1));
    rest_.remove_prefix(end + 1);
    write_reference(target, label);
    return true;
  }

  void write_reference(std::string_view target, const std::string& label) {
    if (target.starts_with('@')) {
      const auto known = directory_.users.find(target.substr(1));
      put("@" + (known != directory_.users.end() || label.empty()
                     ? directory_.name_of(target.substr(1))
                     : label));
    } else if (target.starts_with('#')) {
      put("#" + (label.empty() ? channel_name(target.substr(1)) : label));
    } else if (target.starts_with('!')) {
      const auto word = std::string(target.substr(1, target.find('^') - 1));
      put(label.empty() ? "@" + word : label);
    } else {
      const auto address = unescaped(target);
      const auto shown = address.starts_with("mailto:") ? address.substr(7) : address;
      put(label.empty() || label == shown || label == address ? shown
                                                              : "[" + label + "](" + address + ")");
    }
  }

  std::string channel_name(std::string_view id) const {
    for (const auto& channel : directory_.channels) {
      if (channel.id == id) {
        return channel.name;
      }
    }
    return std::string(id);
  }

  // "*bold*" where it stands by itself, on one line.
  bool emphasis(char mark, std::string_view markdown) {
    const auto end = rest_.find(mark, 1);
    const auto line = rest_.find('\n');
    if (end == std::string_view::npos || end < 2 || line < end || is_word(before_) ||
        std::isspace(static_cast<unsigned char>(rest_[1])) != 0 ||
        std::isspace(static_cast<unsigned char>(rest_[end - 1])) != 0 ||
        (end + 1 < rest_.size() && is_word(rest_[end + 1]))) {
      return false;
    }
    const auto inner = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    out_ += markdown;
    out_ += Writer(inner, directory_).take();
    out_ += markdown;
    before_ = mark;
    return true;
  }

  bool emoji() {
    const auto end = rest_.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_+-'", 1);
    if (end == std::string_view::npos || end < 2 || rest_[end] != ':') {
      return false;
    }
    auto name = std::string(rest_.substr(1, end - 1));
    constexpr std::string_view kTone = ":skin-tone-";
    auto length = end + 1;
    if (rest_.substr(length).starts_with(kTone) && rest_.size() > length + kTone.size() + 1 &&
        rest_[length + kTone.size() + 1] == ':') {
      name += ":" + std::string(rest_.substr(length, kTone.size() + 1));  // as in a reaction
      length += kTone.size() + 2;
    }
    put(emoji_of(name));
    rest_.remove_prefix(length);
    return true;
  }

  void put(char c) {
    out_ += c;
    before_ = c;
  }
  void put(const std::string& text) {
    out_ += text;
    before_ = text.empty() ? before_ : text.back();
  }

  std::string_view rest_;
  const Directory& directory_;
  std::string out_;
  char before_ = ' ';
};

}  // namespace

std::string to_markdown(std::string_view text, const Directory& directory) {
  return Writer(text, directory).take();
}

}  // namespace unhidra::cli::slack
