"""Deploy: compare the files with what is applied, then apply what differs, in one transaction.

A deployment reads as ``read_state`` → ``make_plan`` → ``_apply``. Whatever it does to the database
it does while it holds the deploy lock.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from engagement_runner import __version__, files, objects, queries
from engagement_runner.connection import PINNED_PATH, as_caller, as_owner, pinned
from engagement_runner.errors import EngagementError, describe
from engagement_runner.files import SqlFile
from engagement_runner.objects import SqlFileError
from engagement_runner.plan import DISTRIBUTION, Plan, make_plan, make_trial_plan
from engagement_runner.rights import rights_explained
from engagement_runner.state import Connection, Tablespaces, read_state

Report = Callable[[str], None]
Result = TypeVar("Result")

#: Advisory lock of deployments: the product's class ("enga" in ASCII), key 1.
LOCK_CLASS, LOCK_KEY = 0x656E6761, 1
#: How long a statement of a deployment waits for a lock that the host holds. Half of PostgreSQL's
#: deadlock_timeout: in a deadlock the deployment gives up before the server would pick the host.
LOCK_TIMEOUT = "500ms"
#: How often a deployment that met such a lock begins again, half a second apart.
ATTEMPTS = 60

#: The routines that write routines: of the totals, of each source and of each attached table.
GENERATORS = ("generate_totals", "clone_templates", "generate_capture", "regenerate")

#: Citus' setting: whether what is created here is created on a cluster's nodes, too.
PROPAGATION = "citus.enable_ddl_propagation"
#: What is of no concern to a cluster's nodes, whatever they have of the package.
LOCAL_KINDS = {"host", "host schema", "sources"}
#: Kinds of files that attach triggers, and who is said to have made those.
MADE_BY = {"host": "ADAPTER", "sources": "PACKAGE"}

_RETRY = {"55P03", "40P01"}  # lock_not_available, deadlock_detected
_CALL = re.compile(r"call\b", re.I)
_UNKNOWN_SOURCE = "EG006"


# -- one at a time, and never in the host's way --------------------------------------------------


@contextmanager
def deploy_lock(connection: Connection, report: Report, wait: bool = True) -> Iterator[str]:
    """Hold the deploy lock, as the package's owner, and yield the author's search_path.

    It belongs to the session, because indexes follow after the transaction. It is asked for again
    and again rather than waited for: a session that waits holds a snapshot, and ``create index
    concurrently`` of the one before it would wait for that, for ever.

    Raises:
        EngagementError: another session holds it and ``wait`` is false.
    """
    said = False
    lock = (LOCK_CLASS, LOCK_KEY)
    with pinned(connection) as author_path, as_owner(connection):
        while not _first(connection, "select pg_try_advisory_lock(%s, %s)", lock):
            if not wait:
                raise EngagementError("another deployment is running", hint="Try again later.")
            if not said:
                report("another deployment is running; waiting for it")
                said = True
            time.sleep(0.1)
        try:
            yield author_path
        finally:
            if not connection.broken:
                connection.execute("select pg_advisory_unlock(%s, %s)", lock)


def unobtrusively(
    connection: Connection,
    work: Callable[[], Result],
    report: Report,
    attempts: int = ATTEMPTS,
    *,
    is_trial: bool = False,
) -> Result:
    """Run the work in a transaction that waits for no lock longer than :data:`LOCK_TIMEOUT`.

    When a lock is not to be had, everything is rolled back, so that the host gets its turn, and
    begun again. A trial is rolled back in any case.

    Raises:
        EngagementError: a lock was not to be had in all attempts.
    """
    for attempt in range(1, attempts + 1):
        try:
            with connection.transaction(force_rollback=is_trial):
                _set_locally(connection, "lock_timeout", LOCK_TIMEOUT)
                return work()
        except (SqlFileError, psycopg.Error) as error:
            if error.sqlstate not in _RETRY or attempt == attempts:
                raise
            if attempt == 1:
                report(f"a lock is held by somebody else; trying again ({_reason(error)})")
            time.sleep(0.5)
    raise AssertionError("unreachable")


def _reason(error: SqlFileError | psycopg.Error) -> str:
    """Return the error in one line."""
    return describe(error) if isinstance(error, psycopg.Error) else str(error)


def _set_locally(connection: Connection, name: str, value: str) -> None:
    connection.execute("select pg_catalog.set_config(%s, %s, true)", (name, value))


def _first(connection: Connection, statement: Any, parameters: Any = None) -> Any:
    row = connection.execute(statement, parameters).fetchone()
    return row[0] if row else None


# -- applying ------------------------------------------------------------------------------------


def deploy(
    connection: Connection,
    host: str | None = None,
    key_type: str | None = None,
    *,
    roles: bool = False,
    tablespaces: Tablespaces | None = None,
    distribute: bool = False,
    allow_older: bool = False,
    top: Path | None = None,
    wait: bool = True,
    report: Report = lambda line: None,
) -> Plan:
    """Bring a database to the state of the package's files, and return what was done.

    Args:
        connection: an autocommit connection. Its role needs CREATE on the database, and SELECT
            and TRIGGER on the host's tables.
        host: name of a bundled host adapter, or path of one; None: those already applied.
        key_type: bigint, uuid or text; None: the deployed one, else bigint.
        roles: create the package's roles and grant them their rights, now and from now on.
        tablespaces: where to make tables and indexes; None: where they are already.
        distribute: spread ledger and scores over the nodes of a Citus cluster.
        allow_older: go back to these files from those of a newer release.
        top: folder of the SQL folders; default: this package's.
        wait: wait for another deployment that is running.
        report: takes a line about each step.

    Raises:
        EngagementError: the deployment is refused or a file failed; nothing is changed, except
            that indexes which are built after the transaction may be left for the next time.
    """
    top = top or files.root()
    with deploy_lock(connection, report, wait) as author_path:

        def work() -> tuple[Plan, list[SqlFile]]:
            state = read_state(connection)
            plan = make_plan(
                state, top, host, key_type, roles, tablespaces, distribute, allow_older
            )
            return plan, _apply(connection, plan, top, report, author_path)

        adapter = files.host_adapter(host, top) if host else None
        with rights_explained(
            connection, adapter, tablespaces, author_path=author_path, roles=roles
        ):
            plan, postponed = unobtrusively(connection, work, report)
        has_attachments = bool(objects.signatures(connection, "present_attachments"))
        owners = queries.value(connection, "superuser_owner") if has_attachments else None
        if plan.steps and owners:
            plan.warnings.append(
                f"the package belongs to a superuser, so {owners}, who owns tables that it reads, "
                "could act as one (hint: deploy as a role that is no superuser; docs/security.md)"
            )
        for line in plan.warnings:
            report(f"warning: {line}")
        if plan.is_distributed and postponed:
            connection.execute("select set_config(%s, 'on', false)", [PROPAGATION])
        for file in postponed:
            report(f"build {file.object_name} concurrently: its table has rows")
            objects.build_index_concurrently(connection, file, plan.tablespaces)
        if plan.distribute:
            # After the deployment: Citus sees tables that are committed only.
            unobtrusively(connection, lambda: _distribute(connection, top, report), report)
    return plan


def dry_run(
    connection: Connection,
    host: str | None = None,
    key_type: str | None = None,
    *,
    roles: bool = False,
    tablespaces: Tablespaces | None = None,
    distribute: bool = False,
    allow_older: bool = False,
    top: Path | None = None,
) -> Plan:
    """Return what :func:`deploy` would do, from within a read-only transaction."""
    with pinned(connection), connection.transaction():
        connection.execute("set transaction read only")
        state = read_state(connection)
        top = top or files.root()
        return make_plan(state, top, host, key_type, roles, tablespaces, distribute, allow_older)


def _apply(
    connection: Connection, plan: Plan, top: Path, report: Report, author_path: str
) -> list[SqlFile]:
    """Do the steps and what follows from them, and return the indexes to be built afterwards."""
    if plan.is_distributed:
        # One connection to each node, because routines and tables change together.
        _set_locally(connection, "citus.multi_shard_modify_mode", "sequential")
    postponed = _take_steps(connection, plan, report, author_path, _run_host)
    if any(step.file.kind == "host" and step.action == "apply" for step in plan.steps):
        plan.warnings.extend(
            f"{message} (hint: {hint})" for _, message, hint in unregistered_sources(connection)
        )
    changes = [step for step in plan.steps if step.action != "move"]
    if any(step.file.kind in ("routine", "trigger", "view") for step in changes):
        _regenerate(connection)
    if changes:
        _record_routines(connection, top)
    if plan.release and not plan.is_empty:
        queries.execute(connection, "record_deployment", release=plan.release, version=__version__)
    return postponed


def unregistered_sources(connection: Connection) -> list[tuple[str, str, str]]:
    """Return the sources that the adapter just applied left out, each with a message and a hint."""
    return list(connection.execute(queries.load("unregistered_sources")))


def _take_steps(
    connection: Connection,
    plan: Plan,
    report: Report,
    author_path: str,
    run_host: Callable[[Connection, SqlFile], None],
) -> list[SqlFile]:
    """Do the steps, an adapter's by *run_host*, and return the indexes to be built afterwards."""
    hosts_tablespace = _first(connection, "select current_setting('default_tablespace')")
    _set_locally(connection, "engagement.key_type", plan.key_type)
    _set_locally(connection, "client_min_messages", "warning")
    _set_locally(connection, "check_function_bodies", "off")
    postponed = []
    for step in plan.steps:
        report(str(step))
        file = step.file
        tablespace = {
            "index": plan.tablespaces.index,
            "host": hosts_tablespace,
            "host schema": hosts_tablespace,
        }.get(file.kind, plan.tablespaces.data)
        _set_locally(connection, "default_tablespace", tablespace)
        _set_locally(connection, "engagement.made_by", MADE_BY.get(file.kind, ""))
        if plan.on_citus:
            is_shared = plan.is_distributed and file.kind not in LOCAL_KINDS
            _set_locally(connection, PROPAGATION, "on" if is_shared else "off")
            # Citus warns of whatever stays on the coordinator.
            _set_locally(connection, "client_min_messages", "error" if is_shared else "warning")
        if step.action == "move":
            queries.execute(connection, "move_file", path=file.path, kind=file.kind, was=step.was)
            continue
        if step.action == "drop":
            objects.drop(connection, file)
        if step.action in ("drop", "forget"):
            queries.execute(connection, "forget_file", path=file.path)
            continue
        if step.was:
            queries.execute(connection, "forget_file", path=step.was)
        if file.kind == "index":
            if objects.build_index(connection, file, plan.is_first):
                objects.record(connection, file)
            else:
                postponed.append(file)
            continue
        if file.kind in ("routine", "trigger"):
            objects.apply_routine(connection, file)
        elif file.kind == "view":
            objects.apply_view(connection, file)
        elif file.kind == "host":
            # An adapter may rely on its author's path; the package's own files name every schema.
            _set_locally(connection, "search_path", author_path)
            run_host(connection, file)
            _set_locally(connection, "search_path", PINNED_PATH)
        elif file.kind == "roles":
            # The package's owner need not be one who makes roles.
            with as_caller(connection):
                objects.run(connection, file)
        else:
            objects.run(connection, file)
        if file.kind == "migration":
            _set_locally(connection, "default_tablespace", plan.tablespaces.index)
            queries.execute(connection, "move_indexes")
        if file.kind != "host schema":  # the host's own from now on
            objects.record(connection, file)
    return postponed


def _run_host(connection: Connection, file: SqlFile) -> None:
    """Run an adapter, refuse it if it lacks a required view, and detach what it left out."""
    objects.run(connection, file)
    _check_host(connection, file)
    queries.execute(connection, "detach_leftovers")


def _check_host(connection: Connection, file: SqlFile) -> None:
    """Refuse an adapter that lacks a required view."""
    try:
        queries.execute(connection, "check_host")
    except psycopg.Error as error:
        raise SqlFileError(describe(error, file.path), error.sqlstate) from error


def _regenerate(connection: Connection) -> None:
    """Generate anew what registration generated, by adapter or by hand, with an older generator."""
    if all(objects.signatures(connection, name) for name in GENERATORS):
        queries.execute(connection, "regenerate")


def _distribute(connection: Connection, top: Path, report: Report) -> None:
    """Spread ledger and scores over the cluster, in a transaction.

    Raises:
        SqlFileError: the database refuses; nothing is changed then.
    """
    report(DISTRIBUTION)
    _set_locally(connection, "client_min_messages", "warning")
    try:
        queries.execute(connection, "distribute")
    except psycopg.Error as error:
        raise SqlFileError(describe(error), error.sqlstate) from error
    _record_routines(connection, top)


def _record_routines(connection: Connection, top: Path) -> None:
    """Keep a fingerprint of every routine that is declared or generated, for ``check``."""
    declared = {
        file.object_name: file.path
        for file in files.repeatables(top)
        if file.kind in ("routine", "trigger")
    }
    queries.execute(connection, "clear_routines")
    for name, identity_args, fingerprint, _ in connection.execute(
        queries.load("routines")
    ).fetchall():
        if name in declared:
            queries.execute(
                connection,
                "record_routine",
                routine_name=name,
                identity_args=identity_args,
                fingerprint=fingerprint,
                path=declared[name],
            )
    if not all(name in declared for name in GENERATORS):
        return
    for row in queries.rows(connection, "generated_routines").records:
        if row["fingerprint"] is not None:
            queries.execute(
                connection,
                "record_routine",
                routine_name=row["routine_name"],
                identity_args=row["identity_args"],
                fingerprint=row["fingerprint"],
                path=row["path"],
            )


# -- trying an adapter -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Remark:
    """What the server said of one statement of an adapter.

    Attributes:
        severity: ``error``, the adapter cannot be deployed so, or ``problem``, a warning.
        place: file and line.
        message: what is wrong.
        hint: what to do about it, if anything.
    """

    severity: str
    place: str
    message: str
    hint: str | None


def try_adapter(
    connection: Connection,
    host: str,
    measure: Callable[[list[Remark]], Result],
    key_type: str | None = None,
    *,
    top: Path | None = None,
    report: Report = lambda line: None,
) -> Result:
    """Apply an adapter, let *measure* look at what it made, and take everything back.

    A database without the package gets it for as long as the trial lasts. No trigger is put on a
    table of the host, and the views in use are not replaced but set aside: a trial keeps neither
    the host from writing nor the triggers from scoring. What waits is another deployment, or a
    change of rules or parameters.

    Args:
        connection: an autocommit connection, of a role that could deploy the adapter.
        host: name of a bundled adapter, or path of one.
        measure: takes what the server said of the statements; its result is returned.
        key_type: as for :func:`deploy`.
        top: folder of the SQL folders; default: this package's.
        report: takes progress lines.

    Raises:
        EngagementError: there is no such adapter, the package in the database is not this
            version, or a statement other than a call failed.
    """
    top = top or files.root()
    remarks: list[Remark] = []

    def run_host(connection: Connection, file: SqlFile) -> None:
        remarks.extend(_run_on(connection, file))
        if not any(remark.severity == "error" for remark in remarks):
            _check_host(connection, file)
            queries.execute(connection, "detach_leftovers")

    def work() -> Result:
        remarks.clear()
        plan = make_trial_plan(read_state(connection), top, host, key_type)
        _set_locally(connection, "engagement.is_trial", "Y")
        if not plan.is_first:
            queries.execute(connection, "set_host_aside")
        _take_steps(connection, plan, lambda line: None, author_path, run_host)
        return measure(remarks)

    adapter = files.host_adapter(host, top)
    with (
        deploy_lock(connection, report) as author_path,
        rights_explained(connection, adapter, author_path=author_path, renames=True),
    ):
        return unobtrusively(connection, work, report, is_trial=True)


def _run_on(connection: Connection, file: SqlFile) -> list[Remark]:
    """Run an adapter past calls that fail, so that all of them are heard, and return the remarks.

    Raises:
        SqlFileError: another statement failed, or a lock was not to be had.
    """
    remarks: list[Remark] = []
    warnings: list[tuple[str, str | None]] = []

    def hear(diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.severity_nonlocalized == "WARNING":
            parts = filter(None, (diagnostic.message_primary, diagnostic.message_detail))
            warnings.append((": ".join(parts), diagnostic.message_hint))

    connection.add_notice_handler(hear)
    try:
        for statement in file.statements():
            place = f"{Path(file.path).name}:{statement.line}"
            try:
                with connection.transaction():
                    objects.run_statement(connection, file, statement)
            except SqlFileError as error:
                cause = error.__cause__
                if (
                    not isinstance(cause, psycopg.Error)
                    or not _CALL.match(statement.text)
                    or cause.sqlstate in _RETRY
                ):
                    raise
                # Of a source that could not be registered the errors that follow are no news.
                if remarks and cause.sqlstate == _UNKNOWN_SOURCE:
                    continue
                remarks.append(_remark(place, cause))
            remarks += [Remark("problem", place, *warning) for warning in warnings]
            warnings.clear()
    finally:
        connection.remove_notice_handler(hear)
    return remarks


def _remark(place: str, error: psycopg.Error) -> Remark:
    diag = error.diag
    parts = filter(None, (diag.message_primary, diag.message_detail))
    return Remark("error", place, f"{error.sqlstate}: {': '.join(parts)}", diag.message_hint)
