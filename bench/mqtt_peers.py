#!/usr/bin/env python3
"""mqtt_peers.py --bench PROGRAM [--unhidra PROGRAM [--unhidra-arguments "..."]] [--seconds S] [--only NAME] [--brokers a,b]

Puts the same MQTT loads on Unhidra's broker, Mosquitto, nats-server (those that are installed) and aedes (where --aedes says
a folder in which npm has installed it), one after another, each alone on one core with the load tool on another, and prints a table for each load. PROGRAM is unhidra-bench, or mqtt_broker
of tests/conformance (with --unhidra-arguments "--data FOLDER": journal on disk). Everything is on loopback, on free ports and in a temporary folder.
"""
import argparse
import json
import os
import pathlib
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time

LOADS = {
    "fan-out 1 -> 100, QoS 0": "--publishers 1 --subscribers 100 --window 50",
    "100 pairs, QoS 0": "--publishers 100 --subscribers 100",
    "100 pairs, QoS 1": "--publishers 100 --subscribers 100 --qos 1",
    "100 pairs, QoS 1, persistent sessions": "--publishers 100 --subscribers 100 --qos 1 --persistent",
    "20,000 a second, 100 pairs, QoS 0": "--publishers 100 --subscribers 100 --rate 20000",
    "5,000 idle connections": "--idle 5000",
}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def mosquitto(folder: pathlib.Path, port: int) -> list[str] | None:
    program = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
    settings = folder / "mosquitto.conf"
    # Inflight and queue without bounds: the window of the load bounds them.
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nlog_type error\n"
                        "max_inflight_messages 0\nmax_queued_messages 0\n")
    return [program, "-c", str(settings)] if program else None


def nats(folder: pathlib.Path, port: int) -> list[str] | None:
    program = shutil.which("nats-server")
    settings = folder / "nats.conf"
    settings.write_text(f'server_name: bench\nhost: 127.0.0.1\nport: {free_port()}\njetstream {{ store_dir: "{folder}/jetstream" }}\n'
                        f"mqtt {{ host: 127.0.0.1, port: {port}, max_ack_pending: 1000 }}\n")
    return [program, "-c", str(settings)] if program else None


def aedes(folder: pathlib.Path, port: int, installed: str | None) -> list[str] | None:
    program = shutil.which("node")
    script = folder / "aedes.mjs"
    script.write_text('import { createRequire } from "node:module";\nimport net from "node:net";\n'
                      f'const found = createRequire("{installed}/")("aedes");\n'
                      "const broker = found.Aedes?.createBroker ? await found.Aedes.createBroker() : new (found.Aedes ?? found)();\n"
                      f'net.createServer((socket) => broker.handle(socket.setNoDelay())).listen({port}, "127.0.0.1");\n')
    return [program, str(script)] if program and installed else None


class Broker:
    def __init__(self, command: list[str], port: int, core: int):
        self.port = port
        self.process = subprocess.Popen(["taskset", "-c", str(core), *command], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"{command[0]} does not serve port {port}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def measure(command: list[str], port: int, arguments: argparse.Namespace, load: str) -> dict:
    broker = Broker(command, port, 0)
    try:
        # taskset becomes the broker: it has the broker's pid.
        result = subprocess.run(
            ["taskset", "-c", str(os.cpu_count() - 1), arguments.bench, "mqtt", "--port", str(port), "--server-pid",
             str(broker.process.pid), "--duration", str(arguments.seconds), *load.split()],
            capture_output=True, text=True, timeout=arguments.seconds + 90, check=False)
    finally:
        broker.stop()
    if result.returncode != 0:
        return {"error": result.stderr.strip()}
    print(result.stdout.strip(), file=sys.stderr)
    return json.loads(result.stdout)


def row(name: str, figures: dict) -> str:
    if "error" in figures:
        return f"| {name} | {figures['error']} | | | |"
    server = figures["server"]
    if "idle_connections" in figures:
        return f"| {name} | {server['rss_bytes_per_connection']:,.0f} bytes a connection | | | |"
    latency = figures["latency"]
    return (f"| {name} | {server['cpu_seconds_per_million_deliveries']:.2f} | {figures['deliveries_per_second']:,.0f} | "
            f"{latency['p50_ms']} | {latency['p99_ms']} |")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bench", required=True)
    parser.add_argument("--unhidra")
    parser.add_argument("--unhidra-arguments", default="")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--only", help="loads whose name holds this")
    parser.add_argument("--brokers", default="unhidra,mosquitto,nats,aedes")
    parser.add_argument("--aedes", help="folder in which `npm install aedes` was run")
    arguments = parser.parse_args()
    for name, load in LOADS.items():
        if arguments.only and arguments.only not in name:
            continue
        print(f"\n### {name}\n\n| broker | CPU s per million | deliveries/s | p50 ms | p99 ms |\n|---|---|---|---|---|")
        for broker in arguments.brokers.split(","):
            with tempfile.TemporaryDirectory() as folder:
                port = free_port()
                if broker == "unhidra":
                    command = [arguments.unhidra, "--port", str(port), *shlex.split(arguments.unhidra_arguments)]
                    command = command if arguments.unhidra else None
                elif broker == "aedes":
                    command = aedes(pathlib.Path(folder), port, arguments.aedes and os.path.abspath(arguments.aedes))
                else:
                    command = {"mosquitto": mosquitto, "nats": nats}[broker](pathlib.Path(folder), port)
                if command is not None:
                    print(row(broker, measure(command, port, arguments, load)), flush=True)
    print(f"\nload average {os.getloadavg()[0]:.1f}")
    return 0


sys.exit(main())
