"""The command that hands the events of the outbox to another program."""

import json
import sys
import uuid

import click

from engagement_runner import queries, show
from engagement_runner.connection import dsn_option
from engagement_runner.errors import EXIT_INTERRUPTED, EngagementError
from engagement_runner.events.outbox import Outbox
from engagement_runner.events.outbox import follow as follow_outbox
from engagement_runner.session import interruptible, option, session


@click.command()
@dsn_option
@option(
    "--limit",
    type=click.IntRange(min=1, max=2**31 - 1),
    metavar="NUMBER",
    default=100,
    help="Print at most this many events; with --follow, at a time.",
)
@option("--follow", is_flag=True, help="Print all events, then wait for more.")
@option(
    "--no-ack",
    is_flag=True,
    help="Leave the printed events on the outbox until --ack takes them off. No other reader gets "
    "them meanwhile.",
)
@option(
    "--minutes",
    type=click.IntRange(1, 10080),
    metavar="MINUTES",
    default=10,
    help="With --no-ack: minutes until an event that was not acknowledged is delivered again.",
)
@option(
    "--ack",
    is_flag=True,
    help="Take events off the outbox: the EVENT_IDs, or else those that stdin names.",
)
@option(
    "--format",
    type=click.Choice(["json", "table", "csv"]),
    default="json",
    help="How to print them; json: one object a line.",
)
@click.argument("event_ids", metavar="[EVENT_ID]...", nargs=-1, type=click.UUID)
def events(
    dsn: str | None,
    limit: int,
    follow: bool,
    no_ack: bool,
    minutes: int,
    ack: bool,
    event_ids: tuple[uuid.UUID, ...],
    format: show.Format,
) -> None:
    """Hand over the events of the outbox: who went up or down to another band.

    Events leave the outbox after the reader of the pipe has read them. If the reader or this
    command ends before that, the events are printed again the next time: check event_id. If a
    reader dies, the events that it has read but not processed are lost. If that matters,
    acknowledge them in a second step:

    \b
      engagement events --no-ack > batch
      consumer < batch && engagement events --ack < batch

    --ack reads lines as --format json prints them, or bare ids. --follow goes on until it is
    interrupted.
    """
    if ack and (follow or no_ack):
        raise click.UsageError("--ack goes with EVENT_IDs or stdin alone")
    if event_ids and not ack:
        raise click.UsageError("EVENT_IDs are for --ack")
    if ack:
        with session(dsn) as connection:
            found = list(event_ids) or _ids_of_stdin()
            count = queries.call_value(connection, "acknowledge_events", event_ids=found)
        gone = f"; {len(found) - count:,} were gone already" if count < len(found) else ""
        show.say(f"{show.count(count, 'event')} acknowledged{gone}")
        return
    with session(dsn) as connection:
        outbox = Outbox(connection, limit, minutes if no_ack else None, format)
        try:
            with interruptible():
                if follow:
                    follow_outbox(outbox)
                else:
                    outbox.hand_over()
        except KeyboardInterrupt:
            raise SystemExit(EXIT_INTERRUPTED) from None


def _ids_of_stdin() -> list[uuid.UUID]:
    """Return the event ids that stdin names, one a line: bare, or in an object as it is printed.

    Raises EngagementError for a line that names none; nothing is acknowledged then.
    """
    found = []
    for number, line in enumerate(sys.stdin, 1):
        text = line.strip()
        if not text:
            continue
        try:
            found.append(uuid.UUID(json.loads(text)["event_id"] if text[0] == "{" else text))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise EngagementError(
                f"line {number} of stdin names no event",
                hint="Give lines as `engagement events` prints them, or ids, one a line.",
            ) from None
    return found
