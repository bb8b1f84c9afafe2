"""Who works for whom."""

from __future__ import annotations

from engagement_runner.draft import words
from engagement_runner.draft.catalogue import Catalogue, Link, Table
from engagement_runner.draft.marks import moneys

_JOBS = {"employment", "relation", "relationship", "job", "affiliation"}


def employment(catalogue: Catalogue, customer: Table) -> tuple[Table, Link, Link | None] | None:
    """Return the table that says who works for whom, and its columns for both.

    It is the customers' own table, with a column for the employer, or one with two customers a
    row, by its name or by that of the column with the company.
    """
    for link in customer.links_to(customer):
        if words.has(link.columns[0].words, words.ORGANISATIONS | {"parent", "works"}):
            return customer, link, None
    for table in catalogue.tables:
        links = list(table.links_to(customer))
        firms = [link for link in links if set(link.columns[0].words) & words.ORGANISATIONS]
        if len(links) == 2 and (
            words.has(table.words, _JOBS)
            or any("employee" in link.words for link in links)
            or (len(firms) == 1 and not moneys(table) and table.key)
        ):
            employers = firms or [link for link in links if "to" in link.columns[0].words]
            employer = employers[0] if len(employers) == 1 else links[1]
            return table, next(link for link in links if link is not employer), employer
    return None
