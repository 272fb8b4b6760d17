// mqtt_sequences --host H --port P [--transport tcp|tls|ws|wss] <folder or file>...
//   --ca FILE         whom to believe with tls and wss, PEM; or
//   --insecure        anybody
//   --path P          of ws and wss; /mqtt
//   --frame-bytes N   ws and wss: what is sent at once goes in frames of N bytes, not in one
//
// Plays byte-exact conversations with an MQTT broker (the format is described beside the data).
// Prints a line per failing case, closes with "N passed, N failed, N skipped". Exit status: 0
// nothing failed; 1 a case failed or a file is malformed; 2 wrong usage; 77 no such data.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

#include <boost/json.hpp>

#include "unhidra/mqtt/encoder.h"

#include "link.h"
#include "payload.h"

namespace unhidra::mqtt_sequences {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace unhidra::mqtt;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kNoData = 77;  // CTest's SKIP_RETURN_CODE

// What a case says for itself, its group says for all, or nobody says.
template <class T>
T setting(const json::object& test, const json::object& group, const char* name, T otherwise) {
  for (const auto* from : {&test, &group}) {
    if (const auto* value = from->if_contains(name)) {
      return json::value_to<T>(*value);
    }
  }
  return otherwise;
}

std::string text(const json::object& object, const char* name) {
  return json::value_to<std::string>(object.at(name));
}

std::string hex(ByteView bytes) {
  std::string out;
  for (const auto byte : bytes) {
    constexpr const char* kDigits = "0123456789abcdef";
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out.empty() ? "nothing" : out;
}

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void expect(Link& link, ByteView wanted, const std::string& what) {
  const auto got = link.receive(wanted.size());
  if (!std::ranges::equal(got, wanted)) {
    throw Failure(what + ": wanted " + hex(wanted) + ", got " + hex(got));
  }
}

void connect(Link& link, Version version, std::string_view client_id) {
  Connect packet;
  packet.version = version;
  packet.keep_alive = 60;
  packet.client_id = client_id;
  Bytes bytes;
  append_connect(bytes, packet);
  link.send(bytes);
  // Topic Alias Maximum 10, Maximum Packet Size 2000000, Receive Maximum 20: in this order.
  static const Bytes kVersion5 = parse_payload("20 0e 00 00 0b 22 000a 27 001e8480 21 0014");
  static const Bytes kBefore{0x20, 0x02, 0x00, 0x00};
  expect(link, version == Version::v5 ? kVersion5 : kBefore, "CONNACK");
}

Bytes acknowledge(PacketType type) {
  Bytes out;
  Acknowledge packet;
  packet.type = type;
  packet.packet_id = 1;
  append_acknowledge(out, packet, Version::v3_1_1);
  return out;
}

// Another client publishes one message with its full handshake.
void external_publish(const Address& address, const json::object& message) {
  Link link(address);
  connect(link, Version::v3_1_1, "helper");
  const auto topic = text(message, "topic");
  const auto payload = text(message, "payload");
  PublishHeader header;
  header.topic = topic;
  header.qos = static_cast<QoS>(json::value_to<int>(message.at("qos")));
  header.packet_id = header.qos == QoS::at_most_once ? PacketId{0} : PacketId{1};
  header.retain = setting(message, message, "retain", false);
  Bytes bytes;
  append_publish(bytes, header, as_bytes(payload), Version::v3_1_1);
  link.send(bytes);
  if (header.qos == QoS::at_least_once) {
    expect(link, acknowledge(PacketType::puback), "PUBACK of the helper");
  } else if (header.qos == QoS::exactly_once) {
    expect(link, acknowledge(PacketType::pubrec), "PUBREC of the helper");
    link.send(acknowledge(PacketType::pubrel));
    expect(link, acknowledge(PacketType::pubcomp), "PUBCOMP of the helper");
  }
  link.send(Bytes{0xe0, 0x00});
}

void subscribe(Link& link, const json::object& message, Version version) {
  Subscribe packet;
  packet.packet_id = 1;
  const auto filter = text(message, "topic");
  const auto qos = json::value_to<std::uint8_t>(message.at("qos"));
  SubscriptionOptions options;
  options.qos = static_cast<QoS>(qos);
  packet.entries.push_back({filter, options});
  Bytes bytes;
  append_subscribe(bytes, packet, version);
  link.send(bytes);
  Bytes answer;
  append_subscribe_ack(answer, PacketType::suback, 1, Bytes{qos}, version);
  expect(link, answer, "SUBACK");
}

void unsubscribe(Link& link, const json::object& message, Version version) {
  Unsubscribe packet;
  packet.packet_id = 1;
  const auto filter = text(message, "topic");
  packet.filters.push_back(filter);
  Bytes bytes;
  append_unsubscribe(bytes, packet, version);
  link.send(bytes);
  Bytes answer;
  const Bytes success{0};
  append_subscribe_ack(answer, PacketType::unsuback, 1,
                       version == Version::v5 ? ByteView(success) : ByteView(), version);
  expect(link, answer, "UNSUBACK");
}

void play(Link& link, const Address& address, const json::object& message, Version version) {
  const auto type = text(message, "type");
  if (type == "send") {
    link.send(parse_payload(text(message, "payload")));
  } else if (type == "recv") {
    expect(link, parse_payload(text(message, "payload")), "recv");
  } else if (type == "external_publish") {
    external_publish(address, message);
  } else if (type == "subscribe") {
    subscribe(link, message, version);
  } else if (type == "unsubscribe") {
    unsubscribe(link, message, version);
  } else {
    throw std::invalid_argument("message type '" + type + "'");
  }
}

void run_case(const Address& address, const json::object& group, const json::object& test) {
  const auto version = static_cast<Version>(setting(test, group, "ver", 4));
  Link link(address);
  if (setting(test, group, "connect", true)) {
    connect(link, version, text(group, "group") + " " + text(test, "name"));
  }
  for (const auto& message : test.at("msgs").as_array()) {
    play(link, address, message.as_object(), version);
  }
  if (setting(test, group, "expect_disconnect", true)) {
    if (!link.closes()) {
      throw Failure("the broker should have closed the connection");
    }
  } else {
    link.send(Bytes{0xc0, 0x00});
    expect(link, Bytes{0xd0, 0x00}, "PINGRESP at the end");
  }
}

class Runner {
 public:
  explicit Runner(Address address) : address_(std::move(address)) {}

  void run_file(const fs::path& path) {
    const auto name = path.filename().string();
    try {
      std::ifstream file(path, std::ios::binary);
      const std::string content{std::istreambuf_iterator<char>(file), {}};
      const json::value document = json::parse(content);
      for (const auto& group : document.as_array()) {
        for (const auto& test : group.as_object().at("tests").as_array()) {
          run_test(name, group.as_object(), test.as_object());
        }
      }
    } catch (const std::exception& error) {
      ++failed_;
      std::printf("ERROR %s: %s\n", name.c_str(), error.what());
    }
  }

  int report() const {
    std::printf("%zu passed, %zu failed, 0 skipped\n", passed_, failed_);
    return failed_ == 0 ? 0 : kFailed;
  }

 private:
  void run_test(const std::string& file, const json::object& group, const json::object& test) {
    try {
      run_case(address_, group, test);
      ++passed_;
    } catch (const std::runtime_error& error) {
      ++failed_;
      std::printf("FAIL %s: %s: %s: %s\n", file.c_str(), text(group, "group").c_str(),
                  text(test, "name").c_str(), error.what());
    }
  }

  Address address_;
  std::size_t passed_ = 0;
  std::size_t failed_ = 0;
};

std::vector<fs::path> data_files(const std::vector<fs::path>& arguments) {
  std::vector<fs::path> out;
  for (const auto& argument : arguments) {
    if (fs::is_directory(argument)) {
      for (const auto& entry : fs::directory_iterator(argument)) {
        if (entry.path().extension() == ".json") {
          out.push_back(entry.path());
        }
      }
    } else if (fs::exists(argument)) {
      out.push_back(argument);
    }
  }
  std::ranges::sort(out);
  return out;
}

int usage() {
  std::fputs(
      "usage: mqtt_sequences --host H --port P [--transport tcp|tls|ws|wss] [--ca FILE | "
      "--insecure]\n"
      "    [--path P] [--frame-bytes N] <folder or file>...\n",
      stderr);
  return kUsage;
}

std::optional<TransportKind> transport_of(std::string_view name) {
  constexpr std::pair<std::string_view, TransportKind> kNames[] = {
      {"tcp", TransportKind::tcp},
      {"tls", TransportKind::tls},
      {"ws", TransportKind::websocket},
      {"wss", TransportKind::secure_websocket}};
  const auto* found =
      std::ranges::find(kNames, name, &std::pair<std::string_view, TransportKind>::first);
  return found == std::end(kNames) ? std::nullopt : std::optional(found->second);
}

bool set_option(Address& address, const std::string& name, const std::string& value) {
  if (name == "--host") {
    address.host = value;
  } else if (name == "--port") {
    address.port = value;
  } else if (name == "--ca") {
    address.ca_file = value;
  } else if (name == "--path") {
    address.path = value;
  } else if (name == "--frame-bytes") {
    address.frame_bytes = std::strtoul(value.c_str(), nullptr, 10);
    return address.frame_bytes > 0;
  } else if (name == "--transport") {
    const auto transport = transport_of(value);
    address.transport = transport.value_or(TransportKind::tcp);
    return transport.has_value();
  } else {
    return false;
  }
  return true;
}

bool is_complete(const Address& address) {
  const bool tls = address.transport == TransportKind::tls ||
                   address.transport == TransportKind::secure_websocket;
  const bool a_number = !address.port.empty() && address.port.size() <= 5 &&
                        address.port.find_first_not_of("0123456789") == std::string::npos;
  return a_number && (!tls || address.insecure || !address.ca_file.empty());
}

int run(const std::vector<std::string>& arguments) {
  Address address;
  std::vector<fs::path> places;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& name = arguments[i];
    if (!name.starts_with("--")) {
      places.emplace_back(name);
    } else if (name == "--insecure") {
      address.insecure = true;
    } else if (++i == arguments.size() || !set_option(address, name, arguments[i])) {
      return usage();
    }
  }
  if (places.empty() || !is_complete(address)) {
    return usage();
  }
  const auto files = data_files(places);
  if (files.empty()) {
    std::fputs("no such data\n", stderr);
    return kNoData;
  }
  Runner runner(address);
  for (const auto& file : files) {
    runner.run_file(file);
  }
  return runner.report();
}

}  // namespace
}  // namespace unhidra::mqtt_sequences

int main(int argc, char** argv) {
  return unhidra::mqtt_sequences::run({argv + 1, argv + argc});
}
