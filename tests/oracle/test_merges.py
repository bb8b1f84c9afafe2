"""Random merges of few customers with few kinds of scores, so that much of it meets.

The state machine has merges among everything else that happens. Here nothing else happens, so
chains and second merges are frequent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .driver import Driver
from .oracle import UTC

DAYS = [dt.datetime(2025, 1, day, tzinfo=UTC) for day in (1, 2)]

picks = st.integers(0, 3)
kinds = st.sampled_from(["BLOG", "WIKI"])
days = st.sampled_from(DAYS)
merge = st.tuples(st.just("merge"), picks, st.sampled_from([1, 2, 3, 1, 2, 3, 0]))
enter = st.tuples(st.just("enter"), picks, kinds, days, st.integers(1, 9))
unmerge = st.tuples(st.just("unmerge"), picks)
acts = st.lists(
    st.one_of(
        *(merge, merge, merge, enter, enter, unmerge, unmerge),
        st.tuples(st.just("adjust"), picks, st.integers(1, 9)),
        st.tuples(st.just("remove"), picks),
        st.tuples(st.just("run")),
    ),
    min_size=6,
    max_size=14,
)


class Life:
    """Four customers, and what is entered for them: at first a score of one kind each."""

    def __init__(self, driver: Driver, mode: str, begin: list[dt.datetime]) -> None:
        self.driver = driver
        driver.reset()
        driver.execute("select engagement.set_parameter('TRIGGER_MODE', %s)", mode)
        rows = [{"customer_type": "INDIVIDUAL", "display_name": "Somebody"}] * 4
        self.people = driver.insert("customer", rows)
        for who, at in enumerate(begin):
            self.enter(who, "BLOG", at, 10 + who)

    def social_scores(self) -> list[dict[str, Any]]:
        return self.driver.host().social_score

    def merge(self, who: int, further: int) -> None:
        double, kept = self.people[who], self.people[(who + further) % 4]
        expected = self.driver.merges()
        done = expected.merge(double, kept)
        assert self.driver.try_merge("merge_customer", double, kept) is done
        assert self.driver.merges() == expected

    def unmerge(self, which: int) -> None:
        expected = self.driver.merges()
        pairs = sorted(expected.into.items())
        if pairs:
            double, kept = pairs[which % len(pairs)]
            expected.unmerge(double)
            assert self.driver.try_merge("unmerge_customer", double, kept)
            assert self.driver.merges() == expected

    def adjust(self, who: int, points: int) -> None:
        self.driver.call_function(
            "adjust", p_customer_id=self.people[who], p_points=points, p_reason="Why not"
        )

    def enter(self, who: int, kind: str, at: dt.datetime, score: int) -> None:
        key = self.people[who], "MANUAL", kind, ""
        known = [(row["customer_id"], row["social_type"]) for row in self.social_scores()]
        changes = {"score": score, "scored_at": at}
        self.driver.set_social_score(key, changes, is_new=(key[0], kind) not in known)

    def remove(self, which: int) -> None:
        rows = self.social_scores()
        if rows:
            row = rows[which % len(rows)]
            self.driver.remove_social_score(
                (row["customer_id"], "MANUAL", row["social_type"], row["social_subtype"])
            )

    def run(self) -> None:
        """Everybody has what they hold."""
        expected = self.driver.merges()
        expected.run()
        self.driver.execute("call engagement.recalculate()")
        assert self.driver.merges() == expected
        points = dict.fromkeys(self.people, Decimal(0))
        host = self.driver.host()
        for row in host.social_score:
            points[row["customer_id"]] += row["score"]
        for row in host.score_adjustment:
            points[row["customer_id"]] += row["points"]
        scores = self.driver.customer_scores()
        assert {key: scores[key].own_score for key in self.people} == points


@pytest.mark.slow
@pytest.mark.parametrize("key_type", ["bigint", "uuid", "text"])
def test_merges_after_any_history_equal_oracle(
    deployed_as: Callable[[str], psycopg.Connection[Any]], key_type: str
) -> None:
    driver = Driver(deployed_as(key_type))

    @settings(
        max_examples=30 if key_type == "bigint" else 8,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        mode=st.sampled_from(["IMMEDIATE", "DEFERRED"]),
        begin=st.lists(days, min_size=4, max_size=4),
        acts=acts,
    )
    def live(mode: str, begin: list[dt.datetime], acts: list[Any]) -> None:
        life = Life(driver, mode, begin)
        for name, *arguments in (*acts, ("run",)):
            getattr(life, name)(*arguments)
            assert driver.verify() == []
        # Taken back, all of it is gone.
        while pairs := driver.merges().into:
            life.unmerge(len(pairs))
        life.run()
        assert driver.scalar("select count(*) from engagement.merged_input") == 0
        holders = {row.owner == row.holder for row in driver.merges().inputs.values()}
        assert holders <= {True}

    live()
