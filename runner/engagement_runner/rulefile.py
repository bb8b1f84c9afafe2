"""Rules as a TOML file, one ``[[rule]]`` table per rule, and as the JSON that apply_rules takes.

The file may have bands as well, ``[[band]]`` tables, for apply_bands.

Numbers stay exact: a fraction is read as a Decimal and written with its own digits. The file
holds the columns of engagement.score_rule; which of them are known is for SQL to say.
"""

import datetime
import json
import re
import sys
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from engagement_runner.errors import EngagementError

HEADER = """\
# Score rules of engagement scoring. Change them here, then:
#   engagement rules apply FILE --dry-run    shows what would change
#   engagement rules apply FILE              makes the changes, in one transaction
# A rule that is not in the file is left alone; `retired = true` ends one.
"""

_INSTANTS = ("applies_from", "applies_until")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def dump(rules: Sequence[dict[str, Any]]) -> str:
    """Return rules, as engagement.export_rules has them, as TOML.

    Keys keep their order, with those that name a rule first. Raises TypeError for a value that
    is no string, number, boolean, instant or list of these.
    """
    first = ("rule_code", "description", "category_code", "engagement_type", "effective_when")
    parts = [HEADER]
    for rule in rules:
        keys = [key for key in first if key in rule] + [key for key in rule if key not in first]
        lines = [f"{_key(key)} = {_toml(key, rule[key])}\n" for key in keys]
        parts.append("[[rule]]\n" + "".join(lines))
    return "\n".join(parts)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _string(key)


def _string(text: str) -> str:
    # A JSON string is a TOML string, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text if "." in text else f"{text}.0"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(key, part) for part in value) + "]"
    if isinstance(value, str):
        if key in _INSTANTS:
            try:
                return datetime.datetime.fromisoformat(value).isoformat()
            except ValueError:  # such as infinity, which TOML has no instant for
                pass
        return _string(value)
    raise TypeError(f"{key} is {type(value).__name__}")


def load(path: Path) -> str:
    """Return the rules of a file, or of stdin for the path ``-``, as :func:`parse` does.

    Raises EngagementError when the file cannot be read, and what :func:`parse` raises.
    """
    return load_all(path)[0]


def load_all(path: Path) -> tuple[str, str]:
    """Return the rules and the bands of a file, or of stdin for the path ``-``.

    Raises as :func:`load` does.
    """
    if str(path) == "-":
        content, name = sys.stdin.buffer.read(), "stdin"
        return parse(content, name), parse(content, name, "band")
    try:
        content, name = path.read_bytes(), str(path)
        return parse(content, name), parse(content, name, "band")
    except OSError as error:
        raise EngagementError(f"{path} cannot be read: {error.strerror}") from None


def parse(content: bytes, name: str, table: str = "rule") -> str:
    """Return the rules of a TOML file as a JSON array, ready for engagement.apply_rules.

    *name* is the file's name in messages; *table* is rule, or band for its bands. Raises
    EngagementError when the content is no TOML, or is not made of such tables.
    """
    try:
        document = tomllib.loads(content.decode(), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EngagementError(f"{name} is not TOML: {error}") from None
    found = {kind: document.pop(kind, []) for kind in ("rule", "band")}
    if document:
        raise EngagementError(
            f"{name}: unexpected {', '.join(document)}",
            hint="A file of rules holds [[rule]] and [[band]] tables and nothing else.",
        )
    if not isinstance(found[table], list):
        raise EngagementError(
            f"{name}: {table} is one table", hint=f"Write [[{table}]], not [{table}]."
        )
    return _json(found[table], name)


def _json(value: object, name: str) -> str:
    """Return JSON with exact numbers, which json.dumps cannot write."""
    if isinstance(value, list):
        return "[" + ", ".join(_json(item, name) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {_json(v, name)}" for k, v in value.items()) + "}"
    if isinstance(value, Decimal):
        if value.is_finite():
            return format(value, "f")
        raise EngagementError(f"{name}: a score must be finite, not {value}")
    if isinstance(value, datetime.date | datetime.time):
        return json.dumps(value.isoformat())
    return json.dumps(value)
