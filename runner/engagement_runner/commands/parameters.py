"""Commands for application parameters."""

import click

from engagement_runner import completion, queries, show
from engagement_runner.connection import dsn_option
from engagement_runner.session import format_option, session

LOCALE = "LOCALE"
"""The parameter of which SQL knows the form, and only Babel whether there is such a locale."""


@click.group()
def params() -> None:
    """List, read and set the application parameters."""


@params.command("list")
@dsn_option
@format_option
def list_(dsn: str | None, format: show.Format) -> None:
    """List all parameters with their values, defaults and meaning."""
    with session(dsn) as connection:
        rows = queries.rows(connection, "parameter_list")
        show.parameters(rows, format)


@params.command("get")
@dsn_option
@click.argument("name", shell_complete=completion.parameters)
def get(dsn: str | None, name: str) -> None:
    """Print the value of the parameter NAME."""
    with session(dsn) as connection:
        show.result(queries.call_value(connection, "get_parameter", parameter_name=name.upper()))


@params.command("set")
@dsn_option
@click.argument("name", shell_complete=completion.parameters)
@click.argument("value")
def set_(dsn: str | None, name: str, value: str) -> None:
    """Set the parameter NAME to VALUE.

    The next recalculation applies it.
    """
    name = name.upper()
    with session(dsn) as connection:
        with connection.transaction():
            old = queries.call_value(connection, "get_parameter", parameter_name=name)
            queries.call_value(connection, "set_parameter", parameter_name=name, value=value)
            new = queries.call_value(connection, "get_parameter", parameter_name=name)
            if name == LOCALE:
                # Loading locales takes a while. An unknown one takes the change back.
                from engagement_runner.report.formats import Formats

                Formats(new)
        if old == new:
            show.result(f"{name} is {new} already.")
        else:
            show.result(f"{name} is now {new}; it was {old}.")
