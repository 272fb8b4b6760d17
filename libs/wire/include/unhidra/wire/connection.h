#pragma once
// Messages about the connection itself and about presence. Source: gateway.proto.

#include "unhidra/wire/field.h"

namespace unhidra::wire {

// Mirrors application/problem+json of the REST face.
struct Error {
  std::string code;
  std::string message;
  std::uint32_t status = 0;
  std::uint32_t retry_after_ms = 0;  // 0: none given

  friend bool operator==(const Error&, const Error&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Error";
  static constexpr auto fields() {
    return std::tuple{Field{1, "code", &Error::code}, Field{2, "message", &Error::message},
                      Field{3, "status", &Error::status},
                      Field{4, "retry_after_ms", &Error::retry_after_ms}};
  }
};

// Success of a request that has nothing to tell.
struct Done {
  friend bool operator==(const Done&, const Done&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Done";
  static constexpr auto fields() { return std::tuple{}; }
};

struct Hello {
  UserId user_id;
  DeviceId device_id;
  ConnectionId connection_id;
  Timestamp server_time;
  Timestamp token_expires_at;
  std::uint64_t inbox_head = 0;
  std::uint32_t max_frame_size = 0;
  std::optional<ByteArray<32>> external_sender_key;  // Ed25519; absent: it proposes nothing

  friend bool operator==(const Hello&, const Hello&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Hello";
  static constexpr auto fields() {
    return std::tuple{Field{1, "user_id", &Hello::user_id},
                      Field{2, "device_id", &Hello::device_id},
                      Field{3, "connection_id", &Hello::connection_id},
                      Field{4, "server_time", &Hello::server_time},
                      Field{5, "token_expires_at", &Hello::token_expires_at},
                      Field{6, "inbox_head", &Hello::inbox_head},
                      Field{7, "max_frame_size", &Hello::max_frame_size},
                      Field{8, "external_sender_key", &Hello::external_sender_key}};
  }
};

struct Authenticate {
  std::string access_token;

  friend bool operator==(const Authenticate&, const Authenticate&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Authenticate";
  static constexpr auto fields() {
    return std::tuple{Field{1, "access_token", &Authenticate::access_token}};
  }
};

struct Authenticated {
  Timestamp token_expires_at;

  friend bool operator==(const Authenticated&, const Authenticated&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Authenticated";
  static constexpr auto fields() {
    return std::tuple{Field{1, "token_expires_at", &Authenticated::token_expires_at}};
  }
};

struct Closing {
  std::string code;
  std::uint32_t reconnect_after_ms = 0;

  friend bool operator==(const Closing&, const Closing&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Closing";
  static constexpr auto fields() {
    return std::tuple{Field{1, "code", &Closing::code},
                      Field{2, "reconnect_after_ms", &Closing::reconnect_after_ms}};
  }
};

// Open, as every proto3 enum: a newer peer may send a value that has no name here.
enum class PresenceState : std::int32_t { offline = 0, online = 1, away = 2 };

struct SetPresence {
  PresenceState state = PresenceState::offline;

  friend bool operator==(const SetPresence&, const SetPresence&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.SetPresence";
  static constexpr auto fields() { return std::tuple{Field{1, "state", &SetPresence::state}}; }
};

struct WatchPresence {
  std::vector<UserId> user_ids;

  friend bool operator==(const WatchPresence&, const WatchPresence&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.WatchPresence";
  static constexpr auto fields() {
    return std::tuple{Field{1, "user_ids", &WatchPresence::user_ids}};
  }
};

struct PresenceChange {
  UserId user_id;
  PresenceState state = PresenceState::offline;
  Timestamp since;

  friend bool operator==(const PresenceChange&, const PresenceChange&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.PresenceChange";
  static constexpr auto fields() {
    return std::tuple{Field{1, "user_id", &PresenceChange::user_id},
                      Field{2, "state", &PresenceChange::state},
                      Field{3, "since", &PresenceChange::since}};
  }
};

struct PresenceSnapshot {
  std::vector<PresenceChange> users;

  friend bool operator==(const PresenceSnapshot&, const PresenceSnapshot&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.PresenceSnapshot";
  static constexpr auto fields() { return std::tuple{Field{1, "users", &PresenceSnapshot::users}}; }
};

}  // namespace unhidra::wire
