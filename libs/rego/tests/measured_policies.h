#pragma once
// The policies that are measured, and their requests: the roadmap's example, many rules, roles in
// data. Benchmark and tests read the same.

#include <string>
#include <vector>

namespace unhidra::rego {

inline constexpr auto kRoadmap = R"(package unhidra.automation

default allow = false

# Thermostat can only publish to hvac topics
allow {
    input.device.type == "thermostat"
    input.action == "publish"
    startswith(input.topic, "hvac/")
}

# Sensors can publish to their own topics
allow {
    input.device.type == "sensor"
    input.action == "publish"
    input.topic == concat("/", ["sensors", input.device.id, input.reading_type])
}

# Admins can do anything
allow {
    input.user.role == "admin"
}
)";

inline std::string many_rules(int count) {
  std::string out = "package rules\n\ndefault allow := false\n\n";
  for (int i = 0; i < count; ++i) {
    out += "allow if {\n  input.role == \"role" + std::to_string(i % 100) +
           "\"\n  input.action == \"act" + std::to_string(i % 10) +
           "\"\n  input.resource == \"res" + std::to_string(i) + "\"\n}\n\n";
  }
  return out;
}

// Topics of many devices, each with a rule of its own.
inline std::string many_patterns(int count) {
  std::string out = "package globs\n\ndefault allow := false\n\n";
  for (int i = 0; i < count; ++i) {
    out += "allow if {\n  glob.match(\"dev/" + std::to_string(i) +
           "/*/state\", [\"/\"], input.topic)\n  input.action == \"act" + std::to_string(i % 10) +
           "\"\n}\n\n";
  }
  return out;
}

inline constexpr auto kDataRbac = R"(package rbac

default allow := false

allow if {
  some role in data.user_roles[input.user]
  some grant in data.role_grants[role]
  grant.action == input.action
  glob.match(grant.resource, ["/"], input.resource)
}
)";

inline std::string rbac_data() {
  std::string out = R"({"user_roles":{)";
  for (int i = 0; i < 1000; ++i) {
    out += (i == 0 ? "\"u" : ",\"u") + std::to_string(i) + "\":[";
    for (int k = 0; k < 3; ++k) {
      out += (k == 0 ? "\"r" : ",\"r") + std::to_string((7 * i + k) % 100) + "\"";
    }
    out += "]";
  }
  out += R"(},"role_grants":{)";
  for (int r = 0; r < 100; ++r) {
    out += (r == 0 ? "\"r" : ",\"r") + std::to_string(r) + "\":[";
    for (int j = 0; j < 10; ++j) {
      const std::string n = std::to_string(j);
      out += std::string(j == 0 ? "" : ",") + R"({"action":"act)" + n + R"(","resource":"dev/)" +
             std::to_string(r) + "/*/" + n + "\"}";
    }
    out += "]";
  }
  return out + "}}";
}

struct Request {
  std::string json;
  bool allowed = false;
};

// A thermostat's, a sensor's and an admin's that are allowed, and a sensor's that is not.
inline std::vector<Request> roadmap_requests() {
  return {
      {R"({"device":{"type":"thermostat","id":"t1"},"action":"publish","topic":"hvac/room1"})",
       true},
      {R"({"device":{"type":"sensor","id":"s42"},"action":"publish","topic":"sensors/s42/co2","reading_type":"co2"})",
       true},
      {R"({"user":{"role":"admin"},"action":"subscribe","topic":"door/1"})", true},
      {R"({"device":{"type":"sensor","id":"s42"},"action":"publish","topic":"sensors/s43/co2","reading_type":"co2"})",
       false}};
}

inline std::vector<Request> patterns_requests(int count, bool hit) {
  std::vector<Request> out;
  for (int k = 0; k < 8; ++k) {
    const int i = (k * 7919 + count / 2) % count;
    out.push_back({R"({"topic":"dev/)" + std::to_string(i) +
                       (hit ? "/hall/state" : "/hall/wanted") + R"(","action":"act)" +
                       std::to_string(i % 10) + R"("})",
                   hit});
  }
  return out;
}

inline std::vector<Request> rules_requests(int count, bool hit) {
  std::vector<Request> out;
  for (int k = 0; k < 8; ++k) {
    const int i = (k * 7919 + count / 2) % count;
    const int role = (hit ? i : i + 1) % 100;
    out.push_back({R"({"role":"role)" + std::to_string(role) + R"(","action":"act)" +
                       std::to_string(i % 10) + R"(","resource":"res)" + std::to_string(i) +
                       R"("})",
                   hit});
  }
  if (!hit) {
    out.push_back({R"({"role":"role1","action":"act1","resource":"none"})", false});
  }
  return out;
}

inline std::vector<Request> rbac_requests() {
  std::vector<Request> out;
  for (int k = 0; k < 16; ++k) {
    const int user = (k * 61) % 1000;
    const int role = (7 * user + k % 3) % 100;
    const bool allowed = k % 4 != 3;
    const std::string action = std::to_string(k % 10);
    out.push_back({R"({"user":"u)" + std::to_string(user) + R"(","action":"act)" + action +
                       R"(","resource":"dev/)" + std::to_string(role) + "/lamp/" +
                       (allowed ? action : std::string("x")) + R"("})",
                   allowed});
  }
  return out;
}

}  // namespace unhidra::rego
