"""catch_up: what is queued and what a date has changed, without a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import psycopg
import pytest

from scoring.fixtures import furnish
from scoring.host import Document, Host, Line

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


@pytest.mark.parametrize("change", ["order", "line of somebody else", "adjusted", "inactive"])
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
    assert host.score(scene.person).own_score == 22
    host.proven(as_of=None)
    assert host.score(scene.rival).employee_score == 22


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


# -- dates, ranks, events ------------------------------------------------------------------------


def ago(host: Host, days: int) -> str:
    """An instant so many days ago."""
    return str(host.one("select now() - make_interval(days => %s)", days))


@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
def test_whom_a_date_has_changed_is_summed_once(host: Host, attribution: str) -> None:
    host.set(TRIGGER_MODE="DEFERRED", EMPLOYER_ATTRIBUTION=attribution)
    host.rule(quantity_score=1, valid_for_weeks=1)
    host.band("SOME", from_score=5)
    person, company, other = host.customer(), host.customer("COMPANY"), host.customer()
    host.job(person, company)
    host.order(person, Line(quantity=7), at=ago(host, 12))
    host.recalculate(as_of=ago(host, 10))
    assert (host.score(person).score, host.score(company).score) == (7, 7)
    untouched = host.score(other)
    assert tuple(catch_up(host)) == (0, 2, 0)
    assert (host.score(person).score, host.score(company).score) == (0, 0)
    assert host.score(other) == untouched
    with host.unchanged():
        assert tuple(catch_up(host)) == (0, 0, 0)
    settled(host)
    assert host.rows(
        "select customer_id, event_type from engagement.score_event order by customer_id"
    ) == [(person, "BAND_DOWN"), (company, "BAND_DOWN")]


def test_ranks_are_those_of_a_refresh(scene: Scene) -> None:
    host = scene.host
    newcomer = host.customer()
    people = [scene.person, scene.other, scene.company, newcomer]
    for number, customer in enumerate(people):
        host.order(customer, Line(quantity=11 * number + 1))
    host.set_customer(scene.other, is_active=False)
    rank = "customer_id, score, percentile, band_code, ranked_type, announced_band"
    query = f"select {rank} from engagement.customer_score order by customer_id"
    before = host.rows(query)
    catch_up(host)
    ranked, events = host.rows(query), host.count("score_event")
    assert ranked != before
    for customer in people:
        host.refresh(customer)
    assert host.rows(query) == ranked
    assert host.count("score_event") == events > 0


@pytest.mark.parametrize("is_refreshed", [True, False])
def test_each_event_comes_once(scene: Scene, is_refreshed: bool) -> None:
    host = scene.host
    host.run("delete from engagement.score_band where band_code = 'TOP'")
    host.recalculate(as_of=None)
    host.run("delete from engagement.score_event")
    host.order(scene.person, Line(quantity=30))
    if is_refreshed:
        host.refresh(scene.person)
    for _ in range(2):
        catch_up(host)
    host.recalculate(as_of=None)
    events = host.rows("select customer_id, from_band, to_band from engagement.score_event")
    assert sorted(events) == [
        (scene.person, "MIDDLE", "HIGH"),
        (scene.company, "MIDDLE", "HIGH"),
    ]


# -- what it leaves to the run -------------------------------------------------------------------

LEFT: dict[str, Callable[[Scene], Any]] = {
    "truncated": lambda s: s.host.run("truncate crm.committee_member"),
    "rule revised": lambda s: s.host.revise({"quantity_score": 4}, retroactive=True),
    "parameter": lambda s: s.host.set(YTD_START_MONTH="7"),
    "decimals": lambda s: s.host.set(SCORE_DECIMALS="1"),
    "rule retired": lambda s: s.host.retire(retroactive=True, code="SEAT"),
}


@pytest.mark.parametrize("change", LEFT)
def test_whole_sources_and_everybody_wait_for_the_run(scene: Scene, change: str) -> None:
    host = scene.host
    LEFT[change](scene)
    query = (
        "select source, activity_column, keys, xmin::text, ctid::text"
        " from engagement.pending_activity where activity_column is null order by 1, 2"
    )
    left = host.rows(query)
    host.order(scene.person, Line(quantity=9))
    result = catch_up(host)
    assert (result.statement_count, result.left_count) == (1, len(left))
    assert host.rows(query) == left
    assert host.score(scene.person).own_score == 15 + 9 * 2 + 5
    with host.unchanged():
        assert tuple(catch_up(host)) == (0, 0, len(left))
    assert host.verify() == []
    host.proven(as_of=None)


# -- what fails ----------------------------------------------------------------------------------


def replace_column(host: Host, view: str, column: str, expression: str) -> str:
    """A view of the host gets another expression for a column; its definition before."""
    name = f"engagement_host.{view}"
    definition: str = host.one("select rtrim(pg_get_viewdef(%s::regclass), ';')", name)
    columns = host.one(
        "select string_agg(case when attname = %s then %s || ' as ' else '' end || attname, ', '"
        " order by attnum) from pg_attribute where attrelid = %s::regclass and attnum > 0",
        *(column, expression, name),
    )
    host.run(f"create or replace view {name} as select {columns} from ({definition}) v")
    return definition


def test_an_activity_that_cannot_be_read_waits_for_the_run(scene: Scene) -> None:
    host = scene.host
    replace_column(host, "order_line", "quantity", "quantity / (quantity <> 13)::integer")
    host.recalculate(as_of=None)
    bad = host.order(scene.person, Line(quantity=13), Line(quantity=1))
    host.order(scene.other, Line(quantity=2))
    for _ in range(3):
        assert catch_up(host).left_count == 0
        assert host.live(scene.person) == [2, 2, 5, 5, 7, 8]
        assert host.score(scene.other).own_score == 30 + 6 + 4 + 5
        assert host.failures() == ["22012"]
        assert host.rows("select source_id from engagement.recalculation_key") == [(bad.lines[0],)]
    assert host.count("scoring_failure") <= 2  # of the trigger, too
    host.recalculate(as_of=None)
    assert host.failures() == ["22012"]
    catch_up(host)
    host.set_line(bad.lines[0], quantity=14)
    catch_up(host)
    assert host.failures() == []
    assert host.score(scene.person).own_score == 15 + 7 + 33
    assert host.verify() == []
    host.proven(as_of=None)


def test_a_number_that_cannot_be_scored_is_recorded_once(scene: Scene) -> None:
    host = scene.host
    bad = host.order(scene.person, Line(quantity="NaN"), Line(quantity=1))
    for _ in range(3):
        assert catch_up(host).left_count == 0
        assert host.score(scene.person).own_score == 15 + 7
        assert set(host.failures()) == {"22003"}
    count = host.count("scoring_failure")
    catch_up(host)
    assert host.count("scoring_failure") == count
    host.set_line(bad.lines[0], quantity=2)
    catch_up(host)
    settled(host)


def test_a_view_that_is_gone_waits_for_the_run(scene: Scene) -> None:
    host = scene.host
    host.order(scene.person, Line(quantity=9))
    host.set_order(scene.draft, order_status="PLACED")
    seat = host.seat(scene.person, "2025-01-01")
    host.run("alter view engagement_host.order_line rename to sold")
    catch_up(host)
    assert host.live(scene.person)[-1] == 30
    assert len(host.failures()) == 1
    with host.unchanged():
        assert catch_up(host).left_count == 2  # the source, and everybody
    host.run("alter view engagement_host.sold rename to order_line")
    host.set_seat(seat, end_on="2025-02-02")
    catch_up(host)
    host.proven(as_of=None)
    assert host.failures() == []
    assert host.score(scene.person).own_score == 15 + 23 + 17


@pytest.mark.parametrize(
    ("view", "column", "expression"),
    [
        ("customer", "is_active", "(1 / length(display_name) > length(display_name))"),
        ("employment", "end_on", "(begin_on + 1 / (employee_id::text = '')::integer)"),
    ],
)
@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
def test_a_required_view_that_is_broken_waits_for_the_run(
    scene: Scene, view: str, column: str, expression: str, attribution: str
) -> None:
    host = scene.host
    host.set(EMPLOYER_ATTRIBUTION=attribution)
    host.recalculate(as_of=None)
    definition = replace_column(host, view, column, expression)
    if view == "customer":
        host.run("update crm.customer set display_name = ''")
    host.order(scene.person, Line(quantity=9))
    host.adjust(scene.other, 2)
    host.run("update engagement.customer_score set next_change_at = now() where customer_id = %s",
             scene.rival)  # fmt: skip
    for _ in range(2):
        catch_up(host)
    state = {name: text for name, text in host.state().items() if name != "customer_score"}
    result = catch_up(host)
    assert result.statement_count == result.customer_count == 0
    assert {name: text for name, text in host.state().items() if name != "customer_score"} == state
    assert host.failures() != []
    host.run(f"create or replace view engagement_host.{view} as {definition}")
    host.proven(as_of=None)
    assert host.failures() == []
    assert host.score(scene.person).own_score == 15 + 18 + 5


# -- much at once --------------------------------------------------------------------------------


def until_done(host: Host) -> list[Any]:
    """Call it until nothing is left; what it returned."""
    results = []
    while not results or results[-1].statement_count + results[-1].customer_count > 0:
        results.append(catch_up(host))
        assert len(results) < 100
    return results


@pytest.fixture
def busy(host: Host) -> tuple[Host, list[Any]]:
    """Fifty people, scored."""
    host.set(TRIGGER_MODE="DEFERRED")
    host.rule(quantity_score=2)
    host.rule("PUBLISHED", flat_score=5, subject_class="PUBLICATION")
    host.rule("INVOICED", quantity_score=3, effective_when="INVOICE_CREATION")
    people = [host.customer() for _ in range(50)]
    host.recalculate(as_of=None)
    return host, people


def test_a_huge_statement_is_done_in_batches(busy: tuple[Host, list[Any]]) -> None:
    host, people = busy
    order = host.order(people[0], Line(quantity=1))
    host.run(
        "insert into crm.order_line (order_id, ship_customer_id, product_id, quantity)"
        " select %s, customer_id, 'BOOK', 1 from crm.customer, generate_series(1, 500)",
        order.key,
    )
    results = until_done(host)
    assert results[-1].left_count == 0
    sizes = host.rows("select count(*) from engagement.award group by xmin")
    assert len(sizes) >= 25
    assert max(size for (size,) in sizes) <= 2 * 2100  # two awards each
    assert host.score(people[1]).score == 500 * 7
    assert host.verify() == []
    # A product of many lines.
    host.run("delete from engagement.pending_activity")
    host.product("BOOK", "OTHER")
    until_done(host)
    sizes = host.rows(
        "select count(*) from engagement.award where voided_at is not null group by xmin"
    )
    assert len(sizes) >= 25
    assert host.score(people[1]).score == 500 * 2
    settled(host)


def test_many_refunds_in_one_statement_come_to_an_end(busy: tuple[Host, list[Any]]) -> None:
    """With each refund comes the line that it takes back."""
    host, people = busy
    invoice = host.invoice(people[0], Line(quantity=1))
    host.run(
        "insert into crm.invoice_line (invoice_id, ship_customer_id, product_id, quantity)"
        " select %s, %s, 'BOOK', 5 from generate_series(1, 1500)",
        *(invoice.key, people[0]),
    )
    host.recalculate(as_of=None)
    host.run(
        "insert into crm.invoice_line"
        " (invoice_id, ship_customer_id, product_id, quantity, reverses_line_id)"
        " select invoice_id, ship_customer_id, product_id, -1, invoice_line_id"
        " from crm.invoice_line where quantity = 5"
    )
    assert len(until_done(host)) < 10
    assert host.score(people[0]).score == 3 + 1500 * 4 * 3
    settled(host)


def test_many_customers_in_one_statement(busy: tuple[Host, list[Any]]) -> None:
    host, _ = busy
    host.run(
        "insert into crm.customer (display_name, customer_type)"
        " select 'C', 'INDIVIDUAL' from generate_series(1, 1234)"
    )
    assert sum(result.customer_count for result in until_done(host)) == 1234
    settled(host)


def sizes(host: Host, count: int) -> None:
    """From now on so many awards count for each company."""
    host.run(
        "create or replace function engagement.employer_sizes("
        " p_customer_ids engagement.host_key[], p_limit integer)"
        " returns table (employer_id engagement.host_key, award_count bigint)"
        " language plpgsql stable set search_path = pg_catalog, pg_temp as $$ begin return query"
        f" select c.customer_id::engagement.host_key, least(p_limit, {count})::bigint"
        " from crm.customer c where c.customer_id = any (p_customer_ids)"
        " and c.customer_type = 'COMPANY'; end $$"
    )


def test_companies_come_after_everybody_else(scene: Scene) -> None:
    host = scene.host
    written = "select xmin::text from engagement.customer_score where customer_id = %s"
    sizes(host, 201)
    host.order(scene.person, Line(quantity=9))
    host.order(scene.other, Line(quantity=9))
    assert tuple(catch_up(host)) == (2, 3, 0)
    assert host.one(written, scene.person) == host.one(written, scene.other)
    assert host.one(written, scene.person) != host.one(written, scene.company)
    settled(host)


def test_a_large_company_is_not_summed_again_at_once(scene: Scene) -> None:
    host = scene.host
    host.order(scene.person, Line(quantity=9))
    catch_up(host)
    sizes(host, 100_000_000)
    stored = host.score(scene.company)
    host.order(scene.person, Line(quantity=1))
    for _ in range(2):
        assert catch_up(host).left_count == 1
        assert host.count("pending_activity") == 1
        assert host.score(scene.company) == stored
        assert host.verify() == []
    assert host.score(scene.person).score == 15 + 23 + 7
    # A date that has come changes nothing about that.
    host.run(
        "update engagement.customer_score set next_change_at = now() where customer_id = %s",
        scene.company,
    )
    assert tuple(catch_up(host)) == (0, 0, 1)
    host.run(
        "update engagement.customer_score set calculated_at = now() - interval '2 days',"
        " changed_at = now() - interval '2 days', raised_at = now() - interval '2 days'"
        " where customer_id = %s",
        scene.company,
    )
    assert tuple(catch_up(host)) == (0, 1, 0)
    assert host.score(scene.company).score == 15 + 23 + 7
    settled(host)


@pytest.mark.parametrize("is_busy", [False, True])
def test_catch_up_takes_new_statements_before_the_next_companies(host: Host, is_busy: bool) -> None:
    host.set(TRIGGER_MODE="DEFERRED")
    host.rule(quantity_score=1)
    company, customer = host.customer("COMPANY"), host.customer()
    host.proven(as_of=None)
    host.run(
        "insert into engagement.pending_activity (source, activity_column, keys)"
        " values ('customer', 'customer_id', array[%s::text])",
        company,
    )
    began_at = host.clock()
    if is_busy:
        host.order(customer)
    step = "select statement_count, customer_count, left_count, has_more"
    assert host.rows(f"{step} from engagement.catch_up_step(%s)", began_at) == [
        (0, 1, 1, False) if is_busy else (0, 1, None, True)
    ]
    host.run("call engagement.catch_up()")
    assert host.score(customer).score == (1 if is_busy else 0)
    assert host.rows("select * from engagement.pending_activity") == []
