"""The steps from what a database has to what the package's files are.

Nothing here changes the database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engagement_runner import __version__, files, release
from engagement_runner.deploy.state import State, Tablespaces
from engagement_runner.deploy.steps import (
    Step,
    announcements,
    engine_steps,
    host_steps,
    index_steps,
    is_change,
    overlay_steps,
    role_steps,
)
from engagement_runner.errors import EngagementError
from engagement_runner.files import SqlFile

#: Kinds of the files that are there whatever the host is.
ENGINE = ("migration", "routine", "trigger", "view", "seed", "grants")

KEY_TYPES = ("bigint", "uuid", "text")

#: How an adapter says which keys it shows, as a draft does.
_STATED_KEY_TYPE = re.compile(rf"^-- Deploy it with --key-type ({'|'.join(KEY_TYPES)})\b", re.M)

#: The line of a plan that spreads ledger and scores over a cluster.
DISTRIBUTION = "distribute award, customer_score, category_score (by customer_id)"


@dataclass(frozen=True)
class Plan:
    """The steps of a deployment, in their order.

    Attributes:
        is_first: nothing was deployed before.
        distribute: after the steps, ledger and scores are spread over a cluster.
        overlays: the steps after that.
        on_citus: the database has Citus.
        is_distributed: ledger and scores are spread over its nodes already.
        release: number of the package's release, or None if it has none.
        release_before: number of the release that was deployed before, or None.
        views: the files of the package's views by their names.
    """

    key_type: str
    steps: list[Step] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    is_first: bool = False
    tablespaces: Tablespaces = field(default_factory=Tablespaces)
    distribute: bool = False
    overlays: list[Step] = field(default_factory=list)
    on_citus: bool = False
    is_distributed: bool = False
    release: int | None = None
    release_before: int | None = None
    views: Mapping[str, SqlFile] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """There is nothing to do."""
        return not self.lines

    @property
    def lines(self) -> list[str]:
        """What is done, one line each."""
        return [
            *(str(step) for step in self.steps),
            *[DISTRIBUTION] * self.distribute,
            *(str(step) for step in self.overlays),
            *self._release_lines,
        ]

    @property
    def announcements(self) -> list[str]:
        """What is said before each step; nothing where an earlier line has counted it."""
        return announcements(self.steps, self.is_first)

    @property
    def summary(self) -> list[str]:
        """What is done; files that come in a mass are counted by folder."""
        return [
            *filter(None, self.announcements),
            *[DISTRIBUTION] * self.distribute,
            *filter(None, self.of_overlays.announcements),
            *self._release_lines,
        ]

    @property
    def of_overlays(self) -> Plan:
        """The plan of what follows when ledger and scores are spread over a cluster."""
        return replace(
            self,
            steps=self.overlays,
            overlays=[],
            is_first=False,
            distribute=False,
            is_distributed=True,
        )

    @property
    def _release_lines(self) -> list[str]:
        if not self.release or self.release == self.release_before:
            return []
        before = f" (was {self.release_before})" if self.release_before else ""
        return [f"note release {self.release}{before}"]


def make_plan(
    state: State,
    top: Path,
    host: str | None = None,
    key_type: str | None = None,
    roles: bool = False,
    tablespaces: Tablespaces | None = None,
    distribute: bool = False,
    allow_older: bool = False,
) -> Plan:
    """Compare the package's files with what is applied.

    Args:
        state: what the database has.
        top: folder of the SQL folders.
        host: name or path of the host adapter; None: those that are applied.
        key_type: type of the host's keys; None: the deployed one, else the one that the adapter
            states, else bigint.
        roles: create the package's roles, and keep their grants from now on.
        tablespaces: where tables and indexes are made; None: where they are already, else in
            the database's own.
        distribute: spread ledger and scores over the nodes of a Citus cluster.
        allow_older: go back to this package's files from those of a newer release.

    Raises:
        EngagementError: the database cannot be brought to this package's state.
    """
    if state.key_type and key_type not in (None, state.key_type):
        raise EngagementError(
            f"the database is deployed with key type {state.key_type}, not {key_type}",
            hint="The key type is fixed at the first deployment; undeploy first to change it.",
        )
    if tablespaces and state.tablespaces and tablespaces != state.tablespaces:
        raise EngagementError(
            f"the database is deployed with its tables in {_named(state.tablespaces.data)} and its "
            f"indexes in {_named(state.tablespaces.index)}",
            hint="alter table … set tablespace and alter index … set tablespace move engagement's "
            "tables and indexes (they lock them meanwhile); later deployments follow them.",
        )
    if distribute and not state.has_citus:
        raise EngagementError(
            "--distribute needs a Citus cluster, and this database has no Citus",
            hint="create extension citus on every node and add the workers (citus_add_node), or "
            "deploy without --distribute if you have one machine.",
        )
    if not allow_older:
        _refuse_newer(state, top)
    warnings: list[str] = []
    steps = engine_steps(state, top)
    steps += host_steps(state, top, host, is_change(steps), warnings)
    steps += role_steps(state, top, roles, is_change(steps))
    steps += index_steps(state, top)
    to_distribute = distribute and not state.is_distributed
    stated = _stated_key_type(steps)
    chosen = key_type or state.key_type or stated or "bigint"
    if stated and stated != chosen:
        warnings.append(f"the adapter says --key-type {stated}, and the key type is {chosen}")
    return Plan(
        chosen,
        steps,
        warnings,
        is_first=not state.files,
        tablespaces=tablespaces or state.tablespaces or Tablespaces(),
        distribute=to_distribute,
        overlays=overlay_steps(top) if to_distribute else [],
        on_citus=state.has_citus,
        is_distributed=state.is_distributed,
        release=release.number(top),
        release_before=state.release,
        views=_views(top, state),
    )


def _views(top: Path, state: State) -> dict[str, SqlFile]:
    found = files.repeatables(top, state.is_distributed)
    return {file.object_name: file for file in found if file.kind == "view"}


def _stated_key_type(steps: list[Step]) -> str | None:
    """Return the key type that the adapter to be applied states; None: it states none."""
    for step in steps:
        if step.file.kind == "host" and (stated := _STATED_KEY_TYPE.search(step.file.text)):
            return stated[1]
    return None


def _refuse_newer(state: State, top: Path) -> None:
    """Raise EngagementError if the database was deployed from a newer release than this package's.

    Two checkouts of one release that are being edited are not told apart.
    """
    own = release.number(top) or 0
    if state.release and state.release > own:
        raise EngagementError(
            f"the database was deployed from release {state.release} of the package's files, and "
            f"this command ({__version__}) has release {own}",
            hint="Use the newer command. To go back to this one's files: "
            "engagement deploy --allow-older",
        )


def make_trial_plan(
    state: State, top: Path, host: str, key_type: str | None = None, *, scores: bool = False
) -> Plan:
    """Return the steps to an adapter that is only tried: without what comes after it.

    Args:
        state: what the database has.
        top: folder of the SQL folders.
        host: name or path of the adapter.
        key_type: as for :func:`make_plan`.
        scores: make a package that scores, beside the one that may be in use.

    Raises:
        EngagementError: there is no such adapter, the database has the package in another version
            than this, or the trial is to score and ledger and scores are spread over a cluster.
    """
    plan = make_plan(State(crm=state.crm, key_type=state.key_type), top, host, key_type)
    _refuse_newer(state, top)
    if state.files and is_change(engine_steps(state, top)):
        raise EngagementError(
            "the package in this database is not that of this version",
            hint="Bring it up to date with engagement deploy. Then try the adapter.",
        )
    if scores and state.is_distributed:
        raise EngagementError(
            "a trial that scores needs a database of one machine, and this one is in a cluster",
            hint="Try the adapter on a copy of the host's tables: engagement adapter try FILE.sql",
        )
    kinds = {"host", "host schema"}
    if scores:
        kinds |= {*ENGINE, "index", "sources"}
    elif not state.files:
        kinds |= {*ENGINE}
    return Plan(
        plan.key_type,
        [step for step in plan.steps if step.file.kind in kinds],
        is_first=scores or not state.files,
        tablespaces=(scores and state.tablespaces) or Tablespaces(),
        on_citus=scores and state.has_citus,
        views=plan.views,
    )


def _named(tablespace: str) -> str:
    return f"tablespace {tablespace}" if tablespace else "the database's own tablespace"
