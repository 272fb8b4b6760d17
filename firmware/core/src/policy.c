#include "uh/policy.h"

#include <string.h>

#include "uh/bytes.h"

#define FORMAT 1
#define KNOWN_FLAGS UH_RULE_CHALLENGE
#define MAX_ROLE UH_COMPLIANCE

static const char kLabel[] = "unhidra device policy 1";
static const uint8_t kAnyone[UH_ID_SIZE];

typedef struct read_rule {
  uint8_t role;
  const uint8_t* sender;
  uint8_t flags;
  const uint8_t* command;
  size_t command_size;
} read_rule;

typedef struct read_policy {
  const uint8_t* group;
  const uint8_t* device;
  uint32_t version;
  uint8_t count;
  uh_reader rules;
  const uint8_t* signer;
} read_policy;

static read_rule take_rule(uh_reader* in) {
  read_rule rule;
  rule.role = (uint8_t)uh_take_integer(in, 1);
  rule.sender = uh_take(in, UH_ID_SIZE);
  rule.flags = (uint8_t)uh_take_integer(in, 1);
  rule.command_size = (size_t)uh_take_integer(in, 4);
  rule.command = uh_take(in, rule.command_size);
  in->failed = in->failed || rule.role > MAX_ROLE || (rule.flags & ~KNOWN_FLAGS) != 0 ||
               rule.command_size == 0 || rule.command_size > UH_MAX_COMMAND_NAME;
  return rule;
}

static bool is_before(const uint8_t* a, size_t a_size, const uint8_t* b, size_t b_size) {
  const int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
  return order < 0 || (order == 0 && a_size < b_size);
}

// Everything but the signature; sound as a whole or UH_MALFORMED.
static uh_status read_document(const uint8_t* document, size_t size, read_policy* out) {
  if (size < UH_SIGNATURE_SIZE) {
    return UH_MALFORMED;
  }
  uh_reader in = uh_read_from(document, size - UH_SIGNATURE_SIZE);
  const uint64_t format = uh_take_integer(&in, 1);
  out->group = uh_take(&in, UH_ID_SIZE);
  out->device = uh_take(&in, UH_ID_SIZE);
  out->version = (uint32_t)uh_take_integer(&in, 4);
  (void)uh_take(&in, 8);
  out->count = (uint8_t)uh_take_integer(&in, 1);
  out->rules = in;
  const uint8_t* last = NULL;
  size_t last_size = 0;
  for (uint8_t i = 0; i < out->count && !in.failed; ++i) {
    const uint8_t* start = in.at;
    (void)take_rule(&in);
    const size_t rule_size = (size_t)(in.at - start);
    if (last != NULL && !is_before(last, last_size, start, rule_size)) {
      return UH_MALFORMED;
    }
    last = start;
    last_size = rule_size;
  }
  out->signer = uh_take(&in, UH_KEY_SIZE);
  const bool is_sound =
      uh_read_all(&in) && format == FORMAT && out->version != 0 && out->count <= UH_MAX_RULES;
  return is_sound ? UH_OK : UH_MALFORMED;
}

#define MAX_SIGNED (UH_MAX_POLICY + 4 + sizeof kLabel)

static size_t bind(uint8_t out[MAX_SIGNED], const uint8_t* document, size_t size) {
  uh_writer writer = uh_write_to(out, MAX_SIGNED);
  uh_put_prefixed(&writer, kLabel, sizeof kLabel - 1);
  uh_put(&writer, document, size);
  return writer.used;
}

static bool is_owner(const uh_group* group, const uint8_t key[UH_KEY_SIZE]) {
  for (uint8_t i = 0; i < group->owner_count; ++i) {
    if (memcmp(group->owners[i], key, UH_KEY_SIZE) == 0) {
      return true;
    }
  }
  return false;
}

uh_status uh_policy_replace(uh_policy* policy, const uh_group* group, const uint8_t* document,
                            size_t size) {
  read_policy read;
  if (size > UH_MAX_POLICY || read_document(document, size, &read) != UH_OK) {
    return UH_MALFORMED;
  }
  if (!is_owner(group, read.signer)) {
    return UH_NOT_AN_OWNER;
  }
  if (memcmp(read.group, group->id, UH_ID_SIZE) != 0 ||
      memcmp(read.device, group->self, UH_ID_SIZE) != 0) {
    return UH_WRONG_DEVICE;
  }
  uint8_t bound[MAX_SIGNED];
  const size_t unsigned_size = size - UH_SIGNATURE_SIZE;
  const size_t bound_size = bind(bound, document, unsigned_size);
  if (!uh_ed25519_verify(read.signer, bound, bound_size, document + unsigned_size)) {
    return UH_UNDECRYPTABLE;
  }
  if (read.version <= policy->version) {
    return UH_STALE;
  }
  memcpy(policy->document, document, size);
  policy->size = (uint16_t)size;
  policy->version = read.version;
  return UH_OK;
}

static bool fits(const read_rule* rule, const uint8_t sender[UH_TAG8_SIZE], uint8_t role,
                 const char* command, size_t command_size) {
  const bool any_command = rule->command_size == 1 && rule->command[0] == '*';
  return (rule->role == 0 || rule->role == role) &&
         (memcmp(rule->sender, kAnyone, UH_ID_SIZE) == 0 ||
          memcmp(rule->sender + UH_ID_SIZE - UH_TAG8_SIZE, sender, UH_TAG8_SIZE) == 0) &&
         (any_command || (rule->command_size == command_size &&
                          memcmp(rule->command, command, command_size) == 0));
}

uh_status uh_policy_allows(const uh_policy* policy, const uint8_t sender[UH_TAG8_SIZE],
                           uint8_t role, const char* command, size_t command_size,
                           bool* needs_challenge) {
  read_policy read;
  *needs_challenge = false;
  if (policy->version == 0 || read_document(policy->document, policy->size, &read) != UH_OK) {
    return UH_DENIED;
  }
  bool allowed = false;
  for (uint8_t i = 0; i < read.count; ++i) {
    const read_rule rule = take_rule(&read.rules);
    if (fits(&rule, sender, role, command, command_size)) {
      allowed = true;
      *needs_challenge = *needs_challenge || (rule.flags & UH_RULE_CHALLENGE) != 0;
    }
  }
  return allowed ? UH_OK : UH_DENIED;
}

uh_status uh_policy_sign(const uint8_t owner_seed[32], const uint8_t group[UH_ID_SIZE],
                         const uint8_t device[UH_ID_SIZE], uint32_t version, uint64_t issued_at,
                         const uh_rule* rules, size_t count, uint8_t* out, size_t capacity,
                         size_t* size) {
  uint8_t signer[UH_KEY_SIZE];
  uint8_t bound[MAX_SIGNED];
  read_policy read;
  uh_ed25519_public(signer, owner_seed);
  uh_writer writer = uh_write_to(out, capacity < UH_MAX_POLICY ? capacity : UH_MAX_POLICY);
  uh_put_integer(&writer, FORMAT, 1);
  uh_put(&writer, group, UH_ID_SIZE);
  uh_put(&writer, device, UH_ID_SIZE);
  uh_put_integer(&writer, version, 4);
  uh_put_integer(&writer, issued_at, 8);
  uh_put_integer(&writer, count > UH_MAX_RULES ? UH_MAX_RULES + 1 : count, 1);
  for (size_t i = 0; i < count; ++i) {
    uh_put_integer(&writer, rules[i].role, 1);
    uh_put(&writer, rules[i].sender, UH_ID_SIZE);
    uh_put_integer(&writer, rules[i].flags, 1);
    uh_put_prefixed(&writer, rules[i].command, strlen(rules[i].command));
  }
  uh_put(&writer, signer, sizeof signer);
  const size_t unsigned_size = writer.used;
  static const uint8_t kRoom[UH_SIGNATURE_SIZE];
  uh_put(&writer, kRoom, sizeof kRoom);
  if (writer.failed) {
    return UH_NO_SPACE;
  }
  if (read_document(out, writer.used, &read) != UH_OK) {
    return UH_MALFORMED;
  }
  const size_t bound_size = bind(bound, out, unsigned_size);
  uh_ed25519_sign(out + unsigned_size, owner_seed, bound, bound_size);
  *size = writer.used;
  return UH_OK;
}
