/* paho_c_client URI CA-FILE VERSION TOPIC: one round of the Paho C client against a broker.
 *
 * Subscribes, publishes with each QoS, waits for all three, keeps and clears a retained message,
 * has a session keep what came while it was away. Exit status 0: all as expected; else a line says
 * what was not. */
#include <MQTTClient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE 10000

static MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
static const char* uri;
static int version;

static void expect(int holds, const char* what) {
  if (!holds) {
    printf("not as expected: %s\n", what);
    exit(1);
  }
}

static MQTTClient connect_as(const char* name, int clean, int* present) {
  MQTTClient client;
  MQTTClient_createOptions create = MQTTClient_createOptions_initializer;
  create.MQTTVersion = version;
  expect(MQTTClient_createWithOptions(&client, uri, name, MQTTCLIENT_PERSISTENCE_NONE, NULL,
                                      &create) == MQTTCLIENT_SUCCESS,
         "create");
  MQTTProperties properties = MQTTProperties_initializer;
  MQTTClient_connectOptions before = MQTTClient_connectOptions_initializer;
  MQTTClient_connectOptions five = MQTTClient_connectOptions_initializer5;
  MQTTClient_connectOptions options = version == MQTTVERSION_5 ? five : before;
  options.MQTTVersion = version;
  options.connectTimeout = PATIENCE / 1000;
  if (strncmp(uri, "ssl", 3) == 0 || strncmp(uri, "wss", 3) == 0) {
    options.ssl = &tls;
  }
  int code;
  if (version == MQTTVERSION_5) {
    MQTTProperty expiry;
    expiry.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL;
    expiry.value.integer4 = clean ? 0 : 60;
    MQTTProperties_add(&properties, &expiry);
    options.cleanstart = clean;
    MQTTResponse response = MQTTClient_connect5(client, &options, &properties, NULL);
    code = (int)response.reasonCode;
    *present = response.properties != NULL && options.returned.sessionPresent;
    MQTTResponse_free(response);
  } else {
    options.cleansession = clean;
    code = MQTTClient_connect(client, &options);
    *present = options.returned.sessionPresent;
  }
  MQTTProperties_free(&properties);
  expect(code == MQTTCLIENT_SUCCESS, "connect");
  return client;
}

static void subscribe(MQTTClient client, const char* filter, int qos) {
  if (version == MQTTVERSION_5) {
    MQTTResponse response = MQTTClient_subscribe5(client, filter, qos, NULL, NULL);
    expect((int)response.reasonCode == qos, "subscribe");
    MQTTResponse_free(response);
  } else {
    expect(MQTTClient_subscribe(client, filter, qos) == MQTTCLIENT_SUCCESS, "subscribe");
  }
}

static void publish(MQTTClient client, const char* topic, const char* payload, int qos,
                    int retained) {
  MQTTClient_message message = MQTTClient_message_initializer;
  message.payload = (void*)payload;
  message.payloadlen = (int)strlen(payload);
  message.qos = qos;
  message.retained = retained;
  MQTTClient_deliveryToken token = 0;
  if (version == MQTTVERSION_5) {
    MQTTResponse response = MQTTClient_publishMessage5(client, topic, &message, &token);
    expect(response.reasonCode == MQTTREASONCODE_SUCCESS, "publish");
    MQTTResponse_free(response);
  } else {
    expect(MQTTClient_publishMessage(client, topic, &message, &token) == MQTTCLIENT_SUCCESS,
           "publish");
  }
  expect(qos == 0 || MQTTClient_waitForCompletion(client, token, PATIENCE) == MQTTCLIENT_SUCCESS,
         "the acknowledgement");
}

static void receive(MQTTClient client, const char* payload, int qos, int retained) {
  char* topic = NULL;
  int length = 0;
  MQTTClient_message* message = NULL;
  MQTTClient_receive(client, &topic, &length, &message, PATIENCE);
  expect(message != NULL, "a message in time");
  expect(message->payloadlen == (int)strlen(payload) &&
             memcmp(message->payload, payload, strlen(payload)) == 0,
         "the payload");
  expect(message->qos == qos && message->retained == retained, "QoS and retain");
  MQTTClient_freeMessage(&message);
  MQTTClient_free(topic);
}

static void leave(MQTTClient client) {
  if (version == MQTTVERSION_5) {
    MQTTClient_disconnect5(client, PATIENCE, MQTTREASONCODE_SUCCESS, NULL);
  } else {
    MQTTClient_disconnect(client, PATIENCE);
  }
  MQTTClient_destroy(&client);
}

int main(int argc, char** argv) {
  expect(argc == 5, "four arguments");
  uri = argv[1];
  version = strcmp(argv[3], "5") == 0 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
  tls.trustStore = argv[2];
  tls.verify = 1;
  tls.enableServerCertAuth = 1;
  MQTTClient_init_options global = MQTTClient_init_options_initializer;
  global.do_openssl_init = 1;
  MQTTClient_global_init(&global);
  const char* topic = argv[4];
  char session[64];
  snprintf(session, sizeof session, "c-%.20s",
           topic + (strlen(topic) > 20 ? strlen(topic) - 20 : 0));
  int present = 1;

  MQTTClient client = connect_as("", 1, &present);
  subscribe(client, topic, 2);
  const char* payloads[] = {"at most once", "at least once", "exactly once"};
  for (int qos = 0; qos <= 2; ++qos) {
    publish(client, topic, payloads[qos], qos, 0);
    receive(client, payloads[qos], qos, 0);
  }

  MQTTClient sleeper = connect_as(session, 0, &present);
  expect(!present, "no session at first");
  subscribe(sleeper, topic, 1);
  leave(sleeper);
  publish(client, topic, "meanwhile", 1, 1);
  receive(client, "meanwhile", 1, 0);
  sleeper = connect_as(session, 0, &present);
  expect(present || version == MQTTVERSION_5, "the session");
  receive(sleeper, "meanwhile", 1, 0);
  leave(sleeper);

  MQTTClient late = connect_as("", 1, &present);
  subscribe(late, topic, 1);
  receive(late, "meanwhile", 1, 1);
  publish(late, topic, "", 1, 1);
  receive(late, "", 1, 0);
  leave(late);
  leave(client);
  return 0;
}
