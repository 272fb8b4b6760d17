#include "unhidra/net/http.h"

#include <algorithm>
#include <array>

#include "unhidra/base/text.h"

#include "http_text.h"

namespace unhidra::net {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return to_lower(x) == to_lower(y); });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'z') ||
           kMarks.contains(c);
  });
}

bool is_field_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  });
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string name, std::string value) {
  std::erase_if(fields_,
                [&](const Field& field) { return equal_ignoring_case(field.first, name); });
  add(std::move(name), std::move(value));
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (equal_ignoring_case(field, name)) {
      return value;
    }
  }
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      fields_, [&](const Field& field) { return equal_ignoring_case(field.first, name); }));
}

std::vector<std::string_view> Headers::list(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const auto& [field, value] : fields_) {
    if (!equal_ignoring_case(field, name)) {
      continue;
    }
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      if (const auto element = trim(rest.substr(0, comma)); !element.empty()) {
        out.push_back(element);
      }
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return out;
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
  return std::ranges::any_of(
      list(name), [&](std::string_view element) { return equal_ignoring_case(element, token); });
}

std::string PeerAddress::to_string() const {
  const bool v6 = ip.contains(':');
  return (v6 ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
}

bool from_foreign_page(const RequestHead& head) {
  const auto origin = head.headers.get("Origin");
  if (!origin) {
    return false;
  }
  const auto scheme = origin->find("://");
  const auto host = head.headers.get("Host");
  return head.headers.count("Origin") != 1 || scheme == std::string_view::npos || !host ||
         origin->substr(scheme + 3) != *host;
}

HttpResponse HttpResponse::text(int status, std::string_view body) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, to_bytes(body)};
}

std::string_view reason_phrase(int status) {
  constexpr std::array<std::pair<int, std::string_view>, 39> kPhrases{{
      {100, "Continue"},
      {101, "Switching Protocols"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  }};
  const auto* found = std::ranges::find(kPhrases, status, &std::pair<int, std::string_view>::first);
  return found == kPhrases.end() ? "" : found->second;
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out.push_back(' ');
      continue;
    }
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) {
      return fail(unhidra::Errc::invalid, "a percent sign without two hexadecimal digits");
    }
    out.push_back(static_cast<char>(byte->front()));
    i += 2;
  }
  if (out.contains('\0') || !is_valid_utf8(out)) {
    return fail(unhidra::Errc::invalid, "the decoded text is not UTF-8 or holds a NUL");
  }
  return out;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
  constexpr std::size_t kMaxPairs = 100;
  std::vector<std::pair<std::string, std::string>> out;
  while (!query.empty()) {
    const auto piece = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(piece.size() + 1, query.size()));
    if (piece.empty()) {
      continue;
    }
    if (out.size() == kMaxPairs) {
      return fail(unhidra::Errc::invalid, "too many query parameters");
    }
    const auto equals = std::min(piece.find('='), piece.size());
    UNHIDRA_TRY(auto name, percent_decode(piece.substr(0, equals), true));
    UNHIDRA_TRY(auto value, percent_decode(piece.substr(std::min(equals + 1, piece.size())), true));
    out.emplace_back(std::move(name), std::move(value));
  }
  return out;
}

Task<UpgradeDecision> HttpHandler::upgrade(RequestHead /*head*/) {
  co_return std::unexpected(HttpResponse::text(404, "There is no WebSocket here.\n"));
}

}  // namespace unhidra::net
