#include "app.h"

#include <iostream>

#include <boost/json/object.hpp>

#include "unhidra/base/text.h"
#include "unhidra/runtime/files.h"
#include "unhidra/runtime/settings.h"

#include "errc.h"

namespace unhidra::cli {

namespace {

constexpr std::size_t kMaxCertificates = 1 << 20;
constexpr std::size_t kMaxEvents = 10'000;
constexpr std::uint16_t kGatewayPort = 9000;
// RFC 9106 names more for those that have it; below, a passphrase is guessed too cheaply.
constexpr auto kMinPassphraseMemory = runtime::mebibytes(1);
constexpr auto kMaxPassphraseMemory = runtime::mebibytes(256);

}  // namespace

App::App(Options options, const Surroundings& around)
    : options_(std::move(options)),
      around_(around),
      output_(around, options_.json, options_.quiet) {}
App::~App() = default;

std::string App::default_profile() const {
  const auto data = around_.variable("XDG_DATA_HOME");
  const auto home = around_.variable("HOME");
  return (data.empty() ? home + "/.local/share" : data) + "/unhidra/default";
}

std::string App::state_directory() const {
  const auto state = around_.variable("XDG_STATE_HOME");
  const auto home = around_.variable("HOME");
  if (state.empty() && home.empty()) {
    return {};
  }
  return (state.empty() ? home + "/.local/state" : state) + "/unhidra";
}

Status App::open_profile() {
  auto opened = Profile::open(options_.profile.empty() ? default_profile() : options_.profile);
  if (!opened) {
    return fail(std::move(opened).error());
  }
  profile_.emplace(std::move(*opened));
  if (!options_.server.empty()) {
    UNHIDRA_TRY_VOID(parse_endpoint(options_.server));
    profile_->settings.server = options_.server;
  }
  if (!options_.gateway.empty()) {
    UNHIDRA_TRY_VOID(parse_endpoint(options_.gateway));
    profile_->settings.gateway = options_.gateway;
  }
  return apply_trust();
}

// Whom to believe, from the command line; what the profile remembers otherwise.
Status App::apply_trust() {
  auto& settings = profile_->settings;
  if (!options_.ca_file.empty()) {
    const auto pem = runtime::read_file(options_.ca_file, kMaxCertificates);
    if (!pem) {
      return fail(Errc::usage, "cannot read " + options_.ca_file + ": " + pem.error().message());
    }
    settings.ca_pem = as_text(*pem);
    settings.fingerprint.clear();
  }
  if (!options_.fingerprint.empty()) {
    auto hex = options_.fingerprint;
    std::erase(hex, ':');
    const auto bytes = from_hex(hex);
    if (!bytes || bytes->size() != 32) {
      return fail(Errc::usage,
                  "--trust-fingerprint takes the 64 hexadecimal digits of a SHA-256 "
                  "fingerprint");
    }
    settings.fingerprint = to_hex(*bytes);
    // Given on purpose: remembered from now on.
    if (profile_->has_store()) {
      return profile_->save_settings();
    }
  }
  return {};
}

Result<SecretBytes> App::passphrase(bool fresh) const {
  if (!options_.passphrase_file.empty()) {
    return secret_from_file(around_, options_.passphrase_file);
  }
  if (auto given = around_.variable("UNHIDRA_PASSPHRASE"); !given.empty()) {
    return SecretBytes::copy_of(as_bytes(given));
  }
  if (!around_.in_is_terminal) {
    return fail(Errc::no_passphrase,
                "the profile is sealed with a passphrase: set UNHIDRA_PASSPHRASE or name a "
                "--passphrase-file");
  }
  if (fresh) {
    return ask_new_secret(around_, "New passphrase for this profile");
  }
  return ask_secret(around_, "Passphrase of this profile");
}

Result<crypto::Argon2Cost> App::passphrase_cost() const {
  crypto::Argon2Cost cost;
  const auto given = options_.passphrase_memory.empty()
                         ? around_.variable("UNHIDRA_PASSPHRASE_MEMORY")
                         : options_.passphrase_memory;
  if (given.empty()) {
    return cost;
  }
  const auto memory = runtime::parse_byte_size(given);
  if (!memory || *memory < kMinPassphraseMemory || *memory > kMaxPassphraseMemory) {
    return fail(Errc::usage,
                "the memory for a passphrase is a size from 1MiB to 256MiB, not \"" + given + "\"");
  }
  cost.memory_kib = static_cast<std::uint32_t>(memory->bytes / runtime::kibibytes(1).bytes);
  return cost;
}

Status App::open_store() {
  VaultOptions options;
  UNHIDRA_TRY(options.cost, passphrase_cost());
  options.keychain = desktop_keychain();
  options.passphrase_given =
      !options_.passphrase_file.empty() || !around_.variable("UNHIDRA_PASSPHRASE").empty();
  options.ask = [this](bool fresh) { return passphrase(fresh); };
  UNHIDRA_TRY(store_, profile_->open_store(crypto::native_provider(), random_, options));
  return {};
}

Status App::open_engine() {
  const client::Dependencies dependencies{*store_, crypto::native_provider(), random_, clock_};
  client::Limits limits;
  limits.spread_reports = false;  // a command has ended before
  UNHIDRA_TRY(auto engine, client::Engine::open(dependencies, limits));
  if (engine.enrolled()) {
    generation_ = std::make_unique<GenerationFile>(state_directory(), engine.account()->device);
    if (engine.generation() < generation_->last()) {
      UNHIDRA_TRY(engine, client::Engine::open(dependencies, limits, generation_->last()));
    }
  }
  engine_.emplace(std::move(engine));
  return {};
}

Status App::open_device() {
  UNHIDRA_TRY_VOID(open_profile());
  if (!profile_->has_store()) {
    return fail(Errc::not_logged_in,
                "this profile holds no device yet: run unhidra-cli register or unhidra-cli login");
  }
  UNHIDRA_TRY_VOID(open_store());
  UNHIDRA_TRY_VOID(open_engine());
  if (!engine_->enrolled()) {
    return fail(Errc::not_logged_in,
                "the login was not completed: run unhidra-cli login once more");
  }
  return {};
}

Status App::ready_rest() {
  const auto& server = profile_->settings.server;
  if (server.empty()) {
    return fail(Errc::usage, "which server? Name it with --server https://host:9200");
  }
  UNHIDRA_TRY(auto tls, profile_->tls());
  rest_ = std::make_unique<Rest>(server, std::move(tls), clock_);
  return {};
}

// The server's address is a good one.
std::string App::gateway_url() const {
  if (!profile_->settings.gateway.empty()) {
    return profile_->settings.gateway;
  }
  const auto host = parse_endpoint(profile_->settings.server)->host;
  const bool numeric6 = host.find(':') != std::string::npos;
  return "wss://" + (numeric6 ? "[" + host + "]" : host) + ":" + std::to_string(kGatewayPort) +
         "/v1/ws";
}

Status App::open_connection(bool persistent) {
  if (!rest_) {
    UNHIDRA_TRY_VOID(ready_rest());
  }
  UNHIDRA_TRY(auto login, load_login(*store_));
  if (!login) {
    return fail(Errc::not_logged_in, "this profile holds no session: log in again");
  }
  tokens_ = std::make_unique<TokenKeeper>(*rest_, *store_, random_, clock_, std::move(*login));
  UNHIDRA_TRY_VOID(parse_endpoint(profile_->settings.server));
  DriverSettings settings;
  settings.gateway = gateway_url();
  UNHIDRA_TRY(settings.tls, profile_->tls());
  settings.persistent = persistent;
  if (!generation_) {
    generation_ = std::make_unique<GenerationFile>(state_directory(), engine_->account()->device);
  }
  driver_ =
      std::make_unique<Driver>(*engine_, *tokens_, *generation_, random_, std::move(settings));
  driver_->on_event = [this](const client::Event& event) { note_event(event); };
  return {};
}

void App::note_event(const client::Event& event) {
  show_event(output_, event, Names(*engine_));
  if (events_.size() < kMaxEvents) {
    events_.push_back(event);
  }
  if (on_event_) {
    on_event_(event);
  }
}

Status App::settle(std::chrono::seconds timeout) {
  return driver_->run_until([this] { return engine_->idle(); }, timeout);
}

Status App::run() {
  switch (options_.command) {
    case Command::sign_up:
    case Command::log_in:
      return sign_up_or_log_in();
    case Command::log_out:
      return log_out();
    case Command::status:
      return status();
    case Command::devices_list:
      return list_devices();
    case Command::devices_approve:
      return approve_device();
    case Command::devices_revoke:
      return revoke_device();
    case Command::recovery_show:
      return show_recovery_code();
    case Command::recovery_use:
      return recover();
    case Command::begin_anew:
      return begin_anew();
    case Command::history_receive:
      return receive_history();
    case Command::history_send:
      return send_history();
    case Command::iot:
      return iot();
    case Command::hub:
      return run_hub();
    case Command::invite:
      return invite();
    case Command::verify:
      return verify();
    case Command::send:
      return send();
    case Command::listen:
      return listen();
    case Command::chat:
      return chat();
    case Command::presence:
      return show_presence();
    case Command::people:
      return search_people();
    case Command::profile_show:
    case Command::profile_name:
      return own_profile();
    case Command::history:
      return history();
    case Command::export_all:
      return export_all();
    case Command::group_list:
    case Command::group_create:
    case Command::group_add:
    case Command::group_remove:
    case Command::group_leave:
    case Command::group_members:
    case Command::group_rename:
    case Command::group_history:
    case Command::group_reset:
      return group_command();
    case Command::message:
      return message_command();
    case Command::place:
      return place_command();
    case Command::file:
      return file_command();
    case Command::import:
      return import_slack();
    case Command::completion:  // was answered with the command line
      return {};
  }
  return {};
}

int run(int argc, const char* const* argv, const Surroundings& around) {
  auto parsed = parse_command_line(argc, argv);
  if (!parsed.options) {
    (parsed.exit_code == 0 ? *around.out : *around.err) << parsed.text << std::flush;
    return parsed.exit_code;
  }
  App app(std::move(*parsed.options), around);
  const auto done = app.run();
  if (done) {
    return static_cast<int>(ExitCode::ok);
  }
  app.output().error(done.error());
  return static_cast<int>(exit_code_of(done.error()));
}

}  // namespace unhidra::cli
