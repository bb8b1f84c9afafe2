"""Hands of the state machine: read and write the reference host and the package's tables.

A table is the host's (schema crm) or one that people fill in the package, see `schema_of`.

Reading is plain `select` of whole tables; what the rows mean is for the oracle to say. Nothing is
computed here.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import dict_row, namedtuple_row
from psycopg.types.json import set_json_loads

from engagement_runner.files import root

from . import merges
from .oracle import UTC, Award, Band, Host, Key, Parameters, Reversals, Rule, Score, Totals

CRM_TABLES = (
    "customer",
    "product",
    "sales_order",
    "order_line",
    "invoice",
    "invoice_line",
    "committee",
    "committee_member",
    "employment",
)

OWN_TABLES = {
    "social_score": ("customer_id", "source_system", "social_type", "social_subtype"),
    "score_adjustment": ("adjusted_at",),
}
"""Activity sources of the package's own, by what orders their rows: their keys are random."""

SEEDED_TABLES = (
    "app_parameter",
    "category",
    "engagement_type",
    "activity_source",
    "attached_table",
    "segment_definition",
)
"""What a deployment fills; every other table of the package is emptied between examples."""

SEED_RULES = (root() / "sql/seed/score_rule.sql").read_bytes()
"""The rules of the package's own sources, which are emptied with the others."""

AWARD_COLUMNS = Award.__dataclass_fields__.keys()


class LedgerKey(NamedTuple):
    """What identifies one row of the ledger for ever."""

    customer_id: Key
    source: str
    source_id: Key
    rule_id: int
    recorded_at: dt.datetime


#: Of a category: its code, whether it counts in the total, its cap there, steps of inactivity.
Limits = tuple[str, bool, Decimal | None, list[list[int]] | None]


@dataclass(frozen=True)
class Run:
    """What the latest recalculation says about itself."""

    run_status: str
    as_of: dt.datetime
    award_count: int
    void_count: int
    score_count: int
    failure_count: int


class Driver:
    """One autocommit connection to a database with the package and the reference host."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.connection.execute("set timezone to 'UTC'")
        self._product_tables = [
            row[0]
            for row in self._rows(
                """
                select c.relname
                from pg_catalog.pg_class c
                where c.relnamespace = 'engagement'::regnamespace and c.relkind in ('r', 'p')
                  and not c.relname = any(%s)
                order by c.relname
                """,
                [list(SEEDED_TABLES)],
            )
        ]

    # --- plumbing ---

    def _rows(self, query: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, arguments).fetchall()

    def scalar(self, query: str, *arguments: Any) -> Any:
        """The only value of the only row."""
        ((value,),) = self._rows(query, arguments)
        return value

    def execute(self, query: str | sql.Composed, *arguments: Any) -> None:
        """One statement, of which nothing comes back."""
        self.connection.execute(query, arguments or None)

    def try_write(self, query: str | sql.Composed, *arguments: Any) -> bool:
        """One statement of the host; False where the host itself refuses it."""
        try:
            with self.connection.transaction():
                self.connection.execute(query, arguments or None)
        except (psycopg.errors.ForeignKeyViolation, psycopg.errors.CheckViolation) as refused:
            if refused.diag.schema_name not in (None, "crm"):
                raise
            return False
        return True

    # --- the host ---

    def insert(self, table: str, rows: Sequence[dict[str, Any]]) -> list[Key]:
        """Rows into one table by one statement; their keys."""
        query = sql.SQL("insert into {} ({}) values {} returning {}").format(
            _table(table), _columns(rows), _tuples(rows), sql.Identifier(key_of(table))
        )
        found = self.connection.execute(query, _values(rows, rows[0])).fetchall()
        return [row[0] for row in found]

    def copy(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        """Rows into one table by COPY."""
        query = sql.SQL("copy {} ({}) from stdin").format(_table(table), _columns(rows))
        with self.connection.cursor() as cursor, cursor.copy(query) as copy:
            for row in rows:
                copy.write_row(_values([row], rows[0]))

    def upsert(self, table: str, rows: Sequence[dict[str, Any]]) -> bool:
        """Rows into one table, those whose key exists changed, by one statement."""
        key = key_of(table)
        changes = sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(c)) for c in rows[0] if c != key
        )
        query = sql.SQL("insert into {} ({}) values {} on conflict ({}) do update set {}").format(
            _table(table), _columns(rows), _tuples(rows), sql.Identifier(key), changes
        )
        return self.try_write(query, *_values(rows, rows[0]))

    def update(self, table: str, keys: Sequence[Key], changes: dict[str, Any]) -> bool:
        """The same change to some rows of a table, by one statement."""
        query = sql.SQL("update {} set {} where {} = any(%s)").format(
            _table(table),
            sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(c)) for c in changes),
            sql.Identifier(key_of(table)),
        )
        return self.try_write(query, *changes.values(), list(keys))

    def save_unchanged(self, table: str) -> None:
        """Every column of every row of a table written with the value that it has."""
        columns = [
            row[0]
            for row in self._rows(
                "select column_name from information_schema.columns"
                " where table_schema = %s and table_name = %s",
                [schema_of(table), table],
            )
        ]
        self.execute(
            sql.SQL("update {} set {}").format(
                _table(table),
                sql.SQL(", ").join(sql.SQL("{0} = {0}").format(sql.Identifier(c)) for c in columns),
            )
        )

    def delete(self, table: str, keys: Sequence[Key]) -> bool:
        """Some rows of a table deleted, by one statement; False if others refer to them."""
        query = sql.SQL("delete from {} where {} = any(%s)").format(
            _table(table), sql.Identifier(key_of(table))
        )
        return self.try_write(query, list(keys))

    def truncate(self, table: str) -> None:
        """A table emptied, and those that refer to it."""
        self.execute(sql.SQL("truncate {} cascade").format(_table(table)))

    def host(self) -> Host:
        """All rows that points can be earned with, in the order in which an example made them."""
        tables = {}
        for table in (*CRM_TABLES, *OWN_TABLES):
            key = sql.Identifier(key_of(table))
            order = sql.SQL("length({0}::text), {0}::text").format(key)
            if table in OWN_TABLES:
                order = sql.SQL(", ").join(map(sql.Identifier, OWN_TABLES[table]))
            query = sql.SQL("select * from {} order by {}").format(_table(table), order)
            with self.connection.cursor(row_factory=dict_row) as cursor:
                tables[table] = [
                    {name: utc(value) for name, value in row.items()}
                    for row in cursor.execute(query)
                ]
        return Host(**tables)

    def new_keys(self, count: int) -> list[Key]:
        """Keys that no row has yet."""
        return [
            r[0] for r in self._rows("select crm.new_key() from generate_series(1, %s)", [count])
        ]

    # --- the package's own inputs ---

    def set_social_score(
        self, natural_key: Sequence[Any], changes: dict[str, Any], *, is_new: bool
    ) -> None:
        """engagement.set_social_score; the key is customer, system, type and subtype."""
        customer_id, source_system, social_type, social_subtype = natural_key
        self.call_function(
            "set_social_score",
            p_customer_id=customer_id,
            p_social_type=social_type,
            p_social_subtype=social_subtype,
            p_source_system=source_system,
            p_changes=json.dumps(changes, default=str),
            p_is_new=is_new,
        )

    def remove_social_score(self, natural_key: Sequence[Any]) -> None:
        """engagement.remove_social_score."""
        customer_id, source_system, social_type, social_subtype = natural_key
        self.execute(
            "select engagement.remove_social_score(%s, %s, %s, %s)",
            *(customer_id, social_type, social_subtype, source_system),
        )

    def merges(self) -> merges.State:
        """Who is merged into whom, and who holds what was entered for whom."""
        set_aside = (
            "select s.* from engagement.merged_input m cross join lateral"
            " jsonb_populate_record(null::engagement.social_score, m.set_aside"
            " || jsonb_build_object('source_id', m.source_id)) s where m.set_aside is not null"
        )

        def rows(table: str) -> list[dict[str, Any]]:
            query = set_aside if table == "set_aside" else f"select * from engagement.{table}"
            with self.connection.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(query.encode()).fetchall()

        return merges.state_of(rows)

    def try_merge(self, routine: str, double: Key, into: Key) -> bool:
        """merge_customer or unmerge_customer; False where it is refused with EG016."""
        try:
            with self.connection.transaction():
                self.execute(f"call engagement.{routine}(%s, %s)", double, into)
        except psycopg.Error as refused:
            if refused.sqlstate != "EG016":
                raise
            return False
        return True

    def take_rejected_lines(self) -> set[int]:
        """Numbers of the lines that social_upload could not load; they are taken out of it."""
        rows = self._rows(
            "delete from engagement.social_upload"
            " returning line_number, rejected_reason is not null"
        )
        assert all(has_reason for _, has_reason in rows)
        return {number for number, _ in rows}

    def set_band(self, band: Band) -> None:
        """A band of scores, new or changed."""
        self.execute(
            """
            insert into engagement.score_band
                (band_code, from_score, from_percentile, category_code)
            values (%s, %s, %s, %s)
            on conflict (band_code) do update
            set from_score = excluded.from_score, from_percentile = excluded.from_percentile
            """,
            *(band.band_code, band.from_score, band.from_percentile, band.category_code),
        )

    def remove_band(self, band_code: str) -> None:
        """A band deleted, if there is one."""
        self.execute("delete from engagement.score_band where band_code = %s", band_code)

    def bands(self, category_code: str | None = None) -> list[Band]:
        """The bands of the total, or of a category."""
        return [
            Band(*row)
            for row in self._rows(
                "select band_code, from_score, from_percentile, category_code"
                " from engagement.score_band where category_code is not distinct from %s",
                [category_code],
            )
        ]

    def ranked_categories(self) -> set[str]:
        """The categories that are to be ranked: they say so, or have bands."""
        return {
            code
            for (code,) in self._rows(
                "select category_code from engagement.category where is_ranked"
                " union select category_code from engagement.score_band"
                " where category_code is not null"
            )
        }

    def parts(self) -> dict[tuple[str, Key], tuple[Decimal, int | None, str | None, bool]]:
        """By category and customer: points with those of employees, percentile, band.

        And whether the row has no points at all: it is left of a band.
        """
        return {
            (code, customer_id): (points, percentile, band_code, is_empty)
            for code, customer_id, points, percentile, band_code, is_empty in self._rows(
                "select category_code, customer_id, score + employee_score, percentile, band_code,"
                " (score, ytd_score, overview_score, employee_score) = (0, 0, 0, 0)"
                " from engagement.category_score"
            )
        }

    # --- the package ---

    def rules(self) -> list[Rule]:
        """Every version of every rule."""
        names = list(Rule.__dataclass_fields__)
        query = sql.SQL("select {} from engagement.score_rule order by rule_id").format(
            sql.SQL(", ").join(map(sql.Identifier, names))
        )
        return [
            Rule(**{n: utc(v) for n, v in zip(names, row, strict=True)})
            for row in self.connection.execute(query)
        ]

    def parameters(self) -> dict[str, str]:
        """The parameters in force, as text."""
        return dict(
            self._rows("select parameter_name, parameter_value from engagement.app_parameter")
        )

    def ledger(self) -> dict[LedgerKey, tuple[Award, dt.datetime | None, str | None]]:
        """Every row of the ledger: its award, when it was voided, and why."""
        query = sql.SQL(
            "select recorded_at, voided_at, void_reason, {} from engagement.award"
        ).format(sql.SQL(", ").join(map(sql.Identifier, AWARD_COLUMNS)))
        found = {}
        cursor = self.connection.cursor()
        set_json_loads(partial(json.loads, parse_float=Decimal, parse_int=Decimal), cursor)
        for recorded_at, voided_at, reason, *values in cursor.execute(query):
            named = dict(zip(AWARD_COLUMNS, map(utc, values), strict=True))
            reversals = _reversals(named["reversals"] or [], type(named["customer_id"]))
            award = Award(**named | {"reversals": reversals})
            key = LedgerKey(
                award.customer_id, award.source, award.source_id, award.rule_id, utc(recorded_at)
            )
            assert key not in found, f"two rows of the ledger have the key {key}"
            found[key] = (award, utc(voided_at), reason)
        return found

    def live_awards(self) -> set[Award]:
        """The awards that are not voided."""
        live = [award for award, voided_at, _ in self.ledger().values() if voided_at is None]
        assert len(live) == len(set(live))
        return set(live)

    def instants_of_runs(self) -> set[dt.datetime]:
        """As of which instants there have been runs."""
        return {as_of for (as_of,) in self._rows("select as_of from engagement.recalculation_run")}

    def row_versions(self) -> list[tuple[Any, ...]]:
        """What changes when a row of customer_score is written, be it with what it had."""
        return self._rows(
            "select customer_id, xmin::text from engagement.customer_score order by customer_id"
        )

    def customer_scores(self) -> dict[Key, Any]:
        """The rows of customer_score."""
        with self.connection.cursor(row_factory=namedtuple_row) as cursor:
            rows: list[Any] = cursor.execute("select * from engagement.customer_score").fetchall()
        return {row.customer_id: row for row in rows}

    def stored_scores(self) -> dict[Key, Score]:
        """The totals of customer_score and category_score; categories of zeros left out."""
        categories: dict[Key, dict[str, Totals]] = {}
        of_employees: dict[Key, dict[str, Decimal]] = {}
        for customer_id, code, employee_score, *sums in self._rows(
            "select customer_id, category_code, employee_score, score, ytd_score, overview_score"
            " from engagement.category_score"
        ):
            if not Totals(*sums).is_zero:
                categories.setdefault(customer_id, {})[code] = Totals(*sums)
            if employee_score:
                of_employees.setdefault(customer_id, {})[code] = employee_score
        found = {}
        for key, row in self.customer_scores().items():
            found[key] = Score(
                score=row.score,
                own=Totals(row.own_score, row.ytd_score, row.overview_score),
                employee=Totals(
                    row.employee_score, row.employee_ytd_score, row.employee_overview_score
                ),
                categories=categories.pop(key, {}),
                employee_categories=of_employees.pop(key, {}),
            )
        assert not categories, f"categories of customers without a score: {categories}"
        assert not of_employees, f"categories of customers without a score: {of_employees}"
        return found

    def category_limits(self) -> list[Limits]:
        """Each category, whether it counts in the total, its cap there, and how it fades."""
        return self._rows(
            "select category_code, counts_in_total, cap_points, inactivity_steps"
            " from engagement.category"
        )

    def set_category_limits(
        self, code: str, counts: bool, cap: Decimal | None, is_ranked: bool, steps: Any
    ) -> None:
        """As somebody would who sets up categories."""
        changes = {
            "counts_in_total": counts,
            "cap_points": None if cap is None else str(cap),
            "is_ranked": is_ranked,
            "inactivity_steps": steps,
        }
        self.execute("select engagement.set_category(%s, %s)", code, json.dumps(changes))

    def latest_run(self) -> Run:
        """The latest row of recalculation_run."""
        names = list(Run.__dataclass_fields__)
        query = sql.SQL("select {} from engagement.recalculation_run order by run_id desc limit 1")
        (row,) = self.connection.execute(
            query.format(sql.SQL(", ").join(map(sql.Identifier, names)))
        ).fetchall()
        return Run(*map(utc, row))

    def run_and_die(self, mode: str, as_of: dt.datetime, phase: str, steps: int) -> str:
        """A run, or the one that died before, up to a phase and some steps on; its last phase."""
        self.execute("select engagement.begin_run(%s, %s)", mode, as_of)
        query = "select run_id from engagement.recalculation_run where run_status = 'RUNNING'"
        run_id = self.scalar(query)

        def step() -> str:
            if self.scalar("select engagement.run_step(%s)", run_id):
                return self.phase_of(run_id)
            return "DONE"

        reached = self.phase_of(run_id)
        while reached not in (phase, "DONE"):
            reached = step()
        for _ in range(steps):
            reached = reached if reached == "DONE" else step()
        return reached

    def phase_of(self, run_id: int) -> str:
        """The phase of a run."""
        query = "select phase from engagement.recalculation_run where run_id = %s"
        return str(self.scalar(query, run_id))

    def verify(self) -> list[tuple[Any, ...]]:
        """Every difference that verify finds."""
        return self._rows("select * from engagement.verify()")

    def queue(self) -> list[tuple[Any, ...]]:
        """What waits in the queue."""
        return self._rows(
            "select source, activity_column, keys, queued_at from engagement.pending_activity"
        )

    def queue_length(self) -> int:
        """How many entries wait in the queue."""
        return int(self.scalar("select count(*) from engagement.pending_activity"))

    def catch_up(self) -> int:
        """engagement.catch_up; how much it has left in the queue."""
        ((_, _, left),) = self._rows("call engagement.catch_up()")
        return int(left)

    def work_length(self) -> int:
        """How much work a run that died has left."""
        return sum(
            int(self.scalar(f"select count(*) from engagement.recalculation_{what}"))
            for what in ("source", "key", "customer")
        )

    def failures(self) -> list[tuple[Any, ...]]:
        """Source, row and rule of every recorded failure that is not resolved."""
        return self._rows(
            "select source, source_id, rule_id, keys, sqlstate_code, message"
            " from engagement.scoring_failure where resolved_at is null"
        )

    def score_at(
        self, customer_id: Key, as_of: dt.datetime, known_at: dt.datetime | None
    ) -> Decimal:
        """engagement.score_at; known_at None is its default."""
        return Decimal(
            self.scalar(
                "select engagement.score_at(%s, %s, coalesce(%s::timestamptz, 'infinity'))",
                customer_id,
                as_of,
                known_at,
            )
        )

    def explain_score(
        self, customer_id: Key, as_of: dt.datetime
    ) -> list[tuple[str, str, str, Decimal]]:
        """engagement.explain_score: rule, source, row (as text) and points of each award."""
        return [
            (rule_code, source, str(source_id), points)
            for rule_code, source, source_id, points in self._rows(
                "select rule_code, source, source_id, points from engagement.explain_score(%s, %s)",
                [customer_id, as_of],
            )
        ]

    def score_card(self, customer_id: Key, as_of: dt.datetime) -> dict[str, Any]:
        """engagement.score_card, its numbers as decimals."""
        card = self.scalar("select engagement.score_card(%s, %s)::text", customer_id, as_of)
        return dict(json.loads(card, parse_int=Decimal, parse_float=Decimal))

    def trend(
        self, customer_id: Key, begin: dt.datetime, end: dt.datetime, step: dt.timedelta
    ) -> list[tuple[dt.datetime, Decimal, Decimal, Decimal]]:
        """engagement.trend: instant, own, employees' and total points."""
        return [
            (utc(at), own, employee, total)
            for at, own, employee, total in self._rows(
                "select at, own_score, employee_score, score from engagement.trend(%s, %s, %s, %s)",
                [customer_id, begin, end, step],
            )
        ]

    def scoring_calls(self) -> int:
        """How many calls of triggers this transaction has seen: from 50 on they only queue."""
        calls = self.scalar("select current_setting('engagement.scoring_calls', true)")
        return len(calls or "")

    def scores_and_bands(self) -> dict[Key, tuple[Any, ...]]:
        """Own and employees' points, score and band of everybody with a score."""
        return {
            row.customer_id: (row.own_score, row.employee_score, row.score, row.band_code)
            for row in self.customer_scores().values()
        }

    def preview(self, changes: dict[str, Any], as_of: dt.datetime) -> dict[Key, tuple[Any, ...]]:
        """engagement.preview_rules: what scores_and_bands would say of those who are affected."""
        return {
            key: tuple(values)
            for key, *values in self._rows(
                "select customer_id, new_own_score, new_employee_score, new_score, new_band_code"
                " from engagement.preview_rules(%s, true, %s)",
                [json.dumps(changes), as_of],
            )
        }

    def change_of(self, customer_id: Key, begin: dt.datetime, end: dt.datetime) -> Decimal:
        """Sum of the causes that engagement.explain_change names."""
        return Decimal(
            self.scalar(
                "select coalesce(sum(points), 0) from engagement.explain_change(%s, %s, %s)",
                *(customer_id, begin, end),
            )
        )

    def call_function(self, name: str, **arguments: Any) -> Any:
        """A function of the package, its arguments given by name."""
        query = sql.SQL("select engagement.{}({})").format(
            sql.Identifier(name),
            sql.SQL(", ").join(
                sql.SQL("{} => %s").format(sql.Identifier(argument)) for argument in arguments
            ),
        )
        ((value,),) = self.connection.execute(query, list(arguments.values())).fetchall()
        return value

    def clock(self) -> dt.datetime:
        """What time it is on the server."""
        return self.scalar("select clock_timestamp()").astimezone(UTC)  # type: ignore[no-any-return]

    def reset(self) -> None:
        """Host and package as after deployment: empty tables, default parameters.

        Rows are deleted, not truncated: with as few as an example makes, that is much faster. The
        triggers sleep meanwhile, and the package's own tables are emptied after the host's; the
        rules of its own sources come again, as if nobody had been told.
        """
        if self.connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self.connection.rollback()
        for name, value, default in self._rows(
            "select parameter_name, parameter_value, default_value from engagement.app_parameter"
        ):
            if value != default:
                self.execute("select engagement.set_parameter(%s, %s)", name, default)
        self.execute(
            "update engagement.category"
            " set counts_in_total = true, cap_points = null, is_ranked = false,"
            " inactivity_steps = null"
        )
        self.connection.execute("begin")
        self.connection.execute("set local session_replication_role to replica")
        for schema, tables in (("crm", CRM_TABLES), ("engagement", self._product_tables)):
            for table in tables:
                self.execute(sql.SQL("delete from {}").format(sql.Identifier(schema, table)))
        self.connection.execute("select setval('crm.key_number', 1, false)")
        self.connection.execute(SEED_RULES)
        self.connection.execute("delete from engagement.setup_change")
        self.connection.execute("delete from engagement.pending_activity")
        self.connection.execute("commit")


def _reversals(found: list[dict[str, Any]], key_type: Callable[[Any], Key]) -> Reversals:
    """What an award says was taken back, as the oracle has it."""
    return frozenset(
        (
            key_type(r["source_id"]),
            None if r["document_id"] is None else key_type(r["document_id"]),
            *(Decimal(r["quantity"]), Decimal(r["amount"])),
        )
        for r in found
    )


def key_of(table: str) -> str:
    """Name of the key column of a table."""
    named = {"sales_order": "order_id", "social_upload": "upload_id"}
    named |= dict.fromkeys(OWN_TABLES, "source_id")
    return named.get(table, f"{table}_id")


def schema_of(table: str) -> str:
    """The schema in which a table stands."""
    return "crm" if table in CRM_TABLES else "engagement"


def _table(table: str) -> sql.Identifier:
    return sql.Identifier(schema_of(table), table)


def utc(value: Any) -> Any:
    """Instants in UTC, so that they compare as instants; lists as tuples; else as it is."""
    if isinstance(value, list):
        return tuple(map(utc, value))
    return value.astimezone(UTC) if isinstance(value, dt.datetime) else value


def parameters_of(
    values: dict[str, str],
    categories: Iterable[Limits] = (),
    ranked: Collection[str] = (),
) -> Parameters:
    """The parameters that the oracle knows, from their text, and what is set of categories."""
    listed = list(categories)
    floor, cap = (
        None if values[name] == "NONE" else Decimal(values[name])
        for name in ("SCORE_FLOOR", "TOTAL_CAP")
    )
    return Parameters(
        score_floor=floor,
        total_cap=cap,
        uncounted=frozenset(code for code, counts, *_ in listed if not counts),
        category_caps=tuple((code, most) for code, _, most, _ in listed if most is not None),
        category_steps=tuple((code, utc(steps)) for code, *_, steps in listed if steps),
        is_divided=bool(ranked)
        or any(not counts or cap is not None for _, counts, cap, _ in listed),
        score_decimals=int(values["SCORE_DECIMALS"]),
        time_zone=values["TIME_ZONE"],
        ytd_start_month=int(values["YTD_START_MONTH"]),
        overview_years=int(values["OVERVIEW_YEARS"]),
        raised_recently_days=int(values["RAISED_RECENTLY_DAYS"]),
        multiple_concurrent_employers=values["MULTIPLE_CONCURRENT_EMPLOYERS"] == "Y",
        current_employers=values["EMPLOYER_ATTRIBUTION"] == "CURRENT",
        rolls_up=values["CALCULATE_EMPLOYER_ENGAGEMENT_SCORE"] == "Y"
        and values["ROLLUP_EMPLOYEES_TO_EMPLOYER"] == "Y",
    )


def _columns(rows: Sequence[dict[str, Any]]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, rows[0]))


def _tuples(rows: Sequence[dict[str, Any]]) -> sql.Composed:
    one = sql.SQL("({})").format(sql.SQL(", ").join([sql.Placeholder()] * len(rows[0])))
    return sql.SQL(", ").join([one] * len(rows))


def _values(rows: Iterable[dict[str, Any]], columns: Iterable[str]) -> list[Any]:
    return [row[column] for row in rows for column in columns]
