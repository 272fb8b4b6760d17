#!/usr/bin/env python3
"""run_sequences.py BROKER PLAYER FOLDER [TRANSPORT [FRAME_BYTES]]

Starts mqtt_broker on a free port of loopback, plays the packet sequences of FOLDER against it over TRANSPORT (tcp, tls, ws,
wss), and stops it. The exit status is the player's: 77 when there is no such data.
"""
import pathlib
import subprocess
import sys
import tempfile

OPTION = {"tcp": "--port", "tls": "--tls-port", "ws": "--ws-port", "wss": "--wss-port"}


def make_certificate(folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """One that signs itself, for 127.0.0.1."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def play(folder: pathlib.Path) -> int:
    broker_path, player, data = sys.argv[1:4]
    transport = sys.argv[4] if len(sys.argv) > 4 else "tcp"
    frames = ["--frame-bytes", sys.argv[5]] if len(sys.argv) > 5 else []
    serve = [broker_path, OPTION[transport], "0"]
    call = [player, "--transport", transport, *frames, data]
    if transport in ("tls", "wss"):
        certificate, key = make_certificate(folder)
        serve += ["--certificate", certificate, "--key", key]
        call += ["--ca", certificate]
    broker = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
    try:
        port = ""
        for line in broker.stdout:
            if line.strip() == "ready":
                break
            port = line.split()[1]
        status = subprocess.run([*call, "--port", port], check=False).returncode
        if broker.poll() is not None:
            print("the broker ended by itself, status", broker.returncode)
            return 1
        return status
    finally:
        broker.terminate()
        broker.wait(10)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        return play(pathlib.Path(folder))


sys.exit(main())
