"""The reference host as its staff use it, and the questions that the tests ask of the package.

Nothing is computed here: every expected number stands in a test.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

#: Before and after: every order of a test happened at BOUGHT, unless it says otherwise.
BOUGHT = "2025-03-03 10:00+00"
NOW = "2025-06-15 12:00+00"

#: Every table of the package: what staff decide and what is computed from it. A refused call
#: leaves all of it as it was.
STATE = (
    "app_parameter",
    "category",
    "engagement_type",
    "score_rule",
    "score_band",
    "segment_definition",
    "setup_change",
    "activity_source",
    "outcome_source",
    "attached_table",
    "social_score",
    "social_upload",
    "score_adjustment",
    "customer_merge",
    "merged_input",
    "pending_activity",
    "pending_recheck",
    "scoring_failure",
    "award",
    "customer_score",
    "category_score",
    "score_event",
    "score_percentile",
    "category_percentile",
    "recalculation_run",
    "recalculation_source",
    "recalculation_key",
    "recalculation_customer",
    "recalculation_rank",
    "reversal",
    "reversed_activity",
    "social_score",
    "score_adjustment",
    "score_band",
)

#: Columns of an upload of social scores, as a third party's file has them.
UPLOAD = (
    *("line_number", "customer_id", "social_type", "social_subtype", "score", "description"),
    *("comments", "source_system", "scored_at", "ends_at"),
)


class Line(NamedTuple):
    """One line of an order or invoice."""

    product: str = "BOOK"
    quantity: Any = 1
    amount: Any = 0


class Document(NamedTuple):
    """An order or invoice and its lines, by key."""

    key: Any
    lines: list[Any]

    @property
    def line(self) -> Any:
        """The only line."""
        (line,) = self.lines
        return line


@contextmanager
def refused(sqlstate: str) -> Iterator[None]:
    """The block ends in an error with this SQLSTATE."""
    with pytest.raises(psycopg.Error) as error:
        yield
    assert error.value.sqlstate == sqlstate, error.value


def instant(text: str) -> dt.datetime:
    """An instant as psycopg returns it; a date is its midnight."""
    return dt.datetime.fromisoformat(text.replace("+00", "T00:00+00") if len(text) == 13 else text)


class Host:
    """One session in a deployment with the reference host."""

    def __init__(self, session: psycopg.Connection[Any]) -> None:
        self.session = session
        self.notices: list[str] = []
        session.add_notice_handler(self._take_notice)

    def _take_notice(self, notice: psycopg.errors.Diagnostic) -> None:
        if not str(notice.severity_nonlocalized).startswith("DEBUG"):
            self.notices.append(str(notice.severity_nonlocalized))

    # -- plumbing ------------------------------------------------------------------------------

    def run(self, query: str, *arguments: Any) -> int:
        """One statement; the number of rows it touched."""
        return self.session.execute(query, arguments or None).rowcount

    def rows(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.session.execute(query, arguments or None).fetchall()

    def one(self, query: str, *arguments: Any) -> Any:
        """The only value of the only row."""
        ((value,),) = self.rows(query, *arguments)
        return value

    def named(self, query: str, *arguments: Any) -> list[Any]:
        """All rows of a query, their columns by name."""
        with self.session.cursor(row_factory=namedtuple_row) as cursor:
            return cursor.execute(query, arguments or None).fetchall()

    def clock(self) -> Any:
        """The server's clock."""
        return self.one("select clock_timestamp()")

    def count(self, table: str) -> int:
        """How many rows a table of the package has."""
        count: int = self.one(f"select count(*) from engagement.{table}")
        return count

    def state(self) -> dict[str, str]:
        """A fingerprint of each table of the package."""
        return {
            table: self.one(
                f"select md5(string_agg(t::text, '|' order by t::text)) from engagement.{table} t"
            )
            for table in STATE
        }

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """The block changes nothing in the package's tables."""
        before = self.state()
        yield
        assert self.state() == before

    @contextmanager
    def unchanged_but_runs(self) -> Iterator[None]:
        """The block changes nothing but the list of runs."""
        before = self.state()
        yield
        assert self.state() == {**before, "recalculation_run": self.state()["recalculation_run"]}

    # -- what staff of the host do -------------------------------------------------------------

    def customer(self, kind: str = "INDIVIDUAL") -> Any:
        """A new customer."""
        return self.one(
            "insert into crm.customer (display_name, customer_type) values ('Somebody', %s)"
            " returning customer_id",
            kind,
        )

    def product(self, product: str, product_class: str | None = None) -> str:
        """A product, new or with another class."""
        self.run(
            "insert into crm.product (product_id, product_class, display_name) values (%s, %s, %s)"
            " on conflict (product_id) do update set product_class = excluded.product_class",
            *(product, product_class, product),
        )
        return product

    def order(
        self,
        customer: Any,
        *lines: Line,
        at: str = BOUGHT,
        status: str = "PLACED",
        employer: Any = None,
        bill: Any = None,
    ) -> Document:
        """An order, then its lines in one statement; one book for nothing by default."""
        key = self.one(
            "insert into crm.sales_order (order_status, ordered_at, employer_id, bill_customer_id)"
            " values (%s, %s, %s, %s) returning order_id",
            *(status, at, employer, bill),
        )
        return Document(key, self.add_lines(key, customer, *(lines or (Line(),))))

    def add_lines(self, order: Any, customer: Any, *lines: Line) -> list[Any]:
        """Lines for an order, in one statement; their keys."""
        values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(lines))
        return [
            key
            for (key,) in self.rows(
                "insert into crm.order_line"
                f" (order_id, ship_customer_id, product_id, quantity, amount) values {values}"
                " returning order_line_id",
                *(value for line in lines for value in (order, customer, *line)),
            )
        ]

    def invoice(
        self,
        customer: Any,
        *lines: Line,
        at: str = BOUGHT,
        status: str = "POSTED",
        order_line: Any = None,
        reverses: Any = None,
    ) -> Document:
        """An invoice and its lines; one book for nothing by default."""
        key = self.one(
            "insert into crm.invoice (invoice_status, invoiced_at) values (%s, %s)"
            " returning invoice_id",
            *(status, at),
        )
        keys = [
            self.one(
                "insert into crm.invoice_line (invoice_id, ship_customer_id, product_id, quantity,"
                " amount, order_line_id, reverses_line_id) values (%s, %s, %s, %s, %s, %s, %s)"
                " returning invoice_line_id",
                *(key, customer, *line, order_line, reverses),
            )
            for line in lines or (Line(),)
        ]
        return Document(key, keys)

    def set_customer(self, customer: Any, **changes: Any) -> None:
        """Change columns of a customer."""
        self._update("customer", "customer_id", customer, changes)

    def set_order(self, order: Document, **changes: Any) -> None:
        """Change columns of an order's header."""
        self._update("sales_order", "order_id", order.key, changes)

    def set_line(self, line: Any, **changes: Any) -> None:
        """Change columns of an order line."""
        self._update("order_line", "order_line_id", line, changes)

    def seat(
        self, customer: Any, begin: str, end: str | None = None, committee: str = "BOARD"
    ) -> Any:
        """A seat on a committee."""
        return self.one(
            "insert into crm.committee_member (committee_id, customer_id, begin_on, end_on)"
            " values (%s, %s, %s, %s) returning committee_member_id",
            *(committee, customer, begin, end),
        )

    def set_seat(self, seat: Any, **changes: Any) -> None:
        """Change columns of a seat."""
        self._update("committee_member", "committee_member_id", seat, changes)

    def job(
        self,
        employee: Any,
        employer: Any,
        begin: str | None = None,
        end: str | None = None,
        is_primary: bool = True,
    ) -> Any:
        """A person works for a company."""
        return self.one(
            "insert into crm.employment (employee_id, employer_id, begin_on, end_on, is_primary)"
            " values (%s, %s, %s, %s, %s) returning employment_id",
            *(employee, employer, begin, end, is_primary),
        )

    def set_job(self, job: Any, **changes: Any) -> None:
        """Change columns of an employment."""
        self._update("employment", "employment_id", job, changes)

    def _update(self, table: str, key_column: str, key: Any, changes: dict[str, Any]) -> None:
        assignments = ", ".join(f"{column} = %s" for column in changes)
        count = self.run(
            f"update crm.{table} set {assignments} where {key_column} = %s", *changes.values(), key
        )
        assert count == 1

    # -- what staff of the package do ----------------------------------------------------------

    def rule(self, code: str = "BOUGHT", **columns: Any) -> int:
        """Add a rule, for orders and in PURCHASES_DONATIONS by default; its id."""
        if columns.get("engagement_type", "PRODUCT_PURCHASE") == "PRODUCT_PURCHASE":
            columns = {"effective_when": "ORDER_CREATION", **columns}
        columns = {
            "rule_code": code,
            "category_code": "PURCHASES_DONATIONS",
            "engagement_type": "PRODUCT_PURCHASE",
            **columns,
        }
        named = ", ".join(f"p_{column} => %s" for column in columns)
        rule_id: int = self.one(f"select engagement.add_rule({named})", *columns.values())
        return rule_id

    def seat_rule(self, code: str = "SEAT", **columns: Any) -> int:
        """Add a rule for committee seats, in INVOLVEMENT."""
        return self.rule(
            code,
            engagement_type="COMMITTEE_PARTICIPATION",
            category_code="INVOLVEMENT",
            **{"flat_score": 30, **columns},
        )

    def revise(self, changes: Any, retroactive: bool = False, code: str = "BOUGHT") -> int:
        """Revise a rule; the id of the version in force."""
        rule_id: int = self.one(
            "select engagement.revise_rule(%s, %s, %s)", code, Jsonb(changes), retroactive
        )
        return rule_id

    def retire(self, retroactive: bool = False, code: str = "BOUGHT") -> None:
        """Retire a rule."""
        self.rows("select engagement.retire_rule(%s, %s)", code, retroactive)

    def set(self, **parameters: str) -> None:
        """Set application parameters."""
        for name, value in parameters.items():
            self.rows("select engagement.set_parameter(%s, %s)", name, value)

    def category(self, code: str, **changes: Any) -> None:
        """Add a category, or change it."""
        self.rows("select engagement.set_category(%s, %s)", code, Jsonb(changes))

    def adjust(
        self, customer: Any, points: Any, reason: Any = "Because", expires_at: Any = None
    ) -> Any:
        """Give or take points; the key of the adjustment."""
        return self.one(
            "select engagement.adjust(%s, %s, %s, %s)", customer, points, reason, expires_at
        )

    def socialise(self, customer: Any, kind: str = "BLOG", subtype: str = "", **values: Any) -> Any:
        """Add a social community score; its key."""
        return self.one(
            "select source_id from engagement.set_social_score(p_customer_id => %s,"
            " p_social_type => %s, p_social_subtype => %s, p_changes => %s, p_is_new => true)",
            *(customer, kind, subtype, Jsonb({"score": 1, **values})),
        )

    def social(
        self,
        customer: Any,
        score: Any = 1,
        type: str = "BLOG",
        subtype: str = "",
        system: str = "MANUAL",
        is_new: bool = True,
        **changes: Any,
    ) -> Any:
        """Add a social score of BOUGHT (or, is_new=False, change it); its row."""
        changes = {"score": score, **({"scored_at": BOUGHT} if is_new else {}), **changes}
        with self.session.cursor(row_factory=namedtuple_row) as cursor:
            cursor.execute(
                "select * from engagement.set_social_score(%s, %s, %s, %s, %s, %s)",
                (customer, type, subtype, system, Jsonb(changes), is_new),
            )
            (row,) = cursor.fetchall()
            return row

    def remove_social(
        self, customer: Any, type: str = "BLOG", subtype: str = "", system: str = "MANUAL"
    ) -> None:
        """Take a social score away."""
        self.rows(
            "select engagement.remove_social_score(%s, %s, %s, %s)",
            *(customer, type, subtype, system),
        )

    def upload(self, *lines: dict[str, Any]) -> list[tuple[int, str]]:
        """COPY lines of social scores, numbered from 1; the rejected ones: number and reason."""
        columns = ", ".join(UPLOAD)
        with (
            self.session.cursor() as cursor,
            cursor.copy(f"copy engagement.social_upload ({columns}) from stdin") as copy,
        ):
            for number, line in enumerate(lines, 1):
                line = {"line_number": number, **line}
                assert set(line) <= set(UPLOAD), line
                copy.write_row([line.get(column) for column in UPLOAD])
        return self.rejected()

    def rejected(self) -> list[tuple[int, str]]:
        """Lines of uploads that could not be loaded: number and reason."""
        return self.rows(
            "select line_number, rejected_reason from engagement.social_upload"
            " order by uploaded_at, line_number"
        )

    def merge(self, double: Any, into: Any) -> None:
        """Tell the package that two customers are one."""
        self.run("call engagement.merge_customer(%s, %s)", double, into)

    def unmerge(self, double: Any, into: Any) -> None:
        """Tell the package that they are two after all."""
        self.run("call engagement.unmerge_customer(%s, %s)", double, into)

    def band(self, code: str, from_score: Any = None, from_percentile: Any = None) -> None:
        """Add a band."""
        self.run(
            "insert into engagement.score_band (band_code, from_score, from_percentile)"
            " values (%s, %s, %s)",
            *(code, from_score, from_percentile),
        )

    def recalculate(self, mode: str = "INCREMENTAL", as_of: str | None = NOW) -> Any:
        """Run a recalculation; its row."""
        self.run("call engagement.recalculate(p_mode => %s, p_as_of => %s)", mode, as_of)
        return self.runs()[-1]

    def refresh(self, customer: Any) -> None:
        """The refresh icon."""
        self.run("call engagement.refresh_customer(%s)", customer)

    # -- what there is to see ------------------------------------------------------------------

    def runs(self) -> list[Any]:
        """All runs, oldest first."""
        return self.named("select * from engagement.recalculation_run order by run_id")

    def awards(self, customer: Any) -> list[Any]:
        """All awards of a customer, voided ones too, in the order of their record."""
        return self.named(
            "select * from engagement.award where customer_id = %s"
            " order by recorded_at, source, source_id, rule_id",
            customer,
        )

    def live(self, customer: Any) -> list[Decimal]:
        """Points of each live award, smallest first."""
        return sorted(award.points for award in self.awards(customer) if award.voided_at is None)

    def reasons(self, customer: Any) -> list[str]:
        """Why awards were voided, in the order of their record."""
        return [award.void_reason for award in self.awards(customer) if award.void_reason]

    def score_at(self, customer: Any, as_of: Any = NOW, known_at: Any = "infinity") -> Decimal:
        """Own points at an instant."""
        points: Decimal = self.one(
            "select engagement.score_at(%s, %s, %s)", customer, as_of, known_at
        )
        return points

    def score(self, customer: Any) -> Any:
        """The stored row of a customer."""
        (row,) = self.named(
            "select * from engagement.customer_score where customer_id = %s", customer
        )
        return row

    def segment(self, name: str) -> dict[Any, Any]:
        """The customers of a segment, in its order, with their segment_value."""
        return dict(
            self.rows("select customer_id, segment_value from engagement.segment(%s)", name)
        )

    def trend(
        self, customer: Any, begin: str, end: str, step: Any = "1 month"
    ) -> list[tuple[Any, ...]]:
        """Instants with own, employees' and total points."""
        return self.rows(
            "select * from engagement.trend(%s, %s, %s, %s::interval)", customer, begin, end, step
        )

    def points_by(self, dimension: Any, **arguments: Any) -> dict[Any, Any]:
        """Rows of points_by by dimension_key, in its order; arguments without p_."""
        named = "".join(f", p_{name} => %s" for name in arguments)
        with self.session.cursor(row_factory=namedtuple_row) as cursor:
            cursor.execute(
                f"select * from engagement.points_by(%s{named})", (dimension, *arguments.values())
            )
            rows = cursor.fetchall()
        found = {row.dimension_key: row for row in rows}
        assert len(found) == len(rows), rows
        return found

    def card(self, customer: Any, as_of: Any = NOW, known_at: Any = "infinity") -> Any:
        """The score card."""
        return self.one("select engagement.score_card(%s, %s, %s)", customer, as_of, known_at)

    def explain(self, customer: Any, as_of: Any = NOW, known_at: Any = "infinity") -> list[Any]:
        """The awards that count, in the order in which caps take them."""
        return self.named(
            "select * from engagement.explain_score(%s, %s, %s)"
            " order by effective_at, source, source_id, rule_code",
            *(customer, as_of, known_at),
        )

    def change(self, customer: Any, begin: Any, end: Any) -> dict[str, Decimal]:
        """Points by cause of the change between two instants."""
        return dict(
            self.rows(
                "select cause, sum(points) from engagement.explain_change(%s, %s, %s)"
                " group by cause order by cause",
                *(customer, begin, end),
            )
        )

    def agreed(self, customer: Any, as_of: str = NOW) -> Decimal:
        """Own points after a run at that instant, which all answers agree on."""
        points = self.score_at(customer, as_of)
        card = self.card(customer, as_of)
        stored = self.score(customer)
        by_category = dict(
            self.rows(
                "select category_code, score from engagement.category_score where customer_id = %s",
                customer,
            )
        )
        assert stored.own_score == points
        assert sum(by_category.values()) == points
        assert sum(row.points for row in self.explain(customer, as_of)) == points
        assert Decimal(str(card["own_score"])) == points
        for category in card["categories"]:
            shown = Decimal(str(category["score"]))
            assert shown == by_category.get(category["category_code"], 0)
            assert sum(Decimal(str(rule["score"])) for rule in category["rules"]) == shown
        for period in ("ytd_score", "overview_score"):
            assert sum(Decimal(str(c[period])) for c in card["categories"]) == getattr(
                stored, period
            )
        return points

    def verify(self) -> list[tuple[Any, ...]]:
        """Differences that verify finds, as (check, customer)."""
        return self.rows("select check_name, customer_id from engagement.verify()")

    def proven(self, mode: str = "INCREMENTAL", as_of: str | None = NOW) -> Any:
        """Run, find everything proven and nothing left in the queue; the run's row."""
        run = self.recalculate(mode, as_of)
        differences = self.rows("select * from engagement.verify()")
        assert not differences, differences
        left = self.rows("select * from engagement.pending_activity")
        assert not left, left
        return run

    def failures(self) -> list[str]:
        """SQLSTATEs of the open failures."""
        return [
            state
            for (state,) in self.rows(
                "select sqlstate_code from engagement.scoring_failure where resolved_at is null"
                " order by failed_at"
            )
        ]
