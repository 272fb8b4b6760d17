#pragma once
// What a hub makes of what people say in bridged conversations and of what devices report. It has
// no keys and moves no bytes: the host is a member of the conversation and of the device group, and
// carries out what is told here.
//
// A bridge ties one conversation to devices of one device group; nothing else passes. Its file:
//
//   {"bridges": [{"conversation": "home", "group": "kitchen",
//                 "understand": true,                     sentences, not /device alone
//                 "allow": "input.user.name != \"guest\"", Rego; without it whoever is in there
//                 "tell": ["state"],                       what devices say is said there
//                 "devices": [{"device": ID, "names": ["ceiling light"], "type": "light",
//                              "room": "kitchen"}]}],  "the lights in the kitchen" are several
//    "rules": [...]}                                       rules.h; their devices are of a bridge
//
// allow: input = {user: {id, name}, device: {id, name, type}, command, conversation}.
//
// Threads: none; one caller at a time.

#include <expected>
#include <memory>

#include "unhidra/actions/intent.h"
#include "unhidra/actions/rules.h"

namespace unhidra::actions {

// A command that the host seals and sends.
struct HubCommand {
  std::string group;  // device group, by name
  std::string device_id;
  std::string device_name;   // for people
  std::string text;          // "on"
  std::string conversation;  // where the answer is said; empty: a rule's
  std::string rule;          // empty: a person's
};
struct HubSay {
  std::string conversation;
  std::string text;
};
struct HubOutcome {
  std::vector<HubCommand> commands;
  std::vector<HubSay> says;
};

struct Speaker {
  std::string id;
  std::string name;
};

// A command that a program asks for, which nobody can ask back.
struct HubRequest {
  Speaker who;
  std::string device;  // id or name
  std::string command;
  bool confirmed = false;  // what people are asked before: unlocking, opening
};
enum class HubRefusal : std::uint8_t { no_device, not_allowed, needs_confirmation, bad_command };

class Hub {
 public:
  // A confirmation is good for so long.
  static constexpr std::chrono::seconds kConfirmation{60};

  // Errc::bad_rules, with the place.
  static Result<Hub> parse(std::string_view json);
  Hub(Hub&&) noexcept;
  Hub& operator=(Hub&&) noexcept;
  ~Hub();

  HubOutcome on_text(std::string_view conversation, const Speaker& who, std::string_view text,
                     Timestamp now, SteadyTime steady);
  // Judged like what a person types in the conversation of the device's bridge, where the answer
  // is said too.
  std::expected<HubCommand, HubRefusal> on_request(const HubRequest& request, Timestamp now) const;
  // `kind`: "state" or "telemetry".
  HubOutcome on_device(std::string_view device_id, std::string_view kind, std::string_view text,
                       Timestamp now, SteadyTime steady);
  // The device's answer to a command, or nothing when none has come in time.
  HubOutcome on_result(const HubCommand& command, std::optional<std::string> answer);

  std::vector<std::string> groups() const;
  std::vector<std::string> conversations() const;

 private:
  struct Impl;
  explicit Hub(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace unhidra::actions
