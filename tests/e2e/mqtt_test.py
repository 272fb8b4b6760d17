"""Devices speak MQTT with the real server: certificates, policy, offline queues, kill -9, revocation. The clients are
other people's: Eclipse Paho for Python and Mosquitto's command-line programs."""
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices import DeviceCase
from harness import PASSWORD, Server, wait_until

PATIENCE = 10


def connect_packet(client_id, token, version=5):
    """Of a person, whose token is longer than 127 bytes and shorter than 16 kB."""
    body = b"\0\4MQTT" + bytes([version]) + b"\xc2\0\0" + (b"\0" if version == 5 else b"")
    for text in (client_id, "token", token):
        body += struct.pack(">H", len(text)) + text.encode()
    return b"\x10" + bytes([len(body) % 128 | 128, len(body) // 128]) + body


class Peer:
    """One client: what it was told and what it got."""

    def __init__(self, server, port, client_id, cert=None, key=None, token=None, transport="tcp", clean=True,
                 expiry=3600):
        self.got, self.acknowledged, self.granted, self.ended = [], [], [], []
        self.connack = None
        self.event = threading.Condition()
        self.client = paho.Client(client_id=client_id, protocol=paho.MQTTv5, transport=transport)
        self.client.max_inflight_messages_set(1000)
        if cert:
            self.client.tls_set(ca_certs=str(server.ca), certfile=cert, keyfile=key)
        elif port != server.mqtt_port:
            self.client.tls_set(ca_certs=str(server.ca))
        if token:
            self.client.username_pw_set("token", token)
        self.client.on_connect = lambda c, u, flags, code, p: self.note(
            "connack", (code.value, flags["session present"]))
        self.client.on_message = lambda c, u, message: self.note("got", message)
        self.client.on_publish = lambda c, u, mid: self.note("acknowledged", mid)
        self.client.on_subscribe = lambda c, u, mid, codes, p: self.note("granted", [code.value for code in codes])
        self.client.on_disconnect = lambda c, u, code, p=None: self.note("ended", (time.monotonic(), code))
        if transport == "websockets":
            self.client.ws_set_options(path="/mqtt")
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 0 if clean else expiry
        self.client.connect("127.0.0.1", port, keepalive=30, clean_start=clean, properties=properties)
        self.client.loop_start()
        self.wait(lambda: self.connack is not None or self.ended)

    def note(self, where, what):
        with self.event:
            if where == "connack":
                self.connack = what
            else:
                getattr(self, where).append(what)
            self.event.notify_all()

    def wait(self, done, patience=PATIENCE):
        with self.event:
            return self.event.wait_for(done, patience)

    def subscribe(self, topic, qos=1):
        count = len(self.granted)
        self.client.subscribe(topic, qos=qos)
        assert self.wait(lambda: len(self.granted) > count), "no SUBACK"
        return self.granted[-1][0]

    def publish(self, topic, payload, qos=1, retain=False):
        info = self.client.publish(topic, payload, qos=qos, retain=retain)
        return info.mid

    def publish_and_wait(self, topic, payload, qos=1, retain=False):
        mid = self.publish(topic, payload, qos, retain)
        assert self.wait(lambda: mid in self.acknowledged), "not acknowledged"

    def payloads(self, count, patience=PATIENCE):
        self.wait(lambda: len(self.got) >= count, patience)
        return [message.payload.decode() for message in self.got]

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()

    def vanish(self):
        """Without DISCONNECT."""
        self.client.loop_stop()
        self.client._sock_close()


class Mqtt(DeviceCase):
    def setUp(self):
        super().setUp()
        self.peers = []

    def tearDown(self):
        for peer in self.peers:
            peer.close()

    def connect(self, *arguments, **options):
        peer = Peer(self.server, *arguments, **options)
        self.peers.append(peer)
        return peer

    def enrolled(self):
        """A device with files of its own: its id, certificate and key."""
        type(self).number += 1
        self.name = f"d{self.number}"
        device, key, _ = self.enrol()
        return device, self.path("cert.pem"), key

    def of_device(self, device, cert, key, suffix="", **options):
        return self.connect(self.server.mqtts_port, device + suffix, cert=cert, key=key, **options)

    def person(self, client_id="dashboard", **options):
        return self.connect(self.server.mqtt_port, client_id, token=self.token, **options)

    def audit(self, event_type):
        status, _, page = self.server.request("GET", f"/v1/audit?event_type={event_type}&limit=200", token=self.token)
        self.assertEqual(status, 200, page)
        return page["items"]

    def test_a_device_with_its_certificate_speaks_under_its_own_topics(self):
        device, cert, key = self.enrolled()
        watching = self.person()
        self.assertEqual(watching.connack, (0, 0))
        self.assertEqual(watching.subscribe("devices/#"), 1)
        lamp = self.of_device(device, cert, key)
        self.assertEqual(lamp.connack, (0, 0))
        lamp.publish_and_wait(f"devices/{device}/state", "on")
        self.assertEqual(watching.payloads(1), ["on"])
        self.assertEqual(lamp.subscribe(f"devices/{device}/commands/#"), 1)
        watching.publish_and_wait(f"devices/{device}/commands/switch", "off", qos=2)
        self.assertEqual(lamp.payloads(1), ["off"])

    def test_the_policy_refuses_foreign_topics_and_the_audit_log_says_so(self):
        device, cert, key = self.enrolled()
        other, _, _ = self.enrolled()
        watching = self.person("watching")
        watching.subscribe("#")
        lamp = self.of_device(device, cert, key)
        self.assertEqual(lamp.subscribe(f"devices/{other}/#"), 0x87)
        self.assertEqual(lamp.subscribe("#"), 0x87)
        lamp.publish_and_wait(f"devices/{other}/commands/open", "now")
        lamp.publish_and_wait(f"devices/{device}/state", "still here")
        self.assertEqual(watching.payloads(1), ["still here"])
        deadline = time.monotonic() + PATIENCE
        wanted = (("mqtt.publication", f"devices/{other}/commands/open"), ("mqtt.subscription", "#"),
                  ("mqtt.subscription", f"devices/{other}/#"))
        for event_type, resource in wanted:
            while not any(event["resource_id"] == resource and event["outcome"] == "denied"
                          for event in self.audit(event_type)):
                self.assertLess(time.monotonic(), deadline, f"{event_type} {resource} is not in the audit log")
                time.sleep(0.1)

    def test_nobody_comes_in_without_proof_or_under_anothers_name(self):
        device, cert, key = self.enrolled()
        other, _, _ = self.enrolled()
        self.assertEqual(self.connect(self.server.mqtt_port, "x").connack[0], 0x87)
        self.assertEqual(self.connect(self.server.mqtts_port, "x").connack[0], 0x87)
        self.assertEqual(self.connect(self.server.mqtt_port, "x", token="wrong").connack[0], 0x86)
        self.assertEqual(self.of_device(other, cert, key).connack[0], 0x85)
        self.assertEqual(self.connect(self.server.mqtt_port, device, token=self.token).connack[0], 0x85)
        self.assertEqual(self.of_device(device, cert, key, "-second").connack[0], 0)
        # A certificate of the right form that nobody here has issued.
        forged = self.path("forged.pem")
        subprocess.run(["openssl", "req", "-x509", "-key", key, "-subj", f"/CN={device}", "-days", "1", "-out", forged,
                        "-addext", f"subjectAltName=URI:{self.uri(device)}", "-addext", "extendedKeyUsage=clientAuth"],
                       check=True, capture_output=True)
        self.assertEqual(self.of_device(device, forged, key).connack[0], 0x87)

    def test_what_comes_while_a_device_sleeps_survives_the_death_of_the_server(self):
        device, cert, key = self.enrolled()

        def waiting():
            return self.rest("GET", f"/v1/iot-devices/{device}")[2].get("queued_messages")
        self.assertIsNone(waiting())
        lamp = self.of_device(device, cert, key, clean=False)
        lamp.subscribe(f"devices/{device}/commands", 2)
        lamp.close()
        person = self.person()
        for number in range(200):
            person.publish_and_wait(f"devices/{device}/commands", str(number), qos=1 + number % 2)
        person.publish_and_wait("broadcast/mode", "holiday", retain=True)
        self.assertEqual(waiting(), 200)
        self.server.kill()
        self.server.start()
        again = self.of_device(device, cert, key, clean=False)
        self.assertEqual(again.connack, (0, 1))
        came = again.payloads(200)
        wait_until(lambda: waiting() == 0, what="an empty queue")
        for qos in (1, 2):  # the client shows a QoS 2 message only when its handshake is over
            self.assertEqual([payload for payload in came if int(payload) % 2 == qos - 1],
                             [str(number) for number in range(qos - 1, 200, 2)])
        again.got.clear()
        self.assertEqual(again.subscribe("broadcast/#"), 1)
        self.assertEqual(again.payloads(1), ["holiday"])

    def test_revocation_cuts_a_device_off_within_a_second(self):
        device, cert, key = self.enrolled()
        context = self.server.ssl_context()
        context.load_cert_chain(cert, key)
        raw = socket.create_connection(("127.0.0.1", self.server.mqtts_port), PATIENCE)
        with context.wrap_socket(raw, server_hostname="127.0.0.1") as lamp:
            name = device.encode()
            lamp.sendall(b"\x10" + bytes([13 + len(name)]) + b"\0\4MQTT\5\2\0\0\0" +
                         struct.pack(">H", len(name)) + name)
            self.assertEqual(lamp.recv(4)[0], 0x20)
            while len(lamp.recv(4096)) == 4096:
                pass
            start = time.monotonic()
            status, _, answer = self.server.request("DELETE", f"/v1/iot-devices/{device}", token=self.token)
            self.assertEqual(status, 204, answer)
            self.assertEqual(lamp.recv(100), b"\xe0\x01\x98")
            self.assertEqual(lamp.recv(100), b"")
            self.assertLess(time.monotonic() - start, 1.0)
        self.assertEqual(self.of_device(device, cert, key).connack[0], 0x87)

    def test_over_websocket_too_and_a_deleted_device_leaves_nothing_behind(self):
        device, cert, key = self.enrolled()
        lamp = self.connect(self.server.devices_port, device, cert=cert, key=key, transport="websockets")
        for part in ("state", "deep/er"):
            lamp.publish_and_wait(f"devices/{device}/{part}", "kept", retain=True)
        other, other_cert, other_key = self.enrolled()
        neighbour = self.of_device(other, other_cert, other_key)
        neighbour.publish_and_wait(f"devices/{other}/state", "of another", retain=True)
        before = self.person("before")
        before.subscribe(f"devices/{device}/#")
        self.assertEqual(before.payloads(2), ["kept"] * 2)
        start = time.monotonic()
        status, _, answer = self.rest("DELETE", f"/v1/iot-devices/{device}/record")
        self.assertEqual(status, 204, answer)
        self.assertTrue(lamp.wait(lambda: lamp.ended), "it is still connected")
        self.assertLess(lamp.ended[0][0] - start, 1.0)
        self.server.wait_for_log("mqtt.device_forgotten")
        after = self.person("after")
        after.subscribe(f"devices/{device}/#")
        after.subscribe(f"devices/{other}/#")
        self.assertEqual(after.payloads(1), ["of another"])
        neighbour.publish_and_wait(f"devices/{other}/state", "", retain=True)  # the server is that of the other tests, too

    def test_what_is_retained_has_bounds_that_are_told(self):
        server = Server(settings={"automation.mqtt_max_retained_messages_each": "3"}).start()
        self.addCleanup(server.close)
        token = server.set_up()["access_token"]
        self.peers.append(Peer(server, server.mqtt_port, "keeper", token=token))
        keeper, answers = self.peers[-1], []
        keeper.client.on_publish = lambda c, u, mid: None
        keeper.client.on_log = lambda c, u, level, text: answers.append(text)
        for number in range(5):
            keeper.client.publish(f"news/{number}", "kept", qos=1, retain=True).wait_for_publish(PATIENCE)
        self.peers.append(Peer(server, server.mqtt_port, "reader", token=token))
        self.peers[-1].subscribe("news/#")
        self.assertEqual(self.peers[-1].payloads(3), ["kept"] * 3)

        def events():
            found = server.request("GET", "/v1/audit?event_type=mqtt.retained_refused", token=token)[2]["items"]
            return sorted((one["resource_id"], one["outcome"], one["actor_type"]) for one in found)
        wait_until(lambda: len(events()) == 2, what="an event for each refusal")
        self.assertEqual(events(), [("news/3", "denied", "user"), ("news/4", "denied", "user")])
        wait_until(lambda: b"\nunhidra_mqtt_retained_refused 2" in server.request("GET", "/metrics", port=server.devices_port)[2],
                   what="the count")

    def test_an_organisation_reads_its_own_figures_alone(self):
        server = Server().start()
        self.addCleanup(server.close)
        token = server.set_up()["access_token"]
        made = server.request("POST", "/v1/organizations", {"name": "Second"}, token)[2]
        other = server.request("POST", "/v1/register", {"username": "other", "password": PASSWORD,
                                                        "invitation": made["invitation"]["token"]})[2]["access_token"]
        for number in range(3):
            self.peers.append(Peer(server, server.mqtt_port, f"first-{number}", token=token))
            self.peers[-1].publish_and_wait(f"news/{number}", "kept", retain=True)
        self.peers.append(Peer(server, server.mqtt_port, "second", token=other))
        reader = self.peers[-1]
        self.assertEqual(reader.subscribe("$SYS/broker/clients/connected"), 1)
        self.assertEqual(reader.subscribe("$SYS/broker/messages/received"), 1)
        self.assertTrue(reader.wait(lambda: len({one.topic for one in reader.got}) == 2, 25))
        self.assertEqual({one.topic: one.payload.decode() for one in reader.got},
                         {"$SYS/broker/clients/connected": "1", "$SYS/broker/messages/received": "0"})
        wait_until(lambda: b"\nunhidra_mqtt_connections 4" in server.request("GET", "/metrics", port=server.devices_port)[2],
                   what="the operator's own count")

    def test_what_a_full_queue_drops_is_told(self):
        server = Server(settings={"automation.mqtt_max_queued_messages": "3"}).start()
        self.addCleanup(server.close)
        token = server.set_up()["access_token"]

        def person(name, **options):
            self.peers.append(Peer(server, server.mqtt_port, name, token=token, **options))
            return self.peers[-1]
        asleep = person("asleep", clean=False)
        asleep.subscribe("news/#")
        asleep.close()
        writer = person("writer")
        for number in range(5):
            writer.publish_and_wait("news/1", str(number))
        owner = person("owner")
        owner.subscribe("$SYS/broker/publish/messages/dropped")
        self.assertTrue(owner.wait(lambda: any(one.payload == b"2" for one in owner.got), 15), owner.got)  # each 10 s
        events = server.request("GET", "/v1/audit?event_type=mqtt.message_dropped&limit=10", token=token)[2]["items"]
        self.assertEqual(len(events), 1, events)
        self.assertEqual(events[0]["metadata"], {"reason": "queue full", "client_id": "asleep"})
        metrics = server.request("GET", "/metrics", port=server.devices_port)[2].decode()
        self.assertIn("\nunhidra_mqtt_messages_dropped 2", metrics)
        self.assertEqual(person("asleep", clean=False).payloads(3), ["2", "3", "4"])

    def test_who_gets_another_role_is_sent_away_to_come_back_with_it(self):
        invitation = self.server.request("POST", "/v1/invitations", {"role": "member"}, self.token)[2]
        account = self.server.request("POST", "/v1/register", {
            "username": "rising", "password": PASSWORD, "invitation": invitation["token"]})[2]
        bystander = self.person("bystander")
        with socket.create_connection(("127.0.0.1", self.server.mqtt_port), PATIENCE) as rising:
            rising.sendall(connect_packet("rising", account["access_token"]))
            self.assertEqual(rising.recv(4096)[0], 0x20)
            started = time.monotonic()
            status, _, answer = self.server.request("PUT", f"/v1/users/{account['user_id']}/roles/space_admin",
                                                    token=self.token)
            self.assertEqual(status, 204, answer)
            self.assertEqual(rising.recv(100), b"\xe0\x01\x98")
            self.assertEqual(rising.recv(100), b"")
            self.assertLess(time.monotonic() - started, 1.0)
        self.assertFalse(bystander.ended)
        self.assertEqual(self.connect(self.server.mqtt_port, "rising", token=account["access_token"]).connack[0], 0)

    def test_a_new_policy_is_asked_at_once_and_a_broken_one_not_at_all(self):
        folder = self.folder / "policies"
        folder.mkdir(exist_ok=True)
        policy = folder / "topics.rego"
        rule = "package unhidra.automation\n\nallow if { input.user }\n\nallow if { input.action == \"connect\" }\n"
        policy.write_text(rule + "\nallow if { startswith(input.topic, \"open/\") }\n")
        server = Server(settings={"automation.policy": str(folder)}).start()
        self.addCleanup(server.close)
        tokens = server.set_up()
        person = Peer(server, server.mqtt_port, "person", token=tokens["access_token"])
        self.peers.append(person)
        self.assertEqual(person.subscribe("anything/#"), 1)
        policy.write_text("package unhidra.automation\n\nallow if {")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_log("policy.reload_failed")
        person.publish_and_wait("anything/1", "still")
        self.assertEqual(person.payloads(1), ["still"])
        policy.write_text("package unhidra.automation\n\nallow if { input.action == \"connect\" }\n")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_log("policy.loaded")
        person.publish_and_wait("anything/2", "never")
        self.assertEqual(person.subscribe("anything/#"), 0x87)
        self.assertEqual(person.payloads(2, 1), ["still"])

    def test_over_websocket_where_the_gateway_is_and_where_the_devices_are(self):
        person = self.connect(self.server.gateway_port, "browser", token=self.token, transport="websockets")
        self.assertEqual(person.connack[0], 0)
        person.subscribe("devices/#")
        device, cert, key = self.enrolled()
        lamp = self.connect(self.server.devices_port, device, cert=cert, key=key, transport="websockets")
        self.assertEqual(lamp.connack[0], 0)
        big = "x" * 300_000
        lamp.publish_and_wait(f"devices/{device}/picture", big, qos=2)
        self.assertEqual(person.payloads(1), [big])
        status, _, _ = self.server.request("GET", "/mqtt", port=self.server.gateway_port, headers={
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
        self.assertEqual(status, 400)  # without the subprotocol

    def test_pages_of_other_origins_do_not_get_in(self):
        for port in (self.server.gateway_port, self.server.devices_port):
            for origin, wanted in (("https://evil.example", 403), ("null", 403), (f"https://127.0.0.1:{port}", 101)):
                status, _, _ = self.server.request("GET", "/mqtt", port=port, headers={
                    "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "mqtt",
                    "Origin": origin})
                self.assertEqual(status, wanted, (port, origin))

    def test_a_proxy_names_the_client_and_nobody_else_may(self):
        folder = self.folder / "proxied"
        folder.mkdir(exist_ok=True)
        (folder / "from.rego").write_text("package unhidra.automation\n\nallow if input.client.ip == \"192.0.2.7\"\n")
        server = Server(settings={"automation.policy": str(folder), "automation.mqtt_proxies": "127.0.0.1"}).start()
        self.addCleanup(server.close)
        connect = connect_packet("p", server.set_up()["access_token"], version=4)
        for header, wanted in ((b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 1883\r\n", b"\x20\2\0\0"),
                               (b"PROXY TCP4 192.0.2.8 192.0.2.1 40000 1883\r\n", b"\x20\2\0\5"), (b"", b"")):
            with socket.create_connection(("127.0.0.1", server.mqtt_port), PATIENCE) as peer:
                peer.sendall(header + connect)
                try:
                    self.assertEqual(peer.recv(4), wanted, header)
                except ConnectionResetError:
                    self.assertEqual(wanted, b"")

    def test_the_policy_sees_what_the_registry_knows(self):
        folder = self.folder / "labels"
        folder.mkdir(exist_ok=True)
        (folder / "labels.rego").write_text(
            "package unhidra.automation\n\nallow if input.action == \"connect\"\n\n"
            "allow if { input.device.type == \"thermostat\"; input.device.labels.room == \"hall\"; "
            "\"heating\" in input.device.groups; startswith(input.topic, \"hvac/\") }\n")
        type(self).server, before = Server(settings={"automation.policy": str(folder)}).start(), self.server
        self.addCleanup(lambda: setattr(type(self), "server", before))
        self.addCleanup(self.server.close)
        tokens, own = self.server.set_up(), (self.token, self.org)
        type(self).token, type(self).org = tokens["access_token"], tokens["organization_id"]
        self.addCleanup(lambda: (setattr(type(self), "token", own[0]), setattr(type(self), "org", own[1])))
        device, cert, key = self.enrolled()
        self.assertEqual(self.of_device(device, cert, key).subscribe("hvac/hall"), 0x87)
        status, _, answer = self.rest("PATCH", f"/v1/iot-devices/{device}", {
            "type": "thermostat", "labels": {"room": "hall"}, "groups": ["heating"]})
        self.assertEqual(status, 200, answer)
        again = self.of_device(device, cert, key)
        self.assertEqual(again.subscribe("hvac/hall"), 1)
        self.assertEqual(again.subscribe("doors/hall"), 0x87)

    def test_mosquittos_programs_in_every_version(self):
        device, cert, key = self.enrolled()
        tls = ["--cafile", str(self.server.ca), "--cert", cert, "--key", key, "-h", "127.0.0.1", "-p",
               str(self.server.mqtts_port)]
        for version in ("mqttv31", "mqttv311", "mqttv5"):
            topic = f"devices/{device}/{version}"
            with subprocess.Popen(["stdbuf", "-oL", "mosquitto_sub", *tls, "-V", version, "-i", device + "-sub",
                                   "-t", topic, "-q", "2", "-C", "1", "-W", "10", "-d"],
                                  stdout=subprocess.PIPE, text=True) as reading:
                for line in reading.stdout:
                    if "SUBACK" in line:
                        break
                subprocess.run(["mosquitto_pub", *tls, "-V", version, "-i", device, "-t", topic, "-m", version,
                                "-q", "2"], check=True, timeout=PATIENCE)
                self.assertIn(version, reading.stdout.read())
                self.assertEqual(reading.wait(PATIENCE), 0)



if __name__ == "__main__":
    unittest.main()
