"""Two servers that stand on one database and one NATS."""
import shutil

from databases import Nats, PostgreSQL
from harness import Server


class TwoServers:
    """Before a ServerCase among the bases: `server`, and `other` with its keys and authorities."""

    other_settings = {}  # of the other one alone

    @classmethod
    def setUpClass(cls):
        cls.database, cls.nats = PostgreSQL(), Nats()
        cls.addClassCleanup(cls.nats.close)
        cls.addClassCleanup(cls.database.close)
        cls.database.start()
        cls.server_database = cls.database.url
        cls.server_settings = {**(cls.server_settings or {}), "bus.nats_urls": cls.nats.url}
        super().setUpClass()
        cls.other = Server(settings={**cls.server_settings, **cls.other_settings}, database=cls.database.url)
        cls.addClassCleanup(cls.other.close)
        shutil.copytree(cls.server.data, cls.other.data, ignore=shutil.ignore_patterns("mqtt", "objects", "*.lock"))
        cls.other.start()
