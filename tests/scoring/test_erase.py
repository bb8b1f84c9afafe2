"""Erasing a person: nothing of theirs is left anywhere, and their companies' totals are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scoring.fixtures import furnish
from scoring.host import NOW, Host, Line, refused

#: The key of somebody: a word that is found nowhere else.
MARKER = "Quetzalcoatl"

MODES = pytest.mark.parametrize("mode", ["IMMEDIATE", "DEFERRED"])
ATTRIBUTIONS = pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])


def found(host: Host, marker: str = MARKER) -> set[str]:
    """The tables of the package of which a row holds the marker, whatever the column."""
    tables = host.rows(
        "select c.relname::text from pg_class c"
        " where c.relnamespace = 'engagement'::regnamespace and c.relkind in ('r', 'p')"
    )
    query = "select exists (select 1 from engagement.{} t where t::text ilike %s)"
    return {table for (table,) in tables if host.one(query.format(table), f"%{marker}%")}


@pytest.fixture
def text_host(deployed_as: Callable[[str], Any]) -> Host:
    """A deployment whose keys are text, with the person and a colleague in one company."""
    host = furnish(deployed_as("text"))
    host.run("insert into crm.customer (customer_id, display_name) values (%s, 'Somebody')", MARKER)
    host.rule(quantity_score=1, cap_points=100, cap_period="YEAR")
    host.rule("INVOICED", amount_score=1, effective_when="INVOICE_CREATION")
    host.seat_rule()
    host.band("SOME", from_score=10)
    host.proven()
    return host


def employ(host: Host) -> tuple[Any, Any]:
    """The person and a colleague work for a company; both have points."""
    company, colleague = host.customer("COMPANY"), host.customer()
    for person, quantity in ((MARKER, 8), (colleague, 5)):
        host.job(person, company)
        host.order(person, Line(quantity=quantity), Line(quantity=1))
    return company, colleague


def plant(host: Host, other: Any) -> None:
    """A row of the person in every table that can have one."""
    order = host.order(MARKER, Line(quantity=3))
    sale = host.invoice(MARKER, Line(amount=7))
    host.invoice(MARKER, Line(amount=-2), reverses=sale.line)
    host.seat(MARKER, "2025-01-01")
    host.adjust(MARKER, 5, f"Talk of {MARKER}")
    host.socialise(MARKER, "BLOG", description=f"By {MARKER}")
    host.proven(as_of=None)
    host.set_order(order, order_status="CANCELLED")
    host.run(
        "insert into engagement.social_upload (customer_id, social_type, score, comments)"
        " values (%s, 'WIKI', 'many', 'By ' || %s), (' ' || %s || ' ', 'WIKI', 'many', '')",
        *(MARKER, MARKER, MARKER),
    )
    host.run(
        "insert into engagement.pending_activity (source, activity_column, keys) values"
        " ('customer', 'customer_id', array[%s]), ('customer', 'customer_id', array[%s, %s]),"
        " ('employment', 'customer_id', array[%s, %s]),"
        " ('order_line', 'customer_id', array[%s])",
        *(MARKER, other, MARKER, MARKER, other, MARKER),
    )
    host.run(
        "insert into engagement.scoring_failure (failed_at, source, activity_column, keys,"
        " sqlstate_code, message) values"
        " (now(), 'customer', 'customer_id', array[%s], '55P03', 'lock'),"
        " (now(), 'employment', 'customer_id', array[%s, %s], '55P03', 'lock'),"
        " (now(), 'order_line', 'customer_id', array[%s], '22P02', 'bad value of ' || %s)",
        *(MARKER, other, MARKER, MARKER, MARKER),
    )
    host.run(
        "insert into engagement.scoring_failure (failed_at, source, source_id, rule_id,"
        " sqlstate_code, message) values (now(), 'order_line', %s, 1, '22003', 'of ' || %s)",
        *(order.line, MARKER),
    )
    host.run("insert into engagement.recalculation_customer values (%s, true)", MARKER)


def forget(host: Host) -> None:
    """The host erases the person, as its foreign keys demand."""
    for table, column in (
        ("order_line", "ship_customer_id"),
        ("invoice_line", "ship_customer_id"),
        ("committee_member", "customer_id"),
        ("employment", "employee_id"),
        ("customer", "customer_id"),
    ):
        host.run(f"delete from crm.{table} where {column} = %s", MARKER)


def erase(host: Host, customer: Any = MARKER) -> None:
    """Erase somebody."""
    host.run("call engagement.erase_customer(%s)", customer)


@MODES
@ATTRIBUTIONS
def test_erase_customer_leaves_nothing_anywhere(
    text_host: Host, mode: str, attribution: str
) -> None:
    host = text_host
    host.set(TRIGGER_MODE=mode, EMPLOYER_ATTRIBUTION=attribution)
    company, colleague = employ(host)
    plant(host, colleague)
    everywhere = {
        *("award", "customer_score", "category_score", "social_score", "social_upload"),
        *("score_adjustment", "score_event", "pending_activity", "scoring_failure"),
        *("recalculation_customer", "reversal"),
    }
    assert found(host) == everywhere
    assert {award.voided_at is None for award in host.awards(MARKER)} == (
        {True, False} if mode == "IMMEDIATE" else {True}
    )
    with host.unchanged(), refused("EG013"):
        erase(host)

    forget(host)
    erase(host)
    assert found(host) == set()
    assert host.rows("select from engagement.pending_activity where keys = '{}'") == []
    assert host.score(company).employee_score == 6
    host.proven(as_of=None)
    assert found(host) == set()
    assert host.score(company).employee_score == 6
    assert host.score(colleague).score == 6
    with host.unchanged_but_runs():
        host.proven("FULL", as_of=str(host.runs()[-1].as_of))
    with refused("EG001"):
        erase(host)


@pytest.mark.parametrize("source", ["order_line", "invoice_line", "committee_seat"])
def test_erase_customer_whom_the_host_still_shows_refused(text_host: Host, source: str) -> None:
    host = text_host
    host.adjust(MARKER, 5)
    match source:
        case "order_line":
            host.order(MARKER)
        case "invoice_line":
            host.invoice(MARKER)
        case _:
            host.seat(MARKER, "2100-01-01")
    host.proven()
    with host.unchanged(), refused("EG013"):
        erase(host)
    assert "score_adjustment" in found(host)


def test_erase_customer_whom_the_host_shows_without_activity(text_host: Host) -> None:
    """Drafts are no activity; a customer of the host has a score at once, of nothing."""
    host = text_host
    host.band("ALL", from_score=0)
    host.adjust(MARKER, 5)
    host.order(MARKER, status="DRAFT")
    host.proven(as_of=None)
    host.proven(as_of=None)  # tells of the new band
    erase(host)
    for _ in range(2):
        assert found(host) == {"customer_score"}
        row = host.score(MARKER)
        assert (row.score, row.previous_score, row.changed_at) == (0, None, None)
        assert (row.band_code, row.announced_band) == ("ALL", "ALL")
        assert host.verify() == []
        host.proven(as_of=None)


def test_erase_customer_whom_the_host_keeps_as_inactive_leaves_everything_proven(
    text_host: Host,
) -> None:
    host = text_host
    host.adjust(MARKER, 5)
    host.proven(as_of=None)
    host.run("update crm.customer set is_active = false where customer_id = %s", MARKER)
    host.proven(as_of=None)
    erase(host)
    assert host.verify() == []
    before = host.score(MARKER)
    run = host.proven("FULL", as_of=None)
    assert host.score(MARKER) == before._replace(calculated_at=run.as_of)


@ATTRIBUTIONS
def test_erase_customer_ranks_their_company_and_tells_of_its_band(
    text_host: Host, attribution: str
) -> None:
    host = text_host
    host.set(EMPLOYER_ATTRIBUTION=attribution)
    company, _ = employ(host)
    host.band("FIFTEEN", from_score=15)
    host.proven(as_of=None)
    host.proven(as_of=None)
    assert host.score(company).band_code == "FIFTEEN"
    forget(host)
    erase(host)
    assert host.verify() == []
    assert host.score(company).score == 6
    assert host.rows(
        "select from_band from engagement.score_event where customer_id = %s"
        " and event_type = 'BAND_DOWN'",
        company,
    ) == [("FIFTEEN",)]
    assert host.score(company).band_code != "FIFTEEN"


@MODES
@ATTRIBUTIONS
def test_erase_customer_whose_lines_the_host_has_deleted_before(
    text_host: Host, mode: str, attribution: str
) -> None:
    """Awards are voided already, jobs gone, and no run has summed the company since."""
    host = text_host
    host.set(TRIGGER_MODE=mode, EMPLOYER_ATTRIBUTION=attribution)
    company, _ = employ(host)
    host.proven()
    assert host.score(company).employee_score == 15
    forget(host)
    if mode == "IMMEDIATE":
        assert host.live(MARKER) == []
    erase(host)
    assert host.score(company).employee_score == 6
    host.proven()
    assert host.score(company).employee_score == 6
    assert found(host) == set()


def test_erase_customer_who_changed_jobs(text_host: Host) -> None:
    """Both companies are summed, the former one too."""
    host = text_host
    companies = [host.customer("COMPANY") for _ in range(2)]
    host.job(MARKER, companies[0], end="2025-03-31")
    host.job(MARKER, companies[1], begin="2025-04-01")
    host.order(MARKER, Line(quantity=3))
    host.order(MARKER, Line(quantity=4), at="2025-04-02+00")
    host.proven()
    assert [host.score(company).score for company in companies] == [3, 4]
    forget(host)
    erase(host)
    assert [host.score(company).score for company in companies] == [0, 0]
    host.proven()


def test_erase_customer_whom_somebody_employs_only_now(text_host: Host) -> None:
    """Nothing but the job, which the host deletes, says whom the points have gone to."""
    host = text_host
    host.set(EMPLOYER_ATTRIBUTION="CURRENT")
    company, employed = host.customer("COMPANY"), host.customer()
    host.job(MARKER, company, begin="2025-04-01")
    host.job(employed, company)
    host.order(MARKER, Line(quantity=3))
    host.order(employed, Line(quantity=4))
    host.proven()
    assert host.score(company).score == 7
    forget(host)
    erase(host)
    assert host.score(company).score == 4
    host.proven()
    assert host.score(company).score == 4


def test_erase_customer_rolled_back_erases_nothing(text_host: Host) -> None:
    host = text_host
    employ(host)
    host.proven()
    forget(host)
    with host.unchanged(), host.session.transaction(force_rollback=True):
        erase(host)
        assert found(host) == set()


def test_erase_customer_of_whom_only_inputs_are_known(text_host: Host) -> None:
    """Neither the host nor the ledger knows them, nor have they a score."""
    host = text_host
    ghost = "Xipetotec"
    host.run(
        "insert into engagement.social_upload (customer_id, social_type, score)"
        " values (%s, 'BLOG', '5')",
        ghost,
    )
    exported = host.one("select engagement.export_customer(%s)", ghost)
    assert (len(exported["social_uploads"]), exported["score"]) == (1, None)
    erase(host, ghost)
    assert found(host, ghost) == set()
    with refused("EG001"):
        erase(host, ghost)
    # An adjustment of somebody who is gone from the host before any run.
    host.set(TRIGGER_MODE="DEFERRED")
    host.adjust(MARKER, 5)
    host.run("delete from crm.customer where customer_id = %s", MARKER)
    host.run("delete from engagement.customer_score where customer_id = %s", MARKER)
    erase(host)
    assert found(host) == set()
    host.proven()


@pytest.mark.parametrize(
    ("key_type", "form"),
    [
        ("bigint", "'00' || c.customer_id::text"),
        ("bigint", "'+' || c.customer_id::text || ' '"),
        ("uuid", "upper(c.customer_id::text)"),
        ("uuid", "'{' || c.customer_id::text || '}'"),
        ("uuid", "replace(c.customer_id::text, '-', '')"),
        ("text", "' ' || c.customer_id::text || ' '"),
    ],
)
def test_erase_customer_and_export_find_uploads_however_they_write_the_key(
    deployed_as: Callable[[str], Any], key_type: str, form: str
) -> None:
    host = furnish(deployed_as(key_type))
    customer, other = host.customer(), host.customer()
    for person in (customer, other):
        host.run(
            "insert into engagement.social_upload (customer_id, social_type, score)"
            f" select {form}, 'BLOG', 'many' from crm.customer c where c.customer_id = %s",
            person,
        )
    host.run("insert into engagement.social_upload (customer_id) values ('?'), (null)")
    host.proven()
    exported = host.one("select engagement.export_customer(%s)", customer)
    assert len(exported["social_uploads"]) == 1
    erase(host, customer)
    assert host.count("social_upload") == 3
    assert len(host.one("select engagement.export_customer(%s)", other)["social_uploads"]) == 1


def test_erase_customer_while_a_run_is_under_way_refused(text_host: Host) -> None:
    """What it has read of the host before would bring the person back."""
    host = text_host
    host.adjust(MARKER, 5)
    host.proven(as_of=None)
    with host.session.transaction(force_rollback=True):
        host.run(
            "update engagement.recalculation_run set run_status = 'RUNNING', finished_at = null"
            " where run_id = (select max(run_id) from engagement.recalculation_run)"
        )
        with host.unchanged(), refused("EG009"), host.session.transaction():
            erase(host)
    erase(host)


def test_erase_customer_refused(text_host: Host) -> None:
    host = text_host
    for customer in ("Nobody", None):
        with host.unchanged(), refused("EG001"):
            erase(host, customer)
        with refused("EG001"):
            host.one("select engagement.export_customer(%s)", customer)
    host.run("call engagement.detach_host()")
    for call in ("call engagement.erase_customer(%s)", "select engagement.export_customer(%s)"):
        with host.unchanged(), refused("EG006"):
            host.run(call, MARKER)


def test_erase_customer_leaves_everybody_else_alone(text_host: Host) -> None:
    host = text_host
    _, colleague = employ(host)
    namesake = host.one(
        "insert into crm.customer (customer_id, display_name) values (%s, 'Somebody else')"
        " returning customer_id",
        MARKER + "2",
    )
    for person in (colleague, namesake):
        host.adjust(person, 5)
        host.socialise(person)
        host.order(person, Line(quantity=20))
        host.run(
            "insert into engagement.social_upload (customer_id, social_type, score)"
            " values (%s, 'WIKI', 'many')",
            person,
        )
    host.proven(as_of=None)
    forget(host)
    mine = "select {table}::text from engagement.{table} where customer_id = any (%s) order by 1"
    tables = (
        *("award", "customer_score", "category_score", "social_score", "social_upload"),
        *("score_adjustment", "score_event"),
    )
    before = [host.rows(mine.format(table=table), [colleague, namesake]) for table in tables]
    assert all(before)
    erase(host)
    assert before == [
        host.rows(mine.format(table=table), [colleague, namesake]) for table in tables
    ]


@MODES
def test_erase_customer_whose_credit_note_took_from_somebody_else(
    text_host: Host, mode: str
) -> None:
    host = text_host
    host.set(TRIGGER_MODE=mode)
    other = host.customer()
    sale = host.invoice(other, Line(amount=9))
    host.invoice(MARKER, Line(amount=-4), reverses=sale.line)
    host.proven(as_of=None)
    assert host.score(other).score == 5
    forget(host)
    erase(host)
    assert found(host) == set()
    host.proven(as_of=None)
    assert host.score(other).score == 9


@MODES
@pytest.mark.parametrize("is_merged_further", [False, True])
def test_erase_customer_erases_who_was_merged_into_them(
    text_host: Host, mode: str, is_merged_further: bool
) -> None:
    """The double is the person; whoever the person was merged into gets back what is theirs."""
    host = text_host
    host.set(TRIGGER_MODE=mode)
    double, kept = f"{MARKER} again", host.customer()
    host.run("insert into crm.customer (customer_id, display_name) values (%s, 'Twin')", double)
    for customer, score in ((double, 8), (MARKER, 6), (kept, 4)):
        host.adjust(customer, 10 * score, f"Of {customer}")
        host.social(customer, score, scored_at=f"2025-0{score}-01")
    host.proven(as_of=None)
    host.merge(double, MARKER)
    if is_merged_further:
        host.merge(MARKER, kept)
    host.proven(as_of=None)
    assert {"customer_merge", "merged_input"} <= found(host)
    host.run("delete from crm.customer where customer_id = any (%s)", [MARKER, double])
    erase(host)
    assert found(host) == set()
    assert host.count("customer_merge") == host.count("merged_input") == 0
    assert host.verify() == []
    host.proven(as_of=None)
    assert found(host) == set()
    assert host.score(kept).score == 44


@MODES
def test_erase_customer_who_was_merged_into_another(text_host: Host, mode: str) -> None:
    """What was entered for the double goes, wherever it counts, and nothing else."""
    host = text_host
    host.set(TRIGGER_MODE=mode)
    company, kept = host.customer("COMPANY"), host.customer()
    host.job(kept, company)
    host.order(kept, Line(quantity=3))
    host.adjust(kept, 7)
    host.social(kept, 4, scored_at="2025-01-01")
    host.adjust(MARKER, 5, f"Of {MARKER}")
    host.social(MARKER, 8, scored_at="2025-02-01", description=f"By {MARKER}")
    host.proven(as_of=None)
    host.merge(MARKER, kept)
    host.proven(as_of=None)
    assert (host.score(kept).score, host.score(company).employee_score) == (23, 23)
    host.run("delete from crm.customer where customer_id = %s", MARKER)
    erase(host)
    assert found(host) == set()
    assert host.count("customer_merge") == host.count("merged_input") == 0
    assert len(host.live(kept)) == (3 if mode == "IMMEDIATE" else 2)
    assert host.verify() == []
    host.proven(as_of=None)
    assert (host.score(kept).score, host.score(company).employee_score) == (14, 14)
    with refused("EG001"):
        erase(host)


def test_export_customer_shows_merges(text_host: Host) -> None:
    host = text_host
    kept = host.customer()
    host.social(kept, 4, scored_at="2025-01-01")
    host.adjust(MARKER, 5)
    host.social(MARKER, 8, scored_at="2025-02-01")
    host.social(MARKER, 2, type="WIKI")
    host.proven(as_of=None)
    host.merge(MARKER, kept)
    of_double = host.one("select engagement.export_customer(%s)", MARKER)
    of_kept = host.one("select engagement.export_customer(%s)", kept)
    for exported in (of_double, of_kept):
        (merge,) = exported["merges"]
        assert (merge["from_id"], merge["into_id"]) == (MARKER, kept)
    assert (of_double["adjustments"], of_double["social_scores"]) == ([], [])

    def entered(exported: Any) -> list[tuple[Any, ...]]:
        return [
            (
                row["customer_id"] == MARKER,
                row["is_set_aside"],
                (row["adjustment"] or {}).get("points"),
                (row["social_score"] or {}).get("score"),
            )
            for row in exported["merged_inputs"]
        ]

    moved = [(True, False, None, 2), (True, False, None, 8), (True, False, 5, None)]
    assert sorted(entered(of_double), key=str) == sorted(moved, key=str)
    assert sorted(entered(of_kept), key=str) == sorted([(False, True, None, 4), *moved], key=str)
    assert len(of_kept["social_scores"]) == 2
    host.run("delete from crm.customer where customer_id = %s", MARKER)
    assert host.one("select engagement.export_customer(%s)", MARKER)["merges"] == [merge]


def test_export_customer_holds_everything(text_host: Host) -> None:
    host = text_host
    company, _ = employ(host)
    other = "Tlaloc"  # of whom rows of the queue speak as well
    plant(host, other)
    assert found(host, other) == {"pending_activity", "scoring_failure"}
    exported = host.one("select engagement.export_customer(%s)", MARKER)
    assert other not in str(exported)
    assert exported["customer_id"] == MARKER
    assert exported["customer"] == {
        "customer_id": MARKER,
        "customer_type": "INDIVIDUAL",
        "display_name": "Somebody",
        "is_active": True,
    }
    assert exported["score"]["score"] == float(host.score(MARKER).score)
    counts = {
        "category_scores": "category_score",
        "awards": "award",
        "social_scores": "social_score",
        "adjustments": "score_adjustment",
        "events": "score_event",
        "reversals": "reversal",
    }
    for key, table in counts.items():
        rows = host.one(
            f"select jsonb_agg(to_jsonb(t)) from engagement.{table} t where customer_id = %s",
            MARKER,
        )
        assert len(exported[key]) == len(rows) > 0
        assert all(any(row.items() <= entry.items() for entry in exported[key]) for row in rows)
    assert {award["voided_at"] is None for award in exported["awards"]} == {True, False}
    assert {award["rule_code"] for award in exported["awards"]} == {
        *("BOUGHT", "INVOICED", "SEAT", "ADJUSTMENT", "SOCIAL_SCORE"),
    }
    assert {award["employer_id"] for award in exported["awards"]} == {company}
    assert [upload["score"] for upload in exported["social_uploads"]] == ["many", "many"]
    assert exported["adjustments"][0]["reason"] == f"Talk of {MARKER}"
    assert [failure["source"] for failure in exported["failures"]] == [
        *("customer", "employment", "order_line", "order_line"),
    ]
    assert [entry["source"] for entry in exported["queued"]] == [
        *("customer", "customer", "employment", "order_line"),
    ]


def test_export_customer_of_somebody_without_anything(host: Host) -> None:
    customer = host.customer()
    exported = host.one("select engagement.export_customer(%s)", customer)
    assert exported.pop("customer")["customer_id"] == exported.pop("customer_id") == customer
    assert exported.pop("score") is None
    assert set(map(str, exported.values())) == {"[]", str(exported["queued"])}
    host.proven(as_of=NOW)
    assert host.one("select engagement.export_customer(%s)", customer)["score"]["score"] == 0
