// What comes and goes over the pairwise channel.
#include <string.h>

#include "agent_internal.h"
#include "session.h"

// Kinds of content (docs/security.md, "Channel of a device").
#define EPOCH 1
#define COMMAND 2
#define RECEIPT 3
#define RESULT 4

// ---- sending ----

// Room for an entry of the ring, behind the sessions that are stored meanwhile.
typedef struct entry {
  uint8_t* start;
  size_t room;
  size_t head;
  uh_writer content;
} entry;

static uh_status begin_entry(uh_agent* agent, const char* topic, bool retained, entry* out) {
  const uh_agent_parts* with = &agent->with;
  if (with->work_size < UH_CHANNEL_STORED_SIZE) {
    return UH_NO_SPACE;
  }
  const uh_mqtt_message message = {
      .qos = 1, .retained = retained, .topic = topic, .topic_size = strlen(topic)};
  out->start = with->work + UH_CHANNEL_STORED_SIZE;
  out->room = with->work_size - UH_CHANNEL_STORED_SIZE;
  const uh_status status = uh_mqtt_write_entry(&message, out->start, out->room, &out->head);
  if (status != UH_OK || out->room - out->head < UH_CHANNEL_OVERHEAD) {
    return UH_NO_SPACE;
  }
  out->content = uh_write_to(out->start + out->head + UH_CHANNEL_HEAD,
                             out->room - out->head - UH_CHANNEL_OVERHEAD);
  return UH_OK;
}

static uh_status send(uh_agent* agent, const uint8_t controller[UH_ID_SIZE], const entry* what) {
  size_t size = 0;
  if (what->content.failed) {
    return UH_NO_SPACE;
  }
  const uh_status status =
      uh_channel_seal(agent->with.channel, controller, what->content.data, what->content.used,
                      what->start + what->head, what->room - what->head, &size);
  return status == UH_OK ? uh_ring_append(agent->with.ring, what->start, what->head + size)
                         : status;
}

uh_status uh_answer_channel(uh_agent* agent, const char* topic, const uh_command* command,
                            const uh_content* content) {
  entry out;
  uh_status status = begin_entry(agent, topic, false, &out);
  if (status == UH_OK) {
    uh_put_integer(&out.content, RESULT, 1);
    status = uh_content_write(UH_RESULT, content, &out.content);
  }
  return status == UH_OK ? send(agent, command->controller, &out) : status;
}

// Kept by the broker, so that a controller that comes later learns how far the device is.
static uh_status receipt(uh_agent* agent, const uint8_t controller[UH_ID_SIZE],
                         const char* answers) {
  entry out;
  const uh_status status = begin_entry(agent, answers, true, &out);
  if (status != UH_OK) {
    return status;
  }
  uh_put_integer(&out.content, RECEIPT, 1);
  uh_put_integer(&out.content, agent->with.group->current.number, 4);
  uh_put_integer(&out.content, agent->with.policy->version, 4);
  return send(agent, controller, &out);
}

uh_status uh_agent_publish_prekeys(uh_agent* agent, const char* topic, uint64_t uptime) {
  entry out;
  size_t size = 0;
  uh_channel* channel = agent->with.channel;
  if (channel == NULL || !channel->has_news) {
    return UH_OK;
  }
  uh_status status = begin_entry(agent, topic, true, &out);
  if (status == UH_OK) {
    status = uh_channel_publish(channel, uh_clock_now(agent->with.clock, uptime),
                                out.start + out.head, out.room - out.head, &size);
  }
  if (status == UH_OK) {
    status = uh_ring_append(agent->with.ring, out.start, out.head + size);
  }
  channel->has_news = status != UH_OK;
  return status;
}

// ---- hearing ----

static bool read_epoch(const uh_received* received, uh_delivery* out) {
  uh_reader in = uh_read_from(received->content + 1, received->content_size - 1);
  out->roster_size = (size_t)uh_take_integer(&in, 4);
  out->roster = uh_take(&in, out->roster_size);
  uint8_t* secret = received->content + (received->content_size - in.left);
  uh_take_into(&in, out->secret, sizeof out->secret);
  if (!in.failed) {
    uh_wipe(secret, sizeof out->secret);
  }
  out->policy_size = (size_t)uh_take_integer(&in, 4);
  out->policy = uh_take(&in, out->policy_size);
  return uh_read_all(&in) && out->policy_size <= UH_MAX_POLICY;
}

// The epoch is taken over first and the session stored then: when the power goes between the two,
// the message opens again and finds its epoch known. The other way round the epoch would be lost.
static uh_status hear_epoch(uh_agent* agent, const uh_member_self* self,
                            const uh_received* received, const char* answers, bool* is_new) {
  const uh_group* group = agent->with.group;
  uh_delivery delivery;
  uh_roster roster;
  if (!read_epoch(received, &delivery)) {
    return UH_MALFORMED;
  }
  const uh_roster_input input = {.document = delivery.roster,
                                 .size = delivery.roster_size,
                                 .work = agent->with.work,
                                 .work_size = agent->with.work_size};
  uh_status status = uh_roster_read(&roster, &input);
  if (status == UH_OK && !uh_roster_leads(&roster, &received->session)) {
    status = UH_WRONG_DEVICE;
  }
  if (status == UH_OK) {
    status = uh_adopt_delivery(agent, self, &delivery);
  }
  uh_wipe(delivery.secret, sizeof delivery.secret);
  if (status == UH_STORAGE) {
    return status;
  }
  *is_new = status == UH_OK;
  // What proves its sender a controller is the present roster, and no other.
  if (memcmp(group->current.roster_hash, roster.hash, sizeof roster.hash) != 0) {
    return status;
  }
  const uh_status kept = uh_channel_keep(agent->with.channel, received, &roster);
  if (kept != UH_OK) {
    return UH_STORAGE;
  }
  (void)receipt(agent, received->session.controller, answers);
  return status == UH_STALE ? UH_OK : status;
}

static uh_status hear_command(uh_agent* agent, const uh_received* received, const char* answers,
                              uint64_t uptime, uh_command* command) {
  uh_content content;
  memset(command, 0, sizeof *command);
  const uh_status status =
      uh_content_read(UH_COMMAND, received->content + 1, received->content_size - 1, &content);
  if (status != UH_OK) {
    return status;
  }
  command->by_channel = true;
  command->role = UH_CONTROLLER;
  memcpy(command->controller, received->session.controller, UH_ID_SIZE);
  memcpy(command->sender, command->controller + UH_ID_SIZE - UH_TAG8_SIZE, UH_TAG8_SIZE);
  memcpy(command->request, content.request, sizeof command->request);
  (void)uh_clock_learn(agent->with.clock, content.sent_at, uptime);
  return uh_judge_command(agent, &content, answers, uptime, command);
}

uh_status uh_agent_hear(uh_agent* agent, const uh_member_self* self, uint8_t* payload, size_t size,
                        const char* answers, uint64_t uptime, uh_heard* heard) {
  uh_channel* channel = agent->with.channel;
  uh_received received;
  memset(heard, 0, sizeof *heard);
  uh_status status =
      uh_channel_receive(channel, agent->with.group->current.number, payload, size, &received);
  if (status != UH_OK) {
    return status;
  }
  const uint8_t kind = received.content_size == 0 ? 0 : received.content[0];
  if (kind == EPOCH) {
    status = hear_epoch(agent, self, &received, answers, &heard->is_new);
  } else if (received.is_first || received.is_due) {
    status = UH_WRONG_DEVICE;  // nothing proves that its sender leads the group, or still does
  } else if (uh_channel_keep(channel, &received, NULL) != UH_OK) {
    status = UH_STORAGE;  // not obeyed: it would open again
  } else if (kind == COMMAND) {
    heard->is_command = true;
    status = hear_command(agent, &received, answers, uptime, &heard->command);
  } else {
    status = UH_STATE;
  }
  uh_wipe(&received, sizeof received);
  return status;
}
