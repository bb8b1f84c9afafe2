"""The engine against the oracle, over random lives of a small association.

Hypothesis drives the reference host through what hosts do: orders that are drafted, placed,
cancelled and placed again, lines that change and move, invoices and credit notes, seats and jobs
that begin, end and are corrected, statements of many rows, upserts, COPY, TRUNCATE, transactions
that commit or roll back. Social scores are entered and uploaded, points adjusted by hand. In
between rules, parameters and bands change and time goes on, or back. Runs die in every phase, and
life goes on before the next one resumes them.

What must hold, whatever happened before:

* in IMMEDIATE mode the ledger is right when the host's statement is done;
* after INCREMENTAL ledger, scores, percentiles and bands equal the oracle's, `verify` finds
  nothing, and FULL has nothing left to write;
* answers about the past, as it was known then, never change; nor does a row of the ledger.

How long it searches is decided by a profile: `ENGAGEMENT_ORACLE=thorough` searches for much longer
and at random, the default `ci` repeats one bounded search, and `quick` the beginning of it.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from . import oracle
from .driver import Driver, LedgerKey, parameters_of
from .oracle import UTC, Award, Band, Host, Key, Parameters, Rule, Score

PROFILE = os.environ.get("ENGAGEMENT_ORACLE") or "ci"
THOROUGH = PROFILE == "thorough"
STEPS = 60 if THOROUGH else 30
EXAMPLES = {
    "thorough": {"bigint": 1500, "uuid": 300, "text": 300},
    "ci": {"bigint": 70, "uuid": 12, "text": 12},
    "quick": {"bigint": 15, "uuid": 4, "text": 4},
}[PROFILE]

PRODUCTS = {"BOOK": "PRINT", "MAGAZINE": "PRINT", "FAIR": "EVENT", "GIFT": None}
COMMITTEES = {"BOARD": "GOVERNANCE", "JURY": None}
CLASSES = ["PRINT", "EVENT", None]
ZONES = [
    "UTC",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Africa/Cairo",
    "Atlantic/Azores",
]
TYPES = [
    ("PRODUCT_PURCHASE", "ORDER_CREATION"),
    ("PRODUCT_PURCHASE", "INVOICE_CREATION"),
    ("COMMITTEE_PARTICIPATION", None),
    ("SOCIAL_COMMUNITY", None),
    ("ADJUSTMENT", None),
]
SUBJECTS = {
    "PRODUCT_PURCHASE": sorted(PRODUCTS),
    "COMMITTEE_PARTICIPATION": sorted(COMMITTEES),
    "SOCIAL_COMMUNITY": ["BLOG", "FORUM"],
    "ADJUSTMENT": ["NONE"],
}
CATEGORIES = ["INVOLVEMENT", "PURCHASES_DONATIONS", "SOCIAL_COMMUNITY", "ADJUSTMENT"]
#: Bands of a category.
CATEGORY_BANDS = {
    "PATRON": "PURCHASES_DONATIONS",
    "FRIEND": "PURCHASES_DONATIONS",
    "CHAIR": "INVOLVEMENT",
}
# What a line of an upload can have wrong.
FLAWS: list[dict[str, str | None]] = [
    {"customer_id": "nobody"},
    {"customer_id": None},
    {"social_type": " "},
    {"score": "NaN"},
    {"score": "many"},
    {"score": None},
    {"scored_at": "soon"},
    {"ends_at": "-infinity"},
]
AWARD_PARAMETERS = ["SCORE_DECIMALS", "TIME_ZONE", "MULTIPLE_CONCURRENT_EMPLOYERS"]

PHASES = ["PREPARE", "DEQUEUE", "SOURCES", "ACTIVITIES", "CUSTOMERS", "TOTALS", "RANK", "BANDS"]

# Instants at which something could go wrong: ends of years, clocks that change, eight weeks before.
TURNS = [
    dt.datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in (
        "2022-12-31T23:59:59.999999",
        "2023-01-01T00:00:00",
        "2024-02-29T12:00:00",
        "2024-12-31T23:30:00",
        "2025-01-01T00:00:00",
        "2025-01-01T05:00:00",
        "2025-03-02T07:30:00",  # a week before 02:30 does not exist in New York
        "2025-06-30T23:00:00",
        "2025-09-07T05:30:00",  # eight weeks before 01:30 exists twice there
        "2025-10-26T00:00:00",  # midnight on the Azores, for the first time of two
        "2025-11-02T05:30:00",  # 01:30 in New York, for the first time of two
        "2025-12-31T12:30:00",
        "2026-03-29T15:30:00",  # a week before Lord Howe's clocks go back half an hour
    )
]
DAYS = [
    dt.date(2023, 1, 1),
    dt.date(2024, 2, 29),
    dt.date(2024, 12, 31),
    dt.date(2025, 1, 1),
    dt.date(2025, 4, 25),  # no midnight in Cairo
    dt.date(2025, 6, 30),
    dt.date(2025, 10, 26),  # two midnights on the Azores
    dt.date(2026, 1, 1),
    dt.date(2026, 4, 5),
]
HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR
MICROSECOND = dt.timedelta(microseconds=1)

# --- What Hypothesis draws ----------------------------------------------------------------------

# An instant of the past or future, or one relative to the server's clock: a version of a rule
# ends and begins by that clock, so some activities must lie on either side of it.
instants = st.one_of(
    st.sampled_from(TURNS),
    st.datetimes(dt.datetime(2022, 6, 1), dt.datetime(2027, 12, 31)).map(
        lambda t: t.replace(microsecond=0, tzinfo=UTC)
    ),
    st.sampled_from([-DAY, -HOUR, HOUR, DAY, 30 * DAY]),
)
quantities = st.one_of(
    st.integers(-3, 6).map(Decimal),
    st.sampled_from([None, Decimal("0.5"), Decimal("1.125"), Decimal("NaN")]),
)
amounts = st.one_of(
    st.decimals(-100, 300, places=2),
    st.sampled_from([None, Decimal(0), Decimal(1), Decimal(3), Decimal(5), Decimal("0.005")]),
)
picks = st.integers(0, 9)
several = st.lists(picks, min_size=1, max_size=3)
days = st.one_of(st.sampled_from(DAYS), st.dates(dt.date(2022, 6, 1), dt.date(2027, 6, 1)))
lengths = st.one_of(st.none(), st.integers(-1, 400))
products = st.sampled_from(sorted(PRODUCTS))
committees = st.sampled_from(sorted(COMMITTEES))
order_states = st.sampled_from(["PLACED", "DRAFT", "CANCELLED"])
invoice_states = st.sampled_from(["POSTED", "PAID", "DRAFT", "VOID"])
line_values = st.fixed_dictionaries(
    {
        "ship_customer_id": picks,
        "product_id": products,
        "quantity": quantities,
        "amount": amounts,
        "line_status": st.sampled_from(["ACTIVE", "ACTIVE", "ACTIVE", "CANCELLED"]),
    }
)
invoice_line_values = st.fixed_dictionaries(
    {
        "ship_customer_id": picks,
        "product_id": products,
        "quantity": quantities,
        "amount": amounts,
    }
)
social_values = st.fixed_dictionaries(
    {
        "known": st.one_of(st.none(), picks),
        "customer_id": picks,
        "source_system": st.sampled_from(["MANUAL", "HUB"]),
        "social_type": st.sampled_from(SUBJECTS["SOCIAL_COMMUNITY"]),
        "social_subtype": st.sampled_from(["", "COMMENT"]),
        "score": st.one_of(
            st.decimals(-50, 300, places=1),
            st.sampled_from([Decimal(0), Decimal("0.005"), Decimal(7), Decimal(7)]),
        ),
        "scored_at": st.one_of(st.none(), instants),
        "length": st.one_of(st.none(), st.integers(1, 400)),
    }
)
upload_lines = st.lists(
    st.tuples(social_values, st.booleans(), st.sampled_from([{}, {}, {}, *FLAWS])),
    min_size=1,
    max_size=4,
)
thresholds = st.one_of(
    st.tuples(st.sampled_from([-5, 0, 1, 10, 50]).map(Decimal), st.none()),
    st.tuples(st.none(), st.sampled_from([0, 25, 50, 75, 99])),
)
points = st.sampled_from([None, "1", "2", "-1", "0.5", "2.5", "0.005", "0.333"])
steps = st.sampled_from([None, None, None, [], [[1, 50]], [[2, 80], [3, 25], [13, 0]], [[12, 66]]])
rule_values = st.fixed_dictionaries(
    {
        "flat_score": points,
        "quantity_score": points,
        "amount_score": points,
        "valid_for_weeks": st.sampled_from([None, None, 1, 2, 8, 52, 200]),
        "category_code": st.sampled_from(CATEGORIES),
        "cap": st.sampled_from(
            [None, None, None, ("1", "EVER"), ("5", "MONTH"), ("2.5", "DAY"), ("9", "WEEK"),
             ("20", "YEAR")]
        ),
        "half_life_weeks": st.sampled_from([None, None, None, 1, 4, 26]),
        "inactivity_steps": steps,
    }
)  # fmt: skip


def spread_cap(values: dict[str, Any]) -> dict[str, Any]:
    """A cap as the two columns that it is."""
    points, period = values.get("cap") or (None, None)
    rest = {name: value for name, value in values.items() if name != "cap"}
    return {**rest, "cap_points": points, "cap_period": period} if "cap" in values else rest


parameter_changes = st.one_of(
    st.tuples(st.just("SCORE_DECIMALS"), st.sampled_from(["0", "1", "2", "3", "6"])),
    st.tuples(st.just("TIME_ZONE"), st.sampled_from(ZONES)),
    st.tuples(st.just("YTD_START_MONTH"), st.sampled_from(["1", "4", "7", "12"])),
    st.tuples(st.just("OVERVIEW_YEARS"), st.sampled_from(["0", "1", "3", "5"])),
    st.tuples(st.just("RAISED_RECENTLY_DAYS"), st.sampled_from(["1", "30", "365"])),
    st.tuples(
        st.sampled_from(
            [
                "MULTIPLE_CONCURRENT_EMPLOYERS",
                "CALCULATE_EMPLOYER_ENGAGEMENT_SCORE",
                "ROLLUP_EMPLOYEES_TO_EMPLOYER",
            ]
        ),
        st.sampled_from(["Y", "N"]),
    ),
    st.tuples(st.just("EMPLOYER_ATTRIBUTION"), st.sampled_from(["AT_ACTIVITY", "CURRENT"])),
)


class SocialKey(NamedTuple):
    """What a social score is known by."""

    customer_id: Key
    source_system: str
    social_type: str
    social_subtype: str


def round_half_up(value: Decimal, decimals: int) -> Decimal:
    """What is shown only is rounded as PostgreSQL does."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def days_after(instant: dt.datetime, number: int | None) -> dt.datetime | None:
    """So many days later; None for None."""
    return None if number is None else instant + dt.timedelta(days=number)


def pick(rows: Any, number: int, column: str) -> Any:
    """The key of one of the rows, or None where there is none."""
    return rows[number % len(rows)][column] if rows else None


def pick_some(rows: Any, numbers: Iterable[int], column: str) -> list[Any]:
    """The keys of some of the rows."""
    return list(dict.fromkeys(pick(rows, n, column) for n in numbers)) if rows else []


class Association(RuleBasedStateMachine):
    """Everything that can happen to a host with the package in it, and what must hold."""

    def __init__(self, driver: Driver) -> None:
        super().__init__()
        self.driver = driver
        self.host = Host()
        self.rules: list[Rule] = []
        self.parameters = Parameters()
        self.trigger_mode = ""
        # What the ledger must hold for host, rules and parameters; None: not derived yet.
        self.expected: set[Award] | None = None
        self.as_of = dt.datetime(2025, 6, 1, tzinfo=UTC)
        self.in_transaction = False
        self.only_queues = False
        # True: the ledger must equal the oracle's awards now, without a run.
        self.is_settled = True
        self.was_settled = True
        # True: a change of rules or parameters waits for the next run.
        self.setup_pending = False
        self.ledger: dict[LedgerKey, tuple[Award, dt.datetime | None, str | None]] = {}
        self.remembered: list[tuple[dt.datetime, dt.datetime, dict[Key, Decimal]]] = []
        # Of the last run, by customer type: the lowest score of each percentile.
        self.thresholds: dict[str, dict[int, Decimal]] = {}
        #: The same, by category.
        self.part_thresholds: dict[str, dict[str, dict[int, Decimal]]] = {}
        self.rule_number = 0
        self.step_number = 0
        self.check_every = 1

    @initialize(
        every=st.sampled_from([1, 2, 3, 5, 8]),
        mode=st.sampled_from(["IMMEDIATE", "IMMEDIATE", "DEFERRED"]),
        multiple=st.sampled_from(["Y", "N"]),
        attribution=st.sampled_from(["AT_ACTIVITY", "AT_ACTIVITY", "CURRENT"]),
        zone=st.sampled_from(ZONES),
        multiplier=st.sampled_from(["1", "2.5", "0", "-1"]),
    )
    def found_the_association(
        self, every: int, mode: str, multiple: str, attribution: str, zone: str, multiplier: str
    ) -> None:
        """Four people, two companies, and what they can buy and join."""
        driver = self.driver
        driver.reset()
        for name, value in (
            ("TRIGGER_MODE", mode),
            ("MULTIPLE_CONCURRENT_EMPLOYERS", multiple),
            ("EMPLOYER_ATTRIBUTION", attribution),
            ("TIME_ZONE", zone),
        ):
            driver.execute("select engagement.set_parameter(%s, %s)", name, value)
        kinds = ["INDIVIDUAL"] * 4 + ["COMPANY"] * 2
        driver.insert(
            "customer",
            [
                {"customer_type": kind, "display_name": f"{kind} {n}"}
                for n, kind in enumerate(kinds)
            ],
        )
        driver.insert(
            "product",
            [{"product_id": p, "product_class": c, "display_name": p} for p, c in PRODUCTS.items()],
        )
        driver.insert(
            "committee",
            [
                {"committee_id": c, "committee_class": k, "display_name": c}
                for c, k in COMMITTEES.items()
            ],
        )
        people, companies = self.people_and_companies()
        # Somebody with two jobs, one who changes, and one who was active before there was a job.
        jobs = [
            (0, 0, True, None, None),
            (0, 1, False, None, None),
            (1, 1, True, None, dt.date(2025, 10, 25)),
            (1, 0, True, dt.date(2025, 10, 26), None),
            (2, 0, True, dt.date(2025, 5, 10), None),
        ]
        driver.insert(
            "employment",
            [
                {
                    "employee_id": people[person],
                    "employer_id": companies[company],
                    "is_primary": is_primary,
                    "begin_on": begin_on,
                    "end_on": end_on,
                }
                for person, company, is_primary, begin_on, end_on in jobs
            ],
        )
        self.begin_business(people, companies)
        for effective_when in ("ORDER_CREATION", "INVOICE_CREATION"):
            self.add_rule_called(
                engagement_type="PRODUCT_PURCHASE",
                effective_when=effective_when,
                category_code="PURCHASES_DONATIONS",
                flat_score="1",
                amount_score="0.5",
                valid_for_weeks=8,
            )
        self.add_rule_called(
            engagement_type="COMMITTEE_PARTICIPATION",
            category_code="INVOLVEMENT",
            flat_score="10",
        )
        self.revise_multiplier(multiplier, retroactive=True)
        self.refresh_view_of_host()
        self.refresh_view_of_setup()
        self.recalculate("INCREMENTAL")
        self.check_every = every

    def begin_business(self, people: list[Key], companies: list[Key]) -> None:
        """Some orders, an invoice and seats, so that whatever happens next finds something."""
        driver = self.driver
        for status, chosen in (("PLACED", companies[1]), ("DRAFT", None)):
            header = {
                "order_status": status,
                "ordered_at": dt.datetime(2025, 5, 1, 12, tzinfo=UTC),
                "employer_id": chosen,
            }
            (order_id,) = driver.insert("sales_order", [header])
            driver.insert(
                "order_line",
                [
                    {
                        "order_id": order_id,
                        "ship_customer_id": person,
                        "product_id": product,
                        "quantity": 2,
                        "amount": 25,
                    }
                    for person, product in zip(people[:2], ("BOOK", "GIFT"), strict=True)
                ],
            )
        (invoice_id,) = driver.insert(
            "invoice", [{"invoiced_at": dt.datetime(2025, 5, 15, 12, tzinfo=UTC)}]
        )
        line = {"ship_customer_id": people[0], "product_id": "BOOK", "quantity": 2, "amount": 25}
        driver.insert("invoice_line", [{"invoice_id": invoice_id, **line}])
        driver.insert(
            "committee_member",
            [
                {"committee_id": "BOARD", "customer_id": person, "begin_on": dt.date(2024, 7, 1)}
                for person in people[1:3]
            ],
        )
        driver.set_social_score(
            (people[0], "MANUAL", "BLOG", ""),
            {"score": 7, "scored_at": "2025-05-20T12:00Z"},
            is_new=True,
        )
        driver.call_function("adjust", p_customer_id=people[1], p_points=5, p_reason="Why not")
        driver.set_band(Band("GOLD", None, 75))
        driver.set_band(Band("MEMBER", Decimal(1), None))

    def teardown(self) -> None:
        if self.in_transaction:
            self.driver.execute("rollback")

    # --- helpers ---

    def people_and_companies(self) -> tuple[list[Key], list[Key]]:
        rows = self.driver.host().customer
        return (
            [r["customer_id"] for r in rows if r["customer_type"] == "INDIVIDUAL"],
            [r["customer_id"] for r in rows if r["customer_type"] == "COMPANY"],
        )

    def refresh_view_of_host(self) -> None:
        self.host, self.expected = self.driver.host(), None

    def refresh_view_of_setup(self) -> None:
        self.expected = None
        values = self.driver.parameters()
        self.rules = self.driver.rules()
        self.parameters = parameters_of(
            values, self.driver.category_limits(), self.driver.ranked_categories()
        )
        self.trigger_mode = values["TRIGGER_MODE"]

    def customer(self, number: int) -> Key:
        return pick(self.host.customer, number, "customer_id")

    def company(self, number: int) -> Key | None:
        """A company, or None: nobody is chosen."""
        companies = [c for c in self.host.customer if c["customer_type"] == "COMPANY"]
        return None if number > 5 else pick(companies, number, "customer_id")

    def instant(self, drawn: dt.datetime | dt.timedelta) -> dt.datetime:
        return self.driver.clock() + drawn if isinstance(drawn, dt.timedelta) else drawn

    def expected_awards(self) -> set[Award]:
        if self.expected is None:
            self.expected = oracle.awards(self.host, self.rules, self.parameters)
        return self.expected

    def live_awards(self) -> set[Award]:
        """The awards that were live when the ledger was looked at last."""
        live = [award for award, voided_at, _ in self.ledger.values() if voided_at is None]
        assert len(live) == len(set(live))
        return set(live)

    def line(self, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "ship_customer_id": self.customer(values["ship_customer_id"])}

    def host_wrote(self) -> None:
        """Look at what a statement of the host has left."""
        self.refresh_view_of_host()
        if self.only_queues or self.trigger_mode == "DEFERRED":
            self.is_settled = False
        if self.in_transaction and self.driver.scoring_calls() >= 50:
            self.is_settled = False
        if self.is_settled and not self.in_transaction:
            self.check_void_reasons()

    def check_void_reasons(self) -> None:
        """What the host's statement voided says why."""
        ledger = self.driver.ledger()
        live = {row_of(a): a for a, voided_at, _ in ledger.values() if voided_at is None}
        invoice_lines = list(oracle.invoice_lines(self.host))
        takers = oracle.takers_of(invoice_lines)
        owner = {
            (a.source, a.source_id): a.customer_id
            for a in (*oracle.activities(self.host, self.parameters), *invoice_lines)
        }
        for key, (award, voided_at, reason) in ledger.items():
            if voided_at is None or key not in self.ledger or self.ledger[key][1] is not None:
                continue
            successor = live.get(row_of(award))
            if owner.get((award.source, award.source_id)) != award.customer_id:
                expected = "SOURCE_REMOVED"
            elif (
                award.source == "invoice_line"
                and oracle.reversals_of(award.source_id, takers) != award.reversals
            ):
                expected = "REVERSED"
            elif successor and replace(successor, employer_id=award.employer_id) == award:
                expected = "EMPLOYER_CHANGED"
            else:
                expected = "SOURCE_CHANGED"
            assert reason == expected, (award, successor)

    # --- orders ---

    @rule(
        status=order_states,
        ordered_at=instants,
        employer=picks,
        lines=st.lists(line_values, min_size=1, max_size=3),
        how=st.sampled_from(["header first", "lines first", "copied"]),
    )
    def order(self, status: str, ordered_at: Any, employer: int, lines: Any, how: str) -> None:
        header = {
            "order_status": status,
            "ordered_at": self.instant(ordered_at),
            "employer_id": self.company(employer),
        }
        rows = [self.line(values) for values in lines]
        if how == "lines first":
            keys = self.driver.insert("order_line", rows)
            (order_id,) = self.driver.insert("sales_order", [header])
            self.driver.update("order_line", keys, {"order_id": order_id})
        else:
            (order_id,) = self.driver.insert("sales_order", [header])
            rows = [{"order_id": order_id, **row} for row in rows]
            if how == "copied":
                self.driver.copy("order_line", rows)
            else:
                self.driver.insert("order_line", rows)
        self.host_wrote()

    @rule(which=several, status=order_states)
    def change_state_of_orders(self, which: list[int], status: str) -> None:
        keys = pick_some(self.host.sales_order, which, "order_id")
        self.driver.update("sales_order", keys, {"order_status": status})
        self.host_wrote()

    @rule(which=several, ordered_at=instants, employer=picks)
    def correct_orders(self, which: list[int], ordered_at: Any, employer: int) -> None:
        keys = pick_some(self.host.sales_order, which, "order_id")
        changes = {"ordered_at": self.instant(ordered_at), "employer_id": self.company(employer)}
        self.driver.update("sales_order", keys, changes)
        self.host_wrote()

    @rule(which=several)
    def delete_orders(self, which: list[int]) -> None:
        self.driver.delete("sales_order", pick_some(self.host.sales_order, which, "order_id"))
        self.host_wrote()

    @rule(
        which=several,
        values=line_values,
        columns=st.sets(
            st.sampled_from(
                ["ship_customer_id", "product_id", "quantity", "amount", "line_status"]
            ),
            min_size=1,
        ),
    )
    def change_order_lines(self, which: list[int], values: Any, columns: set[str]) -> None:
        keys = pick_some(self.host.order_line, which, "order_line_id")
        changes = {c: v for c, v in self.line(values).items() if c in columns}
        self.driver.update("order_line", keys, changes)
        self.host_wrote()

    @rule(which=several, to=picks)
    def move_order_lines_to_another_order(self, which: list[int], to: int) -> None:
        keys = pick_some(self.host.order_line, which, "order_line_id")
        order_id = pick(self.host.sales_order, to, "order_id")
        self.driver.update("order_line", keys, {"order_id": order_id})
        self.host_wrote()

    @rule(which=several)
    def delete_order_lines(self, which: list[int]) -> None:
        self.driver.delete("order_line", pick_some(self.host.order_line, which, "order_line_id"))
        self.host_wrote()

    @rule(which=several, to=picks, lines=st.lists(line_values, min_size=1, max_size=3))
    def upsert_order_lines(self, which: list[int], to: int, lines: Any) -> None:
        """One statement that changes some lines and adds others."""
        keys = pick_some(self.host.order_line, which, "order_line_id")[: len(lines)]
        keys += self.driver.new_keys(len(lines) - len(keys))
        order_id = pick(self.host.sales_order, to, "order_id")
        rows = [
            {"order_line_id": key, "order_id": order_id, **self.line(values)}
            for key, values in zip(keys, lines, strict=True)
        ]
        self.driver.upsert("order_line", rows)
        self.host_wrote()

    @rule(which=several, quantity=quantities)
    def merge_order_lines(self, which: list[int], quantity: Decimal | None) -> None:
        """One statement that deletes some lines, changes others, and adds one."""
        keys = pick_some(self.host.order_line, which, "order_line_id") + self.driver.new_keys(1)
        order_id = pick(self.host.sales_order, 0, "order_id")
        actions = ["delete", "update"]
        self.driver.try_write(
            """
            merge into crm.order_line as l
            using unnest(%s::crm.key[], %s::text[]) as u (order_line_id, action)
            on l.order_line_id = u.order_line_id
            when matched and u.action = 'delete' then delete
            when matched then update set quantity = %s::numeric
            when not matched then
                insert (order_line_id, order_id, ship_customer_id, product_id, quantity)
                values (u.order_line_id, %s::crm.key, %s::crm.key, 'BOOK', %s::numeric)
            """,
            keys,
            [actions[n % 2] for n in range(len(keys))],
            quantity,
            order_id,
            self.customer(0),
            quantity,
        )
        self.host_wrote()

    # --- invoices ---

    @rule(
        status=invoice_states,
        invoiced_at=instants,
        employer=picks,
        lines=st.lists(invoice_line_values, min_size=1, max_size=3),
        ordered=st.booleans(),
    )
    def invoice(
        self, status: str, invoiced_at: Any, employer: int, lines: Any, ordered: bool
    ) -> None:
        """An invoice for ordered lines, or without an order."""
        header = {
            "invoice_status": status,
            "invoiced_at": self.instant(invoiced_at),
            "employer_id": self.company(employer),
        }
        (invoice_id,) = self.driver.insert("invoice", [header])
        rows = [
            {
                "invoice_id": invoice_id,
                "order_line_id": pick(self.host.order_line, n, "order_line_id")
                if ordered
                else None,
                **self.line(values),
            }
            for n, values in enumerate(lines)
        ]
        self.driver.insert("invoice_line", rows)
        self.host_wrote()

    @rule(
        which=several,
        credited_at=instants,
        status=invoice_states,
        share=st.sampled_from(["1", "1", "0.5", "0.3", "2"]),
        sign=st.sampled_from([-1, -1, 1]),
    )
    def credit(
        self, which: list[int], credited_at: Any, status: str, share: str, sign: int
    ) -> None:
        """A credit note for lines of others, which may be credit notes' too; whole or in part."""
        keys = pick_some(self.host.invoice_line, which, "invoice_line_id")
        if not keys:
            return
        part = Decimal(share)
        header = {"invoice_status": status, "invoiced_at": self.instant(credited_at)}
        (invoice_id,) = self.driver.insert("invoice", [header])
        rows = [
            {
                "invoice_id": invoice_id,
                "ship_customer_id": row["ship_customer_id"],
                "product_id": row["product_id"],
                "quantity": None if row["quantity"] is None else sign * part * row["quantity"],
                "amount": None if row["amount"] is None else sign * part * row["amount"],
                "reverses_line_id": row["invoice_line_id"],
            }
            for row in self.host.invoice_line
            if row["invoice_line_id"] in keys
        ]
        self.driver.insert("invoice_line", rows)
        self.host_wrote()

    @rule(which=several, status=invoice_states)
    def change_state_of_invoices(self, which: list[int], status: str) -> None:
        keys = pick_some(self.host.invoice, which, "invoice_id")
        self.driver.update("invoice", keys, {"invoice_status": status})
        self.host_wrote()

    @rule(which=several, invoiced_at=instants, employer=picks)
    def correct_invoices(self, which: list[int], invoiced_at: Any, employer: int) -> None:
        keys = pick_some(self.host.invoice, which, "invoice_id")
        changes = {"invoiced_at": self.instant(invoiced_at), "employer_id": self.company(employer)}
        self.driver.update("invoice", keys, changes)
        self.host_wrote()

    @rule(which=several, values=invoice_line_values, reverses=st.one_of(st.none(), picks))
    def change_invoice_lines(self, which: list[int], values: Any, reverses: int | None) -> None:
        keys = pick_some(self.host.invoice_line, which, "invoice_line_id")
        reversed_key = None
        if reverses is not None:
            reversed_key = pick(self.host.invoice_line, reverses, "invoice_line_id")
        changes = {**self.line(values), "reverses_line_id": reversed_key}
        self.driver.update("invoice_line", keys, changes)
        self.host_wrote()

    @rule(which=several)
    def delete_invoice_lines(self, which: list[int]) -> None:
        keys = pick_some(self.host.invoice_line, which, "invoice_line_id")
        self.driver.delete("invoice_line", keys)
        self.host_wrote()

    @rule(which=several)
    def delete_invoices(self, which: list[int]) -> None:
        self.driver.delete("invoice", pick_some(self.host.invoice, which, "invoice_id"))
        self.host_wrote()

    # --- committees ---

    @rule(committee=committees, who=picks, begin_on=days, length=lengths)
    def take_seat(self, committee: str, who: int, begin_on: dt.date, length: int | None) -> None:
        row = {
            "committee_id": committee,
            "customer_id": self.customer(who),
            "begin_on": begin_on,
            "end_on": None if length is None else begin_on + dt.timedelta(days=length),
        }
        self.driver.insert("committee_member", [row])
        self.host_wrote()

    @rule(which=several, end_on=st.one_of(st.none(), days))
    def end_or_extend_seats(self, which: list[int], end_on: dt.date | None) -> None:
        keys = pick_some(self.host.committee_member, which, "committee_member_id")
        self.driver.update("committee_member", keys, {"end_on": end_on})
        self.host_wrote()

    @rule(which=several, committee=committees, who=picks, begin_on=days)
    def correct_seats(self, which: list[int], committee: str, who: int, begin_on: dt.date) -> None:
        keys = pick_some(self.host.committee_member, which, "committee_member_id")
        changes = {
            "committee_id": committee,
            "customer_id": self.customer(who),
            "begin_on": begin_on,
        }
        self.driver.update("committee_member", keys, changes)
        self.host_wrote()

    @rule(which=several)
    def delete_seats(self, which: list[int]) -> None:
        keys = pick_some(self.host.committee_member, which, "committee_member_id")
        self.driver.delete("committee_member", keys)
        self.host_wrote()

    # --- people, companies, and what there is to buy and join ---

    @rule(kind=st.sampled_from(["INDIVIDUAL", "COMPANY"]))
    def new_customer(self, kind: str) -> None:
        if len(self.host.customer) < 8:
            self.driver.insert("customer", [{"customer_type": kind, "display_name": "New"}])
        self.host_wrote()

    @rule(who=picks)
    def delete_customer(self, who: int) -> None:
        """Which the host refuses to do to anybody it has rows of."""
        if len(self.host.customer) > 2:
            self.driver.delete("customer", [self.customer(who)])
        self.host_wrote()

    @rule(
        who=picks,
        company=st.integers(0, 5),
        is_primary=st.booleans(),
        begin_on=st.one_of(st.none(), days),
        length=lengths,
    )
    def employ(
        self, who: int, company: int, is_primary: bool, begin_on: dt.date | None, length: int | None
    ) -> None:
        employer = self.company(company)
        if employer is None:
            return
        end_on = None
        if begin_on is not None and length is not None:
            end_on = begin_on + dt.timedelta(days=length)
        row = {
            "employee_id": self.customer(who),
            "employer_id": employer,
            "is_primary": is_primary,
            "begin_on": begin_on,
            "end_on": end_on,
        }
        self.driver.insert("employment", [row])
        self.host_wrote()

    @rule(which=several, who=picks, company=picks, is_primary=st.booleans(), end_on=days)
    def correct_jobs(
        self, which: list[int], who: int, company: int, is_primary: bool, end_on: dt.date
    ) -> None:
        keys = pick_some(self.host.employment, which, "employment_id")
        changes: dict[str, Any] = {"is_primary": is_primary, "end_on": end_on}
        employer = self.company(company)
        if employer is not None:
            changes |= {"employee_id": self.customer(who), "employer_id": employer}
        self.driver.update("employment", keys, changes)
        self.host_wrote()

    @rule(which=several)
    def delete_jobs(self, which: list[int]) -> None:
        self.driver.delete("employment", pick_some(self.host.employment, which, "employment_id"))
        self.host_wrote()

    @rule(which=st.lists(products, min_size=1, unique=True), to=st.sampled_from(CLASSES))
    def reclassify_products(self, which: list[str], to: str | None) -> None:
        self.driver.update("product", which, {"product_class": to})
        self.host_wrote()

    @rule(which=committees, to=st.sampled_from(["GOVERNANCE", None]))
    def reclassify_committee(self, which: str, to: str | None) -> None:
        self.driver.update("committee", [which], {"committee_class": to})
        self.host_wrote()

    @rule(
        which=several,
        is_active=st.booleans(),
        kind=st.sampled_from([None, None, "INDIVIDUAL", "COMPANY"]),
    )
    def change_customers(self, which: list[int], is_active: bool, kind: str | None) -> None:
        """Some leave or come back, or turn out to be what they were not thought to be."""
        keys = pick_some(self.host.customer, which, "customer_id")
        changes: dict[str, Any] = {"is_active": is_active}
        if kind is not None:
            changes["customer_type"] = kind
        self.driver.update("customer", keys, changes)
        self.host_wrote()

    # --- social scores and adjustments ---

    def social_scores(self) -> dict[SocialKey, Any]:
        """The rows of social_score by what they are known by."""
        return {
            SocialKey(*(row[c] for c in SocialKey._fields)): row for row in self.host.social_score
        }

    def social_key(self, values: dict[str, Any]) -> SocialKey:
        """That of a row there is, where one is meant, or one of these values."""
        customers = [c["customer_id"] for c in self.host.customer]
        known = [key for key in self.social_scores() if key.customer_id in customers]
        if values["known"] is not None and known:
            return known[values["known"] % len(known)]
        named = {c: values[c] for c in SocialKey._fields}
        return SocialKey(**{**named, "customer_id": self.customer(values["customer_id"])})

    @rule(values=social_values, columns=st.sets(st.sampled_from(["score", "interval"]), min_size=1))
    def enter_social_score(self, values: dict[str, Any], columns: set[str]) -> None:
        """A new one, or another score, another interval, or both."""
        key = self.social_key(values)
        row = self.social_scores().get(key)
        changes = {}
        if row is None or "score" in columns:
            changes["score"] = values["score"]
        if "interval" in columns:
            begin = values["scored_at"]
            begin = self.driver.clock() if begin is None else self.instant(begin)
            changes |= {"scored_at": begin, "ends_at": days_after(begin, values["length"])}
        self.driver.set_social_score(key, changes, is_new=row is None)
        self.host_wrote()
        found = self.social_scores()[key]
        assert {column: found[column] for column in changes} == changes

    @rule(which=several)
    def remove_social_scores(self, which: list[int]) -> None:
        known = list(self.social_scores())
        for key in {known[n % len(known)] for n in which if known}:
            self.driver.remove_social_score(key)
        self.host_wrote()

    @rule(lines=upload_lines, how=st.sampled_from(["copied", "inserted"]))
    def upload_social_scores(self, lines: list[tuple[Any, bool, Any]], how: str) -> None:
        """By a third party, some lines bad: the good ones load; again, and nothing changes."""
        now = self.driver.clock()
        before, good, rows = self.social_scores(), {}, []
        for number, (values, as_before, flaw) in enumerate(lines, 1):
            key, score, begin = self.social_key(values), values["score"], values["scored_at"]
            begin = None if begin is None else self.instant(begin)
            if as_before and key in before:
                score, begin = before[key]["score"], None
            end = days_after(begin or now, values["length"])
            rows.append(
                {
                    **key._asdict(),
                    "customer_id": str(key.customer_id),
                    "score": str(score),
                    "scored_at": begin and str(begin),
                    "ends_at": end and str(end),
                    **flaw,
                }
            )
            known = before.get(key)
            if begin is None and known is not None and known["score"] == score:
                begin = known["scored_at"]  # the same score: it has been there since
            if not flaw and (end is None or end > (begin or now)):
                good[key] = number, score, begin, end  # the later of two lines counts
        for _ in range(2):
            if how == "copied":
                self.driver.copy("social_upload", rows)
            else:
                self.driver.insert("social_upload", rows)
            rejected = set(range(1, len(rows) + 1)) - {number for number, *_ in good.values()}
            assert self.driver.take_rejected_lines() == rejected
            self.host_wrote()
            after = self.social_scores()
            for key, (_, score, begin, end) in good.items():
                row = after.pop(key)
                assert (row["score"], row["ends_at"]) == (score, end)
                assert (
                    row["scored_at"] == begin if begin else row["scored_at"] <= self.driver.clock()
                )
                good[key] = *good[key][:2], row["scored_at"], end
            assert after == {key: row for key, row in before.items() if key not in good}

    @rule(
        who=picks,
        points=st.decimals(-40, 40, places=2).filter(bool),
        length=st.one_of(st.none(), st.integers(1, 400)),
    )
    def adjust(self, who: int, points: Decimal, length: int | None) -> None:
        self.driver.call_function(
            "adjust",
            p_customer_id=self.customer(who),
            p_points=points,
            p_reason="Why not",
            p_expires_at=days_after(self.driver.clock(), length),
        )
        self.host_wrote()

    @precondition(lambda self: not self.in_transaction)
    @rule(
        who=picks,
        points=st.sampled_from([0, 7, 30, -5]),
        length=st.one_of(st.none(), st.integers(1, 400)),
        code=st.sampled_from(CATEGORIES),
        is_set_to=st.booleans(),
    )
    def adjust_category(
        self, who: int, points: int, length: int | None, code: str, is_set_to: bool
    ) -> None:
        """Points in a category; or it is set, which works or changes nothing."""
        customer_id = self.customer(who)
        before = self.driver.host().score_adjustment
        try:
            self.driver.call_function(
                "adjust",
                p_customer_id=customer_id,
                p_points=points,
                p_reason="Why not",
                p_expires_at=days_after(self.driver.clock(), length),
                p_category_code=code,
                p_is_set_to=is_set_to,
            )
        except psycopg.Error as error:
            assert error.sqlstate == "EG004"
            assert self.driver.host().score_adjustment == before
            if points == 0 and not is_set_to:
                return
            # Another rule, a merged customer, or awards of more decimal places than there are now.
            assert is_set_to
        else:
            if is_set_to:
                found = self.driver.stored_scores()[customer_id].categories
                assert found.get(code, oracle.Totals()).score == points
        self.refresh_view_of_host()
        self.setup_changed()

    # --- customers who are one, and two again ---

    @rule(who=picks, into=picks)
    def merge_customers(self, who: int, into: int) -> None:
        """What was entered for one counts for the other; some pairs are refused."""
        double, kept = self.customer(who), self.customer(into)
        expected = self.driver.merges()
        done = expected.merge(double, kept)
        assert self.driver.try_merge("merge_customer", double, kept) is done
        assert self.driver.merges() == expected
        self.host_wrote()

    @rule(which=picks)
    def unmerge_customers(self, which: int) -> None:
        """What was entered for whom is theirs again."""
        expected = self.driver.merges()
        pairs = sorted(expected.into.items())
        if pairs:
            double, kept = pairs[which % len(pairs)]
            expected.unmerge(double)
            assert self.driver.try_merge("unmerge_customer", double, kept)
            assert self.driver.merges() == expected
        self.host_wrote()

    # --- statements that are seldom, empty, or undone ---

    @rule(
        table=st.sampled_from(
            ["sales_order", "invoice", "committee_member", "employment", "social_score"]
        ),
        really=st.integers(0, 3),
    )
    def truncate(self, table: str, really: int) -> None:
        if really == 0:
            self.driver.truncate(table)
            self.is_settled = False  # a trigger only queues it
        self.host_wrote()

    @rule(
        table=st.sampled_from(
            [
                "sales_order",
                "order_line",
                "invoice",
                "invoice_line",
                "committee_member",
                "social_score",
            ]
        )
    )
    def save_unchanged(self, table: str) -> None:
        """Every column written with the value it had, as some ORMs do, or no row at all."""
        before = self.driver.queue_length(), self.driver.ledger()
        self.driver.save_unchanged(table)
        self.driver.delete(table, [])
        assert (self.driver.queue_length(), self.driver.ledger()) == before

    @rule(which=several, number=picks)
    def change_what_no_view_reads(self, which: list[int], number: int) -> None:
        """An office, who pays, which order was invoiced, remarks: no points depend on them."""
        before = self.driver.queue_length(), self.driver.ledger()
        seats = pick_some(self.host.committee_member, which, "committee_member_id")
        self.driver.update("committee_member", seats, {"position": f"Chair {number}"})
        orders = pick_some(self.host.sales_order, which, "order_id")
        self.driver.update("sales_order", orders, {"bill_customer_id": self.customer(number)})
        lines = pick_some(self.host.invoice_line, which, "invoice_line_id")
        line = pick(self.host.order_line, number, "order_line_id")
        self.driver.update("invoice_line", lines, {"order_line_id": line})
        scores = pick_some(self.host.social_score, which, "source_id")
        self.driver.update("social_score", scores, {"comments": f"Remark {number}"})
        assert (self.driver.queue_length(), self.driver.ledger()) == before
        self.host_wrote()

    @rule(which=picks)
    def renumber_order_line(self, which: int) -> None:
        """The key itself changes."""
        key = pick(self.host.order_line, which, "order_line_id")
        (new_key,) = self.driver.new_keys(1)
        self.driver.update("order_line", [key], {"order_line_id": new_key})
        self.host_wrote()

    @precondition(lambda self: not self.in_transaction)
    @rule(which=picks, amount=st.integers(1, 9))
    def save_many_times(self, which: int, amount: int) -> None:
        """More statements in one transaction than score: the last ones only queue."""
        key = pick(self.host.order_line, which, "order_line_id")
        self.driver.execute("begin")
        for number in range(55):
            self.driver.execute(
                "update crm.order_line set amount = %s where order_line_id = %s",
                amount + number,
                key,
            )
        self.driver.execute("commit")
        self.is_settled = False
        self.host_wrote()

    @precondition(lambda self: not self.in_transaction)
    @rule(which=several, status=order_states)
    def change_state_of_orders_while_switched_off(self, which: list[int], status: str) -> None:
        """Triggers and runs do nothing then, and the first run after it finds out."""
        ledger, scores = self.driver.ledger(), self.driver.customer_scores()
        parameter = "CALCULATE_ENGAGEMENT_SCORE_POINTS"
        self.driver.call_function("set_parameter", p_parameter_name=parameter, p_value="N")
        queue = self.driver.queue_length()
        keys = pick_some(self.host.sales_order, which, "order_id")
        self.driver.update("sales_order", keys, {"order_status": status})
        self.refresh_view_of_host()
        self.driver.execute("call engagement.recalculate('FULL')")
        assert self.driver.queue_length() == queue
        assert (self.driver.ledger(), self.driver.customer_scores()) == (ledger, scores)
        self.driver.call_function("set_parameter", p_parameter_name=parameter, p_value="Y")
        self.is_settled = False
        self.setup_pending = True

    @precondition(lambda self: not self.in_transaction)
    @rule(isolation=st.sampled_from(["read committed", "repeatable read", "serializable"]))
    def begin(self, isolation: str) -> None:
        self.driver.execute(f"begin isolation level {isolation}")
        self.was_settled = self.is_settled
        self.in_transaction = True
        # A trigger only queues there: what it would read could make the host's commit fail.
        self.only_queues = isolation == "serializable"

    @precondition(lambda self: self.in_transaction)
    @rule(word=st.sampled_from(["commit", "commit", "rollback"]))
    def end(self, word: str) -> None:
        self.driver.execute(word)
        self.in_transaction = self.only_queues = False
        if word == "rollback":
            self.is_settled = self.was_settled
        self.refresh_view_of_host()

    # --- rules, parameters and bands ---

    def setup_changed(self, changes_awards: bool = True) -> None:
        """Look at rules and parameters after a change of them."""
        self.refresh_view_of_setup()
        if changes_awards:
            self.is_settled = False
            self.setup_pending = True

    def add_rule_called(self, **arguments: Any) -> None:
        self.rule_number += 1
        given = {k: v for k, v in arguments.items() if v is not None}
        self.driver.call_function(
            "add_rule",
            p_rule_code=f"R{self.rule_number}",
            **{f"p_{name}": value for name, value in given.items()},
        )
        self.setup_changed()

    @precondition(lambda self: not self.in_transaction)
    @rule(
        kind=st.sampled_from(TYPES),
        values=rule_values,
        subject=st.one_of(st.none(), st.none(), picks),
        subject_class=st.sampled_from([None, None, "PRINT", "EVENT", "GOVERNANCE", "COMMENT"]),
        applies_from=st.one_of(st.none(), instants),
        applies_for=st.one_of(st.none(), st.integers(1, 800)),
    )
    def add_rule(
        self,
        kind: tuple[str, str | None],
        values: dict[str, Any],
        subject: int | None,
        subject_class: str | None,
        applies_from: Any,
        applies_for: int | None,
    ) -> None:
        subjects = SUBJECTS[kind[0]]
        begin = None if applies_from is None else self.instant(applies_from)
        until = None
        if begin is not None and applies_for is not None:
            until = begin + dt.timedelta(days=applies_for)
        self.add_rule_called(
            engagement_type=kind[0],
            effective_when=kind[1],
            subject_id=None if subject is None else subjects[subject % len(subjects)],
            subject_class=subject_class,
            applies_from=begin,
            applies_until=until,
            **spread_cap(values),
        )

    @precondition(lambda self: not self.in_transaction)
    @rule(
        number=picks,
        values=rule_values,
        columns=st.sets(
            st.sampled_from(
                [
                    "flat_score",
                    "quantity_score",
                    "amount_score",
                    "valid_for_weeks",
                    "category_code",
                    "cap",
                    "half_life_weeks",
                    "inactivity_steps",
                ]
            ),
            min_size=1,
        ),
        retroactive=st.booleans(),
    )
    def revise_rule(
        self, number: int, values: dict[str, Any], columns: set[str], retroactive: bool
    ) -> None:
        code = self.revisable_rule(number)
        if code is None:
            return
        changes = {
            c: float(v) if c.endswith("_score") and v is not None else v
            for c, v in spread_cap({c: v for c, v in values.items() if c in columns}).items()
        }
        self.driver.call_function(
            "revise_rule",
            p_rule_code=code,
            p_changes=json.dumps(changes),
            p_retroactive=retroactive,
        )
        self.setup_changed()

    @precondition(lambda self: not self.in_transaction)
    @rule(number=picks, values=rule_values, columns=st.sets(
        st.sampled_from(["flat_score", "amount_score", "valid_for_weeks", "cap",
                         "half_life_weeks", "inactivity_steps"]), min_size=1))  # fmt: skip
    def preview_and_revise_rule(
        self, number: int, values: dict[str, Any], columns: set[str]
    ) -> None:
        """A preview says exactly what the change then does, and to nobody else anything."""
        self.recalculate("INCREMENTAL")
        code = self.revisable_rule(number)
        if code is None:
            return
        changes = {
            c: float(v) if c.endswith("_score") and v is not None else v
            for c, v in spread_cap({c: v for c, v in values.items() if c in columns}).items()
        }
        before = self.driver.scores_and_bands()
        previewed = self.driver.preview({code: changes}, self.as_of)
        assert self.driver.scores_and_bands() == before
        self.driver.call_function(
            "revise_rule", p_rule_code=code, p_changes=json.dumps(changes), p_retroactive=True
        )
        self.setup_changed()
        self.recalculate("INCREMENTAL")
        assert self.driver.scores_and_bands() == {**before, **previewed}

    def revisable_rule(self, number: int) -> str | None:
        """The code of a rule that was not retired and has not run out."""
        newest = {r.rule_code: r for r in self.rules}
        now = self.driver.clock()
        codes = [
            code
            for code, r in newest.items()
            if r.is_active and (r.applies_until is None or r.applies_until > now + HOUR)
        ]
        return codes[number % len(codes)] if codes else None

    @precondition(lambda self: not self.in_transaction)
    @rule(number=picks, retroactive=st.booleans())
    def retire_rule(self, number: int, retroactive: bool) -> None:
        code = self.revisable_rule(number)
        if code is None:
            return
        self.driver.call_function("retire_rule", p_rule_code=code, p_retroactive=retroactive)
        self.setup_changed()

    @precondition(lambda self: not self.in_transaction)
    @rule(change=parameter_changes)
    def set_parameter(self, change: tuple[str, str]) -> None:
        self.driver.execute("select engagement.set_parameter(%s, %s)", *change)
        self.setup_changed(changes_awards=change[0] in AWARD_PARAMETERS)

    @precondition(lambda self: not self.in_transaction)
    @rule(
        code=st.sampled_from(CATEGORIES),
        counts=st.sampled_from([True, True, False]),
        cap=st.sampled_from([None, None, Decimal(0), Decimal(3), Decimal("10.5")]),
        is_ranked=st.booleans(),
        steps=steps,
    )
    def limit_category(
        self, code: str, counts: bool, cap: Decimal | None, is_ranked: bool, steps: Any
    ) -> None:
        """What of a category counts in the total, now and at any instant of the past."""
        self.driver.set_category_limits(code, counts, cap, is_ranked, steps)
        self.remembered.clear()
        self.setup_changed(changes_awards=False)

    @precondition(lambda self: not self.in_transaction)
    @rule(
        floor=st.sampled_from(["NONE", "NONE", "0", "-5", "2.5"]),
        cap=st.sampled_from(["NONE", "NONE", "40", "7.25"]),
    )
    def bound_scores(self, floor: str, cap: str) -> None:
        """No score is below one number, nor above another."""
        for name, value in (("SCORE_FLOOR", floor), ("TOTAL_CAP", cap)):
            self.driver.execute("select engagement.set_parameter(%s, %s)", name, value)
        self.remembered.clear()
        self.setup_changed(changes_awards=False)

    @precondition(lambda self: not self.in_transaction)
    @rule(mode=st.sampled_from(["IMMEDIATE", "DEFERRED"]))
    def set_trigger_mode(self, mode: str) -> None:
        self.driver.execute("select engagement.set_parameter('TRIGGER_MODE', %s)", mode)
        self.setup_changed(changes_awards=False)

    @precondition(lambda self: not self.in_transaction)
    @rule(to=st.sampled_from([None, "0", "-1", "0.5", "1", "3"]), retroactive=st.booleans())
    def revise_multiplier(self, to: str | None, retroactive: bool) -> None:
        """Of social scores; 0 or less switches them off. One that was retired comes back."""
        self.driver.call_function(
            "revise_rule",
            p_rule_code="SOCIAL_SCORE",
            p_changes=json.dumps({"amount_score": to}),
            p_retroactive=retroactive,
        )
        self.setup_changed()

    @rule(
        code=st.sampled_from(["GOLD", "SILVER", "MEMBER", *CATEGORY_BANDS]),
        threshold=st.one_of(thresholds, thresholds, st.none()),
    )
    def change_band(self, code: str, threshold: tuple[Decimal | None, int | None] | None) -> None:
        """A band added, changed or removed; two bands do not begin at one threshold."""
        if threshold is None:
            self.driver.remove_band(code)
        elif all(
            (b.from_score, b.from_percentile) != threshold or b.band_code == code
            for b in self.driver.bands(CATEGORY_BANDS.get(code))
        ):
            self.driver.set_band(Band(code, *threshold, CATEGORY_BANDS.get(code)))
        self.setup_changed(changes_awards=False)

    # --- time ---

    @rule(to=instants)
    def time_passes(self, to: Any) -> None:
        self.as_of = self.instant(to)

    @rule(
        number=st.integers(0, 60), off=st.sampled_from([-MICROSECOND, dt.timedelta(), MICROSECOND])
    )
    def time_comes_to_a_boundary(self, number: int, off: dt.timedelta) -> None:
        """To the very instant, or next to it, at which an award or a job begins or ends."""
        live = self.expected_awards()
        found = {a.effective_at for a in live}
        found |= {a.expires_at for a in live if a.expires_at is not None}
        found |= set(self.moves(TURNS[0]))
        if found:
            self.as_of = sorted(found)[number % len(found)] + off

    # --- what must hold ---

    def recalculate(self, mode: str) -> None:
        merges = self.driver.merges()
        merges.run()
        self.driver.execute(
            "call engagement.recalculate(p_mode => %s, p_as_of => %s)", mode, self.as_of
        )
        assert self.driver.merges() == merges
        self.refresh_view_of_host()
        assert self.driver.latest_run().run_status == "COMPLETED"
        self.note_ranking()
        self.check_append_only()
        self.is_settled = True
        self.setup_pending = False

    @precondition(lambda self: not self.in_transaction)
    @rule(
        mode=st.sampled_from(["INCREMENTAL", "FULL", "ROLL_UP"]),
        phase=st.sampled_from(PHASES),
        steps=st.integers(0, 2),
    )
    def run_and_die(self, mode: str, phase: str, steps: int) -> None:
        """A run gets so far and no further; life goes on, and the next one resumes it."""
        inputs = self.driver.merges().inputs
        reached = self.driver.run_and_die(mode, self.as_of, phase, steps)
        if self.driver.merges().inputs != inputs:  # what waited for a run has followed a merge
            self.refresh_view_of_host()
            self.is_settled = False
        if reached in ("BANDS", "DONE"):
            self.note_ranking()

    @precondition(lambda self: not self.in_transaction)
    @rule(mode=st.sampled_from(["INCREMENTAL", "FULL"]), who=picks, at=instants)
    def recalculate_and_check(self, mode: str, who: int, at: Any) -> None:
        """The weekly job: nothing may be wrong after it, and nothing be left to do."""
        self.recalculate(mode)
        assert self.driver.queue_length() == 0
        self.check_ledger()
        self.check_scores()
        self.check_answers(self.customer(who), self.as_of)
        self.check_answers(self.customer(who), self.instant(at))
        self.check_past_answers()
        assert self.driver.verify() == []
        assert self.expected_failures() <= self.recorded_failures()
        # FULL stamps the rows that a refresh has computed as of an instant of no run.
        stamped = {
            row.customer_id
            for row in self.driver.customer_scores().values()
            if row.calculated_at < self.as_of
            and row.calculated_at not in self.driver.instants_of_runs()
        }
        written = self.driver.row_versions()
        self.recalculate("FULL")
        assert self.expected_failures() == self.recorded_failures()
        run = self.driver.latest_run()
        assert (run.award_count, run.void_count, run.score_count) == (0, 0, len(stamped))
        rewritten = set(self.driver.row_versions()) - set(written)
        assert {customer_id for customer_id, *_ in rewritten} == stamped
        self.remembered.append((self.driver.clock(), self.as_of, self.expected_points(self.as_of)))
        self.check_at_a_boundary()

    def note_ranking(self) -> None:
        rows = self.driver.customer_scores()
        scores = {key: row.score for key, row in rows.items()}
        self.thresholds = oracle.thresholds(scores, self.host)
        self.part_thresholds = {
            code: oracle.thresholds(self.points_in(code, rows), self.host)
            for code in self.driver.ranked_categories()
        }

    def points_in(self, code: str, rows: dict[Key, Any]) -> dict[Key, Decimal]:
        """Everybody's points in a category."""
        parts = self.driver.parts()
        return {key: parts[code, key][0] if (code, key) in parts else Decimal(0) for key in rows}

    def check_at_a_boundary(self) -> None:
        """Time alone goes on to an instant at which something begins or ends, and is right."""
        live = self.expected_awards()
        live = oracle.counted(live, self.rules, self.parameters)
        found = oracle.boundaries(live, self.parameters, self.as_of)
        found = sorted({*found, *self.moves(self.as_of)})
        self.as_of = found[self.step_number % min(len(found), 12)]
        self.recalculate("INCREMENTAL")
        self.check_scores()
        assert self.driver.verify() == []

    @precondition(lambda self: not self.in_transaction)
    @rule(who=picks, is_now=st.booleans(), after_all=st.integers(0, 3))
    def refresh_customer(self, who: int, is_now: bool, after_all: int) -> None:
        """The refresh icon: right for that customer, and for nobody else anything.

        Sometimes after everybody, companies before their people: then the next run finds only
        what a refresh leaves to it.
        """
        customer_id = self.customer(who)
        everybody = sorted(self.host.customer, key=lambda row: row["customer_type"])
        for row in everybody if after_all == 0 else ():
            self.driver.execute(
                "call engagement.recalculate(p_customer_id => %s, p_as_of => %s)",
                row["customer_id"],
                self.as_of,
            )
        begun_at = self.driver.clock()
        queue, scores = self.driver.queue(), self.driver.customer_scores()
        before = self.driver.live_awards()
        if is_now:
            self.driver.execute("call engagement.refresh_customer(%s)", customer_id)
        else:
            self.driver.execute(
                "call engagement.recalculate(p_customer_id => %s, p_as_of => %s)",
                customer_id,
                self.as_of,
            )
        after, live = self.driver.customer_scores(), self.driver.live_awards()
        row = after.pop(customer_id)
        calculated_at = row.calculated_at
        if is_now:
            assert begun_at <= calculated_at <= self.driver.clock()
        else:
            assert calculated_at == self.as_of
        scores.pop(customer_id, None)
        assert after == scores
        self.check_rank(row)
        # What waited still waits; an employer whose employee's awards changed may have joined it.
        queue_after = self.driver.queue()
        assert [entry for entry in queue if entry not in queue_after] == []
        others = {a for a in before if a.customer_id != customer_id}
        assert {a for a in live if a.customer_id != customer_id} == others
        if self.setup_pending:
            return
        assert own(live, customer_id) == own(self.expected_awards(), customer_id)
        stored = self.driver.stored_scores()[customer_id]
        self.check_customer(row, live, stored, calculated_at)

    @precondition(lambda self: not self.in_transaction)
    @rule()
    def catch_up(self) -> None:
        """As a refresh of everybody touched; what has to wait for a run waits."""
        begun_at, before = self.driver.clock(), self.driver.customer_scores()
        runs = self.driver.instants_of_runs()
        left = self.driver.catch_up()
        self.check_append_only()
        assert self.driver.instants_of_runs() == runs
        # Whole sources and everybody; and jobs, if points go to the present employer.
        queue = self.driver.queue()
        assert left == len(queue)
        is_current = self.parameters.current_employers
        for source, column, *_ in queue:
            assert column is None or (source == "employment" and is_current)
        rows, stored = self.driver.customer_scores(), self.driver.stored_scores()
        ended_at = self.driver.clock()
        touched = {k for k, row in rows.items() if begun_at <= row.calculated_at <= ended_at}
        for key in rows.keys() - touched:
            assert rows[key] == before[key], key
        for key in touched:
            self.check_rank(rows[key])
        if self.setup_pending:
            return
        assert self.driver.verify() == []
        if queue or self.driver.work_length() > 0:
            return
        self.is_settled = True
        self.check_ledger()
        # Whoever was not touched is right as of the instant of before.
        for key, row in rows.items():
            assert row.next_change_at is None or row.next_change_at > begun_at, key
            self.check_customer(row, self.live_awards(), stored[key], row.calculated_at)

    def check_rank(self, row: Any) -> None:
        """A refreshed customer stands where its score was in the last run's ranking."""
        type_of = {
            c["customer_id"]: c["customer_type"] for c in self.host.customer if c["is_active"]
        }
        rank = None
        if row.customer_id in type_of:
            lowest = self.thresholds.get(type_of[row.customer_id], {})
            rank = oracle.percentile_by(row.score, lowest)
        assert row.percentile == rank
        assert row.band_code == oracle.band_of(row.score, rank, self.driver.bands())
        ranked = self.driver.ranked_categories()
        for (code, key), (points, percentile, band, is_empty) in self.driver.parts().items():
            if key == row.customer_id and code in ranked and not is_empty:
                lowest = self.part_thresholds.get(code, {}).get(type_of.get(key, ""), {})
                part_rank = oracle.percentile_by(points, lowest)
                assert percentile == part_rank, (code, key)
                assert band == oracle.band_of(points, part_rank, self.driver.bands(code))

    @precondition(lambda self: not self.in_transaction)
    @rule()
    def roll_up_employers(self) -> None:
        """Companies are summed anew from the ledger as it is, and everybody is ranked."""
        self.driver.execute("call engagement.roll_up_employers(%s)", self.as_of)
        self.refresh_view_of_host()  # a resumed run may have moved what follows a merge
        self.check_append_only()  # it may have resumed another run
        self.note_ranking()
        live, stored = self.live_awards(), self.driver.stored_scores()
        ledger = oracle.counted(live, self.rules, self.parameters)
        rows = self.driver.customer_scores()
        for customer_id, score in stored.items():
            expected = oracle.totals(
                oracle.employee_awards(customer_id, ledger, self.host, self.parameters, self.as_of),
                self.parameters,
                self.as_of,
            )
            assert score.employee == expected, customer_id
            assert score.employee.is_zero or rows[customer_id].calculated_at <= self.as_of
        self.check_ranks(rows)

    @precondition(lambda self: not self.in_transaction and not self.setup_pending)
    @rule()
    def verify_meanwhile(self) -> None:
        """Between runs, what waits in the queue is no difference."""
        assert self.driver.verify() == []

    @invariant()
    def all_is_well(self) -> None:
        """What must hold after every step; and, every few steps, after the weekly job."""
        failed_triggers = [f for f in self.driver.failures() if f[3] is not None]
        assert failed_triggers == []
        if self.in_transaction:
            return
        self.check_append_only()
        if self.is_settled:
            self.check_ledger()
        self.step_number += 1
        if self.step_number % self.check_every == 0:
            self.recalculate_and_check(
                mode="INCREMENTAL", who=self.step_number, at=TURNS[self.step_number % len(TURNS)]
            )

    def check_append_only(self) -> None:
        """Rows of the ledger stay as written; a void is the only thing that can happen to one."""
        ledger = self.driver.ledger()
        for key, (award, voided_at, reason) in self.ledger.items():
            assert key in ledger, f"{key} was deleted"
            found, found_voided_at, found_reason = ledger[key]
            assert found == award
            if voided_at is not None:
                assert (found_voided_at, found_reason) == (voided_at, reason)
        self.ledger = ledger

    def check_ledger(self) -> None:
        expected, found = self.expected_awards(), self.live_awards()
        assert found == expected, difference(expected, found)

    def check_scores(self) -> None:
        """Everybody's totals, when they change next, and where everybody stands."""
        live = self.live_awards()
        stored, rows = self.driver.stored_scores(), self.driver.customer_scores()
        scored = {c["customer_id"] for c in self.host.customer} | {a.customer_id for a in live}
        assert scored <= stored.keys()
        for customer_id, score in stored.items():
            self.check_customer(rows[customer_id], live, score, self.as_of)
        self.check_ranks(rows)

    def check_ranks(self, rows: dict[Key, Any]) -> None:
        """Percentile and band of everybody, after a run over everybody."""
        bands = self.driver.bands()
        expected = oracle.percentiles({key: row.score for key, row in rows.items()}, self.host)
        for key, row in rows.items():
            assert row.percentile == expected[key], key
            assert row.band_code == oracle.band_of(row.score, expected[key], bands), key
        ranked = self.driver.ranked_categories()
        among = {code: oracle.percentiles(self.points_in(code, rows), self.host) for code in ranked}
        for (code, key), (points, percentile, band, is_empty) in self.driver.parts().items():
            is_ranked = code in ranked and not is_empty
            rank = among[code][key] if is_ranked else None
            bands = self.driver.bands(code) if is_ranked else []
            assert (percentile, band) == (rank, oracle.band_of(points, rank, bands)), (code, key)

    def check_customer(self, row: Any, live: set[Award], stored: Score, as_of: dt.datetime) -> None:
        """One customer's stored totals are the sums over these awards."""
        host, rules, parameters = self.host, self.rules, self.parameters
        customer_id, next_change_at = row.customer_id, row.next_change_at
        expected = oracle.score_of(customer_id, live, host, rules, parameters, as_of)
        assert stored == expected, (customer_id, as_of)
        late = oracle.next_change(customer_id, live, host, rules, parameters, as_of)
        early = oracle.next_boundary(customer_id, live, host, parameters, as_of, rules)
        if next_change_at is None:
            assert late is None, (customer_id, as_of, late)
        else:
            assert early <= next_change_at, (customer_id, as_of, early)
            assert late is None or next_change_at <= late, (customer_id, as_of, late)

    def moves(self, as_of: dt.datetime) -> list[dt.datetime]:
        """The instants after as_of at which anybody's main job begins or has ended."""
        companies = {job["employer_id"] for job in self.host.employment}
        return [
            instant
            for company_id in companies
            for instant in oracle.moves(company_id, self.host, self.parameters, as_of)
        ]

    def expected_points(self, as_of: dt.datetime) -> dict[Key, Decimal]:
        live = self.expected_awards()
        return {
            c["customer_id"]: self.own_total(c["customer_id"], live, as_of)
            for c in self.host.customer
        }

    def own_total(self, customer_id: Key, live: Iterable[Award], as_of: dt.datetime) -> Decimal:
        """The score that a customer's own points make."""
        points = oracle.own_points(customer_id, live, self.rules, self.parameters, as_of)
        return oracle.bounded(points, self.parameters)

    def check_answers(self, customer_id: Key, as_of: dt.datetime) -> None:
        """score_at, explain_score, score_card and trend agree with the oracle, and each other."""
        live, rules, parameters = self.expected_awards(), self.rules, self.parameters
        expected = oracle.score_of(customer_id, live, self.host, rules, parameters, as_of)
        assert self.driver.score_at(customer_id, as_of, None) == oracle.bounded(
            expected.own.score, parameters
        )
        explained = self.driver.explain_score(customer_id, as_of)
        counting = [
            a
            for a in oracle.counted(own(live, customer_id), rules, parameters)
            if oracle.counts_at(a, as_of)
        ]
        code_of = {r.rule_id: r.rule_code for r in rules}
        assert sorted(explained) == sorted(
            (
                code_of[a.rule_id],
                a.source,
                str(a.source_id),
                oracle.points_at(a, as_of, parameters),
            )
            for a in counting
        )
        card = self.driver.score_card(customer_id, as_of)
        self.check_card(card, as_of, expected)
        self.check_employees(card, customer_id, as_of, expected.employee)
        self.check_raise(card, customer_id, as_of)
        self.check_trend(customer_id, as_of)

    def check_card(self, card: dict[str, Any], as_of: dt.datetime, expected: Score) -> None:
        assert card["own_score"] == expected.own.score
        assert card["score"] == oracle.bounded(
            card["own_score"] + card["employee_score"], self.parameters
        )
        assert card["own_score"] == sum(c["counted_score"] for c in card["categories"])
        assert card["rules_pending"] is False
        shown = {}
        for category in card["categories"]:
            sums = oracle.Totals(
                category["score"], category["ytd_score"], category["overview_score"]
            )
            if not sums.is_zero:
                shown[category["category_code"]] = sums
            parts = [(r["score"], r["ytd_score"], r["overview_score"]) for r in category["rules"]]
            assert [sum(column) for column in zip(*parts, strict=True)] in (
                [sums.score, sums.ytd_score, sums.overview_score],
                [],
            )
        assert shown == expected.categories

    def check_employees(
        self, card: dict[str, Any], customer_id: Key, as_of: dt.datetime, expected: oracle.Totals
    ) -> None:
        """Employees' points are those of the date; rank and who is engaged are as stored."""
        rows = self.driver.customer_scores()
        row = rows[customer_id]
        assert (card["percentile"], card["band_code"]) == (row.percentile, row.band_code)
        assert card["employee_score"] == expected.score
        if card["customer_type"] != "COMPANY":
            return
        assert card["employee_ytd_score"] == expected.ytd_score
        assert card["employee_overview_score"] == expected.overview_score
        day = oracle.local_of(as_of, self.parameters.zone).date()
        staff = oracle.staff_on(day, customer_id, self.host)
        engaged = [key for key in staff if rows[key].own_score > 0]
        assert (card["employee_count"], card["engaged_count"]) == (len(staff), len(engaged))
        shown = card["participation_rate"], card["average_score"]
        if not staff:
            assert shown == (None, None)
        else:
            size = Decimal(len(staff))
            assert shown == (
                round_half_up(len(engaged) / size, 4),
                round_half_up(expected.score / size, 2),
            )

    def check_raise(self, card: dict[str, Any], customer_id: Key, as_of: dt.datetime) -> None:
        """Whether the card says that the score was raised recently, by how much, and when."""
        raised = oracle.recent_raise(
            customer_id, self.expected_awards(), self.parameters, as_of, self.rules
        )
        assert card["raised_recently"] is (raised is not None)
        shown = card["raised_by"], card["raised_at"]
        if raised is None:
            assert shown == (None, None)
        else:
            assert (shown[0], dt.datetime.fromisoformat(shown[1])) == raised

    def check_trend(self, customer_id: Key, begin: dt.datetime) -> None:
        """Own, employees' and total points at an instant and two steps later."""
        live, zone = self.expected_awards(), self.parameters.zone
        step = (HOUR, DAY, 7 * DAY, 30 * DAY)[self.step_number % 4]
        instants = [begin] + [
            begin + n * step if step < DAY else oracle.add_days(begin, n * step.days, zone)
            for n in (1, 2)
        ]
        expected = []
        for at in instants:
            score = oracle.score_of(customer_id, live, self.host, self.rules, self.parameters, at)
            expected.append((at, score.own.score, score.employee.score, score.score))
        assert self.driver.trend(customer_id, begin, instants[-1], step) == expected

    def check_past_answers(self) -> None:
        """What was known then about that instant is still the answer to that question."""
        for known_at, as_of, known in self.remembered[-3:]:
            for customer_id, points_then in known.items():
                assert self.driver.score_at(customer_id, as_of, known_at) == points_then
        # Causes of change add up to what has changed on record.
        for (early, *_), (late, _, known) in itertools.pairwise(self.remembered[-3:]):
            for customer_id in known.keys() & {c["customer_id"] for c in self.host.customer}:
                difference = self.driver.score_at(customer_id, late, late) - self.driver.score_at(
                    customer_id, early, early
                )
                assert self.driver.change_of(customer_id, early, late) == difference

    def expected_failures(self) -> set[tuple[str, str]]:
        """Source and row of each activity that cannot be scored."""
        found = oracle.failures(self.host, self.rules, self.parameters)
        return {(source, str(source_id)) for source, source_id, _ in found}

    def recorded_failures(self) -> set[tuple[str, str]]:
        """Source and row of each open failure. INCREMENTAL may leave one of a row that is gone."""
        return {(source, source_id) for source, source_id, *_ in self.driver.failures()}


def row_of(award: Award) -> tuple[Any, ...]:
    """What at most one live award has."""
    return award.customer_id, award.source, award.source_id, award.rule_id


def own(awards: Iterable[Award], customer_id: Key) -> set[Award]:
    """The awards of one customer."""
    return {a for a in awards if a.customer_id == customer_id}


def difference(expected: set[Award], found: set[Award]) -> str:
    """Which awards are missing, and which should not be there."""
    lines = [f"missing: {a}" for a in expected - found]
    lines += [f"too many: {a}" for a in found - expected]
    return "\n".join(lines)


def search(key_type: str) -> settings:
    """How long to search, and whether each time along the same path."""
    return settings(
        max_examples=EXAMPLES[key_type],
        stateful_step_count=STEPS,
        derandomize=not THOROUGH,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.slow
@pytest.mark.parametrize("key_type", ["bigint", "uuid", "text"])
def test_engine_after_any_history_equals_oracle(
    deployed_as: Callable[[str], psycopg.Connection[Any]], key_type: str
) -> None:
    driver = Driver(deployed_as(key_type))

    class Life(Association):
        """A life of the association in this database."""

        def __init__(self) -> None:
            super().__init__(driver)

    run_state_machine_as_test(Life, settings=search(key_type))
