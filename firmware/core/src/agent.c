#include <string.h>

#include "agent_internal.h"

void uh_agent_init(uh_agent* agent, const uh_agent_parts* parts) {
  memset(agent, 0, sizeof *agent);
  agent->with = *parts;
}

static uh_status load_group(uh_agent* agent) {
  const uh_agent_parts* with = &agent->with;
  size_t size = 0;
  uh_status status = uh_journal_read(with->group_journal, with->work, with->work_size, &size);
  if (status == UH_OK) {
    status = uh_group_load(with->group, with->work, size);
  }
  if (status == UH_OK) {
    status = uh_counters_resume(with->counters, with->group);
  }
  uh_wipe(with->work, with->work_size);
  return status;
}

uh_status uh_agent_load(uh_agent* agent) {
  const uh_agent_parts* with = &agent->with;
  const uh_status status = load_group(agent);
  if (status != UH_OK) {
    uh_group_wipe(with->group);
    return status;
  }
  size_t size = 0;
  memset(with->policy, 0, sizeof *with->policy);
  const uh_status found = uh_journal_read(with->policy_journal, with->work, with->work_size, &size);
  if (found == UH_STATE) {
    return UH_OK;  // then nothing is obeyed
  }
  // A policy of owners who are none any more counts no longer either.
  if (found == UH_OK) {
    (void)uh_policy_replace(with->policy, with->group, with->work, size);
  }
  return found;
}

uh_status uh_agent_store(uh_agent* agent) {
  const uh_agent_parts* with = &agent->with;
  size_t size = 0;
  uh_status status = uh_group_store(with->group, with->work, with->work_size, &size);
  if (status == UH_OK) {
    status = uh_journal_write(with->group_journal, with->work, size);
  }
  uh_wipe(with->work, with->work_size);
  return status;
}

uh_status uh_agent_set_policy(uh_agent* agent, const uint8_t* document, size_t size) {
  const uh_agent_parts* with = &agent->with;
  const uh_policy before = *with->policy;
  uh_status status = uh_policy_replace(with->policy, with->group, document, size);
  if (status == UH_OK) {
    status = uh_journal_write(with->policy_journal, document, size);
    if (status != UH_OK) {
      *with->policy = before;
    }
  }
  return status;
}

// An entry of the ring, its payload sealed in place.
uh_status uh_agent_report(uh_agent* agent, const char* topic, uh_kind kind, bool retained,
                          const uh_content* content) {
  const uh_agent_parts* with = &agent->with;
  if (with->group->current.number == 0) {
    return UH_STATE;
  }
  const uh_mqtt_message message = {
      .qos = 1, .retained = retained, .sealed = true, .topic = topic, .topic_size = strlen(topic)};
  size_t head = 0;
  size_t sealed = 0;
  uh_status status = uh_mqtt_write_entry(&message, with->work, with->work_size, &head);
  if (status == UH_OK) {
    status = uh_counters_ready(with->counters, with->group);
  }
  if (status == UH_OK) {
    status = uh_group_seal(with->group, with->signing_seed, topic, message.topic_size, kind,
                           retained, content, with->work + head, with->work_size - head, &sealed);
  }
  return status == UH_OK ? uh_ring_append(with->ring, with->work, head + sealed) : status;
}

// ---- commands ----

static void split(const uh_content* content, uh_command* command) {
  const char* body = (const char*)content->body;
  const char* space = memchr(body, ' ', content->body_size);
  command->name = body;
  command->name_size = space == NULL ? content->body_size : (size_t)(space - body);
  command->arguments = space == NULL ? body + content->body_size : space + 1;
  command->arguments_size = content->body_size - (size_t)(command->arguments - body);
}

static uh_status answer(uh_agent* agent, const char* topic, const uh_command* command,
                        const uh_content* content) {
  return command->by_channel ? uh_answer_channel(agent, topic, command, content)
                             : uh_agent_report(agent, topic, UH_RESULT, false, content);
}

static uh_status give_challenge(uh_agent* agent, const char* topic, const uh_command* command,
                                uint64_t uptime) {
  uh_challenge* given = &agent->challenges[0];
  for (size_t i = 1; i < UH_CHALLENGES; i++) {
    given = agent->challenges[i].until < given->until ? &agent->challenges[i] : given;
  }
  uh_random(given->value, sizeof given->value);
  given->until = uptime + UH_CHALLENGE_TIME;
  static const char kBody[] = "challenge";
  uh_content content = {.sent_at = uh_clock_now(agent->with.clock, uptime),
                        .has_request = true,
                        .has_challenge = true,
                        .body = (const uint8_t*)kBody,
                        .body_size = sizeof kBody - 1};
  memcpy(content.request, command->request, sizeof content.request);
  memcpy(content.challenge, given->value, sizeof content.challenge);
  const uh_status status = answer(agent, topic, command, &content);
  return status == UH_OK ? UH_BUSY : status;
}

// A challenge is good once, and for a minute.
static bool answers_challenge(uh_agent* agent, const uh_content* content, uint64_t uptime) {
  for (size_t i = 0; content->has_challenge && i < UH_CHALLENGES; i++) {
    uh_challenge* given = &agent->challenges[i];
    if (given->until != 0 && uh_equal(given->value, content->challenge, sizeof given->value)) {
      const bool in_time = uptime <= given->until;
      given->until = 0;
      return in_time;
    }
  }
  return false;
}

uh_status uh_judge_command(uh_agent* agent, const uh_content* content, const char* result_topic,
                           uint64_t uptime, uh_command* command) {
  uh_clock* clock = agent->with.clock;
  split(content, command);
  bool needs_challenge = false;
  const uh_status status = uh_policy_allows(agent->with.policy, command->sender, command->role,
                                            command->name, command->name_size, &needs_challenge);
  if (status != UH_OK) {
    return status;
  }
  const bool is_answer = answers_challenge(agent, content, uptime);
  // Sealed within the last minute, so what it says of the time is true.
  if (is_answer && uh_listens_to_controllers(NULL, NULL, command->role)) {
    uh_clock_set(clock, content->sent_at, uptime);
  }
  if (content->not_after != 0 && clock->is_sure &&
      uh_clock_now(clock, uptime) > content->not_after) {
    return UH_STALE;
  }
  // Without a deadline that can be kept nothing but the challenge says that this is no old command.
  if (!is_answer && (needs_challenge || content->not_after == 0 || !clock->is_sure)) {
    return give_challenge(agent, result_topic, command, uptime);
  }
  return UH_OK;
}

uh_status uh_agent_take(uh_agent* agent, const char* topic, size_t topic_size, uint8_t* payload,
                        size_t payload_size, bool retained, const char* result_topic,
                        uint64_t uptime, uh_command* command) {
  const uh_agent_parts* with = &agent->with;
  uh_opened opened;
  uh_status status =
      uh_group_open(with->group, topic, topic_size, payload, payload_size, retained, &opened);
  if (status != UH_OK) {
    return status;
  }
  command->by_channel = false;
  memcpy(command->sender, opened.sender->tag, sizeof command->sender);
  memcpy(command->request, opened.content.request, sizeof command->request);
  command->role = opened.sender->role;
  // What was opened must stay opened before it is acted on. Where flash does not take that, nothing
  // has happened.
  status = uh_agent_store(agent);
  if (status != UH_OK) {
    (void)load_group(agent);
    return UH_STORAGE;
  }
  if (opened.is_signed && uh_listens_to_controllers(NULL, NULL, command->role)) {
    (void)uh_clock_learn(with->clock, opened.content.sent_at, uptime);
  }
  if (opened.kind != UH_COMMAND) {
    return UH_STATE;
  }
  return uh_judge_command(agent, &opened.content, result_topic, uptime, command);
}

uh_status uh_agent_answer(uh_agent* agent, const char* topic, const uh_command* command,
                          const char* text, uint64_t uptime) {
  uh_content content = {.sent_at = uh_clock_now(agent->with.clock, uptime),
                        .has_request = true,
                        .body = (const uint8_t*)text,
                        .body_size = strlen(text)};
  memcpy(content.request, command->request, sizeof content.request);
  return answer(agent, topic, command, &content);
}
