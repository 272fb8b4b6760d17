"""The topic policy's life in a real server: versions over REST and by administrators' commands, a shadow beside the one
in force, the decision log, a bundle that changes on disk. Devices are Eclipse Paho clients with certificates."""
import contextlib
import hashlib
import http.server
import json
import pathlib
import sqlite3
import threading
import time
import unittest

from databases import OnPostgreSQL
from devices import DeviceCase
from harness import unhidra, wait_until
from mqtt_test import Peer

OPEN = "package unhidra.automation\n\nallow if input.user\n\nallow if input.device.id\n"
NO_DOORS = OPEN.replace("input.device.id\n", "{\n\tinput.device.id\n\tnot startswith(input.topic, \"door/\")\n}\n") + \
    "\nallow if input.action == \"connect\"\n"


def module(text, file="topics.rego"):
    return {"modules": [{"file": file, "text": text}]}


class PolicyCase(DeviceCase):
    def setUp(self):
        super().setUp()
        self.peers = []

    def tearDown(self):
        for peer in self.peers:
            peer.close()

    def of_device(self):
        device, key, _ = self.enrol()
        peer = Peer(self.server, self.server.mqtts_port, device, cert=self.path("cert.pem"), key=key)
        self.peers.append(peer)
        return device, peer

    def person(self, name="person"):
        peer = Peer(self.server, self.server.mqtt_port, name, token=self.token)
        self.peers.append(peer)
        return peer

    def add(self, text, **more):
        status, _, made = self.rest("POST", "/v1/policies", {**module(text), **more})
        self.assertEqual(status, 201, made)
        return made["version"]

    def activate(self, version):
        status, _, made = self.rest("POST", f"/v1/policies/{version}/activation")
        self.assertEqual((status, made.get("active")), (200, True), made)

    def admin(self, *arguments, good=0):
        run = unhidra("admin", "--data-dir", str(self.server.data), *self.server.set_flags(), "--json", "policy",
                      *arguments)
        self.assertEqual(run.returncode, good, run.stderr)
        return json.loads(run.stdout) if good == 0 else run.stderr

    def events(self, kind):
        _, _, found = self.server.request("GET", f"/v1/audit?event_type={kind}&limit=200", token=self.token)
        return found["items"]

    def metrics(self):
        _, _, text = self.server.request("GET", "/metrics")
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
                for line in text.decode().splitlines() if line and line[0] != "#"}

    def verify(self):
        run = unhidra("admin", "--data-dir", str(self.server.data), *self.server.set_flags(), "audit", "verify")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def decisions(self):
        with open(self.server.data / "decisions.jsonl", encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]


class Versions(PolicyCase):
    server_settings = {"automation.decision_log": "input"}

    def test_a_version_is_added_put_in_force_and_rolled_back(self):
        first = self.add(OPEN, revision="open")
        self.activate(first)
        device, lamp = self.of_device()
        person = self.person()
        wait_until(lambda: lamp.subscribe("door/front") == 1, what="the open policy")
        lamp.subscribe("light/hall")
        person.publish_and_wait("door/front", "one")
        self.assertEqual(lamp.payloads(1), ["one"])

        second = self.add(NO_DOORS, revision="no doors")
        self.activate(second)
        wait_until(lambda: lamp.subscribe("door/back") == 0x87, what="the new policy")
        person.publish_and_wait("door/front", "never")
        person.publish_and_wait("light/hall", "two")
        self.assertEqual(lamp.payloads(2), ["one", "two"])  # the live subscription to the door is cut

        status, _, back = self.rest("DELETE", "/v1/policies/activation")
        self.assertEqual((status, back["version"]), (200, first), back)
        wait_until(lambda: lamp.subscribe("door/front") == 1, what="the roll-back")
        person.publish_and_wait("door/front", "three")
        self.assertEqual(lamp.payloads(3), ["one", "two", "three"])

        _, _, listed = self.rest("GET", "/v1/policies?limit=200")
        self.assertEqual(listed["source"], "database")
        self.assertEqual({item["version"]: item["active"] for item in listed["items"]}[first], True)
        _, _, shown = self.rest("GET", f"/v1/policies/{second}")
        self.assertEqual((shown["modules"][0]["text"], shown["syntax"], shown["active"]), (NO_DOORS, "v1", False))

        logged = [line for line in self.decisions() if line.get("input", {}).get("filter") == "door/back"
                  and line["input"]["device"]["id"] == device and not line["allowed"]]
        self.assertEqual({(line["ground"], line["revision"], line["org"]) for line in logged},
                         {("undefined", f"{second} no doors", self.org)})
        canonical = json.dumps(logged[0]["input"], separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        self.assertEqual(logged[0]["input_digest"], hashlib.sha256(canonical.encode()).hexdigest())

        for kind in ("policy.added", "policy.activated", "policy.rolled_back"):
            self.assertEqual(self.events(kind)[0]["outcome"], "success", kind)
        rolled = self.events("policy.rolled_back")[0]
        self.assertEqual((rolled["resource_id"], rolled["metadata"]["before.version"]), (str(first), str(second)))
        self.verify()

    def test_what_does_not_compile_is_refused_with_all_that_is_wrong(self):
        wrong = "package unhidra.automation\n\nallow if x\n\nallow if y\n"
        status, _, problem = self.rest("POST", "/v1/policies", module(wrong))
        self.assertEqual((status, problem["code"]), (400, "rego_unsafe_var_error"), problem)
        for place in ("topics.rego:3", "topics.rego:5"):
            self.assertIn(place, problem["detail"])
        status, _, problem = self.rest("POST", "/v1/policies", module("package other\n\nallow := true\n"))
        self.assertEqual((status, problem["code"]), (404, "policy.no_policy"), problem)
        for bad in ({"modules": []}, {"modules": [{"file": "", "text": OPEN}]}, {**module(OPEN), "data": [1]},
                    {**module(OPEN), "revision": "a\nb"}, {"modules": module(OPEN)["modules"] * 2}, {**module(OPEN), "x": 1}):
            self.assertIn(self.rest("POST", "/v1/policies", bad)[0], (400, 404), bad)
        for path in ("0", "-1", "x", "99999", "9" * 30):
            self.assertEqual(self.rest("POST", f"/v1/policies/{path}/activation")[0], 404, path)
        self.assertIn("failure", [event["outcome"] for event in self.events("policy.added")])

    def test_a_shadow_decides_nothing_and_tells_what_it_would_have(self):
        self.activate(self.add(OPEN))
        candidate = self.add(NO_DOORS, revision="candidate")
        _, lamp = self.of_device()
        wait_until(lambda: lamp.subscribe("door/front") == 1, what="the open policy")
        self.assertEqual(self.rest("PUT", "/v1/policy-shadow", {"version": 99999})[0], 404)
        status, _, started = self.rest("PUT", "/v1/policy-shadow", {"version": candidate})
        self.assertEqual((status, started["version"]), (200, candidate), started)

        def shadow():
            lamp.publish_and_wait("door/open", "now")
            return self.rest("GET", "/v1/policy-shadow")[2]

        def topics():
            return {item["input"].get("topic") for item in shadow()["items"]}

        # The live subscription, too, is judged by it at once.
        wait_until(lambda: {"door/front", "door/open"} <= topics(), what="the differences")
        found = shadow()
        self.assertEqual((found["version"], found["asked"] > found["differing"] > 0), (candidate, True), found)
        for item in found["items"]:
            self.assertEqual((item["was_allowed"], item["allowed"], item["ground"]), (True, False, "undefined"))
        self.assertEqual(lamp.subscribe("door/back"), 1)
        self.assertGreater(self.metrics()["unhidra_policy_shadow_differences_total"], 0)
        self.assertIn(f"{candidate} candidate", {line["shadow"]["revision"] for line in self.decisions()
                                                 if "shadow" in line})
        shown = self.admin("shadow", "show")
        self.assertEqual(shown["version"], candidate)
        self.assertTrue(any(item["input"].get("topic") == "door/open" for item in shown["items"]))
        self.assertEqual(self.rest("DELETE", "/v1/policy-shadow")[0], 204)
        self.assertEqual(self.rest("DELETE", "/v1/policy-shadow")[0], 404)
        self.assertNotIn("version", self.rest("GET", "/v1/policy-shadow")[2])
        self.verify()

    def test_a_dry_run_shows_which_logged_decisions_a_version_would_change(self):
        self.activate(self.add(OPEN))
        device, lamp = self.of_device()
        wait_until(lambda: lamp.subscribe("door/dry") == 1, what="the open policy")
        candidate = self.add(NO_DOORS)

        def changed():
            status, _, run = self.rest("GET", f"/v1/policies/{candidate}/dry-run?limit=200")
            self.assertEqual(status, 200, run)
            return [item for item in run["items"] if item["input"].get("topic") == "door/dry"
                    and item["input"].get("device", {}).get("id") == device]

        wait_until(changed, what="the decision in the log")
        self.assertEqual({(item["was_allowed"], item["allowed"]) for item in changed()}, {(True, False)})
        run = self.admin("dry-run", str(candidate), "--limit", "1000")
        self.assertGreater(run["changes"], 0)
        self.assertGreaterEqual(run["decisions"], run["changes"])
        self.assertEqual(self.events("policy.dry_run")[0]["resource_id"], str(candidate))

    def test_an_administrator_on_the_machine_does_the_same(self):
        folder = pathlib.Path(self.path("policies"))
        folder.mkdir()
        (folder / "topics.rego").write_text(NO_DOORS)
        (folder / "rooms.json").write_text('{"hall": true}')
        self.activate(self.add(OPEN))
        _, lamp = self.of_device()
        wait_until(lambda: lamp.subscribe("door/front") == 1, what="the open policy")
        added = self.admin("add", str(folder), "--revision", "by hand", "--activate")
        self.assertEqual((added["revision"], added["active"]), ("by hand", "yes"))
        wait_until(lambda: lamp.subscribe("door/front") == 0x87, timeout=5, what="the command's policy")
        self.assertEqual(self.admin("show", added["version"])["data"], {"hall": True})
        self.admin("rollback")
        wait_until(lambda: lamp.subscribe("door/front") == 1, timeout=5, what="the roll-back")
        self.assertIn(added["version"], [line["version"] for line in self.admin("list")])
        (folder / "topics.rego").write_text("package unhidra.automation\n\nallow if x\n")
        self.assertIn("topics.rego:3", self.admin("add", str(folder), good=1))
        self.assertIn("no version 99999", self.admin("activate", "99999", good=1))
        self.assertEqual(self.events("policy.activated")[0]["actor_type"], "system")
        self.verify()

    def test_another_organisation_has_its_own(self):
        version = self.add("package unhidra.automation\n\nallow if input.action == \"connect\"\n")
        self.activate(version)
        person = self.person("ours")
        wait_until(lambda: person.subscribe("anything") == 0x87, what="the narrow policy")
        _, _, made = self.server.request("POST", "/v1/organizations", {"name": f"Second {self.name}"}, self.token)
        _, _, tokens = self.server.request("POST", "/v1/register", {
            "username": f"stranger{self.name}", "password": "correct horse battery staple",
            "invitation": made["invitation"]["token"]})
        theirs = Peer(self.server, self.server.mqtt_port, "theirs", token=tokens["access_token"])
        self.peers.append(theirs)
        self.assertEqual(theirs.subscribe("anything"), 1)
        self.assertEqual(self.rest("GET", "/v1/policies", token=tokens["access_token"])[2]["items"], [])
        self.assertEqual(self.rest("GET", f"/v1/policies/{version}", token=tokens["access_token"])[0], 404)
        self.activate(self.add(OPEN))

    def test_it_is_in_force_again_after_a_restart_and_counted(self):
        version = self.add(NO_DOORS, revision=self.name)
        self.activate(version)
        self.server.kill()
        self.server.start()
        _, lamp = self.of_device()
        self.assertEqual(lamp.subscribe("door/front"), 0x87)
        self.assertEqual(lamp.subscribe("light/hall"), 1)
        found = self.metrics()
        self.assertEqual(found[f'unhidra_policy_revision{{org="{self.org}",revision="{version} {self.name}"}}'], 1)
        self.assertGreater(found['unhidra_policy_decisions_total{result="allow",ground="policy"}'], 0)
        self.assertGreater(found['unhidra_policy_decisions_total{result="deny",ground="undefined"}'], 0)
        self.activate(self.add(OPEN))


class StoredBefore(PolicyCase):
    server_settings = {"automation.decision_log": "input"}

    def test_a_version_that_does_not_compile_any_more_is_told(self):
        version = self.add(OPEN)
        self.activate(version)
        self.assertEqual(self.admin("check"), {"version": version, "compiles": True, "errors": []})
        with contextlib.closing(sqlite3.connect(self.server.data / "unhidra.db", timeout=30)) as database:
            database.execute("UPDATE policies SET documents = replace(documents, 'package ', ?)",
                             ("# METADATA\\n# title: {}\\npackage ",))
            database.commit()
        for which in ([], [str(version)]):
            run = unhidra("admin", "--data-dir", str(self.server.data), *self.server.set_flags(), "policy", "check", *which)
            self.assertEqual(run.returncode, 1, run.stdout)
            self.assertIn(f"Version {version} does not compile", run.stderr)
            self.assertIn("topics.rego:2:1: rego_parse_error", run.stderr)


class VersionsOnPostgreSQL(OnPostgreSQL, Versions):
    pass


class Agent(http.server.BaseHTTPRequestHandler):
    """Stands for an Open Policy Agent: answers by what the test says."""
    decide = staticmethod(lambda asked: True)
    asked, tokens = [], set()

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body["input"])
        self.tokens.add(self.headers["Authorization"])
        answer = json.dumps({"result": type(self).decide(body["input"])}).encode()
        try:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def log_message(self, *arguments):
        pass


class Remote(PolicyCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Agent)
        threading.Thread(target=cls.agent.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.agent.server_close)
        cls.addClassCleanup(cls.agent.shutdown)
        cls.server_settings = {
            "automation.policy_source": "remote", "automation.policy_token": "sesame",
            "automation.policy_timeout": "3s",
            "automation.policy_url": f"http://127.0.0.1:{cls.agent.server_port}/v1/data/unhidra/automation/allow"}
        super().setUpClass()

    def setUp(self):
        super().setUp()
        Agent.decide = staticmethod(lambda asked: True)

    def test_everything_is_asked_elsewhere_and_kept_in_order(self):
        Agent.decide = staticmethod(lambda asked: not asked.get("topic", "").startswith("no/"))
        device, lamp = self.of_device()
        person = self.person("asks")
        self.assertEqual(lamp.subscribe("yes/#"), 1)
        self.assertEqual(lamp.subscribe("no/#"), 0x87)
        for number in range(50):
            person.publish(f"yes/{number}", str(number), qos=number % 3)
        got = lamp.payloads(50)
        for qos in range(3):
            own = [payload for payload in got if int(payload) % 3 == qos]
            self.assertEqual(own, [str(number) for number in range(qos, 50, 3)])
        seen = [asked for asked in Agent.asked if asked.get("device", {}).get("id") == device]
        self.assertEqual({asked["action"] for asked in seen}, {"connect", "subscribe"})
        self.assertIn(("yes/7", True), {(asked.get("topic"), asked["delivery"]) for asked in seen})
        self.assertEqual(Agent.tokens, {"Bearer sesame"})

    def test_a_delivery_that_is_denied_elsewhere_does_not_happen(self):
        Agent.decide = staticmethod(lambda asked: not (asked["delivery"] and asked["topic"].endswith("/secret")))
        _, lamp = self.of_device()
        person = self.person("tells")
        self.assertEqual(lamp.subscribe("house/#"), 1)
        person.publish_and_wait("house/secret", "never")
        person.publish_and_wait("house/open", "this")
        self.assertEqual(lamp.payloads(1), ["this"])

    def test_what_gives_no_answer_in_time_is_a_denial_and_holds_up_nobody_else(self):
        slow = threading.Event()
        self.addCleanup(slow.set)
        Agent.decide = staticmethod(lambda asked: slow.wait(20) if asked.get("topic") == "slow" else True)
        _, lamp = self.of_device()
        person = self.person("waits")
        started = time.monotonic()
        person.client.subscribe("slow", 1)
        self.assertEqual(lamp.subscribe("quick"), 1)
        self.assertLess(time.monotonic() - started, 2.5)
        self.assertTrue(person.wait(lambda: person.granted))
        self.assertEqual(person.granted[-1][0], 0x87)
        Agent.decide = staticmethod(lambda asked: "true")
        self.assertEqual(lamp.subscribe("other"), 0x87)
        found = self.metrics()
        self.assertGreater(found['unhidra_policy_decisions_total{result="deny",ground="unreachable"}'], 0)
        self.assertGreater(found['unhidra_policy_decisions_total{result="deny",ground="not_boolean"}'], 0)

    def test_versions_decide_nothing_here_and_an_address_that_is_none_is_told(self):
        version = self.add(OPEN)
        status, _, problem = self.rest("POST", f"/v1/policies/{version}/activation")
        self.assertEqual((status, problem["code"]), (409, "automation.conflict"))
        self.assertEqual(self.rest("PUT", "/v1/policy-shadow", {"version": version})[0], 409)
        run = unhidra("serve", "--data-dir", self.path("other"), "--set", "automation.policy_source=remote",
                      *[part for name in ("auth", "gateway", "automation")
                        for part in ("--set", f"{name}.listen=127.0.0.1:0")])
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertIn("automation.policy_url", run.stderr)


class RemoteOperations(PolicyCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Agent)
        threading.Thread(target=cls.agent.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.agent.server_close)
        cls.addClassCleanup(cls.agent.shutdown)
        data = f"http://127.0.0.1:{cls.agent.server_port}/v1/data/unhidra"
        Agent.decide = staticmethod(lambda asked: True)
        cls.server_settings = {
            "automation.policy_source": "remote", "automation.policy_token": "sesame",
            "automation.policy_timeout": "1s", "automation.policy_url": f"{data}/automation/allow",
            "automation.policy_operations_url": f"{data}/operations/allow"}
        super().setUpClass()

    def status(self):
        return self.rest("GET", "/v1/policies")[0]

    def test_operations_wait_for_the_answer_and_every_doubt_is_a_denial(self):
        self.addCleanup(setattr, Agent, "decide", staticmethod(lambda asked: True))
        slow = threading.Event()
        self.addCleanup(slow.set)
        Agent.asked.clear()
        self.assertEqual(self.status(), 200)
        asked = Agent.asked[-1]
        self.assertEqual((asked["operation"]["path"], asked["user"]["org"], asked["client"]["ip"]),
                         ("/v1/policies", self.org, "127.0.0.1"))
        for answer in (lambda asked: False, lambda asked: "true", lambda asked: slow.wait(20)):
            Agent.decide = staticmethod(answer)
            status, _, problem = self.rest("GET", "/v1/policies")
            self.assertEqual((status, problem["code"]), (403, "access.denied"))
        Agent.decide = staticmethod(lambda asked: asked["operation"]["method"] == "GET")
        self.assertEqual(self.status(), 200)
        self.assertEqual(self.rest("POST", "/v1/policies", {"modules": []})[0], 403)
        found = self.metrics()
        for ground in ("policy", "not_boolean", "unreachable"):
            name = f'unhidra_operation_policy_decisions_total{{result="deny",ground="{ground}"}}'
            self.assertGreater(found[name], 0, name)

    def test_an_address_that_is_none_is_told(self):
        run = unhidra("serve", "--data-dir", self.path("other"), "--set", "automation.policy_source=remote",
                      "--set", "automation.policy_url=http://127.0.0.1:1/",
                      "--set", "automation.policy_operations_url=nowhere",
                      *[part for name in ("auth", "gateway", "automation")
                        for part in ("--set", f"{name}.listen=127.0.0.1:0")])
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertIn("automation.policy_operations_url", run.stderr)


if __name__ == "__main__":
    unittest.main()
