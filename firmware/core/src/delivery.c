#include "uh/delivery.h"

#include <string.h>

#include "group_internal.h"
#include "uh/policy.h"

#define SECRET_ALONE 1
#define WITH_POLICY 2
#define SECRET_SIZE 32
#define SEALED_SIZE (SECRET_SIZE + UH_TAG_SIZE)

static const char kKeyLabel[] = "unhidra tg key 1";
static const char kSignatureLabel[] = "unhidra tg delivery 1";

// The fields of a delivery; pointers lie in it.
typedef struct fields {
  const uint8_t* roster;
  size_t roster_size;
  const uint8_t* recipient;
  const uint8_t* controller;
  const uint8_t* ephemeral;
  uint8_t* sealed;
  size_t sealed_size;
  const uint8_t* signature;
} fields;

static bool read_fields(fields* out, uint8_t* bytes, size_t size) {
  uh_reader in = uh_read_from(bytes, size);
  const uint64_t format = uh_take_integer(&in, 1);
  out->roster_size = (size_t)uh_take_integer(&in, 4);
  out->roster = uh_take(&in, out->roster_size);
  out->recipient = uh_take(&in, UH_ID_SIZE);
  out->controller = uh_take(&in, UH_ID_SIZE);
  out->ephemeral = uh_take(&in, 32);
  out->sealed_size = format == WITH_POLICY ? (size_t)uh_take_integer(&in, 4) : SEALED_SIZE;
  const uint8_t* sealed = uh_take(&in, out->sealed_size);
  out->sealed = in.failed ? NULL : bytes + (sealed - bytes);
  out->signature = uh_take(&in, UH_SIGNATURE_SIZE);
  return uh_read_all(&in) && (format == SECRET_ALONE || format == WITH_POLICY) &&
         out->sealed_size >= SEALED_SIZE && out->sealed_size <= SEALED_SIZE + UH_MAX_POLICY;
}

static bool find(const uh_roster* roster, const uint8_t device[UH_ID_SIZE], uh_member* out) {
  for (uint16_t i = 0; i < roster->member_count; ++i) {
    *out = uh_roster_member(roster, i);
    if (memcmp(out->device, device, UH_ID_SIZE) == 0) {
      return true;
    }
  }
  return false;
}

static bool is_signed(const uint8_t key[32], const uint8_t* bytes, const uint8_t* signature,
                      uint8_t* work, size_t work_size) {
  uh_writer out = uh_write_to(work, work_size);
  uh_put_prefixed(&out, kSignatureLabel, sizeof kSignatureLabel - 1);
  uh_put(&out, bytes, (size_t)(signature - bytes));
  return !out.failed && uh_ed25519_verify(key, out.data, out.used, signature);
}

static bool unseal(uh_delivery* to, const uint8_t identity_key[32], const uint8_t identity[32],
                   const uint8_t roster_hash[32], const fields* in) {
  static const uint8_t kNonce[UH_NONCE_SIZE];
  uint8_t shared[32];
  uint8_t key[32];
  uint8_t info[4 + sizeof kKeyLabel + 32 + 2 * UH_ID_SIZE + 64];
  uh_writer out = uh_write_to(info, sizeof info);
  uh_put_prefixed(&out, kKeyLabel, sizeof kKeyLabel - 1);
  uh_put(&out, roster_hash, 32);
  uh_put(&out, in->controller, UH_ID_SIZE);
  uh_put(&out, in->recipient, UH_ID_SIZE);
  uh_put(&out, in->ephemeral, 32);
  uh_put(&out, identity, 32);
  if (!uh_x25519(shared, identity_key, in->ephemeral)) {
    return false;
  }
  uh_hkdf(key, sizeof key, NULL, 0, shared, sizeof shared, info, out.used);
  const bool good = uh_aead_open(in->sealed, key, kNonce, NULL, 0, in->sealed, in->sealed_size);
  if (good) {
    memcpy(to->secret, in->sealed, SECRET_SIZE);
    uh_wipe(in->sealed, SECRET_SIZE);
    to->policy = in->sealed + SECRET_SIZE;
    to->policy_size = in->sealed_size - SEALED_SIZE;
  }
  uh_wipe(shared, sizeof shared);
  uh_wipe(key, sizeof key);
  return good;
}

uh_status uh_delivery_open(uh_delivery* out, const uint8_t identity_key[32],
                           const uint8_t self[UH_ID_SIZE], uint8_t* bytes, size_t size,
                           uint8_t* work, size_t work_size) {
  fields in;
  uh_roster roster;
  uh_member own;
  uh_member controller;
  uint8_t identity[32];
  if (!read_fields(&in, bytes, size)) {
    return UH_MALFORMED;
  }
  if (work_size < size + UH_DELIVERY_WORK) {
    return UH_NO_SPACE;
  }
  const uh_roster_input input = {
      .document = in.roster, .size = in.roster_size, .work = work, .work_size = work_size};
  const uh_status status = uh_roster_read(&roster, &input);
  if (status != UH_OK) {
    return status;
  }
  uh_x25519_base(identity, identity_key);
  if (memcmp(in.recipient, self, UH_ID_SIZE) != 0 || !find(&roster, self, &own) ||
      memcmp(own.identity, identity, 32) != 0 || !find(&roster, in.controller, &controller) ||
      controller.role != UH_CONTROLLER) {
    return UH_WRONG_DEVICE;
  }
  if (!is_signed(controller.signing_key, bytes, in.signature, work, work_size) ||
      !unseal(out, identity_key, identity, roster.hash, &in)) {
    return UH_UNDECRYPTABLE;
  }
  out->roster = in.roster;
  out->roster_size = in.roster_size;
  return UH_OK;
}
