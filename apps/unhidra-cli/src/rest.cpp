#include "rest.h"

#include <boost/json.hpp>

#include "unhidra/base/text.h"
#include "unhidra/net/certificate_probe.h"
#include "unhidra/net/errc.h"
#include "unhidra/net/http_client.h"

#include "errc.h"
#include "json_fields.h"

namespace unhidra::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxResponse = 1 << 20;
constexpr std::chrono::minutes kTransferTimeout{5};  // of one part of a file
constexpr std::uint16_t kAuthPort = 9200;
constexpr std::uint16_t kGatewayPort = 9000;

std::int64_t number_of(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_int64() ? found->get_int64() : 0;
}

template <class T>
Result<T> id_of(const json::object& object, std::string_view name) {
  auto id = T::parse(text_of(object, name));
  if (!id) {
    return fail(Errc::server_failed, "the server's answer lacks " + std::string(name));
  }
  return id;
}

Errc errc_of(int status) {
  switch (status) {
    case 401:
    case 403:
      return Errc::refused;
    case 404:
      return Errc::not_found;
    case 409:
      return Errc::conflict;
    case 429:
      return Errc::rate_limited;
    default:
      return status >= 500 ? Errc::unreachable : Errc::failed;
  }
}

std::string code_of(const net::HttpResponse& response) {
  boost::system::error_code ignored;
  const auto body = json::parse(std::string_view(as_text(response.body)), ignored);
  return !ignored && body.is_object() ? text_of(body.get_object(), "code") : std::string();
}

// RFC 9457.
Error problem(const net::HttpResponse& response) {
  std::string detail = "the server answered " + std::to_string(response.status);
  boost::system::error_code ignored;
  const auto body = json::parse(std::string_view(as_text(response.body)), ignored);
  if (!ignored && body.is_object()) {
    const auto told = text_of(body.get_object(), "detail");
    const auto code = text_of(body.get_object(), "code");
    if (!told.empty()) {
      detail = printable(told) + (code.empty() ? "" : " (" + printable(code) + ")");
    }
  }
  if (response.status == 429) {
    if (const auto after = response.headers.get("Retry-After")) {
      detail += "; try again in " + printable(*after) + " s";
    }
  }
  return {errc_of(response.status), std::move(detail)};
}

std::string spaced_hex(ByteView bytes) {
  std::string out;
  for (const auto byte : bytes) {
    out += (out.empty() ? "" : ":") + to_hex({&byte, 1});
  }
  return out;
}

}  // namespace

Result<Endpoint> parse_endpoint(const std::string& url) {
  const auto bad = [&] {
    return fail(Errc::usage,
                "not a server address: " + printable(url) + " (expected https://host:port)");
  };
  Endpoint out;
  const auto colon = url.find("://");
  if (colon == std::string::npos) {
    return bad();
  }
  out.scheme = url.substr(0, colon);
  const auto begin = colon + 3;
  const auto slash = std::min(url.find('/', begin), url.size());
  out.target = url.substr(slash);
  auto authority = url.substr(begin, slash - begin);
  const auto bracket = authority.rfind(']');
  const auto port = authority.rfind(':');
  out.port = out.scheme == "wss" ? kGatewayPort : kAuthPort;
  if (port != std::string::npos && (bracket == std::string::npos || port > bracket)) {
    int number = 0;
    for (const char digit : authority.substr(port + 1)) {
      if (digit < '0' || digit > '9' || number > 65'535) {
        return bad();
      }
      number = number * 10 + (digit - '0');
    }
    if (number == 0 || number > 65'535) {
      return bad();
    }
    out.port = static_cast<std::uint16_t>(number);
    authority.resize(port);
  }
  if (authority.size() > 2 && authority.front() == '[' && authority.back() == ']') {
    authority = authority.substr(1, authority.size() - 2);
  }
  out.host = authority;
  const bool known = out.scheme == "https" || out.scheme == "wss";
  if (out.host.empty() || !known || out.host.find('@') != std::string::npos) {
    return bad();
  }
  return out;
}

Error untrusted_server(const std::string& url, const std::string& why) {
  std::string message = why;
  if (const auto endpoint = parse_endpoint(url)) {
    const auto seen =
        net::probe_certificate(endpoint->host, endpoint->port, std::chrono::seconds(5));
    if (seen) {
      message +=
          ".\nThe server shows a certificate with the SHA-256 fingerprint\n  " + spaced_hex(*seen) +
          "\nCompare it with the one the server's administrator tells (it is printed when the "
          "server starts). If it is the same, pin it:\n  --trust-fingerprint " +
          to_hex(*seen) + "\nor name the authority that issued it: --ca FILE";
    }
  }
  return {Errc::untrusted_server, std::move(message)};
}

Rest::Rest(std::string server, net::TlsClientSettings tls, const Clock& clock)
    : server_(std::move(server)), clock_(&clock) {
  while (server_.ends_with('/')) {
    server_.pop_back();
  }
  net::HttpClientSettings settings;
  settings.tls = std::move(tls);
  settings.user_agent = "unhidra-cli";
  http_ = std::make_unique<net::HttpClient>(std::move(settings));
}
Rest::~Rest() = default;

Result<json::value> Rest::call(std::string method, const std::string& path,
                               const json::object* body, const std::string& access_token) {
  net::HttpRequestSpec request;
  request.method = std::move(method);
  request.url = server_ + path;
  request.max_response_bytes = kMaxResponse;
  request.headers.add("Accept", "application/json");
  if (body != nullptr) {
    request.headers.add("Content-Type", "application/json");
    request.body = to_bytes(json::serialize(*body));
  }
  UNHIDRA_TRY(const auto response, ask(std::move(request), access_token));
  if (response.body.empty()) {
    return json::value(nullptr);
  }
  boost::system::error_code error;
  auto parsed = json::parse(std::string_view(as_text(response.body)), error);
  if (error) {
    return fail(Errc::server_failed, "the server's answer is no JSON");
  }
  return parsed;
}

Status Rest::put_bytes(const std::string& path, ByteView bytes, const std::string& access_token) {
  net::HttpRequestSpec request;
  request.method = "PUT";
  request.url = server_ + path;
  request.max_response_bytes = kMaxResponse;
  request.timeout = kTransferTimeout;
  request.headers.add("Content-Type", "application/octet-stream");
  request.body = to_bytes(bytes);
  UNHIDRA_TRY_VOID(ask(std::move(request), access_token));
  return {};
}

Result<Bytes> Rest::get_bytes(const std::string& path, std::uint64_t from, std::uint64_t to,
                              const std::string& access_token) {
  net::HttpRequestSpec request;
  request.url = server_ + path;
  request.max_response_bytes = static_cast<std::size_t>(to - from) + kMaxResponse;
  request.timeout = kTransferTimeout;
  request.headers.add("Range", "bytes=" + std::to_string(from) + "-" + std::to_string(to - 1));
  UNHIDRA_TRY(auto response, ask(std::move(request), access_token));
  if (response.body.size() != to - from) {
    return fail(Errc::server_failed, "the server has sent another size than was asked for");
  }
  return std::move(response.body);
}

Result<net::HttpResponse> Rest::ask(net::HttpRequestSpec request, const std::string& access_token) {
  last_refusal_.clear();
  if (!access_token.empty()) {
    request.headers.add("Authorization", "Bearer " + access_token);
  }
  auto response = http_->fetch_sync(std::move(request));
  if (!response) {
    if (response.error() == net::Errc::untrusted) {
      return fail(untrusted_server(
          server_, "the server's certificate is not trusted: " + response.error().message()));
    }
    return fail(Errc::unreachable, "cannot reach " + server_ + ": " + response.error().message());
  }
  if (response->status >= 300) {
    last_refusal_ = code_of(*response);
    return fail(problem(*response));
  }
  return std::move(*response);
}

Result<Tokens> Rest::tokens_of(Result<json::value> answer) const {
  UNHIDRA_TRY(const auto object, object_of(std::move(answer)));
  Tokens out;
  out.access_token = text_of(object, "access_token");
  out.refresh_token = text_of(object, "refresh_token");
  out.access_expires_at = clock_->now() + std::chrono::seconds(number_of(object, "expires_in"));
  out.gateway_url = text_of(object, "gateway_url");
  const auto* must = object.if_contains("must_change_password");
  out.must_change_password = must != nullptr && must->is_bool() && must->get_bool();
  UNHIDRA_TRY(out.user, id_of<UserId>(object, "user_id"));
  if (out.access_token.empty() || out.refresh_token.empty()) {
    return fail(Errc::server_failed, "the server's answer holds no tokens");
  }
  return out;
}

Result<Tokens> Rest::sign_up(const Credentials& credentials) {
  json::object body{{"username", credentials.username}, {"password", credentials.password}};
  if (!credentials.invitation.empty()) {
    body["invitation"] = credentials.invitation;
  }
  if (!credentials.display_name.empty()) {
    body["display_name"] = credentials.display_name;
  }
  if (!credentials.organization.empty()) {
    body["organization"] = credentials.organization;
  }
  return tokens_of(call("POST", "/v1/register", &body, {}));
}

Result<Tokens> Rest::log_in(const Credentials& credentials) {
  json::object body{{"username", credentials.username}, {"password", credentials.password}};
  if (!credentials.organization.empty()) {
    body["organization"] = credentials.organization;
  }
  if (credentials.device) {
    body["device_id"] = credentials.device->to_string();
  }
  return tokens_of(call("POST", "/v1/login", &body, {}));
}

Result<Tokens> Rest::refresh(const std::string& refresh_token, const std::string& retry_key) {
  const json::object body{{"refresh_token", refresh_token}, {"retry_key", retry_key}};
  auto answer = call("POST", "/v1/token/refresh", &body, {});
  if (!answer && answer.error() == Errc::refused) {
    return fail(Errc::session_ended, "the server has ended this session: log in again (" +
                                         answer.error().message() + ")");
  }
  return tokens_of(std::move(answer));
}

Status Rest::log_out(const std::string& access_token) {
  UNHIDRA_TRY_VOID(call("POST", "/v1/logout", nullptr, access_token));
  return {};
}

Status Rest::change_password(const std::string& access_token, const std::string& current,
                             const std::string& fresh) {
  const json::object body{{"current_password", current}, {"new_password", fresh}};
  UNHIDRA_TRY_VOID(call("POST", "/v1/account/password", &body, access_token));
  return {};
}

Result<NewDevice> Rest::register_device(const std::string& access_token, const std::string& name) {
  const json::object body{{"name", name}, {"platform", "cli"}};
  UNHIDRA_TRY(const auto object, object_of(call("POST", "/v1/devices", &body, access_token)));
  NewDevice out;
  UNHIDRA_TRY(out.device, id_of<DeviceId>(object, "device_id"));
  out.access_token = text_of(object, "access_token");
  out.access_expires_at = clock_->now() + std::chrono::seconds(number_of(object, "expires_in"));
  out.gateway_url = text_of(object, "gateway_url");
  return out;
}

Result<std::vector<ServerDevice>> Rest::devices(const std::string& access_token) {
  std::vector<ServerDevice> out;
  std::string cursor;
  do {
    UNHIDRA_TRY(
        const auto page,
        object_of(call("GET", "/v1/devices?limit=200" + (cursor.empty() ? "" : "&cursor=" + cursor),
                       nullptr, access_token)));
    const auto* items = page.if_contains("items");
    if (items == nullptr || !items->is_array()) {
      return fail(Errc::server_failed, "the server's answer lists no devices");
    }
    for (const auto& item : items->get_array()) {
      if (!item.is_object()) {
        continue;
      }
      const auto& object = item.get_object();
      UNHIDRA_TRY(const auto id, id_of<DeviceId>(object, "device_id"));
      out.push_back({id, text_of(object, "name"), text_of(object, "created_at"),
                     text_of(object, "last_seen_at"), !text_of(object, "revoked_at").empty()});
    }
    cursor = text_of(page, "next_cursor");
  } while (!cursor.empty() && out.size() < 1000);
  return out;
}

Status Rest::revoke_device(const std::string& access_token, DeviceId device) {
  UNHIDRA_TRY_VOID(call("DELETE", "/v1/devices/" + device.to_string(), nullptr, access_token));
  return {};
}

Result<Invitation> Rest::invite(const std::string& access_token, const std::string& role,
                                std::uint64_t hours) {
  constexpr std::uint64_t kSecondsPerHour = 3600;
  json::object body;
  if (!role.empty()) {
    body["role"] = role;
  }
  if (hours > 0) {
    body["expires_in"] = hours * kSecondsPerHour;
  }
  UNHIDRA_TRY(const auto object, object_of(call("POST", "/v1/invitations", &body, access_token)));
  Invitation out{text_of(object, "token"), text_of(object, "role"), text_of(object, "expires_at")};
  if (out.token.empty()) {
    return fail(Errc::server_failed, "the server's answer holds no invitation");
  }
  return out;
}

}  // namespace unhidra::cli
