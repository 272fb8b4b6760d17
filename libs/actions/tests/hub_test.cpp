// What a hub makes of what people and devices say.
#include "unhidra/actions/hub.h"

#include <gtest/gtest.h>

namespace unhidra::actions {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kNow = from_unix_micros(1'795'382'120'000'000);
constexpr std::string_view kLight = "01a20000-0000-7000-8000-000000000001";
constexpr std::string_view kLock = "01a20000-0000-7000-8000-000000000002";
constexpr std::string_view kSensor = "01a20000-0000-7000-8000-000000000003";

constexpr std::string_view kHouse = R"({"bridges": [
  {"conversation": "home", "group": "house", "understand": true, "tell": ["state"],
   "allow": "not input.user.name == \"guest\"",
   "devices": [{"device": "01a20000-0000-7000-8000-000000000001", "names": ["kitchen light", "kitchen-light"], "type": "light"},
               {"device": "01a20000-0000-7000-8000-000000000002", "names": ["front door"], "type": "lock"},
               {"device": "01a20000-0000-7000-8000-000000000003", "names": ["sensor"]}]},
  {"conversation": "quiet", "group": "other", "devices": []}],
  "rules": [{"name": "dark", "when": {"device": "sensor"}, "if": "input.value < 10",
             "do": {"device": "kitchen light", "command": "on"}}]})";

class HubTest : public testing::Test {
 protected:
  // Commands as "group device text", what is said as "> text".
  std::string say(std::string_view text, std::string_view who = "ann",
                  std::string_view where = "home") {
    return shown(
        hub_.on_text(where, {"id-" + std::string(who), std::string(who)}, text, kNow, steady_));
  }
  static std::string shown(const HubOutcome& outcome) {
    std::string out;
    for (const auto& command : outcome.commands) {
      out += command.group + " " + command.device_name + " " + command.text +
             (command.rule.empty() ? "" : " by " + command.rule) + ";";
    }
    for (const auto& one : outcome.says) {
      out += "> " + one.text + ";";
    }
    return out;
  }

  Hub hub_ = Hub::parse(kHouse).value();
  SteadyTime steady_{};
};

TEST_F(HubTest, TypedCommandsAreTakenAsTheyAre) {
  EXPECT_EQ(say("/device kitchen-light on"), "house kitchen light on;");
  EXPECT_EQ(say("/device kitchen light set 40"), "house kitchen light set 40;");
  EXPECT_EQ(say("/device " + std::string(kLight) + " off"), "house kitchen light off;");
  EXPECT_TRUE(
      say("/device").starts_with("> Say /device NAME COMMAND. Devices here: kitchen light, "));
  EXPECT_TRUE(say("/device attic light on").starts_with("> Say /device"));
  EXPECT_TRUE(say("/device kitchen light").starts_with("> Say /device"));
  EXPECT_TRUE(say("/device kitchen light o\x01n").starts_with("> Say /device"));
  EXPECT_EQ(say("/devices kitchen light on"), "");
}

TEST(HubOfRooms, SeveralDevicesAreSpokenOfAsOne) {
  constexpr std::string_view kRooms = R"({"bridges": [
    {"conversation": "home", "group": "house", "understand": true,
     "allow": "not input.device.name == \"night light\"",
     "devices": [
       {"device": "01a20000-0000-7000-8000-000000000001", "names": ["ceiling light"], "type": "light", "room": "kitchen"},
       {"device": "01a20000-0000-7000-8000-000000000002", "names": ["counter"], "type": "light", "room": "kitchen"},
       {"device": "01a20000-0000-7000-8000-000000000003", "names": ["kettle"], "type": "plug", "room": "kitchen"},
       {"device": "01a20000-0000-7000-8000-000000000004", "names": ["back door"], "type": "lock", "room": "kitchen"},
       {"device": "01a20000-0000-7000-8000-000000000005", "names": ["night light"], "type": "light", "room": "bedroom"},
       {"device": "01a20000-0000-7000-8000-000000000006", "names": ["reading lamp"], "type": "light", "room": "bedroom"},
       {"device": "01a20000-0000-7000-8000-000000000007", "names": ["fridge"], "type": "plug", "room": "Küche"}]}]})";
  auto hub = Hub::parse(kRooms).value();
  const auto say = [&](std::string_view text) {
    std::string out;
    const auto outcome = hub.on_text("home", {"id", "ann"}, text, kNow, {});
    for (const auto& command : outcome.commands) {
      out += command.device_name + " " + command.text + ";";
    }
    for (const auto& one : outcome.says) {
      out += "> " + one.text + ";";
    }
    return out;
  };
  const std::string on = "ceiling light on;counter on;";
  for (const auto* said : {"turn on the kitchen lights", "turn the lights on in the kitchen",
                           "turn on all the lights in the kitchen", "light up the kitchen",
                           "could you please switch every light in the kitchen on"}) {
    EXPECT_EQ(say(said), on) << said;
  }
  EXPECT_EQ(say("turn everything off in the kitchen"), "ceiling light off;counter off;kettle off;");
  EXPECT_EQ(say("set the kitchen to 40 percent"), "ceiling light dim 40;counter dim 40;");
  // Where it is may be said beside the name, where it is not may not.
  EXPECT_EQ(say("turn on the counter in the kitchen"), "counter on;");
  EXPECT_EQ(say("turn on the counter in the bedroom"), "");
  // What may not be done to one is done to the others.
  EXPECT_EQ(say("bedroom lights off"), "reading lamp off;> night light: you may not do that.;");
  EXPECT_EQ(say("alle Lichter aus"),
            "ceiling light off;counter off;reading lamp off;> night light: you may not do that.;");
  // Not guessed: which lights, what else is everything, locks.
  for (const auto* said :
       {"turn on the lights", "turn off everything", "turn off everything in the house",
        "unlock the kitchen", "unlock everything in the kitchen", "set the kitchen to 21",
        "turn on the lights in the attic", "set the kitchen curtain to 40 percent",
        "lights in the kitchen are nice", "turn everything off in the kitchen but the kettle",
        "turn on all the kettles"}) {
    EXPECT_EQ(say(said), "") << said;
  }
}

TEST_F(HubTest, ProgramsMayWhatPeopleMayAndConfirmWithTheRequest) {
  const auto ask = [&](std::string device, std::string command, bool confirmed = false,
                       std::string who = "rest") {
    return hub_.on_request({.who = {.id = who, .name = who},
                            .device = std::move(device),
                            .command = std::move(command),
                            .confirmed = confirmed},
                           kNow);
  };
  const auto done = ask("kitchen light", "on");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->device_id, kLight);
  EXPECT_EQ(done->group, "house");
  EXPECT_EQ(done->conversation, "home");
  EXPECT_EQ(done->text, "on");
  EXPECT_TRUE(ask(std::string(kLight), "on"));
  EXPECT_EQ(ask("kitchen light", "on", false, "guest").error(), HubRefusal::not_allowed);
  EXPECT_EQ(ask("attic light", "on").error(), HubRefusal::no_device);
  EXPECT_EQ(ask("front door", "unlock").error(), HubRefusal::needs_confirmation);
  EXPECT_TRUE(ask("front door", "unlock", true));
  EXPECT_TRUE(ask("front door", "lock"));
  EXPECT_EQ(ask("front door", "unlock", true, "guest").error(), HubRefusal::not_allowed);
  for (const auto& bad : {std::string(), std::string("on\noff"), std::string(201, 'x')}) {
    EXPECT_EQ(ask("kitchen light", bad).error(), HubRefusal::bad_command);
  }
}

TEST_F(HubTest, SentencesAreUnderstoodWhereTheBridgeSaysSo) {
  EXPECT_EQ(say("turn on the kitchen light please"), "house kitchen light on;");
  EXPECT_EQ(say("what a nice day"), "");
  EXPECT_EQ(say("turn on the kitchen light", "ann", "elsewhere"), "");
  EXPECT_EQ(say("/device kitchen light on", "ann", "elsewhere"), "");
  EXPECT_EQ(say("turn on the kitchen light", "ann", "quiet"), "");
}

TEST_F(HubTest, WhatOpensAHouseIsAskedBack) {
  for (const auto* said :
       {"unlock the front door", "/device front door unlock", "/device front door open"}) {
    EXPECT_TRUE(say(said).starts_with("> front door: ")) << said;
    EXPECT_EQ(say("yes", "bob"), "") << "somebody else's yes";
    const auto done = say("yes");
    EXPECT_TRUE(done.starts_with("house front door ")) << done;
    EXPECT_EQ(say("yes"), "") << "once";
  }
  EXPECT_EQ(say("lock the front door"), "house front door lock;");
  say("unlock the front door");
  EXPECT_EQ(say("no"), "> front door: left as it is.;");
  say("unlock the front door");
  EXPECT_EQ(say("turn on the kitchen light"), "house kitchen light on;");
  EXPECT_EQ(say("yes"), "") << "withdrawn by what was said between";
  say("unlock the front door");
  steady_ += Hub::kConfirmation;
  EXPECT_EQ(say("yes"), "") << "too late";
}

TEST_F(HubTest, ThePolicyOfTheBridgeDecides) {
  EXPECT_EQ(say("/device kitchen light on", "guest"), "> kitchen light: you may not do that.;");
  EXPECT_EQ(say("unlock the front door", "guest"), "> front door: you may not do that.;");
  EXPECT_EQ(say("yes", "guest"), "");
}

TEST_F(HubTest, DevicesSetOffRulesAndAreToldOf) {
  EXPECT_EQ(shown(hub_.on_device(kSensor, "telemetry", "5", kNow, steady_)),
            "house kitchen light on by dark;");
  EXPECT_EQ(shown(hub_.on_device(kSensor, "telemetry", "5", kNow, steady_ + 1s)), "");
  EXPECT_EQ(shown(hub_.on_device(kSensor, "telemetry", "50", kNow, steady_ + 20s)), "");
  EXPECT_EQ(shown(hub_.on_device(kLock, "state", "locked", kNow, steady_)),
            "> front door: locked;");
  EXPECT_EQ(shown(hub_.on_device(kLock, "telemetry", "locked", kNow, steady_)), "");
  EXPECT_EQ(
      shown(hub_.on_device("01a20000-0000-7000-8000-00000000000f", "state", "x", kNow, steady_)),
      "");
}

TEST_F(HubTest, ResultsAreSaidWhereTheCommandCameFrom) {
  const auto command =
      hub_.on_text("home", {"1", "ann"}, "/device kitchen light on", kNow, steady_).commands.at(0);
  const auto said = hub_.on_result(command, "done");
  EXPECT_EQ(said.says.at(0).conversation, "home");
  EXPECT_EQ(said.says.at(0).text, "kitchen light: done");
  EXPECT_NE(hub_.on_result(command, std::nullopt).says.at(0).text.find("not known"),
            std::string::npos);
}

TEST(HubFile, IsRefusedWithThePlace) {
  const std::pair<std::string, std::string> kWrong[] = {
      {"{}", "bridges"},
      {R"({"bridges": [{}]})", "bridge 1: \"conversation\""},
      {R"({"bridges": [{"conversation": "c", "group": "g"}]})", "\"devices\""},
      {R"({"bridges": [{"conversation": "c", "group": "g", "devices": [{"device": "x", "names": ["n"]}]}]})",
       "bridge 1, device 1"},
      {R"({"bridges": [{"conversation": "c", "group": "g", "devices": [], "tell": ["all"]}]})",
       "\"tell\""},
      {R"({"bridges": [{"conversation": "c", "group": "g", "devices": [], "allow": "input."}]})",
       "bridge 1, allow"},
      {R"({"bridges": [{"conversation": "c", "group": "g", "devices": []},
                       {"conversation": "c", "group": "g", "devices": []}]})",
       "one bridge"},
      {R"({"bridges": [], "rules": [{"name": "n", "do": {"device": "a", "command": "b"}}]})",
       "no device of a bridge"}};
  for (const auto& [json, why] : kWrong) {
    const auto hub = Hub::parse(json);
    ASSERT_FALSE(hub) << json;
    EXPECT_NE(hub.error().message().find(why), std::string::npos)
        << json << ": " << hub.error().message();
  }
}

}  // namespace
}  // namespace unhidra::actions
