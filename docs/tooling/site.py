"""Hooks of the documentation site: its reference pages, which are written at each build.

Tables, views, routines and parameters come from the COMMENTs of a deployment on a server of its
own (the one whose binaries are in the folder PG_BINDIR, else the embedded one), commands from
Click. Nothing is written into the source tree.
"""

from __future__ import annotations

import html
import logging
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from click_man.core import write_man_pages
from properdocs.config.defaults import ProperDocsConfig
from properdocs.structure.files import File, Files
from properdocs.structure.pages import Page

from engagement_runner import __version__, queries
from engagement_runner.cli import main
from engagement_runner.connection import connect
from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer, wheel_bindir

sys.path.insert(0, str(Path(__file__).parent))
import pictures  # beside this file, which ProperDocs reads as no part of a package

log = logging.getLogger("properdocs.hooks.site")

TOP = Path(__file__).resolve().parents[2]
INTERNAL = "Internal:"
"""How the comment of a routine begins that is for the package alone."""

PICTURE = "images/report.png"
"""The picture of the report page, shown where it is."""

_WRITTEN_AT_BUILD = "Written from the COMMENTs of the catalogue; psql shows the same with `{}`.\n"


def on_files(files: Files, config: ProperDocsConfig) -> Files:
    """Add the reference pages."""
    objects, parameters = read_catalogue()
    pages = {
        "reference/tables.md": tables_page(objects),
        "reference/views.md": views_page(objects),
        "reference/routines.md": routines_page(objects),
        "reference/parameters.md": parameters_page(parameters),
        "reference/commands.md": commands_page(),
    }
    for path, content in pages.items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: ProperDocsConfig, files: Files) -> str:
    """Show links to files of the repository outside docs/ as text: the site has no such pages.

    The mark of the report's picture becomes the picture, if there is one.
    """
    if files.get_file_from_path(PICTURE) is not None:
        picture = f"![The report page of the sample association]({PICTURE})"
        markdown = markdown.replace("<!-- report.png -->", picture)

    def shown(match: re.Match[str]) -> str:
        if not (TOP / "docs" / match["path"]).exists():
            log.warning("%s links to %s, which is not there", page.file.src_uri, match["path"])
        return match["text"]

    return re.sub(r"\[(?P<text>[^\]]+)\]\((?P<path>\.\./[^)#]+)\)", shown, markdown)


def on_post_build(config: ProperDocsConfig) -> None:
    """Let the search work from a folder, and add what is made by running.

    ProperDocs' own search asks a server for its index. Made are the manual pages, and the pictures
    of the report and of the terminal.
    """
    man = Path(config.site_dir) / "man"
    man.mkdir(exist_ok=True)
    folder = Path(config.site_dir) / "search"
    index = (folder / "search_index.json").read_text("utf-8")
    (folder / "search_index.js").write_text(f"var search_index = {index};\n", "utf-8")
    shutil.copyfile(Path(__file__).with_name("search.js"), folder / "main.js")
    for name in ("search_index.json", "worker.js"):
        (folder / name).unlink()
    write_man_pages("engagement", main, version=__version__, target_dir=str(man))
    pictures.write(Path(config.site_dir) / "images")


def read_catalogue() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the objects of a fresh deployment, and its parameters."""
    query = Path(__file__).with_name("catalogue.sql").read_bytes()
    bindir = os.environ.get("PG_BINDIR") or wheel_bindir()
    with EmbeddedServer(bindir) as server, connect(server.dsn()) as connection:
        deploy(connection)
        objects = [queries.loads(row[0]) for row in connection.execute(query)]
        return objects, queries.rows(connection, "parameter_list").records


def is_internal(item: dict[str, Any]) -> bool:
    """Tell whether a routine is for the package alone."""
    return str(item["description"] or "").startswith(INTERNAL)


def tables_page(objects: list[dict[str, Any]]) -> str:
    """Return the page of all tables."""
    return _relations(objects, "table", "Tables", r"\d+ engagement.*")


def views_page(objects: list[dict[str, Any]]) -> str:
    """Return the page of all views."""
    return _relations(objects, "view", "Views", r"\d+ engagement.*")


def _relations(objects: list[dict[str, Any]], kind: str, title: str, psql: str) -> str:
    parts = [f"# {title}\n", _WRITTEN_AT_BUILD.format(psql)]
    for item in objects:
        if item["kind"] != kind:
            continue
        parts.append(f"## {item['name']}\n\n{_cell(item['description'])}\n")
        rows: list[tuple[str, ...]] = [
            (f"`{c['name']}`", f"`{c['type']}`", _required(c), _cell(c["description"]))
            for c in item["columns"]
        ]
        if kind == "view":
            rows = [(name, type_, meaning) for name, type_, _, meaning in rows]
            parts.append(_table(("column", "type", "meaning"), rows))
        else:
            parts.append(_table(("column", "type", "null, default", "meaning"), rows))
    return "\n".join(parts)


def _required(column: dict[str, Any]) -> str:
    words = ["not null"] if column["is_required"] else []
    return ", ".join(words + ([f"`{column['default']}`"] if column["default"] else []))


def routines_page(objects: list[dict[str, Any]]) -> str:
    """Return the page of all routines: those to call at length, internal ones as a list."""
    routines = [item for item in objects if item["kind"] in ("function", "procedure")]
    parts = ["# Routines\n", _WRITTEN_AT_BUILD.format(r"\df+ engagement.*")]
    for item in routines:
        if not is_internal(item):
            parts.append(f"## {item['name']}\n\n```sql\n{_call(item)}\n```\n")
            parts.append(f"{_cell(item['description'])}\n")
    parts.append("## Internal routines\n\nFor the package alone: they change without notice.\n")
    parts.append(
        _table(
            ("routine", "meaning"),
            [
                (f"`{item['name']}`", _cell(item["description"].removeprefix(INTERNAL).strip()))
                for item in routines
                if is_internal(item)
            ],
        )
    )
    return "\n".join(parts)


def _call(item: dict[str, Any]) -> str:
    """Return a routine's signature, an argument a line where one line is too long for them."""
    call, result = f"{item['kind']} {item['name']}", item["result"]
    text = f"{call}({item['arguments']})" + (f" returns {result}" if result else "")
    if len(text) <= 96:
        return text
    arguments = re.sub(r", (?=\w+ \w)", ",\n    ", item["arguments"])
    text = f"{call}(\n    {arguments}\n)" if arguments else f"{call}()"
    if result:
        text += " returns " + re.sub(r", (?=\w+ \w)", ",\n    ", result).replace(
            "TABLE(", "TABLE (\n    "
        )
    return text


def parameters_page(parameters: list[dict[str, Any]]) -> str:
    """Return the page of the application parameters."""
    rows = [
        (
            f"`{row['parameter_name']}`",
            f"`{row['default_value']}`",
            _cell(row["value_type"]),
            _cell(row["description"]),
        )
        for row in parameters
    ]
    return (
        "# Application parameters\n\nRead with `engagement params list`, set with "
        "`engagement params set NAME VALUE` or `engagement.set_parameter`; the next recalculation "
        "applies a change.\n\n" + _table(("parameter", "default", "type", "meaning"), rows)
    )


def commands_page() -> str:
    """Return the page of all commands, as `--help` prints them."""
    parts = ["# Command line\n", "What `--help` prints, for every command.\n"]
    for context in _contexts(main, None, "engagement"):
        parts.append(f"## {context.command_path}\n\n```text\n{context.get_help()}\n```\n")
    return "\n".join(parts)


def _contexts(
    command: click.Command, parent: click.Context | None, name: str
) -> Iterator[click.Context]:
    context = click.Context(command, parent, name, **command.context_settings)
    context.terminal_width = 96
    yield context
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            yield from _contexts(command.commands[child], context, child)


def _cell(text: object) -> str:
    """Return text of the catalogue as one line of Markdown, none of which is markup."""
    words = " ".join(str(text or "").split())
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", html.escape(words, quote=False))


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heading, ("---",) * len(heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
