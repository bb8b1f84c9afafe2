"""The command that shows the whole path on a server of its own."""

import click

from engagement_runner.errors import command_errors
from engagement_runner.session import option


@click.command()
@option("--keep", is_flag=True, help="Leave the server running, and say how to stop it.")
def demo(keep: bool) -> None:
    """Show it all on a sample association.

    From an order to a proven score, in about a minute. Starts a PostgreSQL of its own (needs
    pg-engagement[demo]) and touches no other database.
    """
    # Its imports reach for the embedded server, which no other command needs.
    from engagement_runner.demo import story

    with command_errors():
        story.run(keep=keep)
