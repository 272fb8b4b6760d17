#include "http_writer.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "http_text.h"

namespace unhidra::net {
namespace {

void append(Bytes& out, std::initializer_list<std::string_view> pieces) {
  for (const auto piece : pieces) {
    unhidra::append(out, as_bytes(piece));
  }
}

// RFC 9110 section 5.6.7; made at most once a second on each thread.
std::string_view http_date() {
  thread_local std::time_t made_at = 0;
  thread_local std::array<char, 32> text{};
  const auto now = std::time(nullptr);
  if (now != made_at) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    made_at = now;
  }
  return text.data();
}

bool is_ours(std::string_view name) {
  return equal_ignoring_case(name, "Content-Length") || equal_ignoring_case(name, "Connection") ||
         equal_ignoring_case(name, "Transfer-Encoding") || equal_ignoring_case(name, "Date");
}

bool may_be_written(const HttpResponse& response) {
  return response.status >= 200 && response.status <= 599 &&
         std::ranges::all_of(response.headers, [](const Headers::Field& field) {
           return is_token(field.first) && is_field_value(field.second);
         });
}

}  // namespace

void append_response(Bytes& out, const HttpResponse& response, const ResponseOptions& options) {
  if (!may_be_written(response)) {
    append_response(out, HttpResponse::text(500, "Internal error.\n"), options);
    return;
  }
  append(out, {"HTTP/1.1 ", std::to_string(response.status), " ", reason_phrase(response.status),
               "\r\nDate: ", http_date(), "\r\n"});
  for (const auto& [name, value] : response.headers) {
    if (!is_ours(name)) {
      append(out, {name, ": ", value, "\r\n"});
    }
  }
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless) {
    const auto size = response.source ? response.source->size() : response.body.size();
    append(out, {"Content-Length: ", std::to_string(size), "\r\n"});
  }
  append(out, {options.keep_alive ? "\r\n" : "Connection: close\r\n\r\n"});
  if (!bodiless && !options.head_only && !response.source) {
    unhidra::append(out, response.body);
  }
}

void append_upgrade_response(Bytes& out, std::string_view accept, std::string_view subprotocol) {
  append(out, {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Accept: ",
               accept, "\r\n"});
  if (!subprotocol.empty()) {
    append(out, {"Sec-WebSocket-Protocol: ", subprotocol, "\r\n"});
  }
  append(out, {"\r\n"});
}

}  // namespace unhidra::net
