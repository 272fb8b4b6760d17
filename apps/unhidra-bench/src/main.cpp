// unhidra-bench: puts load on a running server and prints what it took, as JSON.

#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "channel.h"
#include "chat.h"
#include "connect.h"
#include "mqtt.h"

namespace {

using namespace unhidra;
using namespace unhidra::bench;

void add_target(CLI::App& app, Target& target) {
  app.add_option("--server", target.server, "REST interface, https://host:port")->required();
  app.add_option("--gateway", target.gateway,
                 "Gateway, wss://host:port/v1/ws; as the server tells without it");
  app.add_option("--ca", target.ca_file, "PEM file of the server's certificate authority")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--server-pid", target.server_pids,
                 "Process of the server to measure; may be given several times");
  target.user_prefix = "bench";
  app.add_option("--user-prefix", target.user_prefix, "Names of the accounts begin with it");
}

void add_connect(CLI::App& app, ConnectOptions& options, std::string& addresses, int& hold) {
  auto* word = app.add_subcommand("connect", "Open many idle connections and hold them");
  add_target(*word, options.target);
  word->add_option("--connections", options.connections, "How many")
      ->check(CLI::Range(1, 2'000'000));
  word->add_option("--processes", options.processes, "Processes that share them")
      ->check(CLI::Range(1, 256));
  word->add_option("--users", options.users, "Accounts that share them")
      ->check(CLI::Range(1, 100'000));
  word->add_option("--opening", options.opening, "Handshakes under way in each process")
      ->check(CLI::Range(1, 10'000));
  word->add_option("--hold", hold, "Seconds to hold them")->check(CLI::Range(0, 86'400));
  word->add_option("--local-addresses", addresses,
                   "Addresses to connect from: 127.0.0.1-127.0.0.20,...");
  word->add_option("--accounts", options.accounts_file,
                   "File that keeps the accounts for the next run (holds refresh tokens)");
}

void add_chat(CLI::App& app, ChatOptions& options, std::string& rate, int& duration) {
  auto* word = app.add_subcommand("chat", "Exchange end-to-end encrypted messages");
  add_target(*word, options.target);
  word->add_option("--senders", options.senders, "Users, each with one device")
      ->check(CLI::Range(2, 100'000));
  word->add_option("--peers", options.peers,
                   "Conversations in which each sends, with one message under way in each")
      ->check(CLI::Range(1, 60));
  word->add_option("--threads", options.threads, "Threads of this tool")->check(CLI::Range(1, 64));
  word->add_option("--rate", rate, "Messages a second in all, or max");
  word->add_option("--duration", duration, "Seconds")->check(CLI::Range(1, 86'400));
  word->add_option("--message-bytes", options.message_bytes, "Bytes of each text")
      ->check(CLI::Range(16, 16'384));
  word->add_option("--record", options.record_file,
                   "File for a line about each message acknowledged or received");
}

void add_channel(CLI::App& app, ChannelOptions& options, std::string& addresses, int& duration) {
  auto* word = app.add_subcommand(
      "channel",
      "Write, answer, react and read in one channel and measure when the last device has it. Every "
      "member is an account with a device, a leaf of the MLS tree and a connection of its own. The "
      "whole clients encrypt and decrypt; at the other members the tool counts the arrival of the "
      "ciphertext and keeps no group for them.");
  add_target(*word, options.target);
  word->add_option("--members", options.members, "Members of the channel, all connected")
      ->check(CLI::Range(3, 100'000));
  word->add_option("--clients", options.clients, "Whole clients among the members: they write")
      ->check(CLI::Range(1, 1'000));
  word->add_option("--processes", options.processes, "Processes that share the other members")
      ->check(CLI::Range(1, 256));
  word->add_option("--opening", options.opening, "Handshakes under way in each process")
      ->check(CLI::Range(1, 10'000));
  word->add_option("--messages-per-second", options.messages, "In the timeline, all together")
      ->check(CLI::Range(0.0, 100'000.0));
  word->add_option("--replies-per-second", options.replies, "In threads, all together")
      ->check(CLI::Range(0.0, 100'000.0));
  word->add_option("--reactions-per-second", options.reactions, "All together")
      ->check(CLI::Range(0.0, 100'000.0));
  word->add_flag("--receipts", options.receipts, "The clients read what comes, at once");
  word->add_flag("--first-commit", options.first_commit,
                 "Before the load, measure the first commit with a path: nobody has renewed his "
                 "keys, so that it is sealed for each member");
  word->add_option("--duration", duration, "Seconds")->check(CLI::Range(1, 86'400));
  word->add_option("--message-bytes", options.message_bytes, "Bytes of each text")
      ->check(CLI::Range(1, 16'384));
  word->add_option("--local-addresses", addresses,
                   "Addresses to connect from: 127.0.0.1-127.0.0.20,...");
}

void add_mqtt(CLI::App& app, MqttOptions& options, std::string& rate, int& duration) {
  auto* word = app.add_subcommand("mqtt", "Publish and subscribe, at any MQTT broker");
  word->add_option("--host", options.host);
  word->add_option("--port", options.port);
  word->add_option("--server-pid", options.server_pids, "Process of the broker to measure");
  word->add_option("--publishers", options.publishers)->check(CLI::Range(1, 100'000));
  word->add_option("--subscribers", options.subscribers)->check(CLI::Range(0, 100'000));
  word->add_option("--qos", options.qos)->check(CLI::Range(0, 1));
  word->add_option("--payload", options.payload, "Bytes")->check(CLI::Range(8, 1'000'000));
  word->add_option("--window", options.window, "Messages under way of each publisher")
      ->check(CLI::Range(1, 60'000));
  word->add_option("--rate", rate, "Messages a second in all, or max");
  word->add_option("--duration", duration, "Seconds")->check(CLI::Range(1, 86'400));
  word->add_flag("--persistent", options.persistent, "Sessions that outlive their connections");
  word->add_option("--idle", options.idle, "Only open so many connections");
}

// What is read as text or number first.
struct Words {
  std::string addresses;
  std::string rate = "max";
  int hold = 10;
  int duration = 10;
};

struct Loads {
  ConnectOptions connect;
  ChatOptions chat;
  ChannelOptions channel;
  MqttOptions mqtt;
};

Status run(const CLI::App& app, Loads& loads, const Words& words) {
  const std::chrono::seconds duration(words.duration);
  if (app.got_subcommand("connect")) {
    UNHIDRA_TRY(loads.connect.local_addresses, parse_addresses(words.addresses));
    loads.connect.hold = std::chrono::seconds(words.hold);
    return run_connect(loads.connect);
  }
  if (app.got_subcommand("mqtt")) {
    UNHIDRA_TRY(loads.mqtt.rate, parse_rate(words.rate));
    loads.mqtt.duration = duration;
    return run_mqtt(loads.mqtt);
  }
  if (app.got_subcommand("channel")) {
    UNHIDRA_TRY(loads.channel.local_addresses, parse_addresses(words.addresses));
    loads.channel.duration = duration;
    if (loads.channel.clients + loads.channel.hands() >= loads.channel.members) {
      return fail(Errc::invalid,
                  "more --members than --clients, the one who makes the channel and, with "
                  "--first-commit, the one who follows it");
    }
    return run_channel(loads.channel);
  }
  auto& chat = loads.chat;
  UNHIDRA_TRY(chat.rate, parse_rate(words.rate));
  chat.duration = duration;
  if (chat.peers >= chat.senders || (chat.peers == 1 && chat.senders % 2 != 0)) {
    return fail(Errc::invalid, "an even number of senders, more than --peers, is needed");
  }
  return run_chat(chat);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Load for an Unhidra server; figures as JSON on standard output.", "unhidra-bench");
  app.require_subcommand(1);
  Loads loads;
  Words words;
  add_connect(app, loads.connect, words.addresses, words.hold);
  add_chat(app, loads.chat, words.rate, words.duration);
  add_channel(app, loads.channel, words.addresses, words.duration);
  add_mqtt(app, loads.mqtt, words.rate, words.duration);
  CLI11_PARSE(app, argc, argv);
  const auto status = run(app, loads, words);
  if (!status) {
    std::fprintf(stderr, "unhidra-bench: %s\n", status.error().message().c_str());
    return 1;
  }
  return 0;
}
