"""The application parameters."""

from __future__ import annotations

from rich.text import Text

from engagement_runner.queries import Rows
from engagement_runner.show.output import Format, console
from engagement_runner.show.tables import for_programs, grid
from engagement_runner.show.values import literal


def parameters(rows: Rows, output: Format) -> None:
    """Print the application parameters, records of the query ``parameter_list``."""
    keys = ("parameter_name", "parameter_value", "default_value", "value_type", "description")
    if output != "table":
        for_programs(rows, keys, output)
        return
    layout = grid()
    layout.add_column("Parameter", no_wrap=True)
    layout.add_column("Value", overflow="fold")
    layout.add_column("Meaning", overflow="fold")
    for row in rows.records:
        value = Text(literal(row["parameter_value"]))
        meaning = Text(literal(row["description"]), style="dim")
        if row["parameter_value"] != row["default_value"]:
            value.stylize("bold cyan")
            meaning.append(f" Default: {literal(row['default_value'])}.", style="not dim")
        layout.add_row(Text(literal(row["parameter_name"])), value, meaning)
    console().print(layout)
