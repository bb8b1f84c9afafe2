"""Merges of customers, defined a second time: who holds what was entered for whom.

A row of `social_score` or `score_adjustment` belongs to the customer for whom it was entered. It
is in force under the customer that its owner is merged into in the end, or it is set aside.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from .oracle import Key

#: What a customer has one social score of: system, type and subtype.
Kind = tuple[str, str, str]


@dataclass(frozen=True)
class Input:
    """An adjustment or a social score.

    Attributes:
        owner: for whom it was entered.
        holder: for whom it counts; None: it is set aside.
        kind: None for an adjustment.
        since: from when a social score counts.
        rest: everything else, which no merge changes.
    """

    owner: Key
    holder: Key | None
    kind: Kind | None
    since: dt.datetime
    rest: Any


@dataclass
class State:
    """Who is merged into whom, and all inputs by key."""

    into: dict[Key, Key] = field(default_factory=dict)
    inputs: dict[Key, Input] = field(default_factory=dict)

    def root(self, customer: Key) -> Key:
        """The last of the chain."""
        while customer in self.into:
            customer = self.into[customer]
        return customer

    def group(self, customer: Key) -> set[Key]:
        """The customer and all that are merged into it."""
        return {customer} | {one for one in self.into if self.passes(one, customer)}

    def passes(self, one: Key, customer: Key) -> bool:
        """Whether the chain of one leads to the customer."""
        while one in self.into:
            one = self.into[one]
            if one == customer:
                return True
        return False

    def held(self, customer: Key | None, kind: Kind | None = None) -> Iterator[tuple[Key, Input]]:
        """What a customer holds (None: what is set aside), of a kind."""
        for key, row in list(self.inputs.items()):
            if row.holder == customer and kind in (None, row.kind):
                yield key, row

    # --- parts of the acts ---

    def _move(self, customer: Key) -> None:
        root = self.root(customer)
        for key, row in self.held(customer):
            if row.kind is None:
                self.inputs[key] = replace(row, holder=root)
                continue
            for old_key, old in self.held(None, row.kind):
                if old.owner == row.owner == customer:
                    del self.inputs[old_key]
            for rival_key, rival in self.held(root, row.kind):
                if rival.owner == row.owner:
                    del self.inputs[rival_key]
                elif row.since > rival.since:
                    self.inputs[rival_key] = replace(rival, holder=None)
                else:
                    self.inputs[key] = replace(row, holder=None)
                    break
            else:
                self.inputs[key] = replace(row, holder=root)

    def _bring_back(self, customer: Key) -> None:
        group = self.group(customer)
        aside = [(key, row) for key, row in self.held(None) if row.owner in group]
        for kind in {row.kind for _, row in aside}:
            of_kind = [(key, row) for key, row in aside if row.kind == kind]
            if not any(self.held(customer, kind)):
                newest = max(row.since for _, row in of_kind)
                key, row = min(
                    ((key, row) for key, row in of_kind if row.since == newest),
                    key=lambda one: (one[1].owner != customer, one[1].owner),
                )
                self.inputs[key] = replace(row, holder=customer)
        for key, row in self.held(None):
            if row.owner == customer and any(
                rival.owner == customer for _, rival in self.held(customer, row.kind)
            ):
                del self.inputs[key]

    # --- the acts ---

    def merge(self, double: Key, into: Key) -> bool:
        """Merge two customers; False: that is refused."""
        if double in (into, self.root(into)) or double in self.into:
            return False
        self.into[double] = into
        self._move(double)
        return True

    def unmerge(self, double: Key) -> None:
        """Take a merge back."""
        root, group = self.root(double), self.group(double)
        for one in group:
            self._move(one)
        del self.into[double]
        for key, row in self.held(root):
            if row.owner in group:
                self.inputs[key] = replace(row, holder=double)
        self._bring_back(double)
        self._bring_back(root)

    def run(self) -> None:
        """A run: what was entered for merged customers follows them."""
        for double in sorted(self.into):
            self._move(double)


def state_of(rows: Callable[[str], list[dict[str, Any]]]) -> State:
    """The state as the package's tables have it; *rows* reads a table whole."""
    moved = {row["source_id"]: row for row in rows("merged_input")}
    state = State(
        {row["from_id"]: row["into_id"] for row in rows("customer_merge") if not row["unmerged_at"]}
    )

    def add(row: dict[str, Any], key: Key, kind: Kind | None, since: Any, is_aside: bool) -> None:
        owner = moved[key]["customer_id"] if key in moved else row["customer_id"]
        rest = {n: v for n, v in row.items() if n not in ("customer_id", "source_id")}
        state.inputs[key] = Input(
            owner, None if is_aside else row["customer_id"], kind, since, str(sorted(rest.items()))
        )

    for row in rows("score_adjustment"):
        add(row, row["source_id"], None, row["adjusted_at"], False)
    for row in rows("social_score"):
        add(row, row["source_id"], kind_of(row), row["scored_at"], False)
    for row in rows("set_aside"):
        add(row, row["source_id"], kind_of(row), row["scored_at"], True)
    return state


def kind_of(row: dict[str, Any]) -> Kind:
    """System, type and subtype of a social score."""
    return row["source_system"], row["social_type"], row["social_subtype"]
