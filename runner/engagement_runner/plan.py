"""What a database has, what the package's files are, and the steps from the one to the other.

Nothing here changes the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from engagement_runner import __version__, files, queries
from engagement_runner.errors import EngagementError
from engagement_runner.files import SqlFile

Connection = psycopg.Connection[tuple[Any, ...]]

#: Kinds of the files that are there whatever the host is.
ENGINE = ("migration", "routine", "trigger", "view", "seed", "grants")

KEY_TYPES = ("bigint", "uuid", "text")

#: The line of a plan that spreads ledger and scores over a cluster.
DISTRIBUTION = "distribute award, customer_score, category_score (by customer_id)"


@dataclass(frozen=True)
class Tablespaces:
    """Where the package's tables and its indexes are; empty: the database's own tablespace."""

    data: str = ""
    index: str = ""


@dataclass(frozen=True)
class State:
    """What a database has: files (path → kind and checksum), indexes, key type, tablespaces, and
    whether it is in a Citus cluster and spread over it.
    """

    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    indexes: dict[str, bool] = field(default_factory=dict)
    key_type: str | None = None
    has_crm: bool = False
    tablespaces: Tablespaces | None = None
    has_citus: bool = False
    is_distributed: bool = False


@dataclass(frozen=True)
class Step:
    """One thing to do: ``apply`` a file, ``drop`` the object of a file that is gone, or
    ``forget`` a file whose place another takes.
    """

    action: str
    file: SqlFile
    reason: str

    def __str__(self) -> str:
        return f"{self.action} {self.file.path} ({self.reason})"


@dataclass(frozen=True)
class Plan:
    """The steps of a deployment, in their order.

    Attributes:
        is_first: nothing was deployed before.
        distribute: after the steps, ledger and scores are spread over a cluster.
        on_citus: the database has Citus.
        is_distributed: ledger and scores are spread over its nodes already.
    """

    key_type: str
    steps: list[Step] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    is_first: bool = False
    tablespaces: Tablespaces = Tablespaces()
    distribute: bool = False
    on_citus: bool = False
    is_distributed: bool = False

    @property
    def is_empty(self) -> bool:
        """There is nothing to do."""
        return not self.steps and not self.distribute

    @property
    def lines(self) -> list[str]:
        """What is done, one line each."""
        return [str(step) for step in self.steps] + [DISTRIBUTION] * self.distribute


def read_state(connection: Connection) -> State:
    """Read what the database has."""
    found = connection.execute(
        "select to_regclass('engagement_meta.applied_file') is not null,"
        " to_regnamespace('crm') is not null,"
        " to_regclass('pg_catalog.pg_dist_partition') is not null"
    ).fetchone()
    is_deployed, has_crm, has_citus = found if found else (False, False, False)
    if not is_deployed:
        return State(has_crm=has_crm, has_citus=has_citus)
    applied = connection.execute(queries.load("applied_files")).fetchall()
    return State(
        files={path: (kind, checksum) for path, kind, checksum in applied},
        indexes=dict(connection.execute(queries.load("indexes")).fetchall()),
        key_type=queries.value(connection, "key_type"),
        has_crm=has_crm,
        tablespaces=_tablespaces(connection),
        has_citus=has_citus,
        is_distributed=has_citus and bool(queries.value(connection, "is_distributed")),
    )


def _tablespaces(connection: Connection) -> Tablespaces | None:
    found = connection.execute(queries.load("tablespaces")).fetchone()
    return Tablespaces(*found) if found else None


def make_plan(
    state: State,
    top: Path,
    host: str | None = None,
    key_type: str | None = None,
    roles: bool = False,
    tablespaces: Tablespaces | None = None,
    distribute: bool = False,
) -> Plan:
    """Compare the package's files with what is applied.

    Args:
        state: what the database has.
        top: folder of the SQL folders.
        host: name or path of the host adapter; None: those that are applied.
        key_type: type of the host's keys; None: the deployed one, else bigint.
        roles: create the package's roles, and keep their grants from now on.
        tablespaces: where tables and indexes are made; None: where they are already, else in
            the database's own.
        distribute: spread ledger and scores over the nodes of a Citus cluster.

    Raises:
        EngagementError: the database cannot be brought to this package's state.
    """
    if state.key_type and key_type not in (None, state.key_type):
        raise EngagementError(
            f"the database is deployed with key type {state.key_type}, not {key_type}",
            hint="The key type is fixed at the first deployment; undeploy first to change it.",
        )
    if tablespaces and state.tablespaces and tablespaces != state.tablespaces:
        raise EngagementError(
            f"the database is deployed with its tables in {_named(state.tablespaces.data)} and its "
            f"indexes in {_named(state.tablespaces.index)}",
            hint="alter table … set tablespace and alter index … set tablespace move engagement's "
            "tables and indexes (they lock them meanwhile); later deployments follow them.",
        )
    if distribute and not state.has_citus:
        raise EngagementError(
            "--distribute needs a Citus cluster, and this database has no Citus",
            hint="create extension citus on every node and add the workers (citus_add_node), or "
            "deploy without --distribute: one machine needs none of it.",
        )
    warnings: list[str] = []
    steps = _engine_steps(state, top)
    steps += _host_steps(state, top, host, bool(steps), warnings)
    steps += _role_steps(state, top, roles, bool(steps))
    steps += _index_steps(state, top)
    return Plan(
        key_type or state.key_type or "bigint",
        steps,
        warnings,
        is_first=not state.files,
        tablespaces=tablespaces or state.tablespaces or Tablespaces(),
        distribute=distribute and not state.is_distributed,
        on_citus=state.has_citus,
        is_distributed=state.is_distributed,
    )


def make_trial_plan(state: State, top: Path, host: str, key_type: str | None = None) -> Plan:
    """Return the steps to an adapter that is only tried: without what comes after it.

    Args:
        state: what the database has.
        top: folder of the SQL folders.
        host: name or path of the adapter.
        key_type: as for :func:`make_plan`.

    Raises:
        EngagementError: there is no such adapter, or the database has the package in another
            version than this.
    """
    plan = make_plan(State(has_crm=state.has_crm, key_type=state.key_type), top, host, key_type)
    if state.files and _engine_steps(state, top):
        raise EngagementError(
            "the package in this database is not as this version has it",
            hint="engagement deploy brings it up to date; an adapter can be tried then.",
        )
    kinds = {"host", "host schema"} if state.files else {"host", "host schema", *ENGINE}
    steps = [step for step in plan.steps if step.file.kind in kinds]
    return Plan(plan.key_type, steps, is_first=not state.files)


def _named(tablespace: str) -> str:
    return f"tablespace {tablespace}" if tablespace else "the database's own tablespace"


def _difference(state: State, file: SqlFile) -> str | None:
    """Return why the file is to be applied, or None."""
    if file.path not in state.files:
        return "new"
    return "changed" if state.files[file.path][1] != file.checksum else None


def _gone(state: State, known: Iterable[SqlFile], kinds: set[str]) -> list[SqlFile]:
    """Return what is applied of the given kinds and is no file any more."""
    paths = {file.path for file in known}
    return [
        SqlFile(path, kind, "")
        for path, (kind, _) in sorted(state.files.items())
        if kind in kinds and path not in paths
    ]


def _engine_steps(state: State, top: Path) -> list[Step]:
    migrations = files.migrations(top)
    for unknown in _gone(state, migrations, {"migration"}):
        raise EngagementError(
            f"the database has {unknown.path}, which this version ({__version__}) does not know",
            hint="The database was deployed by a newer version; use that version or a later one.",
        )
    for file in migrations:
        if _difference(state, file) == "changed":
            raise EngagementError(
                f"{file.path} was changed after it had been applied to this database",
                hint="Restore the file, and put the change into a new migration.",
            )
    steps = [Step("apply", file, "new") for file in migrations if _difference(state, file)]
    migrated = "after a migration" if steps else None
    repeatables = files.repeatables(top)
    for file in repeatables:
        if reason := _difference(state, file) or migrated:
            steps.append(Step("apply", file, reason))
    # Views may call routines, so they go first.
    for kind in ("view", "trigger", "routine", "seed"):
        steps += [Step("drop", file, "file is gone") for file in _gone(state, repeatables, {kind})]
    for file in files.grants(top):
        if reason := _difference(state, file) or ("after the steps above" if steps else None):
            steps.append(Step("apply", file, reason))
    return steps


def _host_steps(
    state: State, top: Path, host: str | None, engine_changed: bool, warnings: list[str]
) -> list[Step]:
    """There is one adapter: the one given, else the one applied, wherever its file is now."""
    applied = [path for path, (kind, _) in state.files.items() if kind == "host"]
    adapter = None
    if host:
        adapter = files.host_adapter(host, top)
    elif applied:
        try:
            adapter = files.host_adapter(str(top / applied[0]), top)
        except EngagementError:
            warnings.append(
                f"host adapter {applied[0]} is not there; it stays as it was applied "
                "(deploy --host names another place)"
            )
    steps = []
    if adapter:
        steps += [
            Step("forget", SqlFile(path, "host", ""), f"{adapter.path} takes its place")
            for path in applied
            if path != adapter.path
        ]
        reason = _difference(state, adapter)
        if reason or steps or engine_changed:
            schema = files.host_schema(adapter, top)
            if schema and not state.has_crm:
                steps.append(Step("apply", schema, "schema crm does not exist"))
            steps.append(Step("apply", adapter, reason or "after the steps above"))
    # The package's own sources ask the host for employers, so they are there while it is.
    for file in files.sources(top) if adapter or applied else []:
        if reason := _difference(state, file) or ("after the adapter" if steps else None):
            steps.append(Step("apply", file, reason))
    return steps


def _role_steps(state: State, top: Path, wanted: bool, changed: bool) -> list[Step]:
    return [
        Step("apply", file, reason)
        for file in files.roles(top)
        if (wanted or file.path in state.files)
        and (reason := _difference(state, file) or ("after the steps above" if changed else None))
    ]


def _index_steps(state: State, top: Path) -> list[Step]:
    indexes = files.indexes(top)
    steps = [Step("drop", file, "file is gone") for file in _gone(state, indexes, {"index"})]
    for file in indexes:
        reason = _difference(state, file)
        if not reason and not state.indexes.get(file.object_name):
            reason = "invalid" if file.object_name in state.indexes else "missing"
        if reason:
            steps.append(Step("apply", file, reason))
    return steps
