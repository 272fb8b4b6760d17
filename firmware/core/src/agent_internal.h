// What the files of the agent share.
#ifndef UH_AGENT_INTERNAL_H
#define UH_AGENT_INTERNAL_H

#include "group_internal.h"
#include "uh/agent.h"

// Takes over roster, secret and policy, and wipes the secret. As uh_agent_adopt().
uh_status uh_adopt_delivery(uh_agent* agent, const uh_member_self* self, uh_delivery* delivery);

// Whether the command of an opened content is to be obeyed; gives out a challenge when it needs
// one.
uh_status uh_judge_command(uh_agent* agent, const uh_content* content, const char* result_topic,
                           uint64_t uptime, uh_command* command);
// A result over the channel that the command came by.
uh_status uh_answer_channel(uh_agent* agent, const char* topic, const uh_command* command,
                            const uh_content* content);

#endif
