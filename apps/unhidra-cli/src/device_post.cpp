#include "device_post.h"

#include "errc.h"

namespace unhidra::cli {

using mqtt::ClientEvent;

namespace {

constexpr std::chrono::seconds kPostPatience{30};
constexpr std::size_t kFiltersAtOnce = 100;
constexpr std::string_view kDevicesRoot = "devices/";
constexpr std::size_t kDeviceIdSize = 36;

}  // namespace

DevicePost::DevicePost(client::Engine& engine, Driver& driver, MqttLink& link)
    : engine_(engine), driver_(driver), link_(link), own_(engine.account()->device) {
  link_.on_event = [this](const ClientEvent& event) { take(event); };
}

DevicePost::~DevicePost() {
  link_.on_event = nullptr;
}

Status DevicePost::connect() {
  return link_.run_until(
      [this] { return link_.client() != nullptr && link_.client()->connected(); }, kPostPatience);
}

// What is kept comes before the broker answers the next subscription: the last one says that
// everything was there.
Status DevicePost::collect(const std::vector<DeviceId>& devices) {
  std::vector<std::string> filters;
  mqtt::PacketId last = 0;
  const auto ask = [&] {
    last = link_.client()->subscribe(filters);
    filters.clear();
  };
  for (const auto device : devices) {
    filters.push_back(client::prekeys_topic(device));
    filters.push_back(client::channel_answer_topic(device, own_));
    if (filters.size() >= kFiltersAtOnce) {
      ask();
    }
  }
  if (!filters.empty()) {
    ask();
  }
  if (devices.empty()) {
    return {};
  }
  filters.push_back(client::prekeys_topic(own_));
  ask();
  return await(last);
}

Status DevicePost::catch_up() {
  link_.client()->subscribe({client::delivery_topics(own_)});
  return await(link_.client()->subscribe({client::prekeys_topic(own_)}));
}

Status DevicePost::await(mqtt::PacketId subscription) {
  link_.flush();
  auto done = link_.run_until([&] { return subscribed_ == subscription; }, kPostPatience);
  driver_.flush();
  return done;
}

Status DevicePost::deliver(DeviceGroupId group,
                           const std::vector<client::MemberDelivery>& deliveries) {
  std::vector<std::pair<std::string, Bytes>> messages;
  for (const auto& delivery : deliveries) {
    if (!delivery.bytes.empty()) {
      messages.emplace_back(delivery.topic, delivery.bytes);
    }
    if (delivery.by_channel) {
      messages.emplace_back(client::delivery_topic(delivery.member, group), Bytes());
    }
  }
  return keep(messages);
}

Status DevicePost::keep(const std::vector<std::pair<std::string, Bytes>>& messages) {
  const auto before = taken_;
  std::size_t sent = 0;
  const auto all_taken = [&] { return taken_ - before == sent || refusal_.has_value(); };
  for (const auto& [topic, payload] : messages) {
    if (link_.client()->publish(topic, payload, true) == 0) {
      link_.flush();
      UNHIDRA_TRY_VOID(link_.run_until(all_taken, kPostPatience));
      link_.client()->publish(topic, payload, true);
    }
    ++sent;
  }
  link_.flush();
  UNHIDRA_TRY_VOID(link_.run_until(all_taken, kPostPatience));
  return refusal_ ? fail(*refusal_) : Status();
}

void DevicePost::take(const ClientEvent& event) {
  switch (event.kind) {
    case ClientEvent::Kind::published:
      ++taken_;
      if (is_failure(event.reason)) {
        refusal_ = Error(Errc::refused, "the broker does not take the group's keys: " +
                                            std::string(to_string(event.reason)));
      }
      return;
    case ClientEvent::Kind::subscribed:
      // A policy that lets this account hear no prekeys leaves it with the channels that it has.
      subscribed_ = event.packet_id;
      return;
    case ClientEvent::Kind::message:
      return take_message(event);
    default:
      return;
  }
}

// What is not the device's own, or older than what is known, changes nothing; so does an answer
// that was read before.
void DevicePost::take_message(const ClientEvent& event) {
  const std::string_view topic = event.topic;
  const auto device = topic.size() > kDevicesRoot.size() + kDeviceIdSize
                          ? DeviceId::parse(topic.substr(kDevicesRoot.size(), kDeviceIdSize))
                          : Result<DeviceId>(fail(Errc::not_found, "no device"));
  if (!device || event.payload.empty()) {
    return;
  }
  const auto own_group = client::delivery_topics(own_);
  if (const auto root = std::string_view(own_group).substr(0, own_group.size() - 1);
      topic.starts_with(root)) {
    take_epoch(topic.substr(root.size()), event.payload);
  } else if (topic == client::prekeys_topic(*device)) {
    const auto begun = engine_.take_device_prekeys(*device, event.payload);
    if (begun && *begun) {
      begun_.insert(*device);
    }
  } else if (topic == client::channel_answer_topic(*device, own_)) {
    static_cast<void>(engine_.open_from_device(*device, event.payload));
  }
}

// Of groups that this client is in already. An old one, or not from an owner: it is refused, and
// what is known stays.
void DevicePost::take_epoch(std::string_view group, ByteView delivery) {
  const auto groups = engine_.device_groups();
  if (!groups) {
    return;
  }
  for (const auto& known : *groups) {
    if (known.roster.group_id.to_string() == group) {
      static_cast<void>(engine_.take_device_group(known.name, delivery));
    }
  }
}

}  // namespace unhidra::cli
