#!/usr/bin/env python3
"""run_sequences.py BROKER PLAYER FOLDER [TRANSPORT]

Starts mqtt_broker on a free port of loopback, plays the packet sequences of FOLDER against it, and stops it. The exit
status is the player's: 77 when there is no such data.
"""
import subprocess
import sys


def main() -> int:
    broker_path, player, folder = sys.argv[1:4]
    transport = sys.argv[4] if len(sys.argv) > 4 else "tcp"
    option = {"tcp": "--port", "ws": "--ws-port"}[transport]
    broker = subprocess.Popen([broker_path, option, "0"], stdout=subprocess.PIPE, text=True)
    try:
        port = ""
        for line in broker.stdout:
            if line.strip() == "ready":
                break
            port = line.split()[1]
        status = subprocess.run([player, "--port", port, "--transport", transport, folder], check=False).returncode
        if broker.poll() is not None:
            print("the broker ended by itself, status", broker.returncode)
            return 1
        return status
    finally:
        broker.terminate()
        broker.wait(10)


sys.exit(main())
