#include "runner.h"

#include <algorithm>
#include <thread>

#include "unhidra/base/text.h"

#include "enrolment.h"
#include "link.h"
#include "output.h"
#include "payloads.h"
#include "twin.h"

namespace unhidra::device {
namespace {

using namespace std::chrono_literals;

constexpr auto kStep = 200ms;

void say_joined(const Home& home, bool by_channel) {
  say("group.joined", {{"group", to_hex(home.group.id)},
                       {"epoch", home.group.current.number},
                       {"policy_version", home.policy.version},
                       {"by", by_channel ? "channel" : "sealed delivery"}});
}

std::string why_no_keys(uh_status status) {
  switch (status) {
    case UH_NOT_AN_OWNER:
      return "no owner of the group signed it";
    case UH_DENIED:
      return "keys come over the pairwise channel, and no other way any more";
    default:
      return status_text(status);
  }
}

uh_status take_keys(Home& home, const uh_mqtt_event& event) {
  const auto status = home.adopt(Bytes(event.payload, event.payload + event.payload_size));
  if (status == UH_OK) {
    say_joined(home, false);
  } else if (status != UH_STALE && event.payload_size > 0) {
    // The retained one comes with each new subscription: that it is known is no news.
    say("keys.refused", {{"reason", why_no_keys(status)}});
  }
  return status;
}

// ---- a device ----

class Device {
 public:
  Device(Home& home, const RunOptions& options, std::unique_ptr<Simulator> thing)
      : home_(home),
        options_(options),
        thing_(std::move(thing)),
        base_("devices/" + home.device_id()),
        telemetry_(options.topic.empty() ? base_ + "/telemetry" : options.topic),
        results_(base_ + "/result"),
        keys_(keys_topic(home.settings().device, "")),
        channel_(base_ + "/channel/"),
        wanted_(base_ + "/twin/wanted"),
        twin_(home),
        link_(home,
              {.client_id = home.device_id(),
               .filters =
                   {{base_ + "/command", 1}, {keys_ + "+", 1}, {channel_ + "+", 1}, {wanted_, 0}}},
              [this](const uh_mqtt_event& event) { return on_message(event); }) {}

  Status run(const Stop& stop) {
    const auto started = home_.uptime();
    while (!stop() && !is_over(started)) {
      if (measured_ < options_.count.value_or(UINT32_MAX) && home_.uptime() >= next_) {
        next_ = home_.uptime() + static_cast<std::uint64_t>(options_.interval.count());
        UNHIDRA_TRY_VOID(measure());
      }
      if (options_.offline) {
        std::this_thread::sleep_for(std::min(kStep, options_.interval));
        continue;
      }
      UNHIDRA_TRY_VOID(stay_online());
    }
    say("stopped", {{"measured", measured_},
                    {"waiting", uh_ring_waiting(&home_.ring)},
                    {"lost", home_.ring.lost}});
    if (link_.refused() > 0) {
      return fail(Errc::refused,
                  "the broker refused " + std::to_string(link_.refused()) + " publications");
    }
    return {};
  }

 private:
  bool is_over(std::uint64_t started) const {
    if (options_.duration &&
        home_.uptime() - started >= static_cast<std::uint64_t>(options_.duration->count())) {
      return true;
    }
    return options_.count && measured_ >= *options_.count &&
           (options_.offline || uh_ring_waiting(&home_.ring) == 0);
  }

  Status stay_online() {
    if (home_.uptime() >= enrol_at_) {
      UNHIDRA_TRY(enrol_at_, enrol_step(home_, options_.code));
    }
    if (!uh_enrol_has_certificate(&home_.enrol, home_.uptime())) {
      std::this_thread::sleep_for(kStep);
      return {};
    }
    auto done = link_.step(std::min<std::chrono::milliseconds>(kStep, options_.interval));
    if (done && link_.take_rejection()) {
      done = check_certificate(home_);
      if (!done && done.error() == Errc::unreachable) {
        done = {};
      }
    }
    if (!done && done.error() == Errc::needs_code) {
      // It will be refused for ever: only the owner can go on from here.
      (void)uh_enrol_discard(&home_.enrol);
      say("cut_off", {{"reason", done.error().message()}});
    }
    UNHIDRA_TRY_VOID(std::move(done));
    if (link_.is_connected()) {
      publish_prekeys();
      look_after_twin();
    }
    return {};
  }

  // A server whose policy knows nothing of them hinders nothing else: keys come sealed then.
  void publish_prekeys() {
    const auto message = home_.ring.next;
    if (home_.is_commissioned() && home_.channel.has_news &&
        uh_agent_publish_prekeys(&home_.agent, (base_ + "/prekeys").c_str(), home_.uptime()) ==
            UH_OK) {
      link_.allow_refusal_of(message);
    }
  }

  void look_after_twin() {
    if (home_.uptime() >= look_at_) {
      look_at_ = home_.uptime() + static_cast<std::uint64_t>(options_.twin_interval.count());
      const auto wanted = twin_.look();
      if (!wanted && wanted.error() == Errc::refused) {
        say("twin.refused", {{"reason", wanted.error().message()}});
      } else if (wanted && *wanted) {
        become(**wanted);
      }
    }
    if (state_is_new_) {
      state_is_new_ = false;
      auto state = thing_->state();
      state["lost"] = home_.ring.lost;
      if (auto reported = twin_.report(std::move(state)); !reported) {
        say("twin.not_reported", {{"reason", reported.error().message()}});
      }
    }
  }

  // What of it cannot be done does not keep the rest from being done.
  void become(const boost::json::object& wanted) {
    boost::json::object results;
    for (const auto& [name, value] : wanted) {
      const auto done = thing_->want(name, value);
      results[printable(name)] = done ? "ok: " + *done : "error: " + done.error().message();
    }
    say("twin.wanted", {{"results", std::move(results)}});
    tell_state();
  }

  // Also with the keys of each new epoch: what the broker keeps of an earlier one is closed to
  // whoever comes later.
  void tell_state() {
    state_is_new_ = true;
    (void)report(base_ + "/state", UH_STATE_REPORT, true, to_text(thing_->state()));
  }

  Status measure() {
    const auto reading = to_text(thing_->measure());
    ++measured_;
    const auto lost = home_.ring.lost;
    UNHIDRA_TRY_VOID(report(telemetry_, UH_TELEMETRY, false, reading));
    if (home_.ring.lost != lost) {
      say("readings.lost", {{"lost", home_.ring.lost}});
    }
    say("measured",
        {{"reading", boost::json::parse(reading)}, {"waiting", uh_ring_waiting(&home_.ring)}});
    return {};
  }

  // Sealed where there is a group, not at all while a commissioned device waits for one; plain
  // where nobody asked for more.
  Status report(const std::string& topic, uh_kind kind, bool retained, std::string_view body) {
    auto status = UH_OK;
    if (home_.has_group()) {
      const auto content = content_of(home_, body);
      status = uh_agent_report(&home_.agent, topic.c_str(), kind, retained, &content);
    } else if (!home_.is_commissioned()) {
      const uh_mqtt_message message = {
          .qos = 1,
          .retained = retained,
          .sealed = false,
          .topic = topic.data(),
          .topic_size = topic.size(),
          .payload = reinterpret_cast<const std::uint8_t*>(body.data()),
          .payload_size = body.size()};
      std::uint8_t work[1024];
      status = uh_mqtt_enqueue(&home_.ring, &message, work, sizeof work);
    }
    if (status != UH_OK) {
      return fail(Errc::bad_home, "the reading cannot be stored");
    }
    return {};
  }

  bool on_message(const uh_mqtt_event& event) {
    const std::string_view topic(event.topic, event.topic_size);
    if (topic == wanted_) {
      look_at_ = 0;
      return true;
    }
    if (topic.starts_with(keys_)) {
      twin_.look_again();
      const auto status = take_keys(home_, event);
      if (status == UH_OK) {
        tell_state();
      }
      return status != UH_STORAGE;
    }
    if (topic.starts_with(channel_)) {
      return hear(topic, event);
    }
    if (!home_.has_group()) {
      say("command.refused", {{"reason", "this device is in no group: it obeys nobody"}});
      return true;
    }
    uh_command command;
    const auto status = uh_agent_take(&home_.agent, event.topic, event.topic_size, event.payload,
                                      event.payload_size, event.retained, results_.c_str(),
                                      home_.uptime(), &command);
    if (status == UH_STORAGE) {
      return false;
    }
    if (status == UH_BUSY) {
      say("command.challenged");
    } else if (status == UH_OK) {
      obey(command, results_);
    } else if (status != UH_STATE) {
      say("command.refused", {{"reason", status_text(status)}});
    }
    return true;
  }

  // What a controller says to this device alone.
  bool hear(std::string_view topic, const uh_mqtt_event& event) {
    if (event.payload_size == 0) {
      return true;  // nothing is kept there any more
    }
    const auto* id = uh_channel_controller(event.payload, event.payload_size);
    const auto answers = std::string(topic) + "/answer";
    uh_heard heard{};
    // Whose channel it is must stand where that controller looks for the answer.
    const auto status = id != nullptr && topic.substr(channel_.size()) == id_text(id)
                            ? home_.hear(event.payload, event.payload_size, answers, heard)
                            : UH_MALFORMED;
    if (status == UH_STORAGE) {
      return false;
    }
    if (status == UH_BUSY) {
      say("command.challenged", {{"by", "channel"}});
    } else if (status == UH_OK && heard.is_command) {
      obey(heard.command, answers);
    } else if (status == UH_OK && heard.is_new) {
      twin_.look_again();
      say_joined(home_, true);
      tell_state();
    } else if (heard.is_command) {
      say("command.refused", {{"reason", status_text(status)}});
    } else if (status != UH_OK && status != UH_STATE &&
               !(status == UH_DUPLICATE && event.retained)) {
      say("channel.refused", {{"reason", status_text(status)}});
    }
    return true;
  }

  void obey(const uh_command& command, const std::string& answers) {
    const std::string name(command.name, command.name_size);
    const std::string arguments(command.arguments, command.arguments_size);
    const auto done = thing_->obey(printable(name), arguments);
    const auto answer = done ? "ok: " + *done : "error: " + done.error().message();
    say("command.obeyed", {{"command", printable(name)},
                           {"result", answer},
                           {"by", command.by_channel ? "channel" : "group"}});
    (void)uh_agent_answer(&home_.agent, answers.c_str(), &command, answer.c_str(), home_.uptime());
    tell_state();
  }

  Home& home_;
  const RunOptions& options_;
  std::unique_ptr<Simulator> thing_;
  std::string base_;
  std::string telemetry_;
  std::string results_;
  std::string keys_;
  std::string channel_;
  std::string wanted_;  // whatever comes there: it is time to look at the twin
  Twin twin_;
  Link link_;
  std::uint64_t next_ = 0;
  std::uint64_t enrol_at_ = 0;
  std::uint64_t look_at_ = 0;
  std::uint32_t measured_ = 0;
  bool state_is_new_ = true;
};

}  // namespace

Status run(Home& home, const RunOptions& options, const Stop& stop) {
  UNHIDRA_TRY(auto thing, make_simulator(options.kind));
  if (options.system_clock) {
    home.trust_system_clock();
  }
  return Device(home, options, std::move(thing)).run(stop);
}

}  // namespace unhidra::device
