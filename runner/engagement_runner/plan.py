"""The steps from what a database has to what the package's files are.

Nothing here changes the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from engagement_runner import __version__, files, release
from engagement_runner.errors import EngagementError
from engagement_runner.files import SqlFile
from engagement_runner.state import State, Tablespaces

#: Kinds of the files that are there whatever the host is.
ENGINE = ("migration", "routine", "trigger", "view", "seed", "grants")

KEY_TYPES = ("bigint", "uuid", "text")

#: The line of a plan that spreads ledger and scores over a cluster.
DISTRIBUTION = "distribute award, customer_score, category_score (by customer_id)"


@dataclass(frozen=True)
class Step:
    """One thing to do.

    Attributes:
        action: ``apply`` a file; ``move``: note its new place, its object stays as it is; ``drop``
            the object of a file that is gone; ``forget`` a file whose place another takes.
        file: the file.
        reason: why, for people.
        was: the path under which the file is applied, if it is another one.
    """

    action: str
    file: SqlFile
    reason: str
    was: str = ""

    def __str__(self) -> str:
        return f"{self.action} {self.file.path} ({self.reason})"


@dataclass(frozen=True)
class Plan:
    """The steps of a deployment, in their order.

    Attributes:
        is_first: nothing was deployed before.
        distribute: after the steps, ledger and scores are spread over a cluster.
        on_citus: the database has Citus.
        is_distributed: ledger and scores are spread over its nodes already.
        release: number of the package's release, or None if it has none.
        release_before: number of the release that was deployed before, or None.
    """

    key_type: str
    steps: list[Step] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    is_first: bool = False
    tablespaces: Tablespaces = field(default_factory=Tablespaces)
    distribute: bool = False
    on_citus: bool = False
    is_distributed: bool = False
    release: int | None = None
    release_before: int | None = None

    @property
    def is_empty(self) -> bool:
        """There is nothing to do."""
        return not self.lines

    @property
    def lines(self) -> list[str]:
        """What is done, one line each."""
        lines = [str(step) for step in self.steps] + [DISTRIBUTION] * self.distribute
        if self.release and self.release != self.release_before:
            before = f" (was {self.release_before})" if self.release_before else ""
            lines.append(f"note release {self.release}{before}")
        return lines


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
        key_type: type of the host's keys; None: the deployed one, else bigint.
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
            "deploy without --distribute: one machine needs none of it.",
        )
    if not allow_older:
        _refuse_newer(state, top)
    warnings: list[str] = []
    steps = _engine_steps(state, top)
    steps += _host_steps(state, top, host, _is_change(steps), warnings)
    steps += _role_steps(state, top, roles, _is_change(steps))
    steps += _index_steps(state, top)
    return Plan(
        key_type or state.key_type or "bigint",
        steps,
        warnings,
        is_first=not state.files,
        tablespaces=tablespaces or state.tablespaces or Tablespaces(),
        distribute=distribute and not state.is_distributed,
        on_citus=state.has_citus,
        is_distributed=state.is_distributed,
        release=release.number(top),
        release_before=state.release,
    )


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


def make_trial_plan(state: State, top: Path, host: str, key_type: str | None = None) -> Plan:
    """Return the steps to an adapter that is only tried: without what comes after it.

    Args:
        state: what the database has.
        top: folder of the SQL folders.
        host: name or path of the adapter.
        key_type: as for :func:`make_plan`.

    Raises:
        EngagementError: there is no such adapter, or the database has the package in another
            version than this.
    """
    plan = make_plan(State(has_crm=state.has_crm, key_type=state.key_type), top, host, key_type)
    _refuse_newer(state, top)
    if state.files and _is_change(_engine_steps(state, top)):
        raise EngagementError(
            "the package in this database is not as this version has it",
            hint="engagement deploy brings it up to date; an adapter can be tried then.",
        )
    kinds = {"host", "host schema"} if state.files else {"host", "host schema", *ENGINE}
    steps = [step for step in plan.steps if step.file.kind in kinds]
    return Plan(plan.key_type, steps, is_first=not state.files)


def _named(tablespace: str) -> str:
    return f"tablespace {tablespace}" if tablespace else "the database's own tablespace"


def _step(state: State, file: SqlFile, otherwise: str | None = None) -> Step | None:
    """Return what is to be done with a file, or None.

    Args:
        state: what the database has.
        file: the file.
        otherwise: why it is to be applied even if it did not change.
    """
    place = state.place_of(file)
    if place is None:
        return Step("apply", file, "new")
    was = place if place != file.path else ""
    changed = "changed" if state.files[place][1] != file.checksum else None
    if reason := changed or otherwise:
        return Step("apply", file, f"{reason}; was {was}" if was else reason, was)
    return Step("move", file, f"was {was}", was) if was else None


def _is_change(steps: Iterable[Step]) -> bool:
    """Tell whether the steps do more than to note where files lie now."""
    return any(step.action != "move" for step in steps)


def _gone(state: State, known: Iterable[SqlFile], kinds: set[str]) -> list[SqlFile]:
    """Return what is applied of the given kinds and is no file any more, wherever it lies."""
    known = list(known)
    paths = {file.path for file in known} | {state.place_of(file) for file in known}
    return [
        SqlFile(path, kind, "")
        for path, (kind, _) in sorted(state.files.items())
        if kind in kinds and path not in paths
    ]


def _gone_steps(state: State, known: list[SqlFile], kind: str) -> list[Step]:
    """Drop the objects of the files that are gone, unless another file declares them."""
    declared = {file.identity: file.path for file in known}
    return [
        Step("forget", file, f"{declared[file.identity]} declares it")
        if file.identity in declared
        else Step("drop", file, "file is gone")
        for file in _gone(state, known, {kind})
    ]


def _migration_steps(state: State, top: Path) -> list[Step]:
    """A migration is known by its file's name, wherever it lies; a renamed one by its text."""
    migrations = files.migrations(top)
    gone = _gone(state, migrations, {"migration"})
    steps = []
    for file in migrations:
        step = _step(state, file)
        if step and step.action == "apply" and step.reason != "new":
            raise EngagementError(
                f"{file.path} was changed after it had been applied to this database",
                hint="Restore the file, and put the change into a new migration.",
            )
        renamed = [other for other in gone if state.files[other.path][1] == file.checksum]
        if step and step.action == "apply" and renamed:
            gone.remove(renamed[0])
            step = Step("move", file, f"was {renamed[0].path}", renamed[0].path)
        steps += [step] if step else []
    for unknown in gone:
        raise EngagementError(
            f"the database has {unknown.path}, which this version ({__version__}) does not know",
            hint="The database was deployed by a newer version; use that version or a later one.",
        )
    return steps


def _engine_steps(state: State, top: Path) -> list[Step]:
    steps = _migration_steps(state, top)
    migrated = "after a migration" if _is_change(steps) else None
    repeatables = files.repeatables(top)
    for file in repeatables:
        if step := _step(state, file, migrated):
            steps.append(step)
    # Views may call routines, so they go first.
    for kind in ("view", "trigger", "routine", "seed"):
        steps += _gone_steps(state, repeatables, kind)
    for file in files.grants(top):
        if step := _step(state, file, "after the steps above" if _is_change(steps) else None):
            steps.append(step)
    return steps


def _host_steps(
    state: State, top: Path, host: str | None, engine_changed: bool, warnings: list[str]
) -> list[Step]:
    """There is one adapter: the one given, else the one applied, wherever its file is now."""
    applied = [path for path, (kind, _) in state.files.items() if kind == "host"]
    adapter = None
    if host:
        adapter = files.host_adapter(host, top)
    elif applied:
        adapter = _applied_adapter(applied[0], top)
        if adapter is None:
            warnings.append(
                f"host adapter {applied[0]} is not there; it stays as it was applied "
                "(deploy --host names another place)"
            )
    steps: list[Step] = []
    if adapter:
        steps += [
            Step("forget", SqlFile(path, "host", ""), f"{adapter.path} takes its place")
            for path in applied
            if path not in (adapter.path, state.place_of(adapter))
        ]
        changed = "after the steps above" if steps or engine_changed else None
        missing = "a view is gone" if state.is_view_missing else None
        step = _step(state, adapter, changed or missing)
        if step and step.action == "apply":
            schema = files.host_schema(adapter, top)
            if schema and not state.has_crm:
                steps.append(Step("apply", schema, "schema crm does not exist"))
        steps += [step] if step else []
    # The package's own sources ask the host for employers, so they are there while it is.
    for file in files.sources(top) if adapter or applied else []:
        if step := _step(state, file, "after the adapter" if _is_change(steps) else None):
            steps.append(step)
    return steps


def _applied_adapter(path: str, top: Path) -> SqlFile | None:
    """Return the adapter that was applied from this path; one of the package may have moved."""
    names = [str(top / path)] if Path(path).is_absolute() else [str(top / path), Path(path).stem]
    for name in names:
        try:
            return files.host_adapter(name, top)
        except EngagementError:
            continue
    return None


def _role_steps(state: State, top: Path, wanted: bool, changed: bool) -> list[Step]:
    return [
        step
        for file in files.roles(top)
        if (wanted or state.place_of(file))
        and (step := _step(state, file, "after the steps above" if changed else None))
    ]


def _index_steps(state: State, top: Path) -> list[Step]:
    indexes = files.indexes(top)
    steps = _gone_steps(state, indexes, "index")
    for file in indexes:
        missing = None
        if not state.indexes.get(file.object_name):
            missing = "invalid" if file.object_name in state.indexes else "missing"
        if step := _step(state, file, missing):
            steps.append(step)
    return steps
