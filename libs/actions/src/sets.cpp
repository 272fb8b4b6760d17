#include "sets.h"

#include <algorithm>
#include <array>
#include <set>

namespace unhidra::actions {
namespace {

using Nouns = std::span<const std::string_view>;

constexpr std::array<std::string_view, 6> kLightsNouns{"lights",  "lighting", "lamps",
                                                       "Lichter", "Licht",    "Lampen"};
constexpr std::array<std::string_view, 2> kFansNouns{"fans", "Ventilatoren"};
constexpr std::array<std::string_view, 4> kOutletsNouns{"outlets", "plugs", "switches",
                                                        "Steckdosen"};
constexpr std::array<std::string_view, 8> kCoversNouns{
    "blinds", "shutters", "curtains", "shades", "Rollos", "Jalousien", "Rollläden", "Vorhänge"};
constexpr std::array<std::string_view, 4> kHeatingsNouns{"heating", "radiators", "thermostats",
                                                         "Heizungen"};
constexpr std::array<std::string_view, 2> kEverythingNouns{"everything", "alles"};
constexpr std::array<std::string_view, 4> kHouse{"all", "house", "home", "Haus"};

struct Kindred {
  Nouns nouns;
  DeviceKind kind;
  bool (*has)(const Target& device, const std::string& type);
};

bool is_fan(const std::string& type) {
  return type == "fan";
}

const std::array<Kindred, 6> kKindreds{{
    {kLightsNouns, DeviceKind::light,
     [](const Target& device, const std::string&) { return device.kind == DeviceKind::light; }},
    {kFansNouns, DeviceKind::outlet,
     [](const Target&, const std::string& type) { return is_fan(type); }},
    {kOutletsNouns, DeviceKind::outlet,
     [](const Target& device, const std::string& type) {
       return device.kind == DeviceKind::outlet && !is_fan(type);
     }},
    {kCoversNouns, DeviceKind::cover,
     [](const Target& device, const std::string&) { return device.kind == DeviceKind::cover; }},
    {kHeatingsNouns, DeviceKind::thermostat,
     [](const Target& device, const std::string&) {
       return device.kind == DeviceKind::thermostat;
     }},
    // What can be switched on and off without a thought.
    {kEverythingNouns, DeviceKind::outlet,
     [](const Target& device, const std::string&) {
       return device.kind == DeviceKind::light || device.kind == DeviceKind::outlet;
     }},
}};

}  // namespace

std::vector<DeviceSet> sets_of(std::span<const Target> devices,
                               std::span<const std::string> types) {
  std::set<std::vector<std::string>> taken;
  std::set<std::vector<std::string>> seen;
  std::vector<std::string> rooms;
  for (const auto& device : devices) {
    for (const auto& name : device.names) {
      taken.insert(words_of(name));
    }
    if (!device.room.empty() && seen.insert(words_of(device.room)).second) {
      rooms.push_back(device.room);
    }
  }
  std::vector<DeviceSet> out;
  const auto add = [&](const Kindred& kindred, Nouns prefixes, auto belongs) {
    DeviceSet set{.target = {.id = {}, .names = {}, .kind = kindred.kind, .room = {}},
                  .members = {}};
    for (std::size_t i = 0; i < devices.size(); ++i) {
      if (belongs(devices[i]) && kindred.has(devices[i], types[i])) {
        set.members.push_back(i);
      }
    }
    for (const auto prefix : prefixes) {
      for (const auto noun : kindred.nouns) {
        auto name = std::string(prefix) + " " + std::string(noun);
        if (!taken.contains(words_of(name))) {
          set.target.names.push_back(std::move(name));
        }
      }
    }
    if (set.members.size() > 1 && !set.target.names.empty()) {
      out.push_back(std::move(set));
    }
  };
  for (const auto& room : rooms) {
    const std::array<std::string_view, 1> prefix{room};
    for (const auto& kindred : kKindreds) {
      add(kindred, prefix, [words = words_of(room)](const Target& device) {
        return words_of(device.room) == words;
      });
    }
  }
  add(kKindreds.front(), kHouse, [](const Target&) { return true; });
  return out;
}

}  // namespace unhidra::actions
