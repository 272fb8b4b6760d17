// Regular expressions and globs.
#include "builtins/families.h"
#include "builtins/glob.h"
#include "builtins/go_text.h"
#include "builtins/pattern_cache.h"
#include "builtins/regex.h"

namespace unhidra::rego::builtins {
namespace {

// An expression may need some hundred kilobytes while it matches.
constexpr std::size_t kMaxExpressions = 256;

Result<std::shared_ptr<const Regex>> expression(std::string_view pattern) {
  thread_local PatternCache<Regex, kMaxExpressions> cache;
  return cache.get(pattern, [&] { return Regex::compile(pattern); });
}

Answer is_valid(const Call& call) {
  return Value::boolean(call[0].is(Kind::string) && expression(call[0].text()).has_value());
}

Answer match(const Call& call) {
  UNHIDRA_TRY(const std::string_view pattern, call.string(0));
  UNHIDRA_TRY(const std::string_view text, call.string(1));
  UNHIDRA_TRY(const auto regex, expression(pattern));
  UNHIDRA_TRY_VOID(call.environment().charge(text.size()));
  return Value::boolean(regex->match(text));
}

Answer template_match(const Call& call) {
  UNHIDRA_TRY(const std::string_view pattern, call.string(0));
  UNHIDRA_TRY(const std::string_view text, call.string(1));
  UNHIDRA_TRY(const std::string_view start, call.string(2));
  UNHIDRA_TRY(const std::string_view end, call.string(3));
  if (start.size() != 1) {
    return failed("start delimiter has to be exactly one character long but is " +
                  std::to_string(start.size()) + " long");
  }
  if (end.size() != 1) {
    return failed("end delimiter has to be exactly one character long but is " +
                  std::to_string(end.size()) + " long");
  }
  thread_local PatternCache<Regex, kMaxExpressions> cache;
  const std::string key = std::string(start) + std::string(end) + std::string(pattern);
  UNHIDRA_TRY(const auto regex,
              cache.get(key, [&] { return Regex::compile_template(pattern, start[0], end[0]); }));
  UNHIDRA_TRY_VOID(call.environment().charge(text.size()));
  return Value::boolean(regex->match(text));
}

Answer split_by(const Call& call) {
  UNHIDRA_TRY(const std::string_view pattern, call.string(0));
  UNHIDRA_TRY(const std::string_view text, call.string(1));
  UNHIDRA_TRY(const auto regex, expression(pattern));
  UNHIDRA_TRY_VOID(call.environment().charge(text.size() * 2));
  std::vector<Value> out;
  for (const std::string_view part : regex->split(text)) {
    UNHIDRA_TRY_VOID(call.environment().charge(sizeof(Value)));
    out.push_back(Value::string(std::string(part)));
  }
  return Value::array(std::move(out));
}

Answer find(const Call& call, bool groups) {
  UNHIDRA_TRY(const std::string_view pattern, call.string(0));
  UNHIDRA_TRY(const std::string_view text, call.string(1));
  UNHIDRA_TRY(const std::int64_t limit, call.integer(2));
  UNHIDRA_TRY(const auto regex, expression(pattern));
  UNHIDRA_TRY_VOID(call.environment().charge(text.size() * 2));
  std::vector<Value> out;
  Status charged;
  regex->each_match(text, limit, [&](const Regex::Groups& found) {
    charged = call.environment().charge(found.size() * sizeof(Value));
    if (!charged) {
      return false;
    }
    if (!groups) {
      out.push_back(Value::string(std::string(*found[0])));
      return true;
    }
    std::vector<Value> inner;
    for (const auto& group : found) {
      inner.push_back(Value::string(std::string(group.value_or(""))));
    }
    out.push_back(Value::array(std::move(inner)));
    return true;
  });
  UNHIDRA_TRY_VOID(charged);
  return Value::array(std::move(out));
}
Answer find_n(const Call& call) {
  return find(call, false);
}
Answer find_all_string_submatch_n(const Call& call) {
  return find(call, true);
}

Answer replace(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const std::string_view pattern, call.string(1));
  UNHIDRA_TRY(const std::string_view with, call.string(2));
  UNHIDRA_TRY(const auto regex, expression(pattern));
  Environment& environment = call.environment();
  UNHIDRA_TRY_VOID(environment.charge(text.size() * 2));
  std::string out = regex->replace_all(text, with, environment.budget);
  UNHIDRA_TRY_VOID(environment.charge(out.size()));
  return Value::string(std::move(out));
}

Answer globs_match(const Call& call) {
  UNHIDRA_TRY(const std::string_view a, call.string(0));
  UNHIDRA_TRY(const std::string_view b, call.string(1));
  UNHIDRA_TRY_VOID(call.environment().charge((a.size() + 1) * (b.size() + 1)));
  UNHIDRA_TRY(const bool intersect, globs_intersect(a, b));
  return Value::boolean(intersect);
}

// null: no delimiters; an empty list: the full stop.
Result<std::u32string> delimiters(const Call& call) {
  if (call[1].is(Kind::null)) {
    return std::u32string();
  }
  if (!call[1].is(Kind::array)) {
    return wrong_kind(2, call[1], {"array", "null"});
  }
  std::u32string out;
  for (const Value& element : call[1].elements()) {
    const std::u32string rune = element.is(Kind::string) ? to_runes(element.text()) : U"";
    if (!element.is(Kind::string)) {
      return wrong_element(2, call[1], element, "string");
    }
    if (rune.size() != 1) {
      return wrong_element(2, call[1], element, "rune");
    }
    out += rune;
  }
  return out.empty() ? U"." : out;
}

Answer glob_match(const Call& call) {
  UNHIDRA_TRY(const std::string_view pattern, call.string(0));
  UNHIDRA_TRY(const std::u32string delimiter, delimiters(call));
  UNHIDRA_TRY(const std::string_view text, call.string(2));
  thread_local PatternCache<Glob> cache;
  thread_local std::string key;
  key.clear();
  for (const char32_t rune : delimiter) {
    append_rune(key, rune);
  }
  key += '\0';
  key += pattern;
  UNHIDRA_TRY(const auto glob, cache.get(key, [&] { return Glob::compile(pattern, delimiter); }));
  UNHIDRA_TRY_VOID(call.environment().charge(text.size() + pattern.size()));
  return Value::boolean(glob->match(text));
}

Answer glob_quote_meta(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  return Value::string(quote_glob(text));
}

constexpr Builtin kTable[] = {
    {"glob.match", 3, glob_match},
    {"glob.quote_meta", 1, glob_quote_meta},
    {"re_match", 2, match},
    {"regex.find_all_string_submatch_n", 3, find_all_string_submatch_n},
    {"regex.find_n", 3, find_n},
    {"regex.globs_match", 2, globs_match},
    {"regex.is_valid", 1, is_valid},
    {"regex.match", 2, match},
    {"regex.replace", 3, replace},
    {"regex.split", 2, split_by},
    {"regex.template_match", 4, template_match},
};

}  // namespace

std::span<const Builtin> regex_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
