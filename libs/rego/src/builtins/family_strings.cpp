// Text: cutting, searching, replacing, formatting, templates.
#include <algorithm>
#include <charconv>
#include <span>

#include "builtins/families.h"
#include "builtins/go_format.h"
#include "builtins/go_text.h"
#include "builtins/number_math.h"
#include "builtins/text_template.h"

namespace unhidra::rego::builtins {
namespace {

Value text_value(std::string_view text) {
  return Value::string(std::string(text));
}

// A text, or a list or set of texts.
Result<std::vector<std::string_view>> one_or_more(const Call& call, std::size_t i) {
  if (call[i].is(Kind::string)) {
    return std::vector<std::string_view>{call[i].text()};
  }
  if (!call[i].is(Kind::array) && !call[i].is(Kind::set)) {
    return wrong_kind(i + 1, call[i], {"string", "set", "array"});
  }
  return call.strings(i);
}

// Whether one text begins (or ends) with one of the parts. In sorted order the texts that begin
// with a part stand together.
Answer any_match(const Call& call, bool reversed) {
  UNHIDRA_TRY(const auto texts, one_or_more(call, 0));
  UNHIDRA_TRY(const auto parts, one_or_more(call, 1));
  std::vector<std::string> sorted;
  std::size_t size = 0;
  for (const std::string_view text : texts) {
    sorted.emplace_back(text);
    size += text.size();
    if (reversed) {
      std::ranges::reverse(sorted.back());
    }
  }
  UNHIDRA_TRY_VOID(call.environment().charge(size + parts.size()));
  std::ranges::sort(sorted);
  for (const std::string_view part : parts) {
    std::string wanted(part);
    if (reversed) {
      std::ranges::reverse(wanted);
    }
    const auto at = std::ranges::lower_bound(sorted, wanted);
    if (at != sorted.end() && at->starts_with(wanted)) {
      return Value::boolean(true);
    }
  }
  return Value::boolean(false);
}
Answer any_prefix_match(const Call& call) {
  return any_match(call, false);
}
Answer any_suffix_match(const Call& call) {
  return any_match(call, true);
}

Answer concat(const Call& call) {
  UNHIDRA_TRY(const std::string_view separator, call.string(0));
  if (!call[1].is(Kind::array) && !call[1].is(Kind::set)) {
    return wrong_kind(2, call[1], {"set", "array"});
  }
  std::size_t size = 0;
  for (const Value& part : call[1].elements()) {
    if (!part.is(Kind::string)) {
      return wrong_element(2, call[1], part, "string");
    }
    size += part.text().size() + separator.size();
  }
  UNHIDRA_TRY_VOID(call.environment().charge(size));
  return Value::string_by([&](std::string& out) {
    out.reserve(size);
    for (const Value& part : call[1].elements()) {
      out += &part == call[1].elements().data() ? std::string_view() : separator;
      out += part.text();
    }
  });
}

Answer contains(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const std::string_view part, call.string(1));
  return Value::boolean(text.find(part) != std::string_view::npos);
}
Answer starts_with(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const std::string_view part, call.string(1));
  return Value::boolean(text.starts_with(part));
}
Answer ends_with(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const std::string_view part, call.string(1));
  return Value::boolean(text.ends_with(part));
}

Answer format_int(const Call& call) {
  UNHIDRA_TRY(const std::string_view number, call.number(0));
  UNHIDRA_TRY(const std::string_view base_text, call.number(1));
  int base = 0;
  std::from_chars(base_text.data(), base_text.data() + base_text.size(), base);
  if (base_text != std::to_string(base) || (base != 2 && base != 8 && base != 10 && base != 16)) {
    return operand_error(2, "must be one of {2, 8, 10, 16}");
  }
  UNHIDRA_TRY_VOID(call.environment().spend(work_of_digits(full_digits(number))));
  UNHIDRA_TRY(std::string out, format_integer_base(number, base));
  UNHIDRA_TRY_VOID(call.environment().charge(out.size()));
  return Value::string(std::move(out));
}

Answer positions(const Call& call, bool all) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const std::string_view part, call.string(1));
  if (part.empty()) {
    return failed("empty search character");
  }
  const std::u32string where = to_runes(text);
  const std::u32string what = to_runes(part);
  std::vector<Value> out;
  for (std::size_t at = where.find(what); at != std::u32string::npos;
       at = where.find(what, at + 1)) {
    UNHIDRA_TRY_VOID(call.environment().charge(sizeof(Value)));
    out.push_back(Value::integer(static_cast<std::int64_t>(at)));
    if (!all) {
      return out[0];
    }
  }
  return all ? Value::array(std::move(out)) : Value::integer(-1);
}
Answer index_of(const Call& call) {
  return positions(call, false);
}
Answer index_of_n(const Call& call) {
  return positions(call, true);
}

Answer lower(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  return Value::string(to_lower(text));
}
Answer upper(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  return Value::string(to_upper(text));
}
Answer reverse(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  return Value::string(reverse_runes(text));
}
Answer count(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const std::string_view part, call.string(1));
  return Value::integer(static_cast<std::int64_t>(count_substring(text, part)));
}

Answer replace_pairs(const Call& call, std::vector<std::pair<std::string, std::string>> pairs,
                     std::string_view text) {
  Environment& environment = call.environment();
  UNHIDRA_TRY_VOID(environment.charge(text.size()));
  std::string out = Replacer(std::move(pairs)).replace(text, environment.budget);
  UNHIDRA_TRY_VOID(environment.charge(out.size()));
  return Value::string(std::move(out));
}

Answer replace(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const std::string_view old, call.string(1));
  UNHIDRA_TRY(const std::string_view with, call.string(2));
  return replace_pairs(call, {{std::string(old), std::string(with)}}, text);
}

Answer replace_n(const Call& call) {
  UNHIDRA_TRY(const Value patterns, call.of_kind(0, Kind::object));
  UNHIDRA_TRY(const std::string_view text, call.string(1));
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [old, with] : patterns.members()) {
    if (!old.is(Kind::string)) {
      return operand_error(1, "non-string key found in pattern object");
    }
    if (!with.is(Kind::string)) {
      return operand_error(1, "non-string value found in pattern object");
    }
    pairs.emplace_back(old.text(), with.text());
  }
  UNHIDRA_TRY_VOID(call.environment().charge(text.size() * (pairs.size() + 1)));
  return replace_pairs(call, std::move(pairs), text);
}

Answer split_text(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const std::string_view separator, call.string(1));
  std::vector<Value> out;
  for (const std::string_view part : split(text, separator)) {
    UNHIDRA_TRY_VOID(call.environment().charge(sizeof(Value) + part.size()));
    out.push_back(text_value(part));
  }
  return Value::array(std::move(out));
}

// The first fields, or of a negative number the last.
Answer split_n(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const std::string_view separator, call.string(1));
  UNHIDRA_TRY(const std::int64_t number, call.integer(2));
  const std::vector<std::string_view> parts = split(text, separator);
  const std::uint64_t wanted =
      number < 0 ? ~static_cast<std::uint64_t>(number) + 1 : static_cast<std::uint64_t>(number);
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, parts.size()));
  const std::span fields(parts);
  std::vector<Value> out;
  for (const std::string_view part : number < 0 ? fields.last(count) : fields.first(count)) {
    UNHIDRA_TRY_VOID(call.environment().charge(sizeof(Value) + part.size()));
    out.push_back(text_value(part));
  }
  return Value::array(std::move(out));
}

Answer substring(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const std::int64_t start, call.integer(1));
  UNHIDRA_TRY(const std::int64_t length, call.integer(2));
  if (start < 0) {
    return failed("negative offset");
  }
  const std::u32string runes = to_runes(text);
  if (static_cast<std::uint64_t>(start) >= runes.size()) {
    return Value::string("");
  }
  const auto from = static_cast<std::size_t>(start);
  const std::size_t most = runes.size() - from;
  const std::size_t size = length < 0 ? most : std::min(most, static_cast<std::size_t>(length));
  return Value::string(from_runes(std::u32string_view(runes).substr(from, size)));
}

using Trimmer = std::string_view (*)(std::string_view, std::string_view);
template <Trimmer kTrim>
Answer trimmed(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const std::string_view what, call.string(1));
  return text_value(kTrim(text, what));
}
std::string_view trim_both(std::string_view text, std::string_view cutset) {
  return trim_left(trim_right(text, cutset), cutset);
}
std::string_view without_prefix(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}
std::string_view without_suffix(std::string_view text, std::string_view suffix) {
  return text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text;
}
Answer trim_spaces(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  return text_value(trim_space(text));
}

FormatArgument format_argument(const Value& value) {
  if (value.is(Kind::string)) {
    return value.text();
  }
  if (!value.is(Kind::number)) {
    return to_term(value);
  }
  const std::string& text = value.text();
  std::int64_t integer = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
  const bool whole = end == text.data() + text.size();
  if (whole && error == std::errc()) {
    return integer;
  }
  if (whole && error == std::errc::result_out_of_range) {
    return BigInteger{text};
  }
  const double real = to_double(text);
  return real - real == 0 ? FormatArgument(real) : FormatArgument(text);  // infinite: as it is
}

Answer sprintf(const Call& call) {
  UNHIDRA_TRY(const std::string_view pattern, call.string(0));
  UNHIDRA_TRY(const Value list, call.of_kind(1, Kind::array));
  std::vector<FormatArgument> arguments;
  Environment& environment = call.environment();
  UNHIDRA_TRY_VOID(environment.expect_room_for(list));
  for (const Value& element : list.elements()) {
    arguments.push_back(format_argument(element));
  }
  std::string out = format(pattern, arguments, environment.budget);
  UNHIDRA_TRY_VOID(environment.charge(out.size()));
  return Value::string(std::move(out));
}

Answer render_template(const Call& call) {
  UNHIDRA_TRY(const std::string_view pattern, call.string(0));
  UNHIDRA_TRY(const Value data, call.of_kind(1, Kind::object));
  UNHIDRA_TRY(std::string out, render(pattern, data, call.environment()));
  return Value::string(std::move(out));
}

// $"{x}": each part as text, what is undefined as "<undefined>".
Answer template_string(const Call& call) {
  UNHIDRA_TRY(const Value parts, call.of_kind(0, Kind::array));
  UNHIDRA_TRY_VOID(call.environment().expect_room_for(parts));
  std::string out;
  for (const Value& part : parts.elements()) {
    if (part.is(Kind::set)) {
      out += part.size() == 0                      ? "<undefined>"
             : part.elements()[0].is(Kind::string) ? part.elements()[0].text()
                                                   : to_term(part.elements()[0]);
    } else {
      out += part.is(Kind::string) ? part.text() : to_term(part);
    }
    UNHIDRA_TRY_VOID(call.environment().charge(out.size()));
  }
  return Value::string(std::move(out));
}

constexpr Builtin kTable[] = {
    {"concat", 2, concat},
    {"contains", 2, contains},
    {"endswith", 2, ends_with},
    {"format_int", 2, format_int},
    {"indexof", 2, index_of},
    {"indexof_n", 2, index_of_n},
    {"internal.template_string", 1, template_string},
    {"lower", 1, lower},
    {"replace", 3, replace},
    {"split", 2, split_text},
    {"sprintf", 2, sprintf},
    {"startswith", 2, starts_with},
    {"strings.any_prefix_match", 2, any_prefix_match},
    {"strings.any_suffix_match", 2, any_suffix_match},
    {"strings.count", 2, count},
    {"strings.render_template", 2, render_template},
    {"strings.replace_n", 2, replace_n},
    {"strings.reverse", 1, reverse},
    {"strings.split_n", 3, split_n},
    {"substring", 3, substring},
    {"trim", 2, trimmed<trim_both>},
    {"trim_left", 2, trimmed<trim_left>},
    {"trim_prefix", 2, trimmed<without_prefix>},
    {"trim_right", 2, trimmed<trim_right>},
    {"trim_space", 1, trim_spaces},
    {"trim_suffix", 2, trimmed<without_suffix>},
    {"upper", 1, upper},
};

}  // namespace

std::span<const Builtin> string_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
