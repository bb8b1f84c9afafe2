"""Bring the package into a database, look at it there, and take it out.

``deployment`` reads as ``state`` → ``plan`` (made of ``steps``) → ``apply``, under the ``lock``.
``trial`` tries a host adapter and takes it back: ``adapter`` measures it, ``trial_scores`` scores
everybody by it. ``catalog`` looks at what is deployed, ``removal`` takes it out.
"""

from engagement_runner.deploy.deployment import deploy, dry_run
from engagement_runner.deploy.trial import try_adapter

__all__ = ["deploy", "dry_run", "try_adapter"]
