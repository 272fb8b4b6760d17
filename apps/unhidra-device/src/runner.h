#pragma once
// What a device does all day, and what a controller does with it.

#include <chrono>
#include <functional>
#include <optional>

#include "home.h"
#include "simulator.h"

namespace unhidra::device {

struct RunOptions {
  std::string kind = "sensor";
  std::chrono::milliseconds interval{5'000};
  std::chrono::milliseconds twin_interval{30'000};    // between two looks at what is wanted
  std::optional<std::chrono::milliseconds> duration;  // nothing: until it is told to stop
  std::optional<std::uint32_t> count;                 // so many measurements, all of them delivered
  bool system_clock = false;                          // is right
  bool offline = false;                               // measures, but does not connect
  std::string topic;  // where readings go; empty: devices/ID/telemetry
  std::string code;   // for enrolment, should it be necessary
};
using Stop = std::function<bool()>;

// Errc::needs_code when the server takes the certificate no more, refused when publications were.
Status run(Home& home, const RunOptions& options, const Stop& stop);

struct CommandOptions {
  DeviceId to;
  std::string text;  // name and arguments
  std::chrono::milliseconds patience{10'000};
};
// Answers what the device said. Errc::timed_out, refused.
Result<std::string> command(Home& home, const CommandOptions& options, const Stop& stop);

// Publishes a member's keys of this device's group, retained, where the member finds it.
// Errc::timed_out, refused.
Status deliver(Home& home, DeviceId to, const Bytes& delivery, std::chrono::milliseconds patience,
               const Stop& stop);

struct ListenOptions {
  std::string filter = "devices/#";
  std::optional<std::uint32_t> count;
  std::optional<std::chrono::milliseconds> duration;
};
// Says what members of the group publish. Errc::timed_out when fewer came than were asked for.
Status listen(Home& home, const ListenOptions& options, const Stop& stop);

}  // namespace unhidra::device
