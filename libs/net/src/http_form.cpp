#include "http_form.h"

#include <algorithm>

#include "http_text.h"

namespace unhidra::net {
namespace {

constexpr std::string_view kCrLf = "\r\n";

// What the fields of one head decide about its body and target.
struct FieldFacts {
  std::size_t fields = 0;
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  std::size_t codings = 0;
  std::string_view coding;
  std::string_view length;
};

std::optional<FormError> check_field(std::string_view line, FieldFacts& facts) {
  if (line.front() == ' ' || line.front() == '\t') {
    return FormError{400, "a folded header field"};  // obs-fold, RFC 9112 section 5.2
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return FormError{400, "a malformed header field"};  // this is also white space before the colon
  }
  const auto name = line.substr(0, colon);
  const auto value = trim(line.substr(colon + 1));
  if (!is_field_value(value)) {
    return FormError{400, "a control character in a header field"};
  }
  ++facts.fields;
  if (equal_ignoring_case(name, "Host")) {
    ++facts.hosts;
  } else if (equal_ignoring_case(name, "Content-Length")) {
    ++facts.lengths;
    facts.length = value;
  } else if (equal_ignoring_case(name, "Transfer-Encoding")) {
    ++facts.codings;
    facts.coding = value;
  }
  return std::nullopt;
}

std::optional<FormError> check_lines(std::string_view fields, const HttpLimits& limits,
                                     FieldFacts& facts) {
  while (fields != kCrLf) {
    const auto end = fields.find(kCrLf);
    if (end == std::string_view::npos || end == 0) {
      return FormError{400, "a malformed header"};
    }
    if (auto error = check_field(fields.substr(0, end), facts)) {
      return error;
    }
    if (facts.fields > limits.max_header_fields) {
      return FormError{431, "too many header fields"};
    }
    fields.remove_prefix(end + kCrLf.size());
  }
  return std::nullopt;
}

// RFC 9112 section 6: how long the body is must have exactly one answer.
std::optional<FormError> check_framing(const FieldFacts& facts, bool version_1_1) {
  if (facts.lengths > 1 || facts.codings > 1 || (facts.lengths > 0 && facts.codings > 0)) {
    return FormError{400, "more than one body length"};
  }
  const bool digits =
      std::ranges::all_of(facts.length, [](char c) { return c >= '0' && c <= '9'; });
  if (facts.lengths == 1 && (facts.length.empty() || !digits || facts.length.size() > 18)) {
    return FormError{400, "a malformed Content-Length"};
  }
  if (facts.codings == 1 && !version_1_1) {
    return FormError{400, "a transfer coding in HTTP/1.0"};
  }
  if (facts.codings == 1 && !equal_ignoring_case(facts.coding, "chunked")) {
    return FormError{501, "an unknown transfer coding"};
  }
  return std::nullopt;
}

bool is_target(std::string_view target) {
  const bool visible = std::ranges::all_of(target, [](char c) {
    return c > 0x20 && c < 0x7f && c != '#' && c != '"' && c != '<' && c != '>';
  });
  if (!visible || target.starts_with('/') || target == "*") {
    return visible;
  }
  // The absolute form (RFC 9112 section 3.2.2).
  const auto rest = after_scheme(target);
  const auto authority = rest.substr(0, rest.find_first_of("/?"));
  return !authority.empty() && !authority.contains('@');
}

}  // namespace

std::string_view after_scheme(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equal_ignoring_case(target.substr(0, scheme.size()), scheme)) {
      return target.substr(scheme.size());
    }
  }
  return {};
}

HeadEnd find_head_end(std::string_view bytes, std::size_t from, const HttpLimits& limits) {
  for (std::size_t at = bytes.find('\n', from); at != std::string_view::npos;
       at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') {
      return {.error = FormError{400, "a line does not end in CR LF"}};
    }
    if (at >= 3 && bytes.substr(at - 3, 4) == "\r\n\r\n") {
      if (at + 1 > limits.max_header_bytes) {
        return {.error = FormError{431, "the header is too long"}};
      }
      return {.end = at + 1, .error = std::nullopt};
    }
  }
  if (bytes.size() >= limits.max_header_bytes) {
    return {.error = FormError{431, "the header is too long"}};
  }
  return {};
}

std::optional<FormError> check_fields_form(std::string_view fields, const HttpLimits& limits) {
  FieldFacts facts;
  if (auto error = check_lines(fields, limits, facts)) {
    return error;
  }
  return check_framing(facts, true);
}

std::optional<FormError> check_request_form(std::string_view head, const HttpLimits& limits) {
  const auto line = head.substr(0, head.find(kCrLf));
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || !is_token(line.substr(0, first))) {
    return FormError{400, "a malformed request line"};
  }
  const auto version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    const bool other = version.size() == 8 && version.starts_with("HTTP/");
    return FormError{other ? 505 : 400, "an unknown version"};
  }
  if (!is_target(line.substr(first + 1, last - first - 1))) {
    return FormError{400, "a malformed request target"};
  }
  FieldFacts facts;
  if (auto error = check_lines(head.substr(line.size() + kCrLf.size()), limits, facts)) {
    return error;
  }
  const bool version_1_1 = version == "HTTP/1.1";
  if (facts.hosts > 1 || (version_1_1 && facts.hosts == 0)) {
    return FormError{400, "not exactly one Host"};
  }
  return check_framing(facts, version_1_1);
}

}  // namespace unhidra::net
