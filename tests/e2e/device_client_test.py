"""unhidra-device with the real server: enrolment by EST, MQTT over TLS with the certificate, device groups, the offline
queue, renewal, revocation."""
import hashlib
import json
import signal
import ssl
import subprocess
import time

from device_programs import Client, SETTINGS
from devices import DeviceCase
from harness import clean_environment, wait_until


class DeviceClient(DeviceCase):
    server_settings = SETTINGS

    def setUp(self):
        super().setUp()
        self.clients = []

    def tearDown(self):
        for client in self.clients:
            client.close()

    def client(self, name, kind="thermostat"):
        client = Client(self, name, kind)
        self.clients.append(client)
        return client

    def group(self, hub, *devices, allow=("controller:set", "controller:mode", "controller:on", "controller:off!"), join=None):
        """A group of these, or its next epoch, made by its owner and carried to each, or to `join`."""
        work = self.folder / f"{self._testMethodName}-group"
        work.mkdir(exist_ok=True)
        arguments = ["group", "--owner", str(work / "owner.json"), "--topics", "devices/#", "--out", str(work)]
        for client, role in [(hub, "controller")] + [(device, "device") for device in devices]:
            path = work / f"{client.name}.keys"
            if not path.exists():
                code = subprocess.run(client.command("keys"), capture_output=True, text=True, timeout=30,
                                      env=clean_environment(), check=True)
                path.write_text(code.stdout)
            arguments += ["--member", f"{role}:{path}"]
        for rule in allow:
            arguments += ["--allow", rule]
        hub.ok(*arguments)
        for client in join or (hub, *devices):
            client.ok("join", str(work / f"{client.id}.json"))
        return work

    def home(self, allow=("controller:set", "controller:mode", "controller:on", "controller:off!"), kind="thermostat"):
        hub, device = self.client("hub", "hub").enrolled(), self.client("thing", kind).enrolled()
        self.group(hub, device, allow=allow)
        return hub, device

    def audit(self, event_type):
        status, _, page = self.server.request("GET", f"/v1/audit?event_type={event_type}&limit=200", token=self.token)
        self.assertEqual(status, 200, page)
        return page["items"]

    def test_enrols_reports_sealed_readings_and_obeys_its_hub(self):
        hub, device = self.home()
        device.start("--kind", "thermostat", "--interval", "0.3")
        device.wait_for("connected")
        heard = hub.ok("listen", "--filter", f"devices/{device.id}/telemetry", "--count", "2", "--for", "20")
        readings = [json.loads(one["body"]) for one in heard if one["event"] == "heard"]
        self.assertEqual(len(readings), 2)
        self.assertIn("temperature", readings[0])
        answer = hub.ok("command", "--to", device.id, "set", "23.5")[-1]
        self.assertEqual((answer["event"], answer["text"]), ("answer", "ok: target 23.5"))
        device.wait_for("command.obeyed")
        # What it is set to is its group's business: a server that would keep the twin readable gets none.
        self.assertIn("encrypted", device.wait_for("twin.not_reported")["reason"])
        self.assertEqual(self.twin(device), {})
        code, _, errors = hub.run("command", "--to", device.id, "set", "99")
        self.assertEqual(code, 6, errors)
        self.assertIn("5 to 30", errors)
        self.assertEqual(device.stop(), 0)
        stored = b"".join(path.read_bytes() for path in self.server.data.rglob("*") if path.is_file())
        self.assertNotIn(b"humidity", stored)
        self.assertNotIn(b'"mode":"heat"', stored)

    def test_the_twin_of_a_device_without_a_group_is_plain(self):
        device = self.client("alone").enrolled()
        device.start("--kind", "thermostat", "--interval", "60")
        wait_until(lambda: "target" in self.twin(device), what="the twin")

    def twin(self, device):
        status, _, twin = self.rest("GET", f"/v1/iot-devices/{device.id}/twin")
        self.assertEqual(status, 200, twin)
        return twin.get("reported", {}).get("document") or {}

    def test_a_topic_that_the_policy_does_not_allow_is_refused_and_audited(self):
        _, device = self.home()
        code, events, errors = device.run("run", "--count", "1", "--for", "15", "--topic", "devices/other/telemetry")
        self.assertEqual(code, 6, (events, errors))
        refused = [one for one in events if one["event"] == "publication.refused"]
        self.assertEqual(refused[0]["reason"], "0x87")
        wait_until(lambda: any("devices/other/telemetry" in json.dumps(one) for one in self.audit("mqtt.publication")),
                   what="the audit record")

    def test_what_was_measured_offline_comes_later_in_order(self):
        hub, device = self.home()
        device.ok("run", "--offline", "--count", "5", "--interval", "0.05")
        self.assertEqual(device.ok("status")[0]["waiting"], 5)
        ear = subprocess.Popen(hub.command("listen", "--filter", f"devices/{device.id}/telemetry", "--count", "5",
                                           "--for", "20"), stdout=subprocess.PIPE, text=True, env=clean_environment())
        try:
            line = json.loads(ear.stdout.readline())
            self.assertEqual(line["event"], "connected", line)
            time.sleep(0.3)  # its subscription
            device.ok("run", "--for", "4", "--count", "1", "--interval", "60")
            out, _ = ear.communicate(timeout=25)
        finally:
            if ear.poll() is None:
                ear.kill()
                ear.communicate()
        self.assertEqual(ear.returncode, 0, out)
        self.assertEqual(device.ok("status")[0]["waiting"], 0)

    def test_commands_wait_while_it_is_away_and_it_comes_back_after_the_server(self):
        hub, device = self.home()
        device.start("--kind", "thermostat", "--interval", "1")
        device.wait_for("connected")
        self.assertEqual(device.stop(signal.SIGKILL), -signal.SIGKILL)
        code, _, errors = hub.run("command", "--to", device.id, "--wait", "2", "mode", "off")
        self.assertEqual(code, 4, errors)
        # Nobody waits for the answer any more: only a device that knows the time obeys, within the deadline.
        device.start("--kind", "thermostat", "--interval", "1", "--system-clock")
        self.assertEqual(device.wait_for("command.obeyed")["result"], "ok: mode off")
        self.server.kill()
        device.wait_for("disconnected")
        self.server.start()
        device.wait_for("connected", 2, timeout=30)
        self.assertEqual(hub.ok("command", "--to", device.id, "mode", "heat")[-1]["text"], "ok: mode heat")

    def test_the_owner_decides_what_is_obeyed_and_what_is_asked_back(self):
        hub, device = self.home(kind="light")
        device.start("--kind", "light", "--interval", "1", "--system-clock")
        device.wait_for("connected")
        self.assertEqual(hub.ok("command", "--to", device.id, "on")[-1]["text"], "ok: on, at 100 percent")
        self.assertFalse(device.said("command.challenged"))
        code, _, errors = hub.run("command", "--to", device.id, "--wait", "3", "dim", "10")
        self.assertEqual(code, 4, errors)
        self.assertIn("policy", device.wait_for("command.refused")["reason"])
        self.assertEqual(hub.ok("command", "--to", device.id, "off")[-1]["text"], "ok: off")
        device.wait_for("command.challenged")

    def test_the_next_epoch_comes_over_the_broker_and_leaves_out_who_was_removed(self):
        hub, device, other = self.client("hub", "hub").enrolled(), self.client("thing", "light").enrolled(), \
            self.client("other", "light").enrolled()
        self.group(hub, device, other)
        for client in (device, other):
            client.start("--kind", "light", "--interval", "1")
            client.wait_for("connected")
        work = self.group(hub, device, join=[hub])
        hub.ok("deliver", "--to", device.id, str(work / f"{device.id}.json"))
        # Somebody else's keys open nothing.
        hub.ok("deliver", "--to", other.id, str(work / f"{device.id}.json"))
        self.assertEqual(device.wait_for("group.joined")["epoch"], 2)
        other.wait_for("keys.refused")
        self.assertEqual(hub.ok("command", "--to", device.id, "on")[-1]["text"], "ok: on, at 100 percent")
        code, _, _ = hub.run("command", "--to", other.id, "--wait", "2", "on")
        self.assertEqual(code, 4)
        self.assertEqual(device.stop(), 0)
        self.assertEqual(device.ok("status")[0]["epoch"], 2)

    def test_renews_and_goes_on_with_the_new_certificate(self):
        # One that knows the server by its own certificate, as a label or a QR code would say.
        device = self.client("lamp", "light")
        pin = hashlib.sha256(ssl.PEM_cert_to_DER_cert((self.server.data / "server.pem").read_text())).hexdigest()
        code, events, errors = device.run(
            "enrol", "--server", f"127.0.0.1:{self.server.devices_port}", "--broker",
            f"127.0.0.1:{self.server.mqtts_port}", "--device", device.id, "--pin", pin, "--code", self.code(device.id))
        self.assertEqual(code, 0, (events, errors))
        before = device.ok("status")[0]["expires_at"]
        time.sleep(1.1)
        self.assertEqual(device.ok("renew")[-1]["event"], "certificate.renewed")
        self.assertNotEqual(device.ok("status")[0]["expires_at"], before)
        device.start("--kind", "light")
        device.wait_for("connected")
        self.assertEqual(device.stop(), 0)

    def test_revoked_it_is_cut_off_within_a_second(self):
        _, device = self.home()
        device.start("--kind", "thermostat", "--interval", "0.2")
        device.wait_for("connected")
        status, _, answer = self.rest("DELETE", f"/v1/iot-devices/{device.id}/certificates")
        revoked = time.monotonic()
        self.assertIn(status, (200, 204), answer)
        self.assertEqual(device.wait_for("closed_by_server", timeout=5)["reason"], "0x98")
        self.assertLess(time.monotonic() - revoked, 1.0)
        self.assertEqual(device.wait(), 3, device.events)
        self.assertIn("certificate", device.errors)
        self.assertTrue(device.said("cut_off"))
        # And stays away until it has another code.
        code, _, errors = device.run("run", "--for", "2")
        self.assertEqual(code, 3, errors)
        code, _, errors = device.enrol()
        self.assertEqual(code, 0, errors)
        device.ok("run", "--count", "1", "--for", "10")

    def test_says_clearly_what_is_wrong(self):
        device = self.client("lamp", "light")
        code, _, errors = device.enrol(code="00000000000000000000000000")
        self.assertEqual(code, 3, errors)
        self.assertIn("one-time code", errors)
        code, _, errors = device.run("enrol", "--server", f"127.0.0.1:{self.server.devices_port}", "--device",
                                     device.id, "--pin", "00" * 32, "--code", "x")
        self.assertEqual(code, 5, errors)
        code, _, errors = device.run("enrol", "--server", "127.0.0.1:1", "--device", device.id, "--ca",
                                     str(self.server.ca), "--code", "x", "--wait", "1")
        self.assertEqual(code, 4, errors)
        for arguments in (("enrol",), ("run", "--kind", "toaster"), ("enrol", "--server", "h", "--device", "x")):
            code, _, errors = device.run(*arguments)
            self.assertEqual(code, 2, (arguments, errors))
        code, _, errors = device.run("command", "--to", device.id, "on")
        self.assertEqual(code, 1, errors)
        self.assertIn("no group", errors)


class BoundRequests(DeviceCase):
    """A server that takes no certificate request but those made for the connection that they came over."""
    server_settings = {**SETTINGS, "automation.request_binding": "required"}

    def test_enrols_and_renews_where_requests_must_be_bound(self):
        device = Client(self, "bound", "light")
        self.addCleanup(device.close)
        code = self.code(device.id)
        answer = self.est("simpleenroll", self.request(self.key()), "-u", f"{device.id}:{code}")
        self.assertEqual(answer[0], 400, answer)
        done, events, errors = device.enrol(code=code)
        self.assertEqual(done, 0, (events, errors))
        time.sleep(1.1)
        self.assertEqual(device.ok("renew")[-1]["event"], "certificate.renewed")
