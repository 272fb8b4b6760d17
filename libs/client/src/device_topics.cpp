// Where the topics of devices lie in the broker.

#include "unhidra/client/device_groups.h"

namespace unhidra::client {

namespace {

std::string topic_of(DeviceId device, std::string_view what) {
  return "devices/" + device.to_string() + "/" + std::string(what);
}

}  // namespace

std::string command_topic(DeviceId device) {
  return topic_of(device, "command");
}
std::string result_topic(DeviceId device) {
  return topic_of(device, "result");
}
std::string state_topic(DeviceId device) {
  return topic_of(device, "state");
}
std::string twin_topic(DeviceId device) {
  return topic_of(device, "twin");
}
std::string desired_twin_topic(DeviceId device) {
  return topic_of(device, "twin/desired");
}
std::string delivery_topic(DeviceId device, DeviceGroupId group) {
  return topic_of(device, "group/" + group.to_string());
}

std::string delivery_topics(DeviceId device) {
  return topic_of(device, "group/#");
}

std::string prekeys_topic(DeviceId device) {
  return topic_of(device, "prekeys");
}
std::string channel_topic(DeviceId device, DeviceId controller) {
  return topic_of(device, "channel/" + controller.to_string());
}
std::string channel_answer_topic(DeviceId device, DeviceId controller) {
  return channel_topic(device, controller) + "/answer";
}

}  // namespace unhidra::client
