"""The objects on disk: SQLite, one row per object, and the revision.

It knows rows and bytes only; what an object means is the store's business. Without a path everything stays
in memory and nothing is written at all.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    resource TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (resource, namespace, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS revision (id INTEGER PRIMARY KEY CHECK (id = 1), value INTEGER NOT NULL);
"""

_PUT = "INSERT OR REPLACE INTO objects (resource, namespace, name, body) VALUES (?, ?, ?, ?)"
_REMOVE = "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?"

#: What a new store starts from. Above 1, because clients treat 0 and "" as "any version".
FIRST_REVISION = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One stored object; `body` is its JSON."""

    resource: str
    namespace: str
    name: str
    body: bytes


class Storage:
    """Rows that survive the process when there is a path.

    WAL with `synchronous=NORMAL`: a killed process loses nothing; a power cut may lose the last writes,
    which is good enough for a demonstration on one machine. Raises `sqlite3.DatabaseError` where the file
    is not a database.
    """

    def __init__(self, path: Path | None) -> None:
        self._db: sqlite3.Connection | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)

    def revision(self) -> int:
        """The revision of the last write."""
        if self._db is None:
            return FIRST_REVISION
        row = self._db.execute("SELECT value FROM revision WHERE id = 1").fetchone()
        return int(row[0]) if row else FIRST_REVISION

    def rows(self) -> Iterator[Row]:
        """Everything that is stored."""
        if self._db is not None:
            for found in self._db.execute("SELECT resource, namespace, name, body FROM objects"):
                yield Row(*found)

    def put(self, row: Row, revision: int) -> None:
        """Write one object and the revision, together."""
        self.put_all([row], revision)

    def put_all(self, rows: Iterable[Row], revision: int) -> None:
        """Write objects and the revision, all or nothing."""
        self._write(_PUT, ((row.resource, row.namespace, row.name, row.body) for row in rows), revision)

    def remove(self, resource: str, namespace: str, name: str, revision: int) -> None:
        """Remove one object and write the revision, together."""
        self._write(_REMOVE, [(resource, namespace, name)], revision)

    def close(self) -> None:
        """Give the file back; the write-ahead log is folded into it."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _write(self, statement: str, values: Iterable[tuple[str | bytes, ...]], revision: int) -> None:
        if self._db is None:
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(statement, values)
            self._db.execute("INSERT OR REPLACE INTO revision (id, value) VALUES (1, ?)", (revision,))
        except sqlite3.Error:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
