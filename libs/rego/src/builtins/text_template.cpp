#include "builtins/text_template.h"

#include <charconv>

#include "builtins/go_format.h"
#include "builtins/go_text.h"
#include "builtins/json_text.h"
#include "builtins/number_math.h"
#include "builtins/text_codec.h"

namespace unhidra::rego::builtins {
namespace {

constexpr int kMaxDepth = 64;

// A value in a template; what is not there prints as "<undefined>" and counts as false.
struct Operand {
  Value value;
  bool missing = false;
};

bool is_true(const Operand& operand) {
  if (operand.missing) {
    return false;
  }
  const Value& value = operand.value;
  switch (value.kind()) {
    case Kind::null:
      return false;
    case Kind::boolean:
      return value.as_boolean();
    case Kind::number:
      return compare_decimals(value.text(), "0") != 0;
    case Kind::string:
      return !value.text().empty();
    default:
      return value.size() > 0;
  }
}

// As Go prints what came out of JSON: maps sorted, lists without commas.
std::string display(const Operand& operand) {
  if (operand.missing) {
    return "<undefined>";
  }
  const Value& value = operand.value;
  switch (value.kind()) {
    case Kind::null:
      return "<nil>";
    case Kind::boolean:
      return value.as_boolean() ? "true" : "false";
    case Kind::number:
    case Kind::string:
      return value.text();
    case Kind::object: {
      std::string out;
      for (const auto& [key, member] : value.members()) {
        out += (out.empty() ? "" : " ") + display({key}) + ':' + display({member});
      }
      return "map[" + out + ']';
    }
    default: {
      std::string out = "[";
      for (const Value& element : value.elements()) {
        out += (out.size() > 1 ? " " : "") + display({element});
      }
      return out + ']';
    }
  }
}

// The words of one action: names, fields, literals, and the marks ( ) | , := =.
Result<std::vector<std::string>> words_of(std::string_view action) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at < action.size()) {
    const char c = action[at];
    if (is_space(static_cast<unsigned char>(c))) {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    if (c == '"' || c == '`') {
      while (end < action.size() && action[end] != c) {
        end += c == '"' && action[end] == '\\' ? 2 : 1;
      }
      if (end >= action.size()) {
        return failed("template: unterminated quoted string");
      }
      ++end;
    } else if (action.substr(at).starts_with(":=")) {
      end = at + 2;
    } else if (std::string_view("()|,=").find(c) == std::string_view::npos) {
      while (end < action.size() &&
             std::string_view("()|,=:\"` \t\r\n").find(action[end]) == std::string_view::npos) {
        ++end;
      }
    }
    out.emplace_back(action.substr(at, end - at));
    at = end;
  }
  return out;
}

struct Piece {
  std::string text;                // literal text, or nothing
  std::vector<std::string> words;  // of an action
  bool action = false;
};

Result<std::vector<Piece>> pieces_of(std::string_view pattern) {
  std::vector<Piece> out;
  bool trim_next = false;
  while (!pattern.empty()) {
    const std::size_t open = pattern.find("{{");
    std::string_view text = pattern.substr(0, open);
    if (trim_next) {
      text = trim_left(text, " \t\r\n");
    }
    if (open == std::string_view::npos) {
      out.push_back({std::string(text), {}, false});
      break;
    }
    pattern.remove_prefix(open + 2);
    if (pattern.starts_with("- ") || pattern.starts_with("-\n")) {
      text = trim_right(text, " \t\r\n");
      pattern.remove_prefix(2);
    }
    out.push_back({std::string(text), {}, false});
    std::size_t close = pattern.find("}}");
    if (trim_left(pattern, " ").starts_with("/*")) {
      const std::size_t end = pattern.find("*/");
      close = end == std::string_view::npos ? end : pattern.find("}}", end);
    }
    if (close == std::string_view::npos) {
      return failed("template: unclosed action");
    }
    std::string_view action = pattern.substr(0, close);
    pattern.remove_prefix(close + 2);
    trim_next = action.ends_with(" -");
    if (trim_next) {
      action.remove_suffix(2);
    }
    if (trim_left(action, " ").starts_with("/*")) {
      continue;
    }
    UNHIDRA_TRY(auto words, words_of(action));
    out.push_back({"", std::move(words), true});
  }
  return out;
}

std::unexpected<Error> bad(std::string_view what) {
  return failed("template: " + std::string(what));
}

class Renderer {
 public:
  Renderer(std::vector<Piece> pieces, Environment& environment)
      : pieces_(std::move(pieces)), environment_(environment) {}

  Result<std::string> run(const Value& data) {
    root_ = data;
    std::size_t at = 0;
    UNHIDRA_TRY(const std::string end, block(at, {data}, true, 0));
    if (!end.empty()) {
      return bad("unexpected {{" + end + "}}");
    }
    return std::move(out_);
  }

 private:
  // Runs (or skips) to the end of the block; answers the word that ended it.
  Result<std::string> block(std::size_t& at, const Operand& dot, bool active, int depth) {
    if (depth > kMaxDepth) {
      return bad("nested too deeply");
    }
    const std::size_t scope = variables_.size();
    while (at < pieces_.size()) {
      const Piece& piece = pieces_[at];
      UNHIDRA_TRY_VOID(environment_.charge(1 + (active ? piece.text.size() : 0)));
      if (!piece.action) {
        out_ += active ? piece.text : "";
        ++at;
        continue;
      }
      const std::string word = piece.words.empty() ? "" : piece.words[0];
      if (word == "end" || word == "else") {
        variables_.resize(scope);
        return word;
      }
      if (word == "break" || word == "continue") {
        if (active) {
          jump_ = word;
          active = false;
        }
        ++at;
      } else if (word == "if" || word == "with") {
        UNHIDRA_TRY_VOID(condition(at, dot, active, depth, word == "with"));
        active = active && jump_.empty();
      } else if (word == "range") {
        UNHIDRA_TRY_VOID(loop(at, dot, active, depth));
      } else if (word == "define" || word == "template" || word == "block") {
        return bad("{{" + word + "}} is not available");
      } else {
        if (active) {
          UNHIDRA_TRY_VOID(action(piece.words, dot));
        }
        ++at;
      }
    }
    variables_.resize(scope);
    return std::string();
  }

  Status action(const std::vector<std::string>& words, const Operand& dot) {
    if (words.size() > 2 && words[0].starts_with('$') && (words[1] == ":=" || words[1] == "=")) {
      UNHIDRA_TRY(Operand value, pipeline({words.begin() + 2, words.end()}, dot));
      if (words[1] == ":=") {
        variables_.emplace_back(words[0], std::move(value));
        return {};
      }
      for (std::size_t i = variables_.size(); i-- > 0;) {
        if (variables_[i].first == words[0]) {
          variables_[i].second = std::move(value);
          return {};
        }
      }
      return bad("undefined variable " + quote(words[0]));
    }
    UNHIDRA_TRY(const Operand value, pipeline(words, dot));
    const std::string text = display(value);
    UNHIDRA_TRY_VOID(environment_.charge(text.size()));
    out_ += text;
    return {};
  }

  Result<Operand> header(std::vector<std::string> words, const Operand& dot,
                         std::vector<std::string>* names) {
    words.erase(words.begin());
    std::size_t declared = 0;
    for (std::size_t i = 0; i < words.size() && i < 4; ++i) {
      declared = words[i] == ":=" ? i : declared;
    }
    if (declared > 0) {
      for (std::size_t i = 0; i < declared; ++i) {
        if (words[i].starts_with('$')) {
          names->push_back(words[i]);
        }
      }
      words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(declared) + 1);
    }
    return pipeline(words, dot);
  }

  Status condition(std::size_t& at, const Operand& dot, bool active, int depth, bool with) {
    bool done = !active;
    std::vector<std::string> words = pieces_[at].words;
    for (;;) {
      bool run = false;
      Operand inner = dot;
      const std::size_t scope = variables_.size();
      if (!done && !words.empty()) {
        std::vector<std::string> names;
        UNHIDRA_TRY(Operand value, header(words, dot, &names));
        run = is_true(value);
        if (!names.empty()) {
          variables_.emplace_back(names[0], value);
        }
        inner = with ? value : dot;
      } else {
        run = !done;  // {{else}}
      }
      ++at;
      UNHIDRA_TRY(const std::string end, block(at, inner, run, depth + 1));
      variables_.resize(scope);
      done = done || run;
      if (end.empty()) {
        return bad("unexpected EOF");
      }
      if (end == "end") {
        ++at;
        return {};
      }
      // {{else}} or {{else if pipeline}}.
      words = pieces_[at].words;
      words.erase(words.begin());
    }
  }

  Status loop(std::size_t& at, const Operand& dot, bool active, int depth) {
    std::vector<std::string> names;
    Operand over;
    if (active) {
      UNHIDRA_TRY(over, header(pieces_[at].words, dot, &names));
    }
    const std::size_t body = at + 1;
    std::vector<Value::Member> items;
    std::int64_t index = 0;
    for (const Value& element : over.value.elements()) {
      items.emplace_back(Value::integer(index++), element);
    }
    for (const auto& member : over.value.members()) {
      items.push_back(member);
    }
    std::string end;
    for (const auto& [key, value] : items) {
      const std::size_t scope = variables_.size();
      if (names.size() == 2) {
        variables_.emplace_back(names[0], Operand{key});
      }
      if (!names.empty()) {
        variables_.emplace_back(names.back(), Operand{value});
      }
      std::size_t here = body;
      UNHIDRA_TRY(end, block(here, {value}, true, depth + 1));
      variables_.resize(scope);
      const bool stop = jump_ == "break";
      jump_.clear();
      if (stop) {
        break;
      }
    }
    // Past the body, and through the {{else}} when there was nothing.
    at = body;
    UNHIDRA_TRY(end, block(at, dot, false, depth + 1));
    if (end == "else") {
      ++at;
      UNHIDRA_TRY(end, block(at, dot, active && items.empty(), depth + 1));
    }
    if (end != "end") {
      return bad("unexpected EOF");
    }
    ++at;
    return {};
  }

  Result<Operand> pipeline(const std::vector<std::string>& words, const Operand& dot) {
    std::size_t at = 0;
    UNHIDRA_TRY(Operand value, pipeline_at(words, at, dot, 0));
    if (at != words.size()) {
      return bad("unexpected " + quote(words[at]) + " in operand");
    }
    return value;
  }

  Result<Operand> pipeline_at(const std::vector<std::string>& words, std::size_t& at,
                              const Operand& dot, int depth) {
    if (depth > kMaxDepth) {
      return bad("nested too deeply");
    }
    std::optional<Operand> piped;
    for (;;) {
      UNHIDRA_TRY(piped, command(words, at, dot, std::move(piped), depth));
      if (at >= words.size() || words[at] != "|") {
        return std::move(*piped);
      }
      ++at;
    }
  }

  Result<std::optional<Operand>> command(const std::vector<std::string>& words, std::size_t& at,
                                         const Operand& dot, std::optional<Operand> piped,
                                         int depth) {
    if (at >= words.size() || words[at] == "|" || words[at] == ")") {
      return bad("missing value for command");
    }
    const std::string first = words[at];
    if (!is_name(first)) {
      UNHIDRA_TRY(Operand value, term(words, at, dot, depth));
      if (at < words.size() && words[at] != "|" && words[at] != ")") {
        return bad("can't give argument to non-function " + first);
      }
      return std::optional(std::move(value));
    }
    ++at;
    std::vector<Operand> arguments;
    while (at < words.size() && words[at] != "|" && words[at] != ")") {
      UNHIDRA_TRY(Operand argument, term(words, at, dot, depth));
      arguments.push_back(std::move(argument));
    }
    if (piped) {
      arguments.push_back(std::move(*piped));
    }
    UNHIDRA_TRY(Operand value, call(first, arguments));
    return std::optional(std::move(value));
  }

  static bool is_name(const std::string& word) {
    const char c = word[0];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    return letter && word != "true" && word != "false" && word != "nil";
  }

  Result<Operand> term(const std::vector<std::string>& words, std::size_t& at, const Operand& dot,
                       int depth) {
    const std::string word = words[at++];
    if (word == "(") {
      UNHIDRA_TRY(Operand value, pipeline_at(words, at, dot, depth + 1));
      if (at >= words.size() || words[at] != ")") {
        return bad("unclosed left paren");
      }
      ++at;
      if (at < words.size() && words[at].size() > 1 && words[at][0] == '.') {
        return field(value, words[at++]);
      }
      return value;
    }
    if (word == "true" || word == "false") {
      return Operand{Value::boolean(word == "true")};
    }
    if (word == "nil") {
      return Operand{};
    }
    if (word[0] == '.') {
      return field(dot, word);
    }
    if (word[0] == '$') {
      return variable(word);
    }
    if (word[0] == '`') {
      return Operand{Value::string(word.substr(1, word.size() - 2))};
    }
    if (word[0] == '"') {
      UNHIDRA_TRY(Value text, parse_json(word));
      return Operand{std::move(text)};
    }
    if ((word[0] >= '0' && word[0] <= '9') || word[0] == '-' || word[0] == '+') {
      UNHIDRA_TRY(Value number, parse_json(word));
      return Operand{std::move(number)};
    }
    if (is_name(word)) {
      return call(word, {});
    }
    return bad("unexpected " + quote(word) + " in operand");
  }

  static Result<Operand> field(const Operand& from, std::string_view chain) {
    Operand here = from;
    for (const std::string_view name : split(chain.substr(1), ".")) {
      if (name.empty()) {
        if (chain == ".") {
          return here;
        }
        return bad("unexpected . after term");
      }
      const Value* found = here.value.find(name);
      if (!here.missing && !here.value.is(Kind::object)) {
        return bad("can't evaluate field " + std::string(name) + " in type " +
                   std::string(kind_name(here.value.kind())));
      }
      here = found != nullptr ? Operand{Value(*found)} : Operand{{}, true};
    }
    return here;
  }

  Result<Operand> variable(std::string_view word) const {
    const std::size_t dot = std::min(word.find('.'), word.size());
    const std::string_view name = word.substr(0, dot);
    Operand value{root_};
    bool found = name == "$";
    for (std::size_t i = variables_.size(); i-- > 0 && !found;) {
      if (variables_[i].first == name) {
        value = variables_[i].second;
        found = true;
      }
    }
    if (!found) {
      return bad("undefined variable " + quote(name));
    }
    return dot < word.size() ? field(value, word.substr(dot)) : Result<Operand>(value);
  }

  static Result<Operand> compared(const std::string& name, const std::vector<Operand>& arguments) {
    if (arguments.size() < 2) {
      return bad("wrong number of args for " + name);
    }
    const Value& a = arguments[0].value;
    bool holds = false;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      const Value& b = arguments[i].value;
      if (a.kind() != b.kind() && name != "eq" && name != "ne") {
        return bad("error calling " + name + ": incompatible types for comparison");
      }
      const int order = compare(a, b);
      holds = holds || (name == "eq"   ? order == 0
                        : name == "ne" ? order != 0
                        : name == "lt" ? order < 0
                        : name == "le" ? order <= 0
                        : name == "gt" ? order > 0
                                       : order >= 0);
    }
    return Operand{Value::boolean(holds)};
  }

  static Result<Operand> indexed(const std::vector<Operand>& arguments) {
    if (arguments.empty()) {
      return bad("wrong number of args for index");
    }
    Operand here = arguments[0];
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      const Value& key = arguments[i].value;
      if (here.value.is(Kind::object)) {
        const Value* found = here.value.find(key);
        here = found != nullptr ? Operand{Value(*found)} : Operand{{}, true};
        continue;
      }
      std::size_t at = 0;
      const std::string& text = key.text();
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), at);
      if (!key.is(Kind::number) || error != std::errc() || at >= here.value.elements().size()) {
        return bad("error calling index: index out of range: " + text);
      }
      here = Operand{Value(here.value.elements()[at])};
    }
    return here;
  }

  static std::string escaped(std::string_view text, std::string_view special,
                             std::initializer_list<std::string_view> with) {
    std::string out;
    for (const char c : text) {
      const std::size_t i = special.find(c);
      out += i == std::string_view::npos ? std::string(1, c) : std::string(*(with.begin() + i));
    }
    return out;
  }

  Result<Operand> printed(const std::string& name, const std::vector<Operand>& arguments) {
    std::string out;
    if (name == "printf") {
      if (arguments.empty() || !arguments[0].value.is(Kind::string)) {
        return bad("wrong type of value for printf");
      }
      std::vector<FormatArgument> list;
      for (std::size_t i = 1; i < arguments.size(); ++i) {
        const Value& value = arguments[i].value;
        std::int64_t integer = 0;
        const std::string& text = value.text();
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
        if (value.is(Kind::number)) {
          list.emplace_back(error == std::errc() && end == text.data() + text.size()
                                ? FormatArgument(integer)
                                : FormatArgument(to_double(text)));
        } else {
          list.emplace_back(display(arguments[i]));
        }
      }
      out = format(arguments[0].value.text(), list, environment_.budget);
    } else {
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        const bool gap = i > 0 && (name == "println" || (!arguments[i].value.is(Kind::string) &&
                                                         !arguments[i - 1].value.is(Kind::string)));
        out += (gap ? " " : "") + display(arguments[i]);
      }
      out += name == "println" ? "\n" : "";
    }
    UNHIDRA_TRY_VOID(environment_.charge(out.size()));
    return Operand{Value::string(std::move(out))};
  }

  Result<Operand> call(const std::string& name, const std::vector<Operand>& arguments) {
    if (name == "and" || name == "or") {
      for (const Operand& argument : arguments) {
        if (is_true(argument) == (name == "or")) {
          return argument;
        }
      }
      return arguments.empty() ? Result<Operand>(bad("wrong number of args for " + name))
                               : Result<Operand>(arguments.back());
    }
    if (name == "eq" || name == "ne" || name == "lt" || name == "le" || name == "gt" ||
        name == "ge") {
      return compared(name, arguments);
    }
    if (name == "print" || name == "printf" || name == "println") {
      return printed(name, arguments);
    }
    if (name == "index") {
      return indexed(arguments);
    }
    if (arguments.size() != 1) {
      return bad("function " + quote(name) + " not defined, or wrong number of args for it");
    }
    const Operand& only = arguments[0];
    if (name == "not") {
      return Operand{Value::boolean(!is_true(only))};
    }
    if (name == "len") {
      const std::size_t size =
          only.value.is(Kind::string) ? only.value.text().size() : only.value.size();
      return Operand{Value::integer(static_cast<std::int64_t>(size))};
    }
    const std::string text = display(only);
    if (name == "html") {
      return Operand{
          Value::string(escaped(text, "<>&'\"", {"&lt;", "&gt;", "&amp;", "&#39;", "&#34;"}))};
    }
    if (name == "js") {
      return Operand{Value::string(escaped(
          text, "\\'\"<>&=", {"\\\\", "\\'", "\\\"", "\\u003C", "\\u003E", "\\u0026", "\\u003D"}))};
    }
    if (name == "urlquery") {
      return Operand{Value::string(escape_query(text))};
    }
    return bad("function " + quote(name) + " not defined");
  }

  std::vector<Piece> pieces_;
  Environment& environment_;
  Value root_;
  std::vector<std::pair<std::string, Operand>> variables_;
  std::string jump_;  // "break" or "continue" on its way to the loop
  std::string out_;
};

}  // namespace

Result<std::string> render(std::string_view pattern, const Value& data, Environment& environment) {
  if (pattern.size() > kMaxTemplate) {
    return bad("too long");
  }
  UNHIDRA_TRY(auto pieces, pieces_of(pattern));
  return Renderer(std::move(pieces), environment).run(data);
}

}  // namespace unhidra::rego::builtins
