"""CMP (RFC 9483) with the openssl program as client of the real server."""
import hashlib
import os
import re
import subprocess
import unittest

from databases import OnPostgreSQL
from devices import DeviceCase, openssl
from harness import wait_until

PKIXCMP = "Content-Type: application/pkixcmp"


class CmpCase(DeviceCase):
    def cmp(self, command, *arguments, path="/.well-known/cmp", timeout=30, config=None):
        """The openssl program's run; `out.pem` holds the certificate that it was given."""
        return subprocess.run(
            ["openssl", "cmp", "-cmd", command, "-server", f"https://127.0.0.1:{self.server.devices_port}", "-path", path,
             "-tls_used", "-tls_trusted", str(self.server.ca), "-trusted", self.authority(), *arguments],
            capture_output=True, text=True, timeout=timeout, env={**os.environ, **({"OPENSSL_CONF": config} if config else {})})

    def by_code(self, device, code):
        return ["-ref", device, "-secret", f"pass:{code}", "-recipient", "/CN=Unhidra device authority"]

    def by_certificate(self, certificate="cert.pem", key="key.pem"):
        return ["-cert", self.path(certificate), "-key", self.path(key)]

    def enroll(self, device, code, *more, command="ir", key=None, out="cert.pem", **options):
        return self.cmp(command, *self.by_code(device, code), "-newkey", key or self.key(), "-subject", f"/CN={device}",
                        "-certout", self.path(out), "-cacertsout", self.path("ca-out.pem"), *more, **options)

    def certified(self):
        device = self.device()
        run = self.enroll(device, self.code(device))
        self.assertEqual(run.returncode, 0, run.stderr)
        return device

    def text(self, certificate="cert.pem"):
        return openssl("x509", "-in", self.path(certificate), "-noout", "-text", "-serial").decode()

    def serial(self, certificate="cert.pem"):
        return re.search(r"serial=(\w+)", self.text(certificate)).group(1).lower()

    def states(self, device):
        _, _, listed = self.rest("GET", f"/v1/iot-devices/{device}/certificates")
        return {one["serial_number"]: one.get("reason") for one in listed["items"]}

    def events(self, kind, device):
        found = self.server.request("GET", f"/v1/audit?event_type={kind}&limit=200", token=self.token)[2]
        return [one["outcome"] for one in found["items"] if one["resource_id"] == device]

    def assertRefused(self, run, *words):
        self.assertNotEqual(run.returncode, 0, run.stderr)
        for word in words:
            self.assertIn(word, run.stdout + run.stderr)


class Cmp(CmpCase):
    def test_a_device_enrols_with_its_code_and_confirms(self):
        device = self.certified()
        text = self.text()
        for part in (f"CN = {device}", f"URI:{self.uri(device)}", "TLS Web Client Authentication", "CA:FALSE",
                     "NIST CURVE: P-256"):
            self.assertIn(part, text)
        openssl("verify", "-purpose", "sslclient", "-CAfile", self.authority(), self.path("cert.pem"))
        openssl("verify", "-CAfile", self.path("ca-out.pem"), self.path("cert.pem"))
        self.assertEqual(self.states(device), {self.serial(): None})
        self.assertEqual(self.events("device.enrolled_by_cmp", device), ["success"])
        self.assertEqual(self.events("device.enrolment_confirmed", device), ["success"])
        self.assertNotIn("uhe_", self.server.log_text())

    def test_every_way_of_asking_reaches_the_same_rules(self):
        for command, path, more in (("ir", "/.well-known/cmp/initialization", ["-implicit_confirm"]),
                                    ("cr", "/.well-known/cmp/p/devices/certification", []),
                                    ("cr", "/.well-known/cmp/p/devices", ["-disable_confirm"])):
            device = self.device()
            run = self.enroll(device, self.code(device), *more, command=command, path=path)
            self.assertEqual(run.returncode, 0, run.stderr)
        device, key = self.device(), self.key()
        with open(self.path("request.der"), "wb") as file:
            file.write(self.request(key, f"/CN={device}", self.uri(device)))
        run = self.cmp("p10cr", *self.by_code(device, self.code(device)), "-csr", self.path("request.der"), "-certout",
                       self.path("cert.pem"), path="/.well-known/cmp/pkcs10")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn(self.uri(device), self.text())
        device = self.device()
        for path in ("/.well-known/cmp/p/others", "/.well-known/cmp/unknown"):
            self.assertRefused(self.enroll(device, self.code(device), path=path), "404")

    def test_a_code_works_once_for_its_device_alone(self):
        device, other = self.device(), self.device()
        code = self.code(device)
        for who, secret in ((other, code), (device, "uhe_" + "A" * 22), (device, code[:-1]), ("nobody", code)):
            self.assertRefused(self.enroll(who, secret, out="none.pem"), "401")
        self.assertFalse(os.path.exists(self.path("none.pem")))
        self.assertEqual(self.enroll(device, code).returncode, 0)
        self.assertRefused(self.enroll(device, code), "401")
        self.assertEqual(len(self.states(device)), 1)
        fresh = self.code(device)
        self.assertEqual(self.est("simpleenroll", self.request(self.key()), "-u", f"{device}:{fresh}")[0], 200)
        self.assertRefused(self.enroll(device, fresh), "401")

    def test_messages_seen_before_give_nothing(self):
        device = self.device()
        run = self.enroll(device, self.code(device), "-reqout", f"{self.path('ir.der')} {self.path('conf.der')}")
        self.assertEqual(run.returncode, 0, run.stderr)
        before = self.states(device)
        for name in ("ir.der", "conf.der"):
            with open(self.path(name), "rb") as file:
                status, _, _ = self.curl("/.well-known/cmp", "-H", PKIXCMP, data=file.read())
            self.assertIn(status, (401, 404), name)
        self.assertEqual(self.states(device), before)

    def test_what_is_no_message_is_refused_and_spends_no_code(self):
        device = self.device()
        code = self.code(device)
        run = self.enroll(device, code, "-reqout", self.path("ir.der"), "-tls_trusted", self.authority())
        self.assertNotEqual(run.returncode, 0)  # it trusts the wrong authority, and has written its request
        with open(self.path("ir.der"), "rb") as file:
            good = file.read()
        for body in (b"", b"\x30\x80" + good, good + b"\0", good[:-1], good[:60], b"\x30" * 4096, good[:-9] + bytes(9)):
            self.assertIn(self.curl("/.well-known/cmp", "-H", PKIXCMP, data=body)[0], (400, 401), body[:20])
        self.assertEqual(self.curl("/.well-known/cmp", "-H", PKIXCMP, data=bytes(17 * 1024))[0], 413)
        self.assertEqual(self.curl("/.well-known/cmp", "-H", "Content-Type: application/json", data=good)[0], 415)
        self.assertEqual(self.curl("/.well-known/cmp/revocation", "-H", PKIXCMP, data=good)[0], 200,
                         "the message says what it is")
        self.assertEqual(len(self.states(device)), 1)

    def test_a_certificate_is_renewed_and_the_old_one_ends_when_the_new_one_is_seen(self):
        device = self.certified()
        first = self.serial()
        fresh = self.key("fresh.pem")
        other = self.device()
        for wrong in (["-subject", "/CN=somebody else"], ["-san_nodefault", "-sans", self.uri(other)], ["-san_nodefault"]):
            run = self.cmp("kur", *self.by_certificate(), "-newkey", fresh, "-certout", self.path("no.pem"), *wrong)
            self.assertRefused(run, "subject and URI")
        self.assertEqual(self.events("device.reenrolled_by_cmp", device), ["failure"] * 3)
        run = self.cmp("kur", *self.by_certificate(), "-newkey", fresh, "-certout", self.path("fresh-cert.pem"))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(self.states(device), {first: None, self.serial("fresh-cert.pem"): None})
        run = self.cmp("kur", *self.by_certificate("fresh-cert.pem", "fresh.pem"), "-newkey", fresh, "-certout",
                       self.path("third.pem"))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(self.states(device)[first], "superseded")
        run = self.cmp("kur", *self.by_certificate(), "-newkey", fresh, "-certout", self.path("no.pem"))
        self.assertRefused(run, "not accepted")

    def test_a_code_renews_nothing_and_foreign_certificates_are_nobodys(self):
        device = self.certified()
        run = self.cmp("kur", *self.by_code(device, self.code(device)), "-oldcert", self.path("cert.pem"), "-newkey",
                       self.key("fresh.pem"), "-certout", self.path("no.pem"))
        self.assertRefused(run)
        openssl("req", "-x509", "-key", self.path("key.pem"), "-subj", f"/CN={device}", "-addext",
                f"subjectAltName=URI:{self.uri(device)}", "-days", "1", "-out", self.path("self.pem"))
        for command in ("kur", "cr"):
            run = self.cmp(command, *self.by_certificate("self.pem"), "-newkey", self.path("fresh.pem"), "-subject",
                           f"/CN={device}", "-certout", self.path("no.pem"))
            self.assertRefused(run, "401")
        self.assertEqual(len(self.states(device)), 1)

    def test_a_device_revokes_its_own_certificates_alone(self):
        theirs = self.certified()
        os.rename(self.path("cert.pem"), self.path("theirs.pem"))
        device = self.certified()
        run = self.cmp("rr", *self.by_certificate(), "-oldcert", self.path("theirs.pem"))
        self.assertRefused(run, "no such certificate")
        run = self.cmp("rr", *self.by_certificate(), "-oldcert", self.path("cert.pem"), "-revreason", "1")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(self.states(device), {self.serial(): "key_compromise"})
        self.assertEqual(list(self.states(theirs).values()), [None])
        self.assertEqual(sorted(self.events("device.revoked_by_itself", device)), ["failure", "success"])
        self.assertRefused(self.cmp("rr", *self.by_certificate(), "-oldcert", self.path("cert.pem")), "not accepted")

    def test_a_certificate_that_is_not_wanted_is_revoked(self):
        device = self.device()
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                self.path("o.key"), "-subj", "/CN=other authority", "-days", "1", "-out", self.path("o.pem"))
        run = self.enroll(device, self.code(device), "-out_trusted", self.path("o.pem"))
        self.assertNotEqual(run.returncode, 0)
        self.assertEqual(list(self.states(device).values()), ["cessation_of_operation"])

    def test_authorities_are_told_to_whom_is_known(self):
        device = self.certified()
        for proof in (self.by_certificate(), self.by_code(device, self.code(device))):
            run = self.cmp("genm", *proof, "-infotype", "caCerts")
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertIn("caCerts", run.stdout + run.stderr)
        self.assertRefused(self.cmp("genm", *self.by_code(device, "uhe_" + "B" * 22), "-infotype", "caCerts"), "401")


class RootUpdate(CmpCase):
    def test_after_a_rollover_a_device_is_told_of_the_next_root(self):
        self.certified()
        with open(self.path("openssl.cnf"), "w", encoding="ascii") as file:  # OpenSSL 3.0 does not know the name
            file.write("openssl_conf = init\n[init]\noid_section = oids\n[oids]\nid-it-rootCaCert = 1.3.6.1.5.5.7.4.20\n")

        def asked():
            run = self.cmp("genm", *self.by_certificate(), "-infotype", "rootCaCert", config=self.path("openssl.cnf"))
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertIn("rootCaKeyUpdate", run.stdout + run.stderr)
            return run.stdout + run.stderr
        asked()
        self.server.admin("device-ca", "rotate")
        wait_until(lambda: self.certificates(self.curl("/.well-known/est/cacerts")[2]).count(b"BEGIN") == 4, what="both roots and their links")
        asked()


class Approval(CmpCase):
    server_settings = {"automation.enrolment_approval": "true", "automation.enrolment_ask_again": "1s"}

    def begin(self, device, code, key):
        """An enrolment that polls, in a process of its own."""
        process = subprocess.Popen(
            ["openssl", "cmp", "-cmd", "ir", "-server", f"https://127.0.0.1:{self.server.devices_port}", "-path",
             "/.well-known/cmp", "-tls_used", "-tls_trusted", str(self.server.ca), "-trusted", self.authority(),
             *self.by_code(device, code), "-newkey", key, "-subject", f"/CN={device}", "-certout", self.path("cert.pem"),
             "-total_timeout", "20"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.kill)
        return process

    def waits(self, device):
        def listed():
            return device in [one["device_id"] for one in self.rest("GET", "/v1/enrolment-requests?limit=200")[2]["items"]]
        wait_until(listed, what="the request")

    def decide(self, device, key, approve):
        path = f"/v1/iot-devices/{device}/enrolment-request"
        if approve:
            digest = hashlib.sha256(openssl("pkey", "-in", key, "-pubout", "-outform", "DER")).hexdigest()
            self.assertEqual(self.rest("POST", f"{path}/approval", {"fingerprint": digest})[0], 204)
        else:
            self.assertEqual(self.rest("DELETE", path)[0], 204)

    def test_a_device_asks_until_it_is_approved(self):
        device, key = self.device(), self.key()
        code = self.code(device)
        process = self.begin(device, code, key)
        self.waits(device)
        self.decide(device, key, True)
        problems, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 0, problems)
        self.assertIn(self.uri(device), self.text())
        self.assertRefused(self.enroll(device, code), "401")

    def test_a_denied_device_is_told_so(self):
        device, key = self.device(), self.key()
        process = self.begin(device, self.code(device), key)
        self.waits(device)
        self.decide(device, key, False)
        problems, _ = process.communicate(timeout=20)
        self.assertNotEqual(process.returncode, 0)
        self.assertIn("the enrolment was denied", problems)

    def test_a_device_that_has_lost_its_transaction_begins_anew_with_the_same_code(self):
        device, key = self.device(), self.key()
        code = self.code(device)
        process = self.begin(device, code, key)
        self.waits(device)
        process.kill()
        process.communicate()
        self.decide(device, key, True)
        self.assertRefused(self.enroll(device, code, key=self.key("other.pem")), "needed")
        run = self.enroll(device, code, key=key)
        self.assertEqual(run.returncode, 0, run.stderr)


class CmpOnPostgreSQL(OnPostgreSQL, Cmp):
    pass


class ApprovalOnPostgreSQL(OnPostgreSQL, Approval):
    pass


if __name__ == "__main__":
    unittest.main()
