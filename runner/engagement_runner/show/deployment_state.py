"""The state of a deployment and of its engine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from engagement_runner.show.output import Format, console, csv_text, json_text
from engagement_runner.show.values import count, instant, literal

if TYPE_CHECKING:
    from engagement_runner.deploy.catalog import Status

STATUS_CSV = ("section", "item", "value")
"""Columns of ``status --format csv``; a list has a line for each of its entries."""


def status(found: Status, output: Format) -> None:
    """Print the state of a deployment and of its engine."""
    content = {
        "states": found.states,
        "exit_code": found.exit_code,
        "key_type": found.key_type,
        "applied": found.applied,
        "pending": found.pending,
        "drift": found.drift,
        "notes": found.notes,
        **found.activity,
    }
    if output == "json":
        json_text(json.dumps(content, default=str))
        return
    if output == "csv":
        csv_text(STATUS_CSV, _status_records(content))
        return
    applied = f"{found.applied} files" + (f", key type {found.key_type}" if found.key_type else "")
    _state("applied", applied)
    _state("pending", f"{len(found.pending):,}", "yellow" if found.pending else "")
    _lines(found.summary)
    _state_list("drift", found.drift, "red")
    for state, style in (("failed", "red"), ("stale", "yellow")):
        if found.activity.get(state):
            _state_list(state, found.activity[state], style)
    if found.notes:
        _state_list("notes", found.notes, "yellow")
    if found.activity:
        _engine(found.activity)


def _status_records(content: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for section, value in content.items():
        if isinstance(value, dict):
            for item, part in value.items():
                yield {"section": section, "item": item, "value": part}
        elif section == "missing_views":
            for row in value:
                yield {"section": section, "item": row["source"], "value": row["view_name"]}
        elif section == "attached":
            for row in value:
                yield {"section": section, "item": row["table_name"], "value": row["source"]}
        elif isinstance(value, list):
            for number_, entry in enumerate(value, 1):
                yield {"section": section, "item": number_, "value": entry}
        else:
            yield {"section": section, "item": None, "value": value}


def _state(label: str, text: str, style: str = "") -> None:
    line = Text.assemble((f"{label:<10}", "dim"), (literal(text), style))
    console().print(line, soft_wrap=True)


def _state_list(label: str, lines: Sequence[str], style: str) -> None:
    _state(label, f"{len(lines):,}", style if lines else "")
    _lines(lines)


def _lines(lines: Iterable[str]) -> None:
    for line in lines:
        console().print(Text(f"  {literal(line)}"), soft_wrap=True)


def _engine(engine: Mapping[str, Any]) -> None:
    run = engine["last_run"]
    if run is None:
        _state("last run", "none yet", "yellow")
    else:
        is_running = run["run_status"] == "RUNNING"
        _state(
            "last run",
            f"{run['run_id']} {run['run_mode']} {run['run_status']}, as of {instant(run['as_of'])}",
            "yellow" if is_running else "green",
        )
        finished = instant(run["finished_at"])
        ended = f"finished {finished}" if finished else f"in phase {run['phase']}"
        _state("", f"started {instant(run['started_at'])}, {ended}")
    _state(
        "queue",
        f"{engine['queued_statements']:,} statements, {engine['queued_keys']:,} keys, "
        f"{engine['queued_sources']:,} whole sources",
    )
    if engine["queued_statements"]:
        _state("", f"the oldest since {instant(engine['queued_since'])}")
    followers = engine["followers"]
    who = f"by {count(followers, 'session')}" if followers else "by nobody: the next run takes it"
    _state("followed", who)
    if engine.get("waiting_rechecks"):
        _state("", f"sources to compare once more: {engine['waiting_rechecks']:,}")
    _state(
        "taken",
        f"{engine['unfinished_sources']:,} sources, {engine['unfinished_keys']:,} keys, "
        f"{engine['unfinished_customers']:,} customers of an unfinished run",
    )
    failures = engine["open_failures"]
    _state("failures", f"{failures:,} open", "red" if failures else "")
    if engine.get("waiting_events"):
        _state("events", f"{engine['waiting_events']:,} wait for a consumer")
    _state_list(
        "triggers",
        [
            f"{row['table_name']} for {row['source']}, "
            f"{row['key_expression']} = {row['activity_column']}"
            for row in engine["attached"]
        ],
        "",
    )
