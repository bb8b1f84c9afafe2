"""Rules drafted for the classes that the host has."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

from draft.measure import draft_of
from draft.schemas import furnish
from engagement_runner.deploy import deploy


def test_draft_writes_rules_that_reach_what_they_say(
    sample_template: str, databases: Any, engagement: Callable[..., Result], tmp_path: Path
) -> None:
    session = databases.connect(databases.create(sample_template))
    session.execute(
        "select engagement.retire_rule(rule_code, p_retroactive => true)"
        " from engagement.score_rule where is_active"
    )
    result = engagement(session, "rules", "draft")
    assert result.exit_code == 0, result.stderr
    path = tmp_path / "drafted.toml"
    path.write_text(result.stdout)
    applied = engagement(session, "rules", "apply", str(path))
    assert applied.exit_code == 0, applied.stderr
    session.execute("call engagement.recalculate('FULL')")
    reached = dict(
        session.execute(
            "select r.rule_code, count(*) from engagement.award a"
            " join engagement.score_rule r using (rule_id)"
            " where a.voided_at is null group by 1"
        ).fetchall()
    )
    stated = dict(
        re.findall(r"^# ([\d,]+) activities of .*\n\[\[rule\]\]\nrule_code = \"(\w+)\"",
                   result.stdout, re.M)
    )  # fmt: skip
    assert len(stated) > 5
    for count, code in stated.items():
        # What is taken back earns nothing, so a rule may reach a little less than it says.
        assert 0.9 <= reached[code] / int(count.replace(",", "")) <= 1


#: A second source of what is bought: its tickets have the classes of the shop, or none.
TICKETS = """
create table crm.ticket (
    ticket_id bigint primary key, customer_id bigint not null, class text, sold_at timestamptz
);
insert into crm.ticket
select i, c.customer_id, case when i % 2 = 0 then 'EVENT' end, '2026-01-01'::timestamptz
from (select customer_id, row_number() over (order by customer_id) as i from crm.customer) as c
where i <= 40;
create view engagement_host.ticket as
select
    ticket_id::engagement.host_key as source_id, null::engagement.host_key as document_id,
    customer_id::engagement.host_key as customer_id, null::engagement.host_key as employer_id,
    'TICKET'::text as subject_id, class as subject_class, 1::numeric as quantity,
    null::numeric as amount, sold_at as occurred_at, null::timestamptz as ended_at
from crm.ticket;
call engagement.register_source(
    'ticket', 'PRODUCT_PURCHASE', 'ORDER_CREATION', 'engagement_host.ticket'
);
"""


def test_draft_has_one_rule_for_a_class_of_several_sources(
    sample_template: str, databases: Any, engagement: Callable[..., Result], tmp_path: Path
) -> None:
    session = databases.connect(databases.create(sample_template))
    session.execute(TICKETS)
    drafted = engagement(session, "rules", "draft").stdout
    rules = tomllib.loads(drafted)["rule"]
    reach = [
        (rule["engagement_type"], rule.get("effective_when"), rule.get("subject_class"))
        for rule in rules
    ]
    assert len(reach) == len(set(reach))
    # Half of the tickets have no class. A rule for them would reach everything that is bought.
    assert ("PRODUCT_PURCHASE", "ORDER_CREATION", None) not in reach
    assert "# Sources order_line, ticket: a rule reaches its class in each of them." in drafted
    reached = session.execute("""
        select count(*) filter (where a.source = 'l'), count(*) from (
            select 'l' as source, subject_class from engagement_host.order_line
            where customer_id is not null and occurred_at is not null
            union all
            select 't', subject_class from engagement_host.ticket
        ) as a where a.subject_class = 'EVENT'
    """).fetchone()
    assert reached is not None
    of_lines, of_both = reached
    assert of_both == of_lines + 20 > 20
    events = rf'^# {of_both:,} activities of .*\n\[\[rule\]\]\nrule_code = "EVENT"$'
    assert re.search(events, drafted, re.M)


def test_draft_names_sources_without_a_class_and_tells_ids_by_a_name(
    sample_template: str, databases: Any, engagement: Callable[..., Result]
) -> None:
    session = databases.connect(databases.create(sample_template))
    session.execute(TICKETS)
    session.execute("update crm.ticket set class = '4711' where class is not null")
    drafted = engagement(session, "rules", "draft").stdout
    assert "# 20 activities of ticket have no class and no rule here" in drafted
    assert 'description = "5 points for each: such as TICKET"\ncategory_code' in drafted
    assert 'subject_class = "4711"' in drafted


def test_draft_for_an_adapter_that_is_not_deployed(
    databases: Any, engagement: Callable[..., Result], tmp_path: Path
) -> None:
    session = furnish(databases, "college")
    adapter, rules = tmp_path / "college.sql", tmp_path / "rules.toml"
    adapter.write_text(draft_of(session).text)
    # The starter rules do not know the college's classes.
    tried = engagement(session, "adapter", "try", str(adapter))
    assert tried.exit_code == 0, tried.stderr
    said = " ".join(tried.stderr.split())
    assert "10 of 12 rules match nothing." in said
    assert f"engagement rules draft --host {adapter} > " in said
    drafted = engagement(session, "rules", "draft", "--host", str(adapter))
    assert drafted.exit_code == 0, drafted.stderr
    rules.write_text(drafted.stdout)
    tried = engagement(
        session, "adapter", "try", str(adapter), "--rules", str(rules), "--format", "json"
    )
    assert tried.exit_code == 0, tried.stderr
    assert "match nothing" not in tried.stderr
    reached = {rule["rule_code"]: rule["award_count"] for rule in json.loads(tried.stdout)["rules"]}
    assert reached == {"BOOKING_LINE_EVENING": 1800, "DONATION": 300}
    assert session.execute("select to_regnamespace('engagement')").fetchone() == (None,)


def test_draft_for_an_adapter_that_cannot_be_deployed(
    sample_template: str, databases: Any, engagement: Callable[..., Result], tmp_path: Path
) -> None:
    session = databases.connect(databases.create(sample_template))
    adapter = tmp_path / "wrong.sql"
    adapter.write_text(
        "call engagement.register_source('gift', 'NO_SUCH_TYPE', null, 'crm.customer');"
    )
    result = engagement(session, "rules", "draft", "--host", str(adapter))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "wrong.sql:1: " in result.stderr
    assert "NO_SUCH_TYPE" in result.stderr


def test_draft_without_a_host(
    database: str, databases: Any, engagement: Callable[..., Result]
) -> None:
    session = databases.connect(database)
    deploy(session)
    result = engagement(session, "rules", "draft")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no source of a host is registered" in result.stderr
