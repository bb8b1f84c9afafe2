"""The adapter as a deployment: upon years of rows, checked, off while pretix migrates, on again."""

from __future__ import annotations

import json
from collections.abc import Callable

import psycopg
import pytest
from click.testing import CliRunner

from engagement_runner.cli import main
from engagement_runner.deploy import catalog, deploy, removal

from .conftest import DEPLOYER, HOST_ROLE, Pretix

#: What counts, apart from the clocks by which it happened and was recorded.
LEDGER = """
    select
        customer_id, source, source_id, rule_id, document_id, subject_id, subject_class, quantity,
        amount, points
    from engagement.award
    where voided_at is null
    order by source, source_id, rule_id
"""

#: The whole ledger.
AWARDS = "select * from engagement.award order by source, source_id, recorded_at"

#: The migration before the last one that alters tables of orders.
BEFORE = "0302"


def live_years(pretix: Pretix) -> dict[int, int]:
    """Do what happens at an organizer in the first years; return the points of each account."""
    ann, bob, eve = (pretix("account", name=name) for name in ("Ann", "Bob", "Eve"))
    visit = pretix("order", products=["Place", "Shirt"], addons=["Dinner"], customer=ann)
    pretix("invoice", order=visit)
    pretix("pay", order=visit)
    pretix("cancel_position", order=visit, product="Shirt")
    pretix("refund", order=visit, amount="20.00")
    pretix("pay", order=pretix("order", products=["Membership"], customer=bob))
    pretix("order", products=["Ticket"], customer=bob)
    talk = pretix("order", products=["Seat"], customer=eve, subevent=0)
    pretix("invoice", order=talk)
    pretix("cancel", order=talk)
    pretix("order", products=["Place"])
    return {ann: 10010 + 4 + 1400, bob: 6 + 1000000 + 10000, eve: 0}


def test_deploy_upon_years_of_rows_equals_having_scored_all_along(
    open_pretix: Callable[[str], Pretix],
) -> None:
    early, late = open_pretix(DEPLOYER), open_pretix(DEPLOYER)
    early.set_up("IMMEDIATE")
    own = live_years(early)
    early.expect(own)
    assert live_years(late) == own
    late.set_up("DEFERRED")
    late.expect(own)
    assert early.rows(LEDGER) == late.rows(LEDGER) != []
    before = early.rows(AWARDS)
    early.session.execute("call engagement.recalculate('FULL')")
    assert early.rows(AWARDS) == before


def test_adapter_check_finds_nothing_to_cure(pretix: Pretix) -> None:
    live_years(pretix)
    checked = CliRunner().invoke(
        main,
        ["adapter", "check", "pretix", "--format", "json"],
        env={"ENGAGEMENT_DSN": pretix.session.info.dsn},
    )
    assert checked.exit_code == 0, checked.output
    found = json.loads(checked.stdout)
    assert {row["severity"] for row in found["findings"]} <= {"hint"}
    assert all(view["row_count"] for view in found["views"] if view["view"] != "employment")


def test_deploy_again_changes_nothing_and_check_is_content(scored: Pretix) -> None:
    assert deploy(scored.session, "pretix").steps == []
    assert catalog.check(scored.session) == []


def test_subjects_have_names_that_staff_read(scored: Pretix) -> None:
    names = [name for (name,) in scored.rows("select display_name from engagement_host.subject")]
    assert {"Congress", "Talks", "Abroad", "Member"} <= set(names)


def test_hosts_role_has_no_right_on_the_package(scored: Pretix) -> None:
    with (
        psycopg.connect(scored.session.info.dsn, user=HOST_ROLE) as session,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        session.execute("select from engagement.award")


def test_pretix_migrates_while_the_adapter_is_off(pretix: Pretix) -> None:
    pretix.set_up("IMMEDIATE")
    ann = pretix("account", name="Ann")
    order = pretix("order", products=["Place", "Shirt"], customer=ann)
    pretix.expect({ann: 10012})
    removal.detach_host(pretix.session)
    pretix("migrate", to=BEFORE)
    pretix("migrate")
    pretix("cancel_position", order=order, product="Place")
    deploy(pretix.session, "pretix")
    pretix.session.execute("call engagement.recalculate()")
    pretix.expect({ann: 2})
