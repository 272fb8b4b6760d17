// MQTT.js over each transport: MQTT_BROKER is the program mqtt_broker, or MQTT_PORTS says where a broker listens
// (see brokers.py), with MQTT_CA.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import mqtt from "mqtt";

const ports = {};
let ca = process.env.MQTT_CA ? readFileSync(process.env.MQTT_CA) : undefined;
let broker;
let folder;

before(async () => {
  if (!process.env.MQTT_BROKER) {
    for (const part of process.env.MQTT_PORTS.split(",")) {
      const [name, port] = part.split("=");
      ports[name] = Number(port);
    }
    return;
  }
  folder = mkdtempSync(join(tmpdir(), "mqtt-js-"));
  const [certificate, key] = ["certificate.pem", "key.pem"].map((name) => join(folder, name));
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
    "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-days", "2", "-keyout", key, "-out",
    certificate], { stdio: "ignore" });
  ca = readFileSync(certificate);
  broker = spawn(process.env.MQTT_BROKER, ["--port", "0", "--tls-port", "0", "--ws-port", "0", "--wss-port", "0",
    "--certificate", certificate, "--key", key], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface(broker.stdout)) {
    if (line === "ready") break;
    const [name, port] = line.split(" ");
    ports[name] = Number(port);
  }
});

after(() => {
  broker?.kill();
  if (folder) rmSync(folder, { recursive: true });
});

const urls = { tcp: "mqtt://localhost:", tls: "mqtts://localhost:", ws: "ws://localhost:", wss: "wss://localhost:" };
const connect = (transport, protocolVersion, options = {}) => {
  const path = transport.startsWith("ws") ? "/mqtt" : "";
  return mqtt.connectAsync(urls[transport] + ports[transport] + path,
    { protocolVersion, ca, reconnectPeriod: 0, connectTimeout: 10_000, ...options });
};
const messages = (client, count) => new Promise((resolve, reject) => {
  const got = [];
  const timer = setTimeout(() => reject(new Error(`${got.length} of ${count} messages came`)), 10_000);
  client.on("message", (topic, payload, packet) => {
    got.push({ topic, payload: payload.toString(), packet });
    if (got.length === count) {
      clearTimeout(timer);
      resolve(got);
    }
  });
});

for (const transport of Object.keys(urls)) {
  for (const version of [4, 5]) {
    const everyWay = (name, body) => test(`${name}: ${transport}, version ${version}`, async (context) => {
      if (!ports[transport]) return context.skip("the broker does not serve it");
      await body(`interop/${randomUUID()}`);
    });

    everyWay("every QoS and size arrives in order", async (topic) => {
      const client = await connect(transport, version);
      await client.subscribeAsync(topic, { qos: 2 });
      const payloads = ["", "é", "y".repeat(200_000)];
      const arriving = messages(client, 9);
      for (const qos of [0, 1, 2]) {
        for (const payload of payloads) await client.publishAsync(topic, payload, { qos });
      }
      const got = await arriving;
      assert.deepEqual(got.map((m) => m.packet.qos), [0, 0, 0, 1, 1, 1, 2, 2, 2]);
      assert.ok(got.every((m, i) => m.payload === payloads[i % 3]));
      await client.endAsync();
    });

    everyWay("the session keeps what came meanwhile", async (topic) => {
      const options = { clientId: `js-${randomUUID().slice(0, 8)}`, clean: false };
      if (version === 5) options.properties = { sessionExpiryInterval: 60 };
      const first = await connect(transport, version, options);
      await first.subscribeAsync(topic, { qos: 2 });
      await first.endAsync();
      const other = await connect(transport, version);
      await other.publishAsync(topic, "1", { qos: 1 });
      await other.publishAsync(topic, "2", { qos: 2 });
      await other.endAsync();
      // The listener has to be there before the messages, which follow CONNACK at once.
      const path = transport.startsWith("ws") ? "/mqtt" : "";
      const again = mqtt.connect(urls[transport] + ports[transport] + path,
        { protocolVersion: version, ca, reconnectPeriod: 0, ...options });
      assert.deepEqual((await messages(again, 2)).map((m) => m.payload), ["1", "2"]);
      await again.endAsync();
    });

    everyWay("retained messages and wills", async (topic) => {
      const dying = await connect(transport, version,
        { will: { topic: `${topic}/will`, payload: Buffer.from("gone"), qos: 1, retain: false } });
      await dying.publishAsync(`${topic}/kept`, "kept", { qos: 1, retain: true });
      const watcher = await connect(transport, version);
      const arriving = messages(watcher, 2);
      await watcher.subscribeAsync(`${topic}/#`, { qos: 1 });
      dying.stream.destroy();
      const got = await arriving;
      assert.deepEqual(got.map((m) => [m.payload, m.packet.retain]).sort(), [["gone", false], ["kept", true]]);
      await watcher.publishAsync(`${topic}/kept`, "", { qos: 1, retain: true });
      await watcher.endAsync();
    });
  }

  test(`properties: ${transport}, version 5`, async (context) => {
    if (!ports[transport]) return context.skip("the broker does not serve it");
    const topic = `interop/${randomUUID()}`;
    const client = await connect(transport, 5, { properties: { topicAliasMaximum: 10 } });
    const arriving = messages(client, 1);
    await client.subscribeAsync(topic, { qos: 1, properties: { subscriptionIdentifier: 7 } });
    await client.publishAsync(topic, "?", { qos: 1, properties: { userProperties: { a: ["1", "2"] },
      responseTopic: "answer/here", correlationData: Buffer.from([0, 1]), contentType: "text/plain" } });
    const { properties } = (await arriving)[0].packet;
    assert.deepEqual({ ...properties.userProperties }, { a: ["1", "2"] });
    assert.equal(properties.responseTopic, "answer/here");
    assert.deepEqual(properties.correlationData, Buffer.from([0, 1]));
    assert.equal(properties.contentType, "text/plain");
    assert.equal(properties.subscriptionIdentifier, 7);
    await client.endAsync();
  });
}
