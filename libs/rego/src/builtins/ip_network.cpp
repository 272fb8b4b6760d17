#include "builtins/ip_network.h"

#include <algorithm>

namespace unhidra::rego::builtins {
namespace {

// A decimal number of 1 to 3 digits without a leading zero, at most 255.
std::optional<IpAddress> parse_v4(std::string_view text) {
  IpAddress out{.bytes = {}, .v4 = true};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t end = i < 3 ? text.find('.') : text.size();
    if (end == std::string_view::npos || end == 0 || end > 3 || (end > 1 && text[0] == '0')) {
      return std::nullopt;
    }
    unsigned value = 0;
    for (const char c : text.substr(0, end)) {
      if (c < '0' || c > '9') {
        return std::nullopt;
      }
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    if (value > 255) {
      return std::nullopt;
    }
    out.bytes[i] = static_cast<std::uint8_t>(value);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return text.empty() ? std::optional(out) : std::nullopt;
}

int hex_value(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

// RFC 4291 section 2.2.
std::optional<IpAddress> parse_v6(std::string_view text) {
  IpAddress out;
  std::optional<std::size_t> gap;
  std::size_t filled = 0;
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty() && filled < 16) {
    std::size_t digits = 0;
    unsigned value = 0;
    while (digits < text.size() && digits < 5 && hex_value(text[digits]) >= 0) {
      value = value * 16 + static_cast<unsigned>(hex_value(text[digits++]));
    }
    if (digits == 0 || digits > 4) {
      return std::nullopt;
    }
    if (digits < text.size() && text[digits] == '.') {
      const auto v4 = parse_v4(text);
      if (!v4 || filled > 12 || (!gap && filled != 12)) {
        return std::nullopt;
      }
      std::copy_n(v4->bytes.begin(), 4, out.bytes.begin() + static_cast<std::ptrdiff_t>(filled));
      filled += 4;
      text = {};
      break;
    }
    out.bytes[filled++] = static_cast<std::uint8_t>(value >> 8);
    out.bytes[filled++] = static_cast<std::uint8_t>(value & 0xFF);
    text.remove_prefix(digits);
    if (text.empty()) {
      break;
    }
    if (text[0] != ':' || text.size() == 1) {
      return std::nullopt;
    }
    text.remove_prefix(1);
    if (text[0] == ':') {
      if (gap) {
        return std::nullopt;
      }
      gap = filled;
      text.remove_prefix(1);
    }
  }
  if (!text.empty() || (filled < 16) != gap.has_value()) {
    return std::nullopt;
  }
  if (gap) {
    const auto from = out.bytes.begin() + static_cast<std::ptrdiff_t>(*gap);
    const auto end = out.bytes.begin() + static_cast<std::ptrdiff_t>(filled);
    std::rotate(from, end, out.bytes.end());
  }
  return out;
}

std::optional<IpAddress> unmapped(std::optional<IpAddress> ip) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (!ip || ip->v4 || !std::equal(kMapped.begin(), kMapped.end(), ip->bytes.begin())) {
    return ip;
  }
  IpAddress v4{.bytes = {}, .v4 = true};
  std::copy_n(ip->bytes.begin() + 12, 4, v4.bytes.begin());
  return v4;
}

IpAddress masked(IpAddress ip, int prefix, bool ones) {
  for (std::size_t i = 0; i < ip.size(); ++i) {
    const int kept = std::clamp(prefix - static_cast<int>(i) * 8, 0, 8);
    const auto mask = static_cast<std::uint8_t>(0xFF00 >> kept);
    ip.bytes[i] = static_cast<std::uint8_t>((ip.bytes[i] & mask) | (ones ? ~mask : 0));
  }
  return ip;
}

std::string v6_text(const IpAddress& ip) {
  // The longest run of two or more zero groups is left out: RFC 5952 section 4.2.
  std::size_t best = 8;
  std::size_t best_size = 1;
  const auto group = [&](std::size_t i) {
    return static_cast<unsigned>(ip.bytes[2 * i] << 8) | ip.bytes[2 * i + 1];
  };
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t size = 0;
    while (i + size < 8 && group(i + size) == 0) {
      ++size;
    }
    if (size > best_size) {
      best = i;
      best_size = size;
    }
  }
  std::string out;
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_size - 1;
      continue;
    }
    if (!out.empty() && !out.ends_with(':')) {
      out += ':';
    }
    const unsigned value = group(i);
    for (int shift = 12; shift >= 0; shift -= 4) {
      if (shift == 0 || (value >> shift) != 0) {
        out += kDigits[(value >> shift) & 0xF];
      }
    }
  }
  return out;
}

struct Range {
  IpAddress first;
  IpAddress last;
  std::optional<IpNetwork> only;  // until another network joins it
};

bool previous(IpAddress& ip) {
  for (std::size_t i = ip.size(); i-- > 0;) {
    if (ip.bytes[i]-- != 0) {
      return true;
    }
  }
  return false;
}

void add_networks(const Range& range, std::vector<IpNetwork>& out) {
  if (range.only) {
    out.push_back(*range.only);
    return;
  }
  const int bits = static_cast<int>(range.first.size()) * 8;
  IpAddress at = range.first;
  for (;;) {
    // The largest network that begins here and does not reach past the end.
    int prefix = bits;
    while (prefix > 0 && masked(at, prefix - 1, false) == at &&
           masked(at, prefix - 1, true) <= range.last) {
      --prefix;
    }
    out.push_back({at, prefix});
    at = masked(at, prefix, true);
    if (at >= range.last || !increment(at)) {
      return;
    }
  }
}

}  // namespace

std::string IpAddress::to_string() const {
  if (!v4) {
    return v6_text(*this);
  }
  return std::to_string(bytes[0]) + '.' + std::to_string(bytes[1]) + '.' +
         std::to_string(bytes[2]) + '.' + std::to_string(bytes[3]);
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  return unmapped(text.find(':') == std::string_view::npos ? parse_v4(text) : parse_v6(text));
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  const auto invalid = [&] {
    return fail(Errc::invalid, "invalid CIDR address: " + std::string(text));
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return invalid();
  }
  const std::string_view address = text.substr(0, slash);
  const std::string_view digits = text.substr(slash + 1);
  const bool v4 = address.find(':') == std::string_view::npos;
  std::optional<IpAddress> ip = v4 ? parse_v4(address) : parse_v6(address);
  if (!ip || digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0')) {
    return invalid();
  }
  int prefix = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') {
      return invalid();
    }
    prefix = prefix * 10 + (c - '0');
  }
  if (prefix > (v4 ? 32 : 128)) {
    return invalid();
  }
  return IpNetwork{masked(*ip, prefix, false), prefix};
}

bool IpNetwork::contains(const IpAddress& ip) const {
  return ip.v4 == address.v4 && masked(ip, prefix, false) == address;
}

IpAddress IpNetwork::last() const {
  return masked(address, prefix, true);
}

std::string IpNetwork::to_string() const {
  return address.to_string() + '/' + std::to_string(prefix);
}

bool increment(IpAddress& ip) {
  for (std::size_t i = ip.size(); i-- > 0;) {
    if (++ip.bytes[i] != 0) {
      return true;
    }
  }
  return false;
}

std::vector<IpNetwork> merge_networks(std::vector<IpNetwork> networks) {
  const auto first_of = [](const IpNetwork& network) {
    return masked(network.address, network.prefix, false);
  };
  std::ranges::sort(networks, [&](const IpNetwork& a, const IpNetwork& b) {
    const IpAddress first = first_of(a);
    return first != first_of(b) ? first < first_of(b) : a.prefix < b.prefix;
  });
  std::vector<IpNetwork> out;
  std::optional<Range> open;
  for (const IpNetwork& network : networks) {
    const IpAddress last = network.last();
    if (open && open->first.v4 == network.address.v4) {
      IpAddress before = first_of(network);
      if (!previous(before) || before <= open->last) {
        open->last = std::max(open->last, last);
        open->only.reset();
        continue;
      }
    }
    if (open) {
      add_networks(*open, out);
    }
    open = Range{first_of(network), last, network};
  }
  if (open) {
    add_networks(*open, out);
  }
  return out;
}

int classful_prefix(const IpAddress& v4) {
  return v4.bytes[0] < 0x80 ? 8 : v4.bytes[0] < 0xC0 ? 16 : 24;
}

}  // namespace unhidra::rego::builtins
