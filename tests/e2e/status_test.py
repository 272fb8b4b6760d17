"""CRL and OCSP without TLS, and OCSP by GET."""
import base64
import http.client
import unittest
import urllib.parse

from databases import free_port
from devices import DeviceCase, openssl


class Status(DeviceCase):
    status_port = free_port()
    server_settings = {"automation.status_listen": f"127.0.0.1:{status_port}"}

    def plain(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.status_port, timeout=30)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.getheader("Content-Type"), response.read()
        finally:
            connection.close()

    def question(self, authority):
        openssl("ocsp", "-issuer", authority, "-cert", self.path("cert.pem"), "-no_nonce", "-reqout", self.path("req"))
        with open(self.path("req"), "rb") as file:
            return file.read()

    def judged(self, authority, answer):
        with open(self.path("resp"), "wb") as file:
            file.write(answer)
        return openssl("ocsp", "-issuer", authority, "-cert", self.path("cert.pem"), "-respin", self.path("resp"),
                       "-CAfile", authority, "-no_nonce").decode()

    def test_both_are_served_without_tls_and_tell_of_a_revocation(self):
        device, _, _ = self.enrol()
        authority = self.authority()
        question = self.question(authority)
        quoted = "/pki/ocsp/" + urllib.parse.quote(base64.b64encode(question), safe="")

        def ask():
            posted = self.plain("POST", "/pki/ocsp", question, {"Content-Type": "application/ocsp-request"})
            got = self.plain("GET", quoted)
            for status, kind, _ in (posted, got):
                self.assertEqual((status, kind), (200, "application/ocsp-response"))
            return [self.judged(authority, answer) for _, _, answer in (posted, got)]
        for text in ask():
            self.assertIn(": good", text)
        self.assertEqual(self.rest("DELETE", f"/v1/iot-devices/{device}/certificates")[0], 204)
        for text in ask():
            self.assertIn(": revoked", text)
        status, kind, crl = self.plain("GET", "/pki/devices.crl")
        self.assertEqual((status, kind), (200, "application/pkix-crl"))
        self.assertIn(b"Serial Number", openssl("crl", "-inform", "DER", "-noout", "-text", data=crl))

    def test_nothing_else_is_served_without_tls(self):
        device = self.device()
        token = {"Authorization": f"Bearer {self.token}"}
        for method, path in (("GET", "/v1/iot-devices"), ("GET", f"/v1/iot-devices/{device}"), ("GET", "/health"),
                             ("POST", "/.well-known/est/simpleenroll"), ("GET", "/.well-known/est/cacerts"),
                             ("GET", "/pki/../v1/iot-devices"), ("GET", "/pki%2Fdevices.crl"), ("GET", "/pki/ocspx")):
            self.assertEqual(self.plain(method, path, headers=token)[0], 404, path)

    def test_a_question_that_is_none_is_answered_as_malformed(self):
        for question in ("AAAA", "%21%21", "MA", base64.b64encode(bytes(300)).decode().replace("/", "%2F")):
            status, kind, answer = self.plain("GET", f"/pki/ocsp/{question}")
            self.assertEqual((status, kind, answer), (200, "application/ocsp-response", bytes.fromhex("30030a0101")))


if __name__ == "__main__":
    unittest.main()
