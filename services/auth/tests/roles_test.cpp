#include "auth_fixture.h"

namespace unhidra::auth::test {
namespace {

Answer assign(World& world, const Member& actor, const Member& target, std::string_view role) {
  return world.call("PUT", "/v1/users/" + target.user_id + "/roles/" + std::string(role),
                    actor.access_token);
}
Answer unassign(World& world, const Member& actor, const Member& target, std::string_view role) {
  return world.call("DELETE", "/v1/users/" + target.user_id + "/roles/" + std::string(role),
                    actor.access_token);
}
Answer disable(World& world, const Member& actor, const Member& target) {
  return world.call("PATCH", "/v1/users/" + target.user_id, actor.access_token,
                    boost::json::object{{"disabled", true}});
}

TEST(Roles, HoldFromTheNextRequestOn) {
  World world;
  const auto root = world.set_up();
  const auto alice = world.add_member(root, "alice", "member");
  EXPECT_EQ(world.get("/v1/users", alice.access_token).status, 403);
  EXPECT_EQ(assign(world, root, alice, "org_admin").status, 204);
  EXPECT_EQ(world.get("/v1/users", alice.access_token).status, 200);
  EXPECT_EQ(unassign(world, root, alice, "org_admin").status, 204);
  EXPECT_EQ(world.get("/v1/users", alice.access_token).status, 403);
}

TEST(Roles, ChangesAreToldToWhoHoldsConnections) {
  World world;
  const auto root = world.set_up();
  const auto alice = world.add_member(root, "alice", "member");
  world.revocations();
  EXPECT_EQ(assign(world, alice, alice, "org_admin").status, 403);
  EXPECT_TRUE(world.revocations().empty());
  EXPECT_EQ(assign(world, root, alice, "org_admin").status, 204);
  EXPECT_TRUE(world.hears_revocation_of("04" + alice.user_id, std::chrono::seconds(1)));
  world.revocations();
  EXPECT_EQ(unassign(world, root, alice, "org_admin").status, 204);
  EXPECT_TRUE(world.hears_revocation_of("04" + alice.user_id, std::chrono::seconds(1)));
}

TEST(Roles, NobodyGrantsAboveHimself) {
  World world;
  const auto root = world.set_up();
  const auto boss = world.add_member(root, "boss", "org_admin");
  const auto alice = world.add_member(root, "alice", "member");
  EXPECT_EQ(assign(world, boss, boss, "super_admin").status, 403);
  EXPECT_EQ(assign(world, boss, alice, "super_admin").status, 403);
  EXPECT_EQ(assign(world, alice, alice, "org_admin").status, 403);
  EXPECT_EQ(assign(world, boss, alice, "org_admin").status, 204);
  EXPECT_EQ(assign(world, boss, alice, "emperor").status, 404);
  EXPECT_EQ(world.post("/v1/invitations", boss.access_token, {{"role", "super_admin"}}).status,
            403);
  EXPECT_EQ(
      world.post("/v1/users", boss.access_token, {{"username", "mole"}, {"role", "super_admin"}})
          .status,
      403);
}

// To reset somebody's password is to become him.
TEST(Roles, NobodyActsOnWhoStandsAbove) {
  World world;
  auto root = world.set_up();
  world.register_device(root);
  const auto boss = world.add_member(root, "boss", "org_admin");
  const auto path = "/v1/users/" + root.user_id;
  EXPECT_EQ(world.call("POST", path + "/password", boss.access_token).status, 403);
  EXPECT_EQ(disable(world, boss, root).status, 403);
  EXPECT_EQ(unassign(world, boss, root, "super_admin").status, 403);
  EXPECT_EQ(world.call("DELETE", path + "/devices/" + root.device_id, boss.access_token).status,
            403);
  EXPECT_EQ(world.call("DELETE", path + "/sessions/" + root.session_id, boss.access_token).status,
            403);
  EXPECT_EQ(world.get(path + "/sessions", boss.access_token).status, 403);
  EXPECT_EQ(world.get("/v1/account", root.access_token).status, 200);
}

TEST(Roles, TheLastSuperAdministratorStays) {
  World world;
  const auto root = world.set_up();
  EXPECT_EQ(unassign(world, root, root, "super_admin").code(), "auth.last_administrator");
  EXPECT_EQ(disable(world, root, root).code(), "auth.last_administrator");
  const auto second = world.add_member(root, "second", "super_admin");
  EXPECT_EQ(unassign(world, root, root, "super_admin").status, 204);
  EXPECT_EQ(unassign(world, second, second, "super_admin").code(), "auth.last_administrator");
}

TEST(Roles, AnOrganisationKeepsAnAdministrator) {
  World world;
  const auto root = world.set_up();
  const auto boss = world.add_organization(root, "Second", "boss");
  EXPECT_EQ(unassign(world, boss, boss, "org_admin").code(), "auth.last_administrator");
  EXPECT_EQ(disable(world, boss, boss).code(), "auth.last_administrator");
}

// Two super administrators remove each other at the same time: one of them must remain.
TEST(Roles, TheLastSuperAdministratorSurvivesARace) {
  for (int round = 0; round < 20; ++round) {
    World world;
    const auto one = world.set_up();
    const auto two = world.add_member(one, "two", "super_admin");
    std::vector<std::jthread> threads;
    threads.emplace_back([&] { unassign(world, one, two, "super_admin"); });
    threads.emplace_back([&] { disable(world, two, one); });
    threads.clear();
    const auto rows = world.database->read_sync([](storage::Transaction& tx) {
      return tx.query(
          "SELECT COUNT(*) FROM user_roles ur JOIN roles r ON r.role_id = ur.role_id "
          "JOIN users u ON u.user_id = ur.user_id WHERE r.name = 'super_admin' AND u.disabled = 0");
    });
    EXPECT_EQ(rows->front().get<int>(0), 1);
  }
}

}  // namespace
}  // namespace unhidra::auth::test
