// `unhidra serve`.

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>

#include "unhidra/runtime/log.h"
#include "unhidra/runtime/runtime_settings.h"
#include "unhidra/runtime/signals.h"

#include "commands.h"
#include "composition.h"
#include "errc.h"
#include "free_port.h"

namespace unhidra::server {
namespace {

constexpr std::chrono::hours kCertificateCheck{12};

// What a signal asked for, handed to the main thread.
class Requests {
 public:
  enum class What : std::uint8_t { nothing, stop, reload };

  void stop(int count) {
    if (count > 1) {
      log::warn("server.stopped_at_once");
      log::flush();
      std::_Exit(130);  // asked twice: at once
    }
    put(What::stop);
  }
  void reload() { put(What::reload); }

  What wait(std::chrono::nanoseconds limit) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, limit, [&] { return what_ != What::nothing; });
    return std::exchange(what_, What::nothing);
  }

 private:
  void put(What what) {
    const std::lock_guard lock(mutex_);
    if (what_ != What::stop) {
      what_ = what;
    }
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  What what_ = What::nothing;
};

struct Summary {
  std::string auth_url;
  std::string gateway_url;
  bool web_client = false;
  std::string devices_url;
  std::string mqtt_url;  // empty: not served
  std::string mqtts_url;
  std::filesystem::path data;
  std::filesystem::path authority;
  std::string fingerprint;
  std::optional<std::string> setup_token;
};

// How to call the client from here: by its path when it lies beside this program, as in a build.
std::string client_program() {
  std::error_code error;
  const auto beside =
      std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "unhidra-cli";
  return !error && std::filesystem::exists(beside, error) ? beside.string() : "unhidra-cli";
}

// "wss://host:port/v1/ws" as the address of the web client.
std::string web_url(const Summary& summary) {
  return "https" + summary.gateway_url.substr(3, summary.gateway_url.rfind("/v1/ws") - 3);
}

void print_setup(const Summary& summary) {
  if (!summary.setup_token || summary.auth_url.empty()) {
    return;
  }
  std::printf(
      "\n  This server has no administrator yet. Its one-time set-up token:\n"
      "    %s\n"
      "  Create the first administrator with:\n"
      "    %s --server %s%s%s register --invite %s --username NAME\n",
      summary.setup_token->c_str(), client_program().c_str(), summary.auth_url.c_str(),
      summary.fingerprint.empty() ? "" : " --ca ",
      summary.fingerprint.empty() ? "" : summary.authority.c_str(), summary.setup_token->c_str());
  if (summary.web_client) {
    // After the '#': it does not reach the server's log.
    std::printf("  or in a browser:\n    %s/sign-up#%s\n", web_url(summary).c_str(),
                summary.setup_token->c_str());
  }
}

void print(const Summary& summary) {
  std::printf("Unhidra %s\n", UNHIDRA_VERSION);
  if (!summary.auth_url.empty()) {
    std::printf("  Auth     %s\n", summary.auth_url.c_str());
  }
  if (!summary.gateway_url.empty()) {
    std::printf("  Gateway  %s\n", summary.gateway_url.c_str());
    std::printf("  Web      %s\n",
                summary.web_client ? web_url(summary).c_str()
                                   : "none (build it with web/app/build.sh; gateway.web_client)");
  }
  if (!summary.devices_url.empty()) {
    std::printf("  Devices  %s\n", summary.devices_url.c_str());
  }
  if (!summary.mqtts_url.empty()) {
    std::printf("  MQTT     %s   %s (this machine)\n", summary.mqtts_url.c_str(),
                summary.mqtt_url.c_str());
  }
  std::printf("  Data     %s\n", summary.data.c_str());
  if (!summary.fingerprint.empty()) {
    std::printf("  CA       %s\n           SHA-256 %s\n", summary.authority.c_str(),
                summary.fingerprint.c_str());
  }
  print_setup(summary);
  std::printf("\nReady. Stop with Ctrl-C.\n");
  std::fflush(stdout);
}

Summary summarise(const runtime::Config& config, const Listening& ports,
                  const DataDirectory& directory, const TlsMaterial& tls) {
  Summary out{.auth_url = {},
              .gateway_url = ports.gateway_url,
              .web_client = ports.web_client,
              .devices_url = {},
              .mqtt_url = {},
              .mqtts_url = {},
              .data = directory.root,
              .authority = directory.ca_certificate(),
              .fingerprint = tls.authority_fingerprint,
              .setup_token = std::nullopt};
  if (ports.auth) {
    out.auth_url = "https://" + host_for_clients(auth::AuthSettings::from(config).listen.host) +
                   ":" + std::to_string(*ports.auth);
  }
  if (ports.devices) {
    const auto listen = automation::AutomationSettings::from(config).listen;
    out.devices_url =
        "https://" + host_for_clients(listen.host) + ":" + std::to_string(*ports.devices);
  }
  if (ports.mqtts != 0) {
    const auto settings = automation::AutomationSettings::from(config);
    out.mqtt_url =
        "mqtt://" + host_for_clients(settings.mqtt_listen.host) + ":" + std::to_string(ports.mqtt);
    out.mqtts_url = "mqtts://" + host_for_clients(settings.mqtts_listen.host) + ":" +
                    std::to_string(ports.mqtts);
  }
  return out;
}

net::TlsServerSettings copy_of(const net::TlsServerSettings& settings) {
  net::TlsServerSettings out;
  out.certificate_chain_pem = settings.certificate_chain_pem;
  out.private_key_pem = settings.private_key_pem.clone();
  out.session_tickets = settings.session_tickets;
  return out;
}

// Certificates that an operator has replaced, or that have grown old.
void reload_tls(net::TlsServerContext& context, net::TlsServerContext& device_context,
                net::TlsServerContext& mqtt_context, const Composition& composition,
                const ServerSettings& settings, const DataDirectory& directory) {
  const runtime::SystemClock clock;
  crypto::SystemRandom random;
  auto material = load_tls(settings, directory, clock, random);
  Status status = material ? Status() : Status(std::unexpect, material.error());
  if (status) {
    status = device_context.reload(composition.device_tls(copy_of(material->settings)));
  }
  if (status) {
    status = mqtt_context.reload(composition.mqtt_tls(copy_of(material->settings)));
  }
  if (status) {
    status = context.reload(std::move(material->settings));
  }
  if (status) {
    log::info("tls.reloaded");
  } else {
    log::error("tls.reload_failed",
               {{"error", status.error()}, {"message", status.error().message()}});
  }
}

void reload_log(const SourceOptions& sources, const runtime::Schema& schema) {
  const auto config = sources.load(schema);
  if (!config) {
    log::error("config.reload_failed", {{"message", config.error().message()}});
    return;
  }
  runtime::apply_log_settings(*config);
}

// `announce` says that the server is ready; from then on it must hear what it is told.
void run_until_stopped(Composition& composition, const std::function<void()>& announce,
                       const std::function<void()>& reload) {
  Requests requests;
  runtime::Signals signals(composition.io().at(0),
                           {.on_stop = [&](int count) { requests.stop(count); },
                            .on_reload = [&] { requests.reload(); }});
  announce();
  while (requests.wait(kCertificateCheck) != Requests::What::stop) {
    reload();
  }
}

}  // namespace

Result<int> serve(const SourceOptions& sources, const ServeOptions& options) {
  const auto schema = full_schema();
  UNHIDRA_TRY(auto config, sources.load(schema));
  const auto settings = ServerSettings::from(config);
  runtime::apply_log_settings(config);
  UNHIDRA_TRY(const auto roles, RoleChoice::parse(options.roles));
  UNHIDRA_TRY(const auto directory, DataDirectory::prepare(settings.data_directory));
  UNHIDRA_TRY(const auto lock, DirectoryLock::take(directory.lock()));
  if (options.next_free_port) {
    UNHIDRA_TRY(config, with_further_ports(sources, schema, config));
  }
  const runtime::SystemClock clock;
  crypto::SystemRandom random;
  UNHIDRA_TRY(auto tls, load_tls(settings, directory, clock, random));
  UNHIDRA_TRY(const auto composition, Composition::make(config, settings, directory, roles));
  UNHIDRA_TRY(const auto device_context,
              net::TlsServerContext::create(composition->device_tls(copy_of(tls.settings))));
  UNHIDRA_TRY(const auto mqtt_context,
              net::TlsServerContext::create(composition->mqtt_tls(copy_of(tls.settings))));
  UNHIDRA_TRY(const auto context, net::TlsServerContext::create(std::move(tls.settings)));
  if (auto started = composition->start(context, device_context, mqtt_context); !started) {
    composition->stop(settings.shutdown_deadline);
    return fail(std::move(started).error());
  }
  const auto listening = composition->listening();
  auto summary = summarise(config, listening, directory, tls);
  UNHIDRA_TRY(summary.setup_token, composition->renew_setup_token());
  const auto announce = [&] {
    print_moved_ports(schema, config, listening);
    print(summary);
    log::info("server.ready", {{"version", UNHIDRA_VERSION}});
  };
  const auto reload = [&] {
    reload_log(sources, schema);
    if (const auto loaded = composition->reload(); !loaded) {
      log::error("policy.reload_failed",
                 {{"error", loaded.error()}, {"message", loaded.error().message()}});
    }
    reload_tls(*context, *device_context, *mqtt_context, *composition, settings, directory);
  };
  run_until_stopped(*composition, announce, reload);
  log::info("server.stopping");
  composition->stop(settings.shutdown_deadline);
  log::info("server.stopped");
  log::flush();
  return 0;
}

}  // namespace unhidra::server
