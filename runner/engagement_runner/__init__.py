"""Deploy and operate engagement scoring inside PostgreSQL.

The package connects, deploys, calls and shows. It computes no points: every score is made by the
routines that :mod:`engagement_runner.deploy` installs.

The rooms: ``commands`` is what a user calls; ``deploy`` brings the package into a database;
``show`` prints results; ``report`` writes pages; ``events`` hands the outbox over; ``demo`` plays
a story; ``queries`` holds the SQL text. The modules beside them are what the rooms share, and
``api``, which is for programs: :class:`Engagement`.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engagement_runner.api import Engagement

__all__ = ["Engagement", "__version__"]

try:
    __version__ = version("pg-engagement")
except PackageNotFoundError:  # run from a folder that was never installed
    __version__ = "0"


def __getattr__(name: str) -> Any:
    """Return the class Engagement; the command, which needs it not, does not wait for it."""
    if name != "Engagement":
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from engagement_runner.api import Engagement

    return Engagement
