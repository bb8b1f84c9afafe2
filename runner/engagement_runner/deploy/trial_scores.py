"""Score everybody by an adapter on trial, as a FULL run after its deployment would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engagement_runner import files, queries, rulefile
from engagement_runner.connection import Connection
from engagement_runner.deploy.lock import Report
from engagement_runner.deploy.trial import Remark, try_adapter
from engagement_runner.queries import Rows

#: The rules of an association, which a host without rules of its own is tried with.
STARTER = "starter"

#: Phases in which a run takes its work off a table batch by batch, each with the query that does a
#: batch and the one that ends the phase. A batch of one transaction would read again what the
#: batches before it have taken off, so here all is taken off at the end.
TAKEN_OFF = {
    "ACTIVITIES": ("award_activities", "end_activities"),
    "TOTALS": ("sum_customers", "end_sums"),
}

Progress = Callable[[dict[str, Any] | None], None]
"""Takes the phase of the run, and how far it is: a record of the query ``run_progress``."""


@dataclass(frozen=True)
class TrialScores:
    """What an adapter and rules make of the host's data.

    Attributes:
        run: one row: rules (whose: a file, starter, or those of the database), as_of, award_count,
            customer_count, scored_count (not 0), failure_count, failed_sources, seconds.
        scores: a row per customer_type: customer_count, scored_count, least, median, ninth_decile,
            highest.
        highest: ten customers: customer_id, display_name, customer_type, score, own_score,
            employee_score, categories, reasons.
        rules: a row per rule: rule_code, description, category_code, award_count, customer_count,
            points (that count at as_of), remark (why it made nothing).
        failures: source, source_id, sqlstate_code, message of what could not be scored.
        remarks: warnings of the server about the adapter.
    """

    run: Rows
    scores: Rows
    highest: Rows
    rules: Rows
    failures: Rows
    remarks: list[Remark]

    @property
    def is_sound(self) -> bool:
        """Whether everything could be scored, without a warning."""
        return not (self.failures or self.remarks or self.run.records[0]["failed_sources"])


def score(
    connection: Connection,
    host: str,
    key_type: str | None = None,
    *,
    rules: str | None = None,
    as_of: str | None = None,
    report: Report = lambda line: None,
    progress: Progress = lambda run: None,
) -> TrialScores:
    """Try an adapter and score everybody, in a transaction that is rolled back.

    Args:
        connection: an autocommit connection, of a role that could deploy the adapter.
        host: name of a bundled adapter, or path of one.
        key_type: bigint, uuid or text; None: as for make_plan.
        rules: starter, or path of a file of rules, which take the place of those of the database;
            None: those of the database, and the starter rules where it has none.
        as_of: text of the instant to score for; None: now.
        report: takes progress lines.
        progress: takes the progress of the run.

    Raises:
        EngagementError: the file of rules cannot be read; or as
            :func:`engagement_runner.deploy.trial.try_adapter` does.
        psycopg.Error: a rule or the instant is refused.
    """
    # A slip is told before everything is read.
    queries.value(connection, "instant_of", instant=as_of)
    top = files.root()
    wanted = rulefile.load(files.rule_file(rules, top)) if rules else None
    seeded = files.seeded_names("score_rule", top)

    def measure(remarks: list[Remark]) -> TrialScores:
        queries.value(connection, "use_time_zone")
        whose, applied = rules or "those of the database", wanted
        if applied is None and not queries.value(connection, "has_own_rules", seeded=seeded):
            whose, applied = STARTER, rulefile.load(files.rule_file(STARTER, top))
        if applied is not None:
            queries.execute(connection, "drop_own_rules", seeded=seeded)
            queries.call_rows(connection, "apply_rules", rules=applied)
        report("scoring everybody")
        run_id = queries.value(connection, "begin_full_run", as_of=as_of)
        _take_steps(connection, run_id, progress)
        run = queries.rows(connection, "trial_run", run_id=run_id, rules=whose)
        return TrialScores(
            run,
            queries.rows(connection, "trial_scores"),
            queries.rows(connection, "trial_highest", as_of=run.records[0]["as_of"]),
            queries.rows(connection, "trial_rules", seeded=seeded),
            queries.rows(connection, "trial_failures"),
            list(remarks),
        )

    return try_adapter(connection, host, measure, key_type, scores=True, report=report)


def _take_steps(connection: Connection, run_id: int, progress: Progress) -> None:
    """Do the steps of a run, which recalculate commits one by one, in one transaction."""
    backend_pid = connection.info.backend_pid
    while queries.call_value(connection, "run_step", run_id=run_id):
        run = queries.record(connection, "run_progress", backend_pid=backend_pid)
        progress(run)
        if run and run["phase"] in TAKEN_OFF:
            next_batch, end = TAKEN_OFF[run["phase"]]
            done = 0
            while count := queries.value(connection, next_batch, run_id=run_id, done=done):
                done += int(count)
                progress({**run, "done_count": done})
            queries.execute(connection, end)
