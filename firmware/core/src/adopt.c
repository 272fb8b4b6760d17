// Taking over a roster and its keys.
#include "agent_internal.h"

static uh_status enter(uh_agent* agent, const uh_member_self* self, const uh_delivery* delivery) {
  uh_group* group = agent->with.group;
  const uh_roster_input input = {.document = delivery->roster,
                                 .size = delivery->roster_size,
                                 .secret = delivery->secret,
                                 .listens = self->listens,
                                 .context = self->context,
                                 .work = agent->with.work,
                                 .work_size = agent->with.work_size};
  return group->current.number != 0 ? uh_group_advance(group, &input)
                                    : uh_group_join(group, self->owner, self->device, &input);
}

// Also with an epoch that is known already: power may have gone between the two.
static uh_status take_policy(uh_agent* agent, const uh_delivery* delivery, uh_status entered) {
  if (entered != UH_OK && entered != UH_STALE) {
    return entered;
  }
  const uh_status status = uh_agent_set_policy(agent, delivery->policy, delivery->policy_size);
  return status == UH_STALE ? entered : status;
}

uh_status uh_adopt_delivery(uh_agent* agent, const uh_member_self* self, uh_delivery* delivery) {
  uh_group* group = agent->with.group;
  const bool was_in_group = group->current.number != 0;
  uh_status status = enter(agent, self, delivery);
  uh_wipe(delivery->secret, sizeof delivery->secret);
  if (status == UH_OK) {
    status = uh_agent_store(agent);
    if (status != UH_OK) {
      // Nothing may be sealed with keys that flash does not know.
      uh_group_wipe(group);
      if (was_in_group) {
        (void)uh_agent_load(agent);
      }
    }
  } else if (!was_in_group) {
    uh_group_wipe(group);
  }
  return delivery->policy_size == 0 ? status : take_policy(agent, delivery, status);
}

uh_status uh_agent_adopt(uh_agent* agent, const uh_member_self* self, uint8_t* bytes, size_t size) {
  uh_delivery delivery;
  // What is sealed for a key that stays can be read by whoever gets hold of it later: who knows a
  // better way does not go back.
  if (agent->with.channel != NULL && agent->with.channel->bound) {
    return UH_DENIED;
  }
  const uh_status status = uh_delivery_open(&delivery, self->identity_key, self->device, bytes,
                                            size, agent->with.work, agent->with.work_size);
  return status == UH_OK ? uh_adopt_delivery(agent, self, &delivery) : status;
}
