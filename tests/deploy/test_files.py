"""Splitting files into statements, and keeping passwords out of messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from engagement_runner import errors, files
from engagement_runner.errors import EngagementError
from engagement_runner.files import SqlFile


def split(text: str) -> list[tuple[int, str]]:
    return [(s.line, s.text.strip()) for s in SqlFile("x.sql", "seed", text).statements()]


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", []),
        ("-- only; a comment", []),
        ("/* only; \n a comment */", []),
        ("select 1;\n\nselect 2", [(1, "select 1;"), (3, "select 2")]),
        ("-- one;\nselect 1; -- two;\nselect 2;", [(2, "select 1;"), (3, "select 2;")]),
        ("select ';', ';;''';\nselect 2", [(1, "select ';', ';;''';"), (2, "select 2")]),
        (r"select E'\';';select 2", [(1, r"select E'\';';"), (1, "select 2")]),
        ('select 1 as ";";\nselect 2', [(1, 'select 1 as ";";'), (2, "select 2")]),
        ("do $$ a; $b$ c; $b$ $$;\nselect 2", [(1, "do $$ a; $b$ c; $b$ $$;"), (2, "select 2")]),
        ("do $é_1$ a; $$ $é_1$;select 2", [(1, "do $é_1$ a; $$ $é_1$;"), (1, "select 2")]),
        ("select $1;select 2", [(1, "select $1;"), (1, "select 2")]),
        (
            "select 1;\ncreate function f() begin atomic select 1; end;\nselect 2;",
            [(1, "select 1;"), (2, "create function f() begin atomic select 1; end;\nselect 2;")],
        ),
    ],
)
def test_statements_are_split_at_semicolons_that_end_them(
    text: str, statements: list[tuple[int, str]]
) -> None:
    assert split(text) == statements


def test_package_files_lose_nothing_when_split() -> None:
    top = files.root()
    for file in [*files.migrations(top), *files.repeatables(top), *files.indexes(top)]:
        joined = "".join("".join(s.text.split()) for s in file.statements())
        kept = "".join(file.text.split())
        assert kept.endswith(joined[-40:])
        assert len(file.statements()) <= file.text.count(";")


def test_checksum_ignores_line_ends(tmp_path: Path) -> None:
    unix, windows = tmp_path / "unix.sql", tmp_path / "windows.sql"
    unix.write_bytes(b"select 1;\nselect 2;\n")
    windows.write_bytes(b"select 1;\r\nselect 2;\r\n")
    first, second = (files.host_adapter(str(path), tmp_path / "top") for path in (unix, windows))
    assert first.checksum == second.checksum


def test_package_rules_are_beside_the_seeds_and_no_seed() -> None:
    starter = files.rule_file("starter", files.root())
    assert starter.is_file()
    assert starter.is_relative_to(files.root() / "sql")
    assert starter.name not in {Path(f.path).name for f in files.repeatables(files.root())}


@pytest.mark.parametrize("name", ["-", "rules.toml", "./starter", "no_such", "../seed/starter"])
def test_rule_file_that_does_not_come_with_the_package_is_a_path(name: str) -> None:
    assert files.rule_file(name, files.root()) == Path(name)


@pytest.mark.parametrize("name", ["no_such", "no_such.sql", "/no/such/folder/mine.sql", "../x.sql"])
def test_host_adapter_that_does_not_exist_is_an_error(name: str) -> None:
    with pytest.raises(EngagementError):
        files.host_adapter(name, files.root())


def test_host_adapter_of_the_package_has_one_path_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = files.root()
    by_path = files.host_adapter(str(top / "sql/hosts/reference.sql"), top)
    monkeypatch.chdir(tmp_path)
    assert files.host_adapter("reference", top) == by_path
    assert by_path.path == "sql/hosts/reference.sql"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ada:s3cret@host/db",
        "postgres://ada:s3c/r@et@host/db",
        "host=x password=s3cret user=y",
        "host=x password = 's3c ret' user=y",
        "postgresql://host/db?password=s3cret&x=y",
    ],
)
def test_redact_removes_the_password(text: str) -> None:
    assert "s3c" not in errors.redact(text)
    assert "host" in errors.redact(text)


def test_redact_removes_a_remembered_password() -> None:
    errors.remember_secret("host=x password=xyzzy42")
    assert errors.redact("detail: xyzzy42, xyzzy420") == "detail: ***, xyzzy420"
