"""The load tool against the real server, few and short: what it measures must have happened, and its own errors are none."""
import json
import pathlib
import subprocess
import unittest

from harness import ServerCase, clean_environment
from programs import program

SERVER_UNDER_LOAD = pathlib.Path(__file__).parents[2] / "apps" / "unhidra-bench" / "server.toml"


class LoadTool(ServerCase):
    server_options = ("--config", str(SERVER_UNDER_LOAD))

    def run_tool(self, load, *options):
        command = [str(program("unhidra-bench")), load, "--server", self.server.url, "--ca", str(self.server.ca),
                   "--server-pid", str(self.server.process.pid), *map(str, options)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean_environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        figures = json.loads(done.stdout)
        self.assertEqual(figures["errors"], {}, figures)
        return figures

    def channel(self, members, *options):
        return self.run_tool("channel", "--members", members, "--clients", 3, "--processes", 2, "--duration", 4,
                             "--messages-per-second", 5, "--replies-per-second", 2, "--reactions-per-second", 2,
                             "--receipts", *options)

    def test_connections(self):
        figures = self.run_tool("connect", "--connections", 20, "--processes", 2, "--users", 2, "--hold", 1)
        self.assertEqual((figures["connections_opened"], figures["connections_after_hold"]), (20, 20))

    def test_messages(self):
        figures = self.run_tool("chat", "--senders", 4, "--duration", 2, "--rate", 50)
        self.assertGreaterEqual(figures["sent"], 90)
        self.assertEqual((figures["acknowledged"], figures["received"]), (figures["sent"],) * 2)

    def test_a_channel(self):
        figures = self.channel(12)
        self.assertEqual((figures["members"], figures["listening_members_connected"]), (12, 8))
        for act, least in (("messages", 18), ("replies", 7), ("reactions", 7)):
            with self.subTest(act):
                self.assertGreaterEqual(figures[act]["sent"], least)
                self.assertEqual(figures[act]["reached_all"], figures[act]["sent"])
                self.assertLessEqual(figures[act]["to_first_device"]["p50_ms"], figures[act]["to_last_device"]["p50_ms"])
        # Twelve people tell each other what they have read.
        self.assertGreater(figures["receipts"]["read_marks"], 0)
        self.assertGreater(figures["receipts"]["entries_not_asked_for"], 0)

    def test_in_a_large_channel_receipts_do_not_multiply_the_messages(self):
        figures = self.channel(60, "--first-commit")
        self.check_first_commit(figures["first_commit"], others=59)
        self.assertEqual((figures["members"], figures["listening_members_connected"]), (60, 55))
        self.assertEqual(figures["messages"]["reached_all"], figures["messages"]["sent"])
        self.assertGreater(figures["receipts"]["read_marks"], 0)
        self.assertEqual(figures["receipts"]["entries_not_asked_for"], 0)
        self.assertGreater(figures["receipts"]["reports"], 20, "each of them once in five seconds")

    def check_first_commit(self, commit, others):
        """Nobody has renewed his keys: it is sealed for each of the others, 82 bytes each (RFC 9420 section 7.6)."""
        self.assertEqual((commit["sealed_path_secrets"], commit["attempts"]), (others, 1))
        self.assertGreater(commit["commit_bytes"], 82 * others)
        self.assertGreater(commit["request_bytes"], commit["commit_bytes"])
        for figure in ("make_cpu_ms", "process_cpu_ms", "answered_ms", "clients_follow_ms", "join_cpu_ms"):
            self.assertGreater(commit[figure], 0, figure)


if __name__ == "__main__":
    unittest.main()
