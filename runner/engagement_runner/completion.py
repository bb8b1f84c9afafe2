"""What the shell completes besides commands and options: names that the package itself has.

A completion does not connect, so it offers no name that an organisation has added. Each function is
a callback for Click's ``shell_complete``.
"""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem

from engagement_runner import files


def _matching(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    # Codes are in upper case. A prefix in lower case finds them too.
    return [
        CompletionItem(name)
        for name in sorted(names)
        if name.startswith((incomplete, incomplete.upper()))
    ]


def _seeded(table: str, incomplete: str) -> list[CompletionItem]:
    return _matching(files.seeded_names(table, files.root()), incomplete)


def parameters(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the name of an application parameter."""
    return _seeded("app_parameter", incomplete)


def categories(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the code of a category that comes with the package."""
    return _seeded("category", incomplete)


def engagement_types(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete an engagement type that comes with the package."""
    return _seeded("engagement_type", incomplete)


def segments(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the name of a segment that comes with the package."""
    return _seeded("segment_definition", incomplete)


def rule_files(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete a file of rules: one that comes with the package, or a path."""
    names = files.rule_names(files.root())
    return [*_matching(names, incomplete), CompletionItem(incomplete, type="file")]


def hosts(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete a host adapter: one that comes with the package, or a path."""
    names = files.host_names(files.root())
    return [*_matching(names, incomplete), CompletionItem(incomplete, type="file")]
