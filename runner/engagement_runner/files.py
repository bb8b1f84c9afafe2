"""The SQL files that the package consists of.

Nothing here talks to a database.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from engagement_runner.errors import EngagementError

#: Folders of files that are applied again whenever their text changes, in the order of applying.
REPEATABLE = {
    "procedures": "routine",
    "triggers": "trigger",
    "sql/views": "view",
    "sql/seed": "seed",
}
HOSTS = "sql/hosts"
RULES = "sql/seed"

_STATEMENT_PARTS = re.compile(
    r"""
      --[^\n]*
    | /\*.*?\*/
    | \b[eE]'(?:[^'\\]|\\.|'')*'
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | (?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?P=tag)
    | (?P<atomic>\bbegin\s+atomic\b)
    | (?P<end>;)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_LEADING_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)


@dataclass(frozen=True)
class Statement:
    """One SQL statement of a file.

    Attributes:
        text: the statement without the comments before it.
        line: line of the file on which it begins, from 1.
    """

    text: str
    line: int


@dataclass(frozen=True)
class SqlFile:
    """A file of SQL.

    Attributes:
        path: what it is called in messages and in ``engagement_meta.applied_file``: the path
            inside the package, or the absolute path of a host adapter from elsewhere.
        kind: migration, routine, trigger, view, seed, grants, host, sources, roles or index.
        text: its content.
    """

    path: str
    kind: str
    text: str

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the text, hexadecimal; line ends do not count."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def object_name(self) -> str:
        """Name of the object that the file declares: its own name, without an ``NN_`` prefix."""
        return re.sub(r"^\d+_", "", Path(self.path).stem)

    def statements(self) -> list[Statement]:
        """Split the file at its semicolons, so that an error can name a line.

        Quotes, dollar quotes and comments are understood. From a routine with ``begin atomic``
        on, the rest of the file is left as one statement, which the server splits.
        """
        ends = []
        for part in _STATEMENT_PARTS.finditer(self.text):
            if part["atomic"]:
                break
            if part["end"]:
                ends.append(part.end())
        found = []
        for begin, end in zip([0, *ends], [*ends, len(self.text)], strict=True):
            comments = _LEADING_COMMENTS.match(self.text, begin, end)
            start = comments.end() if comments else begin
            if start < end:
                line = self.text.count("\n", 0, start) + 1
                found.append(Statement(self.text[start:end], line))
        return found


@cache
def root() -> Path:
    """Return the folder that holds migrations/, procedures/ and the other SQL folders.

    In a checkout it is the top of the repository, in an installed wheel a folder of the package.
    """
    here = Path(__file__).resolve().parent
    checkout = here.parents[1]
    return checkout if (checkout / "migrations").is_dir() else here / "database"


def _read(top: Path, path: Path, kind: str) -> SqlFile:
    return SqlFile(path.relative_to(top).as_posix(), kind, path.read_text("utf-8-sig"))


def _folder(top: Path, folder: str, kind: str) -> list[SqlFile]:
    return [_read(top, path, kind) for path in sorted((top / folder).glob("*.sql"))]


def migrations(top: Path) -> list[SqlFile]:
    """Return the migrations in their order."""
    return _folder(top, "migrations", "migration")


def repeatables(top: Path) -> list[SqlFile]:
    """Return routines, triggers, views and seeds in the order of applying."""
    return [file for folder, kind in REPEATABLE.items() for file in _folder(top, folder, kind)]


def grants(top: Path) -> list[SqlFile]:
    """Return ``sql/grants.sql``, or nothing where a package has none."""
    path = top / "sql/grants.sql"
    return [_read(top, path, "grants")] if path.exists() else []


def sources(top: Path) -> list[SqlFile]:
    """Return ``sql/sources.sql``, the package's own activity sources, or nothing without it."""
    path = top / "sql/sources.sql"
    return [_read(top, path, "sources")] if path.exists() else []


def roles(top: Path) -> list[SqlFile]:
    """Return ``sql/roles.sql``, or nothing where a package has none."""
    path = top / "sql/roles.sql"
    return [_read(top, path, "roles")] if path.exists() else []


def indexes(top: Path) -> list[SqlFile]:
    """Return the index files."""
    return _folder(top, "indexes", "index")


def host_names(top: Path) -> list[str]:
    """Return the names of the adapters that come with the package."""
    return sorted(
        file.stem
        for file in (top / HOSTS).glob("*.sql")
        if not file.stem.endswith(("_schema", "_sample", "_rules"))
    )


def rule_names(top: Path) -> list[str]:
    """Return the names of the files of rules that come with the package."""
    return sorted(file.stem.removesuffix("_rules") for file in (top / RULES).glob("*_rules.toml"))


def seeded_names(table: str, top: Path) -> list[str]:
    """Return the first column of the rows that ``sql/seed/TABLE.sql`` brings, in their order."""
    text = (top / "sql/seed" / f"{table}.sql").read_text("utf-8-sig")
    return re.findall(r"^\s*\('(\w+)',", text, re.MULTILINE)


def host_adapter(name: str, top: Path) -> SqlFile:
    """Find a host adapter.

    Args:
        name: name of an adapter in sql/hosts/, or path of a ``.sql`` file.
        top: the folder of the SQL folders.

    Raises:
        EngagementError: there is no such adapter.
    """
    if not name.endswith(".sql"):
        bundled = top / HOSTS / f"{name}.sql"
        if bundled.is_file():
            return _read(top, bundled, "host")
        raise EngagementError(
            f"no host adapter is called {name}",
            hint=f"Known: {', '.join(host_names(top))}. "
            "For your own give the path of its .sql file.",
        )
    path = Path(name).resolve()
    if path.is_relative_to(top) and path.is_file():
        return _read(top, path, "host")
    try:
        return SqlFile(str(path), "host", path.read_text("utf-8-sig"))
    except OSError as error:
        raise EngagementError(f"host adapter {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise EngagementError(f"host adapter {name} is not UTF-8 text") from None


def host_schema(adapter: SqlFile, top: Path) -> SqlFile | None:
    """Return the tables that a bundled adapter brings along (``NAME_schema.sql``), if any."""
    path = top / HOSTS / f"{Path(adapter.path).stem}_schema.sql"
    if adapter.path.startswith(HOSTS) and path.is_file():
        return _read(top, path, "host schema")
    return None


def rule_file(name: str, top: Path) -> Path:
    """Return the path of a file of rules.

    Args:
        name: name of a file of the package, such as ``starter``; anything else is a path.
        top: the folder of the SQL folders.
    """
    bundled = top / RULES / f"{name}_rules.toml"
    return bundled if re.fullmatch(r"\w+", name) and bundled.is_file() else Path(name)
