#include "auth_fixture.h"

namespace unhidra::auth::test {
namespace {

TEST(Device, BindsTheSessionThatRegistersIt) {
  World world;
  auto root = world.set_up();
  EXPECT_FALSE(world.get("/v1/account", root.access_token).body.as_object().contains("device_id"));
  world.register_device(root, "laptop");
  EXPECT_EQ(world.get("/v1/account", root.access_token).text("device_id"), root.device_id);
  EXPECT_EQ(world.post("/v1/devices", root.access_token, {{"name", "another"}}).code(),
            "auth.device_bound");
  // The refresh token stays good, and its tokens name the device.
  const auto next = world.post("/v1/token/refresh", "", {{"refresh_token", root.refresh_token}});
  ASSERT_EQ(next.status, 200);
  EXPECT_EQ(next.text("device_id"), root.device_id);
}

TEST(Device, WhichIsRevokedEndsItsSessions) {
  World world;
  auto root = world.set_up();
  auto phone = world.sign_in("root", kPassword);
  world.register_device(root, "laptop");
  world.register_device(phone, "phone");
  world.revocations();
  const auto path = "/v1/devices/" + phone.device_id;
  EXPECT_EQ(world.call("DELETE", path, root.access_token).status, 204);
  EXPECT_TRUE(world.hears_revocation_of("02" + phone.device_id, std::chrono::seconds(1)));
  EXPECT_TRUE(world.hears_revocation_of("01" + phone.session_id, std::chrono::seconds(1)));
  EXPECT_EQ(world.get("/v1/account", phone.access_token).status, 401);
  EXPECT_EQ(world.post("/v1/token/refresh", "", {{"refresh_token", phone.refresh_token}}).status,
            401);
  EXPECT_EQ(world.call("DELETE", path, root.access_token).status, 404);
  const auto list = world.get("/v1/devices", root.access_token).items();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_TRUE(list[1].as_object().contains("revoked_at"));
  EXPECT_TRUE(list[0].at("current").as_bool());
}

TEST(Device, IsRevokedByAnAdministratorToo) {
  World world;
  const auto root = world.set_up();
  auto alice = world.add_member(root, "alice", "member");
  world.register_device(alice);
  const auto base = "/v1/users/" + alice.user_id + "/devices";
  EXPECT_EQ(world.get(base, root.access_token).items().size(), 1U);
  EXPECT_EQ(world.call("DELETE", base + "/" + alice.device_id, root.access_token).status, 204);
  EXPECT_EQ(world.get("/v1/account", alice.access_token).status, 401);
}

TEST(Device, CountIsLimited) {
  auto settings = World::cheap_settings();
  settings.max_devices = 2;
  World world(settings);
  world.set_up();
  std::vector<Member> members;
  for (int i = 0; i < 3; ++i) {
    members.push_back(world.sign_in("root", kPassword));
  }
  world.register_device(members[0]);
  world.register_device(members[1]);
  const auto third = world.post("/v1/devices", members[2].access_token, {{"name", "third"}});
  EXPECT_EQ(third.code(), "auth.too_many_devices");
  EXPECT_EQ(
      world.call("DELETE", "/v1/devices/" + members[0].device_id, members[1].access_token).status,
      204);
  EXPECT_EQ(world.post("/v1/devices", members[2].access_token, {{"name", "third"}}).status, 201);
}

TEST(Device, NamesAreChecked) {
  World world;
  const auto root = world.set_up();
  for (const auto& name : {std::string(), std::string(65, 'x'), std::string("a\nb")}) {
    EXPECT_EQ(world.post("/v1/devices", root.access_token, {{"name", name}}).status, 400) << name;
  }
}

TEST(IotDevice, HasAKeyThatIsShownOnceAndKeptAsHash) {
  World world;
  const auto root = world.set_up();
  const auto made = world.post("/v1/iot-devices", root.access_token,
                               {{"name", "thermometer"}, {"platform", "esp32"}});
  ASSERT_EQ(made.status, 201);
  const auto key = made.text("api_key");
  EXPECT_TRUE(key.starts_with("uhd_"));
  const auto id = std::string(made.body.at("device").at("device_id").as_string());
  const auto rows = world.database->read_sync([](storage::Transaction& tx) {
    return tx.query("SELECT api_key_hash FROM devices WHERE kind = 'iot'");
  });
  EXPECT_EQ(rows->front().get<Bytes>(0).size(), 32U);
  // Known, but no person.
  EXPECT_EQ(world.get("/v1/account", key).status, 403);
  EXPECT_EQ(world.get("/v1/users", key).status, 403);
  EXPECT_EQ(world.call("DELETE", "/v1/iot-devices/" + id, root.access_token).status, 204);
  EXPECT_EQ(world.get("/v1/account", key).status, 401);
  // A person's device is none of the organisation's.
  auto alice = world.add_member(root, "alice", "member");
  world.register_device(alice);
  EXPECT_EQ(world.call("DELETE", "/v1/iot-devices/" + alice.device_id, root.access_token).status,
            404);
}

}  // namespace
}  // namespace unhidra::auth::test
