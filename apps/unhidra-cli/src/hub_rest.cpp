#include "hub_rest.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>

#include "unhidra/base/text.h"
#include "unhidra/net/settings.h"
#include "unhidra/runtime/files.h"
#include "unhidra/runtime/settings.h"

#include "errc.h"
#include "json_fields.h"

namespace unhidra::cli {

namespace json = boost::json;

namespace {

constexpr std::string_view kPath = "/v1/device-commands";
constexpr std::string_view kBearer = "Bearer ";
constexpr std::uint64_t kMaxBody = 4096;
constexpr std::size_t kMinToken = 32;

net::HttpResponse answer(int status, const json::object& body, const char* type) {
  net::HttpResponse out{.status = status, .headers = {}, .body = {}};
  out.headers.add("Content-Type", type);
  out.headers.add("Cache-Control", "no-store");
  out.body = to_bytes(as_bytes(json::serialize(body)));
  return out;
}

net::HttpResponse problem(int status, std::string_view code, std::string_view title) {
  return answer(status, {{"status", status}, {"code", code}, {"title", title}},
                "application/problem+json");
}

net::HttpResponse refusal(actions::HubRefusal why) {
  switch (why) {
    case actions::HubRefusal::no_device:
      return problem(404, "hub.no_device", "No bridge of this hub has such a device.");
    case actions::HubRefusal::not_allowed:
      return problem(403, "hub.not_allowed", "The hub's rules do not allow it.");
    case actions::HubRefusal::needs_confirmation:
      return problem(409, "hub.needs_confirmation",
                     "People are asked before this is done: send \"confirm\": true.");
    case actions::HubRefusal::bad_command:
      break;
  }
  return problem(400, "hub.bad_command", "A command is one line of at most 200 bytes.");
}

net::HttpResponse told(const HubAnswer& what) {
  if (what.refusal) {
    return refusal(*what.refusal);
  }
  if (what.not_sent) {
    return problem(503, "hub.not_sent", what.not_sent->message());
  }
  if (!what.text) {
    return problem(504, "hub.no_answer",
                   "The device has not answered in time; whether it obeyed is not known.");
  }
  return answer(200, {{"request_id", what.request_id}, {"text", *what.text}}, "application/json");
}

std::optional<actions::HubRequest> read(const Bytes& body) {
  boost::system::error_code error;
  const auto value = json::parse(as_text(body), error);
  if (error || !value.is_object()) {
    return std::nullopt;
  }
  const auto& object = value.get_object();
  const auto* confirm = object.if_contains("confirm");
  if (confirm != nullptr && !confirm->is_bool()) {
    return std::nullopt;
  }
  return actions::HubRequest{.who = {},
                             .device = text_of(object, "device"),
                             .command = text_of(object, "command"),
                             .confirmed = confirm != nullptr && confirm->get_bool()};
}

}  // namespace

// An answer that somebody waits for.
struct HubRest::Awaited {
  explicit Awaited(const Executor& executor)
      : arrival(executor, boost::asio::steady_timer::time_point::max()) {}
  boost::asio::steady_timer arrival;  // cancelled when it is there
  std::optional<HubAnswer> answer;
};

HubRest::HubRest(Executor executor, SecretBytes token, std::string name, Ask ask)
    : executor_(std::move(executor)),
      token_(std::move(token)),
      name_(std::move(name)),
      ask_(std::move(ask)) {}

Status HubRest::start(std::string_view listen) {
  const auto at = runtime::parse_host_port(listen);
  // No TLS here: the token and what is said must not leave the machine.
  if (!at || (at->host != "127.0.0.1" && at->host != "::1")) {
    return fail(Errc::usage, "--listen takes an address of this machine, such as 127.0.0.1:9400");
  }
  net::ServerSettings settings;
  net::apply_listen(*at, settings);
  settings.max_connections = 100;
  server_ = std::make_unique<net::Server>(std::vector{executor_}, std::move(settings), nullptr,
                                          static_cast<net::HttpHandler&>(*this));
  return server_->start();
}

std::uint64_t HubRest::body_limit(const net::RequestHead&) {
  return kMaxBody;
}

bool HubRest::may(const net::RequestHead& head) const {
  const auto shown = head.headers.get("Authorization");
  return shown && shown->starts_with(kBearer) &&
         constant_time_equal(as_bytes(shown->substr(kBearer.size())), token_.expose());
}

Task<net::HttpResponse> HubRest::handle(net::HttpRequest request) {
  if (!may(request) || net::from_foreign_page(request)) {
    auto out = problem(401, "hub.unauthorized", "Show the hub's token: Authorization: Bearer ...");
    out.headers.add("WWW-Authenticate", "Bearer");
    co_return out;
  }
  if (request.path != kPath) {
    co_return problem(404, "hub.no_path", "There is " + std::string(kPath) + " alone.");
  }
  if (request.method != "POST") {
    auto out = problem(405, "hub.method", "Commands are posted.");
    out.headers.add("Allow", "POST");
    co_return out;
  }
  auto asked = read(request.body);
  if (!asked) {
    co_return problem(400, "hub.bad_request",
                      "Send {\"device\": ..., \"command\": ...} and, for locks, \"confirm\".");
  }
  asked->who = {.id = name_, .name = name_};
  const auto awaited = std::make_shared<Awaited>(co_await runtime::current_executor());
  ask_(*asked, [awaited](HubAnswer what) {
    awaited->answer = std::move(what);
    awaited->arrival.cancel();
  });
  if (!awaited->answer) {
    boost::system::error_code ignored;
    co_await awaited->arrival.async_wait(
        boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
  co_return awaited->answer ? told(*awaited->answer)
                            : problem(503, "hub.ending", "The hub is being ended.");
}

Result<SecretBytes> read_hub_token(const std::string& file) {
  auto text = runtime::read_secret_file(file, 4096);
  if (!text) {
    return fail(Errc::usage, "cannot read " + file + ": " + text.error().message());
  }
  const auto whole = as_text(text->expose());
  const auto token = whole.substr(0, whole.find_first_of("\r\n"));
  if (token.size() < kMinToken || whole.size() > token.size() + 2) {
    return fail(Errc::usage, file + ": expected one line of at least 32 characters");
  }
  return SecretBytes::copy_of(as_bytes(token));
}

}  // namespace unhidra::cli
