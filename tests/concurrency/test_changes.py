"""Changes of rules, parameters, views and rows while a run is under way, or dead and not resumed.

Whatever the interleaving: after the next run everything is by the change, and `verify` finds
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from decimal import Decimal
from typing import Any, NamedTuple

import psycopg
import pytest

from patience import PATIENCE
from scoring.host import NOW, Document, Host, Line, instant

Another = Callable[[], Host]
Background = Callable[..., Future[Any]]
Wait = Callable[[psycopg.Connection[Any]], None]

LATER = "2100-01-01 00:00+00"

#: Where a run can be interrupted: before a phase, or when the whole source has been staged.
POINTS = [
    "PREPARE",
    "DEQUEUE",
    "SOURCES",
    "STAGED",
    "ACTIVITIES",
    "CUSTOMERS",
    "TOTALS",
    "RANK",
    "BANDS",
]


class Scene(NamedTuple):
    """Somebody with a job at two companies, an order of before, and one of a day to come."""

    host: Host
    person: Any
    main: Any
    other: Any
    order: Document

    def points(self) -> list[Decimal]:
        return self.host.live(self.person)


@pytest.fixture
def scene(host: Host) -> Scene:
    host.set(TRIGGER_MODE="DEFERRED")
    host.rule(flat_score="1.25", quantity_score=1, valid_for_weeks=4)
    person, main, other = host.customer(), host.customer("COMPANY"), host.customer("COMPANY")
    host.job(person, main, end="2025-04-01")
    host.job(person, other, begin="2025-04-02")
    order = host.order(person, employer=other)
    host.order(person, at=LATER)
    host.proven()
    assert host.live(person) == [Decimal("2.25")] * 2
    return Scene(host, person, main, other, order)


def replace_view(scene: Scene) -> None:
    """The view of order lines shows ten times the quantity, and nobody is told."""
    scene.host.run(
        """
        do $$
        begin
            execute format(
                'create or replace view engagement_host.order_line as select v.source_id,'
                ' v.document_id, v.customer_id, v.employer_id, v.subject_id, v.subject_class,'
                ' v.quantity * 10 as quantity, v.amount, v.occurred_at, v.ended_at from (%s) v',
                rtrim(pg_get_viewdef('engagement_host.order_line'::regclass), ';'));
        end
        $$
        """
    )


def live(scene: Scene) -> list[Any]:
    """The live awards of the person."""
    return [award for award in scene.host.awards(scene.person) if award.voided_at is None]


def employee_scores(scene: Scene) -> list[Decimal]:
    """What the employees of both companies have counted at their last run."""
    return [scene.host.score(company).employee_ytd_score for company in (scene.main, scene.other)]


TWO = Decimal("2.25")

#: What is changed, and what must be so after the next run.
CHANGES: dict[str, tuple[Callable[[Scene], Any], Callable[[Scene], bool]]] = {
    "rule revised retroactively": (
        lambda s: s.host.revise({"flat_score": 100}, retroactive=True),
        lambda s: s.points() == [101, 101],
    ),
    "rule revised from now on": (
        lambda s: s.host.revise({"flat_score": 100}),
        lambda s: s.points() == [TWO, 101],
    ),
    "rule revised twice": (
        lambda s: (
            s.host.revise({"flat_score": 50}, retroactive=True),
            s.host.revise({"flat_score": 100}, retroactive=True),
        ),
        lambda s: s.points() == [101, 101],
    ),
    "rule added": (
        lambda s: s.host.rule("SECOND", flat_score=7),
        lambda s: s.points() == [TWO, TWO, 7, 7],
    ),
    "rule retired retroactively": (
        lambda s: s.host.retire(retroactive=True),
        lambda s: s.points() == [],
    ),
    "rule retired": (lambda s: s.host.retire(), lambda s: s.points() == [TWO]),
    "SCORE_DECIMALS": (
        lambda s: s.host.set(SCORE_DECIMALS="0"),
        lambda s: s.points() == [2, 2],
    ),
    "TIME_ZONE": (
        lambda s: s.host.set(TIME_ZONE="Europe/Zurich"),
        lambda s: instant("2025-03-31 09:00+00") in [award.expires_at for award in live(s)],
    ),
    "MULTIPLE_CONCURRENT_EMPLOYERS": (
        lambda s: s.host.set(MULTIPLE_CONCURRENT_EMPLOYERS="Y"),
        lambda s: employee_scores(s) == [0, TWO],
    ),
    "EMPLOYER_ATTRIBUTION": (
        lambda s: s.host.set(EMPLOYER_ATTRIBUTION="CURRENT"),
        lambda s: employee_scores(s) == [0, TWO],
    ),
    "view": (replace_view, lambda s: s.points() == [Decimal("11.25")] * 2),
    "row": (
        lambda s: s.host.set_line(s.order.line, quantity=3),
        lambda s: s.points() == [TWO, Decimal("4.25")],
    ),
}

RETROACTIVE = "rule revised retroactively"
OTHERS = [change for change in CHANGES if change != RETROACTIVE]


def cases(*points: str) -> list[tuple[str, str]]:
    """A retroactive revision at every point, the other changes at these."""
    return [(RETROACTIVE, point) for point in POINTS] + [
        (change, point) for change in OTHERS for point in points
    ]


def begin(runner: Host, mode: str, point: str) -> int:
    """A run of that session, which stops at that point."""
    runner.rows("select engagement.begin_run(%s, %s)", mode, NOW)
    run = runner.runs()[-1]
    is_staged = "select to_regclass('pg_temp.engagement_stage') is not null"
    while run.phase != point and not (point == "STAGED" and runner.one(is_staged)):
        assert runner.one("select engagement.run_step(%s)", run.run_id)
        run = runner.runs()[-1]
    run_id: int = run.run_id
    return run_id


@pytest.mark.parametrize(("change", "point"), cases("STAGED", "TOTALS"))
def test_change_while_a_run_is_under_way_is_done_by_the_next(
    scene: Scene, another: Another, change: str, point: str
) -> None:
    make, is_right = CHANGES[change]
    runner = another()
    run_id = begin(runner, "FULL", point)
    make(scene)
    while runner.one("select engagement.run_step(%s)", run_id):
        pass
    scene.host.proven()
    assert is_right(scene)
    run = scene.host.proven("FULL")
    assert (run.award_count, run.void_count) == (0, 0)


@pytest.mark.parametrize(("change", "point"), cases("ACTIVITIES"))
def test_change_while_a_dead_run_waits_is_done_by_the_next(
    scene: Scene, another: Another, change: str, point: str
) -> None:
    make, is_right = CHANGES[change]
    runner = another()
    begin(runner, "FULL", point)
    runner.session.close()
    make(scene)
    scene.host.proven()
    assert is_right(scene)
    run = scene.host.proven("FULL")
    assert (run.award_count, run.void_count) == (0, 0)


@pytest.mark.parametrize("point", POINTS)
def test_change_is_recorded_after_it_was_made_whatever_run_was_dead(
    scene: Scene, another: Another, point: str
) -> None:
    """What a run that died had not taken is not recorded as if it had been known then."""
    runner = another()
    begin(runner, "INCREMENTAL", point if point != "STAGED" else "SOURCES")
    runner.session.close()
    scene.host.revise({"flat_score": 100}, retroactive=True)
    revised_at = scene.host.clock()
    scene.host.proven()
    assert min(award.recorded_at for award in live(scene)) > revised_at


def test_changes_before_and_during_a_run_are_each_one_step(scene: Scene, another: Another) -> None:
    """A revision that nobody has applied is revised once more while a run has it in hand."""
    scene.host.revise({"flat_score": 50}, retroactive=True)
    runner = another()
    run_id = begin(runner, "INCREMENTAL", "ACTIVITIES")
    assert scene.points() == [51, 51]
    scene.host.revise({"flat_score": 100}, retroactive=True)
    while runner.one("select engagement.run_step(%s)", run_id):
        pass
    assert scene.points() == [51, 51]
    assert scene.host.card(scene.person)["rules_pending"] is True
    scene.host.proven()
    assert scene.points() == [101, 101]


def test_take_waits_for_a_change_that_is_being_made(
    scene: Scene, another: Another, background: Background, wait_until_blocked: Wait
) -> None:
    """A second revision in flight: the first one is not applied without it."""
    scene.host.revise({"flat_score": 50}, retroactive=True)
    admin, runner = another(), another()
    with admin.session.transaction():
        admin.revise({"flat_score": 100}, retroactive=True)
        run = background(runner.recalculate)
        wait_until_blocked(runner.session)
    run.result(timeout=PATIENCE)
    assert scene.points() == [101, 101]
    assert {award.rule_id for award in scene.host.awards(scene.person)} == {
        min(award.rule_id for award in scene.host.awards(scene.person)),
        live(scene)[0].rule_id,
    }


@pytest.mark.parametrize("is_taken_back", [False, True])
def test_take_goes_on_by_the_rules_of_before_when_a_change_is_left_open(
    scene: Scene, another: Another, is_taken_back: bool
) -> None:
    scene.host.run(
        "alter function engagement.run_dequeue(engagement.recalculation_run)"
        " set lock_timeout = '1ms'"
    )
    scene.host.revise({"flat_score": 50}, retroactive=True)
    scene.host.order(scene.person, Line(quantity=3))
    admin, runner = another(), another()
    with admin.session.transaction(force_rollback=is_taken_back):
        admin.revise({"flat_score": 100}, retroactive=True)
        run = runner.recalculate("FULL")
        assert (run.run_status, run.taken_at) == ("COMPLETED", None)
        assert scene.points() == [TWO, TWO, Decimal("4.25")]
        assert scene.host.verify() == []
        assert scene.host.card(scene.person)["rules_pending"] is True
    # The change of before is made up for, though that run has taken its row of the queue.
    scene.host.proven()
    assert scene.points() == ([51, 51, 53] if is_taken_back else [101, 101, 103])


@pytest.mark.parametrize("change", ["rule", "decimals"])
def test_refresh_left_open_across_a_change_and_its_run_is_mended(
    scene: Scene, another: Another, background: Background, wait_until_blocked: Wait, change: str
) -> None:
    """It awards by the rules of before, and commits when the run has compared its customer."""
    scene.host.order(scene.person, Line(quantity=3))
    clerk, runner = another(), another()
    with clerk.session.transaction():
        clerk.refresh(scene.person)
        if change == "rule":
            scene.host.revise({"flat_score": 100}, retroactive=True)
        else:
            scene.host.set(SCORE_DECIMALS="0")
        run = background(runner.recalculate)
        wait_until_blocked(runner.session)
        assert scene.host.runs()[-1].phase in ("SOURCES", "ACTIVITIES", "TOTALS")
    run.result(timeout=PATIENCE)
    assert scene.host.verify() == []
    scene.host.proven()
    assert scene.points() == ([101, 101, 103] if change == "rule" else [2, 2, 4])


def test_source_unregistered_while_a_run_has_its_keys_is_voided_by_the_next(
    scene: Scene, another: Another
) -> None:
    scene.host.set_line(scene.order.line, quantity=3)
    runner = another()
    run_id = begin(runner, "INCREMENTAL", "ACTIVITIES")
    scene.host.run("call engagement.unregister_source('order_line')")
    while runner.one("select engagement.run_step(%s)", run_id):
        pass
    scene.host.proven()
    assert scene.points() == []
    assert scene.host.count("recalculation_key") == 0
    assert scene.host.failures() == []


def test_roll_up_resumed_sums_companies_and_takes_nothing(scene: Scene, another: Another) -> None:
    scene.host.set_line(scene.order.line, quantity=3)
    runner = another()
    begin(runner, "ROLL_UP", "TOTALS")
    runner.session.close()
    scene.host.run("call engagement.roll_up_employers()")
    assert [run.run_mode for run in scene.host.runs()[-2:]] == ["ROLL_UP", "ROLL_UP"]
    assert scene.host.count("pending_activity") == 1
    scene.host.proven()
    assert scene.points() == [TWO, Decimal("4.25")]


@pytest.mark.parametrize("mode", ["DEFERRED", "IMMEDIATE"])
@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
def test_erase_of_somebody_whose_keys_are_queued_brings_nothing_back(
    scene: Scene, mode: str, attribution: str
) -> None:
    host, person = scene.host, scene.person
    host.set(TRIGGER_MODE=mode, EMPLOYER_ATTRIBUTION=attribution)
    host.proven()
    host.set_line(scene.order.line, quantity=3)
    host.refresh(person)
    host.run("delete from crm.order_line where ship_customer_id = %s", person)
    host.run("delete from crm.employment where employee_id = %s", person)
    host.run("delete from crm.customer where customer_id = %s", person)
    host.run("call engagement.erase_customer(%s)", person)
    assert host.verify() == []
    host.proven()
    assert host.awards(person) == []
    for table in ("customer_score", "category_score", "score_event", "recalculation_customer"):
        assert host.rows(f"select from engagement.{table} where customer_id = %s", person) == []
    assert host.failures() == []
    run = host.proven("FULL")
    assert (run.award_count, run.void_count, run.score_count) == (0, 0, 0)
