"""catch_up: what is queued and what a date has changed, without a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import psycopg
import pytest

from .fixtures import furnish
from .host import Document, Host, Line, refused

MODES = ["IMMEDIATE", "DEFERRED"]


def catch_up(host: Host) -> Any:
    """Call it; what it returns."""
    (row,) = host.named("call engagement.catch_up()")
    return row


def totals(host: Host) -> dict[Any, tuple[Any, ...]]:
    """What is stored of everybody, except when it was computed and what only a run ranks anew."""
    return {
        row.customer_id: (
            *(row.own_score, row.employee_score, row.ytd_score, row.overview_score),
            *(row.employee_ytd_score, row.employee_overview_score, row.next_change_at),
        )
        for row in host.named("select * from engagement.customer_score")
    }


def settled(host: Host) -> None:
    """Everything is proven, nothing is queued, and runs find nothing to do."""
    differences = host.rows("select * from engagement.verify()")
    assert not differences, differences
    assert host.count("pending_activity") == 0
    assert host.failures() == []
    stored = totals(host)
    run = host.recalculate(as_of=None)
    assert (run.award_count, run.void_count, run.score_count) == (0, 0, 0)
    run = host.recalculate("FULL", as_of=None)
    assert (run.award_count, run.void_count) == (0, 0)
    assert totals(host) == stored  # FULL computes them for its own instant
    assert host.verify() == []


class Scene(NamedTuple):
    """An association that has been scored: a person with a job and orders, and some others."""

    host: Host
    person: Any
    other: Any
    company: Any
    rival: Any
    job: Any
    order: Document
    draft: Document
    invoice: Document
    seat: Any


def furnished(host: Host, mode: str) -> Scene:
    """The scene in this mode."""
    host.set(TRIGGER_MODE=mode)
    host.rule(quantity_score=2)
    host.rule("PUBLISHED", flat_score=5, subject_class="PUBLICATION")
    host.rule("INVOICED", quantity_score=3, effective_when="INVOICE_CREATION")
    host.rule("BRIEF", quantity_score=7, subject_id="MUG", valid_for_weeks=1)
    host.seat_rule()
    host.product("MUG")
    for code, score in (("LOW", 1), ("MIDDLE", 10), ("HIGH", 50)):
        host.band(code, from_score=score)
    host.band("TOP", from_percentile=60)
    person, other = host.customer(), host.customer()
    company, rival = host.customer("COMPANY"), host.customer("COMPANY")
    job = host.job(person, company)
    order = host.order(person, Line(quantity=4), Line("MUG", quantity=1))
    draft = host.order(person, Line(quantity=6), status="DRAFT")
    invoice = host.invoice(other, Line(quantity=2))
    seat = host.seat(other, "2025-01-01")
    host.recalculate(as_of=None)
    assert host.verify() == []
    return Scene(host, person, other, company, rival, job, order, draft, invoice, seat)


@pytest.fixture(params=MODES)
def scene(host: Host, request: pytest.FixtureRequest) -> Scene:
    return furnished(host, request.param)


def run_all(*queries: str) -> Callable[[Scene], None]:
    """Statements of the host; names of the scene in braces."""

    def act(s: Scene) -> None:
        for query in queries:
            assert s.host.run(query.format(**s._asdict())) > 0

    return act


CHANGES: dict[str, Callable[[Scene], Any]] = {
    "order": lambda s: s.host.order(s.person, Line(quantity=9)),
    "order of somebody new": lambda s: s.host.order(s.host.customer(), Line(quantity=9)),
    "somebody new": lambda s: s.host.customer(),
    "order placed": lambda s: s.host.set_order(s.draft, order_status="PLACED"),
    "order cancelled": lambda s: s.host.set_order(s.order, order_status="CANCELLED"),
    "line corrected": lambda s: s.host.set_line(s.order.lines[0], quantity=100),
    "line of somebody else": lambda s: s.host.set_line(s.order.lines[0], ship_customer_id=s.other),
    "line deleted": lambda s: s.host.run(
        "delete from crm.order_line where order_line_id = %s", s.order.lines[0]
    ),
    "redated": lambda s: s.host.set_order(s.order, ordered_at="2020-01-01+00"),
    "reversed": lambda s: s.host.invoice(
        s.other, Line(quantity=-1), reverses=s.invoice.line, at="2025-04-01+00"
    ),
    "invoice void": lambda s: s.host.run(
        "update crm.invoice set invoice_status = 'VOID' where invoice_id = %s", s.invoice.key
    ),
    "product of another class": lambda s: s.host.product("BOOK", "OTHER"),
    "seat ended": lambda s: s.host.set_seat(s.seat, end_on="2025-05-05"),
    "job ended": lambda s: s.host.set_job(s.job, end_on="2025-01-01"),
    "other job": lambda s: s.host.set_job(s.job, employer_id=s.rival),
    "job deleted": lambda s: s.host.run(
        "delete from crm.employment where employment_id = %s", s.job
    ),
    "adjusted": lambda s: s.host.adjust(s.person, 12),
    "adjusted for a while": lambda s: s.host.adjust(s.person, 12, expires_at="2100-01-01+00"),
    "social score": lambda s: s.host.socialise(s.person, score=4),
    "inactive": lambda s: s.host.set_customer(s.person, is_active=False),
    "merged": lambda s: (s.host.adjust(s.other, 3), s.host.merge(s.other, s.person)),
    "unmerged": lambda s: (
        s.host.adjust(s.other, 3),
        s.host.merge(s.other, s.person),
        s.host.unmerge(s.other, s.person),
    ),
    "company orders": lambda s: s.host.order(s.company, Line(quantity=8)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_the_host_changes_is_brought_up_to_date(scene: Scene, change: str) -> None:
    CHANGES[change](scene)
    assert scene.host.count("pending_activity") > 0
    runs = scene.host.runs()
    result = catch_up(scene.host)
    assert result.statement_count + result.customer_count > 0
    assert result.left_count == 0
    assert scene.host.runs() == runs
    settled(scene.host)


@pytest.mark.parametrize("change", sorted(set(CHANGES) - {"other job", "job ended", "job deleted"}))
def test_current_employers_are_summed_too(scene: Scene, change: str) -> None:
    host = scene.host
    host.set(EMPLOYER_ATTRIBUTION="CURRENT")
    host.recalculate(as_of=None)
    CHANGES[change](scene)
    assert catch_up(host).left_count == 0
    settled(host)


def test_current_jobs_wait_for_the_run(scene: Scene) -> None:
    host = scene.host
    host.set(EMPLOYER_ATTRIBUTION="CURRENT")
    host.recalculate(as_of=None)
    host.set_job(scene.job, employer_id=scene.rival)
    host.order(scene.person, Line(quantity=1))
    for _ in range(2):
        assert catch_up(host).left_count == 1
        assert host.rows("select source from engagement.pending_activity") == [("employment",)]
        assert host.verify() == []
    assert host.score(scene.person).own_score == 25
    host.proven(as_of=None)
    assert host.score(scene.rival).employee_score == 25


def test_all_changes_at_once_in_one_call(scene: Scene) -> None:
    skipped = {"line deleted", "job deleted", "merged", "unmerged"}
    for change in CHANGES:
        if change not in skipped:
            CHANGES[change](scene)
    assert catch_up(scene.host).left_count == 0
    settled(scene.host)


def test_nothing_to_do_does_nothing(scene: Scene) -> None:
    with scene.host.unchanged():
        assert tuple(catch_up(scene.host)) == (0, 0, 0)


@pytest.mark.parametrize("mode", MODES)
def test_before_the_first_run_nothing_is_done(host: Host, mode: str) -> None:
    host.set(TRIGGER_MODE=mode)
    host.rule(quantity_score=2)
    host.order(host.customer())
    host.run("call engagement.roll_up_employers()")
    with host.unchanged():
        assert tuple(catch_up(host)) == (None, None, None)
    host.proven()


def test_while_switched_off_nothing_is_done(scene: Scene) -> None:
    host = scene.host
    host.order(scene.person)
    host.set(CALCULATE_ENGAGEMENT_SCORE_POINTS="N")
    with host.unchanged():
        assert tuple(catch_up(host)) == (None, None, None)
    host.set(CALCULATE_ENGAGEMENT_SCORE_POINTS="Y")
    host.proven(as_of=None)


def test_inside_a_transaction_refused_with_a_hint(scene: Scene) -> None:
    with pytest.raises(psycopg.Error) as error, scene.host.session.transaction():
        catch_up(scene.host)
    assert error.value.sqlstate == "2D000"
    assert error.value.diag.message_hint


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_isolation_of_the_session_does_not_matter(scene: Scene, isolation: str) -> None:
    host = scene.host
    host.run(f"set default_transaction_isolation = '{isolation}'")
    host.order(scene.person, Line(quantity=9))
    assert catch_up(host).left_count == 0
    host.run("reset default_transaction_isolation")
    settled(host)


@pytest.mark.parametrize("key_type", ["uuid", "text"])
@pytest.mark.parametrize("mode", MODES)
def test_other_types_of_keys(
    deployed_as: Callable[[str], psycopg.Connection[Any]], key_type: str, mode: str
) -> None:
    scene = furnished(furnish(deployed_as(key_type)), mode)
    for change in ("order", "order of somebody new", "reversed", "other job", "adjusted"):
        CHANGES[change](scene)
    assert catch_up(scene.host).left_count == 0
    settled(scene.host)


