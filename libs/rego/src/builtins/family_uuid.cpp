// UUIDs (RFC 4122, RFC 9562): uuid.*.
#include <algorithm>
#include <array>

#include "builtins/families.h"
#include "builtins/go_text.h"
#include "builtins/text_codec.h"

namespace unhidra::rego::builtins {
namespace {

using Uuid = std::array<std::uint8_t, 16>;

std::string write_uuid(const Uuid& uuid) {
  std::string out;
  for (std::size_t i = 0; i < 16; ++i) {
    out += i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";
    const char byte = static_cast<char>(uuid[i]);
    out += encode_hex({&byte, 1});
  }
  return out;
}

// Also in braces, as a URN, or without dashes.
std::optional<Uuid> read_uuid(std::string_view text) {
  if (text.size() == 45 && to_lower(text.substr(0, 9)) == "urn:uuid:") {
    text.remove_prefix(9);
  } else if (text.size() == 38) {
    text = text.substr(1, 36);
  }
  std::string digits;
  if (text.size() == 36) {
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) {
      if (text[dash] != '-') {
        return std::nullopt;
      }
    }
    digits = std::string(text.substr(0, 8)) + std::string(text.substr(9, 4)) +
             std::string(text.substr(14, 4)) + std::string(text.substr(19, 4)) +
             std::string(text.substr(24));
  } else {
    digits = text;
  }
  const auto bytes = digits.size() == 32 ? decode_hex(digits) : Result<std::string>("");
  if (!bytes || bytes->size() != 16) {
    return std::nullopt;
  }
  Uuid out{};
  std::ranges::transform(*bytes, out.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return out;
}

Answer uuid_rfc4122(const Call& call) {
  UNHIDRA_TRY(const std::string_view name, call.string(0));
  Environment& environment = call.environment();
  if (environment.random == nullptr) {
    return failed("no source of randomness");
  }
  auto [at, fresh] = environment.memory.try_emplace("uuid.rfc4122 " + std::string(name));
  if (fresh) {
    UNHIDRA_TRY_VOID(environment.charge(64 + name.size()));
    Uuid uuid = environment.random->array<16>();
    uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0F) | 0x40);
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3F) | 0x80);
    at->second = Value::string(write_uuid(uuid));
  }
  return at->second;
}

std::uint64_t bits_of(const Uuid& uuid, std::size_t from, std::size_t size) {
  std::uint64_t out = 0;
  for (std::size_t i = from; i < from + size; ++i) {
    out = (out << 8) | uuid[i];
  }
  return out;
}

std::string node_text(const Uuid& uuid) {
  std::string out;
  for (std::size_t i = 10; i < 16; ++i) {
    const char byte = static_cast<char>(uuid[i]);
    out += (out.empty() ? "" : "-") + encode_hex({&byte, 1});
  }
  return out;
}

void describe_time_based(const Uuid& uuid, std::vector<Value::Member>& out) {
  const auto add = [&](std::string_view name, Value value) {
    out.emplace_back(Value::string(std::string(name)), std::move(value));
  };
  // 100 ns since 1582-10-15.
  constexpr std::int64_t kEpoch = 122'192'928'000'000'000;
  const auto ticks = static_cast<std::int64_t>(((bits_of(uuid, 6, 2) & 0x0FFF) << 48) |
                                               (bits_of(uuid, 4, 2) << 32) | bits_of(uuid, 0, 4));
  const std::string since = std::to_string(ticks - kEpoch);
  add("time", Value::number(since == "0" ? since : since + "00"));
  add("nodeid", Value::string(node_text(uuid)));
  add("macvariables", Value::string(std::string((uuid[10] & 2) != 0 ? "local:" : "global:") +
                                    ((uuid[10] & 1) != 0 ? "multicast" : "unicast")));
  add("clocksequence", Value::integer(static_cast<std::int64_t>(bits_of(uuid, 8, 2) & 0x3FFF)));
}

Answer uuid_parse(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  const auto uuid = read_uuid(text);
  if (!uuid) {
    return std::nullopt;
  }
  const std::uint8_t variant = (*uuid)[8];
  const std::string_view variant_name = (variant & 0xC0) == 0x80   ? "RFC4122"
                                        : (variant & 0xE0) == 0xC0 ? "Microsoft"
                                        : (variant & 0xE0) == 0xE0 ? "Future"
                                                                   : "Reserved";
  const int version = (*uuid)[6] >> 4;
  std::vector<Value::Member> out = {
      {Value::string("variant"), Value::string(std::string(variant_name))},
      {Value::string("version"), Value::integer(version)}};
  if (version == 1 || version == 2) {
    describe_time_based(*uuid, out);
  }
  if (version == 2) {
    constexpr std::array<std::string_view, 3> kDomains = {"Person", "Group", "Org"};
    const std::uint8_t domain = (*uuid)[9];
    out.emplace_back(Value::string("id"),
                     Value::integer(static_cast<std::int64_t>(bits_of(*uuid, 0, 4))));
    out.emplace_back(Value::string("domain"),
                     Value::string(domain < 3 ? std::string(kDomains[domain])
                                              : "Domain" + std::to_string(domain)));
  }
  return Value::object(std::move(out));
}

constexpr Builtin kTable[] = {
    {"uuid.parse", 1, uuid_parse},
    {"uuid.rfc4122", 1, uuid_rfc4122, true},
};

}  // namespace

std::span<const Builtin> uuid_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
