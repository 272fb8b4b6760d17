#pragma once
// A client's session over one connection (MQTT 5.0), as a machine: the host feeds it bytes and
// time, and sends what it is given. QoS 0 and 1; it holds nothing that must survive the connection.
//
// Threads: none; one caller at a time. Views in an event end with the next call.

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/time.h"
#include "unhidra/mqtt/decoder.h"
#include "unhidra/mqtt/encoder.h"

namespace unhidra::mqtt {

struct ClientSettings {
  std::string client_id;
  std::string user_name;
  Bytes password;                 // empty: none
  std::uint16_t keep_alive = 30;  // seconds; at least 1
  std::uint32_t max_packet = 1U << 20;
  std::chrono::seconds answer_timeout{15};  // of whatever must be answered
};

struct ClientEvent {
  enum class Kind : std::uint8_t {
    connected,     // CONNACK; the first event
    message,       // `topic`, `payload`, `retain`
    published,     // `packet_id`, `reason`: whether the broker has taken it
    subscribed,    // `packet_id`, `reason`: success, or the first failure
    disconnected,  // `reason`; nothing follows
  };
  Kind kind = Kind::message;
  ReasonCode reason = ReasonCode::success;
  PacketId packet_id = 0;
  std::string topic;
  Bytes payload;
  bool retain = false;
};

class ClientSession {
 public:
  ClientSession(ClientSettings settings, SteadyTime now);

  // CONNECT stands in the output from the beginning. What is called before `connected` waits.
  // 0: too many wait for their acknowledgement; ask again later.
  PacketId subscribe(const std::vector<std::string>& filters);
  PacketId publish(std::string_view topic, ByteView payload, bool retain);
  void disconnect();

  std::vector<ClientEvent> receive(ByteView bytes, SteadyTime now);
  // At least once a second: keep alive, and answers that did not come.
  std::vector<ClientEvent> tick(SteadyTime now);
  // Bytes to send, in order.
  Bytes take_output();
  bool connected() const { return state_ == State::connected; }

 private:
  enum class State : std::uint8_t { connecting, connected, ended };
  using Frames = std::vector<ClientEvent>;
  void on_frame(const Frame& frame, Frames& out);
  void on_connack(const Frame& frame, Frames& out);
  void on_publish(const Frame& frame, Frames& out);
  void on_acknowledged(PacketId id, ClientEvent::Kind kind, ReasonCode reason, Frames& out);
  void end(ReasonCode reason, Frames& out);
  PacketId next_id();

  ClientSettings settings_;
  State state_ = State::connecting;
  FrameReader reader_;
  Bytes output_;
  Bytes waiting_;  // before CONNACK
  PacketId last_id_ = 0;
  struct Unanswered {
    ClientEvent::Kind kind;
    SteadyTime since;
  };
  std::map<PacketId, Unanswered> unanswered_;
  std::uint32_t server_window_ = 65'535;  // Receive Maximum
  SteadyTime now_;
  SteadyTime sent_;
  SteadyTime begun_;
  bool pinged_ = false;
};

}  // namespace unhidra::mqtt
