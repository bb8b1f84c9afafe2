"""Deploying onto a host that has years behind it, and leaving it as it was."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import catalog, deploy, removal
from engagement_runner.embedded import EmbeddedServer
from engagement_runner.files import root
from hosts.tendenci.conftest import as_deployer, set_up
from hosts.tendenci.host import COMPANY, Association, Driver
from hosts.tendenci.product import ROLE


def pass_years(acts: Driver, keys: Any) -> tuple[int, int, int]:
    """Four years of an association; the keys of Ann, Bob and their company as customers."""
    ann, bob, acme = acts.person(name="Ann"), acts.person(name="Bob"), acts.company(name="Acme")
    contract = acts.apply_company(company=acme, corporate_type=keys.corporate_type, user=ann)
    acts.approve_company(contract=contract.contract)
    acts.backdate(invoice=contract.invoice, at="2022-01-10T12:00Z")
    # Ann joins in 2023 under the company, renews in 2024 on her own, and goes to an event a year.
    joined = acts.enter(user=ann, membership_type=keys.membership_type, company=acme)
    acts.set_membership_dates(
        membership=joined.membership, join_dt="2023-01-01T12:00Z", expire_dt="2023-12-31T12:00Z"
    )
    acts.backdate(invoice=joined.invoice, at="2023-01-01T12:00Z")
    renewed = acts.renew(membership=joined.membership)
    acts.move_membership(membership=renewed.membership, company=0)
    acts.backdate(invoice=renewed.invoice, at="2024-01-01T12:00Z")
    for year in (2022, 2023, 2024):
        booked = acts.register(event=keys.event, user=ann, guests=1)
        acts.backdate(
            invoice=booked.invoice, registrants=booked.registrants, at=f"{year}-06-01T12:00Z"
        )
    # Bob represents the company, chaired a committee, and has cancelled, voided and applied.
    acts.represent(user=bob, company=acme)
    chaired = acts.seat(user=bob, committee=keys.committee, position=keys.chair)
    acts.end_seat(officer=chaired, last_day="2023-12-31")
    given = acts.donate(user=bob, amount=50)
    acts.backdate(invoice=given.invoice, at="2024-03-01T12:00Z")
    acts.void(invoice=acts.donate(user=bob, amount=500).invoice)
    cancelled = acts.register(event=keys.event, user=bob)
    acts.cancel_registration(registration=cancelled.registration)
    acts.apply(user=bob, membership_type=keys.membership_type)
    return ann, bob, COMPANY + acme


def check_years(association: Association, ann: int, bob: int, acme: int) -> None:
    """What those years are worth, at their end and on the way."""
    association.proves(
        {
            # Joined, renewed, three events for two.
            ann: 37 + 35 + 3 * 38,
            bob: 10,
            # Itself; of Ann what she did in 2023, of Bob all.
            acme: (55, 37 + 38 + 10),
        }
    )
    then = {
        (customer, at): association.one("select engagement.score_at(%s, %s)", customer, at)
        for customer, at in (
            (ann, "2022-12-31 12:00+00"),
            (ann, "2023-07-01 12:00+00"),
            (bob, "2023-12-31 23:59+00"),
            (bob, "2024-01-01 00:00+00"),
            (acme, "2022-01-01 12:00+00"),
            (acme, "2022-02-01 12:00+00"),
        )
    }
    assert list(then.values()) == [38, 38 + 37 + 38, 50, 0, 0, 55]


def test_deploy_onto_years_of_rows_gives_the_same_as_scoring_all_along(
    mode: str, unscored: tuple[str, Driver, Any], databases: Any
) -> None:
    dsn, acts, keys = unscored
    everybody = pass_years(acts, keys)
    session = databases.connect(as_deployer(dsn))
    set_up(session)
    session.execute("select engagement.set_parameter('TRIGGER_MODE', %s)", (mode,))
    check_years(Association(session, acts, keys), *everybody)


def test_years_scored_all_along(association: Association) -> None:
    everybody = pass_years(association.acts, association.keys)
    association.recalculate()
    check_years(association, *everybody)


def test_renewal_is_another_membership_around_the_end_of_one(association: Association) -> None:
    acts, keys = association.acts, association.keys
    loyal, lost, late = (acts.person(name=name) for name in ("Ann", "Bob", "Eve"))

    def ends(customer: int, membership: int, begin: str, end: str) -> None:
        dates = {"join_dt": "2021-01-01T12:00Z", "expire_dt": f"{end}T12:00Z"}
        if begin:
            dates["renew_dt"] = f"{begin}T12:00Z"
        acts.set_membership_dates(membership=membership, **dates)

    for customer, renewed_on in ((loyal, "2021-12-20"), (lost, None), (late, "2022-06-01")):
        entered = acts.enter(user=customer, membership_type=keys.membership_type)
        ends(customer, entered.membership, "", "2021-12-31")
        if renewed_on:
            renewed = acts.renew(membership=entered.membership)
            ends(customer, renewed.membership, renewed_on, "2022-12-31")
    found = association.rows(
        "select customer_id, decided_at::date::text, happened, value > 0"
        " from engagement_host.renewal where customer_id = any(%s)"
        " order by decided_at, customer_id",
        [loyal, lost, late],
    )
    assert found == [
        (loyal, "2021-12-31", True, True),
        (lost, "2021-12-31", False, None),
        (late, "2021-12-31", False, None),
        (loyal, "2022-12-31", False, None),
        (late, "2022-12-31", False, None),
    ]


def test_deploy_again_changes_nothing_and_check_is_content(association: Association) -> None:
    assert deploy(association.session, "tendenci").steps == []
    assert catalog.check(association.session) == []


def test_user_and_company_of_one_number_are_two_customers(association: Association) -> None:
    acts = association.acts
    ann, acme = acts.person(name="Ann"), acts.company(name="Acme")
    while acme < ann:
        acme = acts.company(name="Acme")
    while ann < acme:
        ann = acts.person(name="Ann")
    assert association.rows(
        "select customer_id, customer_type from engagement_host.customer"
        " where customer_id %% %s = %s order by customer_id",
        *(COMPANY, ann),
    ) == [(ann, "INDIVIDUAL"), (COMPANY + ann, "COMPANY")]
    acts.donate(user=ann, amount=50)
    association.proves({ann: 10})


def test_look_up_of_an_integer_key_uses_the_hosts_index(association: Association) -> None:
    look_ups = [
        ("tendered_invoice", "invoice_key"),
        ("accepted_membership", "membership_key"),
        ("accepted_membership", "customer_id"),
        ("employment", "employee_id"),
        ("customer", "customer_id"),
    ]
    unindexed = {
        (view, column): association.one(
            "select engagement.unindexed_tables(%s, %s)", f"engagement_host.{view}", column
        )
        for view, column in look_ups
    }
    # The header of the adapter has an index for the one that is left.
    companies = ["public.corporate_memberships_corpprofile"]
    assert unindexed == {key: [] for key in look_ups} | {("customer", "customer_id"): companies}


def test_indexes_of_the_adapters_header_serve_the_other_look_ups(
    unscored: tuple[str, Driver, Any], databases: Any
) -> None:
    dsn, _, _ = unscored
    session = databases.connect(as_deployer(dsn))
    deploy(session, "tendenci")
    look_ups = [("customer", "customer_id"), ("employment", "employer_id")]

    def unindexed() -> list[Any]:
        return [
            session.execute(
                "select engagement.unindexed_tables(%s, %s)", (f"engagement_host.{view}", column)
            ).fetchone()
            for view, column in look_ups
        ]

    assert ([],) not in unindexed()
    header = (root() / "sql/hosts/tendenci.sql").read_text().partition("\ncreate ")[0]
    indexes = re.findall(r"create index on .*;", header)
    assert len(indexes) == 5
    with psycopg.connect(dsn, user=ROLE, autocommit=True) as owner:
        for index in indexes:
            owner.execute(index)
    assert unindexed() == [([],), ([],)]


def test_hosts_role_has_no_right_on_the_package(association: Association) -> None:
    with psycopg.connect(association.session.info.dsn, user=ROLE) as session:
        for schema in ("engagement", "engagement_host", "engagement_meta"):
            assert session.execute(
                "select has_schema_privilege(%s, 'usage') or has_schema_privilege(%s, 'create')",
                (schema, schema),
            ).fetchone() == (False,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("select from engagement.award")


@pytest.mark.parametrize("leave", [removal.detach_host, removal.undeploy])
def test_leaving_leaves_the_host_as_it_was(
    unscored: tuple[str, Driver, Any], databases: Any, server: EmbeddedServer, leave: Any
) -> None:
    dsn, acts, keys = unscored
    pass_years(acts, keys)
    before = dump(server, dsn)
    session = databases.connect(as_deployer(dsn))
    deploy(session, "tendenci")
    assert dump(server, dsn) != before
    leave(session)
    assert dump(server, dsn) == before
    # Nobody listens any more.
    acts.donate(user=acts.person(name="Ann"), amount=50)


def test_detached_and_deployed_again_knows_what_happened_meanwhile(
    unscored: tuple[str, Driver, Any], databases: Any
) -> None:
    dsn, acts, keys = unscored
    session = databases.connect(as_deployer(dsn))
    set_up(session)
    association = Association(session, acts, keys)
    ann = acts.person(name="Ann")
    kept, void = acts.donate(user=ann, amount=50), acts.donate(user=ann, amount=10)
    association.proves({ann: 10 + 6})
    removal.detach_host(session)
    acts.void(invoice=void.invoice)
    acts.adjust(invoice=kept.invoice, variance=5)
    deploy(session, "tendenci")
    association.recalculate()
    association.proves({ann: Decimal("10.5")})


def dump(server: EmbeddedServer, dsn: str) -> str:
    """Everything in the host's schema, rows too."""
    text = server.run("pg_dump", "--schema=public", "-d", dsn)
    return re.sub(r"(?m)^\\(un)?restrict .*\n", "", text)
