"""The steps that bring the files of one kind from what a database has to what the package has.

Nothing here changes the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engagement_runner import __version__, files
from engagement_runner.deploy.state import State
from engagement_runner.errors import EngagementError
from engagement_runner.files import SqlFile

#: Why a file is applied again that did not change.
AFTER_MIGRATION = "after a migration"
#: Why a file is applied to a database that has just been spread over a cluster.
OVERLAY = "overlay of a cluster"


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


def announcements(steps: Sequence[Step], is_first: bool) -> list[str]:
    """Return what is said before each step; nothing where an earlier line has counted it.

    A line names a file. Only what comes in a mass is counted by folder: all files of a first
    deployment (*is_first*), those that are applied again after a migration, and the overlays of a
    database that has just been spread over a cluster.
    """
    masses = Counter(_mass(step, is_first) for step in steps)
    lines = []
    for step in steps:
        mass = _mass(step, is_first)
        amount = masses.pop(mass, 0) if mass else 1
        if mass and amount > 1:
            lines.append(f"{step.action} {amount} files of {mass[1]} ({step.reason})")
        else:
            lines.append(str(step) if amount else "")
    return lines


def _mass(step: Step, is_first: bool) -> tuple[str, str] | None:
    """Return kind and folder of a step that is counted with its like, or None for one by itself."""
    if step.action == "apply" and (step.reason in (AFTER_MIGRATION, OVERLAY) or is_first):
        return step.file.kind, Path(step.file.path).parent.as_posix()
    return None


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


def is_change(steps: Iterable[Step]) -> bool:
    """Tell whether the steps do more than to note where files lie now."""
    return any(step.action != "move" for step in steps)


def _applied_without_file(state: State, known: Iterable[SqlFile], kinds: set[str]) -> list[SqlFile]:
    """Return what is applied of the given kinds and has no file any more, in any folder."""
    known = list(known)
    paths = {file.path for file in known} | {state.place_of(file) for file in known}
    return [
        SqlFile(path, kind, "")
        for path, (kind, _) in sorted(state.files.items())
        if kind in kinds and path not in paths
    ]


def _drop_steps(state: State, known: list[SqlFile], kind: str) -> list[Step]:
    """Drop the objects of the files that are gone, unless another file declares them."""
    declared = {file.identity: file.path for file in known}
    return [
        Step("forget", file, f"{declared[file.identity]} declares it")
        if file.identity in declared
        else Step("drop", file, "file is gone")
        for file in _applied_without_file(state, known, {kind})
    ]


def _migration_steps(state: State, top: Path) -> list[Step]:
    """A migration is known by its file's name, wherever it lies; a renamed one by its text."""
    migrations = files.migrations(top)
    gone = _applied_without_file(state, migrations, {"migration"})
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


def engine_steps(state: State, top: Path) -> list[Step]:
    """Return the steps for what is there whatever the host is: migrations, routines, views, seeds.

    Raises EngagementError for a migration that is changed or unknown.
    """
    steps = _migration_steps(state, top)
    migrated = AFTER_MIGRATION if is_change(steps) else None
    repeatables = files.repeatables(top, state.is_distributed)
    for file in repeatables:
        if step := _step(state, file, migrated):
            steps.append(step)
    # Views may call routines, so they go first.
    for kind in ("view", "trigger", "routine", "seed"):
        steps += _drop_steps(state, repeatables, kind)
    for file in files.grants(top):
        if step := _step(state, file, "after the steps above" if is_change(steps) else None):
            steps.append(step)
    return steps


def overlay_steps(top: Path) -> list[Step]:
    """Return the steps from the files of one machine to those of a cluster."""
    places = {file.identity: file.path for file in files.repeatables(top)}
    return [Step("apply", file, OVERLAY, places[file.identity]) for file in files.overlays(top)]


def host_steps(
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
                f"host adapter {applied[0]} was not found; it stays as it was applied "
                "(deploy --host gives its new place)"
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
            if schema and state.crm is None:
                steps.append(Step("apply", schema, "schema crm does not exist"))
            elif schema and _is_earlier(state.crm or "", schema):
                steps.append(Step("apply", schema, "schema crm is an earlier one"))
        steps += [step] if step else []
    # The package's own sources ask the host for employers, so they are there while it is.
    for file in files.sources(top) if adapter or applied else []:
        if step := _step(state, file, "after the adapter" if is_change(steps) else None):
            steps.append(step)
    return steps


def _is_earlier(comment: str, schema: SqlFile) -> bool:
    """Tell by its comment whether schema crm is an earlier reference host than that of the file."""
    return comment.startswith("Reference host") and f"'{comment}'" not in schema.text


def _applied_adapter(path: str, top: Path) -> SqlFile | None:
    """Return the adapter that was applied from this path; one of the package may have moved."""
    names = [str(top / path)] if Path(path).is_absolute() else [str(top / path), Path(path).stem]
    for name in names:
        try:
            return files.host_adapter(name, top)
        except EngagementError:
            continue
    return None


def role_steps(state: State, top: Path, wanted: bool, changed: bool) -> list[Step]:
    """Return the step for the package's roles, where they are *wanted* or deployed already."""
    return [
        step
        for file in files.roles(top)
        if (wanted or state.place_of(file))
        and (step := _step(state, file, "after the steps above" if changed else None))
    ]


def index_steps(state: State, top: Path) -> list[Step]:
    """Return the steps for the indexes; one that is missing or invalid is built again."""
    indexes = files.indexes(top)
    steps = _drop_steps(state, indexes, "index")
    for file in indexes:
        missing = None
        if not state.indexes.get(file.object_name):
            missing = "invalid" if file.object_name in state.indexes else "missing"
        if step := _step(state, file, missing):
            steps.append(step)
    return steps
