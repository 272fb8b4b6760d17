// hub FILE: runs rules, and does what is typed in bridged conversations. This client is a member of
// both, which everybody sees in the lists of members; the server is of neither.

#include "unhidra/actions/hub.h"

#include <map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "unhidra/base/text.h"
#include "unhidra/runtime/files.h"

#include "app.h"
#include "errc.h"
#include "hub_rest.h"
#include "mqtt_link.h"

namespace unhidra::cli {

namespace json = boost::json;
namespace event = client::event;

namespace {

using identity::PayloadKind;
using mqtt::ClientEvent;

constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kDeadline{10};   // of a command
constexpr std::chrono::seconds kFreshness{60};  // what was said earlier is not done now
constexpr std::chrono::milliseconds kTick{250};
constexpr std::chrono::seconds kAgain{2};  // until the broker is asked again
constexpr std::chrono::seconds kLook{1};   // whether keys are due
constexpr std::chrono::seconds kLookAgain{60};
constexpr std::size_t kMaxUnderWay = 1000;
constexpr std::string_view kGroup = "group/";
constexpr std::string_view kProgram = "rest";  // its name in the hub's file

// "devices/ID/what"
std::optional<std::pair<DeviceId, std::string>> parsed_topic(std::string_view topic) {
  constexpr std::string_view kRoot = "devices/";
  if (!topic.starts_with(kRoot) || topic.size() < kRoot.size() + 38) {
    return std::nullopt;
  }
  const auto device = DeviceId::parse(topic.substr(kRoot.size(), 36));
  return device ? std::optional(std::pair(*device, std::string(topic.substr(kRoot.size() + 37))))
                : std::nullopt;
}

SteadyTime steady_now() {
  return std::chrono::time_point_cast<SteadyTime::duration>(std::chrono::steady_clock::now());
}

struct HubParts {
  client::Engine& engine;
  Driver& driver;
  Output& output;
  RandomSource& random;
  const Clock& clock;
  std::function<Result<std::unique_ptr<MqttLink>>(boost::asio::io_context&)> open_broker;
  std::function<Status()> look_after_groups;  // of those that this client leads
};

class HubRunner {
 public:
  HubRunner(HubParts parts, actions::Hub hub, std::map<ConversationId, std::string> conversations)
      : parts_(std::move(parts)),
        hub_(std::move(hub)),
        conversations_(std::move(conversations)),
        timer_(parts_.driver.context()) {}

  void start() {
    connect();
    tick();
  }

  void on_chat(const client::Event& one) {
    const auto* received = std::get_if<event::MessageReceived>(&one);
    if (received == nullptr) {
      return;
    }
    const auto& message = received->message;
    const auto place = conversations_.find(message.conversation);
    const auto now = parts_.clock.now();
    if (place == conversations_.end() || message.sender_device == parts_.engine.account()->device ||
        message.state != client::MessageState::received || now - message.sent_at > kFreshness) {
      return;
    }
    const actions::Speaker who{message.sender_user.to_string(),
                               Names(parts_.engine).of(message.sender_user)};
    carry_out(hub_.on_text(place->second, who, message.text, now, steady_now()));
  }

  void on_request(const actions::HubRequest& request, std::function<void(HubAnswer)> answer) {
    const auto command = hub_.on_request(request, parts_.clock.now());
    if (!command) {
      return answer({.refusal = command.error(), .not_sent = {}, .text = {}, .request_id = {}});
    }
    if (auto sent = order(*command, answer); !sent) {
      answer({.refusal = {}, .not_sent = std::move(sent).error(), .text = {}, .request_id = {}});
    }
  }

 private:
  struct UnderWay {
    actions::HubCommand command;
    std::function<void(HubAnswer)> answer;  // of a program; may be empty
    DeviceGroupId group;
    DeviceId device;
    e2ee::GroupContent content;
    SteadyTime until;
  };

  void connect() {
    auto link = parts_.open_broker(parts_.driver.context());
    if (!link) {
      again_at_ = steady_now() + kAgain;
      return;
    }
    link_ = std::move(*link);
    link_->on_event = [this](const ClientEvent& one) { on_broker(one); };
    link_->on_failed = [this](const Error& error) {
      parts_.output.remark("The broker: " + error.message() + ". Trying again.");
      again_at_ = steady_now() + kAgain;
    };
    link_->start();
    link_->client()->subscribe(
        {"devices/+/result", "devices/+/state", "devices/+/telemetry",
         "devices/" + parts_.engine.account()->device.to_string() + "/group/#"});
  }

  void tick() {
    timer_.expires_after(kTick);
    timer_.async_wait([this](boost::system::error_code cancelled) {
      if (cancelled) {
        return;
      }
      const auto now = steady_now();
      if (again_at_ && *again_at_ <= now) {
        again_at_.reset();
        connect();
      }
      expire(now);
      if (groups_at_ <= now) {
        look_after_groups(now);
      }
      tick();
    });
  }

  // Blocks for as long as the broker takes, where keys are due: once in days.
  void look_after_groups(SteadyTime now) {
    const auto done = parts_.look_after_groups();
    if (!done) {
      parts_.output.remark("Keys of device groups that are due wait: " + done.error().message());
    }
    groups_at_ = now + (done ? kLook : kLookAgain);
  }

  void expire(SteadyTime now) {
    for (auto at = under_way_.begin(); at != under_way_.end();) {
      if (at->until > now) {
        ++at;
        continue;
      }
      const auto entry = std::move(*at);
      at = under_way_.erase(at);
      ended(entry, std::nullopt);
    }
  }

  void ended(const UnderWay& entry, const std::optional<std::string>& text) {
    if (entry.answer) {
      entry.answer({.refusal = {},
                    .not_sent = {},
                    .text = text ? std::optional(printable(*text)) : std::nullopt,
                    .request_id = to_hex(*entry.content.request_id)});
    }
    carry_out(hub_.on_result(entry.command, text));
  }

  void carry_out(const actions::HubOutcome& outcome) {
    for (const auto& command : outcome.commands) {
      if (const auto sent = order(command); !sent) {
        say({command.conversation, command.device_name + ": " + sent.error().message()});
      }
    }
    for (const auto& one : outcome.says) {
      say(one);
    }
    parts_.driver.flush();
  }

  void say(const actions::HubSay& what) {
    for (const auto& [id, name] : conversations_) {
      if (name == what.conversation) {
        static_cast<void>(parts_.engine.send_text(id, what.text));
      }
    }
    parts_.output.result(
        {{"type", "hub_said"}, {"conversation", what.conversation}, {"text", what.text}},
        what.conversation + ": " + what.text);
  }

  Status order(const actions::HubCommand& command, std::function<void(HubAnswer)> answer = {}) {
    UNHIDRA_TRY(const auto groups, parts_.engine.device_groups());
    const auto group = std::ranges::find(groups, command.group, &client::DeviceGroupView::name);
    const auto device = DeviceId::parse(command.device_id);
    if (group == groups.end() || !device || group->roster.find(*device) == nullptr) {
      return fail(Errc::not_found, "it is not in the device group " + command.group);
    }
    if (under_way_.size() >= kMaxUnderWay || !link_ || again_at_) {
      return fail(Errc::unreachable, "the broker is not reached; nothing was done");
    }
    UnderWay entry{.command = command,
                   .answer = std::move(answer),
                   .group = group->roster.group_id,
                   .device = *device,
                   .content = {.sent_at = parts_.clock.now(),
                               .not_after = parts_.clock.now() + kDeadline,
                               .request_id = parts_.random.array<16>(),
                               .body = to_bytes(as_bytes(command.text))},
                   .until = steady_now() + kDeadline};
    UNHIDRA_TRY_VOID(send(entry));
    under_way_.push_back(std::move(entry));
    return {};
  }

  Status send(const UnderWay& entry) {
    const auto topic = client::command_topic(entry.device);
    UNHIDRA_TRY(const auto payload,
                parts_.engine.seal_for_devices(entry.group, topic, PayloadKind::command, false,
                                               entry.content));
    parts_.driver.flush();
    if (link_->client()->publish(topic, payload, false) == 0) {
      return fail(Errc::unreachable, "the broker is not reached; nothing was done");
    }
    link_->flush();
    return {};
  }

  void on_broker(const ClientEvent& one) {
    if (one.kind == ClientEvent::Kind::connected) {
      parts_.output.result({{"type", "hub_ready"}}, "Ready.");
    }
    if (one.kind == ClientEvent::Kind::subscribed && is_failure(one.reason)) {
      parts_.output.remark("The server's policy lets this account hear no devices: " +
                           std::string(to_string(one.reason)));
    }
    const auto place =
        one.kind == ClientEvent::Kind::message ? parsed_topic(one.topic) : std::nullopt;
    if (!place || one.payload.empty()) {
      return;
    }
    if (place->second.starts_with(kGroup)) {
      return advance(place->second.substr(kGroup.size()), one.payload);
    }
    auto from = parts_.engine.open_from_devices(one.topic, one.payload, one.retain);
    parts_.driver.flush();
    if (from && from->opened.sender.keys.device_id == place->first) {
      on_opened(place->first, from->opened, one.retain);
    }
  }

  // Of groups that this client is in already: people let it into new ones (device group accept).
  void advance(std::string_view group, ByteView delivery) {
    const auto groups = parts_.engine.device_groups();
    if (!groups) {
      return;
    }
    const auto known = std::ranges::find_if(*groups, [&](const client::DeviceGroupView& each) {
      return each.roster.group_id.to_string() == group;
    });
    if (known == groups->end()) {
      return;
    }
    // An old one, or not from an owner: it is refused, and what is known stays.
    static_cast<void>(parts_.engine.take_device_group(known->name, delivery));
    parts_.driver.flush();
  }

  void on_opened(DeviceId device, const e2ee::OpenedPayload& opened, bool retained) {
    const auto text = std::string(as_text(opened.content.body));
    switch (opened.header.kind) {
      case PayloadKind::result:
        return on_result(device, opened.content, text);
      case PayloadKind::state:
      case PayloadKind::telemetry:
        // What lay in the broker when the hub came says how things were, not that they changed.
        if (!retained || parts_.clock.now() - opened.content.sent_at < kFreshness) {
          carry_out(hub_.on_device(device.to_string(),
                                   opened.header.kind == PayloadKind::state ? "state" : "telemetry",
                                   text, parts_.clock.now(), steady_now()));
        }
        return;
      case PayloadKind::command:
        return;
    }
  }

  void on_result(DeviceId device, const e2ee::GroupContent& content, const std::string& text) {
    const auto found = std::ranges::find_if(under_way_, [&](const UnderWay& entry) {
      return entry.device == device && entry.content.request_id == content.request_id;
    });
    if (found == under_way_.end()) {
      return;
    }
    if (content.challenge && !found->content.challenge) {
      found->content.challenge = content.challenge;
      found->content.sent_at = parts_.clock.now();  // a device without a clock sets its own by it
      if (send(*found)) {
        return;
      }
    }
    const auto entry = std::move(*found);
    under_way_.erase(found);
    ended(entry, text);
  }

  HubParts parts_;
  actions::Hub hub_;
  std::map<ConversationId, std::string> conversations_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<MqttLink> link_;
  std::optional<SteadyTime> again_at_;
  SteadyTime groups_at_{};
  std::vector<UnderWay> under_way_;
};

}  // namespace

Status App::run_hub() {
  const auto text = runtime::read_file(options_.hub_file, actions::kMaxRulesFile);
  if (!text) {
    return fail(Errc::usage, "cannot read " + options_.hub_file + ": " + text.error().message());
  }
  auto hub = actions::Hub::parse(as_text(*text));
  if (!hub) {
    return fail(Errc::usage, options_.hub_file + ": " + hub.error().message());
  }
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY(const auto groups, engine_->device_groups());
  for (const auto& name : hub->groups()) {
    if (std::ranges::find(groups, name, &client::DeviceGroupView::name) == groups.end()) {
      return fail(Errc::not_found, "this client is not in the device group " + printable(name) +
                                       ": unhidra-cli device group accept " + printable(name));
    }
  }
  UNHIDRA_TRY_VOID(open_connection(true));
  UNHIDRA_TRY_VOID(settle(kPatience));
  std::map<ConversationId, std::string> conversations;
  for (const auto& name : hub->conversations()) {
    UNHIDRA_TRY(const auto found, group_named(name));
    conversations.emplace(found.id, name);
  }
  HubRunner runner({.engine = *engine_,
                    .driver = *driver_,
                    .output = output_,
                    .random = random_,
                    .clock = clock_,
                    .open_broker = [this](auto& context) { return open_broker(context); },
                    .look_after_groups = [this] { return look_after_groups(); }},
                   std::move(*hub), std::move(conversations));
  on_event_ = [&](const client::Event& one) { runner.on_chat(one); };
  std::unique_ptr<HubRest> rest;
  if (!options_.hub_listen.empty()) {
    UNHIDRA_TRY(auto token, read_hub_token(options_.hub_token_file));
    rest = std::make_unique<HubRest>(
        driver_->context().get_executor(), std::move(token), std::string(kProgram),
        [&](const actions::HubRequest& request, std::function<void(HubAnswer)> answer) {
          runner.on_request(request, std::move(answer));
        });
    UNHIDRA_TRY_VOID(rest->start(options_.hub_listen));
    output_.result({{"type", "hub_listens"}, {"port", rest->port()}},
                   "Commands by HTTP at port " + std::to_string(rest->port()));
  }
  runner.start();
  const std::optional<std::chrono::milliseconds> limit =
      options_.timeout > 0 ? std::optional(std::chrono::milliseconds(
                                 static_cast<std::int64_t>(options_.timeout * 1000)))
                           : std::nullopt;
  auto ran = driver_->run_until([] { return false; }, limit);
  on_event_ = nullptr;
  return !ran && ran.error() == Errc::timed_out ? Status() : ran;
}

}  // namespace unhidra::cli
