#include "bridge.h"

#include <algorithm>

#include "unhidra/base/id.h"

#include "sets.h"

namespace unhidra::actions {

using rego::Kind;
using rego::Value;

bool Bridge::tells(std::string_view kind) const {
  return std::ranges::find(tell, kind) != tell.end();
}

bool same_words(std::string_view a, std::string_view b) {
  const auto words = words_of(a);
  return !words.empty() && words == words_of(b);
}

Result<Bridge> read_bridge(const Value& value, const std::string& where) {
  UNHIDRA_TRY_VOID(
      only(value, where, {"conversation", "group", "understand", "allow", "tell", "devices"}));
  Bridge out;
  UNHIDRA_TRY(out.conversation, word(value, where, "conversation", true));
  UNHIDRA_TRY(out.group, word(value, where, "group", true));
  if (const auto* understand = value.find("understand")) {
    if (!understand->is(Kind::boolean)) {
      return bad(where, "\"understand\" is true or false");
    }
    out.understand = understand->as_boolean();
  }
  UNHIDRA_TRY(const auto allow, word(value, where, "allow", false, 4000));
  if (!allow.empty()) {
    UNHIDRA_TRY(out.allow, compile_condition(allow, where + ", allow"));
  }
  UNHIDRA_TRY(out.tell, word_list(value, where, "tell"));
  const bool known = std::ranges::all_of(
      out.tell, [](const auto& kind) { return kind == "state" || kind == "telemetry"; });
  const auto* devices = value.find("devices");
  if (!known || devices == nullptr || !devices->is(Kind::array) || devices->size() > 500) {
    return bad(where, known ? "\"devices\" is a list of at most 500"
                            : "\"tell\" names state and telemetry");
  }
  for (const auto& each : devices->elements()) {
    const auto place = where + ", device " + std::to_string(out.targets.size() + 1);
    UNHIDRA_TRY_VOID(only(each, place, {"device", "names", "type", "room"}));
    Target target;
    UNHIDRA_TRY(const auto id, word(each, place, "device", true));
    const auto parsed = DeviceId::parse(id);
    UNHIDRA_TRY(target.names, word_list(each, place, "names"));
    UNHIDRA_TRY(auto type, word(each, place, "type", false));
    UNHIDRA_TRY(target.room, word(each, place, "room", false));
    if (!parsed || target.names.empty()) {
      return bad(place, "a device has its id and at least one name");
    }
    target.id = parsed->to_string();
    target.kind = kind_of(type);
    out.targets.push_back(std::move(target));
    out.types.push_back(std::move(type));
  }
  auto meant = out.targets;
  for (std::size_t i = 0; i < out.targets.size(); ++i) {
    out.meanings.push_back({i});
  }
  for (auto& set : sets_of(out.targets, out.types)) {
    meant.push_back(std::move(set.target));
    out.meanings.push_back(std::move(set.members));
  }
  out.matcher.emplace(std::move(meant));
  return out;
}

}  // namespace unhidra::actions
