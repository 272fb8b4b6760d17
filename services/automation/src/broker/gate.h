#pragma once
// Who may connect to the broker, and what each may do: certificates and tokens first, then the
// topic policy.
//
// A device connects with its certificate, over TLS. Its client identifier is the device's id, or
// begins with it. A person's client connects with an access token as password, or proves that it
// has one of the person's passwords for MQTT (SCRAM); its client identifier must not begin with an
// id that is not the person's own.

#include <functional>

#include "unhidra/access/rest_face.h"
#include "unhidra/messaging/bus.h"
#include "unhidra/messaging/rate_limiter.h"

#include "broker/broker_trail.h"
#include "broker/revoked.h"
#include "broker/sealed_topics.h"
#include "broker/topic_policy.h"
#include "devices/certificate_gate.h"
#include "enrolment/authority_book.h"
#include "passwords/sign_in.h"

namespace unhidra::automation {

// Everything outlives the gate.
struct GateDependencies {
  storage::Database& database;
  messaging::Bus& bus;
  access::TokenVerifier& verifier;
  const AuthorityBook& authorities;  // whose certificates are believed
  TopicPolicy& policy;
  SealedTopics& sealed;
  BrokerTrail& trail;
  runtime::TaskScope& scope;  // on the broker's executor
  const Clock& clock;
  RandomSource& random;
  // Failed connections of one address; nothing: as many as it likes.
  std::optional<messaging::RateLimit> failures;
};

class Gate final : public mqtt::Authority {
 public:
  // `answer` reaches Broker::decide on a later turn of the loop.
  using Answer = std::function<void(mqtt::ConnectionId, mqtt::Admission)>;
  Gate(GateDependencies dependencies, Answer answer);

  std::optional<mqtt::Admission> connect(mqtt::ConnectionId connection, const mqtt::Peer& peer,
                                         const mqtt::Connect& packet) override;
  std::optional<mqtt::Admission> authenticate(mqtt::ConnectionId connection, ByteView data,
                                              bool again) override;
  void left(mqtt::ConnectionId connection) override;
  mqtt::ReasonCode publish(const mqtt::Principal& who,
                           const mqtt::PublishRequest& request) override;
  mqtt::ReasonCode subscribe(const mqtt::Principal& who, std::string_view filter,
                             const mqtt::SubscriptionOptions& options) override;
  bool judges_deliveries() const override { return true; }
  bool answers_later() const override { return deps_.policy.is_elsewhere(); }
  void rehearse(mqtt::ConnectionId connection) override;
  bool must_wait() override;
  bool deliver(const mqtt::Principal& who, std::string_view topic,
               const mqtt::Principal* publisher) override;
  // Tells of a revocation, so that a connection that is being admitted at this moment is caught.
  void revoked(const Revoked& what) { revoked_.add(what, deps_.clock.steady_now()); }
  // The registry says something else of this device now: so is one that is being admitted at this
  // moment.
  void changed(DeviceId device) { changed_.add(device, deps_.clock.steady_now()); }
  // Blocks: for the start alone.
  std::shared_ptr<const mqtt::Principal> restore(std::string_view space,
                                                 std::string_view identity) override;

 private:
  struct Arrival {
    mqtt::ConnectionId connection;
    std::string client_id;
    std::string ip;
    std::string transport;
  };
  // Somebody who signs in by password: kept as long as the connection, which may do so again.
  struct Guest {
    Arrival arrival;
    std::string method;
    Bytes binding;
    bool busy = false;  // an answer is due
  };
  static void introduce(Subject& subject, const Arrival& arrival);
  bool too_many_failures(std::string_view ip);
  mqtt::ReasonCode judge(const Subject& subject, const mqtt::PublishRequest& request);
  Task<void> admit_device(Arrival arrival, Bytes certificate);
  mqtt::Admission unknown_device(const Arrival& arrival, const Error& why);
  Task<void> admit_person(Arrival arrival, std::string token);
  Task<void> greet(mqtt::ConnectionId connection, Bytes message);
  Task<void> admit(Arrival arrival, std::shared_ptr<Subject> subject, bool id_is_own, Bytes data);
  Task<Result<std::shared_ptr<Subject>>> look_up(const Bytes& certificate);
  mqtt::Admission settle(const Arrival& arrival, std::shared_ptr<Subject> subject, bool id_is_own);
  mqtt::Admission refuse(const Arrival& arrival, const Subject* subject, mqtt::ReasonCode reason,
                         std::string_view why);

  GateDependencies deps_;
  Answer answer_;
  RecentlyRevoked revoked_;
  RecentlyChanged changed_;
  bool rehearsing_ = false;  // answers are of no consequence yet
  PasswordSignIn passwords_;
  std::unordered_map<mqtt::ConnectionId, Guest> guests_;
  std::optional<messaging::LocalRateLimiter> failures_;
  messaging::RateClass failed_;
};

}  // namespace unhidra::automation
