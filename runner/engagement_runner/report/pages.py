"""The pages for staff and managers: what they hold, and how it is laid out.

A page is one HTML file without script that loads nothing. Its numbers come from the queries
``report_*`` and are shown as SQL sent them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jinja2
import psycopg

from engagement_runner import queries, show
from engagement_runner.connection import Connection
from engagement_runner.errors import EngagementError, describe
from engagement_runner.report import figures
from engagement_runner.report.columns import (
    AT_RISK,
    COMPANIES,
    EMPLOYERS,
    EXPIRIES,
    FALLEN,
    FORECAST,
    PEOPLE,
    POINTS,
    RISEN,
    Column,
)
from engagement_runner.report.formats import Formats
from engagement_runner.report.tables import Table, Writer

OVERVIEW_QUERIES = 15
"""How many queries the page of everybody reads, for its progress."""


class Pages:
    """Reads the content of pages within one transaction and renders them.

    *progress* is told what is read now, as ``show.RunProgress.update`` takes it. The page of
    everybody is of the total, or of the points of a *category*. Raises psycopg.Error. A locale
    that is not known makes a line on stderr, and the page is in ``en``.
    """

    def __init__(
        self,
        connection: Connection,
        rows: int,
        progress: Callable[[dict[str, Any]], None],
        category: str | None = None,
    ) -> None:
        self._connection = connection
        self._rows = rows
        self._category = category
        self._progress = progress
        self._step, self._step_count = 0, 1
        self._heading = self._read("report_heading")[0]
        try:
            formats = Formats(self._heading["locale"])
        except EngagementError as error:  # it was set in SQL, which does not know them
            show.say(f"warning: {error}; numbers and dates are written as in en", "yellow")
            formats = Formats("en")
        self._writer = Writer(formats)

    def overview(self, title: str, weeks: int, verification: str, is_proven: bool | None) -> str:
        """Return the page of the whole base.

        *weeks*: how far who is at risk looks ahead. *verification* says what was verified, and
        *is_proven* how that ended; None: it was not.
        """
        self._step, self._step_count = 0, OVERVIEW_QUERIES
        types = [
            shown
            for key, name in (("INDIVIDUAL", "People"), ("COMPANY", "Companies"))
            if (shown := self._distribution(key, name))
        ]
        months = self._read("report_history")
        return self._render(
            "overview.html",
            title=title,
            history=figures.history(self._writer, months) if months else None,
            types=types,
            risen=self._table("Who rose most", RISEN, "report_segment", name="rising"),
            fallen=self._table("Who fell most", FALLEN, "report_segment", name="falling"),
            weeks=weeks,
            at_risk=[
                (
                    name,
                    self._table(
                        f"{name} at risk", AT_RISK, "report_at_risk",
                        weeks=weeks, customer_type=key,
                    ),
                )
                for key, name in (("INDIVIDUAL", "People"), ("COMPANY", "Companies"))
            ],
            points=[
                self._table(
                    caption, (("label", name, "text"), *POINTS[1:]), "report_points",
                    dimension=dimension,
                )
                for dimension, name, caption in (
                    ("CATEGORY", "Category", "Categories"),
                    ("RULE", "Rule", "Rules"),
                    ("SUBJECT", "Product or committee", "Products and committees"),
                )
                if dimension == "RULE" or self._category is None
            ],
            companies=(
                None
                if self._category
                else self._table("Companies", COMPANIES, "report_companies")
            ),
            told=[] if self._category else self._told(),
            verification=verification,
            is_proven=is_proven,
        )  # fmt: skip

    def customer(self, customer: str) -> str:
        """Return the page of one customer. Raises psycopg.Error for an unknown one (EG001)."""
        connection, who = self._connection, queries.Customer(customer)
        card = queries.loads(queries.call_json(connection, "score_card", customer_id=who))
        is_company = card["customer_type"] == "COMPANY"
        return self._render(
            "customer.html",
            card=card,
            standing=self._read("report_standing", customer=customer)[0],
            is_company=is_company,
            lead=self._read("card_lead", customer=customer, as_of=None)[0],
            trend=self._trend(card, customer, is_company),
            categories=figures.categories(self._writer, card, is_company),
            expiries=self._table("Points that end", EXPIRIES, "report_expiries", customer=customer),
            forecast=self._writer.table(
                "If nothing happens",
                [c for c in FORECAST if is_company or c[0] not in ("own_score", "employee_score")],
                queries.call_rows(connection, "forecast", customer_id=who).records,
            ),
            people=(
                self._table("Its people", PEOPLE, "report_people", customer=customer)
                if is_company
                else None
            ),
            employers=(
                None
                if is_company
                else self._writer.table(
                    "Employers",
                    EMPLOYERS,
                    queries.call_rows(connection, "current_employers", customer_id=who).records,
                )
            ),
        )  # fmt: skip

    def _trend(self, card: dict[str, Any], customer: str, is_company: bool) -> figures.Chart:
        """Return how the score of the last twelve months has moved; a company's with its people."""
        if not is_company:
            return figures.trend(self._writer, card)
        instants = [*(month["at"] for month in card["trend"]), self._heading["read_at"]]
        return figures.company_trend(
            self._writer, self._read("company_trend", customer=customer, instants=instants)
        )

    def _render(self, template: str, **content: Any) -> str:
        formats = self._writer.formats
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("engagement_runner.report"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(
            number=formats.number,
            percent=formats.percent,
            instant=lambda value: self._writer.spoken(formats.instant(value)),
            day=self._writer.day,
            literal=show.literal,
        )
        return environment.get_template(template).render(heading=self._heading, **content)

    def _read(self, name: str, /, **parameters: object) -> list[dict[str, Any]]:
        self._progress(
            {"run_mode": "REPORT", "phase": "reading",
             "done_count": min(self._step, self._step_count), "total_count": self._step_count}
        )  # fmt: skip
        self._step += 1
        parameters["category"] = self._category
        return queries.rows(self._connection, name, **parameters).records

    def _distribution(
        self, customer_type: str, name: str
    ) -> tuple[str, figures.Chart, Table] | None:
        """Return the name of a type, its distribution and its bands; None: it has no customer."""
        records = self._read("report_distribution", customer_type=customer_type)
        in_bands = self._read("report_bands", customer_type=customer_type)
        if not records:
            return None
        return (
            name,
            figures.distribution(self._writer, name, records),
            figures.bands(self._writer, name, in_bands),
        )

    def _told(self) -> list[tuple[str, figures.Told | str]]:
        """Return each outcome with what scores told of it, or why its view could not be read."""
        told: list[tuple[str, figures.Told | str]] = []
        for outcome in self._read("outcome_list"):
            name = outcome["outcome"]
            try:
                with self._connection.transaction():
                    (record,) = self._read("report_backtest", outcome=name)
            except psycopg.Error as error:
                told.append((name, describe(error)))
            else:
                told.append((name, figures.told(self._writer, record)))
        return told

    def _table(
        self,
        caption: str,
        columns: Sequence[Column],
        query: str,
        /,
        **parameters: object,
    ) -> Table:
        records = self._read(query, rows=self._rows, **parameters)
        return self._writer.table(caption, columns, records)
