"""Try an adapter on the host's own data, and take everything back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from engagement_runner import files, queries
from engagement_runner.connection import Connection
from engagement_runner.deploy import objects
from engagement_runner.deploy.apply import authors, settle_host, take_steps
from engagement_runner.deploy.lock import (
    LOCKED,
    Report,
    Result,
    deploy_lock,
    retry_on_locks,
    set_locally,
)
from engagement_runner.deploy.objects import SqlFileError
from engagement_runner.deploy.plan import make_trial_plan
from engagement_runner.deploy.rights import rights_explained
from engagement_runner.deploy.state import read_state
from engagement_runner.errors import EngagementError
from engagement_runner.files import SqlFile

_CALL = re.compile(r"call\b", re.I)
_UNKNOWN_SOURCE = "EG006"


class AdapterError(EngagementError):
    """An adapter that cannot be deployed.

    Attributes:
        remarks: what the server said of its statements.
    """

    def __init__(self, remarks: list[Remark]) -> None:
        super().__init__("the adapter cannot be deployed")
        self.remarks = remarks


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
    scores: bool = False,
    top: Path | None = None,
    report: Report = lambda line: None,
) -> Result:
    """Apply an adapter, let *measure* look at what it made, and take everything back.

    A database without the package has it for as long as the trial lasts. The trial puts no trigger
    on a table of the host, and sets the views in use aside instead of replacing them. So the host
    can write and the triggers can score meanwhile. Other deployments, and changes of rules or
    parameters, wait.

    If *measure* scores, the trial has a package of its own even where one is deployed, with the
    setup and the inputs of that one. So it needs no row and no lock of the ledger in use.

    Args:
        connection: an autocommit connection, of a role that could deploy the adapter.
        host: name of a bundled adapter, or path of one.
        measure: takes what the server said of the statements; its result is returned.
        key_type: as for :func:`deploy`.
        scores: whether *measure* makes awards and scores.
        top: folder of the SQL folders; default: this package's.
        report: takes progress lines.

    Raises:
        EngagementError: there is no such adapter, the package in the database is not this
            version, or a statement other than a call failed.
        AdapterError: a call failed, and *measure* was to score.
    """
    top = top or files.root()
    remarks: list[Remark] = []

    def run_host(connection: Connection, file: SqlFile, author_path: str) -> None:
        if scores:
            queries.execute(connection, "take_own_locks")
            if queries.value(connection, "is_package_aside"):
                queries.execute(connection, "take_over_setup")
        with authors(connection, author_path):
            remarks.extend(_run_on(connection, file))
        if not any(remark.severity == "error" for remark in remarks):
            settle_host(connection, file)
        elif scores:
            raise AdapterError(remarks)

    def work() -> Result:
        remarks.clear()
        state = read_state(connection)
        plan = make_trial_plan(state, top, host, key_type, scores=scores)
        set_locally(connection, "engagement.is_trial", "Y")
        if state.files:
            queries.execute(connection, "set_package_aside" if scores else "set_host_aside")
        take_steps(connection, plan, lambda line: None, author_path, run_host)
        return measure(remarks)

    adapter = files.host_adapter(host, top)
    with (
        deploy_lock(connection, report) as author_path,
        rights_explained(connection, adapter, author_path=author_path, renames=True),
    ):
        return retry_on_locks(connection, work, report, is_trial=True)


def _run_on(connection: Connection, file: SqlFile) -> list[Remark]:
    """Run an adapter, go on after calls that fail, and return a remark about each.

    Raises:
        SqlFileError: another statement failed, or a lock could not be had.
    """
    remarks: list[Remark] = []
    warnings: list[tuple[str, str | None]] = []

    def note_warning(diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.severity_nonlocalized == "WARNING":
            parts = filter(None, (diagnostic.message_primary, diagnostic.message_detail))
            warnings.append((": ".join(parts), diagnostic.message_hint))

    connection.add_notice_handler(note_warning)
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
                    or cause.sqlstate in LOCKED
                ):
                    raise
                # If a source could not be registered, later calls for it fail as well: no news.
                if remarks and cause.sqlstate == _UNKNOWN_SOURCE:
                    continue
                remarks.append(_remark(place, cause))
            remarks += [Remark("problem", place, *warning) for warning in warnings]
            warnings.clear()
    finally:
        connection.remove_notice_handler(note_warning)
    return remarks


def _remark(place: str, error: psycopg.Error) -> Remark:
    diag = error.diag
    parts = filter(None, (diag.message_primary, diag.message_detail))
    return Remark("error", place, f"{error.sqlstate}: {': '.join(parts)}", diag.message_hint)
