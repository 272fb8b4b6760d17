#include "commands.h"

#include <csignal>
#include <cstdio>
#include <thread>

#include <CLI/CLI.hpp>

#include "unhidra/base/text.h"
#include "unhidra/runtime/files.h"

#include "enrolment.h"
#include "group_files.h"
#include "output.h"
#include "runner.h"

namespace unhidra::device {
namespace {

volatile std::sig_atomic_t stop_asked = 0;

void on_signal(int) {
  stop_asked = 1;
}

bool is_stopping() {
  return stop_asked != 0;
}

struct Arguments {
  std::string dir = "device";
  // enrol
  std::string server;
  std::string broker;
  std::string device;
  std::string code;
  std::string code_file;
  std::string ca_file;
  std::string pin;
  double wait = 60;
  // run
  RunOptions run;
  double interval = 5;
  double twin_interval = 30;
  double duration = 0;
  std::uint32_t count = 0;
  // commission, join, group, listen, command
  std::string file;
  std::string owner;
  GroupRequest group;
  ListenOptions listen;
  std::string to;
  std::vector<std::string> words;
  double patience = 10;
};

std::chrono::milliseconds millis(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

Result<std::string> read_code(const Arguments& given) {
  if (given.code_file.empty()) {
    return given.code;
  }
  const auto text = runtime::read_secret_file(given.code_file, 1024);
  if (!text) {
    return fail(Errc::usage, given.code_file + ": " + text.error().message());
  }
  std::string out(as_text(text->expose()));
  out.erase(out.find_last_not_of(" \r\n\t") + 1);
  return out;
}

Result<HomeSettings> settings_of(const Arguments& given) {
  const auto device = DeviceId::parse(given.device);
  if (!device) {
    return fail(Errc::usage, "--device: " + device.error().message());
  }
  HomeSettings out{
      .device = *device, .enrolment = {}, .broker = {}, .ca_file = {}, .pinned_certificate = {}};
  UNHIDRA_TRY(out.enrolment, parse_address(given.server, "9300"));
  UNHIDRA_TRY(out.broker,
              parse_address(given.broker.empty() ? out.enrolment.host : given.broker, "8883"));
  if (given.ca_file.empty() == given.pin.empty()) {
    return fail(Errc::usage, "one of --ca and --pin says which server is to be trusted");
  }
  if (!given.ca_file.empty()) {
    out.ca_file = std::filesystem::absolute(given.ca_file).string();
    return out;
  }
  const auto pin = from_hex(given.pin);
  if (!pin || pin->size() != 32) {
    return fail(Errc::usage, "--pin: the SHA-256 of a certificate has 64 hexadecimal digits");
  }
  out.pinned_certificate.emplace();
  std::ranges::copy(*pin, out.pinned_certificate->begin());
  return out;
}

Status do_enrol(const Arguments& given) {
  UNHIDRA_TRY(const auto settings, settings_of(given));
  UNHIDRA_TRY(const auto code, read_code(given));
  UNHIDRA_TRY_VOID(Home::create(given.dir, settings));
  UNHIDRA_TRY(const auto home, Home::open(given.dir));
  if (!code.empty() && uh_enrol_new_code(&home->enrol) != UH_OK) {
    return fail(Errc::bad_home, "the device's flash does not take what is to be stored");
  }
  return enrol(*home, code, millis(given.wait));
}

Status do_renew(const Arguments& given) {
  UNHIDRA_TRY(const auto home, Home::open(given.dir));
  if (!uh_enrol_has_certificate(&home->enrol, home->uptime())) {
    return fail(Errc::needs_code, "there is no certificate to renew: enrol with a code");
  }
  home->enrol.renew_at = 0;
  const auto until = home->uptime() + static_cast<std::uint64_t>(given.wait * 1000);
  // Two steps: the first one may find that a renewal is under way already.
  do {
    UNHIDRA_TRY(const auto next, enrol_step(*home, ""));
    if (home->enrol.phase == UH_ENROL_HOLDS) {
      return {};
    }
    if (next > until) {
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  } while (home->uptime() < until && !is_stopping());
  return fail(Errc::timed_out, "not renewed in time; the present certificate stays");
}

Status do_run(Arguments& given) {
  UNHIDRA_TRY(given.run.code, read_code(given));
  UNHIDRA_TRY(const auto home, Home::open(given.dir));
  given.run.interval = millis(given.interval);
  given.run.twin_interval = millis(given.twin_interval);
  if (given.duration > 0) {
    given.run.duration = millis(given.duration);
  }
  if (given.count > 0) {
    given.run.count = given.count;
  }
  return run(*home, given.run, is_stopping);
}

Status do_status(const Arguments& given) {
  UNHIDRA_TRY(const auto home, Home::open(given.dir));
  const bool has_certificate = uh_enrol_has_certificate(&home->enrol, home->uptime());
  boost::json::object out = {{"device", home->device_id()},
                             {"enrolment", home->settings().enrolment.to_string()},
                             {"broker", home->settings().broker.to_string()},
                             {"has_certificate", has_certificate},
                             {"waiting", uh_ring_waiting(&home->ring)},
                             {"lost", home->ring.lost},
                             {"policy_version", home->policy.version}};
  if (has_certificate) {
    out["expires_at"] =
        to_rfc3339(from_unix_micros(static_cast<std::int64_t>(home->enrol.expires_at * 1000)));
  }
  if (home->has_group()) {
    out["group"] = to_hex(home->group.id);
    out["epoch"] = home->group.current.number;
  }
  say("status", std::move(out));
  return {};
}

Status do_keys(const Arguments& given) {
  UNHIDRA_TRY(const auto home, Home::open(given.dir));
  std::puts(public_document(*home).c_str());
  return {};
}

Status do_commission(const Arguments& given) {
  UNHIDRA_TRY(const auto home, Home::open(given.dir));
  UNHIDRA_TRY_VOID(commission(*home, given.owner));
  std::puts(public_document(*home).c_str());
  return {};
}

Status do_join(const Arguments& given) {
  UNHIDRA_TRY(const auto home, Home::open(given.dir));
  UNHIDRA_TRY_VOID(join_group(*home, given.file));
  say("group.joined", {{"group", to_hex(home->group.id)},
                       {"epoch", home->group.current.number},
                       {"policy_version", home->policy.version}});
  return {};
}

Status do_group(const Arguments& given) {
  UNHIDRA_TRY(const auto home, Home::open(given.dir));
  UNHIDRA_TRY(const auto epoch, make_group(*home, given.group));
  say("group.made", {{"epoch", epoch}, {"members", given.group.members.size()}});
  return {};
}

Status do_listen(Arguments& given) {
  UNHIDRA_TRY(const auto home, Home::open(given.dir));
  if (given.count > 0) {
    given.listen.count = given.count;
  }
  if (given.duration > 0) {
    given.listen.duration = millis(given.duration);
  }
  return listen(*home, given.listen, is_stopping);
}

Status do_deliver(const Arguments& given) {
  const auto to = DeviceId::parse(given.to);
  if (!to) {
    return fail(Errc::usage, "--to: " + to.error().message());
  }
  UNHIDRA_TRY(const auto keys, read_delivery(given.file));
  UNHIDRA_TRY(const auto home, Home::open(given.dir));
  UNHIDRA_TRY_VOID(deliver(*home, *to, keys, millis(given.patience), is_stopping));
  say("delivered", {{"to", given.to}});
  return {};
}

Status do_command(const Arguments& given) {
  const auto to = DeviceId::parse(given.to);
  if (!to) {
    return fail(Errc::usage, "--to: " + to.error().message());
  }
  UNHIDRA_TRY(const auto home, Home::open(given.dir));
  std::string text;
  for (const auto& word : given.words) {
    text += (text.empty() ? "" : " ") + word;
  }
  UNHIDRA_TRY(
      const auto answer,
      command(*home, {.to = *to, .text = text, .patience = millis(given.patience)}, is_stopping));
  say("answer", {{"text", answer}});
  return answer.starts_with("error") ? fail(Errc::refused, answer) : Status();
}

// ---- options ----

using Action = std::function<Status()>;

void add_code(CLI::App& app, Arguments& given) {
  auto* code = app.add_option("--code", given.code, "One-time code");
  app.add_option("--code-file", given.code_file, "File with the one-time code")
      ->check(CLI::ExistingFile)
      ->excludes(code);
}

void add_enrol(CLI::App& app, Arguments& given, Action& action) {
  auto* word =
      app.add_subcommand("enrol", "Make keys, and get a certificate with a one-time code (EST)");
  word->add_option("--server", given.server, "Where devices enrol, HOST[:9300]")->required();
  word->add_option("--broker", given.broker, "MQTT over TLS, HOST[:8883]; as --server without it");
  word->add_option("--device", given.device, "Its id, as the server told")->required();
  word->add_option("--ca", given.ca_file, "PEM file of the server's certificate authority")
      ->check(CLI::ExistingFile);
  word->add_option("--pin", given.pin, "SHA-256 of the server's own certificate instead");
  word->add_option("--wait", given.wait, "Seconds to try, or to wait for approval")
      ->check(CLI::Range(0.1, 1e6));
  add_code(*word, given);
  word->callback([&] { action = [&] { return do_enrol(given); }; });
  auto* renew = app.add_subcommand(
      "renew", "Get a new certificate now, not at two thirds of the old one's life");
  renew->add_option("--wait", given.wait, "Seconds to try")->check(CLI::Range(0.1, 1e6));
  renew->callback([&] { action = [&] { return do_renew(given); }; });
}

void add_run(CLI::App& app, Arguments& given, Action& action) {
  auto* word =
      app.add_subcommand("run", "Measure, publish, and do what the group's controllers say");
  word->add_option("--kind", given.run.kind, "sensor, light or thermostat")
      ->check(CLI::IsMember({"sensor", "light", "thermostat"}));
  word->add_option("--interval", given.interval, "Seconds between measurements")
      ->check(CLI::Range(0.01, 1e6));
  word->add_option("--twin-interval", given.twin_interval,
                   "Seconds between two looks at what is wanted of it (its twin)")
      ->check(CLI::Range(0.1, 1e6));
  word->add_option("--for", given.duration, "Stop after so many seconds");
  word->add_option("--count", given.count, "Stop when so many measurements were delivered");
  word->add_flag("--system-clock", given.run.system_clock,
                 "This machine's clock is right; without it, commands are asked back until one of "
                 "the group says what time it is");
  word->add_flag("--offline", given.run.offline, "Measure, but do not connect");
  word->add_option("--topic", given.run.topic, "Of the readings; devices/ID/telemetry without it");
  add_code(*word, given);
  word->callback([&] { action = [&] { return do_run(given); }; });
}

void add_small(CLI::App& app, Arguments& given, Action& action) {
  app.add_subcommand("status", "What this device knows of itself")->callback([&] {
    action = [&] { return do_status(given); };
  });
  app.add_subcommand("keys", "Its public keys, for the owner of a group")->callback([&] {
    action = [&] { return do_keys(given); };
  });
  auto* told = app.add_subcommand(
      "commission", "Believe this owner, and show the code with which it lets the device in");
  told->add_option("--owner", given.owner, "The owner's key, as `unhidra-cli device owner` says")
      ->required();
  told->callback([&] { action = [&] { return do_commission(given); }; });
  auto* join =
      app.add_subcommand("join", "Believe a group file that the owner made for this device");
  join->add_option("file", given.file)->required()->check(CLI::ExistingFile);
  join->callback([&] { action = [&] { return do_join(given); }; });
}

void add_group(CLI::App& app, Arguments& given, Action& action) {
  auto* word = app.add_subcommand(
      "group", "As an owner, on a controller: make a device group, or its next epoch");
  word->add_option("--owner", given.group.owner_file, "The owner's file; made when it is not there")
      ->required();
  word->add_option("--topics", given.group.topic_filters, "Topic filters")->required();
  word->add_option("--member", given.group.members, "ROLE:FILE, FILE as `keys` wrote it")
      ->required();
  word->add_option(
      "--allow", given.group.rules,
      "ROLE:COMMAND that devices obey, ROLE any for all; with ! behind it only as answer to "
      "a challenge");
  word->add_option("--out", given.group.out, "Folder for the members' files")->required();
  word->callback([&] { action = [&] { return do_group(given); }; });
}

void add_controller(CLI::App& app, Arguments& given, Action& action) {
  auto* word = app.add_subcommand(
      "command", "As a controller or hub: command a device, and wait for its answer");
  word->add_option("--to", given.to, "The device's id")->required();
  word->add_option("--wait", given.patience, "Seconds to wait for the answer")
      ->check(CLI::Range(0.1, 1e6));
  word->add_option("words", given.words, "The command and its arguments")->required();
  word->callback([&] { action = [&] { return do_command(given); }; });
  auto* post =
      app.add_subcommand("deliver", "Publish a group file that the owner made for another device");
  post->add_option("--to", given.to, "The device's id")->required();
  post->add_option("--wait", given.patience, "Seconds to try")->check(CLI::Range(0.1, 1e6));
  post->add_option("file", given.file)->required()->check(CLI::ExistingFile);
  post->callback([&] { action = [&] { return do_deliver(given); }; });
  auto* ear = app.add_subcommand("listen", "As a controller or hub: show what the group publishes");
  ear->add_option("--filter", given.listen.filter, "MQTT topic filter");
  ear->add_option("--count", given.count, "Stop after so many payloads");
  ear->add_option("--for", given.duration, "Stop after so many seconds");
  ear->callback([&] { action = [&] { return do_listen(given); }; });
}

void prepare_signals() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

int run_command_line(int argc, char** argv) {
  Arguments given;
  Action action;
  CLI::App app(
      "A device of Unhidra: enrols, measures, publishes, obeys. What happens is told as one JSON\n"
      "object a line on standard output.",
      "unhidra-device");
  app.add_option("--dir", given.dir, "The device's folder")->capture_default_str();
  app.require_subcommand(1);
  add_enrol(app, given, action);
  add_run(app, given, action);
  add_small(app, given, action);
  add_group(app, given, action);
  add_controller(app, given, action);
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 usage, 3 a (new) one-time code is needed, 4 no answer in "
      "time,\n"
      "5 the server is not trusted, 6 refused.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::usage);
  }
  prepare_signals();
  const auto done = action();
  if (!done) {
    std::fprintf(stderr, "unhidra-device: %s\n", done.error().message().c_str());
    return static_cast<int>(exit_code_of(done.error()));
  }
  return 0;
}

}  // namespace unhidra::device
