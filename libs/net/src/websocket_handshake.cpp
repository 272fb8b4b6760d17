#include "websocket_handshake.h"

#include <algorithm>

#include <openssl/evp.h>

#include "unhidra/base/text.h"
#include "unhidra/net/errc.h"

#include "http_text.h"

namespace unhidra::net {
namespace {

HttpResponse refuse(std::string_view why) {
  return HttpResponse::text(400, why);
}

Error refused(int status) {
  const auto message = "the server answered the upgrade with " + std::to_string(status);
  switch (status) {
    case 401:
      return {Errc::upgrade_unauthorized, message};
    case 403:
      return {Errc::upgrade_denied, message};
    case 429:
    case 503:
      return {Errc::upgrade_unavailable, message};
    default:
      return {Errc::upgrade_refused, message};
  }
}

// "HTTP/1.1 101 ..." to 101.
Result<int> read_status(std::string_view line) {
  const auto status = line.size() >= 12 ? line.substr(9, 3) : std::string_view();
  const bool digits = status.size() == 3 &&
                      std::ranges::all_of(status, [](char c) { return c >= '0' && c <= '9'; });
  if (!line.starts_with("HTTP/1.") || line[8] != ' ' || !digits) {
    return fail(Errc::bad_message, "the answer is not HTTP/1.1");
  }
  return (status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0');
}

Headers read_fields(std::string_view fields) {
  Headers out;
  while (fields.size() > 2) {
    const auto line = fields.substr(0, fields.find("\r\n"));
    const auto colon = line.find(':');
    out.add(std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
    fields.remove_prefix(line.size() + 2);
  }
  return out;
}

}  // namespace

std::string websocket_accept(std::string_view key) {
  const std::string input = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  ByteArray<20> digest{};
  unsigned size = 0;
  EVP_Digest(input.data(), input.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return to_base64(digest);
}

bool asks_for_websocket(const RequestHead& head) {
  return head.headers.has_token("Upgrade", "websocket");
}

std::optional<HttpResponse> check_upgrade_request(const RequestHead& head) {
  if (head.method != "GET") {
    auto response = HttpResponse::text(405, "A WebSocket begins with GET.\n");
    response.headers.add("Allow", "GET");
    return response;
  }
  if (!head.headers.has_token("Connection", "upgrade")) {
    return refuse("The Connection field does not name Upgrade.\n");
  }
  const auto version = head.headers.get("Sec-WebSocket-Version");
  if (head.headers.count("Sec-WebSocket-Version") != 1 || *version != "13") {
    auto response = HttpResponse::text(426, "Only version 13 is spoken.\n");
    response.headers.add("Sec-WebSocket-Version", "13");
    response.headers.add("Upgrade", "websocket");
    return response;
  }
  const auto key = from_base64(head.headers.get("Sec-WebSocket-Key").value_or(""));
  if (head.headers.count("Sec-WebSocket-Key") != 1 || !key || key->size() != 16) {
    return refuse("Sec-WebSocket-Key is not 16 bytes in base64.\n");
  }
  if (head.headers.count("Content-Length") != 0 || head.headers.count("Transfer-Encoding") != 0) {
    return refuse("An upgrade has no body.\n");
  }
  return std::nullopt;
}

Bytes upgrade_request(const WebSocketClientSettings& settings, std::string_view key) {
  const auto& name = settings.server_name.empty() ? settings.host : settings.server_name;
  const bool v6 = name.contains(':');
  std::string out =
      "GET " + settings.target + " HTTP/1.1\r\nHost: " + (v6 ? "[" + name + "]" : name) + ":" +
      std::to_string(settings.port) +
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: " + std::string(key) + "\r\n";
  if (!settings.subprotocols.empty()) {
    out += "Sec-WebSocket-Protocol: ";
    for (const auto& protocol : settings.subprotocols) {
      out += protocol + (&protocol == &settings.subprotocols.back() ? "\r\n" : ", ");
    }
  }
  for (const auto& [field, value] : settings.headers) {
    out += field + ": " + value + "\r\n";
  }
  out += "\r\n";
  return to_bytes(out);
}

Result<std::string> check_upgrade_response(std::string_view head,
                                           const WebSocketClientSettings& settings,
                                           std::string_view key) {
  const auto line = head.substr(0, head.find("\r\n"));
  UNHIDRA_TRY(const int status, read_status(line));
  if (status != 101) {
    return fail(refused(status));
  }
  const auto fields = head.substr(line.size() + 2);
  if (check_fields_form(fields, HttpLimits{})) {
    return fail(Errc::bad_message, "the answer to the upgrade is malformed");
  }
  const auto headers = read_fields(fields);
  if (!headers.has_token("Upgrade", "websocket") || !headers.has_token("Connection", "upgrade") ||
      headers.get("Sec-WebSocket-Accept") != websocket_accept(key)) {
    return fail(Errc::bad_message, "the server did not accept this upgrade");
  }
  if (headers.count("Sec-WebSocket-Extensions") != 0) {
    return fail(Errc::bad_message, "the server chose an extension that nobody offered");
  }
  const auto chosen = headers.get("Sec-WebSocket-Protocol");
  if (!chosen) {
    return std::string();
  }
  if (std::ranges::find(settings.subprotocols, *chosen) == settings.subprotocols.end()) {
    return fail(Errc::bad_message, "the server chose a subprotocol that nobody offered");
  }
  return std::string(*chosen);
}

}  // namespace unhidra::net
