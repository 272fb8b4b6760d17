#include "unhidra/identity/safety_number.h"

#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"

#include "labels.h"

namespace unhidra::identity {
namespace {

constexpr int kRounds = 5'200;
constexpr std::size_t kGroupsOfASide = 6;
constexpr std::size_t kBytesOfAGroup = 5;
constexpr std::string_view kQrPrefix = "unhidra:1:";

void append_digits(std::string& out, const ByteArray<32>& fingerprint) {
  for (std::size_t group = 0; group < kGroupsOfASide; ++group) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < kBytesOfAGroup; ++i) {
      value = (value << 8) | fingerprint[group * kBytesOfAGroup + i];
    }
    const std::string digits = std::to_string(value % 100'000);
    if (!out.empty()) {
      out += ' ';
    }
    out.append(5 - digits.size(), '0').append(digits);
  }
}

}  // namespace

SafetyNumber::Side SafetyNumber::fingerprint(const crypto::Provider& provider,
                                             const AccountIdentity& identity) {
  ByteWriter start;
  start.text(kSafetyNumberLabel).raw(identity.account_key.bytes()).raw(identity.user_id.bytes());
  auto hash = provider.sha512({start.view(), identity.account_key.bytes()});
  for (int round = 1; round < kRounds; ++round) {
    hash = provider.sha512({hash, identity.account_key.bytes()});
  }
  Side out{.user_id = identity.user_id, .fingerprint = {}};
  std::copy_n(hash.begin(), out.fingerprint.size(), out.fingerprint.begin());
  return out;
}

SafetyNumber SafetyNumber::compute(const crypto::Provider& provider, const AccountIdentity& a,
                                   const AccountIdentity& b) {
  SafetyNumber out;
  out.low_ = fingerprint(provider, a);
  out.high_ = fingerprint(provider, b);
  if (out.high_ < out.low_) {
    std::swap(out.low_, out.high_);
  }
  return out;
}

std::string SafetyNumber::text() const {
  std::string out;
  append_digits(out, low_.fingerprint);
  append_digits(out, high_.fingerprint);
  return out;
}

std::string SafetyNumber::qr_text() const {
  ByteWriter out;
  for (const Side* side : {&low_, &high_}) {
    out.raw(side->user_id.bytes()).raw(side->fingerprint);
  }
  return std::string(kQrPrefix) + to_base64url(out.view());
}

Result<SafetyNumber::Scan> SafetyNumber::compare_qr(std::string_view scanned) const {
  const auto no_safety_number = [] {
    return fail(Errc::bad_safety_number, "this is no safety number of a known version");
  };
  constexpr std::size_t kMaxText = 256;
  if (!scanned.starts_with(kQrPrefix) || scanned.size() > kMaxText) {
    return no_safety_number();
  }
  const auto bytes = from_base64url(scanned.substr(kQrPrefix.size()));
  if (!bytes) {
    return no_safety_number();
  }
  ByteReader in(*bytes);
  SafetyNumber other;
  for (Side* side : {&other.low_, &other.high_}) {
    side->user_id = UserId(in.array<16>());
    side->fingerprint = in.array<32>();
  }
  if (!in.finish("the safety number")) {
    return no_safety_number();
  }
  if (other == *this) {
    return Scan::match;
  }
  const bool same_people =
      other.low_.user_id == low_.user_id && other.high_.user_id == high_.user_id;
  return same_people ? Scan::mismatch : Scan::other_pair;
}

}  // namespace unhidra::identity
