"""A connection that is kept open from one unit of work to the next, with transactions of its own.

Opening one, making it a transaction and closing it again takes longer than many a unit that only reads. Such
a unit leaves its transaction, in which nothing has happened, to the next one.
"""

from typing import Any

from transaction import TransactionManager


class Session:
    """One connection to a `ZODB.DB`. One unit of work at a time uses it, in whichever thread."""

    def __init__(self, db: Any) -> None:
        self._manager = TransactionManager(explicit=True)
        self._transaction: Any = None
        self.connection = db.open(self._manager)

    def begin(self) -> None:
        """Begin a unit of work: what the connection shows is the database as it is now."""
        if self._transaction is None:
            self._transaction = self._manager.begin()
        else:
            self.connection.newTransaction(self._transaction)

    def commit(self) -> None:
        self._manager.commit()
        self._transaction = None

    def leave(self) -> None:
        """End a unit of work that has only read. Raises RuntimeError where it has not."""
        if self.connection._registered_objects:
            raise RuntimeError("a unit of work that only reads has changed something")
        self.connection.afterCompletion(self._transaction)

    def abort(self) -> None:
        """End a unit of work as if it had never been."""
        self._manager.abort()
        self._transaction = None

    def close(self) -> None:
        """Close the connection, between units of work."""
        if self._transaction is not None:
            self.abort()
        self.connection.close()
