// A device in its group: what it reports is sealed and waits in the ring log; a command is obeyed
// only when it was opened, is new, in time, and allowed by the owner's policy. Whether it is in
// time a device knows once its clock is sure (uh/clock.h): until then each command has to answer a
// challenge, and the first answer of a controller or hub makes it sure.
//
// A command's body is UTF-8: its name, and behind a space its arguments ("set 21.5").
#ifndef UH_AGENT_H
#define UH_AGENT_H

#include "uh/channel.h"
#include "uh/clock.h"
#include "uh/counters.h"
#include "uh/delivery.h"
#include "uh/mqtt.h"
#include "uh/policy.h"

#define UH_CHALLENGE_SIZE 16
#define UH_CHALLENGE_TIME 60000u  // milliseconds that an answer to it may take
#define UH_CHALLENGES 4           // that wait for answers at once; the oldest makes room

// All that is pointed to belongs to the host and outlives the agent.
typedef struct uh_agent_parts {
  uh_group* group;
  uh_journal* group_journal;
  uh_policy* policy;
  uh_journal* policy_journal;
  uh_counters* counters;
  uh_ring* ring;
  uh_clock* clock;
  uh_channel* channel;          // null: epochs come sealed alone; may share `work`
  const uint8_t* signing_seed;  // 32 bytes
  uint8_t* work;  // for one stored group, one entry of the ring, or one behind stored sessions
  size_t work_size;
} uh_agent_parts;

typedef struct uh_challenge {
  uint8_t value[UH_CHALLENGE_SIZE];
  uint64_t until;  // uptime; 0: none
} uh_challenge;

typedef struct uh_agent {
  uh_agent_parts with;
  uh_challenge challenges[UH_CHALLENGES];
} uh_agent;

void uh_agent_init(uh_agent* agent, const uh_agent_parts* parts);
// Group, policy and counters as flash has them. UH_STATE: there is no group yet. UH_STORAGE,
// UH_CORRUPT, UH_STALE: a group of before must not be used; new rosters may be joined.
uh_status uh_agent_load(uh_agent* agent);
// Stores the group; to be called after uh_group_join() and uh_group_advance(), before anything is
// sealed.
uh_status uh_agent_store(uh_agent* agent);
// Takes over a delivery (uh/delivery.h): joins the group of the owner that the device was
// commissioned with, or goes on to the next epoch, which one of its present owners signed; then the
// policy that came with it. All of it is in flash then. Opens in place. As uh_delivery_open(),
// uh_group_join(), uh_group_advance(), uh_policy_replace(), whose refusal leaves the epoch taken
// over; UH_STALE: known already; UH_STORAGE; UH_DENIED: once there was a session, epochs come by
// the channel.
typedef struct uh_member_self {
  const uint8_t* device;        // 16 bytes
  const uint8_t* identity_key;  // 32 bytes, X25519, private
  const uint8_t* owner;         // 32 bytes
  uh_listens listens;
  void* context;
} uh_member_self;
uh_status uh_agent_adopt(uh_agent* agent, const uh_member_self* self, uint8_t* bytes, size_t size);
// Believes an owner's policy and stores it; see uh_policy_replace().
uh_status uh_agent_set_policy(uh_agent* agent, const uint8_t* document, size_t size);

// Seals and appends to the ring, for QoS 1. UH_STATE when there is no group.
uh_status uh_agent_report(uh_agent* agent, const char* topic, uh_kind kind, bool retained,
                          const uh_content* content);

typedef struct uh_command {
  uint8_t request[16];
  uint8_t sender[UH_TAG8_SIZE];
  uint8_t role;
  bool by_channel;                 // then it is answered there
  uint8_t controller[UH_ID_SIZE];  // whose channel that is
  const char* name;                // lies in the payload
  size_t name_size;
  const char* arguments;
  size_t arguments_size;
} uh_command;
// Opens a payload that came. UH_OK: `command` is to be obeyed, and answered with
// uh_agent_answer(). UH_BUSY: it needs a challenge, which was given out in a result: nothing to do.
// UH_STATE: a good payload, but no command. Every other status is a refusal; but for UH_STORAGE
// (not obeyed, and it may come again) the message is over. `uptime` in milliseconds.
uh_status uh_agent_take(uh_agent* agent, const char* topic, size_t topic_size, uint8_t* payload,
                        size_t payload_size, bool retained, const char* result_topic,
                        uint64_t uptime, uh_command* command);
uh_status uh_agent_answer(uh_agent* agent, const char* topic, const uh_command* command,
                          const char* text, uint64_t uptime);

// What comes over the pairwise channel (uh/channel.h): an epoch, which is taken over as
// uh_agent_adopt() does, stored, and receipted at `answers`, retained; or a command, which is
// judged as uh_agent_take() does. A session that is begun is accepted when what it brings proves
// its sender a controller of the present roster, which an owner signed.
typedef struct uh_heard {
  bool is_command;  // and `command` as after uh_agent_take()
  bool is_new;      // of an epoch: it was not known before
  uh_command command;
} uh_heard;
// UH_OK, UH_BUSY, UH_STATE (nothing that this program knows) as uh_agent_take(). UH_STORAGE:
// nothing was done, it may come again. Every other status is a refusal.
uh_status uh_agent_hear(uh_agent* agent, const uh_member_self* self, uint8_t* payload, size_t size,
                        const char* answers, uint64_t uptime, uh_heard* heard);
// Puts what the device publishes into the ring, retained, when there is news of it.
uh_status uh_agent_publish_prekeys(uh_agent* agent, const char* topic, uint64_t uptime);

// The twin's desired side: a document that a server keeps and cannot read. Who may say what is
// wanted is the owner's business: the policy must allow the sender the command "twin", without a
// challenge. Of two documents the one that was sent later counts, whoever sent it and in whichever
// epoch: a server that shows an older one is noticed.
#define UH_DESIRED_COMMAND "twin"
typedef struct uh_desired {
  bool is_new;  // false: it is the one that was taken last
  uint64_t sent_at;
  const char* document;  // lies in the payload
  size_t size;
} uh_desired;
// Opens a payload that the server gave under the topic. UH_OK: `desired` holds, and is in flash as
// the newest. UH_STALE: a newer one is known. UH_STATE: a good payload of another kind. As
// uh_group_open(), UH_DENIED, UH_STORAGE.
uh_status uh_agent_desired(uh_agent* agent, const char* topic, size_t topic_size, uint8_t* payload,
                           size_t payload_size, uint64_t uptime, uh_desired* desired);

#endif
