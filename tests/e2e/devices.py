"""Devices with certificates, for the tests that need some: curl and the openssl program as clients."""
import base64
import subprocess

from harness import ServerCase


def openssl(*arguments, data=None, check=True):
    run = subprocess.run(["openssl", *arguments], input=data, capture_output=True, timeout=30)
    if check and run.returncode != 0:
        raise AssertionError(f"openssl {' '.join(map(str, arguments))}: {run.stderr.decode()}")
    return run.stdout


class DeviceCase(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tokens = cls.server.set_up()
        cls.token = cls.tokens["access_token"]
        cls.org = cls.tokens["organization_id"]
        cls.folder = cls.server.root
        cls.number = 0

    def setUp(self):
        type(self).number += 1
        self.name = f"d{self.number}"

    def path(self, name):
        return str(self.folder / f"{self.name}-{name}")

    def rest(self, method, path, body=None, token=None):
        return self.server.request(method, path, body, token or self.token, port=self.server.devices_port)

    def device(self):
        status, _, made = self.server.request("POST", "/v1/iot-devices", {"name": self.name}, self.token)
        self.assertEqual(status, 201, made)
        return made["device"]["device_id"]

    def code(self, device):
        status, _, made = self.rest("POST", f"/v1/iot-devices/{device}/enrolment-codes")
        self.assertEqual(status, 201, made)
        return made["code"]

    def key(self, name="key.pem"):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.path(name))
        return self.path(name)

    def request(self, key, subject="/CN=a device", uri=None):
        extra = ["-addext", f"subjectAltName=URI:{uri}"] if uri else []
        return openssl("req", "-new", "-key", key, "-subj", subject, "-outform", "DER", *extra)

    def uri(self, device):
        return f"urn:unhidra:{self.org}:device:{device}"

    def curl(self, path, *arguments, data=None, port=None):
        """Status, headers and body, by curl."""
        out, head = self.path("body"), self.path("head")
        command = ["curl", "-s", "--cacert", str(self.server.ca), "-o", out, "-D", head, "-w", "%{http_code}",
                   *arguments, f"https://127.0.0.1:{port or self.server.devices_port}{path}"]
        if data is not None:
            command += ["--data-binary", "@-"]
        run = subprocess.run(command, input=data, capture_output=True, timeout=30)
        self.assertEqual(run.returncode, 0, run.stderr)
        with open(out, "rb") as body, open(head, encoding="latin-1") as fields:
            return int(run.stdout), fields.read(), body.read()

    def est(self, path, der, *arguments, encode=base64.encodebytes):
        return self.curl(f"/.well-known/est/{path}", "-H", "Content-Type: application/pkcs10", *arguments,
                         data=encode(der))

    def certificates(self, body):
        der = base64.b64decode(body)
        return openssl("pkcs7", "-inform", "DER", "-print_certs", data=der)

    def enrol(self, device=None, key=None):
        """A device with a certificate: its id and the arguments with which curl shows it."""
        device = device or self.device()
        key = key or self.key()
        status, _, body = self.est("simpleenroll", self.request(key), "-u", f"{device}:{self.code(device)}")
        self.assertEqual(status, 200, body)
        with open(self.path("cert.pem"), "wb") as file:
            file.write(self.certificates(body))
        return device, key, ["--cert", self.path("cert.pem"), "--key", key]

    def authority(self):
        status, head, body = self.curl("/.well-known/est/cacerts")
        self.assertEqual(status, 200)
        self.assertIn("application/pkcs7-mime", head)
        with open(self.path("device-ca.pem"), "wb") as file:
            file.write(self.certificates(body))
        return self.path("device-ca.pem")
