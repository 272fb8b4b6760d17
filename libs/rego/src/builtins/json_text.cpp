#include "builtins/json_text.h"

#include "builtins/go_text.h"

namespace unhidra::rego::builtins {
namespace {

// Of the arrays and objects that are not closed yet.
struct JsonScratch {
  std::vector<Value> elements;
  std::vector<Value::Member> members;
};

class Reader {
 public:
  Reader(std::string_view text, JsonScratch& scratch) : text_(text), scratch_(scratch) {}

  Result<Value> run() {
    UNHIDRA_TRY(Value out, value(0));
    skip_space();
    if (at_ < text_.size()) {
      return unexpected("after top-level value");
    }
    return out;
  }

 private:
  std::unexpected<Error> unexpected(std::string_view where) const {
    if (at_ >= text_.size()) {
      return fail(Errc::invalid, "unexpected end of JSON input");
    }
    const char c = text_[at_];
    std::string shown = c == '\'' ? "\\'" : c == '"' ? "\"" : std::string();
    if (shown.empty()) {
      shown = quote(text_.substr(at_, 1));
      shown = shown.substr(1, shown.size() - 2);
    }
    return fail(Errc::invalid, "invalid character '" + shown + "' " + std::string(where));
  }

  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) {
      ++at_;
    }
  }

  bool peek(char c) const { return at_ < text_.size() && text_[at_] == c; }

  Result<Value> value(int depth) {
    if (depth > kMaxJsonDepth) {
      return fail(Errc::invalid, "exceeded max depth");
    }
    skip_space();
    if (at_ >= text_.size()) {
      return unexpected("");
    }
    switch (text_[at_]) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string();
      case 't':
        return word("true", Value::boolean(true));
      case 'f':
        return word("false", Value::boolean(false));
      case 'n':
        return word("null", Value());
      default:
        return number();
    }
  }

  Result<Value> word(std::string_view word, Value value) {
    const std::size_t start = at_;
    for (; at_ - start < word.size(); ++at_) {
      if (!peek(word[at_ - start])) {
        const std::size_t matched = at_ - start;
        return unexpected("in literal " + std::string(word) + " (expecting '" + word[matched] +
                          "')");
      }
    }
    return value;
  }

  bool digit() const { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; }
  void digits() {
    while (digit()) {
      ++at_;
    }
  }

  Result<Value> number() {
    const std::size_t start = at_;
    if (peek('-')) {
      ++at_;
      if (!digit()) {
        return unexpected("in numeric literal");
      }
    } else if (!digit()) {
      return unexpected("looking for beginning of value");
    }
    if (peek('0')) {
      ++at_;
    } else {
      digits();
    }
    if (peek('.')) {
      ++at_;
      if (!digit()) {
        return unexpected("after decimal point in numeric literal");
      }
      digits();
    }
    if (peek('e') || peek('E')) {
      ++at_;
      if (peek('+') || peek('-')) {
        ++at_;
      }
      if (!digit()) {
        return unexpected("in exponent of numeric literal");
      }
      digits();
    }
    return Value::number(std::string(text_.substr(start, at_ - start)));
  }

  Result<char32_t> hex4() {
    char32_t out = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      const int value = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (value < 0) {
        return unexpected("in \\u hexadecimal character escape");
      }
      out = out * 16 + static_cast<char32_t>(value);
    }
    return out;
  }

  Status escape(std::string& out) {
    if (at_ >= text_.size()) {
      return unexpected("");
    }
    const char c = text_[at_];
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    if (const std::size_t i = kFrom.find(c); i != std::string_view::npos) {
      out += kTo[i];
      ++at_;
      return {};
    }
    if (c != 'u') {
      return unexpected("in string escape code");
    }
    ++at_;
    UNHIDRA_TRY(char32_t rune, hex4());
    if (rune >= 0xD800 && rune < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
      const std::size_t before = at_;
      at_ += 2;
      UNHIDRA_TRY(const char32_t low, hex4());
      if (low >= 0xDC00 && low < 0xE000) {
        rune = 0x10000 + ((rune - 0xD800) << 10) + (low - 0xDC00);
      } else {
        at_ = before;  // a lone surrogate becomes U+FFFD
      }
    }
    append_rune(out, rune);
    return {};
  }

  // To the next character that is not taken as it is.
  void plain_run(std::string& out) {
    const std::size_t start = at_;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') {
        break;
      }
      ++at_;
    }
    out.append(text_, start, at_ - start);
  }

  Result<Value> string() {
    ++at_;
    Status read;
    Value out = Value::string_by([&](std::string& text) { read = string(text); });
    if (!read) {
      return fail(std::move(read.error()));
    }
    return out;
  }

  Status string(std::string& out) {
    for (;;) {
      plain_run(out);
      if (at_ >= text_.size()) {
        return unexpected("");
      }
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return {};
      }
      if (c == '\\') {
        ++at_;
        UNHIDRA_TRY_VOID(escape(out));
      } else if (c < 0x20) {
        return unexpected("in string literal");
      } else {
        const DecodedRune rune = decode_rune(text_.substr(at_));
        append_rune(out, rune.value);
        at_ += rune.size;
      }
    }
  }

  Result<Value> array(int depth) {
    ++at_;
    auto& open = scratch_.elements;
    const std::size_t first = open.size();
    skip_space();
    if (peek(']')) {
      ++at_;
      return Value::array({});
    }
    for (;;) {
      UNHIDRA_TRY(Value element, value(depth + 1));
      open.push_back(std::move(element));
      skip_space();
      if (peek(']')) {
        ++at_;
        Value out = Value::array_from(std::span(open).subspan(first));
        open.resize(first);
        return out;
      }
      if (!peek(',')) {
        return unexpected("after array element");
      }
      ++at_;
    }
  }

  Result<Value> object(int depth) {
    ++at_;
    auto& open = scratch_.members;
    const std::size_t first = open.size();
    skip_space();
    if (peek('}')) {
      ++at_;
      return Value::object({});
    }
    for (;;) {
      skip_space();
      if (!peek('"')) {
        return unexpected("looking for beginning of object key string");
      }
      UNHIDRA_TRY(Value key, string());
      skip_space();
      if (!peek(':')) {
        return unexpected("after object key");
      }
      ++at_;
      UNHIDRA_TRY(Value member, value(depth + 1));
      open.emplace_back(std::move(key), std::move(member));
      skip_space();
      if (peek('}')) {
        ++at_;
        Value out = Value::object_from(std::span(open).subspan(first));
        open.resize(first);
        return out;
      }
      if (!peek(',')) {
        return unexpected("after object key:value pair");
      }
      ++at_;
    }
  }

  std::string_view text_;
  JsonScratch& scratch_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Value> parse_json(std::string_view text) {
  // Kept for the next text, unless it has grown out of the ordinary.
  constexpr std::size_t kKept = 1'024;
  thread_local JsonScratch kept;
  JsonScratch scratch = std::exchange(kept, JsonScratch());
  auto out = Reader(text, scratch).run();
  scratch.elements.clear();
  scratch.members.clear();
  if (scratch.elements.capacity() <= kKept && scratch.members.capacity() <= kKept) {
    kept = std::move(scratch);
  }
  return out;
}

bool is_valid_json(std::string_view text) {
  return parse_json(text).has_value();
}

}  // namespace unhidra::rego::builtins
