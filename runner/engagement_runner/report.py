"""The pages for staff and managers: what they hold, and how it is laid out.

A page is one HTML file without script that loads nothing. Its numbers come from the queries
``report_*`` and are shown as SQL sent them; here they are put into tables and charts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Any, Literal

import jinja2
import psycopg
from markupsafe import Markup

from engagement_runner import charts, queries, show
from engagement_runner.errors import EngagementError
from engagement_runner.formats import Formats
from engagement_runner.session import Connection

Record = Mapping[str, Any]
Kind = Literal["text", "number", "share", "bare share", "day", "month", "flag"]

Column = tuple[str, str, Kind]
"""A key of the records, the heading, how values are written. A share has a bar, a bare one not."""

BANDS: Sequence[Column] = (
    ("band", "Band", "text"),
    ("threshold", "From", "text"),
    ("customer_count", "Customers", "number"),
    ("share", "Share", "bare share"),
    ("lowest_score", "Lowest", "number"),
    ("highest_score", "Highest", "number"),
)
RISEN: Sequence[Column] = (
    ("display_name", "Customer", "text"),
    ("customer_id", "Number", "text"),
    ("score", "Score", "number"),
    ("segment_value", "Risen by", "number"),
)
FALLEN: Sequence[Column] = (*RISEN[:3], ("segment_value", "Fallen by", "number"))
AT_RISK: Sequence[Column] = (
    ("display_name", "Customer", "text"),
    ("customer_id", "Number", "text"),
    ("score", "Score", "number"),
    ("future_score", "Then", "number"),
    ("fall", "Fall", "number"),
    ("band", "Band", "text"),
    ("future_band", "Band then", "text"),
)
POINTS: Sequence[Column] = (
    ("label", "", "text"),
    ("counting_points", "Points that count", "number"),
    ("share", "Share", "share"),
    ("points", "Ever earned", "number"),
    ("customer_count", "By customers", "number"),
)
COMPANIES: Sequence[Column] = (
    ("display_name", "Company", "text"),
    ("customer_id", "Number", "text"),
    ("score", "Score", "number"),
    ("own_score", "Own", "number"),
    ("employee_score", "Its people's", "number"),
    ("employee_count", "People", "number"),
    ("engaged_count", "With points", "number"),
    ("participation_rate", "Participation", "share"),
    ("average_score", "Per head", "number"),
)
CATEGORIES: Sequence[Column] = (
    ("label", "Category and rule", "text"),
    ("score", "Score", "number"),
    ("ytd_score", "Year to date", "number"),
    ("overview_score", "Overview", "number"),
    ("award_count", "Awards that count", "number"),
)
EXPIRIES: Sequence[Column] = (
    ("activity", "Activity", "text"),
    ("rule", "Rule", "text"),
    ("expires_at", "Ends on", "day"),
    ("days_left", "Days left", "number"),
    ("points", "Points", "number"),
)
FORECAST: Sequence[Column] = (
    ("weeks", "In weeks", "text"),
    ("at", "On", "day"),
    ("own_score", "Own points", "number"),
    ("employee_score", "Its people's", "number"),
    ("score", "Score", "number"),
)
OVERVIEW_QUERIES = 12
"""How many queries the page of everybody reads, for its progress."""

PEOPLE: Sequence[Column] = (
    ("display_name", "Person", "text"),
    ("customer_id", "Number", "text"),
    ("points", "Points for the company", "number"),
    ("own_score", "Own score", "number"),
    ("last_earned_at", "Last earned on", "day"),
    ("is_employed", "Employed now", "flag"),
)
EMPLOYERS: Sequence[Column] = (
    ("display_name", "Employer", "text"),
    ("employer_id", "Number", "text"),
    ("is_primary", "Primary", "flag"),
)


@dataclass(frozen=True)
class Cell:
    """A value as it is written; a share has a bar of *width* percent."""

    text: str | Markup
    width: Decimal | None = None


@dataclass(frozen=True)
class Table:
    """A table of a page: its headings, and whether numbers are below them; its rows.

    *more* says how many rows there would be beyond those shown; *sums* are the rows that sum up
    those that follow.
    """

    caption: str
    headings: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[Cell]]
    more: str = ""
    sums: Collection[int] = ()


@dataclass(frozen=True)
class Chart:
    """A chart with its legend, and the table behind it."""

    svg: Markup
    legend: Sequence[str]
    table: Table


class Pages:
    """Reads the content of pages within one transaction and renders them.

    *progress* is told what is read now, as ``show.RunProgress.update`` takes it. Raises
    psycopg.Error. A locale that is not known makes a line on stderr, and the page is in ``en``.
    """

    def __init__(
        self, connection: Connection, rows: int, progress: Callable[[dict[str, Any]], None]
    ) -> None:
        self._connection = connection
        self._rows = rows
        self._progress = progress
        self._step, self._step_count = 0, 1
        self._heading = self._read("report_heading")[0]
        try:
            self._formats = Formats(self._heading["locale"])
        except EngagementError as error:  # it was set in SQL, which does not know them
            show.say(f"warning: {error}; numbers and dates are written as in en", "yellow")
            self._formats = Formats("en")

    def overview(self, title: str, weeks: int, verification: str, is_proven: bool | None) -> str:
        """Return the page of the whole base.

        *weeks*: how far who is at risk looks ahead. *verification* says what was verified, and
        *is_proven* how that ended; None: it was not.
        """
        self._step, self._step_count = 0, OVERVIEW_QUERIES
        types = [
            (name, chart, table)
            for key, name in (("INDIVIDUAL", "People"), ("COMPANY", "Companies"))
            for chart, table in self._distribution(key, name)
        ]
        return self._render(
            "overview.html",
            title=title,
            history=self._history(),
            types=types,
            risen=self._table("Who rose most", RISEN, "report_segment", name="rising"),
            fallen=self._table("Who fell most", FALLEN, "report_segment", name="falling"),
            weeks=weeks,
            at_risk=self._table("Who is at risk", AT_RISK, "report_at_risk", weeks=weeks),
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
            ],
            companies=self._table("Companies", COMPANIES, "report_companies"),
            verification=verification,
            is_proven=is_proven,
        )  # fmt: skip

    def customer(self, customer: str) -> str:
        """Return the page of one customer. Raises psycopg.Error for an unknown one (EG001)."""
        text = queries.value(self._connection, "score_card", customer=customer, as_of=None)
        card = queries.loads(text)
        names = queries.loads(queries.value(self._connection, "category_names"))
        is_company = card["customer_type"] == "COMPANY"
        return self._render(
            "customer.html",
            card=card,
            standing=self._read("report_standing", customer=customer)[0],
            is_company=is_company,
            trend=self._trend(card),
            categories=self._categories(card, names),
            expiries=self._table("Points that end", EXPIRIES, "report_expiries", customer=customer),
            forecast=self._table(
                "If nothing happens",
                [c for c in FORECAST if is_company or c[0] not in ("own_score", "employee_score")],
                "forecast", is_limited=False, customer=customer, weeks="4,8,12",
            ),
            people=(
                self._table("Its people", PEOPLE, "report_people", customer=customer)
                if is_company
                else None
            ),
            employers=(
                None
                if is_company
                else self._table(
                    "Employers", EMPLOYERS, "current_employers", is_limited=False,
                    customer=customer, on=None,
                )
            ),
        )  # fmt: skip

    def _render(self, template: str, **content: Any) -> str:
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("engagement_runner"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(
            number=self._formats.number,
            percent=self._formats.percent,
            instant=lambda value: self._spoken(self._formats.instant(value)),
            day=self._day,
            literal=show.literal,
        )
        return environment.get_template(template).render(heading=self._heading, **content)

    def _read(self, name: str, /, **parameters: object) -> list[dict[str, Any]]:
        self._progress(
            {"run_mode": "REPORT", "phase": "reading",
             "done_count": min(self._step, self._step_count), "total_count": self._step_count}
        )  # fmt: skip
        self._step += 1
        return queries.rows(self._connection, name, **parameters).records

    def _table(
        self,
        caption: str,
        columns: Sequence[Column],
        query: str,
        /,
        is_limited: bool = True,
        **parameters: object,
    ) -> Table:
        if is_limited:
            parameters["rows"] = self._rows
        return self._laid_out(caption, columns, self._read(query, **parameters))

    def _laid_out(
        self, caption: str, columns: Sequence[Column], records: Sequence[Record]
    ) -> Table:
        rows: list[list[Cell]] = [[] for _ in records]
        for key, _, kind in columns:
            values = [record[key] for record in records]
            written = self._written(kind, values)
            for row, value in zip(rows, values, strict=True):
                width = None
                if kind == "share" and value is not None:
                    width = min(max(Decimal(value), Decimal(0)), Decimal(1)) * 100
                row.append(Cell(written(value), width))
        total = records[0].get("total_count", len(records)) if records else 0
        headings = [
            (show.literal(name), kind in ("number", "share", "bare share"))
            for _, name, kind in columns
        ]
        return Table(caption, headings, rows, self._more(total - len(records)))

    def _more(self, count: int) -> str:
        if count == 0:
            return ""
        return f"{self._formats.number(count)} more {'is' if count == 1 else 'are'} not shown."

    def _written(self, kind: Kind, values: Sequence[Any]) -> Callable[[Any], str]:
        if kind == "number":
            return self._formats.numbers(values)
        if kind in ("share", "bare share"):
            return self._formats.percents(values)
        known: Mapping[Kind, Callable[[Any], str]] = {
            "day": self._day,
            "month": lambda value: self._spoken(self._formats.month(value)),
            "flag": show.flag,
        }
        return known.get(kind, show.literal)

    def _day(self, value: object) -> Markup:
        return self._spoken(self._formats.day(value))

    def _spoken(self, date: str) -> Markup:
        """Mark a date as words of the locale's language: the page itself is in English."""
        language = str(self._formats.locale).replace("_", "-")
        return Markup('<span lang="{}">{}</span>').format(language, date) if date else Markup()

    def _history(self) -> Chart | None:
        records = self._read("report_history")
        if not records:
            return None
        months = [(at, list(group)) for at, group in groupby(records, lambda r: r["at"])]
        names = [record["category_name"] or record["category_code"] for record in months[0][1]]
        # Two categories may have one name: columns are known by their place.
        columns: list[Column] = [("at", "At the end of", "month")]
        columns += [(f"points {i}", name, "number") for i, name in enumerate(names)]
        columns.append(("total_points", "All", "number"))
        rows = [
            {
                "at": at,
                "total_points": group[0]["total_points"],
                **{f"points {i}": record["points"] for i, record in enumerate(group)},
            }
            for at, group in months
        ]
        svg = charts.lines(
            "Points of everybody by category at the end of each of the last twelve months",
            [*(self._formats.short_month(at) for at, _ in months[:-1]), "now"],
            [(name, [row[f"points {i}"] for row in rows]) for i, name in enumerate(names)],
            self._formats.axis,
        )
        table = self._laid_out("Points by category", columns, rows)
        run = [Cell(self._day(months[-1][0])), *table.rows[-1][1:]]
        return Chart(svg, [*map(show.literal, names)], replace(table, rows=[*table.rows[:-1], run]))

    def _distribution(self, customer_type: str, name: str) -> Iterator[tuple[Chart, Table]]:
        """Yield the distribution of a type's scores and its bands, unless there are none."""
        records = self._read("report_distribution", customer_type=customer_type)
        in_bands = self._read("report_bands", customer_type=customer_type)
        if not records:
            return
        number = self._formats.axis
        intervals = [
            (above, up_to, list(group))
            for (above, up_to), group in groupby(records, lambda r: (r["above"], r["up_to"]))
        ]
        bands = [record["band"] for record in intervals[0][2]]
        rows, ticks = [], []
        for above, up_to, group in intervals:
            label = f"more than {number(above)}" if up_to is None else f"to {number(up_to)}"
            ticks.append(f"> {number(above)}" if up_to is None else number(up_to))
            rows.append(
                {
                    "score": "0 or less" if above is None else label,
                    **{f"count {i}": record["customer_count"] for i, record in enumerate(group)},
                }
            )
        # All labels would run into each other.
        last = len(rows) - 1
        shown = [i == last or (i % 5 == 0 and i < last - 1) for i in range(len(rows))]
        svg = charts.stacked_bars(
            f"{name} by score",
            [tick if is_shown else "" for tick, is_shown in zip(ticks, shown, strict=True)],
            [(band, [row[f"count {i}"] for row in rows]) for i, band in enumerate(bands)],
            number,
        )
        columns: list[Column] = [("score", "Score", "text")]
        columns += [(f"count {i}", band, "number") for i, band in enumerate(bands)]
        table = self._laid_out(f"{name} by score", columns, rows)
        chart = Chart(svg, [*map(show.literal, bands)], table)
        for record in in_bands:
            record["threshold"] = self._threshold(record)
        yield chart, self._laid_out(f"{name} by band", BANDS, in_bands)

    def _threshold(self, band: Record) -> str:
        if band["from_score"] is not None:
            return f"{self._formats.number(band['from_score'])} points"
        if band["from_percentile"] is not None:
            return f"percentile {self._formats.number(band['from_percentile'])}"
        return ""

    def _trend(self, card: Record) -> Chart:
        months = card["trend"]
        scores = [*(month["score"] for month in months), card["own_score"]]
        svg = charts.lines(
            "Own points at the end of each of the last twelve months, and now",
            [*(self._formats.short_month(month["at"]) for month in months), "now"],
            [("Own points", scores)],
            self._formats.axis,
        )
        columns: list[Column] = [
            ("at", "At the end of", "month"),
            ("score", "Own points", "number"),
        ]
        rows: list[Record] = [*months, {"at": None, "score": card["own_score"]}]
        table = self._laid_out("Own points by month", columns, rows)
        now = [Cell("now"), table.rows[-1][1]]
        return Chart(svg, [], replace(table, rows=[*table.rows[:-1], now]))

    def _categories(self, card: Record, names: Mapping[str, str]) -> Table:
        records: list[Record] = []
        sums = []
        for category in card["categories"]:
            code = category["category_code"]
            sums.append(len(records))
            records.append({**category, "label": names.get(code) or code, "award_count": None})
            for rule in category["rules"]:
                records.append({**rule, "label": rule["description"] or rule["rule_code"]})
        table = self._laid_out("What the score is made of", CATEGORIES, records)
        return replace(table, sums=sums)


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """Let everything that is read be of one instant; nothing can be written meanwhile."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    try:
        with connection.transaction(force_rollback=True):
            yield
    finally:
        connection.isolation_level = None
        connection.read_only = None
