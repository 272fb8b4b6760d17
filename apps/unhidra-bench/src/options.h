#pragma once
// What the command line asks for.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "unhidra/base/error.h"

namespace unhidra::bench {

// Where the server is. The server process is looked at through /proc when its pid is given.
struct Target {
  std::string server;   // https://host:port of the REST interface
  std::string gateway;  // wss://host:port/v1/ws; empty: as the server tells
  std::string ca_file;
  std::vector<int> server_pids;
  std::string user_prefix;  // accounts are named <prefix>-<number>
};

struct ConnectOptions {
  Target target;
  std::size_t connections = 1000;
  std::size_t processes = 1;
  std::size_t users = 10;
  std::size_t opening = 64;  // connections that one process opens at a time
  std::chrono::seconds hold{10};
  std::vector<std::string> local_addresses;
  std::string accounts_file;  // keeps tokens for the next run; empty: not kept
};

struct ChatOptions {
  Target target;
  std::size_t senders = 100;
  std::size_t peers = 1;  // conversations that each sender starts and writes into
  std::size_t threads = 2;
  double rate = 0;  // messages a second, all senders together; 0: as fast as acknowledged
  std::chrono::seconds duration{10};
  std::size_t message_bytes = 100;
  std::string record_file;
};

struct ChannelOptions {
  Target target;
  std::size_t members = 100;  // of the channel, all of them connected
  std::size_t clients = 4;    // of them whole clients; the others listen
  std::size_t processes = 1;  // that share the listening members
  std::size_t opening = 64;   // connections that one process opens at a time
  double messages = 1;        // in the timeline, a second, all clients together; 0: none
  double replies = 0;         // in threads
  double reactions = 0;
  bool receipts = false;      // the clients read what they receive
  bool first_commit = false;  // measure the first commit with a path, before the load
  std::chrono::seconds duration{10};
  std::size_t message_bytes = 100;
  std::vector<std::string> local_addresses;

  // Members that neither write nor only listen: who makes the channel, and who follows the first
  // commit.
  std::size_t hands() const { return first_commit ? 2 : 1; }
};

struct MqttOptions {
  std::string host = "127.0.0.1";
  std::string port = "1883";
  std::vector<int> server_pids;
  std::size_t publishers = 1;   // each has a topic of its own
  std::size_t subscribers = 1;  // shared out over the topics: as many as publishers are pairs
  int qos = 0;
  std::size_t payload = 64;  // bytes; the first eight say when it was sent
  std::size_t window = 100;  // messages of one publisher under way, without a rate
  double rate = 0;           // messages a second, all publishers together; 0: as the window allows
  std::chrono::seconds duration{10};
  bool persistent = false;  // the subscribers' sessions outlive their connections
  std::size_t idle = 0;     // instead of all that: so many connections that do nothing
};

// "127.0.0.1-127.0.0.20,127.0.1.7": single IPv4 addresses and ranges, at most 65,536 of them.
Result<std::vector<std::string>> parse_addresses(const std::string& text);
// "max" is 0, else a positive number.
Result<double> parse_rate(const std::string& text);

struct HostAndPort {
  std::string host;
  std::uint16_t port = 0;
  std::string target;  // what follows, "/v1/ws"
};
Result<HostAndPort> parse_url(const std::string& url);

}  // namespace unhidra::bench
