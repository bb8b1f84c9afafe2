"""An association that runs Tendenci, and the questions that the tests ask of the package.

Nothing is computed here: every expected number stands in a test.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg

#: A company's customer_id is this plus the id of its corporate profile.
COMPANY = 10_000_000_000

_DRIVER = Path(__file__).with_name("driver.py")

#: Nothing of this changes when there is nothing to do; when a score was computed, does.
_STATE = """
select jsonb_build_object(
    'awards', (select jsonb_agg(to_jsonb(w) order by w.source, w.source_id, w.rule_id,
                                w.customer_id, w.recorded_at) from engagement.award w),
    'scores', (select jsonb_agg(to_jsonb(s) - 'calculated_at' order by s.customer_id)
               from engagement.customer_score s),
    'categories', (select jsonb_agg(to_jsonb(c) order by c.customer_id, c.category_code)
                   from engagement.category_score c))
"""


class Driver:
    """A process of the product, which does what it is asked.

    ``driver.register(event=1, user=2)`` does the act of that name in ``driver.py``.
    """

    def __init__(self, python: Path, environment: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [python, _DRIVER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                text=True,
            )

    def close(self) -> None:
        """End the process."""
        if self._process.stdin and self._process.stdout:
            self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()

    def ask(self, act: str, **arguments: Any) -> Any:
        """Do one act; return what it returns."""
        assert self._process.stdin and self._process.stdout
        print(json.dumps({"act": act, **arguments}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        assert line, self._log.read_text(errors="replace")[-3000:]
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        result = answer["result"]
        return SimpleNamespace(**result) if isinstance(result, dict) else result

    def __getattr__(self, act: str) -> Any:
        return lambda **arguments: self.ask(act, **arguments)


class Association:
    """A database of the product with the package in it.

    Attributes:
        acts: the product, at work in this database.
        keys: what the association was founded with: event, committee, chair, …
        session: autocommit session of the role that deployed the package.
        others: customers that other tests have left there; they do not matter.
    """

    def __init__(
        self,
        session: psycopg.Connection[Any],
        acts: Driver,
        keys: Any,
        others: Collection[int] = (),
    ) -> None:
        self.session = session
        self.acts = acts
        self.keys = keys
        self.others = others

    def rows(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.session.execute(query, arguments or None).fetchall()

    def one(self, query: str, *arguments: Any) -> Any:
        """The only value of the only row."""
        ((value,),) = self.rows(query, *arguments)
        return value

    def recalculate(self, mode: str = "INCREMENTAL") -> None:
        """Run a recalculation."""
        self.session.execute("call engagement.recalculate(p_mode => %s)", (mode,))

    def ledger(self) -> dict[int, Decimal]:
        """Own points of everybody who has any, as the ledger has them now."""
        return {
            customer: points
            for customer, points in self.rows(
                "select customer_id, engagement.score_at(customer_id, clock_timestamp())"
                " from (select distinct customer_id from engagement.award) w"
            )
            if points and customer not in self.others
        }

    def scores(self) -> dict[int, tuple[Decimal, Decimal]]:
        """Own points and employees' points of everybody who has any, as stored."""
        return {
            customer: (own, employees)
            for customer, own, employees in self.rows(
                "select customer_id, own_score, employee_score from engagement.customer_score"
                " where own_score <> 0 or employee_score <> 0"
            )
            if customer not in self.others
        }

    def differences(self) -> list[tuple[Any, ...]]:
        """What verify finds."""
        return self.rows("select * from engagement.verify()")

    def failures(self) -> list[tuple[Any, ...]]:
        """What went wrong in triggers and was not put right since."""
        return self.rows("select * from engagement.scoring_failure where resolved_at is null")

    def is_well(self) -> bool:
        """Tell whether another test may go on with this database."""
        self.recalculate()
        return self.failures() == [] and self.differences() == []

    def state(self) -> Any:
        """All awards and scores."""
        return self.one(_STATE)

    def proves(self, scores: dict[int, Any]) -> None:
        """The scores are these, by the trigger (IMMEDIATE) and INCREMENTAL, and FULL agrees.

        Args:
            scores: of everybody who has any points: own, or own and employees'.
        """
        expected = {
            customer: points if isinstance(points, tuple) else (points, 0)
            for customer, points in scores.items()
        }
        own = {customer: points for customer, (points, _) in expected.items() if points}
        assert self.failures() == []
        assert self.differences() == []
        if self.one("select engagement.get_parameter('TRIGGER_MODE')") == "IMMEDIATE":
            assert self.ledger() == own
        self.recalculate()
        assert self.one("select count(*) from engagement.pending_activity") == 0
        assert self.differences() == []
        assert self.scores() == expected
        assert self.ledger() == own
        before = self.state()
        self.recalculate()
        assert self.state() == before
        self.recalculate("FULL")
        assert self.state() == before
        assert self.differences() == []
