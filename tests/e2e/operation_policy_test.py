"""A policy over operations in a real server: it takes away what the roles allow, over REST and the gateway alike, at once
and until it is rolled back; every doubt denies, and the machine is the way back."""
import unittest
import uuid

from harness import PASSWORD, unhidra, wait_until
from policy_test import OPEN, PolicyCase, module
from protocol import SEND_MESSAGE, SET_PRESENCE, WATCH_PRESENCE, Device, Refused, UpgradeRefused, uuid7

QUIET_GUESTS = """package unhidra.operations

default allow := true

allow := false if {
\tinput.user.role == "guest"
\tinput.operation.permission == "messages.send"
}
"""
WITHOUT_PRESENCE = """package unhidra.operations

default allow := true

allow := false if input.operation.name in {"presence.set", "presence.watch"}
"""
NOTHING = "package unhidra.operations\n\nallow if input.nothing\n"


class Operations(PolicyCase):
    server_settings = {"automation.decision_log": "input"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.member, cls.guest = cls.invited("ann", "member"), cls.invited("gus", "guest")
        cls.conversation = cls.member.open_direct(cls.guest.user_id)

    @classmethod
    def invited(cls, name, role):
        status, _, made = cls.server.request("POST", "/v1/invitations", {"role": role}, cls.token)
        assert status == 201, made
        device = Device(cls.server, name, PASSWORD, invitation=made["token"]).ready()
        cls.addClassCleanup(device.close)
        return device

    def tearDown(self):
        self.admin("activate", str(self.add_on_the_machine(OPEN)))
        wait_until(lambda: self.sends(self.guest) == 200 and self.begins(self.guest) == 201, what="an end of the policy")
        super().tearDown()

    def add_on_the_machine(self, text):
        with open(self.path("version.rego"), "w", encoding="utf-8") as file:
            file.write(text)
        return self.admin("add", self.path("version.rego"))["version"]

    def sends(self, device):
        """The status of a message over the connection that is open."""
        other = self.member if device is self.guest else self.guest
        try:
            device.send(self.conversation, [other.device_id], b"a message")
        except Refused as refused:
            return refused.status
        return 200

    def begins(self, device):
        """The status of a file over REST."""
        return device.rest("POST", "/v1/files", {"conversation_id": str(uuid.UUID(bytes=self.conversation)), "size": 600})[0]

    def denials(self, kind):
        return [event for event in self.events(kind) if event["outcome"] == "denied"]

    def test_what_it_denies_is_denied_on_every_face_and_recorded_until_it_is_rolled_back(self):
        self.activate(self.add(OPEN, revision="open"))
        self.assertEqual((self.sends(self.guest), self.begins(self.guest)), (200, 201))
        version = self.add(QUIET_GUESTS, revision="quiet")
        self.activate(version)
        wait_until(lambda: self.sends(self.guest) == 403, what="the policy")
        refused = self.guest.refusal(SEND_MESSAGE, self.guest.message(self.conversation, [self.member.device_id], b"x"))
        self.assertEqual((refused.status, refused.code), (403, "access.denied"))
        self.assertIn("policy", refused.message)
        self.assertEqual(self.begins(self.guest), 403)
        self.assertEqual((self.sends(self.member), self.begins(self.member)), (200, 201))
        self.assertEqual(self.guest.rest("GET", "/v1/account")[0], 200)

        for kind in ("message.sent", "file.begun"):
            told = self.denials(kind)[0]["metadata"]
            self.assertEqual((told["reason"], told["policy"], told["policy_ground"], told["role"]),
                             ("denied_by_policy", f"{version} quiet", "policy", "guest"), kind)
        allowed = [event for event in self.events("message.sent") if event["outcome"] == "success"][0]["metadata"]
        self.assertEqual((allowed["reason"], allowed["policy"]), ("granted_by_role", f"{version} quiet"))

        def lines():
            return [line for line in self.decisions() if line["query"] == "data.unhidra.operations.allow"
                    and line["input"]["operation"]["name"] == "messages.send" and not line["allowed"]]
        wait_until(lines, what="the denial in the decision log")
        line = lines()[-1]
        self.assertEqual((line["ground"], line["revision"], line["org"]), ("policy", f"{version} quiet", self.org))
        asked = line["input"]
        self.assertEqual((asked["user"]["role"], asked["user"]["id"], asked["user"]["org"]),
                         ("guest", str(uuid.UUID(bytes=self.guest.user_id)), self.org))
        self.assertEqual((asked["device"]["id"], asked["operation"]["face"], asked["operation"]["changes"]),
                         (str(uuid.UUID(bytes=self.guest.device_id)), "frame", True))
        self.assertEqual((asked["client"]["ip"], asked["client"]["loopback"]), ("127.0.0.1", True))
        found = self.metrics()
        self.assertGreater(found['unhidra_operation_policy_decisions_total{result="deny",ground="policy"}'], 0)
        self.assertGreater(found['unhidra_operation_policy_decisions_total{result="allow",ground="policy"}'], 0)

        status, _, back = self.rest("DELETE", "/v1/policies/activation")
        self.assertEqual(status, 200, back)
        wait_until(lambda: self.sends(self.guest) == 200, what="the roll-back")
        self.assertEqual(self.begins(self.guest), 201)
        self.verify()

    def test_an_organisation_can_do_without_presence(self):
        asked = ((SET_PRESENCE, {1: 1}), (WATCH_PRESENCE, {1: self.guest.user_id}))
        for field, body in asked:
            self.member.call(field, body)
        self.activate(self.add(WITHOUT_PRESENCE))
        for field, body in asked:
            def status():
                try:
                    self.member.call(field, body)
                except Refused as refused:
                    return refused.status, refused.code
                return None
            wait_until(lambda: status() == (403, "access.denied"), what="the policy")
        self.assertEqual(self.sends(self.member), 200)

    def test_every_doubt_denies_and_the_machine_is_the_way_back(self):
        self.activate(self.add(OPEN))
        status, _, problem = self.rest("POST", f"/v1/policies/{self.add(NOTHING)}/activation")
        self.assertEqual((status, problem["code"]), (409, "automation.conflict"), problem)
        self.assertIn("policies.roll_back", problem["detail"])
        self.admin("activate", str(self.add_on_the_machine(NOTHING)))
        wait_until(lambda: self.sends(self.member) == 403, what="the policy that says nothing")
        self.assertEqual(self.server.request("GET", "/v1/account", token=self.token)[0], 403)
        self.assertEqual(self.rest("DELETE", "/v1/policies/activation")[0], 403)
        self.member.close()
        with self.assertRaises(UpgradeRefused) as refused:
            self.member.connect()
        self.assertEqual(refused.exception.status, 403)
        # What nobody signs in for, and signing in itself, stays.
        for path in ("/health", "/ready", "/metrics", "/.well-known/jwks.json"):
            self.assertEqual(self.server.request("GET", path)[0], 200, path)
        status, _, tokens = self.server.request("POST", "/v1/login", {"username": "ann", "password": PASSWORD})
        self.assertEqual(status, 200, tokens)
        self.assertEqual(self.server.request("GET", "/v1/account", token=tokens["access_token"])[0], 403)
        self.admin("rollback")
        wait_until(lambda: self.server.request("GET", "/v1/account", token=self.token)[0] == 200, what="the roll-back")
        self.member.connect()
        self.assertEqual(self.sends(self.member), 200)
        told = self.denials("policy.rolled_back")[0]["metadata"]
        self.assertEqual((told["reason"], told["policy_ground"]), ("denied_by_policy", "undefined"))
        self.verify()

    def test_it_is_in_force_from_the_first_request_after_a_restart(self):
        self.activate(self.add(QUIET_GUESTS))
        for device in (self.member, self.guest):
            device.close()
        self.server.kill()
        self.server.start()
        self.guest.connect()
        self.assertEqual(self.sends(self.guest), 403)
        self.member.connect()
        self.assertEqual(self.sends(self.member), 200)

    def test_a_shadow_and_a_dry_run_tell_what_it_would_deny(self):
        self.activate(self.add(OPEN))
        self.assertEqual(self.sends(self.guest), 200)
        candidate = self.add(QUIET_GUESTS, revision="candidate")
        self.assertEqual(self.rest("PUT", "/v1/policy-shadow", {"version": candidate})[0], 200)

        def found():
            self.assertEqual(self.sends(self.guest), 200)
            return [item for item in self.rest("GET", "/v1/policy-shadow?limit=200")[2]["items"]
                    if item["input"].get("operation", {}).get("name") == "messages.send"]
        wait_until(found, what="what the shadow would have denied")
        item = found()[0]
        self.assertEqual((item["was_allowed"], item["allowed"], item["ground"]), (True, False, "policy"))
        self.assertEqual(item["input"]["user"]["role"], "guest")
        self.assertEqual(self.rest("DELETE", "/v1/policy-shadow")[0], 204)

        # Of the decisions that were logged meanwhile: those on topics stay as they are.
        def names(version):
            status, _, run = self.rest("GET", f"/v1/policies/{version}/dry-run?limit=200")
            self.assertEqual(status, 200, run)
            return {item["input"].get("operation", {}).get("name", "a topic") for item in run["items"]}
        wait_until(lambda: names(candidate) == {"messages.send"}, what="the decisions in the log")
        self.assertEqual(names(self.add(OPEN)), set())

    def test_another_organisation_is_not_concerned(self):
        _, _, made = self.server.request("POST", "/v1/organizations", {"name": "Second"}, self.token)
        theirs = Device(self.server, "far", PASSWORD, invitation=made["invitation"]["token"])
        self.activate(self.add("package unhidra.operations\n\nallow if input.user.role == \"super_admin\"\n"))
        wait_until(lambda: self.sends(self.guest) == 403, what="the narrow policy")
        self.assertEqual(theirs.rest("GET", "/v1/account")[0], 200)

    def test_a_misspelt_rule_is_refused(self):
        status, _, problem = self.rest("POST", "/v1/policies", module("package unhidra.operations\n\nalow := true\n"))
        self.assertEqual((status, problem["code"]), (404, "policy.no_policy"), problem)
        self.assertIn("data.unhidra.operations.allow", problem["detail"])


class AtTheMachine(PolicyCase):
    """A folder decides for everybody."""

    def test_a_folder_decides_over_operations_and_topics_stay_as_they_are(self):
        folder = self.server.root / "rules"
        folder.mkdir()
        (folder / "operations.rego").write_text("package unhidra.operations\n\ndefault allow := true\n\n"
                                                "allow := false if input.operation.name == \"account.get\"\n")
        self.assertEqual(self.server.request("GET", "/v1/account", token=self.token)[0], 200)
        self.server.stop()
        self.server.settings["automation.policy"] = str(folder)
        self.server.start()
        self.assertEqual(self.server.request("GET", "/v1/account", token=self.token)[0], 403)
        self.assertEqual(self.server.request("GET", "/v1/organization", token=self.token)[0], 200)
        self.assertEqual(self.person().subscribe("anything"), 1)
        (folder / "operations.rego").write_text("package unhidra.elsewhere\n\nallow := false\n")
        self.server.stop()
        run = unhidra(*self.server.serve_command()[1:])
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertIn("data.unhidra.operations.allow", run.stderr)
        self.server.settings.pop("automation.policy")
        self.server.start()
        self.assertEqual(self.server.request("GET", "/v1/account", token=self.token)[0], 200)


if __name__ == "__main__":
    unittest.main()
