// What a member that leads does: commands, keys for others, listening.

#include <algorithm>

#include "unhidra/base/text.h"
#include "unhidra/crypto/random.h"

#include "link.h"
#include "output.h"
#include "payloads.h"
#include "runner.h"

namespace unhidra::device {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kCommandLife = 30'000;  // milliseconds until its deadline
constexpr auto kStep = 200ms;

Uuid uuid_of(const uh_group& group) {
  Uuid out{};
  std::copy_n(group.id, out.size(), out.begin());
  return out;
}

struct Opened {
  uh_opened details;
  std::string topic;
  std::string body;
};

// Opens and stores: what was opened stays opened.
std::optional<Opened> open(Home& home, const uh_mqtt_event& event, uh_status& status) {
  Opened out;
  out.topic.assign(event.topic, event.topic_size);
  status = uh_group_open(&home.group, event.topic, event.topic_size, event.payload,
                         event.payload_size, event.retained, &out.details);
  if (status != UH_OK) {
    return std::nullopt;
  }
  out.body.assign(out.details.content.body,
                  out.details.content.body + out.details.content.body_size);
  status = uh_agent_store(&home.agent);
  return status == UH_OK ? std::optional(out) : std::nullopt;
}

Status in_group(const Home& home) {
  if (!home.has_group()) {
    return fail(Errc::bad_group, "this device is in no group: join one first");
  }
  if (!uh_enrol_has_certificate(&home.enrol, home.uptime())) {
    return fail(Errc::needs_code, "this device has no certificate: enrol it first");
  }
  return {};
}

class Commander {
 public:
  Commander(Home& home, const CommandOptions& options)
      : home_(home),
        options_(options),
        topic_("devices/" + options.to.to_string() + "/command"),
        link_(home,
              {.client_id = home.device_id() + "/command",
               .filters = {{"devices/" + options.to.to_string() + "/result", 1}},
               .session_expiry = 0},
              [this](const uh_mqtt_event& event) { return on_message(event); }) {
    crypto::SystemRandom().fill(request_);
  }

  Result<std::string> run(const Stop& stop) {
    const auto until = home_.uptime() + static_cast<std::uint64_t>(options_.patience.count());
    bool sent = false;
    while (!answer_ && !stop()) {
      if (home_.uptime() >= until) {
        return fail(Errc::timed_out, "the device has not answered");
      }
      UNHIDRA_TRY_VOID(link_.step(50ms));
      if (link_.refused() > 0) {
        return fail(Errc::refused, "the broker does not let this device command that one");
      }
      // Not before the answer can be heard.
      if (link_.is_subscribed() && !sent) {
        sent = true;
        UNHIDRA_TRY_VOID(send());
      }
    }
    return answer_ ? Result<std::string>(*answer_) : fail(Errc::timed_out, "told to stop");
  }

 private:
  Status send() {
    auto content = content_of(home_, options_.text);
    content.has_request = true;
    std::ranges::copy(request_, content.request);
    content.not_after = content.sent_at + kCommandLife;
    content.has_challenge = has_challenge_;
    std::ranges::copy(challenge_, content.challenge);
    if (uh_agent_report(&home_.agent, topic_.c_str(), UH_COMMAND, false, &content) != UH_OK) {
      return fail(Errc::bad_home, "the command cannot be sealed");
    }
    return {};
  }

  bool on_message(const uh_mqtt_event& event) {
    uh_status status = UH_OK;
    const auto opened = open(home_, event, status);
    if (!opened) {
      return status != UH_STORAGE;
    }
    const auto& content = opened->details.content;
    if (opened->details.kind != UH_RESULT || !content.has_request ||
        !std::ranges::equal(request_, content.request)) {
      return true;
    }
    if (content.has_challenge && !has_challenge_) {
      has_challenge_ = true;
      std::copy_n(content.challenge, 16, challenge_.begin());
      return send().has_value();
    }
    answer_ = printable(opened->body);
    return true;
  }

  Home& home_;
  const CommandOptions& options_;
  std::string topic_;
  ByteArray<16> request_{};
  ByteArray<16> challenge_{};
  bool has_challenge_ = false;
  std::optional<std::string> answer_;
  Link link_;
};

// Until the broker has what waits, or time is over.
Status drain(Home& home, Link& link, std::chrono::milliseconds patience, const Stop& stop) {
  const auto until = home.uptime() + static_cast<std::uint64_t>(patience.count());
  while (uh_ring_waiting(&home.ring) > 0 && !stop()) {
    if (home.uptime() >= until) {
      return fail(Errc::timed_out, "the broker has not taken it");
    }
    UNHIDRA_TRY_VOID(link.step(50ms));
  }
  return link.refused() == 0 ? Status()
                             : fail(Errc::refused, "the broker does not take it from this device");
}

constexpr std::string_view kKinds[] = {"telemetry", "state", "command", "result"};

}  // namespace

Result<std::string> command(Home& home, const CommandOptions& options, const Stop& stop) {
  UNHIDRA_TRY_VOID(in_group(home));
  home.trust_system_clock();
  return Commander(home, options).run(stop);
}

Status deliver(Home& home, DeviceId to, const Bytes& delivery, std::chrono::milliseconds patience,
               const Stop& stop) {
  UNHIDRA_TRY_VOID(in_group(home));
  const auto topic = keys_topic(to, uuid_to_string(uuid_of(home.group)));
  const uh_mqtt_message message = {.qos = 1,
                                   .retained = true,
                                   .sealed = false,
                                   .topic = topic.data(),
                                   .topic_size = topic.size(),
                                   .payload = delivery.data(),
                                   .payload_size = delivery.size()};
  Bytes work(delivery.size() + topic.size() + UH_MQTT_ENTRY_OVERHEAD);
  if (uh_mqtt_enqueue(&home.ring, &message, work.data(), work.size()) != UH_OK) {
    return fail(Errc::bad_group, "it is too large for this device's queue");
  }
  Link link(home, {.client_id = home.device_id() + "/deliver", .filters = {}, .session_expiry = 0},
            [](const uh_mqtt_event&) { return true; });
  return drain(home, link, patience, stop);
}

Status listen(Home& home, const ListenOptions& options, const Stop& stop) {
  UNHIDRA_TRY_VOID(in_group(home));
  std::uint32_t heard = 0;
  Link link(home, {.client_id = home.device_id(), .filters = {{options.filter, 1}}},
            [&](const uh_mqtt_event& event) {
              uh_status status = UH_OK;
              const auto opened = open(home, event, status);
              if (!opened) {
                say("payload.refused", {{"topic", printable({event.topic, event.topic_size})},
                                        {"reason", status_text(status)}});
                return status != UH_STORAGE;
              }
              ++heard;
              say("heard", {{"topic", printable(opened->topic)},
                            {"kind", kKinds[opened->details.kind]},
                            {"signed", opened->details.is_signed},
                            {"epoch", opened->details.epoch},
                            {"body", printable(opened->body)}});
              return true;
            });
  const auto started = home.uptime();
  while (!stop() && heard < options.count.value_or(UINT32_MAX)) {
    if (options.duration &&
        home.uptime() - started >= static_cast<std::uint64_t>(options.duration->count())) {
      break;
    }
    UNHIDRA_TRY_VOID(link.step(kStep));
  }
  if (options.count && heard < *options.count) {
    return fail(Errc::timed_out, "heard " + std::to_string(heard) + " of " +
                                     std::to_string(*options.count) + " payloads");
  }
  return {};
}

}  // namespace unhidra::device
