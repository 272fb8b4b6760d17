#include "record.h"

#include <algorithm>

#include "unhidra/base/codec.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::audit {
namespace {

// Keeps these hashes apart from every other use of SHA-256 in the product.
constexpr std::string_view kDomain = "unhidra audit record";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kTypicalSize = 512;

bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kShort = "\b\t\n\f\r\"\\";
  constexpr std::string_view kLetters = "btnfr\"\\";
  const auto code = static_cast<unsigned char>(c);
  if (const auto at = kShort.find(c); at != std::string_view::npos) {
    out += '\\';
    out += kLetters[at];
  } else {
    out += "\\u00";
    out += kHex[code >> 4U];
    out += kHex[code & 0xFU];
  }
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto plain =
        static_cast<std::size_t>(std::ranges::find_if(text, needs_escape) - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (!text.empty()) {
      append_escaped(out, text.front());
      text.remove_prefix(1);
    }
  }
  out += '"';
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::success:
      return "success";
    case Outcome::denied:
      return "denied";
    case Outcome::failure:
      break;
  }
  return "failure";
}

std::string canonical_json(std::vector<std::pair<std::string, std::string>> metadata) {
  std::ranges::sort(metadata);
  std::string out;
  out.reserve(kTypicalSize);
  out += '{';
  for (const auto& [key, value] : metadata) {
    if (out.size() > 1) {
      out += ',';
    }
    append_json_text(out, key);
    out += ':';
    append_json_text(out, value);
  }
  out += '}';
  return out;
}

ByteArray<32> record_hash(const AuditEvent& event, std::string_view metadata_json,
                          std::uint64_t position, const ByteArray<32>& prev_hash) {
  ByteWriter record(kTypicalSize);
  record.text(kDomain)
      .u8(kVersion)
      .raw(event.org_id.bytes())
      .u64(position)
      .raw(prev_hash)
      .raw(event.event_id.bytes())
      .u64(static_cast<std::uint64_t>(to_unix_micros(event.timestamp)))
      .text(event.event_type)
      .bytes(event.actor_id)
      .text(event.actor_type)
      .text(event.resource_type)
      .text(event.resource_id)
      .text(event.action)
      .u8(static_cast<std::uint8_t>(event.outcome))
      .text(metadata_json)
      .text(event.ip_address)
      .text(event.user_agent);
  return crypto::native_provider().sha256(record.view());
}

}  // namespace unhidra::audit
