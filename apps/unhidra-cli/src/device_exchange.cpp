#include "device_exchange.h"

#include "unhidra/base/text.h"

#include "errc.h"

namespace unhidra::cli {

using identity::PayloadKind;
using mqtt::ClientEvent;

namespace {

constexpr std::chrono::seconds kPatience{30};

}  // namespace

Result<DeviceExchange::Answer> DeviceExchange::run(DeviceGroupId group, DeviceId device,
                                                   bool by_channel, const std::string& text,
                                                   std::chrono::milliseconds timeout) {
  group_ = group;
  device_ = device;
  by_channel_ = by_channel;
  content_ = {.sent_at = clock_.now(),
              .not_after = clock_.now() + timeout,
              .request_id = random_.array<16>(),
              .body = to_bytes(as_bytes(text))};
  link_.on_event = [this](const ClientEvent& event) { take(event); };
  UNHIDRA_TRY_VOID(link_.run_until(
      [this] { return link_.client() != nullptr && link_.client()->connected(); }, kPatience));
  const auto own = engine_.account()->device;
  const auto asked = link_.client()->subscribe(
      {by_channel ? client::channel_answer_topic(device, own) : client::result_topic(device)});
  link_.flush();
  UNHIDRA_TRY_VOID(
      link_.run_until([&] { return subscribed_ == asked || error_.has_value(); }, kPatience));
  UNHIDRA_TRY_VOID(send());
  auto done = link_.run_until([this] { return answer_ || error_; }, timeout);
  if (error_) {
    return fail(std::move(*error_));
  }
  if (!done) {
    return done.error() == Errc::timed_out
               ? fail(Errc::timed_out,
                      "the device has not answered in time; whether it obeyed is not known")
               : fail(std::move(done).error());
  }
  return Answer{*answer_, to_hex(*content_.request_id)};
}

Status DeviceExchange::send() {
  const auto topic = by_channel_ ? client::channel_topic(device_, engine_.account()->device)
                                 : client::command_topic(device_);
  UNHIDRA_TRY(const auto payload,
              by_channel_
                  ? engine_.seal_for_device(device_, content_)
                  : engine_.seal_for_devices(group_, topic, PayloadKind::command, false, content_));
  driver_.flush();
  published_ = link_.client()->publish(topic, payload, false);
  link_.flush();
  return {};
}

void DeviceExchange::take(const ClientEvent& event) {
  switch (event.kind) {
    case ClientEvent::Kind::subscribed:
      subscribed_ = event.packet_id;
      return judge(event.reason, "may not hear the device's answers");
    case ClientEvent::Kind::published:
      return judge(event.reason, "may not command the device");
    case ClientEvent::Kind::message:
      return take_result(event);
    case ClientEvent::Kind::connected:
    case ClientEvent::Kind::disconnected:
      return;
  }
}

void DeviceExchange::judge(mqtt::ReasonCode reason, std::string_view what) {
  if (is_failure(reason)) {
    error_ = Error(Errc::refused, "the server's policy: this account " + std::string(what) + " (" +
                                      std::string(to_string(reason)) + ")");
  }
}

std::optional<e2ee::GroupContent> DeviceExchange::result_of(const ClientEvent& event) {
  if (by_channel_) {
    auto answer = engine_.open_from_device(device_, event.payload);
    driver_.flush();
    auto* result = answer ? std::get_if<e2ee::GroupContent>(&*answer) : nullptr;
    return result != nullptr ? std::optional(std::move(*result)) : std::nullopt;
  }
  auto from = engine_.open_from_devices(event.topic, event.payload, event.retain);
  driver_.flush();
  const bool is_result = from && from->opened.header.kind == PayloadKind::result &&
                         from->opened.sender.keys.device_id == device_;
  return is_result ? std::optional(std::move(from->opened.content)) : std::nullopt;
}

void DeviceExchange::take_result(const ClientEvent& event) {
  const auto content = result_of(event);
  if (!content || content->request_id != content_.request_id) {
    return;
  }
  // It wants to see something fresh before it does this: said once, to this device alone.
  if (content->challenge && !content_.challenge) {
    content_.challenge = content->challenge;
    content_.sent_at = clock_.now();  // a device without a clock sets its own by it
    if (auto sent = send(); !sent) {
      error_ = std::move(sent).error();
    }
    return;
  }
  answer_ = printable(as_text(content->body));
}

}  // namespace unhidra::cli
