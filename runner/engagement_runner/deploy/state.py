"""What a database has of the package. Nothing here changes the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from engagement_runner import queries
from engagement_runner.connection import Connection
from engagement_runner.errors import not_deployed
from engagement_runner.files import SqlFile

#: The migration that made the table of outcomes.
OUTCOMES = "migrations/0030_outcomes.sql"


@dataclass(frozen=True)
class Tablespaces:
    """Where the package's tables and its indexes are; empty: the database's own tablespace."""

    data: str = ""
    index: str = ""


@dataclass(frozen=True)
class State:
    """What a database has: files (path → kind and checksum), indexes, key type, the comment of its
    schema crm (None: no such schema), tablespaces, the release of the files, whether a view of its
    adapter is gone, and whether it is in a Citus cluster and spread over it.
    """

    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    indexes: dict[str, bool] = field(default_factory=dict)
    key_type: str | None = None
    crm: str | None = None
    tablespaces: Tablespaces | None = None
    has_citus: bool = False
    is_distributed: bool = False
    release: int | None = None
    is_view_missing: bool = False

    def place_of(self, file: SqlFile) -> str | None:
        """Return the path under which the file's object is applied, or None."""
        if file.path in self.files:
            return file.path
        return self._places.get(file.identity)

    @cached_property
    def _places(self) -> dict[tuple[str, str], str]:
        return {
            SqlFile(path, kind, "").identity: path
            for path, (kind, _) in sorted(self.files.items(), reverse=True)
        }


def read_state(connection: Connection) -> State:
    """Read what the database has."""
    found = connection.execute(queries.load("present")).fetchone()
    is_deployed, crm, has_citus, has_release = found if found else (False, None, False, False)
    if not is_deployed:
        return State(crm=crm, has_citus=has_citus)
    applied = connection.execute(queries.load("applied_files")).fetchall()
    files = {path: (kind, checksum) for path, kind, checksum in applied}
    has_adapter = any(kind == "host" for kind, _ in files.values())
    asked = ["is_view_missing", *(["is_outcome_missing"] if OUTCOMES in files else [])]
    return State(
        files=files,
        indexes=dict(connection.execute(queries.load("indexes")).fetchall()),
        key_type=queries.value(connection, "key_type"),
        crm=crm,
        tablespaces=_tablespaces(connection),
        has_citus=has_citus,
        is_distributed=has_citus and bool(queries.value(connection, "is_distributed")),
        release=queries.value(connection, "deployed_release") if has_release else None,
        is_view_missing=has_adapter and any(queries.value(connection, name) for name in asked),
    )


def read_deployed_state(connection: Connection) -> State:
    """Read what the database has. Raises EngagementError where the package is not deployed."""
    state = read_state(connection)
    if not state.files:
        raise not_deployed()
    return state


def _tablespaces(connection: Connection) -> Tablespaces | None:
    found = connection.execute(queries.load("tablespaces")).fetchone()
    return Tablespaces(*found) if found else None
