#include "device.h"

#include <esp_log.h>
#include <esp_timer.h>
#include <stdio.h>
#include <string.h>

#include "driver_relay.h"
#include "enrol_port.h"
#include "flash_port.h"
#include "uh/agent.h"
#include "update.h"

#define MEASURE_MS 30000
#define KEEP_ALIVE_S 60
#define SESSION_S (7u * 86400u)

// Where things lie in flash, in sectors.
enum {
  GROUP = 0,
  GROUP_HALF = 2,
  POLICY = 4,
  ENROLMENT = 6,
  COUNTERS = 8,
  RING = 10,
  RING_SECTORS = 64,
  CHANNEL = RING + RING_SECTORS,
  CHANNEL_HALF = 2
};

static const char kTag[] = "device";

struct device {
  const settings* with;
  uh_flash flash;
  uh_journal group_journal;
  uh_journal policy_journal;
  uh_journal enrol_journal;
  uh_counters counters;
  uh_ring ring;
  uh_clock clock;
  uh_group group;
  uh_policy policy;
  uh_channel channel;
  uh_agent agent;
  uh_enrol enrol;
  uh_enrol_port port;
  uh_mqtt_settings mqtt;
  uh_mqtt_filter filters[3];
  uint8_t id[UH_ID_SIZE];
  char commands[64];
  char keys[64];
  char channels[64];
  char prekeys[64];
  char results[64];
  char telemetry[64];
  char state[64];
  uint64_t measure_at;
  bool wants_restart;
  uint8_t enrol_work[UH_ENROL_WORK];
  uint8_t work[UH_GROUP_STORED_SIZE];
};

static device the_device;

uh_enrol* device_enrol(device* self) {
  return &self->enrol;
}

uh_ring* device_ring(device* self) {
  return &self->ring;
}

const uh_mqtt_settings* device_mqtt(const device* self) {
  return &self->mqtt;
}

bool device_wants_restart(const device* self) {
  return self->wants_restart;
}

static uint64_t uptime_now(void) {
  return (uint64_t)esp_timer_get_time() / 1000;
}

// ---- state ----

static void name_topics(device* self) {
  (void)snprintf(self->commands, sizeof self->commands, "devices/%s/command", self->with->device);
  (void)snprintf(self->results, sizeof self->results, "devices/%s/result", self->with->device);
  (void)snprintf(self->telemetry, sizeof self->telemetry, "devices/%s/telemetry",
                 self->with->device);
  (void)snprintf(self->state, sizeof self->state, "devices/%s/state", self->with->device);
  (void)snprintf(self->keys, sizeof self->keys, "devices/%s/group/+", self->with->device);
  (void)snprintf(self->channels, sizeof self->channels, "devices/%s/channel/+", self->with->device);
  (void)snprintf(self->prekeys, sizeof self->prekeys, "devices/%s/prekeys", self->with->device);
  self->filters[0] = (uh_mqtt_filter){.filter = self->commands, .qos = 1};
  self->filters[1] = (uh_mqtt_filter){.filter = self->keys, .qos = 1};
  self->filters[2] = (uh_mqtt_filter){.filter = self->channels, .qos = 1};
  self->mqtt = (uh_mqtt_settings){.client_id = self->with->device,
                                  .keep_alive = KEEP_ALIVE_S,
                                  .session_expiry = SESSION_S,
                                  .filters = self->filters,
                                  .filter_count = 3};
}

static bool open_storage(device* self) {
  const uh_flash* flash = &self->flash;
  return flash_port_open(&self->flash) &&
         uh_journal_open(&self->group_journal, flash, GROUP, GROUP_HALF) == UH_OK &&
         uh_journal_open(&self->policy_journal, flash, POLICY, 1) == UH_OK &&
         uh_journal_open(&self->enrol_journal, flash, ENROLMENT, 1) == UH_OK &&
         uh_counters_open(&self->counters, flash, COUNTERS, 1) == UH_OK &&
         uh_ring_open(&self->ring, flash, RING, RING_SECTORS) == UH_OK &&
         uh_enrol_open(&self->enrol, &self->enrol_journal, &self->port, &self->clock,
                       self->enrol_work) == UH_OK;
}

static bool id_of(const char* text, uint8_t out[UH_ID_SIZE]) {
  size_t digits = 0;
  memset(out, 0, UH_ID_SIZE);
  for (; *text != 0 && digits < 2 * UH_ID_SIZE; ++text) {
    const char* at = strchr("0123456789abcdef", *text);
    if (*text == '-') {
      continue;
    }
    if (at == NULL) {
      return false;
    }
    out[digits / 2] = (uint8_t)(out[digits / 2] << 4 | (at - "0123456789abcdef"));
    ++digits;
  }
  return digits == 2 * UH_ID_SIZE;
}

// False until the device was commissioned.
static bool member_of(const device* self, uint8_t owner[32], uh_member_self* out) {
  size_t size = 0;
  *out = (uh_member_self){.device = self->id,
                          .identity_key = self->with->identity_key,
                          .owner = owner,
                          .listens = uh_listens_to_controllers};
  return settings_read_blob("owner", owner, 32, &size) && size == 32;
}

static uh_status adopt(device* self, uint8_t* delivery, size_t size) {
  uint8_t owner[32];
  uh_member_self member;
  return member_of(self, owner, &member) ? uh_agent_adopt(&self->agent, &member, delivery, size)
                                         : UH_STATE;
}

// What was brought with the commissioning, where the broker does not bring it.
static void join_group(device* self) {
  static uint8_t bytes[MAX_DELIVERY];
  size_t size = 0;
  if (!settings_read_blob("delivery", bytes, sizeof bytes, &size)) {
    return;
  }
  const uh_status status = adopt(self, bytes, size);
  ESP_LOGW(kTag, "group: status %d", status);
  // Not again: also a bad one is not looked at at each start. Flash that failed gets another
  // chance.
  if (status != UH_STORAGE) {
    settings_forget_delivery();
  }
}

device* device_open(const settings* with) {
  device* self = &the_device;
  self->with = with;
  self->port = enrol_port_make(with);
  name_topics(self);
  const uh_channel_parts ends = {.device = self->id,
                                 .identity_key = with->identity_key,
                                 .signing_seed = with->signing_seed,
                                 .work = self->work,
                                 .work_size = sizeof self->work};
  if (!id_of(with->device, self->id) || !open_storage(self) ||
      uh_channel_open(&self->channel, &ends, &self->flash, CHANNEL, CHANNEL_HALF) != UH_OK) {
    return NULL;
  }
  const uh_agent_parts parts = {.group = &self->group,
                                .group_journal = &self->group_journal,
                                .policy = &self->policy,
                                .policy_journal = &self->policy_journal,
                                .counters = &self->counters,
                                .ring = &self->ring,
                                .clock = &self->clock,
                                .channel = &self->channel,
                                .signing_seed = with->signing_seed,
                                .work = self->work,
                                .work_size = sizeof self->work};
  uh_agent_init(&self->agent, &parts);
  const uh_status loaded = uh_agent_load(&self->agent);
  if (loaded != UH_OK && loaded != UH_STATE) {
    // Nothing is sealed with keys that may have been used; the owner's next roster begins anew.
    ESP_LOGE(kTag, "the group cannot be used: status %d", loaded);
  }
  join_group(self);
  return self;
}

// ---- what it does ----

static void report(device* self, const char* topic, uh_kind kind, bool retained, const char* text) {
  const uh_content content = {.sent_at = uh_clock_now(&self->clock, uptime_now()),
                              .body = (const uint8_t*)text,
                              .body_size = strlen(text)};
  const uh_status status = uh_agent_report(&self->agent, topic, kind, retained, &content);
  if (status != UH_OK) {
    ESP_LOGW(kTag, "not reported: status %d", status);
  }
}

static bool is(const uh_command* command, const char* name) {
  return command->name_size == strlen(name) && memcmp(command->name, name, command->name_size) == 0;
}

static const char* obey(device* self, const uh_command* command) {
  char path[128];
  if (is(command, "on") || is(command, "off")) {
    relay_set(is(command, "on"));
    report(self, self->state, UH_STATE_REPORT, true,
           relay_is_on() ? "{\"on\":true}" : "{\"on\":false}");
    return relay_is_on() ? "ok: on" : "ok: off";
  }
  if (is(command, "update") && command->arguments_size < sizeof path) {
    memcpy(path, command->arguments, command->arguments_size);
    path[command->arguments_size] = 0;
    self->wants_restart = update_fetch(self->with, path);
    return self->wants_restart ? "ok: starts anew" : "error: the image was not taken";
  }
  return "error: there is no such command";
}

static bool matches(const uh_mqtt_event* event, const char* filter) {
  const size_t prefix = strlen(filter) - 1;  // without the wildcard
  return event->topic_size > prefix && memcmp(event->topic, filter, prefix) == 0;
}

// What a controller says to this device alone.
static uh_status hear(device* self, const uh_mqtt_event* event, uint64_t uptime) {
  char answers[160];
  uint8_t owner[32];
  uint8_t controller[UH_ID_SIZE];
  uh_member_self member;
  uh_heard heard;
  const size_t prefix = strlen(self->channels) - 1;
  (void)snprintf(answers, sizeof answers, "%.*s", (int)event->topic_size, event->topic);
  const uint8_t* id = uh_channel_controller(event->payload, event->payload_size);
  if (id == NULL || event->topic_size > sizeof answers - sizeof "/answer" ||
      !id_of(answers + prefix, controller) || memcmp(id, controller, sizeof controller) != 0) {
    return UH_MALFORMED;
  }
  (void)strcat(answers, "/answer");
  if (!member_of(self, owner, &member)) {
    return UH_STATE;
  }
  const uh_status status = uh_agent_hear(&self->agent, &member, event->payload, event->payload_size,
                                         answers, uptime, &heard);
  if (status == UH_OK && heard.is_command) {
    (void)uh_agent_answer(&self->agent, answers, &heard.command, obey(self, &heard.command),
                          uptime);
  }
  return status;
}

bool device_on_message(void* context, const uh_mqtt_event* event) {
  device* self = context;
  uh_command command;
  const uint64_t uptime = uptime_now();
  if (matches(event, self->keys)) {
    return adopt(self, event->payload, event->payload_size) != UH_STORAGE;
  }
  if (matches(event, self->channels)) {
    return hear(self, event, uptime) != UH_STORAGE;
  }
  const uh_status status =
      uh_agent_take(&self->agent, event->topic, event->topic_size, event->payload,
                    event->payload_size, event->retained, self->results, uptime, &command);
  if (status == UH_OK) {
    (void)uh_agent_answer(&self->agent, self->results, &command, obey(self, &command), uptime);
  } else if (status != UH_STATE && status != UH_BUSY) {
    ESP_LOGW(kTag, "a payload was refused: status %d", status);
  }
  return status != UH_STORAGE;
}

void device_step(device* self, uint64_t uptime) {
  uint8_t owner[32];
  uh_member_self member;
  if (self->channel.has_news && member_of(self, owner, &member)) {
    (void)uh_agent_publish_prekeys(&self->agent, self->prekeys, uptime);
  }
  if (uptime < self->measure_at || self->group.current.number == 0) {
    return;
  }
  self->measure_at = uptime + MEASURE_MS;
  char reading[48];
  (void)snprintf(reading, sizeof reading, "{\"on\":%s,\"lost\":%u}",
                 relay_is_on() ? "true" : "false", (unsigned)self->ring.lost);
  report(self, self->telemetry, UH_TELEMETRY, false, reading);
}
