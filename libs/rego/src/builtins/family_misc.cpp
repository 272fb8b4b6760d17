// Semantic versions, UUIDs, units, traces, JSON Schema.
#include <algorithm>
#include <array>
#include <charconv>

#include "builtins/families.h"
#include "builtins/go_text.h"
#include "builtins/json_schema.h"
#include "builtins/json_text.h"
#include "builtins/number_math.h"
#include "builtins/text_codec.h"

namespace unhidra::rego::builtins {
namespace {

// --- Semantic Versioning 2.0 ---

struct Version {
  std::array<std::string_view, 3> numbers;
  std::vector<std::string_view> pre_release;
};

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_number(std::string_view text) {
  return is_digits(text) && (text.size() == 1 || text[0] != '0');
}

bool are_identifiers(const std::vector<std::string_view>& parts, bool pre_release) {
  return std::ranges::all_of(parts, [&](std::string_view part) {
    const bool alphabet = !part.empty() && std::ranges::all_of(part, [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
    return alphabet && (!pre_release || !is_digits(part) || is_number(part));
  });
}

std::optional<Version> parse_version(std::string_view text) {
  const std::size_t plus = text.find('+');
  if (plus != std::string_view::npos &&
      !are_identifiers(split(text.substr(plus + 1), "."), false)) {
    return std::nullopt;
  }
  text = text.substr(0, plus);
  Version out;
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    out.pre_release = split(text.substr(dash + 1), ".");
    if (!are_identifiers(out.pre_release, true)) {
      return std::nullopt;
    }
  }
  const auto numbers = split(text.substr(0, dash), ".");
  if (numbers.size() != 3 || !std::ranges::all_of(numbers, is_number)) {
    return std::nullopt;
  }
  std::ranges::copy(numbers, out.numbers.begin());
  return out;
}

int compare_identifiers(std::string_view a, std::string_view b) {
  if (is_digits(a) != is_digits(b)) {
    return is_digits(a) ? -1 : 1;  // numbers come first
  }
  if (is_digits(a)) {
    return compare_decimals(a, b);
  }
  const int order = a.compare(b);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

int compare_versions(const Version& a, const Version& b) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (const int order = compare_decimals(a.numbers[i], b.numbers[i])) {
      return order;
    }
  }
  if (a.pre_release.empty() || b.pre_release.empty()) {
    // A pre-release comes before its release.
    return static_cast<int>(a.pre_release.empty()) - static_cast<int>(b.pre_release.empty());
  }
  for (std::size_t i = 0; i < a.pre_release.size() && i < b.pre_release.size(); ++i) {
    if (const int order = compare_identifiers(a.pre_release[i], b.pre_release[i])) {
      return order;
    }
  }
  return a.pre_release.size() < b.pre_release.size()   ? -1
         : a.pre_release.size() > b.pre_release.size() ? 1
                                                       : 0;
}

Answer semver_compare(const Call& call) {
  UNHIDRA_TRY(const std::string_view a, call.string(0));
  UNHIDRA_TRY(const std::string_view b, call.string(1));
  const auto left = parse_version(a);
  const auto right = parse_version(b);
  if (!left || !right) {
    return failed("operand " + std::string(left ? "2" : "1") + ": string " + quote(left ? b : a) +
                  " is not a valid SemVer");
  }
  return Value::integer(compare_versions(*left, *right));
}

Answer semver_is_valid(const Call& call) {
  return Value::boolean(call[0].is(Kind::string) && parse_version(call[0].text()).has_value());
}

// --- UUIDs (RFC 4122, RFC 9562) ---

using Uuid = std::array<std::uint8_t, 16>;

std::string write_uuid(const Uuid& uuid) {
  std::string out;
  for (std::size_t i = 0; i < 16; ++i) {
    out += i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";
    const char byte = static_cast<char>(uuid[i]);
    out += encode_hex({&byte, 1});
  }
  return out;
}

// Also in braces, as a URN, or without dashes.
std::optional<Uuid> read_uuid(std::string_view text) {
  if (text.size() == 45 && to_lower(text.substr(0, 9)) == "urn:uuid:") {
    text.remove_prefix(9);
  } else if (text.size() == 38) {
    text = text.substr(1, 36);
  }
  std::string digits;
  if (text.size() == 36) {
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) {
      if (text[dash] != '-') {
        return std::nullopt;
      }
    }
    digits = std::string(text.substr(0, 8)) + std::string(text.substr(9, 4)) +
             std::string(text.substr(14, 4)) + std::string(text.substr(19, 4)) +
             std::string(text.substr(24));
  } else {
    digits = text;
  }
  const auto bytes = digits.size() == 32 ? decode_hex(digits) : Result<std::string>("");
  if (!bytes || bytes->size() != 16) {
    return std::nullopt;
  }
  Uuid out{};
  std::ranges::transform(*bytes, out.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return out;
}

Answer uuid_rfc4122(const Call& call) {
  UNHIDRA_TRY(const std::string_view name, call.string(0));
  Environment& environment = call.environment();
  if (environment.random == nullptr) {
    return failed("no source of randomness");
  }
  auto [at, fresh] = environment.memory.try_emplace("uuid.rfc4122 " + std::string(name));
  if (fresh) {
    UNHIDRA_TRY_VOID(environment.charge(64 + name.size()));
    Uuid uuid = environment.random->array<16>();
    uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0F) | 0x40);
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3F) | 0x80);
    at->second = Value::string(write_uuid(uuid));
  }
  return at->second;
}

std::uint64_t bits_of(const Uuid& uuid, std::size_t from, std::size_t size) {
  std::uint64_t out = 0;
  for (std::size_t i = from; i < from + size; ++i) {
    out = (out << 8) | uuid[i];
  }
  return out;
}

std::string node_text(const Uuid& uuid) {
  std::string out;
  for (std::size_t i = 10; i < 16; ++i) {
    const char byte = static_cast<char>(uuid[i]);
    out += (out.empty() ? "" : "-") + encode_hex({&byte, 1});
  }
  return out;
}

void describe_time_based(const Uuid& uuid, std::vector<Value::Member>& out) {
  const auto add = [&](std::string_view name, Value value) {
    out.emplace_back(Value::string(std::string(name)), std::move(value));
  };
  // 100 ns since 1582-10-15.
  constexpr std::int64_t kEpoch = 122'192'928'000'000'000;
  const auto ticks = static_cast<std::int64_t>(((bits_of(uuid, 6, 2) & 0x0FFF) << 48) |
                                               (bits_of(uuid, 4, 2) << 32) | bits_of(uuid, 0, 4));
  const std::string since = std::to_string(ticks - kEpoch);
  add("time", Value::number(since == "0" ? since : since + "00"));
  add("nodeid", Value::string(node_text(uuid)));
  add("macvariables", Value::string(std::string((uuid[10] & 2) != 0 ? "local:" : "global:") +
                                    ((uuid[10] & 1) != 0 ? "multicast" : "unicast")));
  add("clocksequence", Value::integer(static_cast<std::int64_t>(bits_of(uuid, 8, 2) & 0x3FFF)));
}

Answer uuid_parse(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  const auto uuid = read_uuid(text);
  if (!uuid) {
    return std::nullopt;
  }
  const std::uint8_t variant = (*uuid)[8];
  const std::string_view variant_name = (variant & 0xC0) == 0x80   ? "RFC4122"
                                        : (variant & 0xE0) == 0xC0 ? "Microsoft"
                                        : (variant & 0xE0) == 0xE0 ? "Future"
                                                                   : "Reserved";
  const int version = (*uuid)[6] >> 4;
  std::vector<Value::Member> out = {
      {Value::string("variant"), Value::string(std::string(variant_name))},
      {Value::string("version"), Value::integer(version)}};
  if (version == 1 || version == 2) {
    describe_time_based(*uuid, out);
  }
  if (version == 2) {
    constexpr std::array<std::string_view, 3> kDomains = {"Person", "Group", "Org"};
    const std::uint8_t domain = (*uuid)[9];
    out.emplace_back(Value::string("id"),
                     Value::integer(static_cast<std::int64_t>(bits_of(*uuid, 0, 4))));
    out.emplace_back(Value::string("domain"),
                     Value::string(domain < 3 ? std::string(kDomains[domain])
                                              : "Domain" + std::to_string(domain)));
  }
  return Value::object(std::move(out));
}

// --- Units ---

constexpr std::size_t kMaxExponentDigits = 6;

struct Amount {
  std::string_view number;
  std::string_view unit;
};

// Where the number ends and the unit begins: "1.5e3Ki".
std::optional<Amount> split_amount(std::string_view text) {
  const auto digit = [&](std::size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '9';
  };
  const auto sign = [&](std::size_t i) {
    return i < text.size() && (text[i] == '+' || text[i] == '-');
  };
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == 'e' || c == 'E') {
      if (!digit(at + 1) && !sign(at + 1)) {
        break;
      }
      at += sign(at + 1) ? 1 : 0;
      std::size_t digits = 0;
      while (digit(at + 1 + digits)) {
        ++digits;
      }
      if (digits > kMaxExponentDigits) {
        return std::nullopt;
      }
    } else if (!digit(at) && c != '.' && !sign(at)) {
      break;
    }
  }
  return Amount{text.substr(0, at), text.substr(std::min(at, text.size()))};
}

std::string without_quotes(std::string_view text) {
  std::string out(text);
  std::erase(out, '"');
  return out;
}

struct Unit {
  char letter;
  std::uint64_t decimal;
  std::uint64_t binary;
};
constexpr auto kUnits = std::to_array<Unit>({
    {'k', 1'000, 1ULL << 10},
    {'m', 1'000'000, 1ULL << 20},
    {'g', 1'000'000'000, 1ULL << 30},
    {'t', 1'000'000'000'000, 1ULL << 40},
    {'p', 1'000'000'000'000'000, 1ULL << 50},
    {'e', 1'000'000'000'000'000'000, 1ULL << 60},
});

// `unit` in lower case; `suffix` is what may follow ("b" of bytes).
std::optional<std::uint64_t> factor_of(std::string_view unit, std::string_view suffix) {
  if (unit.empty()) {
    return 1;
  }
  for (const Unit& known : kUnits) {
    if (unit[0] != known.letter) {
      continue;
    }
    const std::string_view rest = unit.substr(1);
    if (rest.empty() || (!suffix.empty() && rest == suffix)) {
      return known.decimal;
    }
    if (rest.starts_with('i') &&
        (rest.size() == 1 || (!suffix.empty() && rest.substr(1) == suffix))) {
      return known.binary;
    }
  }
  return std::nullopt;
}

Answer units_parse_bytes(const Call& call) {
  UNHIDRA_TRY(const std::string_view raw, call.string(0));
  const auto bad = [](const std::string& what) { return failed("units.parse_bytes: " + what); };
  const std::string text = to_lower(without_quotes(raw));
  if (text.find(' ') != std::string::npos) {
    return bad("spaces not allowed in resource strings");
  }
  const auto amount = split_amount(text);
  if (!amount) {
    return bad("exponent too large");
  }
  if (amount->number.empty()) {
    return bad("no byte amount provided");
  }
  const auto factor = factor_of(amount->unit, "b");
  if (!factor) {
    return bad("byte unit " + std::string(amount->unit) + " not recognized");
  }
  auto total = scale_to_integer(amount->number, *factor);
  if (!total) {
    return bad("could not parse byte amount to a number");
  }
  UNHIDRA_TRY_VOID(call.environment().charge(total->size()));
  return Value::number(std::move(*total));
}

Answer units_parse(const Call& call) {
  UNHIDRA_TRY(const std::string_view raw, call.string(0));
  const auto bad = [](const std::string& what) { return failed("units.parse: " + what); };
  const std::string text = without_quotes(raw);
  if (text.find(' ') != std::string::npos) {
    return bad("spaces not allowed in resource strings");
  }
  const auto amount = split_amount(text);
  if (!amount) {
    return bad("exponent too large");
  }
  if (amount->number.empty()) {
    return bad("no amount provided");
  }
  // "m" alone is a thousandth; otherwise the case of the letters says nothing.
  const bool milli = amount->unit == "m";
  const auto factor =
      milli ? std::optional<std::uint64_t>(1) : factor_of(to_lower(amount->unit), "");
  if (!factor) {
    std::string unit(amount->unit);
    unit = unit.substr(0, 1) + to_lower(unit.substr(1));
    return bad("unit " + unit + " not recognized");
  }
  auto total = scale_to_decimal(amount->number, *factor, milli);
  if (!total) {
    return bad("could not parse amount to a number");
  }
  UNHIDRA_TRY_VOID(call.environment().charge(total->size()));
  return Value::number(std::move(*total));
}

// --- Traces ---

Answer trace(const Call& call) {
  UNHIDRA_TRY(const std::string_view note, call.string(0));
  if (call.environment().print) {
    call.environment().print(note);
  }
  return Value::boolean(true);
}

// The operands are sets, since one may be undefined: {} prints as <undefined>.
Answer print(const Call& call) {
  UNHIDRA_TRY(const Value parts, call.of_kind(0, Kind::array));
  std::string line;
  for (const Value& part : parts.elements()) {
    const Value* shown =
        part.is(Kind::set) ? (part.size() > 0 ? &part.elements()[0] : nullptr) : &part;
    line += (line.empty() ? "" : " ");
    line += shown == nullptr          ? "<undefined>"
            : shown->is(Kind::string) ? shown->text()
                                      : to_term(*shown);
    UNHIDRA_TRY_VOID(call.environment().charge(line.size()));
  }
  if (call.environment().print) {
    call.environment().print(line);
  }
  return Value::boolean(true);
}

// --- JSON Schema ---

// A document or schema is given as it is, or as JSON text.
Result<Value> document(const Call& call, std::size_t i) {
  if (call[i].is(Kind::string)) {
    return parse_json(call[i].text());
  }
  if (!call[i].is(Kind::object)) {
    return wrong_kind(i + 1, call[i], {"string", "object"});
  }
  return call[i];
}

Answer verify_schema(const Call& call) {
  const auto verdict = [](bool valid, Value text) {
    return Value::array({Value::boolean(valid), std::move(text)});
  };
  auto schema = document(call, 0);
  Status status;
  if (schema) {
    status = check_schema(*schema, call.environment());
  } else {
    status = fail(schema.error());
  }
  if (status) {
    return verdict(true, Value());
  }
  if (status.error() == CallErrc::exhausted) {
    return fail(std::move(status).error());
  }
  return verdict(false, Value::string("jsonschema: " + status.error().message()));
}

Answer match_schema(const Call& call) {
  UNHIDRA_TRY(const Value instance, document(call, 0));
  UNHIDRA_TRY(const Value schema, document(call, 1));
  UNHIDRA_TRY(const auto problems, validate_schema(instance, schema, call.environment()));
  std::vector<Value> out;
  for (const SchemaProblem& problem : problems) {
    const std::string whole = problem.field + ": " + problem.description;
    out.push_back(Value::object({{Value::string("error"), Value::string(whole)},
                                 {Value::string("type"), Value::string(problem.type)},
                                 {Value::string("field"), Value::string(problem.field)},
                                 {Value::string("desc"), Value::string(problem.description)}}));
  }
  const bool valid = out.empty();
  return Value::array({Value::boolean(valid), Value::array(std::move(out))});
}

constexpr Builtin kTable[] = {
    {"internal.print", 1, print, true},
    {"json.match_schema", 2, match_schema},
    {"json.verify_schema", 1, verify_schema},
    {"semver.compare", 2, semver_compare},
    {"semver.is_valid", 1, semver_is_valid},
    {"trace", 1, trace, true},
    {"units.parse", 1, units_parse},
    {"units.parse_bytes", 1, units_parse_bytes},
    {"uuid.parse", 1, uuid_parse},
    {"uuid.rfc4122", 1, uuid_rfc4122, true},
};

}  // namespace

std::span<const Builtin> misc_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
