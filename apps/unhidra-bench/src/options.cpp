#include "options.h"

#include <charconv>
#include <sstream>

#include <arpa/inet.h>

namespace unhidra::bench {
namespace {

constexpr std::uint32_t kMaxAddresses = 65'536;

Result<std::uint32_t> parse_address(const std::string& text) {
  in_addr parsed{};
  if (inet_pton(AF_INET, text.c_str(), &parsed) != 1) {
    return fail(Errc::invalid, "\"" + text + "\" is no IPv4 address");
  }
  return ntohl(parsed.s_addr);
}

std::string address_text(std::uint32_t address) {
  const in_addr raw{.s_addr = htonl(address)};
  char buffer[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, &raw, buffer, sizeof(buffer));
  return buffer;
}

}  // namespace

Result<std::vector<std::string>> parse_addresses(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream parts(text);
  std::string part;
  while (std::getline(parts, part, ',')) {
    const auto dash = part.find('-');
    UNHIDRA_TRY(const auto first, parse_address(part.substr(0, dash)));
    auto last = first;
    if (dash != std::string::npos) {
      UNHIDRA_TRY(last, parse_address(part.substr(dash + 1)));
    }
    if (last < first || last - first >= kMaxAddresses - out.size()) {
      return fail(Errc::invalid, "\"" + part + "\" is no range of addresses");
    }
    for (std::uint64_t address = first; address <= last; ++address) {
      out.push_back(address_text(static_cast<std::uint32_t>(address)));
    }
  }
  return out;
}

Result<double> parse_rate(const std::string& text) {
  if (text == "max") {
    return 0.0;
  }
  double rate = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rate);
  if (error != std::errc{} || end != text.data() + text.size() || !(rate > 0) || rate > 1e7) {
    return fail(Errc::invalid, "a rate is \"max\" or messages a second, not \"" + text + "\"");
  }
  return rate;
}

Result<HostAndPort> parse_url(const std::string& url) {
  const auto bad = [&] {
    return fail(Errc::invalid, "\"" + url + "\" is no address like https://127.0.0.1:9200");
  };
  if (!url.starts_with("https://") && !url.starts_with("wss://")) {
    return bad();
  }
  const auto begin = url.find("://") + 3;
  const auto slash = std::min(url.find('/', begin), url.size());
  const auto colon = url.rfind(':', slash);
  if (colon == std::string::npos || colon <= begin) {
    return bad();
  }
  HostAndPort out{.host = url.substr(begin, colon - begin), .target = url.substr(slash)};
  const auto* const end = url.data() + slash;
  const auto [stop, error] = std::from_chars(url.data() + colon + 1, end, out.port);
  if (error != std::errc{} || stop != end || out.port == 0) {
    return bad();
  }
  return out;
}

}  // namespace unhidra::bench
