#include "unhidra/actions/hub.h"

#include <algorithm>

#include "unhidra/base/id.h"
#include "unhidra/base/text.h"

#include "bridge.h"
#include "document.h"

namespace unhidra::actions {

using rego::Kind;
using rego::Value;

namespace {

constexpr std::string_view kCommand = "/device";
constexpr std::size_t kMaxBridges = 50;
constexpr std::size_t kMaxAsked = 200;  // questions that wait for a yes
constexpr std::size_t kMaxCommand = 200;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) {
    text.remove_suffix(1);
  }
  return text;
}

bool is_command(std::string_view text) {
  return !text.empty() && text.size() <= kMaxCommand && printable(text) == text;
}

// What must not be done by a slip of the tongue, however it was said.
bool needs_yes(const Target& target, std::string_view command) {
  const auto verb = command.substr(0, command.find(' '));
  return (target.kind == DeviceKind::lock && verb != "lock") ||
         (target.kind == DeviceKind::garage && verb != "close");
}

}  // namespace

struct Hub::Impl {
  std::vector<Bridge> bridges;
  Rules rules;
  struct Asked {
    std::string conversation;
    std::string speaker;
    HubCommand command;
    SteadyTime until;
  };
  std::vector<Asked> asked;

  const Bridge* bridge_of(std::string_view conversation) const {
    const auto found = std::ranges::find(bridges, conversation, &Bridge::conversation);
    return found != bridges.end() ? &*found : nullptr;
  }

  // By id or by any name; the bridge that has it.
  std::optional<std::pair<const Bridge*, std::size_t>> find(std::string_view device) const {
    for (const auto& bridge : bridges) {
      for (std::size_t i = 0; i < bridge.targets.size(); ++i) {
        const auto& target = bridge.targets[i];
        const bool named = std::ranges::any_of(
            target.names, [&](const auto& name) { return same_words(name, device); });
        if (target.id == device || named) {
          return std::pair(&bridge, i);
        }
      }
    }
    return std::nullopt;
  }

  bool allowed(const Bridge& bridge, std::size_t target, const Speaker& who,
               const std::string& command, Timestamp now) const {
    if (!bridge.allow) {
      return true;
    }
    const auto& device = bridge.targets[target];
    const auto input = Value::object(
        {{text("user"),
          Value::object({{text("id"), text(who.id)}, {text("name"), text(who.name)}})},
         {text("device"), Value::object({{text("id"), text(device.id)},
                                         {text("name"), text(device.names.front())},
                                         {text("type"), text(bridge.types[target])}})},
         {text("command"), text(command)},
         {text("conversation"), text(bridge.conversation)}});
    const auto decided = holds(*bridge.allow, input, now);
    return decided && *decided;
  }

  static HubCommand command_for(const Bridge& bridge, std::size_t target,
                                const std::string& command) {
    const auto& device = bridge.targets[target];
    return {.group = bridge.group,
            .device_id = device.id,
            .device_name = device.names.front(),
            .text = command,
            .conversation = bridge.conversation,
            .rule = {}};
  }

  // `confirm` beyond what needs_yes() says: the sentence was not as sure as a command.
  HubOutcome want(const Bridge& bridge, std::size_t target, const Speaker& who,
                  const std::string& command, bool confirm, Timestamp now, SteadyTime steady) {
    const auto& device = bridge.targets[target];
    const auto& name = device.names.front();
    if (!allowed(bridge, target, who, command, now)) {
      return {.commands = {}, .says = {{bridge.conversation, name + ": you may not do that."}}};
    }
    auto out = command_for(bridge, target, command);
    if (!confirm && !needs_yes(device, command)) {
      return {.commands = {std::move(out)}, .says = {}};
    }
    if (asked.size() >= kMaxAsked) {
      asked.erase(asked.begin());
    }
    asked.push_back({bridge.conversation, who.id, std::move(out), steady + kConfirmation});
    return {.commands = {},
            .says = {{bridge.conversation, name + ": " + command + "? Say yes to do it."}}};
  }

  // The answer to a question that was put to this person here.
  std::optional<HubOutcome> confirm(const Bridge& bridge, const Speaker& who, std::string_view said,
                                    Timestamp now, SteadyTime steady) {
    std::erase_if(asked, [&](const Asked& each) { return each.until <= steady; });
    const auto found = std::ranges::find_if(asked, [&](const Asked& each) {
      return each.conversation == bridge.conversation && each.speaker == who.id;
    });
    if (found == asked.end()) {
      return std::nullopt;
    }
    // Whatever else is said withdraws it: a later yes is an answer to something else.
    auto command = std::move(found->command);
    asked.erase(found);
    const auto answer = yes_or_no(said);
    if (!answer) {
      return std::nullopt;
    }
    if (!*answer) {
      return HubOutcome{{}, {{bridge.conversation, command.device_name + ": left as it is."}}};
    }
    const auto target = find(command.device_id);
    if (!target || !allowed(bridge, target->second, who, command.text, now)) {
      return HubOutcome{{},
                        {{bridge.conversation, command.device_name + ": you may not do that."}}};
    }
    return HubOutcome{{std::move(command)}, {}};
  }

  HubOutcome typed(const Bridge& bridge, const Speaker& who, std::string_view rest, Timestamp now,
                   SteadyTime steady) {
    // The longest name that the text begins with, in the words people write them with.
    std::optional<std::pair<std::size_t, std::string>> best;
    std::size_t longest = 0;
    for (std::size_t space = rest.find(' '); space != rest.npos;
         space = rest.find(' ', space + 1)) {
      const auto name = rest.substr(0, space);
      for (std::size_t i = 0; i < bridge.targets.size(); ++i) {
        const auto& target = bridge.targets[i];
        const bool named =
            target.id == name || std::ranges::any_of(target.names, [&](const auto& each) {
              return same_words(each, name);
            });
        if (named && space >= longest) {
          longest = space;
          best.emplace(i, std::string(trimmed(rest.substr(space + 1))));
        }
      }
    }
    if (!best || !is_command(best->second)) {
      std::string names;
      for (const auto& target : bridge.targets) {
        names += (names.empty() ? "" : ", ") + target.names.front();
      }
      return {{},
              {{bridge.conversation, "Say /device NAME COMMAND. Devices here: " + names + "."}}};
    }
    return want(bridge, best->first, who, best->second, false, now, steady);
  }

  HubOutcome understood(const Bridge& bridge, const Speaker& who, std::string_view said,
                        Timestamp now, SteadyTime steady) {
    const auto meant = bridge.matcher->understand(said);
    if (meant.understanding == Understanding::nothing) {
      return {};  // people talk
    }
    if (meant.understanding == Understanding::unclear) {
      std::string choices;
      for (const auto& each : meant.alternatives) {
        choices +=
            (choices.empty() ? "" : ", or ") + bridge.name_of(each.target) + " " + each.command;
      }
      return {{}, {{bridge.conversation, "Which one: " + choices + "? Say /device NAME COMMAND."}}};
    }
    HubOutcome out;
    for (const auto target : bridge.meanings[meant.intent->target]) {
      auto one =
          want(bridge, target, who, meant.intent->command, meant.intent->confirm, now, steady);
      std::ranges::move(one.commands, std::back_inserter(out.commands));
      std::ranges::move(one.says, std::back_inserter(out.says));
    }
    return out;
  }
};

Hub::Hub(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Hub::Hub(Hub&&) noexcept = default;
Hub& Hub::operator=(Hub&&) noexcept = default;
Hub::~Hub() = default;

Result<Hub> Hub::parse(std::string_view json) {
  if (json.size() > kMaxRulesFile) {
    return bad("hub", "at most 1 MiB");
  }
  auto document = rego::value_from_json(json);
  if (!document) {
    return bad("hub", document.error().message());
  }
  UNHIDRA_TRY_VOID(only(*document, "hub", {"bridges", "rules"}));
  const auto* bridges = document->find("bridges");
  if (bridges == nullptr || !bridges->is(Kind::array) || bridges->size() > kMaxBridges) {
    return bad("hub", "expected \"bridges\", a list of at most 50");
  }
  auto impl = std::make_unique<Impl>();
  for (const auto& each : bridges->elements()) {
    const auto where = "bridge " + std::to_string(impl->bridges.size() + 1);
    UNHIDRA_TRY(auto bridge, read_bridge(each, where));
    if (impl->bridge_of(bridge.conversation) != nullptr) {
      return bad(where, "a conversation has one bridge");
    }
    impl->bridges.push_back(std::move(bridge));
  }
  if (document->find("rules") != nullptr) {
    UNHIDRA_TRY(impl->rules, Rules::read(*document));
  }
  for (const auto& rule : impl->rules.all()) {
    if (!impl->find(rule.do_device)) {
      return bad("rule " + printable(rule.name),
                 "\"" + printable(rule.do_device) + "\" is no device of a bridge");
    }
  }
  return Hub(std::move(impl));
}

HubOutcome Hub::on_text(std::string_view conversation, const Speaker& who, std::string_view said,
                        Timestamp now, SteadyTime steady) {
  const auto* bridge = impl_->bridge_of(conversation);
  const auto clean = trimmed(said);
  if (bridge == nullptr || clean.empty()) {
    return {};
  }
  if (auto answered = impl_->confirm(*bridge, who, clean, now, steady)) {
    return std::move(*answered);
  }
  if (clean == kCommand || clean.starts_with(std::string(kCommand) + " ")) {
    return impl_->typed(*bridge, who, trimmed(clean.substr(kCommand.size())), now, steady);
  }
  return bridge->understand && !clean.starts_with('/')
             ? impl_->understood(*bridge, who, clean, now, steady)
             : HubOutcome();
}

std::expected<HubCommand, HubRefusal> Hub::on_request(const HubRequest& request,
                                                      Timestamp now) const {
  if (!is_command(request.command)) {
    return std::unexpected(HubRefusal::bad_command);
  }
  const auto found = impl_->find(request.device);
  if (!found) {
    return std::unexpected(HubRefusal::no_device);
  }
  const auto& [bridge, target] = *found;
  if (!impl_->allowed(*bridge, target, request.who, request.command, now)) {
    return std::unexpected(HubRefusal::not_allowed);
  }
  if (!request.confirmed && needs_yes(bridge->targets[target], request.command)) {
    return std::unexpected(HubRefusal::needs_confirmation);
  }
  return Impl::command_for(*bridge, target, request.command);
}

HubOutcome Hub::on_device(std::string_view device_id, std::string_view kind, std::string_view said,
                          Timestamp now, SteadyTime steady) {
  HubOutcome out;
  const auto found = impl_->find(device_id);
  if (!found) {
    return out;
  }
  const auto& name = found->first->targets[found->second].names.front();
  if (found->first->tells(kind)) {
    out.says.push_back(
        {found->first->conversation, name + ": " + printable(said.substr(0, kMaxCommand))});
  }
  const DeviceSaid event{.device_id = std::string(device_id),
                         .device_name = name,
                         .kind = std::string(kind),
                         .text = std::string(said)};
  const auto failed = [&](const std::string& rule, const Error& why) {
    out.says.push_back(
        {found->first->conversation, "Rule " + rule + " could not be decided: " + why.message()});
  };
  for (auto& due : impl_->rules.on(event, now, steady, failed)) {
    const auto target = impl_->find(due.device);
    const auto& device = target->first->targets[target->second];
    out.commands.push_back({.group = target->first->group,
                            .device_id = device.id,
                            .device_name = device.names.front(),
                            .text = due.command,
                            .conversation = target->first->conversation,
                            .rule = due.rule});
  }
  return out;
}

HubOutcome Hub::on_result(const HubCommand& command, std::optional<std::string> answer) {
  const auto by = command.rule.empty() ? std::string() : " (rule " + command.rule + ")";
  return {{},
          {{command.conversation,
            command.device_name + by + ": " +
                (answer ? printable(answer->substr(0, kMaxCommand))
                        : command.text + " - no answer in time; whether it was done is not "
                                         "known.")}}};
}

std::vector<std::string> Hub::conversations() const {
  std::vector<std::string> out;
  for (const auto& bridge : impl_->bridges) {
    out.push_back(bridge.conversation);
  }
  return out;
}

std::vector<std::string> Hub::groups() const {
  std::vector<std::string> out;
  for (const auto& bridge : impl_->bridges) {
    if (std::ranges::find(out, bridge.group) == out.end()) {
      out.push_back(bridge.group);
    }
  }
  return out;
}

}  // namespace unhidra::actions
