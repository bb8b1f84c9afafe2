"""adapter try: what it shows is what a deployment and a FULL run make, and it changes nothing."""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from engagement_runner import files
from engagement_runner.deploy import catalog, deploy, removal, trial_scores
from engagement_runner.queries import loads
from patience import PATIENCE

from .conftest import People
from .shop import GATE, HOST

Connection = psycopg.Connection[Any]

#: A rule of one's own for what the shop sells, and one that nothing of it can match.
RULES = """\
[[rule]]
rule_code = "MONEY"
category_code = "PURCHASES_DONATIONS"
engagement_type = "PRODUCT_PURCHASE"
effective_when = "ORDER_CREATION"
amount_score = 0.5

[[rule]]
rule_code = "PENS"
category_code = "PURCHASES_DONATIONS"
engagement_type = "PRODUCT_PURCHASE"
effective_when = "ORDER_CREATION"
subject_id = "pen"
flat_score = 1

[[rule]]
rule_code = "SEAT"
category_code = "INVOLVEMENT"
engagement_type = "COMMITTEE_PARTICIPATION"
flat_score = 30
"""

#: When the deals of the shop are recent.
AS_OF = "2025-03-05 00:00+00"


@pytest.fixture
def rules(tmp_path: Path) -> str:
    """Path of a file with RULES."""
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    return str(path)


@pytest.fixture
def bare(database: str, databases: Any) -> Connection:
    """The host of the shop in a database without the package."""
    session: Connection = databases.connect(database)
    session.execute(HOST)
    return session


def report(result: Any) -> dict[str, Any]:
    """What a trial printed as JSON."""
    assert result.exit_code == 0, result.output
    printed: dict[str, Any] = loads(result.stdout)
    return printed


def points_of(told: dict[str, Any]) -> dict[str, tuple[Decimal, Decimal]]:
    """Own and employees' points by customer, as a trial shows them."""
    return {
        str(customer["customer_id"]): (
            Decimal(customer["own_score"]),
            Decimal(customer["employee_score"]),
        )
        for customer in told["highest"]
    }


def stored_points(session: Connection) -> dict[str, tuple[Decimal, Decimal]]:
    """Own and employees' points by customer, as they are stored."""
    return {
        key: (own, employees)
        for key, own, employees in session.execute(
            "select customer_id::text, own_score, employee_score from engagement.customer_score"
            " where score <> 0"
        )
    }


def awards_of(told: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Awards and customers by rule, as a trial shows them."""
    return {
        rule["rule_code"]: (rule["award_count"], rule["customer_count"])
        for rule in told["rules"]
        if rule["award_count"]
    }


def stored_awards(session: Connection) -> dict[str, tuple[int, int]]:
    """Awards and customers by rule, as they are in the ledger."""
    return {
        code: (awards, customers)
        for code, awards, customers in session.execute(
            "select r.rule_code, count(*), count(distinct w.customer_id::text)"
            " from engagement.award w join engagement.score_rule r using (rule_id)"
            " where w.voided_at is null group by r.rule_code"
        )
    }


# The numbers


def test_adapter_try_before_the_first_deployment_shows_what_it_will_make(
    bare: Connection,
    engagement: Callable[..., Any],
    contents: Callable[[Connection], str],
    write: Callable[..., str],
) -> None:
    path, before = write(), contents(bare)
    told = report(engagement(bare, "adapter", "try", path, "--as-of", AS_OF, "--format", "json"))
    assert contents(bare) == before
    assert told["run"]["rules"] == "starter"
    deploy(bare, path)
    assert engagement(bare, "rules", "apply", "starter").exit_code == 0
    bare.execute("call engagement.recalculate('FULL', p_as_of => %s)", (AS_OF,))
    assert points_of(told) == stored_points(bare) == {"2": (3, 0)}
    assert awards_of(told) == stored_awards(bare) == {"RECENT_PURCHASE": (2, 2)}
    (customer,) = told["highest"]
    assert customer["display_name"] == "Bob"
    assert [c["category_code"] for c in customer["categories"]] == ["PURCHASES_DONATIONS"]
    assert [r["rule_code"] for r in customer["reasons"]] == ["RECENT_PURCHASE"]


def test_adapter_try_of_the_adapter_in_use_shows_the_scores_in_force(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    contents: Callable[[Connection], str],
) -> None:
    """With what staff have decided and entered: rules, a parameter, points of other sources."""
    for statement in (
        "select engagement.set_parameter('SCORE_DECIMALS', '0')",
        "select engagement.set_parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS', 'N')",
        "insert into crm.employment (employee_id, employer_id, is_primary)"
        f" values ({association.ada}, {association.firm}, true)",
        f"select engagement.adjust({association.bob}, 7.6, 'for help')",
        f"""select engagement.set_social_score({association.bob}, 'BLOG',
            p_changes => '{{"score": 5}}', p_is_new => true)""",
        f"call engagement.merge_customer({association.bob}, {association.ada})",
        "insert into engagement.score_band values ('GOLD', 'Gold', 50)",
    ):
        deployed.execute(statement.encode())
    before = contents(deployed)
    told = report(engagement(deployed, "adapter", "try", "reference", "--format", "json"))
    assert contents(deployed) == before
    assert catalog.check(deployed) == []
    assert told["run"]["rules"] == "those of the database"
    deployed.execute("select engagement.set_parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS', 'Y')")
    deployed.execute("call engagement.recalculate('FULL')")
    assert points_of(told) == stored_points(deployed)
    assert points_of(told) == {
        str(association.ada): (60 + 30 + 8 + 5, 0),
        str(association.firm): (0, 60 + 30 + 8 + 5),
    }
    assert awards_of(told) == stored_awards(deployed)
    assert {"BOOKS", "SEAT", "ADJUSTMENT", "SOCIAL_SCORE"} == set(awards_of(told))


def test_adapter_try_with_rules_scores_by_them_alone(
    shop: Connection,
    bare: Connection,
    engagement: Callable[..., Any],
    contents: Callable[[Connection], str],
    write: Callable[..., str],
    rules: str,
) -> None:
    before = contents(shop)
    tried = ("adapter", "try", write(), "--rules", rules, "--as-of", AS_OF, "--format", "json")
    told = report(engagement(shop, *tried))
    assert contents(shop) == before
    assert told["run"]["rules"] == rules
    assert {rule["rule_code"]: rule["remark"] for rule in told["rules"]} == {
        "MONEY": None,
        "PENS": "matched no PRODUCT_PURCHASE, ORDER_CREATION, pen",
        "SEAT": "no view holds COMMITTEE_PARTICIPATION",
    }
    deploy(bare, write())
    assert engagement(bare, "rules", "apply", rules).exit_code == 0
    bare.execute("call engagement.recalculate('FULL', p_as_of => %s)", (AS_OF,))
    # Ada bought for 10 while the firm employed her, Bob for 20.
    assert points_of(told) == stored_points(bare) == {"1": (5, 0), "2": (10, 0), "3": (0, 5)}
    assert awards_of(told) == stored_awards(bare)
    assert [
        (row["customer_type"], row["customer_count"], row["scored_count"], row["highest"])
        for row in told["scores"]
    ] == [("INDIVIDUAL", 2, 2, 10), ("COMPANY", 1, 1, 5)]


@pytest.mark.parametrize("key_type", ["uuid", "text"])
def test_adapter_try_with_other_keys(
    deployed_as: Callable[[str], Connection], engagement: Callable[..., Any], key_type: str
) -> None:
    session = deployed_as(key_type)
    session.execute(
        "insert into crm.customer (customer_type, display_name) values ('COMPANY', 'Firm')"
    )
    told = report(engagement(session, "adapter", "try", "reference", "--format", "json"))
    assert (told["run"]["customer_count"], told["run"]["scored_count"]) == (1, 0)


def test_adapter_try_shows_ten_of_each_kind(
    bare: Connection, engagement: Callable[..., Any], write: Callable[..., str], rules: str
) -> None:
    bare.execute(
        "insert into shop.client select g, 'Client ' || g from generate_series(101, 130) g;"
        "insert into shop.deal"
        " select g, g, 'pen', g, '2025-01-01' from generate_series(101, 130) g"
    )
    tried = ("adapter", "try", write(), "--rules", rules, "--format", "json")
    told = report(engagement(bare, *tried))
    assert [c["customer_id"] for c in told["highest"]] == [*range(130, 120, -1), 3]


# What people read


def test_adapter_try_shows_cards_and_rules(
    bare: Connection, engagement: Callable[..., Any], write: Callable[..., str], rules: str
) -> None:
    result = engagement(bare, "adapter", "try", write(), "--rules", rules)
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "INDIVIDUAL 2 2 5.00 5.00 10.00 10.00" in lines
    assert "10.00 Bob (2) Purchases and donations 10.00 MONEY 10.00 (1)" in lines
    assert "5.00 Analytical Engines (3) Employees 5.00" in lines
    assert "MONEY 2 2 15.00" in lines
    assert lines[-1].startswith("3 of 3 customers have points, by 2 awards, as of ")
    assert "summing up" in result.stderr


def test_adapter_try_as_csv_has_the_rules(
    bare: Connection, engagement: Callable[..., Any], write: Callable[..., str], rules: str
) -> None:
    tried = ("adapter", "try", write(), "--rules", rules, "--format", "csv")
    result = engagement(bare, *tried)
    rows = {row["rule_code"]: row for row in csv.DictReader(io.StringIO(result.stdout))}
    assert (rows["MONEY"]["award_count"], rows["MONEY"]["points"]) == ("2", "15.00")
    assert rows["PENS"]["award_count"] == "0"


@pytest.mark.parametrize(
    "amount", ["case when deal_id = 11 then 'NaN' else amount end", "amount * 1 / (deal_id - 11)"]
)
def test_adapter_try_names_what_cannot_be_scored_and_scores_the_rest(
    shop: Connection, engagement: Callable[..., Any], write: Callable[..., str], amount: str
) -> None:
    path = write(("amount as amount", f"{amount} as amount"))
    result = engagement(shop, "adapter", "try", path, "--format", "json")
    assert result.exit_code == 3, result.output
    told = loads(result.stdout)
    assert [(f["source"], f["source_id"]) for f in told["failures"]] == [("deal", "11")]
    assert points_of(told) == {"2": (20, 0)}
    assert told["run"]["award_count"] == 1
    table = engagement(shop, "adapter", "try", path)
    assert "Not scored" in table.stdout


# What is wrong


@pytest.mark.parametrize(
    ("replaced", "begin"),
    [
        ([("from shop.deal;", "from shop.deals;")],
         ["engagement: {folder}/shop.sql:18: ERROR 42P01"]),
        ([("'ORDER_CREATION'", "'ORDER'"), ("'shop.job', 'client_id'", "'shop.job', 'person'")],
         ["engagement: shop.sql:20: EG005", "engagement: shop.sql:24: EG008"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_deployed", [True, False])
def test_adapter_try_of_a_broken_adapter_says_each_error_in_a_line(
    request: pytest.FixtureRequest,
    engagement: Callable[..., Any],
    contents: Callable[[Connection], str],
    write: Callable[..., str],
    tmp_path: Path,
    replaced: list[tuple[str, str]],
    begin: list[str],
    is_deployed: bool,
) -> None:
    session = request.getfixturevalue("shop" if is_deployed else "bare")
    before = contents(session)
    result = engagement(session, "adapter", "try", write(*replaced))
    assert (result.exit_code, result.stdout) == (1, "")
    errors = [line for line in result.stderr.splitlines() if line.startswith("engagement: ")]
    assert len(errors) == len(begin)
    for error, beginning in zip(errors, begin, strict=True):
        assert error.startswith(beginning.format(folder=tmp_path))
    assert contents(session) == before


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[[rule]", "is not TOML"),
        ('[[rule]]\nrule_code = "X"\nscore = 1', "EG010"),
        (RULES.replace("INVOLVEMENT", "NOTHING"), "EG005"),
        (None, "cannot be read"),
    ],
)
def test_adapter_try_with_broken_rules_says_so_in_a_line(
    shop: Connection,
    engagement: Callable[..., Any],
    contents: Callable[[Connection], str],
    write: Callable[..., str],
    tmp_path: Path,
    text: str | None,
    named: str,
) -> None:
    path = tmp_path / "broken.toml"
    if text is not None:
        path.write_text(text)
    before = contents(shop)
    result = engagement(shop, "adapter", "try", write(), "--rules", str(path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert named in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.output
    assert contents(shop) == before


def test_adapter_try_as_of_no_instant_says_so_in_a_line(
    bare: Connection, engagement: Callable[..., Any], write: Callable[..., str]
) -> None:
    result = engagement(bare, "adapter", "try", write(), "--as-of", "soon")
    assert (result.exit_code, result.stdout) == (1, "")
    # Nothing was deployed or read before.
    (line,) = result.stderr.splitlines()
    assert "22007" in line
    assert "(hint: Write 2026-01-31, or 2026-01-31 18:00+01:00.)" in line


def test_adapter_try_in_a_narrow_terminal_leaves_out_what_it_can(
    bare: Connection, terminal: Callable[..., Any], write: Callable[..., str], rules: str
) -> None:
    result = terminal(
        "adapter", "try", write(), "--rules", rules,
        ENGAGEMENT_DSN=bare.info.dsn, COLUMNS="60", NO_COLOR="1",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert "10.00 Bob (2) MONEY 10.00 (1)" in lines
    assert "MONEY 2 15.00" in lines


@pytest.mark.parametrize("copy", ["copy shop.deal to stdout", "COPY shop.deal FROM STDIN"])
@pytest.mark.parametrize("is_deployed", [True, False])
def test_adapter_that_waits_for_rows_is_refused_by_its_line(
    request: pytest.FixtureRequest,
    engagement: Callable[..., Any],
    write: Callable[..., str],
    copy: str,
    is_deployed: bool,
) -> None:
    session = request.getfixturevalue("shop" if is_deployed else "bare")
    call = "call engagement.register_source"
    path = write((call, f"{copy};\n{call}"))
    for command in ("adapter try", "adapter check", "deploy --host"):
        result = engagement(session, *command.split(), path)
        assert result.exit_code == 1, command
        assert re.search(r"shop\.sql:\d+: nobody is there to send rows", result.output), command


def test_adapter_try_by_a_role_without_rights_names_what_is_missing(
    shop: Connection,
    second_session: Callable[..., Connection],
    engagement: Callable[..., Any],
    contents: Callable[[Connection], str],
    write: Callable[..., str],
) -> None:
    removal.undeploy(shop)
    name = f"author_of_{shop.info.dbname}"
    role, database = sql.Identifier(name), sql.Identifier(shop.info.dbname)
    shop.execute(sql.SQL("create role {} login").format(role))
    author = second_session(shop, user=name)
    try:
        before = contents(shop)
        result = engagement(author, "adapter", "try", write())
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"grant create on database {shop.info.dbname} to {name}" in result.stderr
        shop.execute(
            sql.SQL(
                "grant create on database {database} to {role};"
                " grant usage on schema shop to {role};"
                " grant select, trigger on all tables in schema shop to {role}"
            ).format(role=role, database=database)
        )
        assert engagement(author, "adapter", "try", write()).exit_code == 0
        shop.execute(
            sql.SQL(
                "revoke create on database {database} from {role};"
                " revoke usage on schema shop from {role};"
                " revoke select, trigger on all tables in schema shop from {role}"
            ).format(role=role, database=database)
        )
        assert contents(shop) == before
    finally:
        author.close()
        shop.execute(sql.SQL("drop owned by {role} cascade; drop role {role}").format(role=role))


def test_adapter_try_with_another_version_in_the_database_is_refused(
    shop: Connection, engagement: Callable[..., Any], write: Callable[..., str]
) -> None:
    shop.execute(
        "update engagement_meta.applied_file set checksum = 'other'"
        " where path = 'procedures/run/recalculate.sql'"
    )
    result = engagement(shop, "adapter", "try", write())
    assert (result.exit_code, result.stdout) == (1, "")
    assert "engagement deploy" in result.stderr.splitlines()[-1]


# Whom it keeps waiting


def test_adapter_try_lets_triggers_score_and_scores_follow(
    deployed: Connection,
    association: People,
    second_session: Callable[..., Connection],
    wait_until_blocked: Callable[[Connection], None],
    tmp_path: Path,
) -> None:
    """The trial waits for gate() while it reads order lines; it has made awards for the seat."""
    deployed.execute(GATE.format(schema="crm"))
    text = (files.root() / files.HOSTS / "reference.sql").read_text()
    where = "where l.line_status = 'ACTIVE'"
    assert where in text
    path = tmp_path / "gated.sql"
    path.write_text(text.replace(where, f"{where} and (select crm.gate())"))
    gate, trying, host = (second_session(deployed) for _ in range(3))
    gate.execute("select pg_advisory_lock(1, 1)")
    results: list[trial_scores.TrialScores] = []
    thread = threading.Thread(target=lambda: results.append(trial_scores.score(trying, str(path))))
    thread.start()
    try:
        wait_until_blocked(trying)
        host.execute(f"set lock_timeout = '{PATIENCE}s'")  # so that waiting would fail
        host.execute("update crm.order_line set quantity = 6")
        host.execute("update crm.committee_member set begin_on = begin_on + 1")
        scored = host.execute("select engagement.score_at(%s)", (association.ada,)).fetchone()
        assert scored == (92,)
        host.execute("call engagement.catch_up()")
        assert stored_points(host) == {str(association.ada): (92, 0)}
    finally:
        gate.execute("select pg_advisory_unlock(1, 1)")
        thread.join()
    (told,) = results
    assert told.is_sound
    assert catalog.check(deployed) == []
