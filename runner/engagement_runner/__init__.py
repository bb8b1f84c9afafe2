"""Deploy and operate engagement scoring inside PostgreSQL.

The package connects, deploys, calls and shows. It computes no points: every score is made by the
routines that :mod:`engagement_runner.deploy` installs.

The rooms: ``commands`` is what a user calls; ``deploy`` brings the package into a database;
``show`` prints results; ``report`` writes pages; ``events`` hands the outbox over; ``demo`` plays
a story; ``queries`` holds the SQL text. The modules beside them are what the rooms share.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("pg-engagement")
except PackageNotFoundError:  # run from a folder that was never installed
    __version__ = "0"
