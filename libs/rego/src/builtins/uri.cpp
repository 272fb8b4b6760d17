#include "builtins/uri.h"

#include <algorithm>

#include "builtins/go_text.h"
#include "builtins/ip_network.h"
#include "builtins/text_codec.h"

namespace unhidra::rego::builtins {
namespace {

constexpr auto kNowhere = std::string_view::npos;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// "", ":" or ":80".
bool is_optional_port(std::string_view text) {
  return text.empty() ||
         (text.front() == ':' && std::all_of(text.begin() + 1, text.end(), is_digit));
}

// Takes the scheme and its colon from the text; where there is none, nothing (section 3.1).
Result<std::string> take_scheme(std::string_view& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ':' && i == 0) {
      return fail(Errc::invalid, "missing protocol scheme");
    }
    if (c == ':') {
      std::string out(text.substr(0, i));
      std::ranges::transform(out, out.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
      });
      text.remove_prefix(i + 1);
      return out;
    }
    if (!is_letter(c) && (i == 0 || (!is_digit(c) && c != '+' && c != '-' && c != '.'))) {
      break;
    }
  }
  return std::string();
}

// "[address]:port", "[address%25zone]" (RFC 6874).
Status read_literal(std::string_view text, Uri& out) {
  const auto close = text.rfind(']');
  if (close == kNowhere) {
    return fail(Errc::invalid, "missing ']' in host");
  }
  const auto port = text.substr(close + 1);
  if (!is_optional_port(port)) {
    return fail(Errc::invalid, "invalid port " + quote(port) + " after host");
  }
  const auto inside = text.substr(1, close - 1);
  const auto zone = std::min(inside.find("%25"), inside.size());
  UNHIDRA_TRY(const std::string address, unescape_uri(inside.substr(0, zone), UriPart::host));
  UNHIDRA_TRY(const std::string zone_text, unescape_uri(inside.substr(zone), UriPart::zone));
  const bool zone_is_good = zone == inside.size() || zone_text.size() > 1;
  if (!zone_is_good || !parse_ip(address)) {
    return fail(Errc::invalid,
                "invalid host: ParseAddr(" + quote(address + zone_text) + "): unable to parse IP");
  }
  if (address.find(':') == std::string::npos) {
    return fail(Errc::invalid, "invalid IP-literal");
  }
  out.hostname = address + zone_text;
  out.port = port.substr(port.empty() ? 0 : 1);
  return {};
}

Status read_host(std::string_view text, Uri& out) {
  if (text.starts_with('[')) {
    return read_literal(text, out);
  }
  if (text.find('[') != kNowhere) {
    return fail(Errc::invalid, "invalid IP-literal");
  }
  const auto colon = std::min(text.rfind(':'), text.size());
  const auto port = text.substr(colon);
  if (!is_optional_port(port)) {
    return fail(Errc::invalid, "invalid port " + quote(port) + " after host");
  }
  UNHIDRA_TRY(out.hostname, unescape_uri(text.substr(0, colon), UriPart::host));
  out.port = port.substr(port.empty() ? 0 : 1);
  return {};
}

bool is_user_information(char c) {
  return is_letter(c) || is_digit(c) || std::string_view("-._:~!$&'()*+,;=%@").find(c) != kNowhere;
}

// Section 3.2.
Status read_authority(std::string_view text, Uri& out) {
  const auto at = text.rfind('@');
  if (at == kNowhere) {
    return read_host(text, out);
  }
  UNHIDRA_TRY_VOID(read_host(text.substr(at + 1), out));
  const auto user = text.substr(0, at);
  if (!std::ranges::all_of(user, is_user_information)) {
    return fail(Errc::invalid, "net/url: invalid userinfo");
  }
  UNHIDRA_TRY_VOID(unescape_uri(user, UriPart::user));
  return {};
}

Status read_without_fragment(std::string_view text, Uri& out) {
  if (std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; })) {
    return fail(Errc::invalid, "net/url: invalid control character in URL");
  }
  if (text == "*") {
    out.path = text;
    return {};
  }
  UNHIDRA_TRY(out.scheme, take_scheme(text));
  if (const auto mark = text.find('?'); mark != kNowhere) {
    out.raw_query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  if (!text.starts_with('/')) {
    if (!out.scheme.empty()) {
      return {};
    }
    if (text.substr(0, text.find('/')).find(':') != kNowhere) {
      return fail(Errc::invalid, "first path segment in URL cannot contain colon");
    }
  }
  if (text.starts_with("//") && (!out.scheme.empty() || !text.starts_with("///"))) {
    text.remove_prefix(2);
    const auto end = std::min(text.find('/'), text.size());
    UNHIDRA_TRY_VOID(read_authority(text.substr(0, end), out));
    text.remove_prefix(end);
  }
  UNHIDRA_TRY(out.path, unescape_uri(text, UriPart::path));
  if (escape_path(out.path) != text) {
    out.raw_path = text;
  }
  return {};
}

}  // namespace

Result<Uri> parse_uri(std::string_view text) {
  const auto refused = [](std::string_view what, const Error& error) {
    return fail(Errc::invalid, "parse " + quote(what) + ": " + error.message());
  };
  const auto hash = std::min(text.find('#'), text.size());
  const auto before = text.substr(0, hash);
  Uri out;
  if (const auto done = read_without_fragment(before, out); !done) {
    return refused(before, done.error());
  }
  if (hash < text.size()) {
    auto fragment = unescape_uri(text.substr(hash + 1), UriPart::fragment);
    if (!fragment) {
      return refused(text, fragment.error());
    }
    out.fragment = *std::move(fragment);
  }
  return out;
}

}  // namespace unhidra::rego::builtins
