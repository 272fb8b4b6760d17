// Which epochs a group knows, and how it comes to the next one.
#include <string.h>

#include "group_internal.h"
#include "uh/group.h"

bool uh_listens_to_controllers(void* context, const uint8_t device[UH_ID_SIZE], uint8_t role) {
  (void)context;
  (void)device;
  return role == UH_CONTROLLER || role == UH_HUB;
}

// ---- rosters ----

static bool owns(const uint8_t owners[][32], uint8_t count, const uint8_t key[32]) {
  for (uint8_t i = 0; i < count; ++i) {
    if (memcmp(owners[i], key, 32) == 0) {
      return true;
    }
  }
  return false;
}

uh_sender* uh_find_sender(uh_epoch* epoch, const uint8_t tag[UH_TAG8_SIZE]) {
  for (uint8_t i = 0; i < epoch->sender_count; ++i) {
    if (memcmp(epoch->senders[i].tag, tag, UH_TAG8_SIZE) == 0) {
      return &epoch->senders[i];
    }
  }
  return NULL;
}

static void start_sender(uh_sender* sender, const uh_member* member, const uint8_t secret[32],
                         const uint8_t roster_hash[32]) {
  memcpy(sender->tag, member->device + 8, UH_TAG8_SIZE);
  memcpy(sender->signing_key, member->signing_key, 32);
  sender->role = member->role;
  uh_chain_start(&sender->chain, secret, roster_hash, member->device);
  for (size_t i = 0; i < UH_KEPT_KEYS; ++i) {
    sender->kept[i].counter = UH_NO_COUNTER;
  }
}

// How many senders the roster gives this device, after checking that it is in it and that nobody
// it knows has other keys.
static uh_status count_senders(const uh_group* group, const uh_roster* roster,
                               const uh_roster_input* input, uint8_t* count) {
  bool is_member = false;
  *count = 0;
  for (uint16_t i = 0; i < roster->member_count; ++i) {
    const uh_member member = uh_roster_member(roster, i);
    if (memcmp(member.device, group->self, UH_ID_SIZE) == 0) {
      is_member = true;
      continue;
    }
    const uh_sender* known = uh_find_sender((uh_epoch*)&group->current, member.device + 8);
    if (known != NULL && memcmp(known->signing_key, member.signing_key, 32) != 0) {
      return UH_FORKED;
    }
    if (input->listens(input->context, member.device, member.role)) {
      if (*count == UH_MAX_SENDERS) {
        return UH_MALFORMED;
      }
      ++*count;
    }
  }
  return is_member ? UH_OK : UH_WRONG_DEVICE;
}

// Nothing can fail any more.
static void enter_epoch(uh_group* group, const uh_roster* roster, const uh_roster_input* input) {
  memcpy(group->id, roster->id, UH_ID_SIZE);
  group->owner_count = roster->owner_count;
  memcpy(group->owners, roster->owners, (size_t)roster->owner_count * 32);
  group->horizon = 0;
  uh_chain_start(&group->own, input->secret, roster->hash, group->self);
  uh_epoch* epoch = &group->current;
  memset(epoch, 0, sizeof *epoch);
  epoch->number = roster->epoch;
  memcpy(epoch->roster_hash, roster->hash, 32);
  for (uint16_t i = 0; i < roster->member_count; ++i) {
    const uh_member member = uh_roster_member(roster, i);
    if (memcmp(member.device, group->self, UH_ID_SIZE) != 0 &&
        input->listens(input->context, member.device, member.role)) {
      start_sender(&epoch->senders[epoch->sender_count++], &member, input->secret, roster->hash);
    }
  }
}

uh_status uh_group_join(uh_group* group, const uint8_t owner[32], const uint8_t self[UH_ID_SIZE],
                        const uh_roster_input* input) {
  uh_roster roster;
  uint8_t senders = 0;
  memset(group, 0, sizeof *group);
  memcpy(group->self, self, UH_ID_SIZE);
  uh_status status = uh_roster_read(&roster, input);
  if (status == UH_OK && (memcmp(roster.signer, owner, 32) != 0 ||
                          !owns((const uint8_t(*)[32])roster.owners, roster.owner_count, owner))) {
    status = UH_NOT_AN_OWNER;
  }
  if (status == UH_OK) {
    status = count_senders(group, &roster, input, &senders);
  }
  if (status == UH_OK) {
    enter_epoch(group, &roster, input);
  }
  return status;
}

uh_status uh_group_advance(uh_group* group, const uh_roster_input* input) {
  uh_roster roster;
  uint8_t senders = 0;
  const uh_status status = uh_roster_read(&roster, input);
  if (status != UH_OK) {
    return status;
  }
  if (memcmp(roster.id, group->id, UH_ID_SIZE) != 0) {
    return UH_FORKED;
  }
  if (!owns((const uint8_t(*)[32])group->owners, group->owner_count, roster.signer)) {
    return UH_NOT_AN_OWNER;
  }
  if (roster.epoch <= group->current.number) {
    const bool forks = roster.epoch == group->current.number &&
                       memcmp(roster.hash, group->current.roster_hash, 32) != 0;
    return forks ? UH_FORKED : UH_STALE;
  }
  if (roster.epoch == group->current.number + 1 &&
      memcmp(roster.previous_hash, group->current.roster_hash, 32) != 0) {
    return UH_FORKED;
  }
  const uh_status members = count_senders(group, &roster, input, &senders);
  if (members != UH_OK) {
    return members;
  }
  group->previous = group->current;
  enter_epoch(group, &roster, input);
  return UH_OK;
}

void uh_group_forget(uh_group* group) {
  uh_wipe(&group->previous, sizeof group->previous);
}

void uh_group_wipe(uh_group* group) {
  uh_wipe(group, sizeof *group);
}

// ---- counters ----

uint32_t uh_group_reserved(const uh_group* group) {
  return group->horizon - group->own.next;
}

uh_status uh_group_reserve(uh_group* group) {
  if (group->current.number == 0) {
    return UH_STATE;
  }
  if (group->horizon > UH_MAX_COUNTER - UH_COUNTER_BLOCK) {
    return UH_EXHAUSTED;
  }
  group->horizon += UH_COUNTER_BLOCK;
  return UH_OK;
}

uh_status uh_group_skip_to(uh_group* group, uint32_t horizon) {
  if (horizon > UH_MAX_COUNTER) {
    return UH_EXHAUSTED;
  }
  if (horizon > group->own.next) {
    uh_chain_skip(&group->own, horizon);
    group->horizon = horizon;
  }
  return UH_OK;
}
