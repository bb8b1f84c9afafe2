"""Look at what is deployed: its state (status), and the catalogue in detail (check)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engagement_runner import files, queries
from engagement_runner.connection import Connection
from engagement_runner.deploy.plan import make_plan
from engagement_runner.deploy.state import read_deployed_state, read_state
from engagement_runner.errors import (
    EXIT_DRIFT,
    EXIT_FAILED,
    EXIT_PENDING,
    EXIT_STALE,
    EngagementError,
)

#: Seconds.
DAY = 86400

#: Exit code of each state of a deployment, the worst first.
STATES = {
    "failed": EXIT_FAILED,
    "drift": EXIT_DRIFT,
    "stale": EXIT_STALE,
    "pending": EXIT_PENDING,
}

#: The migration that made the table of events.
EVENTS = "migrations/0009_caps_fading_events.sql"
#: The migration that made the table of sources to compare once more.
RECHECKS = "migrations/0023_attachments_by_key.sql"
#: The routine that looks at the views of outcomes.
OUTCOMES = "procedures/backtest/outcome_problems.sql"

#: Routines that the engine rewrites while it runs: they must exist, their text may differ.
REWRITTEN = {"parameter"}


@dataclass(frozen=True)
class Status:
    """What is applied, pending and drifted, and what the engine is doing.

    Attributes:
        key_type: type of the host's keys; None where nothing is deployed.
        applied: number of files applied.
        pending: what the next deployment would do, one line each.
        summary: the same; files that come in a mass are counted by folder.
        notes: what is worth knowing about it.
        drift: where the database differs from what was deployed, one line each.
        activity: last_run, queued_statements, queued_keys, open_failures, attached, failed, stale
            and more (queries/status_activity.sql); empty where nothing is deployed.
    """

    key_type: str | None
    applied: int
    pending: list[str] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    drift: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    activity: dict[str, Any] = field(default_factory=dict)

    @property
    def states(self) -> list[str]:
        """What is the matter, the worst first: failed, drift, stale, pending; nothing: current."""
        found = {
            "failed": self.activity.get("failed"),
            "drift": self.drift,
            "stale": self.activity.get("stale"),
            "pending": self.pending,
        }
        return [state for state, lines in found.items() if lines]

    @property
    def exit_code(self) -> int:
        """That of the worst of the states, 0 where there is none."""
        return STATES[self.states[0]] if self.states else 0


def status(
    connection: Connection,
    top: Path | None = None,
    max_age: int = 8 * DAY,
    max_queue_age: int = 8 * DAY,
) -> Status:
    """Compare the database with the package's files and see what the engine is doing.

    Its instants are in the organisation's time zone, as those of the session are from now on.

    Args:
        connection: any connection.
        top: folder of the SQL folders; None: the package's own.
        max_age: seconds after which the last complete run is stale.
        max_queue_age: seconds after which what waits in the queue is stale.
    """
    state = read_state(connection)
    pending: list[str] = []
    summary: list[str] = []
    drift: list[str] = []
    notes: list[str] = []
    try:
        plan = make_plan(state, top or files.root())
        pending += [str(step) for step in plan.steps]
        summary += [line for line in plan.announcements if line]
        notes += plan.warnings
    except EngagementError as error:
        drift.append(str(error))
    activity: dict[str, Any] = {}
    if state.files:
        drift += _routine_findings(connection)
        queries.value(connection, "status_time_zone")
        activity = (
            queries.record(
                connection, "status_activity", max_age=max_age, max_queue_age=max_queue_age
            )
            or {}
        )
        if EVENTS in state.files:
            activity |= queries.record(connection, "status_events") or {}
        if RECHECKS in state.files:
            activity |= queries.record(connection, "status_rechecks") or {}
        if activity.get("is_switched_off"):
            notes.append("scoring is switched off: engagement params set "
                         "CALCULATE_ENGAGEMENT_SCORE_POINTS Y")  # fmt: skip
        if not activity.get("attached"):
            notes.append("no host is attached: engagement deploy --host NAME|FILE.sql")
    if state.is_distributed:
        drift += _cluster_findings(connection)
        nodes = connection.execute(queries.load("nodes")).fetchall()
        shards = ", ".join(f"{count} on {node}" for node, _, count in nodes)
        notes.append(f"ledger and scores are spread over a cluster: {shards}")
    return Status(state.key_type, len(state.files), pending, summary, drift, notes, activity)


def check(connection: Connection) -> list[str]:
    """Return what is wrong in the catalogue, one line each; nothing: all is as deployed.

    Raises:
        EngagementError: the package is not deployed.
    """
    state = read_deployed_state(connection)
    findings = _routine_findings(connection)
    findings += _generated_findings(connection)
    findings += [
        f"index engagement.{name} is invalid" for name, ok in state.indexes.items() if not ok
    ]
    findings += [
        f"index engagement.{files.SqlFile(path, kind, '').object_name} is missing"
        for path, (kind, _) in state.files.items()
        if kind == "index" and files.SqlFile(path, kind, "").object_name not in state.indexes
    ]
    problems = queries.call_rows(connection, "host_problems").records
    findings += [f"{row['problem']} (hint: {row['hint']})" for row in problems]
    named = {
        row["source"] or row["object_name"].removeprefix("engagement_host.")
        for row in problems
        if row["problem_type"] in ("SOURCE", "VIEW")
    }
    findings += [
        f"the last run could not read source {source}{reason} (hint: Repair what its view calls or "
        "correct the adapter and deploy it: engagement deploy --host FILE.sql. Then: engagement "
        "recalculate)"
        for source, reason in connection.execute(queries.load("unread_sources"))
        if source not in named
    ]
    if OUTCOMES in state.files:
        problems = queries.call_rows(connection, "outcome_problems").records
        findings += [f"{row['problem']} (hint: {row['hint']})" for row in problems]
    findings += [
        f"table {table} is read by source {source} and has no triggers for it"
        for source, table in connection.execute(queries.load("unattached_tables"))
    ]
    findings += [
        f"routine {signature} is executable by PUBLIC"
        for (signature,) in connection.execute(queries.load("public_routines"))
    ]
    if state.is_distributed:
        findings += _cluster_findings(connection)
    return findings


def _cluster_findings(connection: Connection) -> list[str]:
    """Nodes that do not answer, tables that are not where they should be."""
    findings = [
        f"node {node} does not answer ({count} shards of the ledger)"
        for node, is_reachable, count in connection.execute(queries.load("nodes"))
        if not is_reachable
    ]
    findings += [
        f"table engagement.{table} is not distributed"
        for (table,) in connection.execute(queries.load("not_distributed"))
    ]
    return findings


def _routine_findings(connection: Connection) -> list[str]:
    """Compare the routines with those that the deployer left."""
    found = {
        (name, arguments): fingerprint
        for name, arguments, fingerprint, _ in connection.execute(queries.load("routines"))
    }
    deployed = {
        (name, arguments): fingerprint
        for name, arguments, fingerprint, _ in connection.execute(queries.load("deployed_routines"))
    }
    findings = []
    for name, arguments in sorted(deployed.keys() | found.keys()):
        routine = f"routine engagement.{name}({arguments})"
        if (name, arguments) not in found:
            findings.append(f"{routine} is missing")
        elif name in REWRITTEN:
            continue
        elif (name, arguments) not in deployed:
            findings.append(f"{routine} is declared by no file")
        elif found[name, arguments] != deployed[name, arguments]:
            findings.append(f"{routine} was changed since it was deployed")
    names = {name for name, _ in found}
    findings += [f"routine engagement.{name} is missing" for name in sorted(REWRITTEN - names)]
    if "parameter" in names:
        findings += [
            f"parameter {name} is {written} in engagement.app_parameter, but {in_force} is in "
            f"force: engagement params set {name} {in_force} (or {written})"
            for name, written, in_force in connection.execute(queries.load("parameters_past"))
        ]
    return findings


def _generated_findings(connection: Connection) -> list[str]:
    """Compare the routines of sources and attachments with what registration generates."""
    rows = queries.rows(connection, "generated_routines").records
    findings = []
    for row in rows:
        routine = f"generated routine engagement.{row['routine_name']}"
        if row["fingerprint"] is None:
            findings.append(f"{routine} is missing ({row['owner']})")
            continue
        if not row["is_definer"]:
            findings.append(f"{routine} is not security definer ({row['owner']})")
        if not row["is_pinned"]:
            findings.append(f"{routine} has no pinned search_path ({row['owner']})")
        if row["deployed_fingerprint"] not in (None, row["fingerprint"]):
            findings.append(f"{routine} was changed since it was deployed ({row['owner']})")
    return findings
