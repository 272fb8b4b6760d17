"""One device authority follows another while two servers run: the openssl program, curl and Paho are the judges."""
import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from devices import DeviceCase, openssl
from harness import wait_until
from mqtt_test import Peer
from two_servers import TwoServers


class AuthorityCase(DeviceCase):
    def ca(self, *arguments, check=True):
        return self.server.admin("--json", "device-ca", *arguments, check=check)

    def listed(self):
        return {int(one["generation"]): one for one in json.loads(self.ca("list").stdout)}


class DeviceAuthority(TwoServers, AuthorityCase):
    server_settings = {"automation.status_url": "http://pki.example:9300"}

    def certificates_of(self, server):
        """What cacerts sends, in PEM."""
        status, _, body = self.curl("/.well-known/est/cacerts", port=server.devices_port)
        self.assertEqual(status, 200)
        text = self.certificates(body).decode()
        return re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", text, re.S)

    def keep(self, name, *pems):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write("".join(pems))
        return self.path(name)

    def fingerprint(self, pem):
        der = openssl("x509", "-outform", "DER", data=pem.encode())
        return openssl("dgst", "-sha256", "-r", data=der).split()[0].decode()

    def verifies(self, certificate, root, *links):
        untrusted = ["-untrusted", self.keep("links.pem", *links)] if links else []
        run = subprocess.run(["openssl", "verify", "-purpose", "sslclient", "-x509_strict", "-no-CApath", "-no-CAstore", "-CAfile",
                              self.keep("root.pem", root), *untrusted, certificate], capture_output=True, timeout=30)
        return run.returncode == 0

    def check_with_list(self, certificate, root, path):
        """The openssl program's own look into a revocation list, over the address in the certificate."""
        status, _, der = self.curl(path)
        self.assertEqual(status, 200)
        with open(self.path("list.pem"), "wb") as file:
            file.write(openssl("crl", "-inform", "DER", "-outform", "PEM", data=der))
        run = subprocess.run(["openssl", "verify", "-crl_check", "-CRLfile", self.path("list.pem"), "-CAfile",
                              self.keep("root.pem", root), certificate], capture_output=True, text=True, timeout=30)
        return run.stdout + run.stderr

    def ocsp(self, certificate, root, server):
        authority = self.keep("root.pem", root)
        openssl("ocsp", "-issuer", authority, "-cert", certificate, "-reqout", self.path("ocsp.req"))
        with open(self.path("ocsp.req"), "rb") as file:
            status, _, body = self.curl("/pki/ocsp", "-H", "Content-Type: application/ocsp-request", data=file.read(),
                                        port=server.devices_port)
        self.assertEqual(status, 200)
        with open(self.path("ocsp.resp"), "wb") as file:
            file.write(body)
        run = subprocess.run(["openssl", "ocsp", "-issuer", authority, "-cert", certificate, "-respin", self.path("ocsp.resp"),
                              "-CAfile", authority, "-no_nonce"], capture_output=True, text=True, timeout=30)
        self.assertIn("Response verify OK", run.stderr)
        return run.stdout.split(": ")[1].split("\n")[0]

    def renewed(self, device, key, shown, server):
        status, _, body = self.curl("/.well-known/est/simplereenroll", "-H", "Content-Type: application/pkcs10", *shown,
                                    data=base64.encodebytes(self.request(key, f"/CN={device}", self.uri(device))),
                                    port=server.devices_port)
        self.assertEqual(status, 200, body)
        path = self.path("renewed.pem")
        with open(path, "wb") as file:
            file.write(self.certificates(body))
        return path

    def test_one_follows_another_and_nobody_is_cut_off_before_the_old_one_is_retired(self):
        servers = (self.server, self.other)
        device, key, shown = self.enrol()
        old_certificate = self.path("cert.pem")
        old_root, = self.certificates_of(self.server)
        refused = self.ca("retire", "1", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("issues", refused.stderr)

        peers = [Peer(server, server.mqtts_port, device + suffix, old_certificate, key)
                 for server, suffix in ((self.server, ""), (self.other, "-second"))]
        for peer in peers:
            self.addCleanup(peer.vanish)
            self.assertEqual(peer.connack[0], 0)

        # Believed at once, issuing after a minute.
        made = json.loads(self.ca("rotate").stdout)
        self.assertEqual(made["generation"], "2")
        for server in servers:
            wait_until(lambda server=server: len(self.certificates_of(server)) == 4, what="cacerts with four certificates")
        found = {self.fingerprint(pem): pem for pem in self.certificates_of(self.server)}
        self.assertEqual(found, {self.fingerprint(pem): pem for pem in self.certificates_of(self.other)})
        self.assertEqual(self.listed()[1]["state"], "issues")
        self.assertTrue(self.verifies(self.renewed(device, key, shown, self.other), old_root))
        self.server.admin("device-ca", "rotate", "--now")
        for server in servers:
            wait_until(lambda server=server: len(self.certificates_of(server)) == 7, what="cacerts with seven certificates")
        self.assertEqual([one["state"] for one in self.listed().values()], ["believed", "believed", "issues"])

        # What issues now is the third; the links lead from any root that a device has to the next.
        second = found[made["sha256"]]
        third, = [pem for pem in self.certificates_of(self.server) if self.fingerprint(pem) == self.listed()[3]["sha256"]]
        links = [pem for pem in self.certificates_of(self.server)
                 if self.fingerprint(pem) not in {one["sha256"] for one in self.listed().values()}]
        self.assertEqual(len(links), 4)
        renewed = self.renewed(device, key, shown, self.other)
        self.assertTrue(self.verifies(renewed, third))
        self.assertFalse(self.verifies(renewed, second))
        self.assertFalse(self.verifies(renewed, old_root))
        self.assertTrue(self.verifies(renewed, second, *links))
        self.assertTrue(self.verifies(renewed, old_root, *links))
        # Over two steps there are two ways through the one in the middle; OpenSSL takes the first that it sees and does not
        # turn back, so it is given the right one first.
        self.assertTrue(self.verifies(old_certificate, third, *reversed(links)))
        self.assertFalse(self.verifies(old_certificate, third))

        # Each has its own revocation list at the address in its certificates, and OCSP answers for each.
        text = openssl("x509", "-in", renewed, "-noout", "-text").decode()
        self.assertIn("URI:http://pki.example:9300/pki/devices/3.crl", text)
        self.assertIn("renewed.pem: OK", self.check_with_list(renewed, third, "/pki/devices/3.crl"))
        self.assertIn("cert.pem: OK", self.check_with_list(old_certificate, old_root, "/pki/devices.crl"))
        self.assertIn("cert.pem: OK", self.check_with_list(old_certificate, old_root, "/pki/devices/1.crl"))
        self.assertIn("error", self.check_with_list(old_certificate, old_root, "/pki/devices/3.crl"))
        for server in servers:
            self.assertEqual(self.ocsp(old_certificate, old_root, server), "good")
            self.assertEqual(self.ocsp(renewed, third, server), "good")
        self.assertEqual(self.curl("/pki/devices/4.crl")[0], 404)
        self.assertEqual(self.curl("/pki/devices/03.crl")[0], 404)

        # Nobody was cut off by any of it; both certificates let in at both.
        for peer in peers:
            self.assertFalse(peer.ended)
            self.assertEqual(peer.subscribe(f"devices/{device}/twin/wanted"), 1)
        second_device, second_key, _ = self.enrol()
        self.assertTrue(self.verifies(self.path("cert.pem"), third))
        for server in servers:
            peer = Peer(server, server.mqtts_port, second_device + str(server.mqtts_port), self.path("cert.pem"), second_key)
            self.addCleanup(peer.vanish)
            self.assertEqual(peer.connack[0], 0)

        # The old one has certificates yet: one that this device opened its connections with, and its renewal.
        self.assertEqual(self.listed()[1]["live_certificates"], "2")
        refused = self.ca("retire", "1", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("2 certificates", refused.stderr)
        started = time.monotonic()
        self.assertEqual(json.loads(self.ca("retire", "1", "--revoke").stdout)["revoked_certificates"], "2")
        for peer in peers:
            self.assertTrue(peer.wait(lambda peer=peer: peer.ended, 5), "still connected")
            self.assertLess(peer.ended[0][0] - started, 3.0)  # a command of a second's time, and a look each second
        for server in servers:
            wait_until(lambda server=server: len(self.certificates_of(server)) == 4, what="cacerts without the first")
            sent = {self.fingerprint(pem) for pem in self.certificates_of(server)}
            self.assertNotIn(self.fingerprint(old_root), sent)
            late = Peer(server, server.mqtts_port, device, old_certificate, key)
            self.addCleanup(late.vanish)
            self.assertNotEqual((late.connack or (1,))[0], 0)
        self.assertEqual(self.curl("/pki/devices/1.crl")[0], 404)
        self.assertEqual(self.listed()[1]["state"], "retired")

        # The one in between issued nothing: it goes without more ado. Then there is nothing left to lead to.
        self.ca("retire", "2")
        for server in servers:
            wait_until(lambda server=server: self.certificates_of(server) == [third], what="the third alone")

        rows = self.server.admin("audit", "verify").stdout
        self.assertIn("every row is as it was written", rows)
        _, _, events = self.server.request("GET", "/v1/audit?event_type=device.certificates_revoked&limit=200", token=self.token)
        by_operator = [one for one in events["items"] if one["actor_type"] == "system"]
        self.assertEqual([one["metadata"]["certificates"] for one in by_operator], ["2"])


MODULE = "/usr/lib/softhsm/libsofthsm2.so"


@unittest.skipUnless(os.path.exists(MODULE), "softhsm2 is not installed")
class InAToken(AuthorityCase):
    """Both keys lie in a token (SoftHSM) and never leave it; the server opens the second one while it runs."""

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="unhidra-token-"))
        cls.addClassCleanup(shutil.rmtree, folder)
        (folder / "tokens").mkdir()
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n")
        os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
        cls.addClassCleanup(os.environ.pop, "SOFTHSM2_CONF")
        cls.util("--init-token", "--free", "--label", "unhidra", "--pin", "1234", "--so-pin", "5678")
        for number, label in enumerate(("first", "second"), start=1):
            key = folder / "key.pem"
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(key))
            cls.util("--import", str(key), "--token", "unhidra", "--label", label, "--id", f"a{number}", "--pin", "1234")
            key.unlink()
        cls.server_settings = {"automation.pkcs11_module": MODULE, "automation.pkcs11_token": "unhidra",
                               "automation.pkcs11_key": "first", "automation.pkcs11_pin": "1234"}
        super().setUpClass()

    @staticmethod
    def util(*arguments):
        subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True, timeout=30)

    def ca(self, *arguments, check=True):
        flags = [part for name, value in self.server_settings.items() for part in ("--set", f"{name}={value}")]
        return self.server.admin(*flags, "--json", "device-ca", *arguments, check=check)

    def test_the_next_authority_is_the_tokens_second_pair(self):
        self.enrol()
        old = self.path("cert.pem")
        openssl("verify", "-CAfile", self.authority(), old)
        self.assertIn("--pkcs11-key", self.ca("rotate", check=False).stderr)
        self.assertIn("make a new pair", self.ca("rotate", "--pkcs11-key", "first", check=False).stderr)
        self.assertNotEqual(self.ca("rotate", "--pkcs11-key", "third", check=False).returncode, 0)
        self.ca("rotate", "--now", "--pkcs11-key", "second")
        self.assertEqual([one["key"] for one in self.listed().values()], ["token: first", "token: second"])
        wait_until(lambda: len(self.certificates(self.curl("/.well-known/est/cacerts")[2]).split(b"BEGIN")) == 5,
                   what="cacerts with four certificates")
        self.setUp()
        self.enrol()
        openssl("verify", "-CAfile", self.authority(), self.path("cert.pem"), old)
        self.assertEqual([one["live_certificates"] for one in self.listed().values()], ["1", "1"])
        self.server.stop()  # a restart opens both
        self.server.start()
        self.ca("retire", "1", "--revoke")
        self.assertEqual([one["state"] for one in self.listed().values()], ["retired", "issues"])


class Limits(AuthorityCase):
    def test_it_is_not_for_tokens_that_are_not_set_and_no_more_than_four(self):
        self.assertIn("pkcs11_module", self.ca("rotate", "--pkcs11-key", "k", check=False).stderr)
        self.assertIn("no authority of that number", self.ca("retire", "99", check=False).stderr)
        while sum(one["state"] != "retired" for one in self.listed().values()) < 4:
            self.ca("rotate", "--now")
        self.assertIn("retire one before", self.ca("rotate", check=False).stderr)


if __name__ == "__main__":
    unittest.main()
