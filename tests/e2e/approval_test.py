"""Enrolments that wait for a person: 202 until somebody approves the key, by REST and by unhidra-cli."""
import hashlib
import unittest

from databases import OnPostgreSQL
from devices import DeviceCase, openssl


class Approval(DeviceCase):
    server_settings = {"automation.enrolment_approval": "true"}

    def ask(self, device, code, key):
        return self.est("simpleenroll", self.request(key), "-u", f"{device}:{code}")

    def fingerprint(self, key):
        return hashlib.sha256(openssl("pkey", "-in", key, "-pubout", "-outform", "DER")).hexdigest()

    def waiting(self):
        status, _, listed = self.rest("GET", "/v1/enrolment-requests?limit=200")
        self.assertEqual(status, 200, listed)
        return {one["device_id"]: one for one in listed["items"]}

    def test_a_request_waits_is_approved_and_then_answered_once(self):
        device, key, other = self.device(), self.key(), self.key("other.pem")
        code = self.code(device)
        for _ in range(2):
            status, head, body = self.ask(device, code, key)
            self.assertEqual((status, body), (202, b""))
            self.assertRegex(head.lower(), r"retry-after: \d+\n")
        self.assertEqual(self.waiting()[device]["fingerprint"], self.fingerprint(key))
        self.assertEqual(self.ask(device, code, other)[0], 401)
        path = f"/v1/iot-devices/{device}/enrolment-request"
        for fingerprint, expected in ((self.fingerprint(other), 409), ("xyz", 400), (self.fingerprint(key), 204)):
            self.assertEqual(self.rest("POST", f"{path}/approval", {"fingerprint": fingerprint})[0], expected)
        self.assertNotIn(device, self.waiting())
        status, _, body = self.ask(device, code, key)
        self.assertEqual(status, 200)
        self.assertIn(b"BEGIN CERTIFICATE", self.certificates(body))
        self.assertEqual(self.ask(device, code, key)[0], 401)

    def test_a_denied_request_is_told_so(self):
        device, key = self.device(), self.key()
        code = self.code(device)
        self.assertEqual(self.ask(device, code, key)[0], 202)
        self.assertEqual(self.rest("DELETE", f"/v1/iot-devices/{device}/enrolment-request")[0], 204)
        self.assertEqual(self.ask(device, code, key)[0], 403)
        self.assertEqual(self.rest("DELETE", f"/v1/iot-devices/{device}/enrolment-request")[0], 404)

    def test_a_renewal_waits_for_nobody(self):
        device, key = self.device(), self.key()
        code = self.code(device)
        self.ask(device, code, key)
        self.rest("POST", f"/v1/iot-devices/{device}/enrolment-request/approval", {"fingerprint": self.fingerprint(key)})
        _, _, body = self.ask(device, code, key)
        with open(self.path("cert.pem"), "wb") as file:
            file.write(self.certificates(body))
        der = self.request(key, f"/CN={device}", self.uri(device))
        self.assertEqual(self.est("simplereenroll", der, "--cert", self.path("cert.pem"), "--key", key)[0], 200)

    def test_by_the_command_line(self):
        admin = self.cli("admin")
        admin.login("root")

        def run(*arguments):
            return admin.run("device", "--devices", f"https://127.0.0.1:{self.server.devices_port}", *arguments)
        device, key = self.device(), self.key()
        code = self.code(device)
        self.assertEqual(run("approve", device, "--yes").returncode, 6)
        self.assertEqual(self.ask(device, code, key)[0], 202)
        listed = run("pending")
        self.assertIn(device, listed.stdout)
        self.assertIn(self.fingerprint(key), listed.stdout)
        self.assertEqual(run("approve", device).returncode, 2, "approved without --yes")
        done = run("approve", device, "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.ask(device, code, key)[0], 200)
        other = self.device()
        code = self.code(other)
        self.assertEqual(self.ask(other, code, key)[0], 202)
        self.assertEqual(run("deny", other, "--yes").returncode, 0)
        self.assertEqual(self.ask(other, code, key)[0], 403)


class ApprovalOnPostgreSQL(OnPostgreSQL, Approval):
    pass


if __name__ == "__main__":
    unittest.main()
