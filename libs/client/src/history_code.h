#pragma once
// The short code that a person compares before history goes to a new device: an authentication
// string over a commitment, so that whoever sits in between has one guess at ten digits
// (docs/security.md, "History for a new device").

#include <string>

#include "unhidra/crypto/provider.h"
#include "unhidra/identity/device_list.h"

namespace unhidra::client {

using TransferId = ByteArray<16>;
using HistoryNonce = ByteArray<32>;

struct HistoryPairing {
  TransferId id{};
  identity::DeviceKeys receiver;
  identity::DeviceKeys giver;
  HistoryNonce receiver_nonce{};
  HistoryNonce giver_nonce{};
};

// What the receiver sends first: it cannot choose its nonce by the giver's any more.
ByteArray<32> history_commitment(const crypto::Provider& crypto, const HistoryPairing& pairing);
// Two groups of five digits, the same on both devices.
std::string history_code(const crypto::Provider& crypto, const HistoryPairing& pairing);
// Whether a person typed that code; spaces and dashes do not matter.
bool is_history_code(std::string_view typed, std::string_view code);

}  // namespace unhidra::client
