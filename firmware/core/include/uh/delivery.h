// How a member without a live pairwise session gets a roster and its epoch's secret: sealed for its
// identity key by a controller of that roster, who signs it. Anybody may carry it, the broker's
// retained topics included. What the member obeys (uh/policy.h) may come with it, sealed too.
// docs/security.md, "Device groups", Delivery.
#ifndef UH_DELIVERY_H
#define UH_DELIVERY_H

#include "uh/group.h"

// Memory for checking one delivery, beside its own size.
#define UH_DELIVERY_WORK 32u

typedef struct uh_delivery {
  const uint8_t* roster;  // lies in the delivery
  size_t roster_size;
  uint8_t secret[32];     // the caller's to wipe
  const uint8_t* policy;  // lies in the delivery, which was opened in place
  size_t policy_size;     // 0: none came
} uh_delivery;

// Opens in place. Whether an owner signed is for uh_group_join(), uh_group_advance() and
// uh_policy_replace(). UH_MALFORMED,
// UH_NO_SPACE, UH_WRONG_DEVICE (for another one, or not from a controller of its roster),
// UH_UNDECRYPTABLE.
uh_status uh_delivery_open(uh_delivery* out, const uint8_t identity_key[32],
                           const uint8_t self[UH_ID_SIZE], uint8_t* bytes, size_t size,
                           uint8_t* work, size_t work_size);

#endif
