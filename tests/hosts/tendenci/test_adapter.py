"""The adapter as such: a host that has years of rows already, and leaving it as it was."""

from __future__ import annotations

from typing import Any

import psycopg

from engagement_runner.catalog import detach_host
from hosts.tendenci.conftest import as_deployer, let_deploy, name_of, set_up
from hosts.tendenci.host import COMPANY, Association, Driver


def live_through(acts: Driver, keys: Any) -> dict[int, Any]:
    """Years of an association; return what each is worth in the end."""
    ann, bob, carl = (acts.person(name=name) for name in ("Ann", "Bob", "Carl"))
    acme = acts.company(name="Acme")
    contract = acts.apply_company(company=acme, corporate_type=keys.corporate_type, user=ann)
    acts.approve_company(contract=contract.contract)
    applied = acts.apply(user=ann, membership_type=keys.membership_type, company=acme)
    acts.approve(membership=applied.memberships[0])
    acts.register(event=keys.event, user=ann)
    booked = acts.register(event=keys.event, user=bob, guests=2)
    acts.cancel_registrant(registrant=booked.registrants[1])
    acts.pay(invoice=booked.invoice)
    acts.seat(user=bob, committee=keys.committee, position=keys.chair)
    acts.represent(user=bob, company=acme)
    void = acts.donate(user=carl, amount=500)
    acts.void(invoice=void.invoice)
    acts.donate(user=carl, amount=50)
    return {ann: 37 + 19, bob: 38 + 50, carl: 10, COMPANY + acme: (55, 37 + 19 + 38 + 50)}


def test_backfill_of_years_gives_the_same_answers(
    mode: str,
    founded: tuple[str, Any],
    databases: Any,
    _processes: Any,
) -> None:
    dsn = databases.create(founded[0])
    acts, keys = _processes(0), founded[1]
    acts.use(database=name_of(dsn))
    worth = live_through(acts, keys)
    acts.leave()
    let_deploy(dsn)
    session = databases.connect(as_deployer(dsn))
    set_up(session)
    session.execute("select engagement.set_parameter('TRIGGER_MODE', %s)", (mode,))
    acts.use(database=name_of(dsn))
    association = Association(session, acts, keys)
    association.proves(worth)
    acts.leave()


def test_detaching_leaves_the_host_as_it_was(
    founded: tuple[str, Any], scored: str, databases: Any, server: Any
) -> None:
    before = databases.create(founded[0])
    dsn = databases.create(scored)
    with psycopg.connect(as_deployer(dsn), autocommit=True) as session:
        detach_host(session)
    public = ("pg_dump", "--schema=public", "--no-privileges", "-d")
    dumps = [server.run(*public, one) for one in (before, dsn)]
    lines = [[line for line in dump.splitlines() if "restrict " not in line] for dump in dumps]
    assert lines[0] == lines[1]
