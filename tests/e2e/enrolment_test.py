"""Devices enrol, renew and are revoked: curl and the openssl program as clients and judges of the real server."""
import base64
import concurrent.futures
import email
import json
import pathlib
import subprocess
import time
import unittest

from devices import DeviceCase, openssl
from harness import Server


class Enrolment(DeviceCase):
    server_settings = {"automation.status_url": "http://pki.example:9300"}

    def test_a_device_enrols_with_its_code_and_gets_the_profile(self):
        device, _, _ = self.enrol()
        text = openssl("x509", "-in", self.path("cert.pem"), "-noout", "-text").decode()
        for part in (f"CN = {device}", f"URI:{self.uri(device)}", "TLS Web Client Authentication", "CA:FALSE",
                     "Digital Signature", "http://pki.example:9300/pki/devices/1.crl",
                     "OCSP - URI:http://pki.example:9300/pki/ocsp", "NIST CURVE: P-256"):
            self.assertIn(part, text)
        openssl("verify", "-purpose", "sslclient", "-CAfile", self.authority(), self.path("cert.pem"))
        lines = openssl("x509", "-in", self.path("cert.pem"), "-noout", "-checkend", str(89 * 86400), check=False)
        self.assertIn(b"will not expire", lines)

    def test_bodies_are_read_with_and_without_line_breaks_and_under_the_label(self):
        device = self.device()
        for encode, path in ((base64.b64encode, "simpleenroll"), (base64.encodebytes, "devices/simpleenroll")):
            status, _, body = self.est(path, self.request(self.key()), "-u", f"{device}:{self.code(device)}",
                                       "-H", "Content-Transfer-Encoding: 8bit", encode=encode)
            self.assertEqual(status, 200, body)
        self.assertEqual(self.curl("/.well-known/est/devices/cacerts")[0], 200)
        self.assertEqual(self.curl("/.well-known/est/other/cacerts")[0], 404)

    def test_the_server_makes_no_keys_unless_it_is_told_to(self):
        device = self.device()
        code = self.code(device)
        der = self.request(self.key())
        self.assertEqual(self.est("serverkeygen", der, "-u", f"{device}:{code}")[0], 404)
        self.assertEqual(self.est("simpleenroll", der, "-u", f"{device}:{code}")[0], 200)  # the code is not spent

    def test_a_code_works_once_for_its_device_alone(self):
        device, other = self.device(), self.device()
        code = self.code(device)
        der = self.request(self.key())
        for user, password in ((other, code), (device, "uhe_" + "A" * 22), (device, ""), ("nobody", code)):
            status, head, _ = self.est("simpleenroll", der, "-u", f"{user}:{password}")
            self.assertEqual(status, 401)
            self.assertIn("WWW-Authenticate: Basic", head)
        self.assertEqual(self.est("simpleenroll", der)[0], 401)
        self.assertEqual(self.est("simpleenroll", der, "-u", f"{device}:{code}")[0], 200)
        self.assertEqual(self.est("simpleenroll", der, "-u", f"{device}:{code}")[0], 401)
        old, fresh = self.code(device), self.code(device)
        self.assertEqual(self.est("simpleenroll", der, "-u", f"{device}:{old}")[0], 401)
        self.assertEqual(self.est("simpleenroll", der, "-u", f"{device}:{fresh}")[0], 200)

    def test_of_many_that_use_one_code_at_once_one_wins(self):
        device = self.device()
        code = self.code(device)
        key = self.key()
        body = base64.b64encode(self.request(key))
        login = base64.b64encode(f"{device}:{code}".encode()).decode()

        def ask(_):
            return self.server.request("POST", "/.well-known/est/simpleenroll", port=self.server.devices_port,
                                       raw_body=body, headers={"Content-Type": "application/pkcs10",
                                                               "Authorization": f"Basic {login}"})[0]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(ask, range(32)))
        self.assertEqual(sorted(set(answers)), [200, 401])
        self.assertEqual(answers.count(200), 1)

    def test_hostile_requests_are_refused_and_spend_no_code(self):
        device = self.device()
        code = self.code(device)
        good = self.request(self.key())
        openssl("genrsa", "-out", self.path("rsa.pem"), "2048")
        changed = good[:-5] + bytes([good[-5] ^ 1]) + good[-4:]
        foreign = self.request(self.key("k2.pem"), uri=self.uri(self.device()))
        for der in (b"", b"\x30\x80" + good, good + b"\0", good[:40], changed, foreign, b"\x30" * 20000,
                    self.request(self.path("rsa.pem"))):
            self.assertIn(self.est("simpleenroll", der, "-u", f"{device}:{code}")[0], (400, 413), der[:20])
        self.assertEqual(self.est("simpleenroll", good, "-u", f"{device}:{code}", encode=bytes)[0], 400)
        self.assertEqual(self.curl("/.well-known/est/simpleenroll", "-H", "Content-Type: application/json",
                                   data=b"{}")[0], 415)
        self.assertEqual(self.est("simpleenroll", good, "-u", f"{device}:{code}")[0], 200)

    def test_renewal_keeps_the_name_and_ends_the_old_certificate_when_the_new_one_is_seen(self):
        device, _, shown = self.enrol()
        same = dict(subject=f"/CN={device}", uri=self.uri(device))
        fresh = self.key("fresh.pem")
        for wrong in (dict(subject="/CN=other", uri=same["uri"]), dict(subject=same["subject"]),
                      dict(subject=same["subject"], uri=self.uri(self.device()))):
            self.assertEqual(self.est("simplereenroll", self.request(fresh, **wrong), *shown)[0], 400)
        self.assertEqual(self.est("simplereenroll", self.request(fresh, **same))[0], 401)
        status, _, body = self.est("simplereenroll", self.request(fresh, **same), *shown)
        self.assertEqual(status, 200, body)
        with open(self.path("fresh-cert.pem"), "wb") as file:
            file.write(self.certificates(body))
        # The answer may have been lost: the old one is good for another try.
        self.assertEqual(self.est("simplereenroll", self.request(fresh, **same), *shown)[0], 200)
        renewed = ["--cert", self.path("fresh-cert.pem"), "--key", fresh]
        self.assertEqual(self.est("simplereenroll", self.request(fresh, **same), *renewed)[0], 200)
        self.assertEqual(self.est("simplereenroll", self.request(fresh, **same), *shown)[0], 401)
        _, _, listed = self.rest("GET", f"/v1/iot-devices/{device}/certificates")
        self.assertIn("superseded", [one.get("reason") for one in listed["items"]])

    def test_a_certificate_of_another_authority_is_nobodys(self):
        device = self.device()
        key = self.key()
        openssl("req", "-x509", "-key", key, "-subj", f"/CN={device}", "-addext",
                f"subjectAltName=URI:{self.uri(device)}", "-days", "1", "-out", self.path("self.pem"))
        der = self.request(key, f"/CN={device}", self.uri(device))
        for path in ("simpleenroll", "simplereenroll"):
            self.assertEqual(self.est(path, der, "--cert", self.path("self.pem"), "--key", key)[0], 401)

    def ocsp(self, authority, certificate):
        request = self.path("ocsp.req")
        openssl("ocsp", "-issuer", authority, "-cert", certificate, "-reqout", request, "-nonce")
        with open(request, "rb") as file:
            status, _, body = self.curl("/pki/ocsp", "-H", "Content-Type: application/ocsp-request", data=file.read())
        self.assertEqual(status, 200)
        with open(self.path("ocsp.resp"), "wb") as file:
            file.write(body)
        run = subprocess.run(["openssl", "ocsp", "-issuer", authority, "-cert", certificate, "-respin",
                              self.path("ocsp.resp"), "-CAfile", authority, "-reqin", request, "-no_nonce"],
                             capture_output=True, text=True, timeout=30)
        self.assertIn("Response verify OK", run.stderr)
        return run.stdout

    def crl(self, authority):
        status, _, body = self.curl("/pki/devices.crl")
        self.assertEqual(status, 200)
        with open(self.path("crl.der"), "wb") as file:
            file.write(body)
        run = subprocess.run(["openssl", "crl", "-inform", "DER", "-in", self.path("crl.der"), "-CAfile", authority,
                              "-text", "-noout"], capture_output=True, text=True, timeout=30)
        self.assertIn("verify OK", run.stderr)
        return run.stdout

    def test_a_revoked_certificate_is_told_by_crl_and_ocsp_and_opens_nothing(self):
        device, key, shown = self.enrol()
        authority = self.authority()
        serial = openssl("x509", "-in", self.path("cert.pem"), "-noout", "-serial").decode().strip().split("=")[1]
        self.assertIn("good", self.ocsp(authority, self.path("cert.pem")))
        self.assertNotIn(serial, self.crl(authority))
        self.assertEqual(self.rest("DELETE", f"/v1/iot-devices/{device}/certificates")[0], 204)
        self.assertIn("revoked", self.ocsp(authority, self.path("cert.pem")))
        self.assertIn(serial, self.crl(authority))
        der = self.request(key, f"/CN={device}", self.uri(device))
        self.assertEqual(self.est("simplereenroll", der, *shown)[0], 401)

    def test_revoking_the_device_ends_its_certificates_and_codes(self):
        device, key, shown = self.enrol()
        code = self.code(device)
        self.assertEqual(self.server.request("DELETE", f"/v1/iot-devices/{device}", token=self.token)[0], 204)
        der = self.request(key, f"/CN={device}", self.uri(device))
        self.assertEqual(self.est("simplereenroll", der, *shown)[0], 401)
        self.assertEqual(self.est("simpleenroll", der, "-u", f"{device}:{code}")[0], 401)
        self.assertIn("revoked", self.ocsp(self.authority(), self.path("cert.pem")))

    def test_devices_of_another_organisation_do_not_exist(self):
        device, _, _ = self.enrol()
        status, _, made = self.server.request("POST", "/v1/organizations", {"name": f"Other {self.name}"}, self.token)
        self.assertEqual(status, 201)
        status, _, other = self.server.request("POST", "/v1/register", {
            "username": "other", "password": "correct horse battery staple", "invitation": made["invitation"]["token"]})
        self.assertEqual(status, 201)
        missing = "01a00000-0000-7000-8000-000000000000"
        for method, path in (("POST", "enrolment-codes"), ("GET", "certificates"), ("DELETE", "certificates")):
            for target in (device, missing):
                answer = self.rest(method, f"/v1/iot-devices/{target}/{path}", token=other["access_token"])
                self.assertEqual(answer[0], 404, (method, path))
        _, _, listed = self.rest("GET", f"/v1/iot-devices/{device}/certificates")
        self.assertNotIn("revoked_at", listed["items"][0])

    def test_what_a_request_should_contain_is_told_in_der(self):
        status, head, body = self.curl("/.well-known/est/csrattrs")
        self.assertEqual(status, 200)
        self.assertIn("application/csrattrs", head)
        shown = openssl("asn1parse", "-inform", "DER", data=base64.b64decode(body)).decode()
        self.assertIn("prime256v1", shown)

    def test_each_enrolment_leaves_one_event(self):
        device, _, _ = self.enrol()
        events = self.server.request("GET", "/v1/audit?event_type=device.enrolled&limit=200", token=self.token)[2]
        mine = [one for one in events["items"] if one["resource_id"] == device]
        self.assertEqual([one["outcome"] for one in mine], ["success"])
        self.assertNotIn("uhe_", json.dumps(events) + self.server.log_text())


class KeysOfTheServer(DeviceCase):
    server_settings = {"automation.est_server_keygen": "true"}

    def enrolled(self, device, code):
        """What serverkeygen gives, as files: key and certificate."""
        self.signing = self.key("signing.pem")
        status, head, body = self.est("serverkeygen", self.request(self.signing), "-u", f"{device}:{code}")
        self.assertEqual(status, 200, body)
        kind = next(line for line in head.splitlines() if line.lower().startswith("content-type:"))
        parts = email.message_from_bytes(kind.encode() + b"\r\n\r\n" + body).get_payload()
        self.assertEqual([part.get_content_type() for part in parts], ["application/pkcs8", "application/pkcs7-mime"])
        self.made = parts[0].get_payload(decode=True)
        files = self.path("made.pem"), self.path("made-cert.pem")
        with open(files[0], "wb") as file:
            file.write(openssl("pkcs8", "-inform", "DER", "-nocrypt", data=self.made))
        with open(files[1], "wb") as file:
            file.write(openssl("pkcs7", "-inform", "DER", "-print_certs", data=parts[1].get_payload(decode=True)))
        return files

    def test_key_and_certificate_belong_together_and_the_key_stays_nowhere(self):
        device = self.device()
        code = self.code(device)
        key, certificate = self.enrolled(device, code)
        public = openssl("pkey", "-in", key, "-pubout")
        self.assertEqual(public, openssl("x509", "-in", certificate, "-noout", "-pubkey"))
        self.assertNotEqual(public, openssl("pkey", "-in", self.signing, "-pubout"))
        openssl("verify", "-purpose", "sslclient", "-CAfile", self.authority(), certificate)
        renewal = self.request(key, f"/CN={device}", self.uri(device))
        self.assertEqual(self.est("simplereenroll", renewal, "--cert", certificate, "--key", key)[0], 200)
        self.assertEqual(self.est("serverkeygen", self.request(self.signing), "-u", f"{device}:{code}")[0], 401)
        secret = self.made[self.made.index(b"\x04\x20") + 2:][:32]  # OCTET STRING of 32 bytes (RFC 5915)
        for file in pathlib.Path(self.server.root).rglob("*"):
            if file.is_file() and not file.name.startswith(self.name):  # those are the device's
                self.assertNotIn(secret, file.read_bytes(), file)
        self.assertNotIn(base64.b64encode(self.made)[8:40].decode(), self.server.log_text())

    def test_an_envelope_is_refused_and_spends_no_code(self):
        device = self.device()
        code = self.code(device)
        with open(self.path("request.cnf"), "w", encoding="ascii") as file:
            file.write("oid_section = oids\n[oids]\ndecryptKeyID = 1.2.840.113549.1.9.16.2.37\n"
                       "[req]\nprompt = no\ndistinguished_name = name\nattributes = more\n"
                       "[name]\nCN = a device\n[more]\ndecryptKeyID = some key\n")
        der = openssl("req", "-new", "-config", self.path("request.cnf"), "-key", self.key(), "-outform", "DER")
        self.assertEqual(self.est("serverkeygen", der, "-u", f"{device}:{code}")[0], 400)
        self.assertEqual(self.est("simpleenroll", der, "-u", f"{device}:{code}")[0], 200)


class Lifetimes(unittest.TestCase):
    def test_codes_and_certificates_run_out(self):
        case = Enrolment()
        server = Server(settings={"automation.enrolment_code_lifetime": "1s"})
        self.addCleanup(server.close)
        server.start()
        case.server, case.tokens = server, server.set_up()
        case.token, case.org, case.folder, case.name = (case.tokens["access_token"], case.tokens["organization_id"],
                                                        server.root, "late")
        device = case.device()
        code = case.code(device)
        time.sleep(1.2)
        self.assertEqual(case.est("simpleenroll", case.request(case.key()), "-u", f"{device}:{code}")[0], 401)


class EnrolmentLimits(DeviceCase):
    """Codes are not to be tried out: EST and CMP count together, and whoever is over the limit spends no code."""
    server_settings = {"limits.enrolment_per_ip": "6/1h"}

    def test_beyond_the_limit_is_429_and_no_code_is_spent(self):
        device = self.device()
        code = self.code(device)
        der = self.request(self.key())
        for number in range(5):
            status, _, _ = self.est("simpleenroll", der, "-u", f"{device}:uhe_{number:022}")
            self.assertEqual(status, 401)
        cmp = self.curl("/.well-known/cmp/initialization", "-H", "Content-Type: application/pkixcmp", data=b"0\0")
        self.assertNotEqual(cmp[0], 429)
        for path in ("simpleenroll", "devices/simpleenroll"):
            status, head, body = self.est(path, der, "-u", f"{device}:{code}")
            self.assertEqual((status, json.loads(body)["code"]), (429, "access.rate_limited"))
            self.assertRegex(head, r"(?m)^Retry-After: \d+\r?$")
        cmp = self.curl("/.well-known/cmp/initialization", "-H", "Content-Type: application/pkixcmp", data=b"0\0")
        self.assertEqual(cmp[0], 429)
        # What belongs to other limits goes on; the code is good yet, as a server that does not count so shows.
        self.assertEqual(self.curl("/.well-known/est/cacerts")[0], 200)
        self.server.stop()
        self.server.settings["limits.enrolment_per_ip"] = "off"
        self.server.start()
        self.assertEqual(self.est("simpleenroll", der, "-u", f"{device}:{code}")[0], 200)


if __name__ == "__main__":
    unittest.main()
