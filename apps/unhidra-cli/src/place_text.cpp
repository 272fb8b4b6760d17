#include "place_text.h"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "unhidra/base/text.h"

#include "json_fields.h"

namespace unhidra::cli {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 6> kRoles{"none",        "guest",     "member",
                                                 "space_admin", "org_admin", "super_admin"};
constexpr std::array<std::string_view, 5> kPermissions{"post", "react", "invite", "manage",
                                                       "moderate"};

// "a, b"; empty: none.
std::string listed(const json::object& object, std::string_view name) {
  std::string out;
  const auto* found = object.if_contains(name);
  if (found == nullptr || !found->is_array()) {
    return out;
  }
  for (const auto& one : found->get_array()) {
    out += out.empty() ? "" : ", ";
    out += one.is_string() ? printable(one.get_string()) : "";
  }
  return out;
}

bool is_set(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

std::string exception_text(const json::object& exception) {
  const auto allow = listed(exception, "allow");
  const auto deny = listed(exception, "deny");
  return printable(text_of(exception, "role")) + (allow.empty() ? "" : ": may " + allow) +
         (deny.empty() ? "" : (allow.empty() ? ": " : "; ") + std::string("may not ") + deny);
}

}  // namespace

Result<std::uint32_t> role_named(std::string_view name) {
  const auto found = std::ranges::find(kRoles, name);
  if (found == kRoles.end()) {
    return fail(Errc::usage, "a role is none, guest, member or space_admin");
  }
  return static_cast<std::uint32_t>(found - kRoles.begin());
}

// "post,react" as bits.
Result<std::uint32_t> permissions_named(std::string_view names) {
  std::uint32_t out = 0;
  while (!names.empty()) {
    const auto comma = std::min(names.find(','), names.size());
    const auto found = std::ranges::find(kPermissions, names.substr(0, comma));
    if (found == kPermissions.end()) {
      return fail(Errc::usage, "permissions are post, react, invite, manage and moderate");
    }
    out |= std::uint32_t{1} << (found - kPermissions.begin());
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  return out;
}

json::array permission_names(std::uint32_t bits) {
  json::array out;
  for (std::size_t i = 0; i < kPermissions.size(); ++i) {
    if ((bits >> i & 1) != 0) {
      out.emplace_back(kPermissions[i]);
    }
  }
  return out;
}

json::object to_json(const wire::Channel& channel, const std::string& name) {
  json::object out;
  out["type"] = "channel";
  out["channel_id"] = channel.channel_id.to_string();
  out["name"] = name;
  out["public"] = channel.visibility == wire::ChannelVisibility::open;
  out["announcements"] = channel.posting == wire::PostingRule::announcements;
  out["default"] = channel.is_default;
  out["archived"] = channel.archived;
  out["joined"] = channel.joined;
  out["members"] = channel.member_count;
  out["permissions"] = permission_names(channel.permissions);
  if (channel.space_id) {
    out["space_id"] = channel.space_id->to_string();
  }
  return out;
}

json::object to_json(const wire::Space& space) {
  json::object out;
  out["type"] = "space";
  out["space_id"] = space.space_id.to_string();
  out["name"] = space.name;
  out["hidden"] = space.hidden;
  out["archived"] = space.archived;
  out["role"] = role_name(space.role);
  if (space.parent_space_id) {
    out["parent_space_id"] = space.parent_space_id->to_string();
  }
  return out;
}

std::string_view role_name(std::uint32_t role) {
  return kRoles[std::min<std::size_t>(role, kRoles.size() - 1)];
}

std::string channel_text(const json::object& channel) {
  std::string out = printable(text_of(channel, "name"));
  out += is_set(channel, "public") ? "  public" : "  private";
  for (const auto* rule : {"announcements", "default", "archived", "joined"}) {
    out += is_set(channel, rule) ? std::string(", ") + rule : "";
  }
  const auto line = [&out](std::string_view name, const std::string& text) {
    if (!text.empty()) {
      out += "\n" + std::string(name) + std::string(13 - name.size(), ' ') + text;
    }
  };
  line("Topic", printable(text_of(channel, "topic")));
  line("Description", printable(text_of(channel, "description")));
  if (const auto* members = channel.if_contains("members")) {
    line("Members", json::serialize(*members));
  }
  const auto permissions = listed(channel, "permissions");
  line("You may", permissions.empty() ? "read" : permissions);
  if (const auto* overrides = channel.if_contains("overrides");
      overrides && overrides->is_array()) {
    for (const auto& one : overrides->get_array()) {
      line("Exception", one.is_object() ? exception_text(one.get_object()) : "");
    }
  }
  line("Kept out", listed(channel, "banned"));
  line("Id", text_of(channel, "channel_id"));
  return out;
}

}  // namespace unhidra::cli
