// device owner, group ..., command: device groups, of which this client is a controller or a hub.
// The broker carries what is sealed here, and reads none of it.

#include <boost/asio/io_context.hpp>

#include "unhidra/base/text.h"
#include "unhidra/identity/commissioning.h"

#include "app.h"
#include "device_exchange.h"
#include "device_post.h"
#include "errc.h"
#include "json_fields.h"
#include "mqtt_link.h"

namespace unhidra::cli {

namespace json = boost::json;

namespace {

using identity::GroupRole;
using mqtt::ClientEvent;

constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::seconds kAnswer{10};

Result<GroupRole> role_of(std::string_view name) {
  const auto role = identity::parse_group_role(name);
  return role ? Result<GroupRole>(*role)
              : fail(Errc::usage, "a role is device, controller, hub or compliance");
}

// Who leads the group may command a device that nothing was said of; hubs are named.
constexpr std::string_view kOwnRule = "controller:*";

Result<std::vector<identity::DeviceRule>> rules_of(const std::vector<std::string>& texts) {
  std::vector<identity::DeviceRule> out;
  for (const auto& text : texts) {
    auto rule = identity::parse_device_rule(text);
    if (!rule) {
      return fail(Errc::usage, printable(text) + ": " + rule.error().message());
    }
    out.push_back(std::move(*rule));
  }
  return out;
}

const client::DeviceGroupView* find_named(const std::vector<client::DeviceGroupView>& all,
                                          std::string_view name) {
  const auto found = std::ranges::find(all, name, &client::DeviceGroupView::name);
  return found != all.end() ? &*found : nullptr;
}

json::object described(const client::DeviceGroupView& group) {
  json::array members;
  for (const auto& member : group.roster.members) {
    json::object one{{"device_id", member.keys.device_id.to_string()},
                     {"role", identity::to_string(member.role)}};
    if (const auto rules = group.rules.find(member.keys.device_id); rules != group.rules.end()) {
      json::array texts;
      for (const auto& rule : rules->second) {
        texts.emplace_back(identity::to_text(rule));
      }
      one["obeys"] = std::move(texts);
    }
    members.push_back(std::move(one));
  }
  return {{"type", "device_group"},
          {"group_id", group.roster.group_id.to_string()},
          {"name", group.name},
          {"epoch", group.roster.epoch},
          {"controller", group.controller},
          {"topics", json::value_from(group.roster.topic_filters)},
          {"members", std::move(members)},
          {"new_keys_at",
           group.new_keys_at ? json::value(to_rfc3339(*group.new_keys_at)) : json::value(nullptr)}};
}

}  // namespace

Result<std::unique_ptr<MqttLink>> App::open_broker(boost::asio::io_context& context) {
  UNHIDRA_TRY(auto token, tokens_->fresh(std::chrono::seconds(60)));
  UNHIDRA_TRY(auto tls, profile_->tls());
  return std::make_unique<MqttLink>(
      context, MqttLinkSettings{.gateway = gateway_url(),
                                .tls = std::move(tls),
                                .token = std::move(token),
                                .client_id = engine_->account()->user.to_string() + "-" +
                                             to_hex(random_.array<4>())});
}

Status App::change_members(const client::DeviceGroupView& group,
                           std::vector<identity::GroupMember> members, client::DeviceRules rules) {
  const auto id = group.roster.group_id;
  UNHIDRA_TRY_VOID(engine_->set_device_group_members(id, std::move(members), std::move(rules)));
  driver_->flush();
  UNHIDRA_TRY_VOID(tell_members(group));
  UNHIDRA_TRY(const auto all, engine_->device_groups());
  const auto* now = find_named(all, group.name);
  output_.result(described(*now), "Epoch " + std::to_string(now->roster.epoch) + " of " +
                                      printable(group.name) + ", with " +
                                      members_text(now->roster.members.size()));
  return {};
}

Result<client::DeviceGroupView> App::device_group_named() const {
  UNHIDRA_TRY(const auto all, engine_->device_groups());
  const auto* found = find_named(all, options_.iot.group);
  if (found == nullptr) {
    return fail(Errc::not_found, "there is no device group called " +
                                     printable(options_.iot.group) +
                                     " here: unhidra-cli device group list");
  }
  return *found;
}

Status App::accept_group() {
  boost::asio::io_context context{1};
  UNHIDRA_TRY(const auto link, open_broker(context));
  const auto own = engine_->account()->device;
  std::optional<Result<DeviceGroupId>> outcome;
  link->on_event = [&](const ClientEvent& event) {
    if (event.kind == ClientEvent::Kind::connected) {
      link->client()->subscribe({"devices/" + own.to_string() + "/group/#"});
    }
    if (event.kind == ClientEvent::Kind::subscribed && is_failure(event.reason)) {
      outcome = fail(Errc::refused, "the server's policy: this account may not get group keys");
    }
    if (event.kind == ClientEvent::Kind::message && !event.payload.empty()) {
      outcome = engine_->take_device_group(options_.iot.group, event.payload);
    }
  };
  UNHIDRA_TRY_VOID(link->run_until([&] { return outcome && *outcome; }, kAnswer));
  driver_->flush();
  UNHIDRA_TRY(const auto group, device_group_named());
  output_.result(described(group), "This device is in " + printable(group.name) + ", epoch " +
                                       std::to_string(group.roster.epoch));
  return {};
}

Status App::device_groups_action() {
  auto& iot = options_.iot;
  switch (iot.action) {
    case IotAction::owner: {
      UNHIDRA_TRY(const auto owner, engine_->device_owner_key());
      UNHIDRA_TRY(const auto keys, engine_->own_device_keys());
      output_.result({{"type", "device_owner"},
                      {"owner_key", to_hex(owner.bytes())},
                      {"device_id", keys.device_id.to_string()},
                      {"code", identity::commissioning_code(keys)}},
                     "Owner key, for devices: " + to_hex(owner.bytes()) + "\nThis client: " +
                         keys.device_id.to_string() + " " + identity::commissioning_code(keys));
      return {};
    }
    case IotAction::group_list: {
      UNHIDRA_TRY(const auto all, engine_->device_groups());
      for (const auto& group : all) {
        output_.result(described(group), printable(group.name) + "  epoch " +
                                             std::to_string(group.roster.epoch) + "  " +
                                             members_text(group.roster.members.size()) +
                                             (group.controller ? "" : "  (led by another device)"));
      }
      return {};
    }
    case IotAction::group_create: {
      const std::vector<std::string> everything{"devices/#"};
      UNHIDRA_TRY_VOID(
          engine_->create_device_group(iot.group, iot.filters.empty() ? everything : iot.filters));
      driver_->flush();
      UNHIDRA_TRY(const auto group, device_group_named());
      output_.result(described(group), "Made the device group " + printable(group.name));
      return {};
    }
    case IotAction::group_rotate: {
      UNHIDRA_TRY(auto group, device_group_named());
      if (iot.every) {
        const std::chrono::duration<double> age(*iot.every * 3600);
        UNHIDRA_TRY_VOID(engine_->renew_device_group_every(
            group.roster.group_id, std::chrono::ceil<std::chrono::seconds>(age)));
        driver_->flush();
        UNHIDRA_TRY(group, device_group_named());
        output_.result(described(group), "New keys of " + printable(group.name) + " by time: " +
                                             (group.new_keys_at ? to_rfc3339(*group.new_keys_at)
                                                                : std::string("never")));
        return {};
      }
      const auto age = std::chrono::duration<double>(clock_.now() - group.roster.issued_at);
      if (age.count() < iot.older_than * 3600) {
        output_.result(described(group), "The keys are young enough; nothing was changed");
        return {};
      }
      return change_members(group, group.roster.members, group.rules);
    }
    default:
      return accept_group();
  }
}

Status App::device_in_group(const json::object& device) {
  const auto id = DeviceId::parse(text_of(device, "device_id"));
  if (!id) {
    return fail(Errc::server_failed, "the server's answer has no device id");
  }
  if (options_.iot.action == IotAction::command) {
    return command_device(*id, printable(text_of(device, "name")));
  }
  UNHIDRA_TRY(const auto group, device_group_named());
  auto members = group.roster.members;
  auto rules = group.rules;
  const auto old = std::ranges::find_if(
      members, [&](const auto& member) { return member.keys.device_id == *id; });
  if (options_.iot.action == IotAction::group_remove) {
    if (old == members.end()) {
      return fail(Errc::not_found, "the device is not in the group");
    }
    members.erase(old);
    rules.erase(*id);
    return change_members(group, std::move(members), std::move(rules));
  }
  UNHIDRA_TRY(auto allowed, rules_of(options_.iot.rules));
  if (options_.iot.action == IotAction::group_allow) {
    if (old == members.end() || old->role != GroupRole::device) {
      return fail(Errc::not_found, "no such device is in the group");
    }
    rules[*id] = std::move(allowed);
    return change_members(group, std::move(members), std::move(rules));
  }
  UNHIDRA_TRY(const auto role, role_of(options_.iot.role));
  UNHIDRA_TRY(const auto keys, identity::read_commissioning_code(*id, options_.iot.code));
  if (old != members.end()) {
    return fail(Errc::conflict, "the device is in the group already; remove it first");
  }
  members.push_back({keys, role});
  if (role == GroupRole::device) {
    if (allowed.empty()) {
      UNHIDRA_TRY(allowed, rules_of({std::string(kOwnRule)}));
    }
    rules[*id] = std::move(allowed);
  } else if (!allowed.empty()) {
    return fail(Errc::usage, "--allow is for devices: controllers and hubs are not commanded");
  }
  return change_members(group, std::move(members), std::move(rules));
}

Result<DeviceGroupId> App::group_with(DeviceId device) const {
  UNHIDRA_TRY(const auto all, engine_->device_groups());
  for (const auto& group : all) {
    const bool wanted = options_.iot.group.empty() || group.name == options_.iot.group;
    if (wanted && group.roster.find(device) != nullptr) {
      return group.roster.group_id;
    }
  }
  return fail(Errc::not_found,
              "the device is in no device group of this client: unhidra-cli device group add");
}

Result<bool> App::command_by_channel(MqttLink& link, DeviceId device) {
  DevicePost post(*engine_, *driver_, link);
  UNHIDRA_TRY_VOID(post.connect());
  UNHIDRA_TRY_VOID(post.collect({device}));
  if (post.begun().contains(device)) {
    UNHIDRA_TRY_VOID(tell_anew(post, device));
  }
  return engine_->has_device_channel(device);
}

Status App::command_device(DeviceId device, const std::string& name) {
  UNHIDRA_TRY(const auto group, group_with(device));
  std::string text;
  for (const auto& word : options_.iot.words) {
    text += (text.empty() ? "" : " ") + word;
  }
  const std::chrono::milliseconds timeout(options_.timeout > 0
                                              ? static_cast<std::int64_t>(options_.timeout * 1000)
                                              : std::chrono::milliseconds(kAnswer).count());
  boost::asio::io_context context{1};
  UNHIDRA_TRY(const auto link, open_broker(context));
  UNHIDRA_TRY(const auto by_channel, command_by_channel(*link, device));
  DeviceExchange exchange(*engine_, *driver_, random_, clock_, *link);
  UNHIDRA_TRY(const auto answer, exchange.run(group, device, by_channel, text, timeout));
  output_.result({{"type", "device_result"},
                  {"device_id", device.to_string()},
                  {"request_id", answer.request},
                  {"text", answer.text}},
                 name + ": " + answer.text);
  return {};
}

}  // namespace unhidra::cli
