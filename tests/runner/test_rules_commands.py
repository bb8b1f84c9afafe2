"""rules list, add, revise, retire, export and apply against a real database."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from .conftest import People

Connection = psycopg.Connection[Any]


def versions(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select r::text from engagement.score_rule r order by rule_id"
    ).fetchall()


def current(connection: Connection, rule_code: str) -> dict[str, Any]:
    row = connection.execute(
        "select to_jsonb(r) from engagement.score_rule r where rule_code = %s"
        " order by version desc limit 1",
        (rule_code,),
    ).fetchone()
    assert row
    content = row[0]
    assert isinstance(content, dict)
    return content


def test_rules_add_every_option_reaches_the_rule(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    result = engagement(
        deployed, "rules", "add", "GALA", "INVOLVEMENT", "PRODUCT_PURCHASE",
        "--effective-when", "INVOICE_CREATION", "--subject-id", "SEAT", "--subject-class", "EVENT",
        "--flat-score", "1.25", "--quantity-score=-2.5", "--amount-score", "0.0001",
        "--valid-for-weeks", "8", "--description", "A [red]gala[/]",
        "--applies-from", "2026-01-01", "--applies-until", "2027-01-01 12:00+02",
        "--cap-points", "99.5", "--cap-period", "YEAR", "--half-life-weeks", "26",
        "--inactivity-steps", "12:75,24:0",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert "GALA" in result.stdout
    rule = current(deployed, "GALA")
    expected = {
        "version": 1,
        "category_code": "INVOLVEMENT",
        "engagement_type": "PRODUCT_PURCHASE",
        "effective_when": "INVOICE_CREATION",
        "subject_id": "SEAT",
        "subject_class": "EVENT",
        "flat_score": 1.25,
        "quantity_score": -2.5,
        "amount_score": 0.0001,
        "valid_for_weeks": 8,
        "description": "A [red]gala[/]",
        "applies_from": "2026-01-01T00:00:00+00:00",
        "applies_until": "2027-01-01T10:00:00+00:00",
        "cap_points": 99.5,
        "cap_period": "YEAR",
        "half_life_weeks": 26,
        "inactivity_steps": [[12, 75], [24, 0]],
    }
    assert {key: rule[key] for key in expected} == expected
    assert "A [red]gala[/]" in engagement(deployed, "rules", "list").stdout


def test_rules_revise_sets_and_clears_cap_and_half_life(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    names = ("cap_points", "cap_period", "half_life_weeks", "inactivity_steps")
    engagement(
        deployed, "rules", "revise", "BOOKS",
        "--cap-points", "50", "--cap-period", "EVER", "--half-life-weeks", "4",
        "--inactivity-steps", "1:50,24:25",
    )  # fmt: skip
    assert [current(deployed, "BOOKS")[name] for name in names] == [
        50,
        "EVER",
        4,
        [[1, 50], [24, 25]],
    ]
    listed = " ".join(engagement(deployed, "rules", "list").stdout.split())
    assert (
        "at most 50 in all, half after 4 weeks, "
        "50 % after 1 month without activity, 25 % after 24 months"
    ) in listed
    cleared = engagement(
        deployed,
        "rules",
        "revise",
        "BOOKS",
        *(part for name in names for part in ("--clear", name)),
    )
    assert cleared.exit_code == 0, cleared.stderr
    assert [current(deployed, "BOOKS")[name] for name in names] == [None, None, None, None]
    assert "at most" not in engagement(deployed, "rules", "list").stdout
    engagement(deployed, "rules", "revise", "BOOKS", "--inactivity-steps", "none")
    assert current(deployed, "BOOKS")["inactivity_steps"] == []
    assert "inactivity takes nothing" in " ".join(
        engagement(deployed, "rules", "list").stdout.split()
    )


def test_rules_add_with_nothing_but_the_names_has_no_points(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "rules", "add", "SEAT", "INVOLVEMENT", "COMMITTEE_PARTICIPATION")
    assert result.exit_code == 0
    assert current(deployed, "SEAT")["flat_score"] == 0


def test_rules_revise_changes_what_is_given_and_keeps_the_rest(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    before = current(deployed, "BOOKS")
    result = engagement(
        deployed, "rules", "revise", "BOOKS", "--amount-score", "0.75", "--clear", "valid_for_weeks"
    )
    assert result.exit_code == 0, result.stderr
    assert "version 2" in result.stdout
    after = current(deployed, "BOOKS")
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {"rule_id", "version", "amount_score", "valid_for_weeks", "applies_from"}
    assert after["amount_score"] == 0.75
    assert after["valid_for_weeks"] is None


def test_rules_revise_retroactive_scores_the_past_anew(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    engagement(deployed, "rules", "revise", "SEAT", "--flat-score", "31", "--retroactive")
    assert engagement(deployed, "recalculate").exit_code == 0
    row = deployed.execute("select engagement.score_at(%s)", (association.ada,)).fetchone()
    assert row == (91,)
    assert engagement(deployed, "verify").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--flat-score", "1", "--clear", "flat_score"),
        ("--clear", "rule_code"),
    ],
)
def test_rules_revise_without_sense_is_a_usage_error(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    arguments: tuple[str, ...],
) -> None:
    before = versions(deployed)
    assert engagement(deployed, "rules", "revise", "BOOKS", *arguments).exit_code == 2
    assert versions(deployed) == before


def test_rules_retire_takes_it_off_the_list_but_not_off_all_versions(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    assert engagement(deployed, "rules", "retire", "SEAT").exit_code == 0
    assert "SEAT" not in engagement(deployed, "rules", "list").stdout
    assert "SEAT" in engagement(deployed, "rules", "list", "--all-versions").stdout
    assert "SEAT" not in engagement(deployed, "rules", "export").stdout


def test_rules_list_formats_agree(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    from_json = json.loads(engagement(deployed, "rules", "list", "--format", "json").stdout)
    from_csv = engagement(deployed, "rules", "list", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(from_csv)))
    assert [rule["rule_code"] for rule in from_json] == [row["rule_code"] for row in rows]
    assert {row["rule_code"]: row["quantity_score"] for row in rows} == {
        "BOOKS": "2", "SEAT": "0", "SOCIAL_SCORE": "0", "ADJUSTMENT": "0",
    }  # fmt: skip
    table = engagement(deployed, "rules", "list").stdout
    assert "2 \N{MULTIPLICATION SIGN} quantity + 0.5 \N{MULTIPLICATION SIGN} amount" in table


def test_rules_list_of_nothing_says_so(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    for code in ("ADJUSTMENT", "SOCIAL_SCORE"):
        engagement(deployed, "rules", "retire", code)
    assert engagement(deployed, "rules", "list").stdout.startswith("There are no rules")
    assert engagement(deployed, "rules", "list", "--format", "json").stdout == "[]\n"


def awkward_rule(connection: Connection) -> None:
    connection.execute(
        "select engagement.add_rule('AWKWARD', 'INVOLVEMENT', 'PRODUCT_PURCHASE',"
        " 'ORDER_CREATION', p_subject_id => %s, p_flat_score => 0.30,"
        " p_amount_score => 0.000000000000000000001,"
        " p_applies_from => '2025-06-01 12:34:56.789+02',"
        " p_applies_until => 'infinity', p_description => %s, p_cap_points => 12.5,"
        " p_cap_period => 'MONTH', p_half_life_weeks => 26,"
        " p_inactivity_steps => '{{12,75},{24,50},{36,0}}')",
        ("a\"b'c\\d\te", "two\nlines \x7f and ünïcode"),
    )


def test_rules_export_then_apply_changes_nothing(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    tmp_path: Path,
) -> None:
    awkward_rule(deployed)
    engagement(deployed, "rules", "revise", "BOOKS", "--quantity-score", "3")
    engagement(deployed, "recalculate")
    before = versions(deployed)
    exported = engagement(deployed, "rules", "export")
    assert exported.stderr == ""
    file = tmp_path / "rules.toml"
    file.write_text(exported.stdout)
    assert {rule["rule_code"] for rule in tomllib.loads(exported.stdout)["rule"]} == {
        "AWKWARD", "BOOKS", "SEAT", "SOCIAL_SCORE", "ADJUSTMENT",
    }  # fmt: skip
    dry = engagement(deployed, "rules", "apply", str(file), "--dry-run", "--format", "json")
    assert {change["action"] for change in json.loads(dry.stdout)} == {"same"}
    applied = engagement(deployed, "rules", "apply", str(file))
    assert applied.exit_code == 0, applied.stderr
    assert "0 of 5 rules changed" in applied.stdout
    assert versions(deployed) == before
    row = deployed.execute("select count(*) from engagement.pending_activity").fetchone()
    assert row == (0,)


def test_rules_apply_to_an_empty_database_makes_the_same_rules(
    deployed: Connection,
    deployed_as: Callable[[str], Connection],
    association: People,
    engagement: Callable[..., Any],
) -> None:
    awkward_rule(deployed)
    exported = engagement(deployed, "rules", "export").stdout
    other = deployed_as("bigint")
    applied = engagement(other, "rules", "apply", "-", input=exported)
    assert applied.exit_code == 0, applied.stderr
    assert "3 of 5 rules changed" in applied.stdout
    assert engagement(other, "rules", "export").stdout == exported


def test_rules_apply_dry_run_shows_the_changes_and_makes_none(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    text = engagement(deployed, "rules", "export").stdout.replace(
        "quantity_score = 2", "quantity_score = 4"
    )
    before = versions(deployed)
    dry = engagement(deployed, "rules", "apply", "-", "--dry-run", input=text)
    assert dry.exit_code == 0
    assert "revise   BOOKS  quantity_score = 4" in dry.stdout
    assert "1 of 4 rules would change" in dry.stdout
    assert versions(deployed) == before
    done = engagement(deployed, "rules", "apply", "-", input=text)
    assert "1 of 4 rules changed" in done.stdout
    assert current(deployed, "BOOKS")["quantity_score"] == 4


def test_rules_apply_retired_ends_the_rule(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    text = "[[rule]]\nrule_code = 'SEAT'\nretired = true\n"
    assert engagement(deployed, "rules", "apply", "-", input=text).exit_code == 0
    assert "SEAT" not in engagement(deployed, "rules", "list").stdout


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_rules_apply_one_wrong_rule_changes_none(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    options: tuple[str, ...],
) -> None:
    text = """
        [[rule]]
        rule_code = 'FIRST'
        category_code = 'INVOLVEMENT'
        engagement_type = 'COMMITTEE_PARTICIPATION'
        [[rule]]
        rule_code = 'SECOND'
        category_code = 'NOWHERE'
        engagement_type = 'COMMITTEE_PARTICIPATION'
    """
    before = versions(deployed)
    result = engagement(deployed, "rules", "apply", "-", *options, input=text)
    assert result.exit_code == 1
    assert "EG005" in result.stderr
    assert result.stdout == ""
    assert versions(deployed) == before


def test_rules_apply_starter_adds_the_rules_that_come_with_the_package_once(
    deployed: Connection,
    engagement: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    codes = deployed.execute("select rule_code from engagement.score_rule order by 1")
    assert [code for (code,) in codes] == ["ADJUSTMENT", "SOCIAL_SCORE"]
    before = versions(deployed)
    dry = engagement(deployed, "rules", "apply", "starter", "--dry-run", "--format", "json")
    planned = json.loads(dry.stdout)
    assert versions(deployed) == before
    shown = engagement(deployed, "rules", "apply", "starter", "--dry-run").stdout
    assert max(map(len, shown.splitlines())) <= 120
    applied = engagement(deployed, "rules", "apply", "starter", "--format", "json")
    assert applied.exit_code == 0, applied.stderr
    assert json.loads(applied.stdout) == planned
    assert 8 <= len(planned) <= 14
    assert {change["action"] for change in planned if change["rule_code"] != "SOCIAL_SCORE"} == {
        "add"
    }
    installed = json.loads(engagement(deployed, "rules", "list", "--format", "json").stdout)
    assert all(rule["description"] for rule in installed)
    assert {rule["category_code"] for rule in installed} == {
        "INVOLVEMENT", "PURCHASES_DONATIONS", "SOCIAL_COMMUNITY", "ADJUSTMENT",
    }  # fmt: skip
    after = versions(deployed)
    again = engagement(deployed, "rules", "apply", "starter")
    assert again.stdout == f"0 of {len(planned)} rules changed.\n"
    assert versions(deployed) == after
    assert engagement(deployed, "recalculate", "--mode", "FULL").exit_code == 0


def test_rules_apply_a_path_is_never_a_bundled_file(
    deployed: Connection,
    engagement: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert engagement(deployed, "rules", "apply", "./starter").exit_code == 1
    Path("starter").write_text("")
    result = engagement(deployed, "rules", "apply", "./starter")
    assert result.stdout == "0 of 0 rules changed.\n"


@pytest.mark.parametrize("text", ["[[rule]]\nrule_code = ", "[rule]\nrule_code = 'A'", "a = 1"])
def test_rules_apply_no_rules_file_is_one_line(
    deployed: Connection, engagement: Callable[..., Any], text: str
) -> None:
    result = engagement(deployed, "rules", "apply", "-", input=text)
    assert result.exit_code == 1
    assert "stdin" in result.stderr
    assert result.stderr.count("\n") == 1


def test_rules_apply_unknown_key_is_one_line_with_its_sqlstate(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    text = "[[rule]]\nrule_code = 'A'\nflat_scores = 1\n"
    result = engagement(deployed, "rules", "apply", "-", input=text)
    assert result.exit_code == 1
    assert "EG010" in result.stderr


def test_rules_apply_missing_file_is_one_line(
    deployed: Connection, engagement: Callable[..., Any], tmp_path: Path
) -> None:
    result = engagement(deployed, "rules", "apply", str(tmp_path / "none.toml"))
    assert result.exit_code == 1
    assert "none.toml" in result.stderr
    assert result.stderr.count("\n") == 1


def test_rules_apply_again_after_retiring_awards_nothing_twice(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    exported = engagement(deployed, "rules", "export").stdout
    engagement(deployed, "rules", "retire", "SEAT")
    assert engagement(deployed, "rules", "apply", "-", input=exported).exit_code == 0
    engagement(deployed, "recalculate")
    row = deployed.execute("select engagement.score_at(%s)", (association.ada,)).fetchone()
    assert row == (90,)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("description = ''", "describe BOOKS  description = ''"),
        (
            "description = ''\nflat_score = 1",
            "revise   BOOKS  flat_score = 1, description = ''",
        ),
    ],
)
def test_rules_apply_an_empty_text_is_shown_as_one(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    change: str,
    told: str,
) -> None:
    exported = engagement(deployed, "rules", "export").stdout
    (books,) = (
        part for part in exported.split("[[rule]]\n") if part.startswith('rule_code = "BOOKS"')
    )
    kept = [
        line
        for line in books.splitlines()
        if line.split()[:1] not in (["description"], ["flat_score"])
    ]
    text = "\n".join(["[[rule]]", *kept, change])
    result = engagement(deployed, "rules", "apply", "-", "--dry-run", input=text)
    assert result.stdout.splitlines()[0] == told


# --preview


def everything(connection: Connection) -> list[tuple[Any, ...]]:
    """What a preview must leave as it is."""
    return connection.execute(
        """
        select (select array_agg(w::text order by w::text) from engagement.award w),
               (select array_agg(r::text order by r.rule_id) from engagement.score_rule r),
               (select array_agg(s::text order by s.customer_id) from engagement.customer_score s),
               (select count(*) from engagement.pending_activity),
               (select count(*) from engagement.setup_change)
        """
    ).fetchall()


def doubled(engagement: Callable[..., Any], connection: Connection) -> str:
    """The rules as a file, with twice the points for each book."""
    exported = engagement(connection, "rules", "export").stdout
    assert exported.count("quantity_score = 2") == 1
    return str(exported.replace("quantity_score = 2", "quantity_score = 4"))


def test_rules_apply_preview_is_the_database_s_and_changes_nothing(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute(
        "insert into engagement.score_band (band_code, from_score) values ('GOLD', 95)"
    )
    deployed.execute("call engagement.recalculate()")
    text = doubled(engagement, deployed)
    before = everything(deployed)
    arguments = ("rules", "apply", "-", "--preview", "--retroactive")
    shown = engagement(deployed, *arguments, "--format", "json", input=text)
    assert (shown.exit_code, shown.stderr) == (0, "")
    content = json.loads(shown.stdout)
    changes = """[{"rule_code": "BOOKS", "description": "Points for books", "quantity_score": 4,
        "category_code": "PURCHASES_DONATIONS", "engagement_type": "PRODUCT_PURCHASE",
        "effective_when": "ORDER_CREATION", "subject_class": "PUBLICATION", "amount_score": 0.5,
        "valid_for_weeks": 8}]"""
    summary = deployed.execute("select engagement.preview_summary(%s)", (changes,)).fetchone()
    assert summary
    assert content == {"customers": summary[0].pop("largest_movers"), "summary": summary[0]}
    (customer,) = content["customers"]
    assert customer["customer_id"] == association.ada
    assert (customer["old_score"], customer["new_score"], customer["change"]) == (90, 100, 10)
    assert (customer["old_band_code"], customer["new_band_code"]) == (None, "GOLD")
    csv_text = engagement(deployed, *arguments, "--format", "csv", input=text).stdout
    (row,) = csv.DictReader(io.StringIO(csv_text))
    assert list(row) == list(customer)
    assert (row["change"], row["old_band_code"], row["new_band_code"]) == ("10.00", "", "GOLD")
    table = engagement(deployed, *arguments, input=text).stdout
    for line in ("customers   1 would rise, 0 fall", "bands       1 up, 0 down",
                 "own points  10.00 in all"):  # fmt: skip
        assert f"\n  {line}\n" in table
    assert table.splitlines()[-1].split() == [
        str(association.ada), "Ada", "[bold", "red]Lovelace[/]", "90.00", "100.00", "10.00", "GOLD",
    ]  # fmt: skip
    assert everything(deployed) == before


def test_rules_apply_does_what_its_preview_said(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    text = doubled(engagement, deployed)
    arguments = ("rules", "apply", "-", "--retroactive")
    shown = engagement(deployed, *arguments, "--preview", "--format", "json", input=text)
    told = {row["customer_id"]: row["new_score"] for row in json.loads(shown.stdout)["customers"]}
    assert engagement(deployed, *arguments, input=text).exit_code == 0
    assert engagement(deployed, "recalculate").exit_code == 0
    rows = deployed.execute(
        "select customer_id, score from engagement.customer_score where customer_id = any (%s)",
        (list(told),),
    )
    assert dict(rows.fetchall()) == told == {association.ada: 100}  # type: ignore[arg-type]


def test_rules_apply_preview_from_now_on_says_that_the_past_stays(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    text = doubled(engagement, deployed)
    for output in ("table", "json", "csv"):
        shown = engagement(
            deployed, "rules", "apply", "-", "--preview", "--format", output, input=text
        )
        assert shown.exit_code == 0
        assert "--retroactive" in shown.stderr
        assert str(association.ada) + "," not in shown.stdout
    assert (
        json.loads(
            engagement(
                deployed, "rules", "apply", "-", "--preview", "--format", "json", input=text
            ).stdout
        )["customers"]
        == []
    )


def test_rules_preview_shows_the_largest_changes_to_people_and_all_to_programs(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    deployed.execute(
        "with c as (insert into crm.customer (display_name)"
        " select 'Somebody with rather a long name' from generate_series(1, 12)"
        " returning customer_id)"
        " insert into crm.committee_member (committee_id, customer_id, begin_on)"
        " select 'BOARD', customer_id, current_date - 100 from c"
    )
    deployed.execute("call engagement.recalculate()")
    before = everything(deployed)
    arguments = ("rules", "retire", "SEAT", "--preview", "--retroactive")
    content = json.loads(engagement(deployed, *arguments, "--format", "json").stdout)
    assert content["summary"]["fallen_count"] == len(content["customers"]) == 13
    text = engagement(deployed, *arguments, "--format", "csv").stdout
    assert len(list(csv.DictReader(io.StringIO(text)))) == 13
    table = engagement(deployed, *arguments).stdout
    assert "0 would rise, 13 fall" in table
    assert "The 10 largest changes:" in table
    assert table.count("-30.00") == 10
    assert max(map(len, table.splitlines())) <= 80
    assert everything(deployed) == before


def test_rules_revise_preview_shows_what_the_revision_would_do(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    before = everything(deployed)
    revise = ("rules", "revise", "BOOKS", "--cap-points", "12.5", "--cap-period", "EVER",
              "--clear", "valid_for_weeks", "--retroactive")  # fmt: skip
    shown = engagement(deployed, *revise, "--preview", "--format", "json")
    assert shown.exit_code == 0, shown.stderr
    (customer,) = json.loads(shown.stdout)["customers"]
    assert (customer["customer_id"], customer["new_score"]) == (association.ada, 42.5)
    assert everything(deployed) == before
    assert engagement(deployed, *revise).exit_code == 0
    assert engagement(deployed, "recalculate").exit_code == 0
    row = deployed.execute("select engagement.score_at(%s)", (association.ada,)).fetchone()
    assert row == (42.5,)
    assert current(deployed, "BOOKS")["valid_for_weeks"] is None


def test_rules_apply_preview_and_dry_run_are_a_usage_error(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "rules", "apply", "starter", "--preview", "--dry-run")
    assert result.exit_code == 2


# -- rules that overlap ------------------------------------------------------------------------

PURCHASE = ("INVOLVEMENT", "PRODUCT_PURCHASE", "--effective-when", "ORDER_CREATION")


def pairs(stderr: str) -> list[str]:
    """Which rules each warning names."""
    return [
        line.removeprefix("warning: ").split(" award ")[0]
        for line in stderr.splitlines()
        if line.startswith("warning: ")
    ]


def test_rules_add_what_another_rule_awards_already_warns_and_adds(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    assert engagement(deployed, "rules", "apply", "starter").stderr == "4 bands added.\n"
    event = (*PURCHASE, "--subject-class", "EVENT", "--quantity-score", "7")
    result = engagement(deployed, "rules", "add", "EVENTS", *event)
    assert result.exit_code == 0
    assert pairs(result.stderr) == ["EVENTS and EVENT_ATTENDANCE", "EVENTS and RECENT_PURCHASE"]
    assert "7.00 + 10.00 = 17.00 points" in result.stderr
    assert "class EVENT" in result.stderr
    assert current(deployed, "EVENTS")["quantity_score"] == 7
    # Known by now, whatever is changed about it.
    for change in (
        ("revise", "EVENTS", "--quantity-score", "8"),
        ("revise", "EVENTS", "--quantity-score", "9", "--retroactive"),
        ("apply", "starter"),
        ("add", "ELSE", "INVOLVEMENT", "COMMITTEE_PARTICIPATION", "--subject-class", "CHESS"),
    ):
        assert engagement(deployed, "rules", *change).stderr == "", change
    again = engagement(deployed, "rules", "revise", "ELSE", "--flat-score", "1")
    assert pairs(again.stderr) == ["COMMITTEE_SEAT and ELSE"]  # it earned nothing before
    engagement(deployed, "rules", "retire", "EVENTS", "--retroactive")
    assert pairs(engagement(deployed, "rules", "add", "EVENTS2", *event).stderr) == [
        "EVENTS2 and EVENT_ATTENDANCE", "EVENTS2 and RECENT_PURCHASE",
    ]  # fmt: skip


def test_rules_apply_warns_of_the_same_twice_in_one_file_not_of_the_general_and_the_special(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    text = "\n".join(
        f"[[rule]]\nrule_code = '{code}'\ncategory_code = 'INVOLVEMENT'\n"
        "engagement_type = 'PRODUCT_PURCHASE'\neffective_when = 'ORDER_CREATION'\n"
        f"flat_score = 1\n{more}"
        for code, more in (
            ("ANY", ""), ("BOOK", "subject_class = 'BOOK'"), ("BOOKS", "subject_class = 'BOOK'"),
        )
    )  # fmt: skip
    for options in (("--dry-run",), ()):
        result = engagement(deployed, "rules", "apply", "-", *options, input=text)
        assert (result.exit_code, pairs(result.stderr)) == (0, ["BOOK and BOOKS"])
    assert engagement(deployed, "rules", "apply", "-", input=text).stderr == ""
    result = engagement(deployed, "rules", "apply", "-", input=text.split("[[rule]]")[1].replace(
        "ANY", "MORE").join(["[[rule]]", ""]))  # fmt: skip
    assert pairs(result.stderr) == ["ANY and MORE", "BOOK and MORE", "BOOKS and MORE"]


def test_rules_apply_starter_adds_bands_where_there_are_none(
    deployed: Connection, engagement: Callable[..., Any], tmp_path: Path
) -> None:
    def bands() -> list[Any]:
        return deployed.execute(
            "select band_code, from_percentile from engagement.score_band order by 2 desc"
        ).fetchall()

    dry = engagement(deployed, "rules", "apply", "starter", "--dry-run")
    assert dry.stderr == "4 bands would be added.\n"
    assert bands() == []
    assert engagement(deployed, "rules", "apply", "starter").stderr == "4 bands added.\n"
    expected = [("CHAMPION", 90), ("ENGAGED", 60), ("OCCASIONAL", 25), ("QUIET", 0)]
    assert bands() == expected
    again = engagement(deployed, "rules", "apply", "starter")
    assert again.stderr == ""
    deployed.execute(
        "update engagement.score_band set from_percentile = 95 where band_code = 'CHAMPION'"
    )
    again = engagement(deployed, "rules", "apply", "starter")
    assert again.stderr == "The bands of the file are left out: there are other bands already.\n"
    deployed.execute(
        "update engagement.score_band set from_percentile = 90 where band_code = 'CHAMPION'"
    )
    assert bands() == expected
    file = tmp_path / "rules.toml"
    for text, state in (
        (
            "[[band]]\nband_code = 'X'\nfrom_percentile = 101\ncategory_code = 'INVOLVEMENT'",
            "EG004",
        ),
        ("[[band]]\nband_code = 'X'\ncategory_code = 'INVOLVEMENT'", "EG004"),
        ("[[band]]\nband_code = 'X'\nfrom_score = 1\ncategory_code = 'NOWHERE'", "EG005"),
        ("[[band]]\nband_code = 'X'\nfrom_score = 1\ncolour = 'red'", "EG010"),
        ("[band]\nband_code = 'X'", "Write [[band]]"),
    ):
        file.write_text(text)
        refused = engagement(deployed, "rules", "apply", str(file))
        assert refused.exit_code == 1
        assert state in refused.stderr
    file.write_text("[[band]]\nband_code = 'DEEP'\nfrom_score = 1.5\ncategory_code = 'INVOLVEMENT'")
    assert engagement(deployed, "rules", "apply", str(file)).stderr == "1 band added.\n"
    assert len(bands()) == 5
