#include "broker/mqtt_face.h"

#include "unhidra/access/limits.h"
#include "unhidra/base/codec.h"
#include "unhidra/net/settings.h"
#include "unhidra/runtime/log.h"

#include "broker/known_subject.h"
#include "devices/registry.h"

namespace unhidra::automation {
namespace {

constexpr std::chrono::seconds kRound{1};

std::optional<messaging::RateLimit> bucket_of(const access::LimitRule& rule) {
  if (rule.count == 0) {
    return std::nullopt;
  }
  return messaging::RateLimit{.limit = rule.count, .window = rule.period, .burst = rule.count};
}

}  // namespace

struct MqttFace::Gauges {
  explicit Gauges(runtime::Metrics& metrics)
      : connections(metrics.gauge("unhidra_mqtt_connections", "Open MQTT connections.")),
        sessions(metrics.gauge("unhidra_mqtt_sessions", "MQTT sessions, connected or not.")),
        retained(metrics.gauge("unhidra_mqtt_retained_messages", "Retained messages.")),
        retained_bytes(metrics.gauge("unhidra_mqtt_retained_bytes", "Bytes of retained messages.")),
        refused(metrics.gauge("unhidra_mqtt_retained_refused",
                              "Retained messages beyond what an organisation, device or person "
                              "may have.")),
        memory(metrics.gauge("unhidra_mqtt_message_bytes", "Bytes of messages in memory.")),
        received(metrics.gauge("unhidra_mqtt_messages_received", "Messages published to us.")),
        sent(metrics.gauge("unhidra_mqtt_messages_sent", "Messages delivered.")),
        dropped(metrics.gauge("unhidra_mqtt_messages_dropped", "QoS 1 and 2, never delivered.")),
        shed(metrics.gauge("unhidra_mqtt_messages_shed", "QoS 0 not sent to slow readers.")),
        denied(metrics.gauge("unhidra_mqtt_policy_denials", "Decisions that were denials.")),
        failed(metrics.gauge("unhidra_mqtt_policy_failures", "Denied: policy cannot be asked.")),
        remembered(metrics.gauge("unhidra_policy_cache_hits", "Decisions answered from memory.")),
        log_broken(metrics.gauge("unhidra_mqtt_log_broken", "1: nothing is acknowledged.")) {}
  runtime::Gauge& connections;
  runtime::Gauge& sessions;
  runtime::Gauge& retained;
  runtime::Gauge& retained_bytes;
  runtime::Gauge& refused;
  runtime::Gauge& memory;
  runtime::Gauge& received;
  runtime::Gauge& sent;
  runtime::Gauge& dropped;
  runtime::Gauge& shed;
  runtime::Gauge& denied;
  runtime::Gauge& failed;
  runtime::Gauge& remembered;
  runtime::Gauge& log_broken;
};

Result<std::unique_ptr<MqttFace>> MqttFace::make(MqttFaceDependencies dependencies,
                                                 const AutomationSettings& settings) {
  UNHIDRA_TRY(auto sealed, SealedTopics::parse(settings.encrypted_topics));
  const auto failures = access::parse_limit_rule(settings.mqtt_failures, access::LimitKey::ip);
  if (!failures) {
    return fail(Error(failures.error()).in("automation.mqtt_failures_per_ip"));
  }
  std::unique_ptr<MqttFace> out(
      new MqttFace(std::move(dependencies), settings, std::move(sealed), bucket_of(*failures)));
  if (settings.policy.effective_source() == PolicySource::remote) {
    out->policy_.ask_elsewhere(
        {.url = settings.policy.url,
         .token = settings.policy.token,
         .timeout = settings.policy.timeout},
        out->scope_, [face = out.get()](mqtt::ConnectionId connection) {
          face->server_.run([connection](mqtt::Broker& broker, mqtt::Moment now) {
            broker.resume(connection, now);
          });
        });
  }
  return out;
}

MqttFace::MqttFace(MqttFaceDependencies dependencies, const AutomationSettings& settings,
                   SealedTopics sealed, std::optional<messaging::RateLimit> failures)
    : deps_(std::move(dependencies)),
      settings_(settings),
      scope_(deps_.executor, "mqtt"),
      policy_(*deps_.decisions.topics()),
      sealed_(std::move(sealed)),
      trail_(deps_.database, scope_, deps_.clock, deps_.random),
      log_({.folder = deps_.folder}),
      gate_({.database = deps_.database,
             .bus = deps_.bus,
             .verifier = deps_.verifier,
             .authorities = deps_.authorities,
             .policy = policy_,
             .sealed = sealed_,
             .trail = trail_,
             .scope = scope_,
             .clock = deps_.clock,
             .random = deps_.random,
             .failures = failures},
            [this](mqtt::ConnectionId connection, mqtt::Admission admission) {
              server_.run([connection, admission = std::move(admission)](mqtt::Broker& broker,
                                                                         mqtt::Moment now) {
                broker.decide(connection, admission, now);
              });
            }),
      server_(deps_.executor, settings_.broker, gate_, &log_, this, deps_.clock, deps_.random),
      watch_(deps_.database, scope_, deps_.clock,
             {.protections = [this](auto own) { sealed_.use(std::move(own)); },
              .suspected = [this](DeviceId device) { gate_.changed(device); },
              .device = [this](const store::RegisteredDevice& now) { device_changed(now); }}),
      gauges_(std::make_unique<Gauges>(deps_.metrics)) {}

// The log tells the server what is durable: it ends first, also after a start that failed.
MqttFace::~MqttFace() {
  deps_.decisions.on_change({});
  static_cast<void>(log_.close());
}

Status MqttFace::start(std::shared_ptr<net::TlsServerContext> tls) {
  UNHIDRA_TRY_VOID(watch_.load());
  auto& broker = server_.broker();
  UNHIDRA_TRY_VOID(log_.open([&broker](ByteView record) { return broker.replay(record); }));
  broker.recovered(server_.now());
  log_.serve(server_);
  UNHIDRA_TRY_VOID(listen_on_bus());
  const auto at = [this](const runtime::HostPort& listen) {
    net::ServerSettings out;
    net::apply_listen(listen, out);
    out.proxy_protocol_from = settings_.mqtt_proxies;
    return out;
  };
  UNHIDRA_TRY(port_, server_.listen(at(settings_.mqtt_listen), nullptr));
  UNHIDRA_TRY(tls_port_, server_.listen(at(settings_.mqtts_listen), std::move(tls)));
  deps_.decisions.on_change([this] { judge_again(); });
  server_.start();
  scope_.spawn("mqtt.look_after", look_after());
  return {};
}

// Connections and subscriptions that the policy does not allow any more end.
void MqttFace::judge_again() {
  if (policy_.is_elsewhere()) {
    return;
  }
  server_.run([this](mqtt::Broker& broker, mqtt::Moment now) {
    broker.disconnect(
        [this](const mqtt::Principal& who, std::string_view) {
          return !policy_.allows(subject_of(who), {.action = "connect"});
        },
        mqtt::ReasonCode::not_authorized, now);
    broker.rejudge(now);
    log::info("policy.loaded");
  });
}

Status MqttFace::listen_on_bus() {
  UNHIDRA_TRY(auto certificates,
              deps_.bus.subscribe(kRevokedSubject, deps_.executor,
                                  [this](const messaging::Message& message) {
                                    ByteReader reader(message.payload.view());
                                    static_cast<void>(reader.raw(32));
                                    if (!reader.failed()) {
                                      end(RevokedCertificate{to_bytes(reader.rest())});
                                    }
                                  }));
  UNHIDRA_TRY(auto others, deps_.bus.subscribe(access::kRevokedSubject, deps_.executor,
                                               [this](const messaging::Message& message) {
                                                 if (const auto what = access::Revocation::decode(
                                                         message.payload.view())) {
                                                   revoke(*what);
                                                 }
                                               }));
  const auto of_devices = [this](std::string_view subject, auto told) {
    return deps_.bus.subscribe(subject, deps_.executor,
                               [this, told](const messaging::Message& message) {
                                 if (const auto who = device_told(message.payload.view())) {
                                   (this->*told)(*who);
                                 }
                               });
  };
  UNHIDRA_TRY(auto deletions, of_devices(kDeletedSubject, &MqttFace::forget_device));
  UNHIDRA_TRY(auto wishes, of_devices(kWantedSubject, &MqttFace::tell_wanted));
  subscriptions_.push_back(std::move(deletions));
  subscriptions_.push_back(std::move(wishes));
  subscriptions_.push_back(std::move(certificates));
  subscriptions_.push_back(std::move(others));
  return watch_.listen(deps_.bus, deps_.executor);
}

// What a deleted device has left under its own topics goes with it.
void MqttFace::forget_device(const pki::DeviceIdentity& who) {
  server_.run([who](mqtt::Broker& broker, mqtt::Moment now) {
    const auto count =
        broker.clear_retained(who.org.to_string(), "devices/" + who.device.to_string() + "/#", now);
    log::info("mqtt.device_forgotten", {{"retained", count}});
  });
}

// Says nothing but that it is time to look: what is wanted is read, and judged, as ever. A device
// that is away looks when it is back.
void MqttFace::tell_wanted(const pki::DeviceIdentity& who) {
  server_.run([who](mqtt::Broker& broker, mqtt::Moment now) {
    const auto topic = "devices/" + who.device.to_string() + "/twin/wanted";
    broker.publish(who.org.to_string(), {.topic = topic}, now);
  });
}

// Its sessions are judged as what it is now, connected or not. A remote policy is not asked about
// all that at once: the device comes back, and what waits for it stays. So it does when its flag
// of end-to-end encryption has changed, as its twin begins anew.
void MqttFace::device_changed(const store::RegisteredDevice& device) {
  server_.run([this, device](mqtt::Broker& broker, mqtt::Moment now) {
    const auto is_it = [&device](const mqtt::Principal& who, std::string_view = {}) {
      const auto& subject = subject_of(who);
      return !subject.user && subject.device == device.id;
    };
    bool comes_back = policy_.is_elsewhere();
    broker.renew(device.org_id.to_string(),
                 [&](const mqtt::Principal& was) -> std::shared_ptr<const mqtt::Principal> {
                   if (!is_it(was)) {
                     return nullptr;
                   }
                   comes_back = comes_back || subject_of(was).encrypted != device.encrypted;
                   return renewed(was, device);
                 });
    if (comes_back) {
      broker.disconnect(is_it, mqtt::ReasonCode::administrative_action, now);
    }
    if (policy_.is_elsewhere()) {
      return;
    }
    broker.disconnect(
        [&](const mqtt::Principal& who, std::string_view) {
          return is_it(who) && !policy_.allows(subject_of(who), {.action = "connect"});
        },
        mqtt::ReasonCode::not_authorized, now);
    broker.rejudge(is_it, now);
  });
}

// They come back with the roles of then; what waits for them stays.
void MqttFace::disconnect(UserId user) {
  server_.run([user](mqtt::Broker& broker, mqtt::Moment now) {
    broker.disconnect([user](const mqtt::Principal& who,
                             std::string_view) { return subject_of(who).user == user; },
                      mqtt::ReasonCode::administrative_action, now);
  });
}

// Connections end at once.
void MqttFace::revoke(const access::Revocation& what) {
  using Kind = access::Revocation::Kind;
  switch (what.kind) {
    case Kind::session:
      return end(SessionId(what.id));
    case Kind::device:
      return end(DeviceId(what.id));
    case Kind::user:
      return end(UserId(what.id));
    case Kind::roles:
      return disconnect(UserId(what.id));
  }
}

void MqttFace::end(const Revoked& what) {
  gate_.revoked(what);
  server_.run([what](mqtt::Broker& broker, mqtt::Moment now) {
    const auto concerned = [&what](const mqtt::Principal& who, std::string_view) {
      return concerns(what, subject_of(who));
    };
    // A certificate may have a successor and a session ends without the person's going: what waits
    // for them stays. A device or a person that is gone leaves nothing.
    const bool for_good =
        std::holds_alternative<DeviceId>(what) || std::holds_alternative<UserId>(what);
    constexpr auto kReason = mqtt::ReasonCode::administrative_action;
    const auto count = for_good ? broker.end_sessions(concerned, kReason, now)
                                : broker.disconnect(concerned, kReason, now);
    if (count != 0) {
      log::info("mqtt.revoked", {{"connections", count}});
    }
  });
}

void MqttFace::authority_retired(std::int64_t generation) {
  scope_.spawn("mqtt.authority_retired", end_of_authority(generation));
}

Task<void> MqttFace::end_of_authority(std::int64_t generation) {
  end(RetiredAuthority{generation});
  co_return;
}

// Certificates and tokens that have run out, snapshots, figures.
Task<void> MqttFace::look_after() {
  for (;;) {
    co_await runtime::sleep_for(kRound);
    watch_.look();
    const auto now = deps_.clock.now();
    server_.broker().disconnect(
        [now](const mqtt::Principal& who, std::string_view) {
          return subject_of(who).expires_at <= now;
        },
        mqtt::ReasonCode::not_authorized, server_.now());
    server_.broker().flush();
    if (log_.wants_snapshot()) {
      scope_.spawn("mqtt.snapshot", log_.snapshot(server_.broker()));
    }
    count();
  }
}

Task<std::optional<std::size_t>> MqttFace::queue_depth(OrgId org, DeviceId device) {
  co_return co_await runtime::run_on(deps_.executor, depth_here(org, device));
}

Task<std::optional<std::size_t>> MqttFace::depth_here(OrgId org, DeviceId device) {
  co_return server_.broker().queue_depth(org.to_string(), device.to_string());
}

void MqttFace::count() {
  const auto stats = server_.broker().stats();
  const auto set = [](runtime::Gauge& gauge, std::uint64_t value) {
    gauge.set(static_cast<std::int64_t>(value));
  };
  set(gauges_->connections, stats.connections);
  set(gauges_->sessions, stats.sessions);
  set(gauges_->retained, stats.retained);
  set(gauges_->retained_bytes, stats.retained_bytes);
  set(gauges_->refused, stats.retained_refused);
  set(gauges_->memory, stats.message_bytes);
  set(gauges_->received, stats.messages_received);
  set(gauges_->sent, stats.messages_sent);
  set(gauges_->dropped, stats.messages_dropped);
  set(gauges_->shed, stats.messages_shed);
  const auto decided = policy_.stats();
  set(gauges_->denied, decided.denials);
  set(gauges_->failed, decided.failures);
  set(gauges_->remembered, decided.from_known);
  set(gauges_->log_broken, log_.broken() ? 1 : 0);
}

void MqttFace::retained_refused(const mqtt::Principal& who, std::string_view client_id,
                                std::string_view topic) {
  trail_.note(&subject_of(who), {},
              {.type = "mqtt.retained_refused",
               .action = "publish",
               .resource = topic,
               .outcome = audit::Outcome::denied,
               .reason = "too much is retained",
               .client_id = client_id});
}

void MqttFace::dropped(const mqtt::Principal& who, std::string_view client_id,
                       std::string_view topic, mqtt::DropReason reason) {
  trail_.note(&subject_of(who), {},
              {.type = "mqtt.message_dropped",
               .action = "drop",
               .resource = topic,
               .outcome = audit::Outcome::failure,
               .reason = to_string(reason),
               .client_id = client_id});
}

Task<void> MqttFace::stop(std::chrono::milliseconds grace) {
  log::info("mqtt.draining", {{"period_ms", settings_.mqtt_farewell.period.count()}});
  co_await server_.drain(settings_.mqtt_farewell, grace);
  subscriptions_.clear();
  watch_.stop();
  deps_.decisions.on_change({});
  scope_.request_stop();
  co_await server_.stop(grace);
  if (const auto joined = co_await scope_.join(grace); !joined) {
    log::warn("mqtt.stop", {{"error", joined.error()}});
  }
  if (const auto closed = log_.close(); !closed) {
    log::error("mqtt.log_close", {{"error", closed.error()}});
  }
}

}  // namespace unhidra::automation
