"""A small association in which anything may happen, for properties that hold whatever does.

An act is a tuple: a method of `Association` and its arguments. Numbers choose among what there is,
so that every sequence of acts can be done.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from scoring.host import Document, Host, Line

CODES = ("PLAIN", "CAPPED", "FADING", "SEAT", "ADJUSTMENT", "SOCIAL_SCORE")

#: What a revision may change.
CHANGES: tuple[dict[str, Any], ...] = (
    {"quantity_score": 3},
    {"amount_score": "0.7", "flat_score": 1},
    {"cap_points": 5, "cap_period": "DAY"},
    {"cap_points": "12.5", "cap_period": "YEAR", "half_life_weeks": None},
    {"cap_points": None, "cap_period": None},
    {"half_life_weeks": 1},
    {"half_life_weeks": None},
    {"valid_for_weeks": 3},
    {"valid_for_weeks": None, "quantity_score": "-0.5"},
    {"category_code": "INVOLVEMENT"},
    {"subject_id": "MUG"},
    {"subject_id": None},
)

picks = st.integers(0, 11)
people = st.integers(0, 2)
quantities = st.sampled_from(["1", "2", "0.5", "4", "9", "-1", "-3", "0"])
days = st.integers(-60, 60)
past_days = st.sampled_from([0, 1, 2, 6, 7, 8, 13, 20, 40, 60, 400])

host_acts = st.one_of(
    st.tuples(st.just("order"), people, st.lists(quantities, min_size=1, max_size=3), past_days),
    st.tuples(st.just("order"), people, st.lists(quantities, min_size=1, max_size=3), past_days),
    st.tuples(st.just("set_state"), picks, st.sampled_from(["PLACED", "CANCELLED"])),
    st.tuples(st.just("correct"), picks, quantities),
    st.tuples(st.just("redate"), picks, past_days),
    st.tuples(st.just("repoint"), picks, people),
    st.tuples(st.just("seat"), people, days, st.one_of(st.none(), st.integers(0, 60))),
    st.tuples(st.just("employ"), people, st.integers(0, 1), days, st.booleans()),
)
staff_acts = st.one_of(
    st.tuples(st.just("adjust"), people, st.sampled_from(["5", "-7.5"]), st.booleans()),
    st.tuples(st.just("socialise"), people, st.sampled_from(["3", "10.25"]), past_days),
)
rule_acts = st.one_of(
    st.tuples(st.just("revise"), st.integers(0, 5), st.integers(0, 11), st.booleans()),
    st.tuples(st.just("revise"), st.integers(0, 3), st.integers(0, 11), st.booleans()),
    st.tuples(st.just("retire"), st.integers(0, 5), st.booleans()),
    st.tuples(st.just("add_rule"), st.sampled_from(["1", "-2.5"])),
)
runs = st.one_of(
    st.tuples(st.just("run"), st.sampled_from(["INCREMENTAL", "INCREMENTAL", "FULL"])),
    st.tuples(st.just("set_mode"), st.sampled_from(["IMMEDIATE", "DEFERRED"])),
    st.tuples(st.just("refresh"), people),
)
all_acts = st.one_of(host_acts, host_acts, staff_acts, rule_acts, runs)


def search(examples: int) -> Callable[[Any], Any]:
    """So many examples, the same ones at each run."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


class Association:
    """Three people, two companies and rules of each kind."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.now: dt.datetime = host.clock()
        self.people = [host.customer() for _ in range(3)]
        self.companies = [host.customer("COMPANY") for _ in range(2)]
        self.orders: list[Document] = []
        self.number = 0
        host.product("MUG")
        host.rule("PLAIN", quantity_score=2, valid_for_weeks=6)
        host.rule("CAPPED", quantity_score="1.5", cap_points=10, cap_period="WEEK")
        host.rule("FADING", amount_score=1, half_life_weeks=1, cap_points=20, cap_period="MONTH")
        host.seat_rule(half_life_weeks=3)
        host.job(self.people[0], self.companies[0])

    def do(self, *acts: tuple[Any, ...]) -> None:
        """What happens, one thing after the other."""
        for name, *arguments in acts:
            getattr(self, name)(*arguments)

    def ago(self, days: int) -> str:
        """An instant so many days ago."""
        return str(self.now - dt.timedelta(days=days))

    def on(self, days: int) -> str:
        """A day so many days from now."""
        return str((self.now + dt.timedelta(days=days)).date())

    def order(self, who: int, quantities: list[str], days: int) -> None:
        """An order of books and mugs."""
        lines = [
            Line("MUG" if number % 3 == 2 else "BOOK", quantity, 3)
            for number, quantity in enumerate(quantities)
        ]
        self.orders.append(self.host.order(self.people[who], *lines, at=self.ago(days)))

    def set_state(self, which: int, status: str) -> None:
        """An order is cancelled, or placed again."""
        if self.orders:
            self.host.set_order(self.orders[which % len(self.orders)], order_status=status)

    def correct(self, which: int, quantity: str) -> None:
        """A line has another quantity."""
        if self.orders:
            self.host.set_line(self.orders[which % len(self.orders)].lines[0], quantity=quantity)

    def redate(self, which: int, days: int) -> None:
        """An order happened at another time."""
        if self.orders:
            self.host.set_order(self.orders[which % len(self.orders)], ordered_at=self.ago(days))

    def repoint(self, which: int, who: int) -> None:
        """A line turns out to be somebody else's."""
        if self.orders:
            line = self.orders[which % len(self.orders)].lines[-1]
            self.host.set_line(line, ship_customer_id=self.people[who])

    def seat(self, who: int, begin: int, length: int | None) -> None:
        """A seat, past, present or future."""
        end = None if length is None else self.on(begin + length)
        self.host.seat(self.people[who], self.on(begin), end)

    def employ(self, who: int, where: int, begin: int, is_primary: bool) -> None:
        """A job."""
        self.host.job(
            self.people[who], self.companies[where], self.on(begin), is_primary=is_primary
        )

    def adjust(self, who: int, points: str, expires: bool) -> None:
        """Points by hand."""
        self.host.adjust(self.people[who], points, expires_at=self.ago(-9) if expires else None)

    def socialise(self, who: int, score: str, days: int) -> None:
        """A social community score."""
        self.number += 1
        self.host.socialise(
            self.people[who], f"BLOG_{self.number}", score=score, scored_at=self.ago(days)
        )

    def revise(self, code: int, changes: int, retroactive: bool) -> None:
        """A rule is revised."""
        self.host.revise(CHANGES[changes], retroactive, CODES[code])

    def retire(self, code: int, retroactive: bool) -> None:
        """A rule is retired."""
        self.host.retire(retroactive, CODES[code])

    def add_rule(self, score: str) -> None:
        """One more rule, for all history."""
        self.number += 1
        self.host.rule(f"MORE_{self.number}", flat_score=score, subject_id="BOOK")

    def run(self, mode: str) -> None:
        """A run as of now."""
        self.host.recalculate(mode, as_of=None)

    def set_mode(self, mode: str) -> None:
        """Another trigger mode."""
        self.host.set(TRIGGER_MODE=mode)

    def refresh(self, who: int) -> None:
        """The refresh icon."""
        self.host.refresh(self.people[who])
