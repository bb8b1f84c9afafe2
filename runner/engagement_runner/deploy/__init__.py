"""Bring the package into a database, look at it there, and take it out.

``deployment`` reads as ``state`` → ``plan`` (made of ``steps``) → ``apply``, under the ``lock``.
``trial`` and ``adapter`` try a host adapter and take it back. ``catalog`` looks at what is
deployed, ``removal`` takes it out.
"""

from engagement_runner.deploy.deployment import deploy, dry_run
from engagement_runner.deploy.trial import try_adapter

__all__ = ["deploy", "dry_run", "try_adapter"]
