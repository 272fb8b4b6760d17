"""A role that is taken away is gone at once, also for a connection that was opened with it."""
import time
import unittest
import uuid

from harness import PASSWORD, ServerCase
from protocol import SET_CHAT_POLICY, Device


class WithdrawnRoles(ServerCase):
    def test_an_open_connection_does_not_keep_them(self):
        root = self.server.set_up()["access_token"]
        manager = Device(self.server, "manager", PASSWORD).ready()
        self.addCleanup(manager.close)
        role = f"/v1/users/{uuid.UUID(bytes=manager.user_id)}/roles/org_admin"
        policy = {1: {1: 60, 2: 1}}

        def change(method):
            self.assertEqual(self.server.request(method, role, token=root)[0], 204)
            started = time.monotonic()
            self.assertEqual(manager.ws.expect_close(5)[0], 1012, "nothing was revoked: come back")
            self.assertLess(time.monotonic() - started, 1.0)
            manager.close()
            manager.connect()  # with the token it has

        self.assertEqual(manager.refusal(SET_CHAT_POLICY, policy).status, 403)
        change("PUT")
        manager.call(SET_CHAT_POLICY, policy)
        change("DELETE")
        self.assertEqual(manager.refusal(SET_CHAT_POLICY, policy).status, 403)


if __name__ == "__main__":
    unittest.main()
