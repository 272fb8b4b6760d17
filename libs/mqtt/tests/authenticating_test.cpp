// AUTH in its turn and out of it (MQTT 5.0 sections 3.15 and 4.12).
#include "broker_world.h"

namespace unhidra::mqtt {
namespace {

struct Challenging final : FakeAuthority {
  std::optional<Admission> connect(ConnectionId, const Peer&, const Connect&) override {
    return Admission{.reason = ReasonCode::continue_authentication, .data = to_bytes("who?")};
  }
  std::optional<Admission> authenticate(ConnectionId, ByteView data, bool) override {
    if (as_text(data) == "more") {
      return Admission{.reason = ReasonCode::continue_authentication, .data = to_bytes("and?")};
    }
    if (as_text(data) == "me") {
      return Admission{.principal = principal("me"), .data = to_bytes("welcome")};
    }
    return Admission{.reason = ReasonCode::not_authorized};
  }
};

Bytes auth(ReasonCode reason, std::string_view method, std::string_view data) {
  PropertyWriter properties;
  properties.text(PropertyId::authentication_method, method);
  properties.binary(PropertyId::authentication_data, as_bytes(data));
  Bytes out;
  append_auth(out, reason, properties.view());
  return out;
}

struct AuthWorld : World {
  AuthWorld() {
    broker = std::make_unique<Broker>(settings, challenging, nullptr, &observer, random, now);
  }
  Challenging challenging;
};

TEST(EnhancedAuthentication, AndOnceMore) {
  AuthWorld world;
  Client client(world);
  EXPECT_EQ(client.connect("c", {.method = "X"}), std::nullopt);
  ASSERT_EQ(client.take().front().type(), PacketType::auth);
  client.send(auth(ReasonCode::continue_authentication, "X", "me"));
  EXPECT_EQ(client.take().front().type(), PacketType::connack);
  client.send(auth(ReasonCode::re_authenticate, "X", "me"));
  const auto again = client.take();
  ASSERT_EQ(again.front().type(), PacketType::auth);
  EXPECT_EQ(decode_auth(again.front().frame())->reason, ReasonCode::success);
  client.send(auth(ReasonCode::re_authenticate, "X", "somebody"));
  EXPECT_TRUE(client.link.closed);
}

TEST(EnhancedAuthentication, AnotherMethodOrAPacketOutOfTurnEndsIt) {
  AuthWorld world;
  Client other_method(world);
  other_method.connect("c", {.method = "X"});
  other_method.take();
  other_method.send(auth(ReasonCode::continue_authentication, "Y", "me"));
  EXPECT_TRUE(other_method.link.closed);
  Client early(world);
  early.connect("c", {.method = "X"});
  early.send(Bytes{0xc0, 0x00});
  EXPECT_TRUE(early.link.closed);
  EXPECT_EQ(world.broker->stats().sessions, 0U);
}

// Until CONNACK a client may send AUTH and DISCONNECT (section 3.1.2.11.9).
TEST(EnhancedAuthentication, MayBeGivenUp) {
  AuthWorld world;
  Client client(world);
  client.connect("c", {.method = "X"});
  client.take();
  client.send(Bytes{0xe0, 0x00});
  EXPECT_TRUE(client.link.closed);
  EXPECT_TRUE(client.take().empty());
  EXPECT_EQ(world.broker->stats().connections, 0U);
}

// That it is done is said by the server alone (section 3.15.2.1).
TEST(EnhancedAuthentication, AClientDoesNotSayThatItSucceeded) {
  AuthWorld world;
  Client client(world);
  client.connect("c", {.method = "X"});
  client.send(auth(ReasonCode::continue_authentication, "X", "me"));
  client.send(auth(ReasonCode::re_authenticate, "X", "more"));
  client.take();
  client.send(auth(ReasonCode::success, "X", "me"));
  ASSERT_TRUE(client.link.closed);
  EXPECT_EQ(decode_disconnect(client.take().back().frame(), Version::v5)->reason,
            ReasonCode::protocol_error);
}

TEST(EnhancedAuthentication, IsNotBegunTwiceAtOnce) {
  AuthWorld world;
  Client client(world);
  client.connect("c", {.method = "X"});
  client.send(auth(ReasonCode::continue_authentication, "X", "me"));
  client.send(auth(ReasonCode::re_authenticate, "X", "more"));
  EXPECT_FALSE(client.link.closed);
  client.send(auth(ReasonCode::re_authenticate, "X", "me"));
  EXPECT_TRUE(client.link.closed);
}

}  // namespace
}  // namespace unhidra::mqtt
