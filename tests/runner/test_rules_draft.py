"""Rules drafted for the classes that the host has."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

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


def test_draft_without_a_host(
    database: str, databases: Any, engagement: Callable[..., Result]
) -> None:
    session = databases.connect(database)
    deploy(session)
    result = engagement(session, "rules", "draft")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no source of a host is registered" in result.stderr
