"""What every customer's points must be, computed from the host's rows in plain Python.

The oracle is the second opinion on the scoring engine. It reads the contract, not the engine: it
holds no SQL and shares no code with the database, and it is as simple as it can be made, because
it needs to be right rather than fast. Given the rows of the reference host, the rules, the
parameters and an instant it answers

* which awards are live (`awards`), and which activities cannot be scored at all (`failures`);
* what each customer's totals are at an instant (`scores`);
* when time alone will change them next (`next_change`, `next_boundary`).

Points are `decimal.Decimal`, rounded once, half to even. Instants are aware `datetime`s in UTC.
Local times become instants as PostgreSQL's AT TIME ZONE makes them, see `instant_of`.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

Key = Any
"""Key of a host row: int, uuid.UUID or str, one type per deployment."""

Row = Mapping[str, Any]

UTC = dt.UTC

DIGITS_BEFORE_POINT = 131072
"""PostgreSQL's numeric holds so many digits before the decimal point, and overflows beyond."""

EXACT = decimal.Context(
    prec=400_000,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=decimal.MIN_EMIN,
    Emax=decimal.MAX_EMAX,
    traps=[decimal.InvalidOperation, decimal.Inexact, decimal.Overflow],
)
"""Arithmetic without any rounding: a sum that would need one raises instead."""

ZERO = Decimal(0)


# --- Time ---------------------------------------------------------------------------------------


def instant_of(local: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The instant that a local time names, as `local AT TIME ZONE zone` finds it.

    Where the clock jumps forward the local time does not exist, and PostgreSQL reads it with the
    offset from before the jump; where the clock falls back it exists twice, and PostgreSQL takes
    the second one. In both cases that is the smaller of the two offsets.
    """
    aware = local.replace(tzinfo=zone)
    offsets = [aware.replace(fold=fold).utcoffset() for fold in (0, 1)]
    return (local - min(o for o in offsets if o is not None)).replace(tzinfo=UTC)


def local_of(instant: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The local time that a clock on the wall shows at an instant, without a zone."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def start_of_day(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """The instant at which a local date begins."""
    return instant_of(dt.datetime.combine(day, dt.time()), zone)


def add_weeks(instant: dt.datetime, weeks: int, zone: ZoneInfo) -> dt.datetime:
    """The instant so many weeks later, at the same local time of day."""
    return instant_of(local_of(instant, zone) + dt.timedelta(weeks=weeks), zone)


# --- Input --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parameters:
    """The application parameters that decide points and totals, with their defaults."""

    score_decimals: int = 2
    time_zone: str = "UTC"
    ytd_start_month: int = 1
    overview_years: int = 3
    multiple_concurrent_employers: bool = False

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True)
class Rule:
    """One version of a score rule. A score of None counts as 0."""

    rule_id: int
    rule_code: str
    category_code: str
    engagement_type: str
    effective_when: str | None = None
    version: int = 1
    subject_id: str | None = None
    subject_class: str | None = None
    flat_score: Decimal | None = None
    quantity_score: Decimal | None = None
    amount_score: Decimal | None = None
    valid_for_weeks: int | None = None
    applies_from: dt.datetime | None = None
    applies_until: dt.datetime | None = None
    is_active: bool = True


@dataclass
class Host:
    """The rows of the reference host, schema crm: a list of rows per table."""

    customer: Sequence[Row] = ()
    product: Sequence[Row] = ()
    sales_order: Sequence[Row] = ()
    order_line: Sequence[Row] = ()
    invoice: Sequence[Row] = ()
    invoice_line: Sequence[Row] = ()
    committee: Sequence[Row] = ()
    committee_member: Sequence[Row] = ()
    employment: Sequence[Row] = ()


# --- Activities ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Activity:
    """Who did what, when, and how much of it."""

    source: str
    source_id: Key
    engagement_type: str
    effective_when: str | None
    document_id: Key | None
    customer_id: Key
    employer_id: Key | None
    subject_id: str | None
    subject_class: str | None
    quantity: Decimal
    amount: Decimal
    occurred_at: dt.datetime
    ended_at: dt.datetime | None


def activities(host: Host, parameters: Parameters) -> Iterator[Activity]:
    """Everything on the host that counts, before any rule is looked at."""
    yield from _order_lines(host)
    yield from _invoice_lines(host)
    yield from _committee_seats(host, parameters)


def _order_lines(host: Host) -> Iterator[Activity]:
    orders = {o["order_id"]: o for o in host.sales_order}
    products = {p["product_id"]: p for p in host.product}
    for line in host.order_line:
        order = orders.get(line["order_id"])
        if order is None or order["order_status"] != "PLACED" or line["line_status"] != "ACTIVE":
            continue
        yield Activity(
            source="order_line",
            source_id=line["order_line_id"],
            engagement_type="PRODUCT_PURCHASE",
            effective_when="ORDER_CREATION",
            document_id=order["order_id"],
            customer_id=line["ship_customer_id"],
            employer_id=order["employer_id"],
            subject_id=line["product_id"],
            subject_class=products[line["product_id"]]["product_class"],
            quantity=_or_zero(line["quantity"]),
            amount=_or_zero(line["amount"]),
            occurred_at=order["ordered_at"],
            ended_at=None,
        )


def _invoice_lines(host: Host) -> Iterator[Activity]:
    invoices = {i["invoice_id"]: i for i in host.invoice}
    lines = {line["invoice_line_id"]: line for line in host.invoice_line}
    products = {p["product_id"]: p for p in host.product}
    for line in host.invoice_line:
        invoice = invoices[line["invoice_id"]]
        if invoice["invoice_status"] not in ("POSTED", "PAID"):
            continue
        dated_by = invoice
        if line["reverses_line_id"] is not None:
            dated_by = invoices[lines[line["reverses_line_id"]]["invoice_id"]]
        yield Activity(
            source="invoice_line",
            source_id=line["invoice_line_id"],
            engagement_type="PRODUCT_PURCHASE",
            effective_when="INVOICE_CREATION",
            document_id=invoice["invoice_id"],
            customer_id=line["ship_customer_id"],
            employer_id=invoice["employer_id"],
            subject_id=line["product_id"],
            subject_class=products[line["product_id"]]["product_class"],
            quantity=_or_zero(line["quantity"]),
            amount=_or_zero(line["amount"]),
            occurred_at=dated_by["invoiced_at"],
            ended_at=None,
        )


def _committee_seats(host: Host, parameters: Parameters) -> Iterator[Activity]:
    committees = {c["committee_id"]: c for c in host.committee}
    zone = parameters.zone
    for seat in host.committee_member:
        ended_at = None
        if seat["end_on"] is not None:
            ended_at = start_of_day(seat["end_on"] + dt.timedelta(days=1), zone)
        yield Activity(
            source="committee_seat",
            source_id=seat["committee_member_id"],
            engagement_type="COMMITTEE_PARTICIPATION",
            effective_when=None,
            document_id=None,
            customer_id=seat["customer_id"],
            employer_id=None,
            subject_id=seat["committee_id"],
            subject_class=committees[seat["committee_id"]]["committee_class"],
            quantity=Decimal(1),
            amount=ZERO,
            occurred_at=start_of_day(seat["begin_on"], zone),
            ended_at=ended_at,
        )


def _or_zero(value: Decimal | None) -> Decimal:
    return ZERO if value is None else value


# --- Awards -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Award:
    """Points that one activity earns under one rule version, and when they count."""

    customer_id: Key
    source: str
    source_id: Key
    rule_id: int
    document_id: Key | None
    employer_id: Key | None
    subject_id: str | None
    subject_class: str | None
    quantity: Decimal
    amount: Decimal
    points: Decimal
    effective_at: dt.datetime
    expires_at: dt.datetime | None


class NotScorableError(Exception):
    """The activity makes no award because a number is not finite, or leaves the range."""


def rule_matches(rule: Rule, activity: Activity) -> bool:
    """Whether a rule version has anything to say about an activity."""
    return (
        rule.is_active
        and rule.engagement_type == activity.engagement_type
        and rule.effective_when == activity.effective_when
        and rule.subject_id in (None, activity.subject_id)
        and rule.subject_class in (None, activity.subject_class)
        and (rule.applies_from is None or rule.applies_from <= activity.occurred_at)
        and (rule.applies_until is None or activity.occurred_at < rule.applies_until)
    )


def sign_of(quantity: Decimal, amount: Decimal) -> int:
    """The sign that a flat score takes: the quantity's, else the amount's, else plus."""
    for value in (quantity, amount):
        if value != 0:
            return 1 if value > 0 else -1
    return 1


def round_half_even(value: Decimal, decimals: int) -> Decimal:
    """The value with so many decimals; exactly half goes to the even neighbour."""
    return value.quantize(Decimal(1).scaleb(-decimals), context=_ROUNDING)


_ROUNDING = decimal.Context(
    prec=EXACT.prec,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=decimal.MIN_EMIN,
    Emax=decimal.MAX_EMAX,
    traps=[decimal.InvalidOperation],
)


def points_of(rule: Rule, quantity: Decimal, amount: Decimal, decimals: int) -> Decimal:
    """What a rule gives for a quantity and an amount; `NotScorableError` where nothing can."""
    if not (quantity.is_finite() and amount.is_finite()):
        raise NotScorableError
    parts = [
        EXACT.multiply(_or_zero(rule.flat_score), Decimal(sign_of(quantity, amount))),
        EXACT.multiply(_or_zero(rule.quantity_score), quantity),
        EXACT.multiply(_or_zero(rule.amount_score), amount),
    ]
    total = ZERO
    for part in parts:
        total = EXACT.add(total, part)
        for value in (part, total):
            if value != 0 and value.adjusted() >= DIGITS_BEFORE_POINT:
                raise NotScorableError
    return round_half_even(total, decimals)


def employer_of(activity: Activity, host: Host, parameters: Parameters) -> Key | None:
    """Whose employee earned an activity's points, at the time of the activity."""
    if parameters.multiple_concurrent_employers and activity.employer_id is not None:
        for job in host.employment:
            pair = (job["employee_id"], job["employer_id"])
            if pair == (activity.customer_id, activity.employer_id):
                return activity.employer_id
    return primary_employer(
        host, activity.customer_id, local_of(activity.occurred_at, parameters.zone).date()
    )


def primary_employer(host: Host, employee_id: Key, day: dt.date) -> Key | None:
    """The person's main employer on a date: of several the latest begun, then the smallest."""
    candidates = [
        (-(job["begin_on"] or dt.date.min).toordinal(), job["employer_id"])
        for job in host.employment
        if job["employee_id"] == employee_id
        and job["is_primary"]
        and (job["begin_on"] is None or job["begin_on"] <= day)
        and (job["end_on"] is None or day <= job["end_on"])
    ]
    return min(candidates)[1] if candidates else None


def award_of(rule: Rule, activity: Activity, host: Host, parameters: Parameters) -> Award | None:
    """The award of one matching pair, or None where it earns nothing."""
    points = points_of(rule, activity.quantity, activity.amount, parameters.score_decimals)
    ends = []
    if activity.ended_at is not None:
        ends.append(activity.ended_at)
    if rule.valid_for_weeks is not None:
        try:
            ends.append(add_weeks(activity.occurred_at, rule.valid_for_weeks, parameters.zone))
        except OverflowError as error:
            raise NotScorableError from error
    expires_at = min(ends, default=None)
    if points == 0 or (expires_at is not None and expires_at <= activity.occurred_at):
        return None
    return Award(
        customer_id=activity.customer_id,
        source=activity.source,
        source_id=activity.source_id,
        rule_id=rule.rule_id,
        document_id=activity.document_id,
        employer_id=employer_of(activity, host, parameters),
        subject_id=activity.subject_id,
        subject_class=activity.subject_class,
        quantity=activity.quantity,
        amount=activity.amount,
        points=points,
        effective_at=activity.occurred_at,
        expires_at=expires_at,
    )


def _outcomes(
    host: Host, rules: Iterable[Rule], parameters: Parameters
) -> Iterator[tuple[Activity, Rule, Award | None]]:
    """Each matching pair with its award; None where the activity cannot be scored."""
    versions = list(rules)
    for activity in activities(host, parameters):
        for rule in versions:
            if rule_matches(rule, activity):
                try:
                    award = award_of(rule, activity, host, parameters)
                except NotScorableError:
                    yield activity, rule, None
                else:
                    if award is not None:
                        yield activity, rule, award


def awards(host: Host, rules: Iterable[Rule], parameters: Parameters) -> set[Award]:
    """Every award that must be live, and no other."""
    return {a for _, _, a in _outcomes(host, rules, parameters) if a is not None}


def failures(
    host: Host, rules: Iterable[Rule], parameters: Parameters
) -> set[tuple[str, Key, int]]:
    """Source, row and rule of each pair whose points or interval cannot be computed."""
    return {
        (activity.source, activity.source_id, rule.rule_id)
        for activity, rule, award in _outcomes(host, rules, parameters)
        if award is None
    }


# --- Scores -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Totals:
    """Points that count now, since the start of the year, and over the years of the overview."""

    score: Decimal = ZERO
    ytd_score: Decimal = ZERO
    overview_score: Decimal = ZERO

    @property
    def is_zero(self) -> bool:
        return self.score == self.ytd_score == self.overview_score == 0


@dataclass(frozen=True)
class Score:
    """All totals of one customer: own, per category (zero ones left out), and the employees'."""

    own: Totals = Totals()
    employee: Totals = Totals()
    categories: Mapping[str, Totals] = field(default_factory=dict)

    @property
    def score(self) -> Decimal:
        return self.own.score + self.employee.score


def year_to_date_start(as_of: dt.datetime, parameters: Parameters) -> dt.datetime:
    """The latest first day of the month in which the organisation's year begins."""
    today = local_of(as_of, parameters.zone).date()
    year = today.year if today.month >= parameters.ytd_start_month else today.year - 1
    return start_of_day(dt.date(year, parameters.ytd_start_month, 1), parameters.zone)


def overview_start(as_of: dt.datetime, parameters: Parameters) -> dt.datetime:
    """The first of January, so many years before this one."""
    year = local_of(as_of, parameters.zone).year - parameters.overview_years
    return start_of_day(dt.date(year, 1, 1), parameters.zone)


def counts_at(award: Award, instant: dt.datetime) -> bool:
    """Whether an award's points are part of the score at an instant."""
    return award.effective_at <= instant and (
        award.expires_at is None or instant < award.expires_at
    )


def totals(of: Iterable[Award], parameters: Parameters, as_of: dt.datetime) -> Totals:
    """The three sums over some awards."""
    listed = list(of)
    ytd_start = year_to_date_start(as_of, parameters)
    since = overview_start(as_of, parameters)
    return Totals(
        score=_sum(a.points for a in listed if counts_at(a, as_of)),
        ytd_score=_sum(a.points for a in listed if ytd_start <= a.effective_at <= as_of),
        overview_score=_sum(a.points for a in listed if since <= a.effective_at <= as_of),
    )


def _sum(points: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for value in points:
        total = EXACT.add(total, value)
    return total


def own_awards(customer_id: Key, live: Iterable[Award]) -> list[Award]:
    """What a customer earned."""
    return [a for a in live if a.customer_id == customer_id]


def employee_awards(customer_id: Key, live: Iterable[Award]) -> list[Award]:
    """What others earned while they worked for a customer."""
    return [a for a in live if a.employer_id == customer_id != a.customer_id]


def score_of(
    customer_id: Key,
    live: Iterable[Award],
    rules: Iterable[Rule],
    parameters: Parameters,
    as_of: dt.datetime,
) -> Score:
    """All totals of one customer at an instant, from the live awards."""
    listed = list(live)
    category_of = {r.rule_id: r.category_code for r in rules}
    own = own_awards(customer_id, listed)
    by_category = {
        code: totals((a for a in own if category_of[a.rule_id] == code), parameters, as_of)
        for code in set(category_of.values())
    }
    return Score(
        own=totals(own, parameters, as_of),
        employee=totals(employee_awards(customer_id, listed), parameters, as_of),
        categories={code: sums for code, sums in by_category.items() if not sums.is_zero},
    )


def scores(
    host: Host, rules: Iterable[Rule], parameters: Parameters, as_of: dt.datetime
) -> dict[Key, Score]:
    """The score of every customer of the host at an instant."""
    versions = list(rules)
    live = awards(host, versions, parameters)
    return {
        c["customer_id"]: score_of(c["customer_id"], live, versions, parameters, as_of)
        for c in host.customer
    }


# --- When time alone changes a score ------------------------------------------------------------


def boundaries(
    of: Iterable[Award], parameters: Parameters, as_of: dt.datetime
) -> list[dt.datetime]:
    """The instants after as_of at which a sum over some awards can change, in order.

    An award begins or ends to count, a year begins, or an award's year leaves the overview.
    """
    found = set()
    last_year = local_of(as_of, parameters.zone).year + 1
    for award in of:
        found.add(award.effective_at)
        if award.expires_at is not None:
            found.add(award.expires_at)
        effective_year = local_of(award.effective_at, parameters.zone).year
        last_year = max(last_year, effective_year + parameters.overview_years + 2)
    first_year = local_of(as_of, parameters.zone).year
    for year in range(first_year, last_year + 1):
        for month in {1, parameters.ytd_start_month}:
            found.add(start_of_day(dt.date(year, month, 1), parameters.zone))
    return sorted(instant for instant in found if instant > as_of)


def next_boundary(
    customer_id: Key, live: Iterable[Award], parameters: Parameters, as_of: dt.datetime
) -> dt.datetime:
    """The earliest instant at which it could be worth while to look at a customer again."""
    listed = list(live)
    related = own_awards(customer_id, listed) + employee_awards(customer_id, listed)
    return boundaries(related, parameters, as_of)[0]


def next_change(
    customer_id: Key,
    live: Iterable[Award],
    rules: Iterable[Rule],
    parameters: Parameters,
    as_of: dt.datetime,
) -> dt.datetime | None:
    """The next instant at which any of a customer's totals differs from those at as_of."""
    listed = list(live)
    versions = list(rules)
    related = own_awards(customer_id, listed) + employee_awards(customer_id, listed)
    now = score_of(customer_id, related, versions, parameters, as_of)
    for instant in boundaries(related, parameters, as_of):
        if score_of(customer_id, related, versions, parameters, instant) != now:
            return instant
    return None
