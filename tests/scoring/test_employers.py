"""Which employer an award carries, and what companies have of their people."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from scoring.host import NOW, Host, Line, instant, refused

MODES = pytest.mark.parametrize("mode", ["INCREMENTAL", "FULL"])


@pytest.fixture
def people(host: Host) -> dict[str, Any]:
    """Ann, who may work for one of two companies; a rule of two points a piece."""
    host.rule(quantity_score=2)
    return {
        "acme": host.customer("COMPANY"),
        "beta": host.customer("COMPANY"),
        "ann": host.customer(),
    }


def employers(host: Host, people: dict[str, Any]) -> list[str | None]:
    """Employers of Ann's live awards, in the order of what they were given for."""
    names = {key: name for name, key in people.items()}
    return [
        names.get(key)
        for (key,) in host.rows(
            "select employer_id from engagement.award where voided_at is null and customer_id = %s"
            " order by effective_at, source_id",
            people["ann"],
        )
    ]


@pytest.mark.parametrize("trigger_mode", ["IMMEDIATE", "DEFERRED"])
@pytest.mark.parametrize(
    ("jobs", "employer"),
    [
        ([], None),
        ([("acme", None, None)], "acme"),
        ([("acme", "2025-03-03", "2025-03-03")], "acme"),
        ([("acme", "2025-03-04", None)], None),
        ([("acme", None, "2025-03-02")], None),
        # Ties: the latest beginning, an unknown one last; then the smallest key.
        ([("beta", "2025-01-01", None), ("acme", "2025-02-01", None)], "acme"),
        ([("acme", None, None), ("beta", "1999-01-01", None)], "beta"),
        ([("beta", "2025-01-01", None), ("acme", "2025-01-01", "2025-12-31")], "acme"),
        ([("beta", None, None), ("acme", None, None)], "acme"),
        # Between jobs, back to the one that lasts.
        ([("acme", "2020-01-01", None), ("beta", "2025-01-01", "2025-03-02")], "acme"),
        ([("acme", "2020-01-01", "2025-03-02"), ("beta", "2025-03-04", None)], None),
    ],
)
def test_award_employer_is_the_primary_one_on_that_date(
    host: Host, people: dict[str, Any], trigger_mode: str, jobs: Any, employer: str | None
) -> None:
    host.set(TRIGGER_MODE=trigger_mode)
    for company, begin, end in jobs:
        host.job(people["ann"], people[company], begin, end)
    host.order(people["ann"], at="2025-03-03 10:00+00")
    host.proven()
    assert employers(host, people) == [employer]
    run = host.proven("FULL")
    assert run.award_count == 0
    for name in ("acme", "beta"):
        assert host.score(people[name]).score == (2 if name == employer else 0)


def test_award_employer_local_date(host: Host, people: dict[str, Any]) -> None:
    host.set(TIME_ZONE="Asia/Tokyo")
    host.job(people["ann"], people["acme"], "2025-03-04")
    host.order(people["ann"], at="2025-03-03 14:59:59+00")
    host.order(people["ann"], at="2025-03-03 15:00:00+00")
    host.proven()
    assert employers(host, people) == [None, "acme"]
    assert host.proven("FULL").award_count == 0


def test_award_employer_not_primary_is_none(host: Host, people: dict[str, Any]) -> None:
    host.job(people["ann"], people["acme"], is_primary=False)
    host.order(people["ann"])
    host.proven()
    assert employers(host, people) == [None]


@pytest.mark.parametrize(
    ("multiple", "chosen", "jobs", "employer"),
    [
        ("N", "beta", ["acme", "beta"], "acme"),
        ("Y", "beta", ["acme", "beta"], "beta"),
        ("Y", None, ["acme", "beta"], "acme"),
        ("Y", "beta", ["acme"], "acme"),
        ("Y", "beta", [], None),
    ],
)
def test_award_employer_chosen_on_the_document(
    host: Host, people: dict[str, Any], multiple: str, chosen: str | None, jobs: Any, employer: Any
) -> None:
    host.set(MULTIPLE_CONCURRENT_EMPLOYERS=multiple)
    if "acme" in jobs:
        host.job(people["ann"], people["acme"])
    if "beta" in jobs:  # long ago, and not primary: any date will do
        host.job(people["ann"], people["beta"], "1999-01-01", "1999-12-31", is_primary=False)
    host.order(people["ann"], employer=people.get(chosen or ""))
    assert employers(host, people) == [employer]
    host.proven("FULL")
    assert employers(host, people) == [employer]


def test_award_employer_multiple_switched_moves_points(host: Host, people: dict[str, Any]) -> None:
    host.job(people["ann"], people["acme"])
    host.job(people["ann"], people["beta"], is_primary=False)
    host.order(people["ann"], employer=people["beta"])
    host.proven()
    host.set(MULTIPLE_CONCURRENT_EMPLOYERS="Y")
    host.proven()
    assert employers(host, people) == ["beta"]
    assert (host.score(people["acme"]).score, host.score(people["beta"]).score) == (0, 2)


@pytest.mark.parametrize("trigger_mode", ["IMMEDIATE", "DEFERRED"])
def test_job_corrected_moves_points_as_employer_changed(
    host: Host, people: dict[str, Any], trigger_mode: str
) -> None:
    host.set(TRIGGER_MODE=trigger_mode)
    host.seat_rule()
    job = host.job(people["ann"], people["acme"])
    host.order(people["ann"], Line(quantity=3))
    host.seat(people["ann"], "2025-01-01")
    host.proven()
    assert (host.score(people["acme"]).score, host.score(people["beta"]).score) == (36, 0)
    host.set_job(job, employer_id=people["beta"])
    host.proven()
    assert host.reasons(people["ann"]) == ["EMPLOYER_CHANGED"] * 2
    assert (host.score(people["acme"]).score, host.score(people["beta"]).score) == (0, 36)
    host.set_job(job, end_on="2025-03-02")
    host.proven()
    assert employers(host, people) == ["beta", None]
    assert host.score(people["beta"]).score == 30
    host.run("truncate crm.employment")
    host.proven()
    assert host.score(people["beta"]).score == 0
    assert host.proven("FULL").award_count == 0


def test_employer_on_the_order_changed_moves_points(host: Host, people: dict[str, Any]) -> None:
    host.set(MULTIPLE_CONCURRENT_EMPLOYERS="Y")
    for name in ("acme", "beta"):
        host.job(people["ann"], people[name])
    order = host.order(people["ann"], employer=people["acme"])
    host.proven()
    host.set_order(order, employer_id=people["beta"])
    host.proven()
    assert host.reasons(people["ann"]) == ["EMPLOYER_CHANGED"]
    assert (host.score(people["acme"]).score, host.score(people["beta"]).score) == (0, 2)


def test_company_has_own_and_employee_points(host: Host, people: dict[str, Any]) -> None:
    acme = people["acme"]
    host.job(people["ann"], acme, "2025-01-01")
    host.job(acme, acme)  # a company is not its own employee
    host.job(acme, people["beta"])
    host.order(people["ann"], Line(quantity=3), at="2025-02-01+00")
    host.order(people["ann"], Line(quantity=100), at="2024-12-31+00")  # before the job
    host.order(acme, Line(quantity=50))
    host.proven()
    row = host.score(acme)
    assert (row.own_score, row.employee_score, row.score) == (100, 6, 106)
    assert (row.ytd_score, row.employee_ytd_score, row.employee_overview_score) == (100, 6, 6)
    # One level only: beta has what acme earned, not what acme's people did.
    assert host.score(people["beta"]).employee_score in (0, 100)
    assert host.score(people["ann"]).employee_score == 0


def test_company_points_age_out(host: Host, people: dict[str, Any]) -> None:
    host.retire(retroactive=True)
    host.rule("WEEKS", quantity_score=1, valid_for_weeks=8)
    host.job(people["ann"], people["acme"])
    host.order(people["ann"], at="2025-06-01+00")
    host.proven()
    row = host.score(people["acme"])
    assert (row.score, row.next_change_at) == (1, instant("2025-07-27+00"))
    host.proven(as_of="2025-07-27+00")
    row = host.score(people["acme"])
    assert (row.score, row.employee_ytd_score) == (0, 1)
    host.proven(as_of="2026-01-01+00")
    row = host.score(people["acme"])
    assert (row.employee_ytd_score, row.employee_overview_score) == (0, 1)
    host.proven(as_of="2029-01-01+00")
    assert host.score(people["acme"]).employee_overview_score == 0


@pytest.mark.parametrize(
    "parameter", ["CALCULATE_EMPLOYER_ENGAGEMENT_SCORE", "ROLLUP_EMPLOYEES_TO_EMPLOYER"]
)
def test_roll_up_switched_off_and_on(host: Host, people: dict[str, Any], parameter: str) -> None:
    host.job(people["ann"], people["acme"])
    host.order(people["ann"])
    host.order(people["acme"])
    host.proven()
    assert host.score(people["acme"]).score == 4
    host.set(**{parameter: "N"})
    host.proven()
    row = host.score(people["acme"])
    assert (row.own_score, row.employee_score, row.score) == (2, 0, 2)
    host.set(**{parameter: "Y"})
    host.proven()
    assert host.score(people["acme"]).score == 4


def test_roll_up_employers_alone(host: Host, people: dict[str, Any]) -> None:
    host.job(people["ann"], people["acme"])
    host.proven()
    host.order(people["ann"])
    host.run("call engagement.roll_up_employers(%s)", NOW)
    assert host.score(people["acme"]).employee_score == 2
    assert host.score(people["ann"]).score == 0  # a person is no company
    host.proven()
    assert host.score(people["ann"]).score == 2
    with host.unchanged_but_runs():
        host.run("call engagement.roll_up_employers(%s)", NOW)


@MODES
def test_current_attribution_follows_the_person(
    host: Host, people: dict[str, Any], mode: str
) -> None:
    job = host.job(people["ann"], people["acme"], "2020-01-01")
    host.order(people["ann"], Line(quantity=3), at="2024-06-01+00")
    host.order(people["ann"], Line(quantity=1), at="2010-06-01+00")  # before any job
    host.proven()
    assert (host.score(people["acme"]).score, host.score(people["beta"]).score) == (6, 0)
    host.set(EMPLOYER_ATTRIBUTION="CURRENT")
    host.proven(mode)
    assert (host.score(people["acme"]).score, host.score(people["beta"]).score) == (8, 0)
    host.set_job(job, end_on="2025-06-14")
    host.job(people["ann"], people["beta"], "2025-06-15")
    host.proven(mode)
    assert (host.score(people["acme"]).score, host.score(people["beta"]).score) == (0, 8)
    host.order(people["ann"], Line(quantity=5))
    host.proven(mode)
    assert host.score(people["beta"]).score == 18
    host.set(EMPLOYER_ATTRIBUTION="AT_ACTIVITY")
    host.proven(mode)
    assert (host.score(people["acme"]).score, host.score(people["beta"]).score) == (16, 0)


def test_current_attribution_job_ends_by_date_alone(host: Host, people: dict[str, Any]) -> None:
    host.set(EMPLOYER_ATTRIBUTION="CURRENT", TIME_ZONE="Europe/Zurich")
    host.job(people["ann"], people["acme"], None, "2025-07-31")
    host.job(people["ann"], people["beta"], "2025-09-01")
    host.order(people["ann"])
    expected = {
        "2025-07-31 21:59:59+00": (2, 0),
        "2025-07-31 22:00:00+00": (0, 0),
        "2025-08-31 21:59:59+00": (0, 0),
        "2025-08-31 22:00:00+00": (0, 2),
        "2025-07-01 00:00:00+00": (2, 0),  # and back
    }
    for as_of, scores in expected.items():
        host.proven(as_of=as_of)
        assert tuple(host.score(people[n]).score for n in ("acme", "beta")) == scores, as_of
        host.proven("FULL", as_of=as_of)


def test_current_attribution_employee_leaves_and_nobody_tells_the_company(
    host: Host, people: dict[str, Any]
) -> None:
    host.set(EMPLOYER_ATTRIBUTION="CURRENT")
    job = host.job(people["ann"], people["acme"])
    host.order(people["ann"])
    host.proven()
    host.run("delete from crm.employment where employment_id = %s", job)
    host.proven()
    assert host.score(people["acme"]).score == Decimal(0)


def test_employer_of_a_line_moved_to_somebody_else(host: Host, people: dict[str, Any]) -> None:
    bob = host.customer()
    host.job(people["ann"], people["acme"])
    host.job(bob, people["beta"])
    order = host.order(people["ann"])
    host.proven()
    host.set_line(order.line, ship_customer_id=bob)
    host.proven()
    assert (host.score(people["acme"]).score, host.score(people["beta"]).score) == (0, 2)


# -- the employer on an order changed afterwards --------------------------------------------------


def totals(host: Host, people: dict[str, Any]) -> tuple[Any, Any]:
    """Scores of Acme and Beta."""
    return host.score(people["acme"]).score, host.score(people["beta"]).score


@pytest.mark.parametrize("trigger_mode", ["IMMEDIATE", "DEFERRED"])
@pytest.mark.parametrize("by", ["INCREMENTAL", "FULL", "refresh"])
def test_employer_on_the_order_changed_both_companies_are_right(
    host: Host, people: dict[str, Any], trigger_mode: str, by: str
) -> None:
    host.set(MULTIPLE_CONCURRENT_EMPLOYERS="Y", TRIGGER_MODE=trigger_mode)
    for name in ("acme", "beta"):
        host.job(people["ann"], people[name])
    order = host.order(people["ann"], Line(), Line(quantity=3), employer=people["acme"])
    other = host.order(people["ann"], Line(quantity=10), employer=people["acme"])

    def bring_up_to_date() -> None:
        if by == "refresh":
            for name in ("ann", "acme", "beta"):
                host.refresh(people[name])
        else:
            host.proven(by)

    host.proven()
    assert totals(host, people) == (28, 0)
    host.set_order(order, employer_id=people["beta"])
    bring_up_to_date()
    assert totals(host, people) == (20, 8)
    assert host.reasons(people["ann"]) == ["EMPLOYER_CHANGED"] * 2
    assert host.score_at(people["ann"]) == 28
    host.set_order(order, employer_id=None)  # none chosen: the primary one
    host.set_order(other, employer_id=people["beta"])
    bring_up_to_date()
    assert totals(host, people) == (8, 20)
    assert set(host.reasons(people["ann"])) == {"EMPLOYER_CHANGED"}
    host.proven()
    assert host.proven("FULL").award_count == 0
    assert totals(host, people) == (8, 20)


def test_employer_on_the_order_changed_companies_know_after_the_persons_refresh(
    host: Host, people: dict[str, Any]
) -> None:
    host.set(MULTIPLE_CONCURRENT_EMPLOYERS="Y", TRIGGER_MODE="DEFERRED")
    for name in ("acme", "beta"):
        host.job(people["ann"], people[name])
    order = host.order(people["ann"], employer=people["acme"])
    host.proven()
    host.set_order(order, employer_id=people["beta"])
    host.run("delete from engagement.pending_activity")  # even if nothing else told of them
    host.refresh(people["ann"])
    assert totals(host, people) == (2, 0)  # only Ann's row is written now
    host.proven()
    assert totals(host, people) == (0, 2)


def test_employer_and_quantity_changed_is_a_changed_source(
    host: Host, people: dict[str, Any]
) -> None:
    host.set(MULTIPLE_CONCURRENT_EMPLOYERS="Y")
    for name in ("acme", "beta"):
        host.job(people["ann"], people[name])
    order = host.order(people["ann"], employer=people["acme"])
    host.proven()
    host.set(TRIGGER_MODE="DEFERRED")  # so that both changes are one
    host.set_order(order, employer_id=people["beta"])
    host.set_line(order.line, quantity=5)
    host.proven()
    assert host.reasons(people["ann"]) == ["SOURCE_CHANGED"]
    assert totals(host, people) == (0, 10)


# -- jobs that begin, end, or were others all along -----------------------------------------------


@pytest.mark.parametrize("trigger_mode", ["IMMEDIATE", "DEFERRED"])
@pytest.mark.parametrize(
    ("attribution", "expected"),
    [
        # Orders of 2 before, 4 at the time of, and 8 after the change of 15 March.
        ("AT_ACTIVITY", [(28, 0), (12, 0), (12, 16), (28, 0), (0, 28), (0, 24)]),
        ("CURRENT", [(28, 0), (0, 0), (0, 28), (28, 0), (0, 28), (0, 28)]),
    ],
)
def test_job_ends_begins_and_is_corrected_for_the_past(
    host: Host,
    people: dict[str, Any],
    trigger_mode: str,
    attribution: str,
    expected: list[tuple[int, int]],
) -> None:
    host.set(EMPLOYER_ATTRIBUTION=attribution, TRIGGER_MODE=trigger_mode)
    job = host.job(people["ann"], people["acme"], "2020-01-01")
    for at, quantity in (("2025-02-01+00", 2), ("2025-03-14 23:59:59+00", 4), ("2025-04-01+00", 8)):
        host.order(people["ann"], Line(quantity=quantity), at=at)
    found = []

    def look() -> None:
        host.proven()
        found.append(totals(host, people))
        run = host.proven("FULL")
        assert (run.award_count, run.score_count) == (0, 0)
        assert totals(host, people) == found[-1]

    look()
    host.set_job(job, end_on="2025-03-14")  # it ended
    look()
    second = host.job(people["ann"], people["beta"], "2025-03-15")  # and another began
    look()
    host.run("delete from crm.employment where employment_id = %s", second)  # no, it did not
    host.set_job(job, end_on=None)
    look()
    host.set_job(job, employer_id=people["beta"])  # it was the other company all along
    look()
    host.set_job(job, begin_on="2025-02-02")  # and it began after the first order
    look()
    assert found == expected
    assert set(host.reasons(people["ann"])) <= {"EMPLOYER_CHANGED"}
    assert bool(host.reasons(people["ann"]))  # what an award stores is the employer at the time


@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
def test_job_no_longer_primary(host: Host, people: dict[str, Any], attribution: str) -> None:
    host.set(EMPLOYER_ATTRIBUTION=attribution)
    first = host.job(people["ann"], people["acme"])
    second = host.job(people["ann"], people["beta"], is_primary=False)
    host.order(people["ann"])
    host.proven()
    assert totals(host, people) == (2, 0)
    host.set_job(first, is_primary=False)
    host.set_job(second, is_primary=True)
    host.proven()
    assert totals(host, people) == (0, 2)


@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
def test_order_billed_to_the_company_counts_once(
    host: Host, people: dict[str, Any], attribution: str
) -> None:
    host.set(EMPLOYER_ATTRIBUTION=attribution, MULTIPLE_CONCURRENT_EMPLOYERS="Y")
    acme = people["acme"]
    host.job(people["ann"], acme)
    host.order(people["ann"], Line(quantity=3), employer=acme, bill=acme)
    order = host.order(acme, Line(quantity=1), bill=acme)
    host.add_lines(order.key, people["ann"], Line(quantity=10))  # for both, on one order
    host.proven()
    row = host.score(acme)
    assert (row.own_score, row.employee_score, row.score) == (2, 26, 28)
    assert host.score(people["ann"]).score == 26
    assert host.count("award") == 3


# -- switched off, refreshed ----------------------------------------------------------------------


@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
@pytest.mark.parametrize(
    "parameter", ["CALCULATE_EMPLOYER_ENGAGEMENT_SCORE", "ROLLUP_EMPLOYEES_TO_EMPLOYER"]
)
@pytest.mark.parametrize("by", ["INCREMENTAL", "FULL", "roll up", "refresh"])
def test_roll_up_switched_off_columns_are_zero(
    host: Host, people: dict[str, Any], attribution: str, parameter: str, by: str
) -> None:
    host.set(EMPLOYER_ATTRIBUTION=attribution)
    acme = people["acme"]
    host.job(people["ann"], acme)
    host.order(people["ann"], Line(quantity=3))
    host.order(acme, Line(quantity=1))
    host.proven()
    columns = "employee_score, employee_ytd_score, employee_overview_score, own_score, score"
    query = f"select {columns} from engagement.customer_score where customer_id = {acme}"
    assert host.rows(query) == [(6, 6, 6, 2, 8)]
    host.set(**{parameter: "N"})
    if by == "refresh":
        host.refresh(acme)
    elif by == "roll up":
        host.run("call engagement.roll_up_employers(%s)", NOW)
    else:
        host.proven(by)
    assert host.rows(query) == [(0, 0, 0, 2, 2)]
    card = host.card(acme)
    assert (card["score"], card["employee_score"], card["employee_ytd_score"]) == (2, 0, 0)
    assert (card["employee_count"], card["engaged_count"], card["average_score"]) == (1, 1, 0)


@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
def test_refresh_of_a_company_refreshes_its_roll_up(
    host: Host, people: dict[str, Any], attribution: str
) -> None:
    host.set(EMPLOYER_ATTRIBUTION=attribution)
    host.job(people["ann"], people["acme"])
    host.proven()
    host.order(people["ann"], Line(quantity=3))
    host.order(people["acme"], Line(quantity=1))
    host.refresh(people["acme"])
    row = host.score(people["acme"])
    assert (row.own_score, row.employee_score, row.score) == (2, 6, 8)
    assert host.score(people["ann"]).score == 0  # writes nobody else
    host.order(people["ann"], Line(quantity=-2))
    host.run("call engagement.recalculate(p_customer_id => %s, p_as_of => %s)",
             *(people["acme"], NOW))  # fmt: skip
    row = host.score(people["acme"])
    assert (row.score, row.calculated_at) == (4, instant(NOW))
    host.proven()
    assert host.score(people["acme"]).score == 4


def test_company_card_counts_people_with_points(host: Host, people: dict[str, Any]) -> None:
    acme = people["acme"]
    bob, cid, dora = host.customer(), host.customer(), host.customer()
    host.job(people["ann"], acme, end="2025-06-15")
    host.job(people["ann"], acme, begin="2025-06-01", is_primary=False)  # twice is once
    host.job(bob, acme, begin="2025-06-15")
    host.job(cid, acme, end="2025-06-14")
    host.job(dora, acme, begin="2025-06-16")
    host.job(acme, acme)
    for person, quantity in ((people["ann"], 3), (bob, -1), (cid, 5), (dora, 7)):
        host.order(person, Line(quantity=quantity))
    host.proven()
    card = host.card(acme)
    counts = ("employee_count", "engaged_count", "participation_rate")
    assert [card[key] for key in counts] == [2, 1, 0.5]


# -- what a screen may offer ----------------------------------------------------------------------


def offered(host: Host, people: dict[str, Any], on: str | None) -> list[str]:
    """Names of the companies that are offered for Ann."""
    names = {key: name for name, key in people.items()}
    return [
        names[key]
        for (key,) in host.rows(
            "select employer_id from engagement.current_employers(%s, %s)", people["ann"], on
        )
    ]


def test_current_employers_both_ends_are_inclusive(host: Host, people: dict[str, Any]) -> None:
    host.job(people["ann"], people["acme"], "2025-03-01", "2025-03-31")
    host.job(people["ann"], people["beta"], "2025-04-01", "2025-04-01")
    assert [
        offered(host, people, f"2025-{day}")
        for day in ("02-28", "03-01", "03-31", "04-01", "04-02")
    ] == [[], ["acme"], ["acme"], ["beta"], []]


def test_current_employers_the_primary_one_comes_first(host: Host, people: dict[str, Any]) -> None:
    gamma = people["gamma"] = host.customer("COMPANY")
    host.job(people["ann"], people["acme"], is_primary=False)
    host.job(people["ann"], people["beta"], "2020-01-01")
    host.job(people["ann"], gamma, "2024-01-01", is_primary=False)
    assert offered(host, people, "2025-01-01") == ["beta", "gamma", "acme"]
    assert offered(host, people, "2023-01-01") == ["beta", "acme"]
    assert offered(host, people, "2019-01-01") == ["acme"]


def test_current_employers_one_row_a_company(host: Host, people: dict[str, Any]) -> None:
    host.run("update crm.customer set display_name = 'Acme' where customer_id = %s", people["acme"])
    host.job(people["ann"], people["acme"], "2020-01-01", is_primary=False)
    host.job(people["ann"], people["acme"], "2021-01-01", "2030-12-31")
    host.job(people["ann"], people["acme"], "2022-01-01", is_primary=False)
    rows = "select *, begin_on::text, end_on::text from engagement.current_employers(%s, %s)"
    ((*row, begin, end),) = host.rows(rows, people["ann"], "2025-01-01")
    assert (row[:3], begin, end) == ([people["acme"], "Acme", True], "2021-01-01", "2030-12-31")


def test_current_employers_today_is_local(host: Host, people: dict[str, Any]) -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):  # never on the same date
        host.set(TIME_ZONE=zone)
        today = host.one("select (now() at time zone %s)::date::text", zone)
        host.run("delete from crm.employment")
        host.job(people["ann"], people["acme"], today, today)
        assert offered(host, people, None) == ["acme"]
        host.run("update crm.employment set begin_on = begin_on + 1, end_on = end_on + 1")
        assert offered(host, people, None) == []


def test_current_employers_of_nobody_and_of_a_company(host: Host, people: dict[str, Any]) -> None:
    assert offered(host, people, None) == []
    host.job(people["acme"], people["beta"])
    rows = "select employer_id from engagement.current_employers(%s)"
    assert host.rows(rows, people["acme"]) == [(people["beta"],)]
    for unknown in (-1, None):
        with refused("EG001"):
            host.rows(rows, unknown)


def test_current_employers_without_a_host_refused(host: Host, people: dict[str, Any]) -> None:
    host.run("call engagement.detach_host()")
    with refused("EG006"):
        offered(host, people, None)
