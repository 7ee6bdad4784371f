"""The store under every daemon: units of work, retries, checked records, packing. Only here is ZODB known."""

from restante.db.database import ATTEMPTS, UNREADABLE, Database, savepoint, working

__all__ = ["ATTEMPTS", "UNREADABLE", "Database", "savepoint", "working"]
