// What is wanted of this device, as the server keeps it.
#include <string.h>

#include "group_internal.h"
#include "uh/agent.h"

static uh_status may_want(const uh_agent* agent, const uh_sender* sender) {
  bool needs_challenge = false;
  const uh_status status =
      uh_policy_allows(agent->with.policy, sender->tag, sender->role, UH_DESIRED_COMMAND,
                       sizeof UH_DESIRED_COMMAND - 1, &needs_challenge);
  return status == UH_OK && needs_challenge ? UH_DENIED : status;
}

static uh_desired_mark mark_of(const uh_content* content) {
  uh_desired_mark out = {.sent_at = content->sent_at};
  const uh_part part = {content->body, content->body_size};
  uh_sha256(out.hash, &part, 1);
  return out;
}

// The mark goes to flash before the document is acted on: otherwise a loss of power would open the
// door to the one before.
static uh_status remember(uh_agent* agent, const uh_desired_mark* mark) {
  uh_desired_mark* known = &agent->with.group->desired;
  const uh_desired_mark before = *known;
  *known = *mark;
  const uh_status status = uh_agent_store(agent);
  if (status != UH_OK) {
    *known = before;
  }
  return status == UH_OK ? UH_OK : UH_STORAGE;
}

uh_status uh_agent_desired(uh_agent* agent, const char* topic, size_t topic_size, uint8_t* payload,
                           size_t payload_size, uint64_t uptime, uh_desired* desired) {
  uh_opened opened;
  uh_status status =
      uh_group_open(agent->with.group, topic, topic_size, payload, payload_size, true, &opened);
  if (status != UH_OK) {
    return status;
  }
  if (opened.kind != UH_STATE_REPORT) {
    return UH_STATE;
  }
  status = may_want(agent, opened.sender);
  if (status != UH_OK) {
    return status;
  }
  const uh_desired_mark* known = &agent->with.group->desired;
  const uh_desired_mark mark = mark_of(&opened.content);
  const bool is_same = mark.sent_at == known->sent_at && memcmp(mark.hash, known->hash, 32) == 0;
  if (!is_same && mark.sent_at <= known->sent_at) {
    return UH_STALE;
  }
  if (!is_same) {
    status = remember(agent, &mark);
    if (status != UH_OK) {
      return status;
    }
    (void)uh_clock_learn(agent->with.clock, opened.content.sent_at, uptime);
  }
  *desired = (uh_desired){.is_new = !is_same,
                          .sent_at = mark.sent_at,
                          .document = (const char*)opened.content.body,
                          .size = opened.content.body_size};
  return UH_OK;
}
