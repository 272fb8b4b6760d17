#pragma once
// Strong identifiers: 16 bytes, UUID version 7 (RFC 9562 section 5.7), so that they sort by the
// time they were made. A UserId is no DeviceId: the compiler keeps them apart.

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "unhidra/base/bytes.h"
#include "unhidra/base/random.h"
#include "unhidra/base/time.h"

namespace unhidra {

using Uuid = ByteArray<16>;

// Version 7 from the given instant and 74 random bits.
Uuid make_uuid_v7(Timestamp now, RandomSource& random);
std::string uuid_to_string(const Uuid& uuid);
// The canonical 8-4-4-4-12 form, either case.
Result<Uuid> parse_uuid(std::string_view text);

template <class Tag>
class Id {
 public:
  constexpr Id() = default;  // the nil id: stands for "none", never stored
  explicit constexpr Id(const Uuid& uuid) : uuid_(uuid) {}

  static Id make(const Clock& clock, RandomSource& random) {
    return Id(make_uuid_v7(clock.now(), random));
  }
  static Result<Id> parse(std::string_view text) {
    UNHIDRA_TRY(const auto uuid, parse_uuid(text));
    return Id(uuid);
  }
  static Result<Id> from_bytes(ByteView bytes) {
    UNHIDRA_TRY(const auto uuid, to_array<16>(bytes));
    return Id(uuid);
  }

  constexpr const Uuid& uuid() const { return uuid_; }
  ByteView bytes() const { return uuid_; }
  std::string to_string() const { return uuid_to_string(uuid_); }
  constexpr bool is_nil() const { return uuid_ == Uuid{}; }
  friend constexpr bool operator==(const Id&, const Id&) = default;
  // Byte by byte, as two numbers: tables of ids are looked through for every message.
  friend constexpr std::strong_ordering operator<=>(const Id& a, const Id& b) {
    const auto left = std::bit_cast<Halves>(a.uuid_);
    const auto right = std::bit_cast<Halves>(b.uuid_);
    const auto first = big_endian(left[0]) <=> big_endian(right[0]);
    return first != 0 ? first : big_endian(left[1]) <=> big_endian(right[1]);
  }

 private:
  using Halves = std::array<std::uint64_t, 2>;
  static constexpr std::uint64_t big_endian(std::uint64_t half) {
    return std::endian::native == std::endian::little ? std::byteswap(half) : half;
  }

  Uuid uuid_{};
};

using OrgId = Id<struct OrgIdTag>;
using UserId = Id<struct UserIdTag>;
using DeviceId = Id<struct DeviceIdTag>;
using SessionId = Id<struct SessionIdTag>;
using ConversationId = Id<struct ConversationIdTag>;
using MessageId = Id<struct MessageIdTag>;
using SpaceId = Id<struct SpaceIdTag>;
using EventId = Id<struct EventIdTag>;
using InvitationId = Id<struct InvitationIdTag>;
using RoleId = Id<struct RoleIdTag>;
using ConnectionId = Id<struct ConnectionIdTag>;
using DeviceGroupId = Id<struct DeviceGroupIdTag>;

}  // namespace unhidra

template <class Tag>
struct std::hash<unhidra::Id<Tag>> {
  std::size_t operator()(const unhidra::Id<Tag>& id) const noexcept {
    // The last eight bytes of a version 7 UUID are random.
    std::size_t value = 0;
    std::memcpy(&value, id.uuid().data() + 8, sizeof(value));
    return value;
  }
};
