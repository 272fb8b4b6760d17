#include <map>

#include "broker_world.h"

namespace unhidra::mqtt {
namespace {

using namespace std::chrono_literals;

// ---- Sessions ----------------------------------------------------------------------------------

TEST(BrokerSession, WhatComesWhileAwayIsDeliveredInOrder) {
  World world;
  Client reader(world);
  ASSERT_EQ(reader.connect("reader", kKept), 0);
  EXPECT_FALSE(reader.session_present());
  EXPECT_EQ(reader.subscribe("a/+", kQos1), 1);
  reader.drop();
  Client writer(world);
  writer.connect("writer");
  for (PacketId id = 1; id <= 5; ++id) {
    writer.publish("a/b", std::to_string(id), {.qos = QoS::at_least_once, .id = id});
  }
  Client again(world);
  ASSERT_EQ(again.connect("reader", kKept), 0);
  EXPECT_TRUE(again.session_present());
  EXPECT_EQ(again.take_payloads(), (Payloads{"1", "2", "3", "4", "5"}));
}

TEST(BrokerSession, UnacknowledgedComesAgainWithTheSameIdentifiersMarkedAsDuplicate) {
  World world;
  Client reader(world);
  reader.connect("reader", kKept);
  reader.subscribe("t", kQos2);
  Client writer(world);
  writer.connect("writer");
  writer.publish("t", "one", {.qos = QoS::at_least_once, .id = 1});
  writer.publish("t", "two", {.qos = QoS::at_least_once, .id = 2});
  const auto first = reader.take();
  ASSERT_EQ(first.size(), 2U);
  reader.acknowledge(PacketType::puback, first[0].publish().packet_id);
  reader.drop();
  Client again(world);
  again.connect("reader", kKept);
  const auto second = again.take();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].publish().packet_id, first[1].publish().packet_id);
  EXPECT_TRUE(second[0].publish().dup);
  EXPECT_EQ(as_text(second[0].publish().payload), "two");
}

TEST(BrokerSession, EndsAfterItsExpiryAndNotBefore) {
  World world;
  Client reader(world);
  reader.connect("reader", {.clean_start = false, .session_expiry = 10});
  reader.drop();
  world.pass(9s);
  EXPECT_EQ(world.broker->stats().sessions, 1U);
  world.pass(2s);
  EXPECT_EQ(world.broker->stats().sessions, 0U);
}

TEST(BrokerSession, TheSameIdentityTakesItOverAnotherMayNot) {
  World world;
  Client first(world);
  first.connect("lamp", {.session_expiry = 100, .user = "anna"});
  Client thief(world);
  EXPECT_EQ(thief.connect("lamp", {.user = "bob"}), 0x87);
  EXPECT_TRUE(thief.link.closed);
  EXPECT_FALSE(first.link.closed);
  Client second(world);
  EXPECT_EQ(second.connect("lamp", {.clean_start = false, .user = "anna"}), 0);
  EXPECT_TRUE(second.session_present());
  ASSERT_TRUE(first.link.closed);
  const auto told = first.take();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(decode_disconnect(told[0].frame(), Version::v5)->reason,
            ReasonCode::session_taken_over);
}

TEST(BrokerSession, CleanStartForgetsWhatWas) {
  World world;
  Client first(world);
  first.connect("c", kKept);
  first.subscribe("t", kQos1);
  first.drop();
  Client second(world);
  second.connect("c", {.session_expiry = 1000});
  EXPECT_FALSE(second.session_present());
  EXPECT_EQ(world.broker->stats().subscriptions, 0U);
}

TEST(BrokerSession, SpacesOfTenantsAreApart) {
  World world;
  EXPECT_EQ(world.broker->publish("other", {.topic = "t", .payload = as_bytes("x"), .retain = true},
                                  world.now),
            0U);
  Client reader(world);
  reader.connect("r");
  reader.subscribe("#", kQos1);
  EXPECT_TRUE(reader.take_payloads().empty());
}

// ---- Wills -------------------------------------------------------------------------------------

TEST(BrokerWill, IsPublishedWhenTheConnectionIsLostNotWhenItIsClosed) {
  World world;
  Client watcher(world);
  watcher.connect("watcher");
  watcher.subscribe("will");
  Client polite(world);
  polite.connect("polite", {.will_topic = "will"});
  polite.send(Bytes{0xe0, 0x00});
  EXPECT_TRUE(watcher.take_payloads().empty());
  Client rude(world);
  rude.connect("rude", {.will_topic = "will"});
  rude.drop();
  EXPECT_EQ(watcher.take_payloads(), Payloads{"gone"});
}

TEST(BrokerWill, WaitsForItsDelayAndIsNotSentToWhoComesBack) {
  World world;
  Client watcher(world);
  watcher.connect("watcher");
  watcher.subscribe("will");
  const ConnectOptions options{
      .clean_start = false, .session_expiry = 1000, .will_topic = "will", .will_delay = 10};
  Client first(world);
  first.connect("c", options);
  first.drop();
  world.pass(5s);
  Client second(world);
  second.connect("c", options);
  world.pass(20s);
  EXPECT_TRUE(watcher.take_payloads().empty());
  second.drop();
  world.pass(11s);
  EXPECT_EQ(watcher.take_payloads(), Payloads{"gone"});
}

TEST(BrokerWill, IsSentWhenTheSessionEndsBeforeTheDelay) {
  World world;
  Client watcher(world);
  watcher.connect("watcher");
  watcher.subscribe("will");
  Client first(world);
  first.connect("c", {.session_expiry = 5, .will_topic = "will", .will_delay = 100});
  first.drop();
  world.pass(6s);
  EXPECT_EQ(watcher.take_payloads(), Payloads{"gone"});
}

// ---- Subscriptions -----------------------------------------------------------------------------

TEST(BrokerSubscription, OverlappingFiltersGiveOneCopyWithAllIdentifiers) {
  World world;
  Client reader(world);
  reader.connect("reader");
  reader.subscribe("a/#", {}, 3);
  reader.subscribe("a/+", kQos1, 5);
  Client writer(world);
  writer.connect("writer");
  writer.publish("a/b", "x", {.qos = QoS::at_least_once, .id = 1});
  const auto came = reader.take();
  ASSERT_EQ(came.size(), 1U);
  EXPECT_EQ(came[0].publish().qos, QoS::at_least_once);
  std::vector<std::uint32_t> identifiers;
  const auto message = came[0].publish();
  for (const auto& property : message.properties) {
    if (property.id == PropertyId::subscription_identifier) {
      identifiers.push_back(property.number);
    }
  }
  std::ranges::sort(identifiers);
  EXPECT_EQ(identifiers, (std::vector<std::uint32_t>{3, 5}));
}

TEST(BrokerSubscription, AGroupSharesAndTakesBackWhatAMemberLeft) {
  World world;
  Client one(world);
  one.connect("one");
  one.subscribe("$share/g/t", kQos1);
  Client two(world);
  two.connect("two");
  two.subscribe("$share/g/t", kQos1);
  Client writer(world);
  writer.connect("writer");
  for (PacketId id = 1; id <= 4; ++id) {
    writer.publish("t", std::to_string(id), {.qos = QoS::at_least_once, .id = id});
  }
  const auto of_one = one.take_payloads();
  const auto of_two = two.take_payloads();
  EXPECT_EQ(of_one.size(), 2U);
  EXPECT_EQ(of_two.size(), 2U);
  one.drop();  // without having acknowledged anything
  EXPECT_EQ(two.take_payloads(), of_one);
}

TEST(BrokerSubscription, RetainedMessagesComeByRetainHandling) {
  World world;
  Client writer(world);
  writer.connect("writer");
  writer.publish("t", "kept", {.retain = true});
  Client reader(world);
  reader.connect("reader");
  EXPECT_EQ(reader.subscribe("t", {.retain_handling = RetainHandling::never}), 0);
  EXPECT_TRUE(reader.take_payloads().empty());
  reader.subscribe("t", {.retain_handling = RetainHandling::send_if_new});
  EXPECT_TRUE(reader.take_payloads().empty());
  reader.subscribe("t");
  EXPECT_EQ(reader.take_payloads(), Payloads{"kept"});
  writer.publish("t", "", {.retain = true});
  reader.take();
  reader.subscribe("t");
  EXPECT_TRUE(reader.take_payloads().empty());
  EXPECT_EQ(world.broker->stats().retained, 0U);
}

TEST(BrokerSubscription, ASessionHasNoMoreThanItsShare) {
  World world({.max_subscriptions = 2, .max_subscription_bytes = 100});
  Client reader(world);
  reader.connect("reader");
  EXPECT_EQ(reader.subscribe(std::string(101, 'a')), 0x97);
  EXPECT_EQ(reader.subscribe(std::string(99, 'a')), 0);
  EXPECT_EQ(reader.subscribe("bc"), 0x97);
  EXPECT_EQ(reader.subscribe("b"), 0);
  EXPECT_EQ(reader.subscribe("b", kQos1), 1);  // replaces
  EXPECT_EQ(reader.subscribe("c"), 0x97);
}

TEST(BrokerSubscription, IsTakenAwayWhenThePolicyChanges) {
  World world;
  Client reader(world);
  reader.connect("reader");
  EXPECT_EQ(reader.subscribe("secret"), 0);
  world.authority.no_subscribe = {"secret"};
  world.broker->rejudge(world.now);
  Client writer(world);
  writer.connect("writer");
  writer.publish("secret", "x");
  EXPECT_TRUE(reader.take_payloads().empty());
  EXPECT_EQ(reader.subscribe("secret"), 0x87);
}

// Somebody about whom something else is known than before, connected or away.
TEST(BrokerSubscription, IsJudgedAgainForThoseWhoHaveChangedAlone) {
  World world;
  Client reader(world);
  Client away(world);
  Client other(world);
  reader.connect("reader", {.user = "lamp"});
  away.connect("away", {.clean_start = false, .session_expiry = 1000, .user = "lamp"});
  other.connect("other", {.user = "lock"});
  for (auto* client : {&reader, &away, &other}) {
    EXPECT_EQ(client->subscribe("secret", kQos1), 1);
  }
  away.drop();
  Client writer(world);
  writer.connect("writer", {.user = "writer"});
  writer.publish("secret", "before", {.qos = QoS::at_least_once, .id = 1});
  EXPECT_EQ(reader.take_payloads(), Payloads{"before"});
  EXPECT_EQ(other.take_payloads(), Payloads{"before"});
  const auto knowledge = std::make_shared<int>(7);
  world.broker->renew("", [&](const Principal& was) -> std::shared_ptr<const Principal> {
    if (was.identity != "lamp") {
      return nullptr;
    }
    auto now = was;
    now.context = knowledge;
    return std::make_shared<const Principal>(std::move(now));
  });
  world.authority.no_subscribe = {"secret"};
  const auto has_changed = [&](const Principal& who, std::string_view) {
    return who.context == knowledge;
  };
  world.broker->rejudge(has_changed, world.now);
  EXPECT_EQ(world.broker->stats().subscriptions, 1U);
  writer.publish("secret", "after", {.qos = QoS::at_least_once, .id = 2});
  EXPECT_TRUE(reader.take_payloads().empty());
  EXPECT_EQ(other.take_payloads(), Payloads{"after"});
  // It is the connection's, too: who ends is the one that has changed.
  EXPECT_EQ(world.broker->disconnect(has_changed, ReasonCode::not_authorized, world.now), 1U);
}

TEST(BrokerSubscription, WhatMayNotBePublishedGoesNowhereAndIsToldSo) {
  World world;
  world.authority.no_publish = {"secret"};
  Client reader(world);
  reader.connect("reader");
  reader.subscribe("#");
  Client writer(world);
  writer.connect("writer");
  writer.publish("secret", "0");
  writer.publish("secret", "1", {.qos = QoS::at_least_once, .id = 1});
  writer.publish("secret", "2", {.qos = QoS::exactly_once, .id = 2, .retain = true});
  const auto answers = writer.take();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].acknowledge().reason, ReasonCode::not_authorized);
  EXPECT_EQ(answers[1].acknowledge().reason, ReasonCode::not_authorized);
  EXPECT_TRUE(reader.take_payloads().empty());
  EXPECT_EQ(world.broker->stats().retained, 0U);
}

// ---- Admission ---------------------------------------------------------------------------------

TEST(BrokerAdmission, MayComeLateWhatWasSentMeanwhileIsNotLost) {
  World world;
  world.authority.thinks = true;
  Client client(world);
  EXPECT_EQ(client.connect("c"), std::nullopt);
  EXPECT_TRUE(client.link.paused);
  client.send(Bytes{0xc0, 0x00});
  EXPECT_TRUE(client.take().empty());
  world.broker->decide(client.id, {.principal = FakeAuthority::principal("x")}, world.now);
  world.broker->flush();
  EXPECT_FALSE(client.link.paused);
  const auto came = client.take();
  ASSERT_EQ(came.size(), 2U);
  EXPECT_EQ(came[0].type(), PacketType::connack);
  EXPECT_EQ(came[1].type(), PacketType::pingresp);
}

TEST(BrokerAdmission, ALateAnswerForAConnectionThatIsGoneReachesNobody) {
  World world;
  world.authority.thinks = true;
  Client client(world);
  client.connect("c");
  client.drop();
  Client other(world);  // stands in the same place
  world.broker->decide(client.id, {.principal = FakeAuthority::principal("x")}, world.now);
  world.broker->flush();
  EXPECT_TRUE(other.take().empty());
}

TEST(BrokerAdministration, DisconnectsWhomItIsTold) {
  World world;
  Client anna(world);
  anna.connect("a", {.user = "anna"});
  Client bob(world);
  bob.connect("b", {.user = "bob"});
  EXPECT_EQ(world.broker->disconnect(
                [](const Principal& who, std::string_view) { return who.identity == "bob"; },
                ReasonCode::administrative_action, world.now),
            1U);
  EXPECT_FALSE(anna.link.closed);
  EXPECT_TRUE(bob.link.closed);
}

TEST(BrokerAdministration, TakesRetainedMessagesAway) {
  World world({}, true);
  Client client(world);
  client.connect("c");
  client.publish("devices/1/a", "x", {.retain = true});
  client.publish("devices/1/b", "y", {.qos = QoS::at_least_once, .id = 1, .retain = true});
  client.publish("devices/2/a", "z", {.retain = true});
  EXPECT_EQ(world.broker->clear_retained("", "devices/1/#", world.now), 2U);
  EXPECT_EQ(world.broker->stats().retained, 1U);
  world.crash(world.journal.records.size());
  EXPECT_EQ(world.broker->stats().retained, 1U);
}

// What one organisation does is not to be read off by another.
TEST(BrokerStatistics, AreOfTheOwnSpaceAlone) {
  World world;
  Client mine(world);
  Client busy(world);
  Client second(world);
  mine.connect("mine", {.user = "anna@first"});
  busy.connect("busy", {.user = "bob@second"});
  second.connect("second", {.user = "bob@second"});
  for (const auto* topic :
       {"clients/connected", "clients/total", "subscriptions/count", "retained messages/count",
        "retained messages/bytes", "retained messages/refused", "store/messages/bytes",
        "messages/received", "messages/sent", "publish/messages/dropped", "publish/messages/shed",
        "bytes/received"}) {
    mine.subscribe(std::string("$SYS/broker/") + topic);
  }
  world.pass(11s);
  mine.take();
  // Between two tellings the other space does everything that is counted.
  const auto figures = [&] {
    world.pass(11s);
    std::map<std::string, std::string> out;
    for (const auto& packet : mine.take()) {
      if (packet.type() == PacketType::publish) {
        const auto message = packet.publish();
        out[std::string(message.topic)] = as_text(message.payload);
      }
    }
    return out;
  };
  auto before = figures();
  auto quiet = figures();
  busy.subscribe("#", kQos1);
  busy.publish("a/b", std::string(1000, 'x'), {.qos = QoS::at_least_once, .id = 1, .retain = true});
  second.publish("a/c", "more", {.retain = true});
  Client third(world);
  third.connect("third", {.user = "carol@second"});
  auto after = figures();
  ASSERT_EQ(after.size(), 12U);
  // What grows by being told, the figures themselves, grows as much as it did without the others.
  for (const auto& [topic, value] : quiet) {
    const auto grown = std::stoll(value) - std::stoll(before[topic]);
    const auto since = std::stoll(after[topic]) - std::stoll(value);
    if (topic.ends_with("messages/bytes")) {
      EXPECT_LT(std::abs(since), 100) << topic;  // figures grow longer
    } else {
      EXPECT_EQ(since, grown) << topic;
    }
  }
  EXPECT_EQ(after["$SYS/broker/clients/connected"], "1");
  EXPECT_EQ(after["$SYS/broker/clients/total"], "1");
  EXPECT_EQ(after["$SYS/broker/subscriptions/count"], "12");
  EXPECT_EQ(after["$SYS/broker/messages/received"], "0");
  // The operator sees the whole.
  EXPECT_EQ(world.broker->stats().connections, 4U);
  EXPECT_EQ(world.broker->stats().sessions, 4U);
  EXPECT_EQ(world.broker->stats().messages_received, 2U);
  EXPECT_EQ(world.broker->stats("first").sessions, 1U);
  EXPECT_EQ(world.broker->stats("second").sessions, 3U);
  EXPECT_EQ(world.broker->stats("third").sessions, 0U);
}

TEST(BrokerStatistics, StandUnderSys) {
  World world;
  Client reader(world);
  reader.connect("reader");
  reader.subscribe("$SYS/broker/clients/connected");
  world.pass(11s);
  EXPECT_EQ(reader.take_payloads(), Payloads{"1"});
}

}  // namespace
}  // namespace unhidra::mqtt
