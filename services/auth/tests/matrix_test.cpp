// Every REST operation of the role against every role and against the neighbouring organisation:
// generated from the operations table, so that a new row is tested without a new test.

#include "unhidra/access/operation.h"

#include "auth_fixture.h"

namespace unhidra::auth::test {
namespace {

using access::Access;
using access::Operation;

// An organisation with one of everything.
struct Tenant {
  Member admin;
  Member member;
  std::string invitation_id;
  std::string iot_device_id;
};

Tenant furnish(World& world, Member admin) {
  Tenant out{.admin = std::move(admin)};
  world.register_device(out.admin);
  out.member = world.add_member(out.admin, "victim", "member");
  world.register_device(out.member);
  out.invitation_id = world.post("/v1/invitations", out.admin.access_token, boost::json::object{})
                          .text("invitation_id");
  out.iot_device_id = world.post("/v1/iot-devices", out.admin.access_token, {{"name", "lamp"}})
                          .body.at("device")
                          .at("device_id")
                          .as_string();
  return out;
}

// The path with ids of the tenant's things, or of things that do not exist anywhere.
std::string path_of(const Operation& operation, const Tenant* tenant) {
  std::string path(operation.path);
  const bool iot = operation.name.starts_with("iot_devices.");
  const auto missing = uuid_to_string(Uuid{1, 2, 3, 4, 5, 6, 0x70, 7, 0x80, 8});
  const auto put = [&](std::string_view name, const std::string& value) {
    if (const auto at = path.find(name); at != std::string::npos) {
      path.replace(at, name.size(), tenant != nullptr ? value : missing);
    }
  };
  put("{user_id}", tenant ? tenant->member.user_id : "");
  put("{device_id}", tenant ? (iot ? tenant->iot_device_id : tenant->member.device_id) : "");
  put("{session_id}", tenant ? tenant->member.session_id : "");
  put("{invitation_id}", tenant ? tenant->invitation_id : "");
  if (const auto at = path.find("{role}"); at != std::string::npos) {
    path.replace(at, 6, "guest");
  }
  return path;
}

std::optional<boost::json::value> body_of(const Operation& operation) {
  static const std::map<std::string_view, boost::json::object> kBodies{
      {"users.create", {{"username", "fresh"}}},
      {"users.update", {{"display_name", "Other"}}},
      {"invitations.create", {{"role", "guest"}}},
      {"organization.update", {{"open_sign_up", false}}},
      {"organizations.create", {{"name", "Fresh"}}},
      {"iot_devices.create", {{"name", "lamp"}}},
      {"devices.register", {{"name", "phone"}}},
      {"account.change_password",
       {{"current_password", "not the one"}, {"new_password", "something quite else"}}},
  };
  if (!operation.takes_body()) {
    return std::nullopt;
  }
  const auto found = kBodies.find(operation.name);
  return found == kBodies.end() ? boost::json::object() : found->second;
}

std::vector<const Operation*> rest_operations() {
  std::vector<const Operation*> out;
  for (const auto& operation : access::operations()) {
    if (operation.face == access::Face::rest && operation.serving == access::Serving::auth &&
        operation.access != Access::everyone) {
      out.push_back(&operation);
    }
  }
  return out;
}

bool names_a_thing(const Operation& operation) {
  return operation.path.find("_id}") != std::string_view::npos;
}

TEST(Matrix, EachRoleGetsWhatTheTableSays) {
  for (const auto role : access::kRoles) {
    World world;
    const auto root = world.set_up();
    const auto tenant = furnish(world, world.add_member(root, "second", "super_admin"));
    for (const auto* operation : rest_operations()) {
      if (operation->name == "auth.logout") {
        continue;  // would end the session under test; has tests of its own
      }
      const auto asker =
          world.add_member(root, "asker" + std::to_string(operation - access::operations().data()),
                           access::to_string(role));
      world.events();
      const auto answer = world.call(operation->method, path_of(*operation, nullptr),
                                     asker.access_token, body_of(*operation));
      const bool allowed = operation->access == Access::self ||
                           access::permissions_of(role).has(operation->permission);
      const auto where = std::string(operation->name) + " as " +
                         std::string(access::to_string(role)) + ": " +
                         std::to_string(answer.status) + " " + answer.code();
      if (!allowed) {
        EXPECT_EQ(answer.code(), "access.denied") << where;
      } else {
        EXPECT_NE(answer.code(), "access.denied") << where;
        EXPECT_LT(answer.status, 500) << where;
      }
      const auto events = world.events();
      const auto expected = operation->audit == access::AuditPolicy::always ? 1U : 0U;
      EXPECT_EQ(events.size(), expected) << where;
      for (const auto& event : events) {
        EXPECT_EQ(event.type, operation->event_type) << where;
        EXPECT_EQ(event.outcome == "denied", !allowed) << where;
        EXPECT_EQ(event.org_id, root.org_id) << where;
        EXPECT_EQ(event.actor_id, asker.user_id) << where;
      }
    }
  }
}

TEST(Matrix, NobodyWithoutATokenGetsAnything) {
  World world;
  const auto tenant = furnish(world, world.set_up());
  for (const auto* operation : rest_operations()) {
    const auto answer =
        world.call(operation->method, path_of(*operation, &tenant), "", body_of(*operation));
    EXPECT_EQ(answer.status, 401) << operation->name;
  }
}

TEST(Matrix, ThingsOfAnotherOrganisationDoNotExist) {
  World world;
  const auto root = world.set_up();
  const auto theirs = furnish(world, world.add_organization(root, "Theirs", "them"));
  const auto us = world.add_organization(root, "Ours", "us");
  for (const auto* operation : rest_operations()) {
    if (!names_a_thing(*operation)) {
      continue;
    }
    for (const auto& token : {us.access_token, root.access_token}) {
      const auto foreign =
          world.call(operation->method, path_of(*operation, &theirs), token, body_of(*operation));
      const auto missing =
          world.call(operation->method, path_of(*operation, nullptr), token, body_of(*operation));
      EXPECT_EQ(foreign.status, 404) << operation->name << " " << foreign.code();
      auto a = foreign.body.as_object();
      auto b = missing.body.as_object();
      a.erase("request_id");
      b.erase("request_id");
      EXPECT_EQ(a, b) << operation->name;
    }
  }
  // And nothing of theirs has changed.
  EXPECT_EQ(world.get("/v1/account", theirs.member.access_token).status, 200);
  EXPECT_EQ(world.get("/v1/devices", theirs.member.access_token).items().size(), 1U);
  const auto lost = world.database->read_sync([](storage::Transaction& tx) {
    return tx.query("SELECT 1 FROM devices WHERE kind = 'iot' AND revoked_at IS NOT NULL");
  });
  EXPECT_TRUE(lost->empty());
}

TEST(Connections, AreAskedForFromTheGatewayForTheOwnOrganisation) {
  World world;
  const auto root = world.set_up();
  const auto list = world.get("/v1/connections", root.access_token).items();
  ASSERT_EQ(list.size(), 1U);
  // The fixture's gateway names its connection after the organisation it was asked for.
  EXPECT_EQ(list[0].at("connection_id").as_string(), root.org_id);
}

TEST(Matrix, ListsShowTheOwnOrganisationAlone) {
  World world;
  const auto root = world.set_up();
  const auto theirs = furnish(world, world.add_organization(root, "Theirs", "them"));
  const auto us = world.add_organization(root, "Ours", "us");
  EXPECT_EQ(world.get("/v1/users", us.access_token).items().size(), 1U);
  // The one that its founder came by.
  EXPECT_EQ(world.get("/v1/invitations", us.access_token).items().size(), 1U);
  for (const auto& entry : world.get("/v1/audit", us.access_token).items()) {
    EXPECT_NE(entry.at("actor_id").as_string(), theirs.admin.user_id);
  }
  EXPECT_FALSE(world.get("/v1/audit", us.access_token).items().empty());
}

}  // namespace
}  // namespace unhidra::auth::test
