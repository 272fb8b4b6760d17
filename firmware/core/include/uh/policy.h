// What a device lets others command, signed by an owner of its group: a broken broker, or whoever
// writes the server's policies, cannot open a door with it. Without a policy nothing is obeyed.
//
//   u8 format = 1 ‖ id group ‖ id device ‖ u32 version ‖ time issued_at
//   u8 count, count times: u8 role ‖ id sender ‖ u8 flags ‖ lp(command)
//                              at most 16, ascending as written
//   key signer ‖ 64 bytes signature
//
// A rule allows a command when its role is 0 or the sender's, its sender is zeros or the sender,
// and its command is the command's name or "*". A flag counts when any rule that allows it has it.
// The signature is over lp("unhidra device policy 1") ‖ everything before it. docs/security.md,
// "Device policies".
#ifndef UH_POLICY_H
#define UH_POLICY_H

#include "uh/group.h"

#define UH_MAX_RULES 16
#define UH_MAX_COMMAND_NAME 32
#define UH_MAX_POLICY 1152u

// A rule's flags.
#define UH_RULE_CHALLENGE 0x01  // only as an answer to a challenge of this device: locks, garages

typedef struct uh_policy {
  uint32_t version;  // 0: there is none
  uint16_t size;
  uint8_t document[UH_MAX_POLICY];
} uh_policy;

// Takes over a document that is newer than the one before. UH_MALFORMED, UH_NOT_AN_OWNER,
// UH_UNDECRYPTABLE (the signature), UH_WRONG_DEVICE (another device or group), UH_STALE (not
// newer).
uh_status uh_policy_replace(uh_policy* policy, const uh_group* group, const uint8_t* document,
                            size_t size);
// Whether the sender of an opened payload may do this here. UH_DENIED; `needs_challenge` says
// whether it may, but only as the answer to a challenge.
uh_status uh_policy_allows(const uh_policy* policy, const uint8_t sender[UH_TAG8_SIZE],
                           uint8_t role, const char* command, size_t command_size,
                           bool* needs_challenge);

typedef struct uh_rule {
  uint8_t role;                // 0: any
  uint8_t sender[UH_ID_SIZE];  // zeros: any
  uint8_t flags;
  const char* command;
} uh_rule;
// For the owner's side: writes and signs. `issued_at` is microseconds since 1970. UH_MALFORMED (too
// many rules, or not ascending), UH_NO_SPACE.
uh_status uh_policy_sign(const uint8_t owner_seed[32], const uint8_t group[UH_ID_SIZE],
                         const uint8_t device[UH_ID_SIZE], uint32_t version, uint64_t issued_at,
                         const uh_rule* rules, size_t count, uint8_t* out, size_t capacity,
                         size_t* size);

#endif
