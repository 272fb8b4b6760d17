#pragma once
// What this client and the devices of its groups leave for each other at the broker: what devices
// publish of themselves and answer over their pairwise channels, and the keys of epochs.

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "unhidra/client/engine.h"

#include "driver.h"
#include "mqtt_link.h"

namespace unhidra::cli {

class DevicePost {
 public:
  // All outlive it; the link's events are its own until it goes.
  DevicePost(client::Engine& engine, Driver& driver, MqttLink& link);
  ~DevicePost();
  DevicePost(const DevicePost&) = delete;
  DevicePost& operator=(const DevicePost&) = delete;

  Status connect();
  // Takes in the epochs that other controllers have made of the groups that this client is in: who
  // made the last one leads. Errc::timed_out.
  Status catch_up();
  // Takes in what the broker keeps of these devices. Afterwards sessions are begun with those that
  // published prekeys and had none. Errc::timed_out.
  Status collect(const std::vector<DeviceId>& devices);
  // With which of them a session was begun: they have to be told the present epoch over it.
  const std::set<DeviceId>& begun() const { return begun_; }
  // Puts keys where their members find them, retained, one after the other; all are taken when it
  // answers. What was sealed for a device that has a channel is not kept any longer. Errc::refused,
  // timed_out.
  Status deliver(DeviceGroupId group, const std::vector<client::MemberDelivery>& deliveries);
  // An empty payload takes away what is kept there.
  Status keep(const std::vector<std::pair<std::string, Bytes>>& messages);

 private:
  void take(const mqtt::ClientEvent& event);
  void take_message(const mqtt::ClientEvent& event);
  void take_epoch(std::string_view group, ByteView delivery);
  Status await(mqtt::PacketId subscription);

  client::Engine& engine_;
  Driver& driver_;
  MqttLink& link_;
  DeviceId own_;
  std::set<DeviceId> begun_;
  std::size_t taken_ = 0;
  mqtt::PacketId subscribed_ = 0;
  std::optional<Error> refusal_;
};

}  // namespace unhidra::cli
