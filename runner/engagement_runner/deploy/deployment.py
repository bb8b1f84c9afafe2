"""Deploy: compare the files with what is applied, then apply what differs, in one transaction.

A deployment reads as ``read_state`` → ``make_plan`` → ``_apply``. Whatever it does to the database
it does while it holds the deploy lock.
"""

from __future__ import annotations

from pathlib import Path

import psycopg

from engagement_runner import __version__, files, queries
from engagement_runner.connection import Connection, pinned
from engagement_runner.deploy import objects
from engagement_runner.deploy.apply import (
    PROPAGATION,
    apply_overlays,
    record_routines,
    regenerate,
    run_host,
    take_steps,
    unregistered_sources,
)
from engagement_runner.deploy.lock import Report, deploy_lock, retry_on_locks, set_locally
from engagement_runner.deploy.objects import SqlFileError
from engagement_runner.deploy.plan import DISTRIBUTION, Plan, make_plan
from engagement_runner.deploy.rights import rights_explained
from engagement_runner.deploy.state import Tablespaces, read_state
from engagement_runner.errors import describe
from engagement_runner.files import SqlFile


def deploy(
    connection: Connection,
    host: str | None = None,
    key_type: str | None = None,
    *,
    roles: bool = False,
    tablespaces: Tablespaces | None = None,
    distribute: bool = False,
    shards: int | None = None,
    allow_older: bool = False,
    top: Path | None = None,
    wait: bool = True,
    names_each: bool = False,
    report: Report = lambda line: None,
) -> Plan:
    """Bring a database to the state of the package's files, and return what was done.

    Args:
        connection: an autocommit connection. Its role needs CREATE on the database, and SELECT
            and TRIGGER on the host's tables.
        host: name of a bundled host adapter, or path of one; None: those already applied.
        key_type: bigint, uuid or text; None: as for make_plan.
        roles: create the package's roles and grant them their rights, now and from now on.
        tablespaces: where to make tables and indexes; None: where they are already.
        distribute: spread ledger and scores over the nodes of a Citus cluster.
        shards: into how many shards; None: engagement.distribute's own default.
        allow_older: go back to these files from those of a newer release.
        top: folder of the SQL folders; default: this package's.
        wait: wait for another deployment that is running.
        names_each: report a line about each file, also about those that come in a mass.
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
            return plan, _apply(connection, plan, top, report, author_path, names_each)

        adapter = files.host_adapter(host, top) if host else None
        with rights_explained(
            connection, adapter, tablespaces, author_path=author_path, roles=roles
        ):
            plan, postponed = retry_on_locks(connection, work, report)
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
            queries.value(connection, "set_for_session", name=PROPAGATION, value="on")
        for file in postponed:
            report(f"build {file.object_name} concurrently: its table has rows")
            objects.build_index_concurrently(connection, file, plan.tablespaces)
        if plan.distribute:
            # After the deployment: Citus sees tables that are committed only.
            retry_on_locks(
                connection,
                lambda: _distribute(connection, plan, shards, top, report, author_path, names_each),
                report,
            )
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
        queries.execute(connection, "read_only")
        state = read_state(connection)
        top = top or files.root()
        return make_plan(state, top, host, key_type, roles, tablespaces, distribute, allow_older)


def _apply(
    connection: Connection,
    plan: Plan,
    top: Path,
    report: Report,
    author_path: str,
    names_each: bool,
) -> list[SqlFile]:
    """Do the steps and what follows from them, and return the indexes to be built afterwards."""
    if plan.is_distributed:
        # One connection to each node, because routines and tables change together.
        set_locally(connection, "citus.multi_shard_modify_mode", "sequential")
    postponed = take_steps(connection, plan, report, author_path, run_host, names_each)
    if any(step.file.kind == "host" and step.action == "apply" for step in plan.steps):
        plan.warnings.extend(
            f"{message} (hint: {hint})" for _, message, hint in unregistered_sources(connection)
        )
    changes = [step for step in plan.steps if step.action != "move"]
    if any(step.file.kind in ("routine", "trigger", "view") for step in changes):
        regenerate(connection)
    if changes:
        record_routines(connection, top, plan.is_distributed)
    if plan.release and not plan.is_empty:
        queries.execute(connection, "record_deployment", release=plan.release, version=__version__)
    return postponed


def _distribute(
    connection: Connection,
    plan: Plan,
    shards: int | None,
    top: Path,
    report: Report,
    author_path: str,
    names_each: bool,
) -> None:
    """Spread ledger and scores over the cluster and apply the overlays, in one transaction.

    Raises:
        SqlFileError: the database refuses; nothing is changed then.
    """
    report(DISTRIBUTION)
    set_locally(connection, "client_min_messages", "warning")
    set_locally(connection, "engagement.overlays_follow", "Y")
    try:
        queries.call(connection, "distribute", shard_count=shards)
    except psycopg.Error as error:
        raise SqlFileError(describe(error), error.sqlstate) from error
    apply_overlays(connection, plan, top, report, author_path, names_each)
