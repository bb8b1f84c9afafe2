"""Try a host adapter on the host's own data, and take everything back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from engagement_runner import files, queries
from engagement_runner.connection import Connection
from engagement_runner.deploy.apply import unregistered_sources
from engagement_runner.deploy.lock import Report
from engagement_runner.deploy.state_values import state_findings
from engagement_runner.deploy.trial import Remark, try_adapter
from engagement_runner.draft.text import MARK
from engagement_runner.errors import describe
from engagement_runner.files import SqlFile
from engagement_runner.queries import Rows, loads

#: Views that every host has besides its sources, each with a query that profiles it.
HOST_VIEWS = ("customer", "employment", "subject")
#: A host may do without it; a run reads all of it, so it has neither triggers nor look-ups.
OPTIONAL_VIEW = "merged_customer"

#: Queries whose rows are findings about a view, in the order in which they are told.
FURTHER_FINDINGS = ("session_columns", "attachment_reach", "unindexed_tables")

#: How bad a finding is: it cannot be deployed so; it costs points or time; it may be meant.
SEVERITIES = ("error", "problem", "hint")

#: What a finding consists of.
FINDING = ("severity", "place", "finding", "row_count", "example", "hint")

#: A view names what it reads for good; what its functions name is looked up when they are called.
_UNKNOWN_NAME = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.UndefinedObject,
)


@dataclass(frozen=True)
class AdapterReport:
    """What a trial has found out about an adapter.

    Attributes:
        views: a row per view: view, holds, row_count, customer_count, subject_count, first_at,
            last_at, sample (some of its rows).
        findings: severity (error, problem or hint), place (a view, or file and line), finding,
            row_count, example, hint.
        look_ups: view, column_name, key_count, row_count, ms_per_key, ms_per_1000_keys (None of
            fewer than 50 keys).
    """

    views: Rows
    findings: Rows
    look_ups: Rows

    def has(self, severity: str) -> bool:
        """Whether there is a finding of that severity."""
        return any(finding["severity"] == severity for finding in self.findings.records)


def check(
    connection: Connection,
    host: str,
    key_type: str | None = None,
    *,
    key_count: int = 1000,
    sample_count: int = 3,
    report: Report = lambda line: None,
) -> AdapterReport:
    """Try an adapter and measure its views, in a transaction that is rolled back.

    Args:
        connection: an autocommit connection, of a role that could deploy the adapter.
        host: name of a bundled adapter, or path of one.
        key_type: bigint, uuid or text; None: as for make_plan.
        key_count: how many keys of a view to look up, at most.
        sample_count: how many rows of a view to return.
        report: takes progress lines.

    Raises:
        EngagementError: as :func:`engagement_runner.deploy.trial.try_adapter` does.
    """

    adapter = files.host_adapter(host, files.root())

    def measure(remarks: list[Remark]) -> AdapterReport:
        queries.value(connection, "use_time_zone")
        sources = [source for (source,) in connection.execute(queries.load("registered_sources"))]
        failed = any(remark.severity == "error" for remark in remarks)
        findings = [
            _finding(
                severity=remark.severity, place=remark.place, finding=remark.message,
                hint=remark.hint,
            )
            for remark in remarks
        ]  # fmt: skip
        findings += _undecided(adapter)
        findings += _unattached(connection, sources)
        if not failed:  # else it is not known which sources it means to register
            findings += _unregistered(connection)
        views, look_ups = Rows([], []), Rows([], [])
        names = [*sources, *(HOST_VIEWS if sources or not failed else ())]
        if queries.value(connection, "has_merged_customer"):
            names.append(OPTIONAL_VIEW)
        for name in names:
            report(f"measuring {name}")
            if name != OPTIONAL_VIEW:
                asked = queries.rows(connection, "unsteady_calls", source=name).records
                findings += [_finding(place=name, **part) for part in asked]
            try:
                with connection.transaction():
                    is_source = name not in (*HOST_VIEWS, OPTIONAL_VIEW)
                    query = f"profile_{'source' if is_source else name}"
                    view, found = _profile(connection, name, sample_count, query)
                    for further in FURTHER_FINDINGS:
                        found += queries.rows(connection, further, source=name).records
                    timed = queries.rows(connection, "look_ups", source=name, key_count=key_count)
            except psycopg.Error as error:
                findings.append(_unread(connection, name, adapter, error))
                continue
            views += view
            look_ups += timed
            findings += [_finding(place=name, **part) for part in found]
        for (outcome,) in connection.execute(queries.load("registered_outcomes")).fetchall():
            report(f"measuring {outcome}")
            try:
                with connection.transaction():
                    view, found = _profile(connection, outcome, sample_count, "profile_outcome")
            except psycopg.Error as error:
                findings.append(_unread(connection, outcome, adapter, error))
                continue
            views += view
            findings += [_finding(place=outcome, **part) for part in found]
        findings += [_finding(**part) for part in state_findings(connection, names, adapter.text)]
        findings.sort(key=lambda finding: SEVERITIES.index(finding["severity"]))
        return AdapterReport(views, Rows([json.dumps(f) for f in findings], findings), look_ups)

    return try_adapter(connection, host, measure, key_type, report=report)


def _finding(**known: object) -> dict[str, Any]:
    return {key: known.get(key) for key in FINDING}


def _profile(
    connection: Connection, name: str, sample_count: int, query: str
) -> tuple[Rows, list[dict[str, Any]]]:
    """Return what a view is like, as one row, and what was found about it."""
    parameters = {"source": name, "sample_count": sample_count}
    row = connection.execute(queries.load(query), parameters).fetchone()
    assert row
    return Rows([row[0]], [loads(row[0])]), loads(row[1])


def _unread(
    connection: Connection, name: str, adapter: SqlFile, error: psycopg.Error
) -> dict[str, Any]:
    """Return the finding that a view cannot be read; if the keys have another type, name it."""
    view = queries.call_value(connection, "source_view", source=name)
    look = f"look at it: select pg_get_viewdef('{view}'::regclass, true);"
    hint = f"Guard the cast in the view, or leave such rows out of it; {look}"
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        missing = queries.value(
            connection, "missing_rights", adapter=adapter.text, tablespaces=[], author_path="",
            roles=False, renames=False,
        )  # fmt: skip
        hint = "The role that deploys needs USAGE on the host's schemas, and SELECT and TRIGGER on "
        hint += f"its tables: {missing};" if missing else f"its tables; {look}"
    elif isinstance(error, _UNKNOWN_NAME):
        hint = (
            "A function that the view calls names it without its schema. Views are read under "
            "search_path = pg_catalog, pg_temp: write the schema, or give the function a path "
            f"(alter function … set search_path = …); {look}"
        )
    elif isinstance(error, psycopg.errors.InvalidTextRepresentation):
        deployed = queries.value(connection, "key_type")
        host_key_type = queries.call_value(connection, "host_key_type", source=name)
        if host_key_type not in (None, deployed):
            hint = (
                f"If the host's keys are {host_key_type}: --key-type {host_key_type}, here and at "
                f"the first deployment, which fixes it. Otherwise {look}"
            )
        elif host_key_type is None and f"type {deployed}:" in str(error):
            hint = (  # no table could be attached that would say which type
                f"If the host's keys are not {deployed}: --key-type uuid or text, here and at the "
                f"first deployment, which fixes it. Otherwise: {hint}"
            )
    return _finding(
        severity="problem", place=name, finding=f"cannot be read: {describe(error)}", hint=hint
    )


def _undecided(adapter: SqlFile) -> list[dict[str, Any]]:
    """Return the finding that lines of a draft wait for a decision."""
    lines = [
        str(number)
        for number, line in enumerate(adapter.text.splitlines(), 1)
        if line.strip().startswith(MARK.strip())
    ]
    if not lines:
        return []
    shown = ", ".join(lines[:20]) + (", …" if len(lines) > 20 else "")
    return [
        _finding(
            severity="hint",
            place=f"{Path(adapter.path).name}:{lines[0]}",
            finding=f"DECIDE lines are left, in line {shown}",
            row_count=len(lines),
            hint="Decide, change the line below if need be, and delete the DECIDE line.",
        )
    ]


def _unattached(connection: Connection, sources: list[str]) -> list[dict[str, Any]]:
    return [
        _finding(
            severity="problem",
            place=source,
            finding=f"reads table {table} and has no triggers there",
            hint="Only FULL sees changes there: call engagement.attach_triggers("
            f"p_source => '{source}', p_table => '{table}', p_key_column => '…', "
            "p_activity_column => '…');",
        )
        for source, table in connection.execute(queries.load("unattached_tables"))
        if source in (*sources, *HOST_VIEWS)
    ]


def _unregistered(connection: Connection) -> list[dict[str, Any]]:
    return [
        _finding(severity="problem", place=source, finding=message, hint=hint)
        for source, message, hint in unregistered_sources(connection)
    ]
