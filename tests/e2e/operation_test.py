"""Starting, stopping and administering the server; what it shows of itself; what it says when something is
wrong."""
import json
import shutil
import sqlite3
import subprocess
import time
import unittest

from harness import PASSWORD, Server, ServerCase, clean_environment, unhidra, wait_until
from protocol import CLOSING, Closed, Device, decode, first

GATEWAY_METRICS = ("gateway_connections_total", "gateway_connections_active", "gateway_messages_total",
                   "gateway_message_latency_seconds", "gateway_rate_limit_hits_total")


class StartAndStop(unittest.TestCase):
    def server(self, **options):
        server = Server(**options)
        self.addCleanup(server.close)
        return server

    def test_sigterm_tells_clients_and_ends_with_zero_within_the_deadline(self):
        server = self.server(settings={"server.shutdown_deadline": "10s"}).start()
        clients = [Device(server, f"client{number}", PASSWORD).register_device().connect() for number in range(3)]
        started = time.monotonic()
        server.process.terminate()
        delays = []
        for client in clients:
            kind, body = client.receive_frame(10)
            self.assertEqual(kind, CLOSING)
            delays.append(first(decode(body), 2, 0))
            with self.assertRaises(Closed) as closed:
                client.receive_frame(10)
            self.assertEqual(closed.exception.code, 1012)
        self.assertEqual(server.process.wait(15), 0)
        self.assertLess(time.monotonic() - started, 12)
        self.assertGreater(len(set(delays)), 1, f"everybody is asked to come back at once: {delays}")
        server._reap()

    def test_a_second_start_is_quick_and_keeps_authority_and_sessions(self):
        server = self.server().start()
        device = Device(server, "anna", PASSWORD).register_device()
        authority = server.ca.read_bytes()
        self.assertEqual(server.stop(), 0)
        started = time.monotonic()
        server.start()
        self.assertLess(time.monotonic() - started, 10)
        self.assertEqual(server.ca.read_bytes(), authority)
        device.connect()
        self.assertEqual(device.rest("GET", "/v1/account")[1]["username"], "anna")

    def test_two_servers_on_one_data_directory(self):
        server = self.server().start()
        second = subprocess.run(server.serve_command(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=30, env=clean_environment())
        self.assertEqual(second.returncode, 1)
        self.assertIn("another server", second.stderr)
        self.assertIn(str(server.process.pid), second.stderr)
        self.assertEqual(server.request("GET", "/ready")[0], 200)

    def test_a_port_that_is_taken_is_named(self):
        server = self.server().start()
        other = self.server(settings={"auth.listen": f"127.0.0.1:{server.auth_port}"})
        run = subprocess.run(other.serve_command(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                             env=clean_environment())
        self.assertEqual(run.returncode, 1)
        self.assertIn(str(server.auth_port), run.stderr)

    def test_the_next_free_port_is_taken_when_that_is_asked_for(self):
        server = self.server().start()
        other = Server("--next-free-port", settings={"auth.listen": f"127.0.0.1:{server.auth_port}"})
        self.addCleanup(other.close)
        other.start()
        self.assertGreater(other.auth_port, server.auth_port)
        self.assertEqual(other.request("GET", "/health")[0], 200)

    def test_files_of_the_data_directory_are_private(self):
        server = self.server().start()
        self.assertEqual(server.data.stat().st_mode & 0o077, 0)
        for name in ("master.key", "ca.key", "server.key"):
            self.assertEqual((server.data / name).stat().st_mode & 0o077, 0, name)


class Configuration(unittest.TestCase):
    def test_an_unknown_setting_names_the_nearest(self):
        run = unhidra("config", "check", "--set", "auth.lissten=127.0.0.1:1")
        self.assertEqual(run.returncode, 1)
        self.assertIn('unknown setting "auth.lissten"; did you mean "auth.listen"?', run.stderr)

    def test_an_unknown_variable_names_the_nearest(self):
        run = unhidra("config", "check", environment={"UNHIDRA_AUTH_LISTN": "127.0.0.1:1"})
        self.assertEqual(run.returncode, 1)
        self.assertIn("UNHIDRA_AUTH_LISTEN", run.stderr)

    def test_a_wrong_value_is_refused_by_serve_too(self):
        server = Server(settings={"gateway.idle_timeout": "soon"})
        self.addCleanup(server.close)
        run = subprocess.run(server.serve_command(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                             env=clean_environment())
        self.assertEqual(run.returncode, 1)
        self.assertIn("gateway.idle_timeout", run.stderr)
        self.assertFalse((server.data / "unhidra.db").exists())

    def test_print_masks_secrets_and_says_where_values_come_from(self):
        secret = "postgresql://me:sesame@127.0.0.1/db"
        run = unhidra("config", "print", "--set", f"database.url={secret}",
                      environment={"UNHIDRA_METRICS_TOKEN": "open-sesame", "UNHIDRA_LOG_LEVEL": "warn"})
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertNotIn("sesame", run.stdout)
        self.assertIn('url = "********"', run.stdout)
        self.assertIn('level = "warn"', run.stdout)
        self.assertIn("UNHIDRA_LOG_LEVEL", run.stdout)
        shown = unhidra("config", "print", "--show-secrets", "--set", f"database.url={secret}")
        self.assertIn(secret, shown.stdout)

    def test_an_unknown_role_names_the_nearest(self):
        server = Server("--roles", "gatway")
        self.addCleanup(server.close)
        run = subprocess.run(server.serve_command(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                             env=clean_environment())
        self.assertEqual(run.returncode, 1)
        self.assertIn("gateway", run.stderr)


class Probes(ServerCase):
    def test_health_and_readiness_on_both_ports(self):
        for port in (self.server.auth_port, self.server.gateway_port):
            for path in ("/health", "/ready"):
                with self.subTest(port=port, path=path):
                    status, _, body = self.server.request("GET", path, port=port)
                    self.assertEqual((status, body["status"]), (200, "ok"))

    def test_metrics_name_what_the_gateway_does(self):
        device = Device(self.server, "meter", PASSWORD).ready()
        self.addCleanup(device.close)
        for port in (self.server.auth_port, self.server.gateway_port):
            status, _, body = self.server.request("GET", "/metrics", port=port)
            self.assertEqual(status, 200)
            text = body.decode()
            for name in GATEWAY_METRICS:
                self.assertIn(f"# TYPE {name}", text)
        active = [line for line in text.splitlines() if line.startswith("gateway_connections_active")]
        self.assertEqual(active, ["gateway_connections_active 1"])
        self.assertNotIn("meter", text)

    def test_the_contract_is_served(self):
        status, _, body = self.server.request("GET", "/openapi.yaml")
        self.assertEqual(status, 200)
        self.assertIn(b"openapi: 3.1.0", body)


class Entrance(unittest.TestCase):
    def test_the_first_administrator_is_set_up_once(self):
        server = Server(settings={"auth.open_sign_up": "false"})
        self.addCleanup(server.close)
        server.start()
        self.assertIsNotNone(server.setup_token)
        self.assertEqual(server.request("GET", "/v1/setup")[2], {"required": True, "open_sign_up": False})
        body = {"setup_token": "uhs_" + "A" * 43, "username": "root", "password": PASSWORD}
        status, _, problem = server.request("POST", "/v1/setup", body)
        self.assertEqual((status, problem["code"]), (401, "auth.bad_setup_token"))
        tokens = server.set_up("root", "Example")
        status, _, account = server.request("GET", "/v1/account", token=tokens["access_token"])
        self.assertEqual((account["roles"], account["organization"]), (["super_admin"], "Example"))
        body["setup_token"] = server.setup_token
        status, _, problem = server.request("POST", "/v1/setup", {**body, "username": "second"})
        self.assertEqual((status, problem["code"]), (409, "auth.setup_done"))
        self.assertEqual(server.request("GET", "/v1/setup")[2]["required"], False)
        server.stop()
        server.start()
        self.assertIsNone(server.setup_token)

    def test_closed_sign_up_needs_an_invitation_that_works_once(self):
        server = Server(settings={"auth.open_sign_up": "false"})
        self.addCleanup(server.close)
        server.start()
        token = server.set_up()["access_token"]
        body = {"username": "guest", "password": PASSWORD}
        status, _, problem = server.request("POST", "/v1/register", body)
        self.assertEqual((status, problem["code"]), (403, "auth.sign_up_closed"))
        status, _, made = server.request("POST", "/v1/invitations", {"role": "guest"}, token)
        self.assertEqual(status, 201)
        guest = Device(server, "guest", PASSWORD, invitation=made["token"])
        self.assertEqual(guest.rest("GET", "/v1/account")[1]["roles"], ["guest"])
        again = server.request("POST", "/v1/register", {**body, "username": "late", "invitation": made["token"]})
        unknown = server.request("POST", "/v1/register", {**body, "username": "late", "invitation": "uhi_" + "A" * 43})
        self.assertEqual((again[0], again[2]["code"], again[2]["detail"]),
                         (unknown[0], unknown[2]["code"], unknown[2]["detail"]))
        self.assertEqual(again[0], 403)
        status, _, made = server.request("POST", "/v1/invitations", {}, token)
        self.assertEqual(server.request("DELETE", f"/v1/invitations/{made['invitation_id']}", token=token)[0], 204)
        revoked = server.request("POST", "/v1/register", {**body, "username": "late", "invitation": made["token"]})
        self.assertEqual((revoked[0], revoked[2]["code"]), (403, "auth.bad_invitation"))
        status, _, _ = guest.server.request("POST", "/v1/invitations", {}, guest.access)
        self.assertEqual(status, 403)


class Audit(unittest.TestCase):
    """Real traffic once; each kind of tampering on a copy of its data directory."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings={"log.level": "debug"})
        cls.addClassCleanup(cls.server.close)
        cls.server.start()
        cls.secrets = [PASSWORD, cls.server.setup_token]
        cls.tokens = cls.server.set_up("root", "First")
        alice, bob = Device(cls.server, "alice", PASSWORD).ready(), Device(cls.server, "bob", PASSWORD).ready()
        conversation = alice.open_direct(bob.user_id)
        for number in range(5):
            alice.send(conversation, [bob.device_id], b"ciphertext of message %d" % number)
        cls.server.request("POST", "/v1/login", {"username": "alice", "password": "wrong password 77"})
        cls.secrets += ["wrong password 77", "ciphertext of message", b"ciphertext of message".hex()]
        for device in (alice, bob):
            cls.secrets += [device.access, device.tokens["access_token"], device.refresh]
            device.close()
        cls.secrets += [cls.tokens["access_token"], cls.tokens["refresh_token"]]
        cls.server.request("GET", f"/v1/account?access_token={alice.access}")
        cls.organization = cls.tokens["organization_id"]
        cls.sum = cls.server.admin("--json", "audit", "verify")
        cls.server.stop()

    def test_real_traffic_verifies(self):
        found = json.loads(self.sum.stdout)
        self.assertGreater(int(found["rows"]), 15)
        self.assertIn("every row", found["result"])

    def test_the_log_holds_no_secret_token_or_content(self):
        log = self.server.log_text()
        self.assertIn('"server.ready"', log)
        for line in log.splitlines():
            json.loads(line)
        for secret in self.secrets:
            self.assertNotIn(secret, log)
            self.assertNotIn(secret.split(".")[-1][:40], log)

    def tampered(self, *statements, triggers=False):
        """`audit verify` of a copy after these statements; findings and exit code."""
        copy = Server()
        self.addCleanup(copy.close)
        shutil.copytree(self.server.data, copy.data)
        database = sqlite3.connect(copy.data / "unhidra.db", isolation_level=None)
        if not triggers:
            for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                database.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            database.execute(statement)
        database.close()
        run = copy.admin("--json", "audit", "verify", check=False)
        return run.returncode, json.loads(run.stdout)

    WHERE = "org_id = (SELECT org_id FROM organizations)"

    def test_the_triggers_refuse_changes(self):
        for statement in ("UPDATE audit_log SET action = 'nothing'", "DELETE FROM audit_log"):
            with self.assertRaises(sqlite3.DatabaseError):
                self.tampered(statement, triggers=True)

    def find(self, code, findings, position, damage=None):
        self.assertEqual(code, 1)
        mine = [one for one in findings if one["organization_id"] == self.organization]
        self.assertEqual(int(mine[0]["position"]), position, findings)
        if damage:
            self.assertEqual(mine[0]["damage"], damage)

    def test_an_untouched_copy_verifies(self):
        code, found = self.tampered()
        self.assertEqual(code, 0, found)

    def test_an_edited_row_is_named(self):
        for column, value in (("action", "'nothing'"), ("outcome", "'failure'"), ("metadata", "'{}x'"),
                              ("ip_address", "'10.0.0.1'"), ("event_type", "'other.event'")):
            with self.subTest(column=column):
                code, found = self.tampered(f"UPDATE audit_log SET {column} = {value} WHERE position = 4 AND {self.WHERE}")
                self.find(code, found, 4)

    def test_a_deleted_row_is_named(self):
        code, found = self.tampered(f"DELETE FROM audit_log WHERE position = 5 AND {self.WHERE}")
        self.find(code, found, 5)

    def test_a_deleted_and_closed_up_row_is_named(self):
        code, found = self.tampered(f"DELETE FROM audit_log WHERE position = 5 AND {self.WHERE}",
                                    f"UPDATE audit_log SET position = -(position - 1) WHERE position > 5 AND {self.WHERE}",
                                    f"UPDATE audit_log SET position = -position WHERE position < 0 AND {self.WHERE}")
        self.find(code, found, 5)

    def test_reordered_rows_are_named(self):
        code, found = self.tampered(f"UPDATE audit_log SET position = -6 WHERE position = 6 AND {self.WHERE}",
                                    f"UPDATE audit_log SET position = 6 WHERE position = 7 AND {self.WHERE}",
                                    f"UPDATE audit_log SET position = 7 WHERE position = -6 AND {self.WHERE}")
        self.find(code, found, 6)

    def test_an_inserted_row_is_named(self):
        database = sqlite3.connect(self.server.data / "unhidra.db")
        columns = [row[1] for row in database.execute("PRAGMA table_info(audit_log)")]
        database.close()
        values = ", ".join({"position": "(SELECT max(position) + 1 FROM audit_log x WHERE x.org_id = audit_log.org_id)",
                            "event_id": "randomblob(16)"}.get(name, name) for name in columns)
        code, found = self.tampered(f"INSERT INTO audit_log ({', '.join(columns)}) SELECT {values} FROM audit_log "
                                    f"WHERE position = 3 AND {self.WHERE}")
        rows = self.rows()
        self.find(code, found, rows + 1)

    def rows(self):
        database = sqlite3.connect(self.server.data / "unhidra.db")
        (rows,) = database.execute(f"SELECT max(position) FROM audit_log WHERE {self.WHERE}").fetchone()
        database.close()
        return rows

    def test_a_truncated_tail_is_named(self):
        rows = self.rows()
        code, found = self.tampered(f"DELETE FROM audit_log WHERE position > {rows - 3} AND {self.WHERE}")
        self.find(code, found, rows - 2)

    def test_a_log_that_is_gone_is_noticed(self):
        code, _ = self.tampered("DELETE FROM audit_log")
        self.assertEqual(code, 1)


class AdminCommands(ServerCase):
    def test_users_devices_and_sessions_from_the_command_line(self):
        self.server.set_up()
        user = json.loads(self.server.admin("--json", "create-user", "ursula", "--role", "member").stdout)
        password = user["one_time_password"]
        status, _, tokens = self.server.request("POST", "/v1/login", {"username": "ursula", "password": password})
        self.assertEqual((status, tokens["must_change_password"]), (200, True))
        status, _, _ = self.server.request("POST", "/v1/account/password", {
            "current_password": password, "new_password": PASSWORD}, tokens["access_token"])
        self.assertEqual(status, 204)
        device = Device(self.server, "ursula", PASSWORD, sign_up=False).ready()
        listed = json.loads(self.server.admin("--json", "devices", "list", "--user", "ursula").stdout)
        self.assertEqual(len(listed), 1)
        self.assertEqual(len(json.loads(self.server.admin("--json", "sessions", "list", "--user", "ursula").stdout)), 2)
        self.server.admin("devices", "revoke", listed[0]["device_id"])
        status = device.rest("GET", "/v1/account")[0]
        self.assertEqual(status, 401)
        sessions = json.loads(self.server.admin("--json", "sessions", "list", "--user", "ursula").stdout)
        self.assertEqual([one["session_id"] for one in sessions], [tokens["session_id"]])
        self.server.admin("sessions", "revoke", tokens["session_id"])
        self.assertEqual(json.loads(self.server.admin("--json", "sessions", "list", "--user", "ursula").stdout), [])
        reset = json.loads(self.server.admin("--json", "reset-password", "ursula").stdout)
        self.assertNotEqual(reset["one_time_password"], password)
        self.assertEqual(self.server.request("POST", "/v1/login", {"username": "ursula", "password": PASSWORD})[0], 401)

    def test_rotated_keys_keep_old_tokens_good_until_they_end(self):
        device = Device(self.server, "viktor", PASSWORD)
        keys = {key["kid"] for key in self.server.request("GET", "/.well-known/jwks.json")[2]["keys"]}
        self.server.admin("keys", "rotate")
        wait_until(lambda: len(self.server.request("GET", "/.well-known/jwks.json")[2]["keys"]) == len(keys) + 1,
                   30, "the new key in the published set")
        self.assertEqual(device.rest("GET", "/v1/account")[0], 200)

    def test_an_unknown_directory_is_named(self):
        run = unhidra("admin", "audit", "verify", "--data-dir", "/nonexistent/unhidra")
        self.assertEqual(run.returncode, 1)
        self.assertIn("/nonexistent/unhidra", run.stderr)


if __name__ == "__main__":
    unittest.main()
