#include "unhidra/actions/rules.h"

#include <algorithm>

#include "unhidra/base/text.h"

#include "document.h"

namespace unhidra::actions {

using rego::Value;

namespace {

using rego::Kind;

constexpr std::int64_t kMaxQuiet = 86'400;

Result<Rule> read_rule(const Value& value, const std::string& where) {
  UNHIDRA_TRY_VOID(only(value, where, {"name", "when", "if", "do", "quiet"}));
  Rule out;
  UNHIDRA_TRY(out.name, word(value, where, "name", true));
  const auto named = where + " (" + printable(out.name) + ")";
  UNHIDRA_TRY(out.condition, word(value, named, "if", false, 4000));
  const Value nothing = Value::object({});
  const auto* when = value.find("when");
  UNHIDRA_TRY_VOID(only(when != nullptr ? *when : nothing, named + ", when", {"device", "kind"}));
  if (when != nullptr) {
    UNHIDRA_TRY(out.when_device, word(*when, named + ", when", "device", false));
    UNHIDRA_TRY(out.when_kind, word(*when, named + ", when", "kind", false));
  }
  if (!out.when_kind.empty() && out.when_kind != "telemetry" && out.when_kind != "state") {
    return bad(named, "\"kind\" is telemetry or state");
  }
  const auto* action = value.find("do");
  UNHIDRA_TRY_VOID(
      only(action != nullptr ? *action : nothing, named + ", do", {"device", "command"}));
  UNHIDRA_TRY(out.do_device,
              word(action != nullptr ? *action : nothing, named + ", do", "device", true));
  UNHIDRA_TRY(out.do_command,
              word(action != nullptr ? *action : nothing, named + ", do", "command", true));
  if (const auto* quiet = value.find("quiet")) {
    const auto seconds = quiet->small_integer();
    if (!seconds || *seconds < 1 || *seconds > kMaxQuiet) {
      return bad(named, "\"quiet\" is a number of seconds from 1 to 86400");
    }
    out.quiet = std::chrono::seconds(*seconds);
  }
  return out;
}

Value input_of(const DeviceSaid& event) {
  std::vector<Value::Member> members{
      {text("device"), Value::object({{text("id"), text(event.device_id)},
                                      {text("name"), text(event.device_name)}})},
      {text("kind"), text(event.kind)},
      {text("text"), text(event.text)}};
  if (auto parsed = rego::value_from_json(event.text)) {
    if (parsed->is(Kind::number)) {
      members.emplace_back(text("value"), *parsed);
    }
    members.emplace_back(text("json"), std::move(*parsed));
  }
  return Value::object(std::move(members));
}

}  // namespace

Result<Rules> Rules::parse(std::string_view json) {
  if (json.size() > kMaxRulesFile) {
    return bad("rules", "at most 1 MiB");
  }
  auto document = rego::value_from_json(json);
  if (!document) {
    return bad("rules", document.error().message());
  }
  UNHIDRA_TRY_VOID(only(*document, "rules", {"rules"}));
  return read(*document);
}

Result<Rules> Rules::read(const Value& document) {
  const auto* list = document.find("rules");
  if (list == nullptr || !list->is(Kind::array) || list->size() > kMaxRules) {
    return bad("rules", "expected \"rules\", a list of at most 500");
  }
  Rules out;
  for (const auto& each : list->elements()) {
    const auto where = "rule " + std::to_string(out.rules_.size() + 1);
    UNHIDRA_TRY(auto rule, read_rule(each, where));
    std::optional<rego::PreparedQuery> condition;
    if (!rule.condition.empty()) {
      UNHIDRA_TRY(condition,
                  compile_condition(rule.condition, where + " (" + printable(rule.name) + ")"));
    }
    out.rules_.push_back(std::move(rule));
    out.conditions_.push_back(std::move(condition));
  }
  return out;
}

std::vector<Due> Rules::on(const DeviceSaid& event, Timestamp now, SteadyTime steady,
                           const std::function<void(const std::string&, const Error&)>& failed) {
  std::vector<Due> out;
  std::optional<Value> input;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const auto& rule = rules_[i];
    const bool concerned = (rule.when_device.empty() || rule.when_device == event.device_id ||
                            rule.when_device == event.device_name) &&
                           (rule.when_kind.empty() || rule.when_kind == event.kind);
    const auto done = done_.find(i);
    if (!concerned || (done != done_.end() && steady - done->second < rule.quiet)) {
      continue;
    }
    if (conditions_[i]) {
      if (!input) {
        input = input_of(event);
      }
      const auto decided = holds(*conditions_[i], *input, now);
      if (!decided && failed) {
        failed(rule.name, decided.error());
      }
      if (!decided || !*decided) {
        continue;
      }
    }
    done_[i] = steady;
    out.push_back({.rule = rule.name, .device = rule.do_device, .command = rule.do_command});
  }
  return out;
}

}  // namespace unhidra::actions
