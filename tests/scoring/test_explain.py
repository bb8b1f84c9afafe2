"""Why a score is what it is, and why it has changed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.acts import Association, all_acts, search
from scoring.fixtures import furnish
from scoring.host import BOUGHT, NOW, Host, Line, instant, refused

WEEK = dt.timedelta(weeks=1)


def arithmetics(host: Host, customer: Any, as_of: Any = NOW) -> list[str]:
    """The arithmetic of each award that counts."""
    return [row.arithmetic for row in host.explain(customer, as_of)]


# -- explain_score -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "quantity", "amount", "words"),
    [
        ({"flat_score": 5}, 1, 0, "5 = 5"),
        ({"flat_score": 5}, 3, 0, "5 = 5"),
        ({"flat_score": 5}, -3, 0, "5 × -1 = -5"),
        # The sign is that of the amount where there is no quantity.
        ({"flat_score": 5}, 0, "-0.01", "5 × -1 = -5"),
        ({"flat_score": 5}, 0, 0, "5 = 5"),
        ({"flat_score": 5}, None, None, "5 = 5"),
        ({"flat_score": -5}, 2, 0, "-5 = -5"),
        ({"flat_score": -5}, -2, 0, "-5 × -1 = 5"),
        ({"quantity_score": "2.00"}, "5.0", 0, "2 × 5 = 10"),
        ({"quantity_score": 2}, -5, 100, "2 × -5 = -10"),
        ({"amount_score": "0.50"}, 1, 100, "0.5 × 100 = 50"),
        ({"amount_score": "-0.5"}, 1, "99.90", "-0.5 × 99.9 = -49.95"),
        (
            {"flat_score": 1, "quantity_score": 2, "amount_score": "0.1"},
            *(3, 5),
            "1 + 2 × 3 + 0.1 × 5 = 7.5",
        ),
        (
            {"flat_score": 1, "quantity_score": 2, "amount_score": "0.1"},
            *(-3, -5),
            "1 × -1 + 2 × -3 + 0.1 × -5 = -7.5",
        ),
        ({"quantity_score": 2, "amount_score": 1}, 0, 4, "2 × 0 + 1 × 4 = 4"),
        ({"amount_score": "0.333"}, 1, 7, "0.333 × 7 = 2.331, rounded 2.33"),
        ({"amount_score": "0.005"}, 1, 1, None),  # rounded to nothing, it is no award
        ({"amount_score": "0.005"}, 1, 3, "0.005 × 3 = 0.015, rounded 0.02"),
    ],
)
def test_explain_score_arithmetic_in_words(
    host: Host, rule: dict[str, Any], quantity: Any, amount: Any, words: str | None
) -> None:
    host.rule(**rule)
    customer = host.customer()
    host.order(customer, Line(quantity=quantity, amount=amount))
    assert arithmetics(host, customer) == ([] if words is None else [words])


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ("DAY", "a day"), ("WEEK", "a week"), ("MONTH", "a month"), ("YEAR", "a year"),
        ("EVER", "in all"),
    ],
)  # fmt: skip
def test_explain_score_says_what_the_cap_took(host: Host, period: str, words: str) -> None:
    host.rule(quantity_score=1, cap_points="10.50", cap_period=period)
    customer = host.customer()
    host.order(customer, *(Line(quantity=quantity) for quantity in (4, 8, -1, 1, 7)))
    cap = f"; the cap of 10.5 {words} leaves"
    assert arithmetics(host, customer) == [
        "1 × 4 = 4",
        f"1 × 8 = 8{cap} 6.5",
        "1 × -1 = -1",
        "1 × 1 = 1",
        f"1 × 7 = 7{cap} 0",
    ]


def test_explain_score_says_how_far_it_has_faded(host: Host) -> None:
    host.rule(
        quantity_score=2, amount_score="0.5", cap_points=50, cap_period="MONTH", half_life_weeks=8
    )
    customer = host.customer()
    host.order(customer, Line(quantity=5, amount="100.01"))
    words = "2 × 5 + 0.5 × 100.01 = 60.005, rounded 60; the cap of 50 a month leaves 50"
    for weeks, faded in (
        (0, ""),
        (1, "; faded to 45.85 in 1 week"),
        (8, "; faded to 25 in 8 weeks"),
        (800, "; faded to 0 in 800 weeks"),
    ):
        assert arithmetics(host, customer, instant(BOUGHT) + weeks * WEEK) == [words + faded]


def test_explain_score_names_activities(host: Host) -> None:
    host.rule(quantity_score=1)
    host.seat_rule()
    customer = host.customer()
    host.run("update crm.product set display_name = 'The Book'")
    host.product("LOOSE")
    host.order(customer, Line("BOOK"), Line("LOOSE"))
    host.seat(customer, "2025-01-01")
    host.adjust(customer, 5, "Gave a talk")
    host.socialise(customer, "BLOG", "COMMENT", description="Much read")
    host.socialise(customer, "WIKI")
    rows = host.explain(customer, "infinity")
    author = host.one("select session_user::text")
    assert sorted((row.source, row.activity) for row in rows) == [
        ("adjustment", f"Gave a talk ({author})"),
        ("committee_seat", "The board"),
        ("order_line", "LOOSE"),
        ("order_line", "The Book"),
        ("social_score", "BLOG COMMENT Much read"),
        ("social_score", "WIKI"),
    ]


def test_explain_score_without_a_subject_names_none(host: Host) -> None:
    host.rule(quantity_score=1)
    customer = host.customer()
    order = host.order(customer)
    host.run(
        "create or replace view engagement_host.order_line as select source_id, document_id,"
        " customer_id, employer_id, null::text as subject_id, subject_class, quantity, amount,"
        f" occurred_at, ended_at from ({host.one(VIEW)}) v"
    )
    host.proven("FULL")
    assert [(row.source_id, row.activity) for row in host.explain(customer)] == [(order.line, None)]


VIEW = "select rtrim(pg_get_viewdef('engagement_host.order_line'::regclass), ';')"


def test_explain_score_leads_to_line_document_rule_and_employer(host: Host) -> None:
    host.rule(quantity_score=2, description="Two each", valid_for_weeks=20)
    company, customer = host.customer("COMPANY"), host.customer()
    host.job(customer, company)
    order = host.order(customer, Line(quantity=3, amount=7))
    (row,) = host.explain(customer)
    assert (row.category_code, row.rule_code, row.rule_version, row.description) == (
        *("PURCHASES_DONATIONS", "BOUGHT", 1),
        "Two each",
    )
    assert (row.source, row.source_id, row.document_id, row.employer_id) == (
        *("order_line", order.line, order.key),
        company,
    )
    assert (row.subject_id, row.subject_class) == ("BOOK", "PUBLICATION")
    assert (row.quantity, row.amount) == (3, 7)
    assert (row.awarded_points, row.capped_points, row.points) == (6, 6, 6)
    assert row.effective_at == instant(BOUGHT)
    assert row.expires_at == instant(BOUGHT) + 20 * WEEK
    assert row.recorded_at == host.awards(customer)[0].recorded_at
    host.revise({"quantity_score": 3, "description": "Three each"}, retroactive=True)
    host.proven()
    (row,) = host.explain(customer)
    assert (row.rule_version, row.description, row.points) == (2, "Three each", 9)


@pytest.mark.parametrize(
    ("zone", "as_of", "days"),
    [
        ("UTC", "2025-03-03 10:00+00", 7),
        ("UTC", "2025-03-09 23:59+00", 1),
        ("UTC", "2025-03-10 00:00+00", 0),
        ("UTC", "2025-03-10 09:59:59.999999+00", 0),
        ("UTC", "2025-03-10 10:00+00", None),
        # 10:00 UTC is 23:00 in Auckland, where the tenth begins at 11:00 UTC of the ninth.
        ("Pacific/Auckland", "2025-03-09 10:59+00", 1),
        ("Pacific/Auckland", "2025-03-09 11:00+00", 0),
    ],
)
def test_explain_score_counts_the_days_left_on_the_local_calendar(
    host: Host, zone: str, as_of: str, days: int | None
) -> None:
    host.set(TIME_ZONE=zone)
    host.rule("ONCE", quantity_score=1, valid_for_weeks=1)
    host.rule("EVER", quantity_score=1)
    customer = host.customer()
    host.order(customer)
    left = {row.rule_code: row.days_left for row in host.explain(customer, as_of)}
    assert left == ({"ONCE": days, "EVER": None} if days is not None else {"EVER": None})


def test_explain_score_goes_on_while_the_host_is_detached(host: Host) -> None:
    host.rule(quantity_score=1, cap_points=10, cap_period="MONTH", half_life_weeks=7)
    host.seat_rule()
    customer = host.customer()
    host.order(customer, Line(quantity=16))
    host.seat(customer, "2025-01-01")
    host.adjust(customer, 5, "Gave a talk")
    host.proven()
    before = host.explain(customer, "infinity")
    score = host.score_at(customer)
    host.run("call engagement.detach_host()")
    assert host.score_at(customer) == score
    after = host.explain(customer, "infinity")
    names = {row.source: row.activity for row in after}
    assert (names["order_line"], names["committee_seat"]) == ("BOOK", "BOARD")
    assert names["adjustment"].startswith("Gave a talk (")
    assert [row._replace(activity=None) for row in after] == [
        row._replace(activity=None) for row in before
    ]
    for refusal in ("explain_change(%s, '2025-01-01', '2025-02-01')", "forecast(%s)"):
        with refused("EG006"):
            host.rows(f"select * from engagement.{refusal}", customer)


def test_explain_score_of_a_customer_whom_the_host_does_not_show(host: Host) -> None:
    host.rule(quantity_score=1, cap_points=10, cap_period="MONTH")
    customer = host.customer()
    host.order(customer, Line(quantity=16))
    with host.session.transaction():
        host.run("set local session_replication_role = replica")
        host.run("delete from crm.customer where customer_id = %s", customer)
    host.proven("FULL")
    assert [row.points for row in host.explain(customer)] == [10]
    assert host.agreed(customer) == 10
    assert host.card(customer)["display_name"] is None
    assert host.change(customer, "2025-01-01+00", host.clock()) == {"EARNED": 10}


# -- explain_change ----------------------------------------------------------------------------


@pytest.fixture
def ann(host: Host) -> Any:
    """Somebody with points of each kind, a day ago and earlier."""
    host.rule(quantity_score=1)
    return host.customer()


def changed(host: Host, customer: Any, begin: Any, end: Any) -> dict[str, Decimal]:
    """The causes of a change, which sum to it exactly."""
    causes = host.change(customer, begin, end)
    assert sum(causes.values()) == host.score_at(customer, end, end) - host.score_at(
        customer, begin, begin
    )
    return causes


def test_explain_change_of_nothing(host: Host, ann: Any) -> None:
    begin = host.clock()
    assert changed(host, ann, begin, begin) == changed(host, ann, begin, host.clock()) == {}
    host.order(ann)
    begin = host.clock()
    assert changed(host, ann, begin, begin + 500 * WEEK) == {}


def test_explain_change_earned(host: Host, ann: Any) -> None:
    begin = host.clock()
    host.order(ann, Line(quantity=3), Line(quantity=2), at=str(begin))
    host.order(ann, Line(quantity=5))  # entered late
    assert changed(host, ann, begin, host.clock()) == {"EARNED": 10}
    assert host.rows(
        "select cause, rule_code, points, award_count from engagement.explain_change(%s, %s, %s)",
        *(ann, begin, host.clock()),
    ) == [("EARNED", "BOUGHT", 10, 3)]


def test_explain_change_earned_by_a_seat_that_began(host: Host, ann: Any) -> None:
    host.seat_rule()
    begin = host.clock()
    host.seat(ann, str((begin + WEEK).date()))
    known = host.clock()
    assert changed(host, ann, begin, known) == {}
    assert changed(host, ann, known, known + 2 * WEEK) == {"EARNED": 30}


def test_explain_change_adjustment(host: Host, ann: Any) -> None:
    begin = host.clock()
    host.adjust(ann, 5)
    host.adjust(ann, "-7.5", expires_at=str(begin + WEEK))
    known = host.clock()
    assert changed(host, ann, begin, known) == {"ADJUSTMENT": Decimal("-2.5")}
    assert changed(host, ann, known, known + WEEK) == {"EXPIRED": Decimal("7.5")}


def test_explain_change_expired(host: Host, ann: Any) -> None:
    host.rule("SOON", quantity_score=2, valid_for_weeks=2)
    host.order(ann, Line(quantity=3), at=str(host.clock() - WEEK))
    known = host.clock()
    assert changed(host, ann, known, known + WEEK) == {"EXPIRED": -6}
    assert changed(host, ann, known, known + WEEK / 2) == {}


def test_explain_change_faded(host: Host, ann: Any) -> None:
    host.revise({"half_life_weeks": 1}, retroactive=True)
    host.order(ann, Line(quantity=16), at=str(host.clock() - WEEK))
    host.recalculate(as_of=None)
    known = host.clock()
    assert changed(host, ann, known, known + WEEK) == {"FADED": -4}
    assert changed(host, ann, known, known + 60 * WEEK) == {"FADED": -8}


def test_explain_change_cap(host: Host, ann: Any) -> None:
    """What an earlier activity takes of the room is taken from a later one, and comes back."""
    host.revise({"cap_points": 10, "cap_period": "MONTH"}, retroactive=True)
    host.recalculate(as_of=None)
    host.order(ann, Line(quantity=8), at="2025-03-20+00")
    known = [host.clock()]
    order = host.order(ann, Line(quantity=6), at="2025-03-10+00")
    known.append(host.clock())
    host.set_order(order, order_status="CANCELLED")
    known.append(host.clock())
    assert changed(host, ann, known[0], known[1]) == {"EARNED": 6, "CAP": -4}
    assert changed(host, ann, known[1], known[2]) == {"REVERSED": -6, "CAP": 4}
    assert changed(host, ann, known[0], known[2]) == {}


def test_explain_change_reversed(host: Host, ann: Any) -> None:
    order = host.order(ann, Line(quantity=8))
    known = [host.clock()]
    host.set_line(order.line, quantity=5)
    known.append(host.clock())
    host.set_order(order, order_status="CANCELLED")
    known.append(host.clock())
    assert changed(host, ann, known[0], known[1]) == {"REVERSED": -8, "EARNED": 5}
    assert changed(host, ann, known[1], known[2]) == {"REVERSED": -5}
    assert changed(host, ann, known[0], known[2]) == {"REVERSED": -8}


def test_explain_change_of_a_line_that_is_somebody_elses(host: Host, ann: Any) -> None:
    bob = host.customer()
    order = host.order(ann, Line(quantity=8))
    known = host.clock()
    host.set_line(order.line, ship_customer_id=bob)
    assert changed(host, ann, known, host.clock()) == {"REVERSED": -8}
    assert changed(host, bob, known, host.clock()) == {"EARNED": 8}


def test_explain_change_rule_revised_retired_and_revived(host: Host, ann: Any) -> None:
    host.order(ann, Line(quantity=8))
    host.recalculate(as_of=None)
    known = [host.clock()]
    for step in (
        lambda: host.revise({"quantity_score": 3}, retroactive=True),
        lambda: host.retire(retroactive=True),
        lambda: host.revise({"quantity_score": 2}, retroactive=True),
    ):
        step()
        assert changed(host, ann, known[-1], host.clock()) == {}  # not before the run
        host.recalculate(as_of=None)
        known.append(host.clock())
    for begin, end, points in ((0, 1, 16), (1, 2, -24), (2, 3, 16), (0, 3, 8), (1, 3, -8)):
        assert changed(host, ann, known[begin], known[end]) == {"RULE_CHANGE": points}


def test_explain_change_forgets_rule_changes_of_before(host: Host, ann: Any) -> None:
    order = host.order(ann, Line(quantity=8))
    host.revise({"quantity_score": 2}, retroactive=True)
    host.recalculate(as_of=None)
    host.set_order(order, order_status="CANCELLED")
    known = host.clock()
    host.set_order(order, order_status="PLACED")
    assert changed(host, ann, known, host.clock()) == {"EARNED": 16}


def test_explain_change_new_rule_that_scores_the_past(host: Host, ann: Any) -> None:
    host.order(ann, Line(quantity=8))
    host.recalculate(as_of=None)
    known = host.clock()
    host.rule("NEW", quantity_score=2)
    host.recalculate(as_of=None)
    end = host.clock()
    assert changed(host, ann, known, end) == {"RULE_CHANGE": 16}
    host.order(ann, Line(quantity=1), at=str(end))
    assert changed(host, ann, known, host.clock()) == {"RULE_CHANGE": 16, "EARNED": 3}


@pytest.fixture
def before_rules(host: Host) -> tuple[Host, Any, list[Any]]:
    """A host with a history, before it has rules or a run; an instant of then."""
    customer = host.customer()
    host.order(customer, Line(quantity=8))
    return host, customer, [host.clock()]


@pytest.mark.parametrize("mode", ["INCREMENTAL", "FULL"])
@pytest.mark.parametrize("has_run", [False, True])
def test_explain_change_history_taken_in_by_the_first_run_is_no_rule_change(
    before_rules: tuple[Host, Any, list[Any]], mode: str, has_run: bool
) -> None:
    host, customer, known = before_rules
    if has_run:  # before there were rules: it scored nothing
        host.recalculate("FULL", as_of=None)
    host.rule(quantity_score=1)
    known.append(host.clock())
    host.recalculate(mode, as_of=None)
    host.order(customer, Line(quantity=3), at=str(known[0] + dt.timedelta(microseconds=1)))
    end = host.clock()
    for begin in known:
        assert changed(host, customer, begin, end) == {"FIRST_SCORED": 8, "EARNED": 3}
    # Afterwards, what is new is a change.
    host.rule("NEW", flat_score=100)
    host.recalculate(mode, as_of=None)
    assert changed(host, customer, end, host.clock()) == {"RULE_CHANGE": 200}


def test_explain_change_history_taken_in_stays_so_when_it_is_corrected(
    before_rules: tuple[Host, Any, list[Any]],
) -> None:
    host, customer, (begin,) = before_rules
    host.rule(quantity_score=1)
    host.recalculate(as_of=None)
    for step in (
        lambda: host.run("update crm.order_line set quantity = 9"),
        lambda: host.revise({"quantity_score": 2}, retroactive=True),
    ):
        step()
        host.recalculate(as_of=None)
        score = host.score_at(customer, host.clock())
        assert changed(host, customer, begin, host.clock()) == {"FIRST_SCORED": score}
    assert score == 18


def test_explain_change_history_taken_in_by_a_refresh_before_any_run(
    before_rules: tuple[Host, Any, list[Any]],
) -> None:
    host, customer, (begin,) = before_rules
    host.rule(quantity_score=1)
    host.refresh(customer)
    assert changed(host, customer, begin, host.clock()) == {"FIRST_SCORED": 8}
    host.recalculate(as_of=None)
    assert changed(host, customer, begin, host.clock()) == {"FIRST_SCORED": 8}


def test_explain_change_parameter(host: Host, ann: Any) -> None:
    host.order(ann, Line(quantity="1.25"))
    host.recalculate(as_of=None)
    known = host.clock()
    host.set(SCORE_DECIMALS="1")
    host.recalculate(as_of=None)
    assert changed(host, ann, known, host.clock()) == {"RULE_CHANGE": Decimal("-0.05")}


def test_explain_change_employer(host: Host, ann: Any) -> None:
    """Nothing for the person, but it is told."""
    host.order(ann, Line(quantity=8))
    known = host.clock()
    host.job(ann, host.customer("COMPANY"))
    host.recalculate(as_of=None)
    assert changed(host, ann, known, host.clock()) == {"EMPLOYER_CHANGE": 0}
    assert host.one(
        "select award_count from engagement.explain_change(%s, %s)", ann, known
    ) == 2  # fmt: skip


def test_explain_change_mixed(host: Host, ann: Any) -> None:
    host.rule("SOON", flat_score=100, valid_for_weeks=1)
    host.rule("FADES", flat_score=16, half_life_weeks=1)
    now = host.clock()
    kept = host.order(ann, Line(quantity=1), at=str(now))
    gone = host.order(ann, Line(quantity=1000), at=str(now))
    host.recalculate(as_of=None)
    known = host.clock()
    host.set_order(gone, order_status="CANCELLED")
    host.adjust(ann, 10000)
    host.order(ann, Line(quantity=100000), at=str(now))
    host.revise({"quantity_score": 2}, retroactive=True)
    host.recalculate(as_of=None)
    assert kept.lines
    assert changed(host, ann, known, now + WEEK) == {
        "EARNED": 200000 + 8,  # the new order, whose 16 have faded already
        "ADJUSTMENT": 10000,
        "REVERSED": -1000 - 100 - 16,
        "RULE_CHANGE": -1 + 2,
        "EXPIRED": -100,
        "FADED": -8,
    }


def test_explain_change_from_the_beginning_to_the_end_of_time(host: Host, ann: Any) -> None:
    host.rule("FADES", quantity_score=1, half_life_weeks=1)
    host.order(ann, Line(quantity=5))
    assert changed(host, ann, "-infinity", "infinity") == {"EARNED": 5}
    assert changed(host, ann, host.clock(), "infinity") == {}


def test_explain_change_refused(host: Host, ann: Any) -> None:
    call = "select * from engagement.explain_change(%s, %s, %s)"
    with refused("EG001"):
        host.rows(call, -1, "2025-01-01+00", NOW)
    for begin, end in ((NOW, "2025-01-01+00"), (None, NOW), (NOW, None)):
        with refused("EG004"):
            host.rows(call, ann, begin, end)
        with refused("EG004"):
            host.rows("select * from engagement.explain_changes(%s, %s, %s)", [ann], begin, end)
    assert host.rows("select * from engagement.explain_changes('{}', %s, %s)", NOW, NOW) == []


def test_explain_change_whatever_happens_sums_to_the_difference(_shared_database: Any) -> None:
    @search(8)
    @given(st.lists(all_acts, min_size=2, max_size=14), st.integers(0, 3))
    def check(acts: list[tuple[Any, ...]], warm_up: int) -> None:
        host = furnish(_shared_database.empty())
        association = Association(host)
        everybody = association.people + association.companies
        known = []
        for number, act in enumerate(acts):
            association.do(act)
            if number >= warm_up:
                known.append(host.clock())
        known.append(host.clock())
        known += [known[-1] + dt.timedelta(days=ahead) for ahead in (5, 45)]
        assert host.rows(
            """
            with change as (
                select c.id, f.at as from_at, t.at as to_at,
                       (select coalesce(sum(e.points), 0)
                        from engagement.explain_change(c.id, f.at, t.at) e) as explained,
                       engagement.score_at(c.id, t.at, t.at) - engagement.score_at(c.id, f.at, f.at)
                           as difference
                from unnest(%s::engagement.host_key[]) c (id)
                cross join unnest(%s::timestamptz[]) f (at)
                inner join unnest(%s::timestamptz[]) t (at) on t.at >= f.at
            )
            select * from change where explained <> difference
            """,
            *(everybody, known, known),
        ) == []  # fmt: skip
        # Of all together, the same.
        assert host.rows(
            "select c.customer_id, c.cause, c.rule_code, c.points, c.award_count"
            " from engagement.explain_changes(%s, %s, %s) c order by 1, 2, 3",
            *(everybody, known[0], known[-1]),
        ) == [
            (customer, *row)
            for customer in everybody
            for row in host.rows(
                "select cause, rule_code, points, award_count"
                " from engagement.explain_change(%s, %s, %s) order by cause, rule_code",
                *(customer, known[0], known[-1]),
            )
        ]

    check()


# -- the view score_change ---------------------------------------------------------------------


def test_score_change_of_the_whole_base_until_the_last_run(host: Host) -> None:
    host.set(RAISED_RECENTLY_DAYS="1")
    host.rule(quantity_score=1)
    people = [host.customer() for _ in range(3)]
    for person in people:
        host.order(person, Line(quantity=2), at=str(host.clock()))
    host.adjust(people[0], 5)
    host.recalculate(as_of=None)
    view = "select cause, points, award_count, customer_count from engagement.score_change"
    assert sorted(host.rows(view)) == [("ADJUSTMENT", 5, 1, 1), ("EARNED", 6, 3, 3)]
    host.order(people[0])  # after the run
    assert len(host.rows(view)) == 2
    begin, end = host.rows(
        "select engagement.recent_from(engagement.scored_at()), engagement.scored_at()"
    )[0]
    assert end - begin == dt.timedelta(days=1)
    # Two days on, nothing has changed in the day before.
    host.recalculate(as_of=str(end + dt.timedelta(days=2)))
    assert host.rows(view) == []


def test_score_change_without_a_run(host: Host) -> None:
    assert host.rows("select * from engagement.score_change") == []
