"""What a command says of itself on stderr: lines for people, or JSON objects for a log.

``--quiet`` leaves warnings and errors. With ``--log-format json`` each line is an object with
``time``, ``level`` and ``message``; an error of the database has ``sqlstate``.
"""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from typing import Literal

import click

Level = Literal["debug", "info", "warning", "error"]


@dataclass
class Settings:
    """How much is said, and how; the group of commands sets it."""

    is_quiet: bool = False
    is_verbose: bool = False
    is_json: bool = False


settings = Settings()
"""Those of this process."""


def says(level: Level) -> bool:
    """Tell whether lines of a level are said."""
    if level == "debug":
        return settings.is_verbose
    return level != "info" or not settings.is_quiet


def line(level: Level, message: str, sqlstate: str | None = None) -> None:
    """Say a line, unless its level is too low. *message* holds nothing that a terminal acts on."""
    if not says(level):
        return
    if not settings.is_json:
        click.echo(message, err=True)
        return
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    said = {"time": now, "level": level, "message": message}
    if sqlstate:
        said["sqlstate"] = sqlstate
    click.echo(json.dumps(said, ensure_ascii=False), err=True)
