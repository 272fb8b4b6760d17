// Sentences in English and German, and those that must not be acted on.
#include "unhidra/actions/intent.h"

#include <gtest/gtest.h>

namespace unhidra::actions {
namespace {

class Sentences : public testing::Test {
 protected:
  // "target: command", "?" when unclear, "" when nothing; "!" behind what is to be confirmed.
  std::string read(std::string_view text) const {
    const auto out = matcher_.understand(text);
    if (out.understanding == Understanding::unclear) {
      return "?";
    }
    if (!out.intent) {
      return "";
    }
    return matcher_.targets()[out.intent->target].id + ": " + out.intent->command +
           (out.intent->confirm ? "!" : "");
  }

  IntentMatcher matcher_{
      {{"kitchen", {"kitchen light", "Küchenlicht", "Licht in der Küche"}, DeviceKind::light},
       {"strip", {"kitchen light strip"}, DeviceKind::light},
       {"lamp1", {"bedroom lamp 1"}, DeviceKind::light},
       {"lamp2", {"bedroom lamp 2"}, DeviceKind::light},
       {"coffee", {"coffee machine", "Kaffeemaschine"}, DeviceKind::outlet},
       {"heating",
        {"living room heating", "Heizung im Wohnzimmer", "thermostat"},
        DeviceKind::thermostat},
       {"blinds", {"blinds", "Rollladen"}, DeviceKind::cover},
       {"garage", {"garage door", "garage", "Garagentor"}, DeviceKind::garage},
       {"door", {"front door", "Haustür"}, DeviceKind::lock},
       {"hall_lock", {"hall"}, DeviceKind::lock},
       {"hall_light", {"hall"}, DeviceKind::light},
       {"hall_two", {"hall"}, DeviceKind::light}}};
};

TEST_F(Sentences, English) {
  const std::pair<const char*, const char*> kSaid[] = {
      {"turn on the kitchen light", "kitchen: on"},
      {"Turn the kitchen light on, please!", "kitchen: on"},
      {"could you switch off the kitchen light", "kitchen: off"},
      {"kitchen light off", "kitchen: off"},
      {"switch the coffee machine on now", "coffee: on"},
      {"Dim the kitchen light to 40%", "kitchen: dim 40"},
      {"set the kitchen light to forty percent", "kitchen: dim 40"},
      {"set brightness of kitchen light to twenty five", "kitchen: dim 25"},
      {"set the living room heating to 21.5 degrees", "heating: set 21.5"},
      {"set thermostat to twenty one", "heating: set 21"},
      {"turn down the thermostat to 18", "heating: set 18"},
      {"close the blinds", "blinds: close"},
      {"raise the blinds", "blinds: open"},
      {"close the garage door", "garage: close"},
      {"open the garage door", "garage: open!"},
      {"lock the front door", "door: lock"},
      {"unlock the front door", "door: unlock!"},
      {"turn on bedroom lamp 2", "lamp2: on"},
      {"turn on the kitchen light strip", "strip: on"},
      {"turn on the light in the kitchen", "kitchen: on"},
      {"turn the light on in the kitchen", "kitchen: on"},
      {"set the kitchen light to maximum brightness", "kitchen: dim 100"},
      {"i would like the coffee machine on", "coffee: on"},
      {"  TURN   ON the KITCHEN LIGHT. ", "kitchen: on"},
  };
  for (const auto& [said, meant] : kSaid) {
    EXPECT_EQ(read(said), meant) << said;
  }
}

TEST_F(Sentences, German) {
  const std::pair<const char*, const char*> kSaid[] = {
      {"Schalte das Küchenlicht an", "kitchen: on"},
      {"schalte bitte das Küchenlicht aus", "kitchen: off"},
      {"Kuechenlicht an", "kitchen: on"},
      {"Mach das Licht in der Küche aus", "kitchen: off"},
      {"Küchenlicht ausschalten", "kitchen: off"},
      {"Dimme das Küchenlicht auf 30 Prozent", "kitchen: dim 30"},
      {"Stelle das Küchenlicht auf dreißig Prozent", "kitchen: dim 30"},
      {"Stell die Heizung im Wohnzimmer auf 21,5 Grad", "heating: set 21.5"},
      {"Heizung im Wohnzimmer auf einundzwanzig Grad", "heating: set 21"},
      {"Fahr den Rollladen runter", "blinds: close"},
      {"Mach den Rollladen auf", "blinds: open"},
      {"Öffne das Garagentor", "garage: open!"},
      {"Garagentor zu", "garage: close"},
      {"Schließ die Haustür ab", "door: lock"},
      {"Schließe die Haustür auf", "door: unlock!"},
      {"Haustür entriegeln", "door: unlock!"},
      {"kannst du mal die Kaffeemaschine einschalten", "coffee: on"},
      {"Schalte das Küchenlicht ein, bitte", "kitchen: on"},
      {"Macht in der Küche das Licht aus", "kitchen: off"},
      {"Stell die Helligkeit vom Küchenlicht auf die niedrigste Stufe", "kitchen: dim 1"},
  };
  for (const auto& [said, meant] : kSaid) {
    EXPECT_EQ(read(said), meant) << said;
  }
}

TEST_F(Sentences, SmallMistakesAreForgiven) {
  EXPECT_EQ(read("turn on the kichen light"), "kitchen: on");
  EXPECT_EQ(read("swich off the coffee machine"), "coffee: off");
  EXPECT_EQ(read("Schalte das Küchenlich an"), "kitchen: on");
  EXPECT_EQ(read("turn on the kitchen light quickly"), "kitchen: on");
}

TEST_F(Sentences, WhatChangesTheMeaningIsNotGuessed) {
  for (const auto* said :
       {"don't turn on the kitchen light", "do not open the garage door",
        "never unlock the front door", "is the kitchen light on?", "was the front door locked",
        "why did you turn on the kitchen light", "turn on the kitchen light if it is dark",
        "turn off the kitchen light in five minutes", "open the garage door when I arrive",
        "turn on the kitchen light tomorrow", "turn on everything",
        "Schalte das Küchenlicht nicht an", "Ist das Küchenlicht an?",
        "Öffne das Garagentor, wenn ich komme", "öffnet sich das Garagentor?",
        "turn on the kitchen light in the bedroom", "set the thermostat to max",
        "Mach das Küchenlicht in zehn Minuten aus",
        "turn on everything except the kitchen light"}) {
    EXPECT_EQ(read(said), "") << said;
  }
}

TEST_F(Sentences, WhatIsNoCommandIsNothing) {
  for (const auto* said :
       {"", "   ", "hello", "the kitchen light", "turn on", "turn on the attic light", "kitchen",
        "I like the kitchen light we bought on Monday",
        "lunch at noon in the kitchen light and airy", "unlock the kitchen light",
        "dim the front door to 40 percent", "set the blinds to 21 degrees",
        "turn on bedroom lamp 3", "turn on bedroom lamp", "\xff\xfe\xfd", "dim the kitchen light",
        "dim the kitchen light to bright"}) {
    EXPECT_EQ(read(said), "") << said;
  }
  EXPECT_EQ(read(std::string(1000, 'a')), "");
  std::string many;
  for (int i = 0; i < 60; ++i) {
    many += "on ";
  }
  EXPECT_EQ(read(many), "");
}

TEST_F(Sentences, TwoThatCouldBeMeantAreAskedBack) {
  const auto both = matcher_.understand("turn on the hall");
  EXPECT_EQ(both.understanding, Understanding::unclear);
  EXPECT_FALSE(both.intent);
  EXPECT_EQ(both.alternatives.size(), 2U);
  EXPECT_EQ(read("unlock the hall"), "hall_lock: unlock!");  // only one of them can
}

TEST_F(Sentences, ShortWordsAreThemselves) {
  EXPECT_EQ(read("kitchen light of"), "");  // "on" or "off": not guessed
  EXPECT_EQ(read("schliesse die haustuer ab"), "door: lock");
  EXPECT_EQ(read("schliesse die haustuer auf"), "door: unlock!");
  EXPECT_NE(read("lock the front door"), read("unlock the front door"));
}

TEST(Words, AreFoldedAndNumbersRead) {
  EXPECT_EQ(words_of("Größe: 21,5°C!"), (std::vector<std::string>{"groesse", "21.5", "c"}));
  EXPECT_EQ(words_of("It's 5."), (std::vector<std::string>{"its", "5"}));
  EXPECT_EQ(yes_or_no("Yes!"), true);
  EXPECT_EQ(yes_or_no("ja bitte"), true);
  EXPECT_EQ(yes_or_no("nein"), false);
  EXPECT_EQ(yes_or_no("yes and no"), std::nullopt);
  EXPECT_EQ(yes_or_no("yesterday"), std::nullopt);
  EXPECT_EQ(yes_or_no(""), std::nullopt);
}

TEST(Kinds, AreReadFromTypes) {
  EXPECT_EQ(kind_of("lamp"), DeviceKind::light);
  EXPECT_EQ(kind_of("garage_door"), DeviceKind::garage);
  EXPECT_EQ(kind_of("toaster"), DeviceKind::other);
}

}  // namespace
}  // namespace unhidra::actions
