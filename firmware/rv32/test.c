// The published vectors and the storage on RISC-V. Prints what it found; exits with 0 when all is
// as it should be.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group_internal.h"
#include "port.h"
#include "uh/agent.h"
#include "uh/enrol.h"
#include "vectors.h"

#define CHECK(condition)                                            \
  do {                                                              \
    if (!(condition)) {                                             \
      printf("FAILED %s:%d: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                      \
    }                                                               \
  } while (0)

#define SECTOR 4096u
#define SECTORS 16u
#define CASES (sizeof k_payloads / sizeof k_payloads[0])

// ---- flash in memory ----

static uint8_t flash_bytes[SECTOR * SECTORS];
static uint32_t writes_left = UINT32_MAX;

static bool flash_read(void* context, uint32_t at, void* out, uint32_t size) {
  (void)context;
  memcpy(out, flash_bytes + at, size);
  return true;
}
static bool flash_write(void* context, uint32_t at, const void* data, uint32_t size) {
  (void)context;
  const uint32_t taken = size < writes_left ? size : writes_left;
  memcpy(flash_bytes + at, data, taken);
  writes_left -= writes_left == UINT32_MAX ? 0 : taken;
  return taken == size;
}
static bool flash_erase(void* context, uint32_t sector) {
  (void)context;
  memset(flash_bytes + sector * SECTOR, 0xff, SECTOR);
  return writes_left != 0;
}
static bool flash_is_blank(void* context, uint32_t at, uint32_t size) {
  (void)context;
  for (uint32_t i = 0; i < size; ++i) {
    if (flash_bytes[at + i] != 0xff) {
      return false;
    }
  }
  return true;
}
static const uh_flash kFlash = {.sector_size = SECTOR,
                                .sector_count = SECTORS,
                                .read = flash_read,
                                .write = flash_write,
                                .erase = flash_erase,
                                .is_blank = flash_is_blank};

// ---- all that a device keeps in memory; buffers apart ----

static uh_group group;
static uh_policy policy;
static uh_counters counters;
static uh_ring ring;
static uh_mqtt session;
static uh_agent agent;
static uh_channel channel;
static uh_enrol enrolment;
static uh_clock device_clock;
static uh_journal group_journal;
static uh_journal policy_journal;
static uh_journal enrol_journal;
static uint8_t work[UH_GROUP_STORED_SIZE + sizeof k_roster];

static void join(const uint8_t* device) {
  const uh_roster_input input = {.document = k_roster,
                                 .size = sizeof k_roster,
                                 .secret = k_epoch_secret,
                                 .listens = uh_listens_to_controllers,
                                 .work = work,
                                 .work_size = sizeof work};
  CHECK(uh_group_join(&group, k_owner_public, device, &input) == UH_OK);
}

static void open_all(void) {
  join(k_receiver_device);
  for (size_t i = 0; i < CASES; ++i) {
    uh_opened opened;
    uint8_t payload[512];
    CHECK(k_payloads[i].payload_size <= sizeof payload);
    memcpy(payload, k_payloads[i].payload, k_payloads[i].payload_size);
    CHECK(uh_group_open(&group, k_payloads[i].topic, strlen(k_payloads[i].topic), payload,
                        k_payloads[i].payload_size, k_payloads[i].retained, &opened) == UH_OK);
    CHECK(opened.counter == k_payloads[i].counter);
    CHECK(opened.content.sent_at == k_payloads[i].sent_at);
    CHECK(opened.content.body_size == k_payloads[i].body_size);
    CHECK(memcmp(opened.content.body, k_payloads[i].body, k_payloads[i].body_size) == 0);
    memcpy(payload, k_payloads[i].payload, k_payloads[i].payload_size);
    payload[k_payloads[i].payload_size - 1] ^= 1;
    CHECK(uh_group_open(&group, k_payloads[i].topic, strlen(k_payloads[i].topic), payload,
                        k_payloads[i].payload_size, k_payloads[i].retained, &opened) != UH_OK);
  }
}

static void seal_all(void) {
  join(k_sender_device);
  for (size_t i = 0; i < CASES; ++i) {
    uint8_t payload[512];
    size_t size = 0;
    uh_content content = {.sent_at = k_payloads[i].sent_at,
                          .not_after = k_payloads[i].not_after,
                          .has_request = k_payloads[i].request != NULL,
                          .has_challenge = k_payloads[i].challenge != NULL,
                          .body = k_payloads[i].body,
                          .body_size = k_payloads[i].body_size};
    if (content.has_request) {
      memcpy(content.request, k_payloads[i].request, 16);
    }
    if (content.has_challenge) {
      memcpy(content.challenge, k_payloads[i].challenge, 16);
    }
    if (i == CASES / 2) {  // the sender starts again
      CHECK(uh_group_store(&group, work, sizeof work, &size) == UH_OK);
      CHECK(uh_group_load(&group, work, size) == UH_OK);
    }
    if (uh_group_reserved(&group) == 0) {
      CHECK(uh_group_reserve(&group) == UH_OK);
    }
    CHECK(uh_group_seal(&group, k_sender_signing_seed, k_payloads[i].topic,
                        strlen(k_payloads[i].topic), (uh_kind)k_payloads[i].kind,
                        k_payloads[i].retained, &content, payload, sizeof payload, &size) == UH_OK);
    CHECK(size == k_payloads[i].payload_size);
    CHECK(memcmp(payload, k_payloads[i].payload, size) == 0);
  }
}

// ---- the pairwise channel ----

#define MESSAGES (sizeof k_channel / sizeof k_channel[0])

static void published(const uint8_t* expected, size_t expected_size) {
  uint8_t document[UH_PREKEYS_SIZE];
  size_t size = 0;
  CHECK(uh_channel_publish(&channel, CHANNEL_PUBLISHED_AT, document, sizeof document, &size) ==
        UH_OK);
  CHECK(size == expected_size && memcmp(document, expected, size) == 0);
}

// The content of an epoch begins with its roster.
static void keep(const uh_received* received, const uint8_t* content, uint32_t* epoch) {
  uh_roster roster;
  uh_reader in = uh_read_from(content + 1, 4);
  const bool is_epoch = content[0] == 1;
  const uh_roster_input input = {.document = content + 5,
                                 .size = (size_t)uh_take_integer(&in, 4),
                                 .work = work,
                                 .work_size = sizeof work};
  CHECK(!is_epoch || uh_roster_read(&roster, &input) == UH_OK);
  CHECK(uh_channel_keep(&channel, received, is_epoch ? &roster : NULL) == UH_OK);
  *epoch = is_epoch ? roster.epoch : *epoch;
}

// On empty flash, with what the vectors say is drawn.
static void open_channel(uint32_t first_sector) {
  const uh_channel_parts parts = {.device = k_channel_device_device_id,
                                  .identity_key = k_channel_device_identity_private,
                                  .signing_seed = k_channel_device_signing_seed,
                                  .work = work,
                                  .work_size = sizeof work};
  port_draws = k_channel_device_random;
  port_draws_left = sizeof k_channel_device_random;
  CHECK(uh_channel_open(&channel, &parts, &kFlash, first_sector, 1) == UH_OK);
}

static void talk(void) {
  uint32_t epoch = 0;
  memset(flash_bytes, 0xff, sizeof flash_bytes);
  open_channel(0);
  published(k_channel_prekeys, sizeof k_channel_prekeys);
  for (size_t i = 0; i < MESSAGES; ++i) {
    uint8_t payload[1024];
    size_t size = k_channel[i].payload_size;
    CHECK(size <= sizeof payload);
    if (k_channel[i].said) {
      CHECK(uh_channel_seal(&channel, k_channel_controller_device_id, k_channel[i].plaintext,
                            k_channel[i].plaintext_size, payload, sizeof payload, &size) == UH_OK);
      CHECK(size == k_channel[i].payload_size && memcmp(payload, k_channel[i].payload, size) == 0);
      continue;
    }
    uh_received received;
    memcpy(payload, k_channel[i].payload, size);
    payload[size - 1] ^= 1;
    CHECK(uh_channel_receive(&channel, epoch, payload, size, &received) == UH_UNDECRYPTABLE);
    memcpy(payload, k_channel[i].payload, size);
    CHECK(uh_channel_receive(&channel, epoch, payload, size, &received) == UH_OK);
    CHECK(received.content_size == k_channel[i].plaintext_size);
    CHECK(memcmp(received.content, k_channel[i].plaintext, received.content_size) == 0);
    keep(&received, k_channel[i].plaintext, &epoch);
  }
  published(k_channel_prekeys_later, sizeof k_channel_prekeys_later);
  CHECK(port_draws_left == 0);
}

// ---- storage: the power goes in the middle of each kind of record ----

static void open_storage(void) {
  writes_left = UINT32_MAX;
  CHECK(uh_journal_open(&group_journal, &kFlash, 0, 2) == UH_OK);
  CHECK(uh_journal_open(&policy_journal, &kFlash, 4, 1) == UH_OK);
  CHECK(uh_journal_open(&enrol_journal, &kFlash, 6, 1) == UH_OK);
  CHECK(uh_counters_open(&counters, &kFlash, 8, 1) == UH_OK);
  CHECK(uh_ring_open(&ring, &kFlash, 10, 4) == UH_OK);
  const uh_agent_parts parts = {.group = &group,
                                .group_journal = &group_journal,
                                .policy = &policy,
                                .policy_journal = &policy_journal,
                                .counters = &counters,
                                .ring = &ring,
                                .clock = &device_clock,
                                .signing_seed = k_sender_signing_seed,
                                .work = work,
                                .work_size = sizeof work};
  uh_agent_init(&agent, &parts);
}

// The first message of the vectors as a device takes it, and its receipt.
static void an_epoch_is_heard(void) {
  const uh_member_self self = {.device = k_channel_device_device_id,
                               .identity_key = k_channel_device_identity_private,
                               .owner = k_channel_owner_public,
                               .listens = uh_listens_to_controllers};
  uint8_t payload[1024];
  uh_heard heard;
  size_t size = 0;
  memset(flash_bytes, 0xff, sizeof flash_bytes);
  memset(&group, 0, sizeof group);
  open_storage();
  open_channel(14);
  agent.with.channel = &channel;
  memcpy(payload, k_channel[0].payload, k_channel[0].payload_size);
  CHECK(uh_agent_hear(&agent, &self, payload, k_channel[0].payload_size, "a", 1, &heard) == UH_OK);
  CHECK(heard.is_new && group.current.number == 1);
  CHECK(uh_ring_read(&ring, 0, payload, sizeof payload, &size) == UH_OK);
  CHECK(size == 4 + k_channel[1].payload_size);
  CHECK(memcmp(payload + 4, k_channel[1].payload, k_channel[1].payload_size) == 0);
}

static void reports_survive(void) {
  memset(flash_bytes, 0xff, sizeof flash_bytes);
  open_storage();
  join(k_sender_device);
  CHECK(uh_agent_store(&agent) == UH_OK);
  uint32_t reported = 0;
  for (uint32_t life = 0; life < 40; ++life) {
    open_storage();
    CHECK(uh_agent_load(&agent) == UH_OK);
    CHECK(ring.next == reported || ring.next == reported + 1);
    reported = ring.next;
    writes_left = 60 + life * 17;
    const uh_content content = {.sent_at = life, .body = (const uint8_t*)"21.5", .body_size = 4};
    while (uh_agent_report(&agent, "home/temperature", UH_TELEMETRY, false, &content) == UH_OK) {
      ++reported;
    }
  }
  open_storage();
  // A torn record closes its sector, so that some of the first had to make room.
  CHECK(uh_ring_waiting(&ring) > 4 && uh_ring_waiting(&ring) + ring.lost == ring.next);
}

static void the_owner_decides(void) {
  const uh_rule rule = {.role = UH_CONTROLLER, .command = "set"};
  uint8_t document[UH_MAX_POLICY];
  size_t size = 0;
  bool needs_challenge = true;
  uh_ed25519_public(group.owners[0], k_sender_signing_seed);
  CHECK(uh_policy_sign(k_sender_signing_seed, group.id, group.self, 1, 1, &rule, 1, document,
                       sizeof document, &size) == UH_OK);
  document[size - 1] ^= 1;
  CHECK(uh_policy_replace(&policy, &group, document, size) == UH_UNDECRYPTABLE);
  document[size - 1] ^= 1;
  CHECK(uh_policy_replace(&policy, &group, document, size) == UH_OK);
  CHECK(uh_policy_allows(&policy, group.id, UH_CONTROLLER, "set", 3, &needs_challenge) == UH_OK);
  CHECK(uh_policy_allows(&policy, group.id, UH_HUB, "set", 3, &needs_challenge) == UH_DENIED);
}

// ---- MQTT ----

static void the_session_sends_what_waited(void) {
  static const uh_mqtt_filter filters[] = {{"home/commands", 1}};
  static const uh_mqtt_settings settings = {.client_id = "device",
                                            .keep_alive = 60,
                                            .session_expiry = 3600,
                                            .filters = filters,
                                            .filter_count = 1};
  static uint8_t in[512];
  static uint8_t out[1024];
  static const uint8_t connack[] = {0x20, 3, 0, 0, 0};
  uh_mqtt_event event;
  uh_mqtt_init(&session, &settings, &ring, in, sizeof in, out, sizeof out);
  CHECK(uh_mqtt_connect(&session, 1) == UH_OK);
  uh_mqtt_sent(&session, session.out_size, 1);
  const uint8_t* data = connack;
  size_t size = sizeof connack;
  CHECK(uh_mqtt_receive(&session, &data, &size, 2, &event) == UH_OK);
  CHECK(event.kind == UH_MQTT_CONNECTED);
  const uint32_t waiting = uh_ring_waiting(&ring);
  for (uint32_t i = 0; i < waiting; ++i) {
    const uint32_t first = ring.first;
    CHECK(uh_mqtt_tick(&session, 3, &event) == UH_OK);
    uh_mqtt_sent(&session, session.out_size, 3);
    const uint8_t puback[] = {0x40, 2, (uint8_t)((first + 1) >> 8), (uint8_t)(first + 1)};
    data = puback;
    size = sizeof puback;
    CHECK(uh_mqtt_receive(&session, &data, &size, 4, &event) == UH_OK);
    CHECK(event.kind == UH_MQTT_DELIVERED && event.message == first);
  }
  CHECK(uh_ring_waiting(&ring) == 0);
}

// ---- how much memory ----

#define PAINTED 24576u
#define PAINT 0xa5

// Below the frame of whoever calls this, as no frame of its own may be in the way.
static __attribute__((noinline)) uint8_t* paint(void) {
  uint8_t* top = __builtin_frame_address(0);
  for (uint8_t* at = top - PAINTED; at < top - 256; ++at) {
    *(volatile uint8_t*)at = PAINT;
  }
  return top;
}

static uint32_t deepest(const uint8_t* top) {
  const uint8_t* at = top - PAINTED;
  while (*at == PAINT) {
    ++at;
  }
  return (uint32_t)(top - at);
}

int main(void) {
  const uint8_t* top = paint();
  open_all();
  seal_all();
  talk();
  an_epoch_is_heard();
  reports_survive();
  the_owner_decides();
  the_session_sends_what_waited();
  const size_t memory = sizeof group + sizeof policy + sizeof counters + sizeof ring +
                        sizeof session + sizeof agent + sizeof channel + sizeof enrolment +
                        sizeof device_clock + sizeof group_journal + sizeof policy_journal +
                        sizeof enrol_journal;
  printf("payloads %u\nmessages %u\nstate %u\nstack %u\n", (unsigned)CASES, (unsigned)MESSAGES,
         (unsigned)memory, (unsigned)deepest(top));
  return 0;
}
