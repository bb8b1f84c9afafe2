"""social list, add, edit, remove and import against a real database."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import deploy

from .conftest import People

Connection = psycopg.Connection[Any]

HEADER = "customer,type,subtype,score,description,comments,ends_at\n"


def scores(connection: Connection) -> list[dict[str, Any]]:
    """All social scores, by activity."""
    return [
        row[0]
        for row in connection.execute(
            "select to_jsonb(s) from engagement.social_score s"
            " order by customer_id, social_type, social_subtype, source_system"
        )
    ]


def uploads(connection: Connection) -> int:
    row = connection.execute("select count(*) from engagement.social_upload").fetchone()
    assert row
    return int(row[0])


def points(connection: Connection, customer: int) -> Any:
    row = connection.execute("select engagement.score_at(%s)", (customer,)).fetchone()
    assert row
    return row[0]


# by hand


def test_social_add_every_option_reaches_the_score(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    result = engagement(
        deployed, "social", "add", str(association.bob), "BLOG", "POST", "--score", "-2.50",
        "--description", "A [red]blog[/]", "--comments", "none", "--system", "HL",
        "--scored-at", "2025-01-01", "--ends-at", "2040-01-01 12:00+02",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert result.stdout == (
        f"BLOG POST (HL) of customer {association.bob} added: -2.50 "
        "from 2025-01-01 00:00 until 2040-01-01 10:00\n"
    )
    (score,) = scores(deployed)
    expected = {
        "customer_id": association.bob,
        "source_system": "HL",
        "social_type": "BLOG",
        "social_subtype": "POST",
        "score": -2.5,
        "description": "A [red]blog[/]",
        "comments": "none",
        "scored_at": "2025-01-01T00:00:00+00:00",
        "ends_at": "2040-01-01T10:00:00+00:00",
    }
    assert {key: score[key] for key in expected} == expected
    assert points(deployed, association.bob) == -2.5


def test_social_add_without_options_is_manual_from_now_on_for_good(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "social", "add", str(association.bob), "BLOG", "--score", "4")
    assert result.exit_code == 0, result.stderr
    (score,) = scores(deployed)
    assert (score["source_system"], score["social_subtype"]) == ("MANUAL", "")
    assert (score["description"], score["comments"], score["ends_at"]) == ("", "", None)
    assert points(deployed, association.bob) == 4


def test_social_edit_changes_what_is_given_and_keeps_the_rest(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    name = (str(association.bob), "BLOG", "POST")
    engagement(
        deployed, "social", "add", *name, "--score", "4", "--description", "d", "--comments", "c",
        "--ends-at", "2040-01-01",
    )  # fmt: skip
    (before,) = scores(deployed)
    result = engagement(deployed, "social", "edit", *name, "--score", "5")
    assert result.exit_code == 0, result.stderr
    (after,) = scores(deployed)
    assert after == {**before, "score": 5}
    result = engagement(
        deployed, "social", "edit", *name, "--clear", "ends_at", "--clear", "description"
    )
    assert result.exit_code == 0, result.stderr
    (cleared,) = scores(deployed)
    assert cleared == {**after, "ends_at": None, "description": ""}


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--description", "d", "--clear", "description"),
        ("--clear", "score"),
    ],
)
def test_social_edit_without_sense_is_a_usage_error(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    options: tuple[str, ...],
) -> None:
    name = (str(association.bob), "BLOG")
    engagement(deployed, "social", "add", *name, "--score", "4", "--description", "old")
    before = scores(deployed)
    assert engagement(deployed, "social", "edit", *name, *options).exit_code == 2
    assert scores(deployed) == before


def test_social_remove_takes_the_score_and_its_points_away(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    bob = str(association.bob)
    engagement(deployed, "social", "add", bob, "BLOG", "--score", "4")
    engagement(deployed, "social", "add", bob, "BLOG", "--score", "5", "--system", "HL")
    assert engagement(deployed, "social", "remove", bob, "BLOG").exit_code == 0
    assert [score["source_system"] for score in scores(deployed)] == ["HL"]
    assert engagement(deployed, "social", "remove", bob, "BLOG", "--system", "HL").exit_code == 0
    assert scores(deployed) == []
    assert points(deployed, association.bob) == 0


def test_social_list_formats_agree_for_one_and_for_everybody(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    for customer, score in ((association.bob, "4"), (association.ada, "12.25")):
        engagement(
            deployed, "social", "add", str(customer), "BLOG", "--score", score,
            "--description", "[b]Writes", "--ends-at", "2040-01-01",
        )  # fmt: skip
    everybody = json.loads(engagement(deployed, "social", "list", "--format", "json").stdout)
    assert [row["score"] for row in everybody] == [12.25, 4]
    text = engagement(deployed, "social", "list", "--format", "csv").stdout
    assert [row["score"] for row in csv.DictReader(io.StringIO(text))] == ["12.25", "4"]
    assert list(everybody[0]) == next(csv.reader(io.StringIO(text)))
    bob = engagement(deployed, "social", "list", str(association.bob))
    assert "[b]Writes" in bob.stdout
    assert "2040-01-01" in bob.stdout
    assert "12.25" not in bob.stdout


def test_social_list_of_nothing_says_so(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    assert engagement(deployed, "social", "list").stdout == (
        "There are no social community scores.\n"
    )
    result = engagement(deployed, "social", "list", str(association.bob), "--format", "json")
    assert result.stdout == "[]\n"


# import


def test_social_import_loads_the_good_and_reports_the_others(
    deployed: Connection, association: People, engagement: Callable[..., Any], tmp_path: Path
) -> None:
    ada, bob = association.ada, association.bob
    file = tmp_path / "scores.csv"
    file.write_text(
        f'\ufeff{HEADER}{ada},BLOG,,5,Blogs,"two\nlines",\n'  # lines 2 and 3
        f"987654321,BLOG,,5,,,\n"
        f"{bob},BLOG,,many,,,\n"
        f"{bob},FORUM,ANSWER,2.5,,,2040-01-01\n"
        f",,,,,,,\n"
        f"{bob},FORUM,ANSWER,3.5,,,2040-01-01,x\n"
    )
    result = engagement(deployed, "social", "import", str(file))
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "Scores: 2 added, 0 changed, 0 as they were; 3 lines rejected.",
        "line 4  customer 987654321 is unknown",
        "line 5  score many is not a finite number",
        "line 8  8 fields where the header has 7",
    ]
    assert result.stderr == (
        f"engagement: {file}, line 4: customer 987654321 is unknown; 3 lines not loaded "
        "(hint: Correct these lines and import the file again.)\n"
    )
    assert [(s["customer_id"], s["score"], s["comments"]) for s in scores(deployed)] == [
        (ada, 5, "two\nlines"),
        (bob, 2.5, ""),
    ]
    assert uploads(deployed) == 0
    assert points(deployed, bob) == 2.5


def test_social_import_again_changes_nothing(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    text = f"{HEADER}{association.ada},BLOG,,5,,,\n{association.bob},BLOG,,1,,,2040-01-01\n"
    first = engagement(deployed, "social", "import", "-", input=text)
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout == "Scores: 2 added, 0 changed, 0 as they were; 0 lines rejected.\n"
    before = scores(deployed)
    again = engagement(deployed, "social", "import", "-", input=text)
    assert again.exit_code == 0
    assert again.stdout == "Scores: 0 added, 0 changed, 2 as they were; 0 lines rejected.\n"
    assert scores(deployed) == before
    changed = engagement(
        deployed, "social", "import", "-",
        input=text.replace("BLOG,,5", "BLOG,,6") + f"{association.bob},FORUM,,1,,,\n",
    )  # fmt: skip
    assert changed.stdout == "Scores: 1 added, 1 changed, 1 as they were; 0 lines rejected.\n"


def test_social_import_of_a_score_that_has_ended_again_changes_nothing(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    bob = str(association.bob)
    engagement(
        deployed, "social", "add", bob, "BLOG", "--score", "5", "--system", "UPLOAD",
        "--scored-at", "2025-01-01", "--ends-at", "2025-02-01",
    )  # fmt: skip
    before = scores(deployed)
    text = f"{HEADER}{bob},BLOG,,5,,,2025-02-01\n"
    result = engagement(deployed, "social", "import", "-", input=text)
    assert result.exit_code == 0, result.stdout
    assert scores(deployed) == before


def test_social_import_that_would_end_before_its_beginning_is_one_rejected_line(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    bob = str(association.bob)
    engagement(
        deployed, "social", "add", bob, "BLOG", "--score", "5", "--system", "UPLOAD",
        "--scored-at", "2050-01-01",
    )  # fmt: skip
    text = f"{HEADER}{bob},BLOG,,5,,,2040-01-01\n{bob},FORUM,,1,,,\n"
    result = engagement(deployed, "social", "import", "-", input=text)
    assert result.exit_code == 1
    assert result.stdout.startswith("Scores: 1 added, 0 changed, 0 as they were; 1 line rejected.")
    assert [score["social_type"] for score in scores(deployed)] == ["BLOG", "FORUM"]


def test_social_import_of_two_lines_for_one_score_loads_the_later(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    text = f"{HEADER}{association.bob},BLOG,,5,,,\n{association.bob},BLOG,,7,,,\n"
    result = engagement(deployed, "social", "import", "-", "--format", "json", input=text)
    assert result.exit_code == 1
    assert [row["line_number"] for row in json.loads(result.stdout)] == [2]
    assert [score["score"] for score in scores(deployed)] == [7]


@pytest.mark.parametrize("output", ["json", "csv"])
def test_social_import_for_programs_lists_the_rejected_lines_alone(
    deployed: Connection, association: People, engagement: Callable[..., Any], output: str
) -> None:
    text = f"{HEADER}{association.bob},BLOG,,5,,,\n9,BLOG,A,1,,,\n{association.bob},,,1,,,\n"
    result = engagement(deployed, "social", "import", "-", "--format", output, input=text)
    assert result.exit_code == 1
    assert result.stderr.startswith("Scores: 1 added")
    rows = (
        json.loads(result.stdout)
        if output == "json"
        else list(csv.DictReader(io.StringIO(result.stdout)))
    )
    assert [str(row["line_number"]) for row in rows] == ["3", "4"]
    assert [row["social_subtype"] for row in rows] == ["A", ""]
    assert all(row["rejected_reason"] for row in rows)
    clean = engagement(
        deployed, "social", "import", "-", "--format", "json",
        input=f"{HEADER}{association.bob},BLOG,,5,,,\n",
    )  # fmt: skip
    assert (clean.exit_code, clean.stdout) == (0, "[]\n")


def test_social_import_leaves_rejected_rows_of_others_where_they_are(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute("insert into engagement.social_upload (customer_id) values ('nobody')")
    engagement(deployed, "social", "import", "-", input=f"{HEADER}nobody,BLOG,,5,,,\n")
    assert uploads(deployed) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"customer,type\n1,BLOG\n",
        b"customer,type,score,colour\n1,BLOG,5,red\n",
        "customer,type,score\n1,BLOG,5\n".encode("utf-16"),
    ],
)
def test_social_import_of_another_kind_of_file_is_one_line_and_loads_nothing(
    deployed: Connection, association: People, engagement: Callable[..., Any], content: bytes
) -> None:
    content = content.replace(b"1,BLOG", b"%d,BLOG" % association.bob)
    result = engagement(deployed, "social", "import", "-", input=content)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("engagement: stdin")
    assert result.stderr.count("\n") == 1
    assert scores(deployed) == []


def test_social_import_of_a_header_alone_loads_nothing(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "social", "import", "-", input=HEADER)
    assert result.exit_code == 0
    assert result.stdout == "Scores: 0 added, 0 changed, 0 as they were; 0 lines rejected.\n"


def test_social_import_missing_file_is_one_line(
    deployed: Connection, engagement: Callable[..., Any], tmp_path: Path
) -> None:
    result = engagement(deployed, "social", "import", str(tmp_path / "none.csv"))
    assert result.exit_code == 1
    assert "none.csv" in result.stderr
    assert result.stderr.count("\n") == 1


def test_social_import_fails_as_a_whole_when_its_report_fails(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute(
        "create function crm.refuse() returns trigger language plpgsql as"
        " $$ begin raise exception 'no' using errcode = 'XX123'; end $$"
    )
    deployed.execute(
        "create trigger refuse before delete on engagement.social_upload for each row"
        " when (old.rejected_reason is not null) execute function crm.refuse()"
    )
    text = f"{HEADER}{association.bob},BLOG,,5,,,\n9,BLOG,,1,,,\n"
    result = engagement(deployed, "social", "import", "-", input=text)
    assert result.exit_code == 1
    assert "XX123" in result.stderr
    assert result.stdout == ""
    assert scores(deployed) == []


def test_social_import_while_the_host_is_detached_is_one_line_with_its_sqlstate(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    assert engagement(deployed, "detach", "--host").exit_code == 0
    result = engagement(deployed, "social", "import", "-", input=f"{HEADER}1,BLOG,,5,,,\n")
    assert result.exit_code == 1
    assert "EG006" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.fixture
def operator(deployed: Connection) -> Iterator[str]:
    """A login role that is an engagement_operator."""
    deploy(deployed, roles=True)
    role = f"operator_{os.getpid()}"
    deployed.execute(f"create role {role} login in role engagement_operator".encode())
    yield role
    deployed.execute(f"drop role {role}".encode())


def test_social_import_is_for_operators_who_have_no_right_on_the_scores(
    deployed: Connection,
    association: People,
    operator: str,
    second_session: Callable[..., Connection],
    engagement: Callable[..., Any],
) -> None:
    text = f"{HEADER}{association.bob},BLOG,,5,,,\n9,BLOG,,1,,,\n"
    session = second_session(deployed, user=operator)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("delete from engagement.social_score")
    result = engagement(session, "social", "import", "-", input=text)
    assert result.stdout.startswith("Scores: 1 added, 0 changed, 0 as they were; 1 line rejected.")
    assert uploads(deployed) == 0
    edited = engagement(session, "social", "remove", str(association.bob), "BLOG",
                        "--system", "UPLOAD")  # fmt: skip
    assert edited.exit_code == 0, edited.stderr


@pytest.mark.parametrize("key_type", ["uuid", "text"])
def test_social_takes_keys_of_the_deployment(
    deployed_as: Callable[[str], Connection], engagement: Callable[..., Any], key_type: str
) -> None:
    connection = deployed_as(key_type)
    row = connection.execute(
        "insert into crm.customer (display_name) values ('Ada') returning customer_id::text"
    ).fetchone()
    assert row
    text = f"{HEADER}{row[0]},BLOG,,5,,,\nno such key,BLOG,,5,,,\n"
    result = engagement(connection, "social", "import", "-", input=text)
    assert result.stdout.startswith("Scores: 1 added, 0 changed, 0 as they were; 1 line rejected.")
    for arguments in (
        ("social", "list", row[0]),
        ("social", "add", row[0], "BLOG", "--score", "1"),
        ("social", "edit", row[0], "BLOG", "--score", "2"),
        ("social", "remove", row[0], "BLOG"),
        ("adjust", row[0], "-5", "--reason", "test"),
        ("employers", row[0]),
        ("trend", row[0]),
        ("points", "--company", row[0]),
        ("segment", "dormant"),
    ):
        result = engagement(connection, *arguments)
        assert result.exit_code == 0, (arguments, result.stderr)


def test_social_import_on_a_terminal_shows_how_far_it_is(
    deployed: psycopg.Connection[Any],
    association: People,
    terminal: Callable[..., Any],
    tmp_path: Path,
) -> None:
    file = tmp_path / "scores.csv"
    lines = [f"{association.ada},BLOG,{number},1\n" for number in range(3000)]
    file.write_text("customer,type,subtype,score\n" + "".join(lines))
    shown = terminal("social", "import", str(file), ENGAGEMENT_DSN=deployed.info.dsn, COLUMNS="120")
    assert shown.exit_code == 0
    assert "IMPORT: " in shown.output
    assert "Scores: 3,000 added" in shown.output
