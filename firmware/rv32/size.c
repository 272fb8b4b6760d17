// An image with all of the core and nothing else, for its size.
#include "uh/agent.h"
#include "uh/enrol.h"

static void (*volatile sink)(void);
#define KEEP(function) sink = (void (*)(void))(function)

int main(void) {
  KEEP(uh_agent_init);
  KEEP(uh_agent_load);
  KEEP(uh_agent_take);
  KEEP(uh_agent_report);
  KEEP(uh_agent_adopt);
  KEEP(uh_agent_answer);
  KEEP(uh_agent_set_policy);
  KEEP(uh_agent_hear);
  KEEP(uh_agent_publish_prekeys);
  KEEP(uh_channel_open);
  KEEP(uh_channel_restart);
  KEEP(uh_group_join);
  KEEP(uh_group_advance);
  KEEP(uh_group_forget);
  KEEP(uh_enrol_open);
  KEEP(uh_enrol_next);
  KEEP(uh_enrol_request);
  KEEP(uh_enrol_answer);
  KEEP(uh_enrol_failed);
  KEEP(uh_enrol_discard);
  KEEP(uh_enrol_new_code);
  KEEP(uh_enrol_has_certificate);
  KEEP(uh_mqtt_init);
  KEEP(uh_mqtt_connect);
  KEEP(uh_mqtt_receive);
  KEEP(uh_mqtt_acknowledge);
  KEEP(uh_mqtt_tick);
  KEEP(uh_mqtt_output);
  KEEP(uh_mqtt_sent);
  KEEP(uh_mqtt_publish_now);
  KEEP(uh_mqtt_disconnect);
  KEEP(uh_mqtt_enqueue);
  KEEP(uh_ring_open);
  KEEP(uh_journal_open);
  KEEP(uh_counters_open);
  KEEP(uh_backoff_next);
  return 0;
}
