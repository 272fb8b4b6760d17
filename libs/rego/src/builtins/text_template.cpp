#include "builtins/text_template.h"

#include "builtins/go_text.h"
#include "builtins/json_text.h"
#include "builtins/number_math.h"
#include "builtins/template_pieces.h"
#include "builtins/template_value.h"

namespace unhidra::rego::builtins {
namespace {

constexpr int kMaxDepth = 64;

class Renderer {
 public:
  Renderer(std::vector<TemplatePiece> pieces, Environment& environment)
      : pieces_(std::move(pieces)), environment_(environment) {}

  Result<std::string> run(const Value& data) {
    root_ = data;
    std::size_t at = 0;
    UNHIDRA_TRY(const std::string end, block(at, {data}, true, 0));
    if (!end.empty()) {
      return bad_template("unexpected {{" + end + "}}");
    }
    return std::move(out_);
  }

 private:
  // Runs (or skips) to the end of the block; answers the word that ended it.
  Result<std::string> block(std::size_t& at, const TemplateValue& dot, bool active, int depth) {
    if (depth > kMaxDepth) {
      return bad_template("nested too deeply");
    }
    const std::size_t scope = variables_.size();
    while (at < pieces_.size()) {
      const TemplatePiece& piece = pieces_[at];
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
        return bad_template("{{" + word + "}} is not available");
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

  Status action(const std::vector<std::string>& words, const TemplateValue& dot) {
    if (words.size() > 2 && words[0].starts_with('$') && (words[1] == ":=" || words[1] == "=")) {
      UNHIDRA_TRY(TemplateValue value, pipeline({words.begin() + 2, words.end()}, dot));
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
      return bad_template("undefined variable " + quote(words[0]));
    }
    UNHIDRA_TRY(const TemplateValue value, pipeline(words, dot));
    const std::string text = display(value);
    UNHIDRA_TRY_VOID(environment_.charge(text.size()));
    out_ += text;
    return {};
  }

  Result<TemplateValue> header(std::vector<std::string> words, const TemplateValue& dot,
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

  Status condition(std::size_t& at, const TemplateValue& dot, bool active, int depth, bool with) {
    bool done = !active;
    std::vector<std::string> words = pieces_[at].words;
    for (;;) {
      bool run = false;
      TemplateValue inner = dot;
      const std::size_t scope = variables_.size();
      if (!done && !words.empty()) {
        std::vector<std::string> names;
        UNHIDRA_TRY(TemplateValue value, header(words, dot, &names));
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
        return bad_template("unexpected EOF");
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

  Status loop(std::size_t& at, const TemplateValue& dot, bool active, int depth) {
    std::vector<std::string> names;
    TemplateValue over;
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
        variables_.emplace_back(names[0], TemplateValue{key});
      }
      if (!names.empty()) {
        variables_.emplace_back(names.back(), TemplateValue{value});
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
      return bad_template("unexpected EOF");
    }
    ++at;
    return {};
  }

  Result<TemplateValue> pipeline(const std::vector<std::string>& words, const TemplateValue& dot) {
    std::size_t at = 0;
    UNHIDRA_TRY(TemplateValue value, pipeline_at(words, at, dot, 0));
    if (at != words.size()) {
      return bad_template("unexpected " + quote(words[at]) + " in operand");
    }
    return value;
  }

  Result<TemplateValue> pipeline_at(const std::vector<std::string>& words, std::size_t& at,
                                    const TemplateValue& dot, int depth) {
    if (depth > kMaxDepth) {
      return bad_template("nested too deeply");
    }
    std::optional<TemplateValue> piped;
    for (;;) {
      UNHIDRA_TRY(piped, command(words, at, dot, std::move(piped), depth));
      if (at >= words.size() || words[at] != "|") {
        return std::move(*piped);
      }
      ++at;
    }
  }

  Result<std::optional<TemplateValue>> command(const std::vector<std::string>& words,
                                               std::size_t& at, const TemplateValue& dot,
                                               std::optional<TemplateValue> piped, int depth) {
    if (at >= words.size() || words[at] == "|" || words[at] == ")") {
      return bad_template("missing value for command");
    }
    const std::string first = words[at];
    if (!is_name(first)) {
      UNHIDRA_TRY(TemplateValue value, term(words, at, dot, depth));
      if (at < words.size() && words[at] != "|" && words[at] != ")") {
        return bad_template("can't give argument to non-function " + first);
      }
      return std::optional(std::move(value));
    }
    ++at;
    std::vector<TemplateValue> arguments;
    while (at < words.size() && words[at] != "|" && words[at] != ")") {
      UNHIDRA_TRY(TemplateValue argument, term(words, at, dot, depth));
      arguments.push_back(std::move(argument));
    }
    if (piped) {
      arguments.push_back(std::move(*piped));
    }
    UNHIDRA_TRY(TemplateValue value, call_template_function(first, arguments, environment_));
    return std::optional(std::move(value));
  }

  static bool is_name(const std::string& word) {
    const char c = word[0];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    return letter && word != "true" && word != "false" && word != "nil";
  }

  Result<TemplateValue> term(const std::vector<std::string>& words, std::size_t& at,
                             const TemplateValue& dot, int depth) {
    const std::string word = words[at++];
    if (word == "(") {
      UNHIDRA_TRY(TemplateValue value, pipeline_at(words, at, dot, depth + 1));
      if (at >= words.size() || words[at] != ")") {
        return bad_template("unclosed left paren");
      }
      ++at;
      if (at < words.size() && words[at].size() > 1 && words[at][0] == '.') {
        return template_field(value, words[at++]);
      }
      return value;
    }
    if (word == "true" || word == "false") {
      return TemplateValue{Value::boolean(word == "true")};
    }
    if (word == "nil") {
      return TemplateValue{};
    }
    if (word[0] == '.') {
      return template_field(dot, word);
    }
    if (word[0] == '$') {
      return variable(word);
    }
    if (word[0] == '`') {
      return TemplateValue{Value::string(word.substr(1, word.size() - 2))};
    }
    if (word[0] == '"') {
      UNHIDRA_TRY(Value text, parse_json(word));
      return TemplateValue{std::move(text)};
    }
    if ((word[0] >= '0' && word[0] <= '9') || word[0] == '-' || word[0] == '+') {
      UNHIDRA_TRY(Value number, parse_json(word));
      return TemplateValue{std::move(number)};
    }
    if (is_name(word)) {
      return call_template_function(word, {}, environment_);
    }
    return bad_template("unexpected " + quote(word) + " in operand");
  }

  Result<TemplateValue> variable(std::string_view word) const {
    const std::size_t dot = std::min(word.find('.'), word.size());
    const std::string_view name = word.substr(0, dot);
    TemplateValue value{root_};
    bool found = name == "$";
    for (std::size_t i = variables_.size(); i-- > 0 && !found;) {
      if (variables_[i].first == name) {
        value = variables_[i].second;
        found = true;
      }
    }
    if (!found) {
      return bad_template("undefined variable " + quote(name));
    }
    return dot < word.size() ? template_field(value, word.substr(dot))
                             : Result<TemplateValue>(value);
  }

  std::vector<TemplatePiece> pieces_;
  Environment& environment_;
  Value root_;
  std::vector<std::pair<std::string, TemplateValue>> variables_;
  std::string jump_;  // "break" or "continue" on its way to the loop
  std::string out_;
};

}  // namespace

Result<std::string> render(std::string_view pattern, const Value& data, Environment& environment) {
  if (pattern.size() > kMaxTemplate) {
    return bad_template("too long");
  }
  UNHIDRA_TRY(auto pieces, pieces_of(pattern));
  return Renderer(std::move(pieces), environment).run(data);
}

}  // namespace unhidra::rego::builtins
