#include <atomic>

#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"
#include "unhidra/gateway/errc.h"
#include "unhidra/messaging/device_events.h"
#include "unhidra/messaging/gather.h"
#include "unhidra/net/errc.h"

#include "gateway_rig.h"

namespace unhidra::gateway {
namespace {

using Gateway = GatewayTest;

wire::ClientFrame count_request(std::uint64_t id) {
  return {.request_id = id, .body = wire::CountPreKeys{}};
}

Task<Result<Bytes>> count_of(std::uint32_t count) {
  co_return wire::encode(wire::RoutedReply{wire::response_field<wire::PreKeyCount>(),
                                           wire::encode(wire::PreKeyCount{count})});
}

Bytes revocation(std::uint8_t kind, const Uuid& id) {
  ByteWriter writer;
  writer.u8(kind).raw(id);
  return std::move(writer).take();
}

Result<std::uint64_t> add_user(storage::Transaction& tx, OrgId org, UserId user) {
  return tx.execute(
      "INSERT INTO users (user_id, org_id, username, display_name, created_at, updated_at) "
      "VALUES ($1, $2, $3, 'somebody', 0, 0)",
      user, org, user.to_string());
}

TEST_F(Gateway, GreetsWithWhoTheTokenSaysItIs) {
  const auto principal = make_principal();
  const auto client = connect(principal);
  const auto hello = std::get<wire::Hello>(client->next().body);
  EXPECT_EQ(hello.user_id, principal.user_id);
  EXPECT_EQ(hello.device_id, *principal.device_id);
  EXPECT_EQ(hello.inbox_head, kInboxHead);
  EXPECT_EQ(client->socket().subprotocol(), "unhidra.v1");
}

TEST_F(Gateway, RefusesWithoutAGoodToken) {
  const auto refused = [&](std::vector<std::string> protocols,
                           const std::string& target = "/v1/ws") {
    const auto client = try_connect(std::move(protocols), {}, target);
    return client ? "accepted" : std::string(client.error().code().name);
  };
  tokens_.add("good", make_principal());
  EXPECT_EQ(refused({"unhidra.v1", "bearer.wrong"}), "net.upgrade_unauthorized");
  EXPECT_EQ(refused({"unhidra.v1"}), "net.upgrade_unauthorized");
  EXPECT_EQ(refused({"bearer.good"}), "net.upgrade_refused");
  EXPECT_EQ(refused({"unhidra.v1", "bearer.good", "bearer.good"}), "net.upgrade_refused");
  EXPECT_EQ(refused({"unhidra.v1"}, "/v1/ws?access_token=good"), "net.upgrade_unauthorized");
  EXPECT_EQ(refused({"unhidra.v1", "bearer.good"}, "/other"), "net.upgrade_refused");
}

TEST_F(Gateway, RefusesASessionWithoutDevice) {
  auto principal = make_principal();
  principal.device_id.reset();
  tokens_.add("bare", principal);
  const auto client = try_connect({"unhidra.v1", "bearer.bare"});
  ASSERT_FALSE(client);
  EXPECT_TRUE(client.error() == net::Errc::upgrade_denied);
}

TEST_F(Gateway, RefusesForeignOriginsAndTakesAllowedOnes) {
  start({.allowed_origins = {"https://chat.example.org"}});
  tokens_.add("good", make_principal());
  for (const auto* origin :
       {"https://evil.example", "null", "https://chat.example.org.evil.example"}) {
    const auto client = try_connect({"unhidra.v1", "bearer.good"}, {{"Origin", origin}});
    ASSERT_FALSE(client) << origin;
    EXPECT_TRUE(client.error() == net::Errc::upgrade_denied) << origin;
  }
  EXPECT_TRUE(try_connect({"unhidra.v1", "bearer.good"}, {{"Origin", "https://chat.example.org"}}));
  start({.allow_missing_origin = false});
  EXPECT_FALSE(try_connect({"unhidra.v1", "bearer.good"}));
}

TEST_F(Gateway, ForwardsARequestWithItsPrincipalAndAnswersUnderItsId) {
  const auto principal = make_principal();
  std::atomic<bool> right = false;
  answer_chat_with([&](wire::RoutedRequest request) {
    right = request.principal && request.principal->user_id == principal.user_id &&
            request.operation == wire::request_field<wire::CountPreKeys>() &&
            !request.request_id.empty();
    return count_of(7);
  });
  const auto client = connect(principal);
  client->send(count_request(42));
  const auto answer = client->next_answer();
  EXPECT_EQ(answer.request_id, 42U);
  EXPECT_EQ(std::get<wire::PreKeyCount>(answer.body).one_time, 7U);
  EXPECT_TRUE(right);
}

TEST_F(Gateway, AFailedRequestIsAnsweredWithItsError) {
  answer_chat_with([](wire::RoutedRequest) -> Task<Result<Bytes>> {
    co_return fail(Error(ErrorCode{"chat.not_found", ErrorKind::not_found}, "no such thing"));
  });
  const auto client = connect(make_principal());
  client->send(count_request(1));
  const auto answer = client->next_answer();
  const auto& error = std::get<wire::Error>(answer.body);
  EXPECT_EQ(error.code, "chat.not_found");
  EXPECT_EQ(error.status, 404U);
}

TEST_F(Gateway, WhatIsNoClientFrameClosesTheConnection) {
  for (const Bytes& bytes : {Bytes{0xff, 0xff}, Bytes{}, wire::encode(wire::ClientFrame{})}) {
    const auto client = connect(make_principal());
    client->socket().send_binary(bytes);
    EXPECT_EQ(client->closed_with(), 1007) << to_hex(bytes);
  }
  const auto client = connect(make_principal());
  client->socket().send_text("hello");
  EXPECT_EQ(client->closed_with(), 1003);
}

TEST_F(Gateway, AnUnknownRequestIsAnErrorAndTheConnectionLives) {
  answer_chat_with([](wire::RoutedRequest) { return count_of(1); });
  const auto client = connect(make_principal());
  client->socket().send_binary(wire::make_request(5, 9999, {}));
  const auto answer = client->next_answer();
  EXPECT_EQ(std::get<wire::Error>(answer.body).code, "gateway.unknown_request");
  client->send(count_request(6));
  EXPECT_EQ(client->next().request_id, 6U);
}

TEST_F(Gateway, EventsOfTheDeviceReachItAndNobodyElse) {
  const auto alice = make_principal();
  const auto first = connect(alice);
  const auto second = connect(alice);
  const auto other = connect(make_principal());
  for (const auto& client : {first, second, other}) {
    EXPECT_TRUE(std::holds_alternative<wire::Hello>(client->next().body));
  }
  publish("device." + to_hex(alice.device_id->bytes()),
          wire::make_response(0, wire::response_field<wire::PreKeysLow>(),
                              wire::encode(wire::PreKeysLow{3})));
  EXPECT_EQ(std::get<wire::PreKeysLow>(first->next().body).one_time, 3U);
  EXPECT_EQ(std::get<wire::PreKeysLow>(second->next().body).one_time, 3U);
  // The same for a device among many.
  std::vector<DeviceId> many{*alice.device_id};
  for (std::size_t i = 0; i < messaging::kFewDevices; ++i) {
    many.push_back(*make_principal().device_id);
  }
  ASSERT_TRUE(
      messaging::tell_devices(*bus_, many,
                              wire::make_response(0, wire::response_field<wire::PreKeysLow>(),
                                                  wire::encode(wire::PreKeysLow{2}))));
  EXPECT_EQ(std::get<wire::PreKeysLow>(first->next().body).one_time, 2U);
  EXPECT_EQ(std::get<wire::PreKeysLow>(second->next().body).one_time, 2U);
  answer_chat_with([](wire::RoutedRequest) { return count_of(1); });
  other->send(count_request(1));
  EXPECT_TRUE(std::holds_alternative<wire::PreKeyCount>(other->next().body));
}

TEST_F(Gateway, RevocationsCloseWhatTheyCover) {
  const auto alice = make_principal();
  const auto bob = make_principal();
  const auto carol = make_principal();
  const auto by_session = connect(alice);
  const auto by_device = connect(bob);
  const auto by_user = connect(carol);
  const auto stays = connect(make_principal());
  publish("auth.revoked", revocation(1, alice.session_id.uuid()));
  publish("auth.revoked", revocation(2, bob.device_id->uuid()));
  publish("auth.revoked", revocation(3, carol.user_id.uuid()));
  EXPECT_EQ(by_session->closed_with(), 4403);
  EXPECT_EQ(by_device->closed_with(), 4403);
  EXPECT_EQ(by_user->closed_with(), 4403);
  EXPECT_TRUE(stays->socket().is_open());
  // A token that was checked just before the revocation opens no connection just after it.
  const auto late = connect(alice);
  EXPECT_EQ(late->closed_with(), 4403);
}

TEST_F(Gateway, WhoseRolesHaveChangedComesBackWithThoseOfNow) {
  auto alice = make_principal();
  const auto before = connect(alice);
  const auto stays = connect(make_principal());
  publish("auth.revoked", revocation(4, alice.user_id.uuid()));
  EXPECT_EQ(before->closed_with(), 1012);
  EXPECT_TRUE(stays->socket().is_open());
  // Nothing has ended: the same session is let in, and asks with what it is now.
  alice.roles = access::RoleSet(access::Role::guest);
  const auto after = connect(alice);
  std::atomic<std::uint64_t> roles = 0;
  answer_chat_with([&](wire::RoutedRequest request) {
    roles = request.principal->roles;
    return count_of(1);
  });
  after->send(count_request(1));
  after->next_answer();
  EXPECT_EQ(roles, alice.roles.bits());
}

TEST_F(Gateway, AnExpiredTokenEndsTheConnectionUnlessItIsRenewed) {
  const auto expires = connect(make_principal(std::chrono::seconds(1)));
  auto renewed = make_principal(std::chrono::seconds(1));
  const auto renews = connect(renewed);
  renewed.expires_at = clock_.now() + std::chrono::hours(1);
  tokens_.add("fresh", renewed);
  tokens_.add("foreign", make_principal());
  renews->send({.request_id = 1, .body = wire::Authenticate{"foreign"}});
  EXPECT_EQ(std::get<wire::Error>(renews->next_answer().body).code, "gateway.foreign_token");
  renews->send({.request_id = 2, .body = wire::Authenticate{"fresh"}});
  EXPECT_EQ(std::get<wire::Authenticated>(renews->next().body).token_expires_at,
            renewed.expires_at);
  int code = 0;
  for (int i = 0; i < 3 && code == 0; ++i) {
    code = expires->closed_with();
  }
  EXPECT_EQ(code, 4401);
  EXPECT_TRUE(renews->socket().is_open());
}

TEST_F(Gateway, TooManyRequestsUnderWayAreRefusedWithAHint) {
  start({.max_in_flight = 2});
  std::atomic<bool> released = false;
  answer_chat_with([&](wire::RoutedRequest) {
    return [](std::atomic<bool>& gate) -> Task<Result<Bytes>> {
      while (!gate) {
        co_await runtime::sleep_for(std::chrono::milliseconds(5));
      }
      co_return co_await count_of(1);
    }(released);
  });
  const auto client = connect(make_principal());
  for (std::uint64_t id = 1; id <= 3; ++id) {
    client->send(count_request(id));
  }
  const auto refused = client->next_answer();
  EXPECT_EQ(refused.request_id, 3U);
  EXPECT_EQ(std::get<wire::Error>(refused.body).code, "gateway.too_many_in_flight");
  EXPECT_GT(std::get<wire::Error>(refused.body).retry_after_ms, 0U);
  released = true;
  EXPECT_TRUE(std::holds_alternative<wire::PreKeyCount>(client->next().body));
  EXPECT_TRUE(std::holds_alternative<wire::PreKeyCount>(client->next().body));
}

TEST_F(Gateway, StoppingTellsClientsWhenToComeBackAndCloses) {
  const auto client = connect(make_principal());
  EXPECT_TRUE(std::holds_alternative<wire::Hello>(client->next().body));
  start({});
  EXPECT_TRUE(std::holds_alternative<wire::Closing>(client->next().body));
  EXPECT_EQ(client->closed_with(), 1012);
}

TEST_F(Gateway, AnswersWhichConnectionsAnOrganisationHas) {
  const auto principal = make_principal();
  const auto client = connect(principal);
  client->next();
  const auto ask = [&](OrgId org) {
    auto question =
        std::move(ByteWriter().raw(org.bytes()).raw(ConnectionId().bytes()).u32(10)).take();
    return wait(messaging::gather(*bus_, "gateway.connections", std::move(question)));
  };
  const auto mine = ask(org_);
  ASSERT_TRUE(mine) << mine.error().message();
  ASSERT_EQ(mine->size(), 1U);
  const auto list = wire::decode<wire::ConnectionList>(mine->front());
  ASSERT_EQ(list->connections.size(), 1U);
  EXPECT_EQ(list->connections[0].user_id, principal.user_id);
  EXPECT_EQ(list->connections[0].ip, "127.0.0.1");
  const auto other = OrgId::make(clock_, random_);
  const auto none = ask(other);
  EXPECT_TRUE(wire::decode<wire::ConnectionList>(none->front())->connections.empty());
}

TEST_F(Gateway, NobodyOutsideTheOrganisationCanBeWatched) {
  const auto alice = make_principal();
  const auto colleague = make_principal();
  const auto stranger = make_principal();
  const auto other_org = OrgId::make(clock_, random_);
  ASSERT_TRUE(database_->write_sync([&](storage::Transaction& tx) -> Result<std::uint64_t> {
    UNHIDRA_TRY_VOID(
        tx.execute("INSERT INTO organizations (org_id, name, created_at) VALUES ($1, 'other', $2)",
                   other_org, clock_.now()));
    UNHIDRA_TRY_VOID(add_user(tx, org_, colleague.user_id));
    return add_user(tx, other_org, stranger.user_id);
  }));
  for (const auto& [user, state] :
       {std::pair(colleague.user_id, messaging::PresenceState::away),
        std::pair(stranger.user_id, messaging::PresenceState::online)}) {
    const messaging::PresenceLease lease{user, DeviceId::make(clock_, random_),
                                         ConnectionId::make(clock_, random_)};
    ASSERT_TRUE(wait(presence_->set(lease, state)));
  }
  const auto watcher = connect(alice);
  const auto nobody = UserId::make(clock_, random_);
  watcher->send({.request_id = 1,
                 .body = wire::WatchPresence{{colleague.user_id, stranger.user_id, nobody}}});
  const auto snapshot = std::get<wire::PresenceSnapshot>(watcher->next_answer().body);
  ASSERT_EQ(snapshot.users.size(), 1U);
  EXPECT_EQ(snapshot.users[0].user_id, colleague.user_id);
  EXPECT_EQ(snapshot.users[0].state, wire::PresenceState::away);
  // What becomes of the stranger afterwards is not told either.
  const messaging::PresenceLease later{stranger.user_id, DeviceId::make(clock_, random_),
                                       ConnectionId::make(clock_, random_)};
  ASSERT_TRUE(wait(presence_->set(later, messaging::PresenceState::away)));
  answer_chat_with([](wire::RoutedRequest) { return count_of(1); });
  watcher->send(count_request(2));
  EXPECT_EQ(watcher->next().request_id, 2U);
}

TEST_F(Gateway, AConnectionSaysNothingOfItselfBeforeItsClientDoes) {
  const auto principal = make_principal();
  const auto client = connect(principal);
  const auto say = [&](std::uint64_t id, wire::PresenceState state) {
    client->send({.request_id = id, .body = wire::SetPresence{state}});
    const auto answer = client->next_answer();
    EXPECT_EQ(answer.request_id, id);
    return std::holds_alternative<wire::Done>(answer.body);
  };
  const auto seen = [&] { return wait(presence_->look_up({principal.user_id}))->front().state; };
  EXPECT_TRUE(std::holds_alternative<wire::Hello>(client->next().body));
  answer_chat_with([](wire::RoutedRequest) { return count_of(1); });
  client->send(count_request(1));
  EXPECT_EQ(client->next().request_id, 1U);
  EXPECT_EQ(presence_->connections(), 0U);

  // A first change is told at once; those that follow soon are damped.
  EXPECT_TRUE(say(2, wire::PresenceState::away));
  EXPECT_EQ(presence_->connections(), 1U);
  EXPECT_EQ(seen(), messaging::PresenceState::away);
  EXPECT_TRUE(say(3, wire::PresenceState::online));
  EXPECT_EQ(presence_->connections(), 1U);

  // Taken back, and the connection stays; also a second time.
  EXPECT_TRUE(say(4, wire::PresenceState::offline));
  EXPECT_EQ(presence_->connections(), 0U);
  EXPECT_TRUE(say(5, wire::PresenceState::offline));
  EXPECT_FALSE(say(6, static_cast<wire::PresenceState>(7)));
  EXPECT_EQ(presence_->connections(), 0U);

  EXPECT_TRUE(say(7, wire::PresenceState::online));
  EXPECT_EQ(presence_->connections(), 1U);
  client->socket().close(net::CloseCode::normal, "bye");
  for (int i = 0; i < 500 && presence_->connections() != 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(presence_->connections(), 0U);
}

TEST_F(Gateway, WhoeverIsWatchedIsTold) {
  const auto alice = make_principal();
  const auto bob = make_principal();
  ASSERT_TRUE(database_->write_sync(
      [&](storage::Transaction& tx) { return add_user(tx, org_, bob.user_id); }));
  const auto watcher = connect(alice);
  const auto watched = connect(bob);
  watcher->send({.request_id = 1, .body = wire::WatchPresence{{bob.user_id}}});
  const auto snapshot = std::get<wire::PresenceSnapshot>(watcher->next_answer().body);
  ASSERT_EQ(snapshot.users.size(), 1U);
  EXPECT_EQ(snapshot.users[0].state, wire::PresenceState::offline);
  watched->send({.request_id = 1, .body = wire::SetPresence{wire::PresenceState::online}});
  const auto change = std::get<wire::PresenceChange>(watcher->next().body);
  EXPECT_EQ(change.user_id, bob.user_id);
  EXPECT_EQ(change.state, wire::PresenceState::online);
}

}  // namespace
}  // namespace unhidra::gateway
