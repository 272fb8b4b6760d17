"""The broker under test: our own, started for these tests, or one that runs elsewhere.

MQTT_BROKER is the program mqtt_broker. Without it MQTT_PORTS says where a broker listens: "tcp=1883,ws=8080"; with tls or
wss among them MQTT_CA is the PEM file to believe.
"""
import functools
import os
import pathlib
import shutil
import subprocess
import tempfile
import uuid

OPTIONS = {"tcp": "--port", "tls": "--tls-port", "ws": "--ws-port", "wss": "--wss-port"}
HOST = "127.0.0.1"


class Broker:
    def __init__(self):
        self.process = None
        self.folder = None
        program = os.environ.get("MQTT_BROKER")
        if program:
            self._start(program)
        else:
            self.ports = {name: int(port) for name, port in
                          (part.split("=") for part in os.environ["MQTT_PORTS"].split(","))}
            self.ca = os.environ.get("MQTT_CA")

    def _start(self, program: str) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp())
        certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=IP:{HOST},DNS:localhost", "-days", "2",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        arguments = [argument for option in OPTIONS.values() for argument in (option, "0")]
        self.process = subprocess.Popen([program, *arguments, "--certificate", certificate, "--key", key],
                                        stdout=subprocess.PIPE, text=True)
        self.ca = str(certificate)
        self.ports = {}
        for line in self.process.stdout:
            if line.strip() == "ready":
                return
            name, port = line.split()
            self.ports[name] = int(port)
        raise RuntimeError("the broker ended by itself")

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            status = self.process.wait(10)
            self.process.stdout.close()
            shutil.rmtree(self.folder)
            if status not in (0, -15):
                raise RuntimeError(f"the broker ended with status {status}")


def every_way(transports, versions):
    """A test method (self, transport, version, topic) for each transport that the broker serves and each version."""
    def decorate(test):
        @functools.wraps(test)
        def run(self):
            for transport in transports:
                for version in versions:
                    if transport in self.broker.ports:
                        with self.subTest(transport=transport, version=version):
                            test(self, transport, version, f"interop/{uuid.uuid4()}")
        return run
    return decorate
