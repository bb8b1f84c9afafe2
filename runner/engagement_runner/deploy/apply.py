"""Apply the steps of a plan, within the transaction of the deployment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from engagement_runner import files, queries
from engagement_runner.connection import PINNED_PATH, Connection, as_caller
from engagement_runner.deploy import objects
from engagement_runner.deploy.lock import Report, set_locally
from engagement_runner.deploy.objects import SqlFileError
from engagement_runner.deploy.plan import Plan
from engagement_runner.errors import describe
from engagement_runner.files import SqlFile

#: The routines that write routines: of the totals, of each source and of each attached table.
GENERATORS = ("generate_totals", "clone_templates", "generate_capture", "regenerate")

#: Citus' setting: whether what is created here is created on a cluster's nodes, too.
PROPAGATION = "citus.enable_ddl_propagation"
#: What is of no concern to a cluster's nodes, whatever they have of the package.
LOCAL_KINDS = {"host", "host schema", "sources"}
#: Kinds of files that attach triggers, and who is said to have made those.
MADE_BY = {"host": "ADAPTER", "sources": "PACKAGE"}


def take_steps(
    connection: Connection,
    plan: Plan,
    report: Report,
    author_path: str,
    run_host: Callable[[Connection, SqlFile, str], None],
    names_each: bool = False,
) -> list[SqlFile]:
    """Do the steps, an adapter's by *run_host*, and return the indexes to be built afterwards.

    *run_host* takes the author's path, and searches it for the adapter's own statements only.
    With *names_each* the report has a line for each file, also for those that come in a mass.
    """
    hosts_tablespace = queries.value(connection, "default_tablespace")
    set_locally(connection, "engagement.key_type", plan.key_type)
    set_locally(connection, "client_min_messages", "warning")
    set_locally(connection, "check_function_bodies", "off")
    postponed = []
    dropped: list[str] = []  # views that called a routine as it was
    for step, line in zip(plan.steps, plan.announcements, strict=True):
        if step.file.kind not in ("routine", "trigger"):
            dropped = _bring_back(connection, plan, dropped)
        if line or names_each:
            report(str(step) if names_each else line)
        file = step.file
        tablespace = {
            "index": plan.tablespaces.index,
            "host": hosts_tablespace,
            "host schema": hosts_tablespace,
        }.get(file.kind, plan.tablespaces.data)
        set_locally(connection, "default_tablespace", tablespace)
        set_locally(connection, "engagement.made_by", MADE_BY.get(file.kind, ""))
        if plan.on_citus:
            is_shared = plan.is_distributed and file.kind not in LOCAL_KINDS
            set_locally(connection, PROPAGATION, "on" if is_shared else "off")
            # Citus warns of whatever stays on the coordinator.
            set_locally(connection, "client_min_messages", "error" if is_shared else "warning")
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
            dropped += objects.apply_routine(connection, file)
        elif file.kind == "view":
            objects.apply_view(connection, file)
        elif file.kind == "host":
            run_host(connection, file, author_path)
        elif file.kind == "roles":
            # The package's owner need not be one who makes roles.
            with as_caller(connection):
                objects.run(connection, file)
        else:
            objects.run(connection, file)
        if file.kind == "migration":
            set_locally(connection, "default_tablespace", plan.tablespaces.index)
            queries.execute(connection, "move_indexes")
        if file.kind != "host schema":  # the host's own from now on
            objects.record(connection, file)
    _bring_back(connection, plan, dropped)
    return postponed


def _bring_back(connection: Connection, plan: Plan, names: list[str]) -> list[str]:
    """Make the package's views of these names again, and return the names that are left: none."""
    for name in names:
        if name in plan.views:  # else a step of the plan drops it
            objects.apply_view(connection, plan.views[name])
    return []


def apply_overlays(
    connection: Connection,
    plan: Plan,
    top: Path,
    report: Report,
    author_path: str,
    names_each: bool = False,
) -> None:
    """Apply the overlays of a plan to a database that has just become one of a cluster."""
    take_steps(connection, plan.of_overlays, report, author_path, run_host, names_each)
    regenerate(connection)
    record_routines(connection, top, is_distributed=True)


@contextmanager
def authors(connection: Connection, author_path: str) -> Iterator[None]:
    """Search the path of an adapter's author, which its statements may rely on.

    Nothing of the package runs so: others may have put objects of their own into that path.
    """
    set_locally(connection, "search_path", author_path)
    yield
    set_locally(connection, "search_path", PINNED_PATH)


def run_host(connection: Connection, file: SqlFile, author_path: str) -> None:
    """Run an adapter, refuse it if it lacks a required view, and take away what it left out."""
    with authors(connection, author_path):
        objects.run(connection, file)
    settle_host(connection, file)


def settle_host(connection: Connection, file: SqlFile) -> None:
    """Refuse an adapter that lacks a required view, and take away what it left out."""
    check_host(connection, file)
    queries.call(connection, "detach_leftovers")
    queries.call(connection, "forget_outcomes")


def check_host(connection: Connection, file: SqlFile) -> None:
    """Refuse an adapter that lacks a required view."""
    try:
        queries.call_value(connection, "check_required_views")
    except psycopg.Error as error:
        raise SqlFileError(describe(error, file.path), error.sqlstate) from error


def regenerate(connection: Connection) -> None:
    """Generate anew what registration generated, by adapter or by hand, with an older generator."""
    if all(objects.signatures(connection, name) for name in GENERATORS):
        queries.call_value(connection, "regenerate")


def record_routines(connection: Connection, top: Path, is_distributed: bool) -> None:
    """Keep a fingerprint of every routine that is declared or generated, for ``check``."""
    declared = {
        file.object_name: file.path
        for file in files.repeatables(top, is_distributed)
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


def unregistered_sources(connection: Connection) -> list[tuple[str, str, str]]:
    """Return the sources that the adapter just applied left out, each with a message and a hint."""
    return list(connection.execute(queries.load("unregistered_sources")))
