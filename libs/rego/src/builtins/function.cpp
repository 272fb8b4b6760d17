#include "builtins/function.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "builtins/families.h"
#include "builtins/number_math.h"

namespace unhidra::rego {

Result<Value> Host::http_send(const Value&) {
  return fail(Errc::invalid, "unallowed host: http.send is not enabled");
}
Result<Value> Host::runtime() {
  return Value::object({});
}
Result<Value> Host::lookup_ip_addr(std::string_view name) {
  return fail(Errc::invalid, "lookup " + std::string(name) + ": net.lookup_ip_addr is not enabled");
}
Result<Value> Host::sign_request(const Value&, const Value&, std::int64_t) {
  return fail(Errc::invalid, "request signing is not enabled");
}
Status Host::sleep(std::chrono::nanoseconds) {
  return fail(Errc::invalid, "test.sleep is not enabled");
}

}  // namespace unhidra::rego

namespace unhidra::rego::builtins {

Status Environment::exhaust(const char* message) {
  exhausted_ = true;
  return fail(CallErrc::exhausted, message);
}

Status Environment::charge_and_look(std::uint64_t units) {
  if (units > budget) {
    budget = 0;
    return exhaust("the evaluation's budget is used up");
  }
  budget -= units;
  return spend(units);
}

Status Environment::spend(std::uint64_t units) {
  if (units > work) {
    work = 0;
    return exhaust("the evaluation's budget is used up");
  }
  work -= units;
  return keep_time(units);
}

Status Environment::keep_time(std::uint64_t units) {
  // About as much work as a reading of the clock is lost in, and far less than a time limit.
  constexpr std::uint64_t kUnitsPerLook = 16'384;
  if (!deadline || clock == nullptr) {
    return {};
  }
  unlooked_ += std::min(units, kUnitsPerLook);
  if (unlooked_ < kUnitsPerLook) {
    return {};
  }
  if (clock->steady_now() >= *deadline) {
    return exhaust("the evaluation's time is up");  // and again when asked again
  }
  unlooked_ = 0;
  return {};
}

bool Environment::has_room_for(std::uint64_t bytes) {
  return bytes <= budget ? spend(bytes).has_value()
                         : exhaust("the evaluation's budget is used up").has_value();
}

Status Environment::expect_room_for(const Value& value, std::uint64_t indentation) {
  const bool is_known = value.weight() < Value::kTooHeavy;
  if (!has_room_for(is_known ? value.weight() * (1 + value.depth() * indentation) : UINT64_MAX)) {
    return exhaust("the evaluation's budget is used up");
  }
  return {};
}

Status Environment::expect_depth_of(const Value& value) {
  return value.depth() > kMaxValueDepth ? exhaust("the value is nested too deeply") : Status();
}

std::unexpected<Error> operand_error(std::size_t position, const std::string& what) {
  return fail(CallErrc::type_error, "operand " + std::to_string(position) + ' ' + what);
}

std::unexpected<Error> wrong_kind(std::size_t position, const Value& got,
                                  std::initializer_list<std::string_view> expected) {
  std::string list;
  for (const std::string_view kind : expected) {
    list += (list.empty() ? "" : ", ") + std::string(kind);
  }
  list = expected.size() == 1 ? list : "one of {" + list + "}";
  return operand_error(position,
                       "must be " + list + " but got " + std::string(kind_name(got.kind())));
}

std::unexpected<Error> wrong_element(std::size_t position, const Value& composite, const Value& got,
                                     std::string_view expected) {
  const std::string kind(kind_name(composite.kind()));
  return operand_error(position, "must be " + kind + " of " + std::string(expected) + "s but got " +
                                     kind + " containing " + std::string(kind_name(got.kind())));
}

std::unexpected<Error> failed(std::string message) {
  return fail(Errc::invalid, std::move(message));
}

Result<std::string_view> Call::string(std::size_t i) const {
  if (!operands_[i].is(Kind::string)) {
    return wrong_kind(i + 1, operands_[i], {"string"});
  }
  return std::string_view(operands_[i].text());
}

Result<std::string_view> Call::number(std::size_t i) const {
  if (!operands_[i].is(Kind::number)) {
    return wrong_kind(i + 1, operands_[i], {"number"});
  }
  return std::string_view(operands_[i].text());
}

Result<std::int64_t> Call::integer(std::size_t i) const {
  UNHIDRA_TRY(const std::string_view text, number(i));
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) {
    return operand_error(i + 1, "must be integer number but got floating-point number");
  }
  return out;
}

Result<std::string> Call::big_integer(std::size_t i) const {
  if (!operands_[i].is(Kind::number)) {
    return wrong_kind(i + 1, operands_[i], {"integer"});
  }
  auto text = integer_text(operands_[i].text());
  if (!text) {
    return operand_error(i + 1, "must be integer number but got floating-point number");
  }
  return std::move(*text);
}

Result<Value> Call::of_kind(std::size_t i, Kind kind) const {
  if (!operands_[i].is(kind)) {
    return wrong_kind(i + 1, operands_[i], {kind_name(kind)});
  }
  return operands_[i];
}

Result<std::vector<std::string_view>> Call::strings(std::size_t i) const {
  const Value& list = operands_[i];
  if (!list.is(Kind::array) && !list.is(Kind::set)) {
    return wrong_kind(i + 1, list, {"array", "set"});
  }
  std::vector<std::string_view> out;
  for (const Value& element : list.elements()) {
    if (!element.is(Kind::string)) {
      return wrong_element(i + 1, list, element, "string");
    }
    out.push_back(element.text());
  }
  return out;
}

Answer invoke(const Builtin& builtin, std::span<const Value> operands, Environment& environment) {
  if (environment.deadline) {
    constexpr std::uint64_t kWorkOfElement = 16;
    std::uint64_t units = 0;
    for (const Value& operand : operands) {
      units += operand.size() * kWorkOfElement + operand.text().size();
    }
    UNHIDRA_TRY_VOID(environment.keep_time(units));
  }
  if (environment.is_exhausted()) {
    return fail(CallErrc::exhausted, "the evaluation's budget is used up");
  }
  Answer out = builtin.function(Call(operands, environment));
  if (out && *out && (*out)->depth() > kMaxValueDepth) [[unlikely]] {
    UNHIDRA_TRY_VOID(environment.expect_depth_of(**out));
  }
  return out;
}

std::span<const std::span<const Builtin>> all_builtins() {
  static const std::array kFamilies = {
      collection_family(), crypto_family(), encoding_family(), graph_family(),   graphql_family(),
      language_family(),   net_family(),    number_family(),   object_family(),  regex_family(),
      schema_family(),     semver_family(), string_family(),   testing_family(), time_family(),
      token_family(),      trace_family(),  units_family(),    uuid_family(),
  };
  return kFamilies;
}

const Builtin* find_builtin(std::string_view name) {
  // Each table is in order of its names.
  for (const std::span<const Builtin> family : all_builtins()) {
    const auto at = std::ranges::lower_bound(family, name, {}, &Builtin::name);
    if (at != family.end() && at->name == name) {
      return &*at;
    }
  }
  return nullptr;
}

}  // namespace unhidra::rego::builtins
