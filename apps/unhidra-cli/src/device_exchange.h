#pragma once
// A command to a device and its answer, over the broker, end-to-end encrypted.

#include <chrono>
#include <optional>
#include <string>

#include "unhidra/client/engine.h"

#include "driver.h"
#include "mqtt_link.h"

namespace unhidra::cli {

// One command to one device, and what it answers.
class DeviceExchange {
 public:
  DeviceExchange(client::Engine& engine, Driver& driver, RandomSource& random, const Clock& clock,
                 MqttLink& link)
      : engine_(engine), driver_(driver), random_(random), clock_(clock), link_(link) {}

  struct Answer {
    std::string text;
    std::string request;
  };
  // `by_channel`: over the pairwise channel with the device, which there is.
  Result<Answer> run(DeviceGroupId group, DeviceId device, bool by_channel, const std::string& text,
                     std::chrono::milliseconds timeout);

 private:
  Status send();
  void take(const mqtt::ClientEvent& event);
  void judge(mqtt::ReasonCode reason, std::string_view what);

  // What does not open, or is another one's answer, is none of ours.
  std::optional<e2ee::GroupContent> result_of(const mqtt::ClientEvent& event);
  void take_result(const mqtt::ClientEvent& event);

  client::Engine& engine_;
  Driver& driver_;
  RandomSource& random_;
  const Clock& clock_;
  MqttLink& link_;
  DeviceGroupId group_;
  DeviceId device_;
  bool by_channel_ = false;
  e2ee::GroupContent content_;
  mqtt::PacketId subscribed_ = 0;
  mqtt::PacketId published_ = 0;
  std::optional<std::string> answer_;
  std::optional<Error> error_;
};

}  // namespace unhidra::cli
