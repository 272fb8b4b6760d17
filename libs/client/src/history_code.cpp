#include "history_code.h"

#include "unhidra/base/codec.h"

#include "engine_impl.h"

namespace unhidra::client {

namespace {

// Of fixed lengths throughout, so that one text has one reading.
void write_device(ByteWriter& out, const identity::DeviceKeys& keys) {
  out.raw(keys.device_id.bytes()).raw(keys.identity_key.bytes()).raw(keys.signing_key.bytes());
}

Bytes transcript(const HistoryPairing& pairing) {
  ByteWriter out(256);
  out.raw(pairing.id);
  write_device(out, pairing.receiver);
  write_device(out, pairing.giver);
  out.raw(pairing.receiver_nonce);
  return std::move(out).take();
}

std::string only_digits(std::string_view text) {
  std::string out;
  for (const char one : text) {
    if (one != ' ' && one != '-') {
      out += one;
    }
  }
  return out;
}

}  // namespace

ByteArray<32> history_commitment(const crypto::Provider& crypto, const HistoryPairing& pairing) {
  const auto text = transcript(pairing);
  return crypto.sha256({as_bytes("unhidra history commitment 1"), text});
}

std::string history_code(const crypto::Provider& crypto, const HistoryPairing& pairing) {
  const auto text = transcript(pairing);
  return digits(crypto.sha512({as_bytes("unhidra history code 1"), text, pairing.giver_nonce}), 2);
}

bool is_history_code(std::string_view typed, std::string_view code) {
  const auto given = only_digits(typed);
  const auto wanted = only_digits(code);
  return constant_time_equal(as_bytes(given), as_bytes(wanted));
}

}  // namespace unhidra::client
