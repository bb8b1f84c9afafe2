"""The SQL files that the package consists of.

Nothing here talks to a database.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
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
    "sql/templates": "view",
}
#: The folder of what knows Citus. A file of it is an overlay if another file declares its object.
CLUSTER = "procedures/cluster"
HOSTS = "sql/hosts"
RULES = "sql/seed"
RELEASE = "sql/RELEASE"
#: The folders that the package consists of.
FOLDERS = ("migrations", "procedures", "triggers", "indexes", "sql")

#: Kinds of which a package has one file: such a file is itself wherever it lies.
_SINGLE = {"grants", "sources", "roles"}

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

    @property
    def identity(self) -> tuple[str, str]:
        """What the file is wherever it lies: two files of one identity are the same object.

        Routines of both folders share their names, a migration is known by its file's name.
        """
        if self.kind in _SINGLE:
            return self.kind, ""
        if self.kind == "migration":
            return self.kind, Path(self.path).name
        return "routine" if self.kind == "trigger" else self.kind, self.object_name

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


def _paths(folder: Path, pattern: str) -> list[Path]:
    """Return the files of a folder and its sub-folders, by name, so that a move reorders none."""
    found = (
        path
        for path in folder.rglob(pattern)
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    return sorted(found, key=lambda path: (path.name, path.as_posix()))


def _folder(top: Path, folder: str, kind: str) -> list[SqlFile]:
    return [_read(top, path, kind) for path in _paths(top / folder, "*.sql")]


def _once(files: Iterable[SqlFile]) -> list[SqlFile]:
    """Return the files.

    Raises:
        EngagementError: two of them declare one object.
    """
    found: dict[tuple[str, str], SqlFile] = {}
    for file in files:
        other = found.setdefault(file.identity, file)
        if other is not file:
            kind, name = file.identity
            raise EngagementError(
                f"{other.path} and {file.path} both declare {kind} {name}".rstrip(),
                hint="Take one of the two files away, or give it another name.",
            )
    return list(found.values())


def migrations(top: Path) -> list[SqlFile]:
    """Return the migrations in their order."""
    return _once(_folder(top, "migrations", "migration"))


def repeatables(top: Path, is_distributed: bool = False) -> list[SqlFile]:
    """Return routines, triggers, views and seeds in the order of applying.

    Args:
        top: folder of the SQL folders.
        is_distributed: the database is spread over a cluster; there each overlay takes the place
            of the other file that declares its object.

    Raises:
        EngagementError: two files declare one object, and neither is the other's overlay.
    """
    base, over = _base_and_overlays(top)
    over_of = {file.identity: file for file in over if is_distributed}
    return [over_of.get(file.identity, file) for file in base]


def overlays(top: Path) -> list[SqlFile]:
    """Return the overlays: they replace what other files declare, in a cluster only.

    Raises:
        EngagementError: two files declare one object, and neither is the other's overlay.
    """
    return _base_and_overlays(top)[1]


def _base_and_overlays(top: Path) -> tuple[list[SqlFile], list[SqlFile]]:
    """Return the files that one machine has, and the overlays of a cluster."""
    found = [file for folder, kind in REPEATABLE.items() for file in _folder(top, folder, kind)]
    elsewhere = {file.identity for file in found if not _is_of_cluster(file)}
    over = [file for file in found if _is_of_cluster(file) and file.identity in elsewhere]
    return _once(file for file in found if file not in over), _once(over)


def _is_of_cluster(file: SqlFile) -> bool:
    return Path(file.path).is_relative_to(CLUSTER)


def _single(top: Path, kind: str) -> list[SqlFile]:
    """Return the file ``KIND.sql`` of ``sql/``, or nothing where a package has none."""
    of_objects = [top / folder for folder in (*REPEATABLE, HOSTS)]
    return _once(
        _read(top, path, kind)
        for path in _paths(top / "sql", f"{kind}.sql")
        if not any(path.is_relative_to(folder) for folder in of_objects)
    )


def grants(top: Path) -> list[SqlFile]:
    """Return ``grants.sql``, or nothing where a package has none."""
    return _single(top, "grants")


def sources(top: Path) -> list[SqlFile]:
    """Return ``sources.sql``, the package's own activity sources, or nothing without it."""
    return _single(top, "sources")


def roles(top: Path) -> list[SqlFile]:
    """Return ``roles.sql``, or nothing where a package has none."""
    return _single(top, "roles")


def indexes(top: Path) -> list[SqlFile]:
    """Return the index files.

    Raises:
        EngagementError: two files declare one index.
    """
    return _once(_folder(top, "indexes", "index"))


def package_files(top: Path) -> Iterator[tuple[str, str]]:
    """Return path and text of every file that belongs to a release, in the order of the paths."""
    for folder in FOLDERS:
        for path in sorted((top / folder).rglob("*")):
            name = path.relative_to(top).as_posix()
            if path.is_file() and path.suffix in (".sql", ".toml") and "/." not in name:
                yield name, path.read_text("utf-8-sig")


def host_names(top: Path) -> list[str]:
    """Return the names of the adapters that come with the package."""
    return sorted(
        file.stem
        for file in _paths(top / HOSTS, "*.sql")
        if not file.stem.endswith(("_schema", "_sample", "_rules"))
    )


def rule_names(top: Path) -> list[str]:
    """Return the names of the files of rules that come with the package."""
    return sorted(file.stem.removesuffix("_rules") for file in _paths(top / RULES, "*_rules.toml"))


def seeded_names(table: str, top: Path) -> list[str]:
    """Return the first column of the rows that the seed ``TABLE.sql`` brings, in their order."""
    (path,) = _paths(top / "sql/seed", f"{table}.sql")
    return re.findall(r"^\s*\('(\w+)',", path.read_text("utf-8-sig"), re.MULTILINE)


def host_adapter(name: str, top: Path) -> SqlFile:
    """Find a host adapter.

    Args:
        name: name of an adapter in sql/hosts/, or path of a ``.sql`` file.
        top: the folder of the SQL folders.

    Raises:
        EngagementError: there is no such adapter.
    """
    if not name.endswith(".sql"):
        if re.fullmatch(r"[\w-]+", name):
            for bundled in _paths(top / HOSTS, f"{name}.sql"):
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
    if adapter.path.startswith(HOSTS):
        for path in _paths(top / HOSTS, f"{Path(adapter.path).stem}_schema.sql"):
            return _read(top, path, "host schema")
    return None


def rule_file(name: str, top: Path) -> Path:
    """Return the path of a file of rules.

    Args:
        name: name of a file of the package, such as ``starter``; anything else is a path.
        top: the folder of the SQL folders.
    """
    if re.fullmatch(r"\w+", name):
        for bundled in _paths(top / RULES, f"{name}_rules.toml"):
            return bundled
    return Path(name)
