"""What every customer's points must be, computed from the host's rows in plain Python.

The oracle is the second opinion on the scoring engine. It reads the contract, not the engine: it
holds no SQL and shares no code with the database, and it is as simple as it can be made, because
it needs to be right rather than fast. Given the rows of the reference host and of the package's
own inputs, the rules, the parameters and an instant it answers

* which awards are live (`awards`), and which activities cannot be scored at all (`failures`);
* what each customer's totals are at an instant (`scores`), and whether they have risen lately
  (`recent_raise`);
* when time alone will change them next (`next_change`, `next_boundary`);
* how a customer stands among the others (`percentile`, `band_of`).

Points are `decimal.Decimal`, rounded once, half to even. Instants are aware `datetime`s in UTC.
Local times become instants as PostgreSQL's AT TIME ZONE makes them, see `instant_of`.
"""

from __future__ import annotations

import calendar
import datetime as dt
import decimal
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar
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
    """The first instant at which clocks show a date: where midnight exists twice, the first one."""
    return dt.datetime.combine(day, dt.time(), zone).astimezone(UTC)


def add_days(instant: dt.datetime, days: int, zone: ZoneInfo) -> dt.datetime:
    """The instant so many days later, at the same local time of day."""
    return instant_of(local_of(instant, zone) + dt.timedelta(days=days), zone)


# --- Input --------------------------------------------------------------------------------------


#: Months without activity and the percent of the points that count from then on, in order.
Steps = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Parameters:
    """The application parameters that decide points and totals, with their defaults."""

    score_decimals: int = 2
    time_zone: str = "UTC"
    ytd_start_month: int = 1
    overview_years: int = 3
    raised_recently_days: int = 30
    multiple_concurrent_employers: bool = False
    current_employers: bool = False
    """EMPLOYER_ATTRIBUTION is CURRENT."""
    rolls_up: bool = True
    """CALCULATE_EMPLOYER_ENGAGEMENT_SCORE and ROLLUP_EMPLOYEES_TO_EMPLOYER are both Y."""
    score_floor: Decimal | None = None
    total_cap: Decimal | None = None
    uncounted: frozenset[str] = frozenset()
    """Categories that do not count in the total."""
    category_caps: tuple[tuple[str, Decimal], ...] = ()
    """What of a customer's own points of a category counts at most."""
    category_steps: tuple[tuple[str, Steps], ...] = ()
    """What inactivity leaves of the points of a category, where a rule says nothing else."""
    is_divided: bool = False
    """Somebody has set up a category, so employees' points are kept by category, too."""

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
    cap_points: Decimal | None = None
    cap_period: str | None = None
    half_life_weeks: int | None = None
    inactivity_steps: Steps | None = None


@dataclass(frozen=True)
class Band:
    """A band of scores, from a score or from a percentile; of the total or of a category."""

    band_code: str
    from_score: Decimal | None
    from_percentile: int | None
    category_code: str | None = None


@dataclass
class Host:
    """What points can be earned with: a list of rows per table.

    The tables of the reference host, schema crm, and the last two, which are the package's own.
    """

    customer: Sequence[Row] = ()
    product: Sequence[Row] = ()
    sales_order: Sequence[Row] = ()
    order_line: Sequence[Row] = ()
    invoice: Sequence[Row] = ()
    invoice_line: Sequence[Row] = ()
    committee: Sequence[Row] = ()
    committee_member: Sequence[Row] = ()
    employment: Sequence[Row] = ()
    social_score: Sequence[Row] = ()
    score_adjustment: Sequence[Row] = ()


# --- Activities ---------------------------------------------------------------------------------


#: What was taken back from an activity: key and document of what took it, quantity, amount.
Reversals = frozenset[tuple[Key, Key | None, Decimal, Decimal]]


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
    reverses_id: Key | None = None
    """The activity of the same source that this one takes back."""
    reversals: Reversals = frozenset()


def activities(host: Host, parameters: Parameters) -> Iterator[Activity]:
    """Everything that counts, before any rule is looked at."""
    yield from _order_lines(host)
    yield from net_of(list(invoice_lines(host)))
    yield from _committee_seats(host, parameters)
    yield from _social_scores(host)
    yield from _adjustments(host)


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


def invoice_lines(host: Host) -> Iterator[Activity]:
    invoices = {i["invoice_id"]: i for i in host.invoice}
    products = {p["product_id"]: p for p in host.product}
    for line in host.invoice_line:
        invoice = invoices[line["invoice_id"]]
        if invoice["invoice_status"] not in ("POSTED", "PAID"):
            continue
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
            occurred_at=invoice["invoiced_at"],
            ended_at=None,
            reverses_id=line["reverses_line_id"],
        )


def net_of(found: Sequence[Activity]) -> Iterator[Activity]:
    """The activities of a source that take back nothing, less what others take from them."""
    takers = takers_of(found)
    for activity in found:
        if activity.reverses_id is None:
            left = _left_of(activity, takers)
            if left is not None:
                reversals = reversals_of(activity.source_id, takers)
                yield replace(activity, quantity=left[0], amount=left[1], reversals=reversals)


def takers_of(found: Iterable[Activity]) -> dict[Key, list[Activity]]:
    """The activities that take back each activity; nothing takes back itself."""
    takers: dict[Key, list[Activity]] = {}
    for activity in found:
        if activity.reverses_id is not None and activity.reverses_id != activity.source_id:
            takers.setdefault(activity.reverses_id, []).append(activity)
    return takers


def reversals_of(source_id: Key, takers: Mapping[Key, Sequence[Activity]]) -> Reversals:
    """What is taken back from an activity: whatever its sign, what is left of each taker."""
    found = []
    for taker in takers.get(source_id, ()):
        left = _left_of(taker, takers)
        if left is not None:
            found.append((taker.source_id, taker.document_id, abs(left[0]), abs(left[1])))
    return frozenset(found)


def _left_of(
    activity: Activity, takers: Mapping[Key, Sequence[Activity]]
) -> tuple[Decimal, Decimal] | None:
    """Quantity and amount that are left of an activity; None: nothing is.

    The money decides whether anything is; without money the pieces do, without both any reversal.
    """
    taken = reversals_of(activity.source_id, takers)
    if not taken:
        return activity.quantity, activity.amount
    quantity, amount = (sum((part[n] for part in taken), ZERO) for n in (2, 3))
    if not (quantity.is_finite() and amount.is_finite()):
        nan = Decimal("NaN")
        return nan, nan
    left = (_less(activity.quantity, quantity), _less(activity.amount, amount))
    decides = 1 if activity.amount != 0 else 0
    return None if left[decides] == 0 else left


def _less(own: Decimal, taken: Decimal) -> Decimal:
    """What is left of a number when so much is taken from it: never past zero."""
    if not own.is_finite():
        return own
    return max(own - taken, ZERO) if own > 0 else min(own + taken, ZERO)


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


def _social_scores(host: Host) -> Iterator[Activity]:
    for row in host.social_score:
        yield Activity(
            source="social_score",
            source_id=row["source_id"],
            engagement_type="SOCIAL_COMMUNITY",
            effective_when=None,
            document_id=None,
            customer_id=row["customer_id"],
            employer_id=None,
            subject_id=row["social_type"],
            subject_class=row["social_subtype"] or None,
            quantity=Decimal(1),
            amount=row["score"],
            occurred_at=row["scored_at"],
            ended_at=row["ends_at"],
        )


def _adjustments(host: Host) -> Iterator[Activity]:
    for row in host.score_adjustment:
        yield Activity(
            source="adjustment" if row["category_code"] is None else "category_adjustment",
            source_id=row["source_id"],
            engagement_type="ADJUSTMENT" if row["category_code"] is None else "CATEGORY_ADJUSTMENT",
            effective_when=None,
            document_id=None,
            customer_id=row["customer_id"],
            employer_id=None,
            subject_id=None,
            subject_class=row["category_code"],
            quantity=ZERO,
            amount=row["points"],
            occurred_at=row["adjusted_at"],
            ended_at=row["expires_at"],
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
    reversals: Reversals = frozenset()


class NotScorableError(Exception):
    """The activity makes no award because a number is not finite, or leaves the range."""


def rule_matches(rule: Rule, activity: Activity) -> bool:
    """Whether a rule version has anything to say about an activity.

    SOCIAL_SCORE has nothing to say where its multiplier is 0 or less, whatever else it gives.
    """
    return (
        rule.is_active
        and (rule.rule_code != "SOCIAL_SCORE" or _or_zero(rule.amount_score) > 0)
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
        if job["employee_id"] == employee_id and job["is_primary"] and _lasts_on(job, day)
    ]
    return min(candidates)[1] if candidates else None


def _lasts_on(job: Row, day: dt.date) -> bool:
    """Whether a job has begun by a date and not ended before it."""
    return (job["begin_on"] is None or job["begin_on"] <= day) and (
        job["end_on"] is None or day <= job["end_on"]
    )


def award_of(rule: Rule, activity: Activity, host: Host, parameters: Parameters) -> Award | None:
    """The award of one matching pair, or None where it earns nothing."""
    points = points_of(rule, activity.quantity, activity.amount, parameters.score_decimals)
    ends = []
    if activity.ended_at is not None:
        ends.append(activity.ended_at)
    if rule.valid_for_weeks is not None:
        try:
            days = 7 * rule.valid_for_weeks
            ends.append(add_days(activity.occurred_at, days, parameters.zone))
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
        reversals=activity.reversals,
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


# --- What an award counts -----------------------------------------------------------------------


@dataclass(frozen=True)
class Counted(Award):
    """An award whose points are what the cap of its rule leaves, and how they fade.

    active_at: when its customer was active in its category, in order.
    """

    half_life_weeks: int | None = None
    steps: Steps = ()
    active_at: tuple[dt.datetime, ...] = ()


def counted(live: Iterable[Award], rules: Iterable[Rule], parameters: Parameters) -> list[Counted]:
    """Live awards as they count: of all customers concerned, with all their awards.

    Those of a customer, rule and period of the cap take the room that is left, in the order
    (effective_at, source, source_id); negative ones give it back, expired ones do not. Awards that
    are counted already stay as they are.
    """
    rule_of = {rule.rule_id: rule for rule in rules}
    found = []
    sums: dict[tuple[Any, ...], Decimal] = {}
    ordered = sorted(live, key=lambda a: (a.effective_at, a.source, a.source_id))
    active: dict[tuple[Key, str], list[dt.datetime]] = {}
    for award in ordered:
        if not isinstance(award, Counted) and award.points > 0 and not is_by_hand(award):
            place = award.customer_id, rule_of[award.rule_id].category_code
            active.setdefault(place, []).append(award.effective_at)
    for award in ordered:
        if isinstance(award, Counted):
            found.append(award)
            continue
        rule = rule_of[award.rule_id]
        points = award.points
        if rule.cap_points is not None:
            period = cap_begins(award.effective_at, rule.cap_period, parameters.zone)
            room = award.customer_id, award.rule_id, period
            before = sums.get(room, ZERO)
            sums[room] = min(rule.cap_points, EXACT.add(before, points))
            points = EXACT.subtract(sums[room], before)
        values = {name: getattr(award, name) for name in Award.__dataclass_fields__}
        steps = rule.inactivity_steps
        if steps is None:
            steps = dict(parameters.category_steps).get(rule.category_code, ())
        found.append(
            Counted(
                **{**values, "points": points},
                half_life_weeks=rule.half_life_weeks,
                steps=steps,
                active_at=tuple(active.get((award.customer_id, rule.category_code), ())),
            )
        )
    return found


def is_by_hand(award: Award) -> bool:
    """Whether staff gave or took the points; that is no activity of the customer."""
    return award.source in ("adjustment", "category_adjustment")


def add_months(instant: dt.datetime, months: int, zone: ZoneInfo) -> dt.datetime:
    """The same local day and time so many months later, or the month's last day."""
    local = local_of(instant, zone)
    years, month = divmod(local.month - 1 + months, 12)
    first = local.replace(year=local.year + years, month=month + 1, day=1)
    last = calendar.monthrange(first.year, first.month)[1]
    return instant_of(first.replace(day=min(local.day, last)), zone)


def kept_percent(award: Counted, instant: dt.datetime, zone: ZoneInfo) -> int:
    """How much inactivity leaves. Who has never been active loses nothing."""
    past = [at for at in award.active_at if at <= instant]
    kept = 100
    for months, percent in award.steps:
        if past and add_months(max(past), months, zone) <= instant:
            kept = percent
    return kept


def cap_begins(instant: dt.datetime, period: str | None, zone: ZoneInfo) -> dt.date | None:
    """The first local date of the period of a cap; None: there is but one period."""
    day = local_of(instant, zone).date()
    return {
        "DAY": day,
        "WEEK": day - dt.timedelta(days=day.weekday()),
        "MONTH": day.replace(day=1),
        "YEAR": day.replace(month=1, day=1),
    }.get(period or "")


def whole_weeks(begin: dt.datetime, end: dt.datetime, zone: ZoneInfo) -> int:
    """How many whole weeks have passed, in local time; none within a repeated hour."""
    weeks = (end - begin).days // 7 + 2
    while weeks > 0 and add_days(begin, 7 * weeks, zone) > end:
        weeks -= 1
    return weeks


def points_at(award: Award, instant: dt.datetime, parameters: Parameters) -> Decimal:
    """What an award that counts at an instant counts then."""
    if not isinstance(award, Counted):
        return award.points
    points = award.points
    with decimal.localcontext(prec=60):
        if award.half_life_weeks is not None:
            weeks = whole_weeks(award.effective_at, instant, parameters.zone)
            faded = points * Decimal("0.5") ** (Decimal(weeks) / award.half_life_weeks)
            points = round_half_even(faded, parameters.score_decimals)
        percent = kept_percent(award, instant, parameters.zone)
        if percent == 100:
            return points
        return round_half_even(points * percent / 100, parameters.score_decimals)


# --- Scores -------------------------------------------------------------------------------------

_Award = TypeVar("_Award", bound=Award)


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
    """All totals of one customer: own, per category (zero ones left out), and the employees'.

    Own and employees' totals are of what counts in the score; a category has all of its points.
    """

    score: Decimal = ZERO
    own: Totals = Totals()
    employee: Totals = Totals()
    categories: Mapping[str, Totals] = field(default_factory=dict)
    employee_categories: Mapping[str, Decimal] = field(default_factory=dict)


@cache
def year_to_date_start(as_of: dt.datetime, parameters: Parameters) -> dt.datetime:
    """The latest first day of the month in which the organisation's year begins."""
    today = local_of(as_of, parameters.zone).date()
    year = today.year if today.month >= parameters.ytd_start_month else today.year - 1
    return start_of_day(dt.date(year, parameters.ytd_start_month, 1), parameters.zone)


@cache
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
        score=_sum(points_at(a, as_of, parameters) for a in listed if counts_at(a, as_of)),
        ytd_score=_sum(a.points for a in listed if ytd_start <= a.effective_at <= as_of),
        overview_score=_sum(a.points for a in listed if since <= a.effective_at <= as_of),
    )


def _sum(points: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for value in points:
        total = EXACT.add(total, value)
    return total


def own_awards(customer_id: Key, live: Iterable[_Award]) -> list[_Award]:
    """What a customer earned."""
    return [a for a in live if a.customer_id == customer_id]


def employee_awards(
    customer_id: Key,
    live: Iterable[_Award],
    host: Host,
    parameters: Parameters,
    as_of: dt.datetime,
) -> list[_Award]:
    """What others earned while they worked for a customer; CURRENT: what its staff ever earned."""
    if not parameters.rolls_up:
        return []
    others = [a for a in live if a.customer_id != customer_id]
    if not parameters.current_employers:
        return [a for a in others if a.employer_id == customer_id]
    today = local_of(as_of, parameters.zone).date()
    staff = {
        job["employee_id"]
        for job in host.employment
        if primary_employer(host, job["employee_id"], today) == customer_id
    }
    return [a for a in others if a.customer_id in staff]


def score_of(
    customer_id: Key,
    live: Iterable[Award],
    host: Host,
    rules: Iterable[Rule],
    parameters: Parameters,
    as_of: dt.datetime,
) -> Score:
    """All totals of one customer at an instant, from the live awards."""
    versions = list(rules)
    listed = counted(live, versions, parameters)
    category_of = {r.rule_id: r.category_code for r in versions}
    own = own_awards(customer_id, listed)
    employees = employee_awards(customer_id, listed, host, parameters, as_of)
    by_category, employees_by_category = (
        {
            code: totals((a for a in of if category_of[a.rule_id] == code), parameters, as_of)
            for code in {category_of[a.rule_id] for a in of}
        }
        for of in (own, employees)
    )
    own_totals = _added(by_category, parameters, dict(parameters.category_caps))
    employee_totals = _added(employees_by_category, parameters, {})
    return Score(
        score=bounded(EXACT.add(own_totals.score, employee_totals.score), parameters),
        own=own_totals,
        employee=employee_totals,
        categories={code: sums for code, sums in by_category.items() if not sums.is_zero},
        employee_categories={
            code: sums.score
            for code, sums in employees_by_category.items()
            if sums.score and parameters.is_divided
        },
    )


def _added(
    by_category: Mapping[str, Totals], parameters: Parameters, caps: Mapping[str, Decimal]
) -> Totals:
    """What the categories count in the total. A cap is of the score at an instant alone."""
    counting = {c: sums for c, sums in by_category.items() if c not in parameters.uncounted}
    return Totals(
        score=_sum(min(sums.score, caps.get(c, sums.score)) for c, sums in counting.items()),
        ytd_score=_sum(sums.ytd_score for sums in counting.values()),
        overview_score=_sum(sums.overview_score for sums in counting.values()),
    )


def bounded(points: Decimal, parameters: Parameters) -> Decimal:
    """A score is not above TOTAL_CAP and not below SCORE_FLOOR."""
    if parameters.total_cap is not None:
        points = min(points, parameters.total_cap)
    return points if parameters.score_floor is None else max(points, parameters.score_floor)


def own_points(
    customer_id: Key,
    live: Iterable[Award],
    rules: Iterable[Rule],
    parameters: Parameters,
    as_of: dt.datetime,
) -> Decimal:
    """What a customer's own points count in the total at an instant."""
    own = own_awards(customer_id, live)
    return score_of(customer_id, own, Host(), rules, parameters, as_of).own.score


def scores(
    host: Host, rules: Iterable[Rule], parameters: Parameters, as_of: dt.datetime
) -> dict[Key, Score]:
    """The score of every customer of the host at an instant."""
    versions = list(rules)
    live = awards(host, versions, parameters)
    return {
        c["customer_id"]: score_of(c["customer_id"], live, host, versions, parameters, as_of)
        for c in host.customer
    }


def recent_raise(
    customer_id: Key,
    live: Iterable[Award],
    parameters: Parameters,
    as_of: dt.datetime,
    rules: Iterable[Rule] = (),
) -> tuple[Decimal, dt.datetime] | None:
    """By how many points a customer has risen lately, and when last; None: has not.

    Higher than RAISED_RECENTLY_DAYS ago, and points were earned since, other than by adjustment.
    """
    earned = own_awards(customer_id, live)
    versions = list(rules)
    before = add_days(as_of, -parameters.raised_recently_days, parameters.zone)
    earned_at = [
        a.effective_at
        for a in earned
        if a.points > 0 and not is_by_hand(a) and before < a.effective_at <= as_of
    ]
    points, points_before = (
        own_points(customer_id, earned, versions, parameters, at)
        if versions
        else totals(earned, parameters, at).score
        for at in (as_of, before)
    )
    if not earned_at or points <= points_before:
        return None
    return EXACT.subtract(points, points_before), max(earned_at)


def staff_on(day: dt.date, company_id: Key, host: Host) -> set[Key]:
    """Who else works for a company on a date, as a main job or not."""
    return {
        job["employee_id"]
        for job in host.employment
        if job["employer_id"] == company_id != job["employee_id"] and _lasts_on(job, day)
    }


# --- Among the others ---------------------------------------------------------------------------


def percentile(score: Decimal, peers: Sequence[Decimal]) -> int:
    """Where a score stands among those that are ranked together, itself included: 0 to 99."""
    below = sum(peer < score for peer in peers)
    equal = sum(peer == score for peer in peers)
    return math.floor(100 * (below + Fraction(equal, 2)) / len(peers))


def percentiles(scores: Mapping[Key, Decimal], host: Host) -> dict[Key, int | None]:
    """Each score's percentile among active customers of the same type; None: no such customer."""
    type_of = {c["customer_id"]: c["customer_type"] for c in host.customer if c["is_active"]}
    ranked = {key: score for key, score in scores.items() if key in type_of}
    found: dict[Key, int | None] = dict.fromkeys(scores)
    for key, score in ranked.items():
        peers = [s for peer, s in ranked.items() if type_of[peer] == type_of[key]]
        found[key] = percentile(score, peers)
    return found


def thresholds(scores: Mapping[Key, Decimal], host: Host) -> dict[str, dict[int, Decimal]]:
    """By customer type: the lowest score that has each percentile."""
    type_of = {c["customer_id"]: c["customer_type"] for c in host.customer}
    found: dict[str, dict[int, Decimal]] = {}
    for key, rank in percentiles(scores, host).items():
        if rank is not None:
            lowest = found.setdefault(type_of[key], {})
            lowest[rank] = min(lowest.get(rank, scores[key]), scores[key])
    return found


def percentile_by(score: Decimal, lowest: Mapping[int, Decimal]) -> int | None:
    """The highest percentile that a score reaches, 0 below all; None: there are none."""
    return max([0, *(rank for rank, least in lowest.items() if least <= score)]) if lowest else None


def band_of(score: Decimal, rank: int | None, bands: Iterable[Band]) -> str | None:
    """The highest percentile band that a rank reaches, else the highest score band, else none."""
    by_percentile, by_score = [], []
    for band in bands:
        if band.from_percentile is not None:
            if rank is not None and band.from_percentile <= rank:
                by_percentile.append((band.from_percentile, band.band_code))
        elif band.from_score is not None and band.from_score <= score:
            by_score.append((band.from_score, band.band_code))
    if by_percentile:
        return max(by_percentile)[1]
    return max(by_score)[1] if by_score else None


# --- When time alone changes a score ------------------------------------------------------------


def boundaries(
    of: Iterable[Award], parameters: Parameters, as_of: dt.datetime
) -> list[dt.datetime]:
    """The instants after as_of at which a sum over some awards can change, in order.

    An award begins or ends to count, a year begins, an award's year leaves the overview, or
    inactivity takes a step; of the weeks in which an award fades only the next two.
    """
    found = set()
    last_year = local_of(as_of, parameters.zone).year + 1
    for award in of:
        found.add(award.effective_at)
        if award.expires_at is not None:
            found.add(award.expires_at)
        if getattr(award, "half_life_weeks", None) is not None:
            weeks = whole_weeks(award.effective_at, as_of, parameters.zone)
            for later in (1, 2):
                found.add(add_days(award.effective_at, 7 * (weeks + later), parameters.zone))
        if isinstance(award, Counted) and award.steps:
            found.update(award.active_at)
            for at in award.active_at:
                for months, _ in award.steps:
                    found.add(add_months(at, months, parameters.zone))
        effective_year = local_of(award.effective_at, parameters.zone).year
        last_year = max(last_year, effective_year + parameters.overview_years + 2)
    first_year = local_of(as_of, parameters.zone).year
    for year in range(first_year, last_year + 1):
        for month in {1, parameters.ytd_start_month}:
            found.add(start_of_day(dt.date(year, month, 1), parameters.zone))
    return sorted(instant for instant in found if instant > as_of)


def related_awards(
    customer_id: Key, live: Iterable[_Award], host: Host, parameters: Parameters
) -> list[_Award]:
    """The awards that can ever be part of a customer's totals, as things stand."""
    if not parameters.rolls_up:
        return own_awards(customer_id, live)
    if not parameters.current_employers:
        return [a for a in live if customer_id in (a.customer_id, a.employer_id)]
    staff = _staff_ever(customer_id, host)
    return [a for a in live if a.customer_id == customer_id or a.customer_id in staff]


def moves(
    customer_id: Key, host: Host, parameters: Parameters, as_of: dt.datetime
) -> list[dt.datetime]:
    """The instants after as_of at which a main job of a customer's staff begins or has ended.

    Only with CURRENT: people take their points along then.
    """
    if not (parameters.rolls_up and parameters.current_employers):
        return []
    staff = _staff_ever(customer_id, host)
    days = set()
    for job in host.employment:
        if job["employee_id"] in staff and job["is_primary"]:
            if job["begin_on"] is not None:
                days.add(job["begin_on"])
            if job["end_on"] is not None:
                days.add(job["end_on"] + dt.timedelta(days=1))
    found = {start_of_day(day, parameters.zone) for day in days}
    return sorted(instant for instant in found if instant > as_of)


def _staff_ever(customer_id: Key, host: Host) -> set[Key]:
    """Whose main job was, is or will be with a customer."""
    return {
        job["employee_id"]
        for job in host.employment
        if job["employer_id"] == customer_id and job["is_primary"]
    }


def next_boundary(
    customer_id: Key,
    live: Iterable[Award],
    host: Host,
    parameters: Parameters,
    as_of: dt.datetime,
    rules: Iterable[Rule] = (),
) -> dt.datetime:
    """The earliest instant at which it could be worth while to look at a customer again."""
    versions = list(rules)
    if versions:
        live = counted(live, versions, parameters)
    related = related_awards(customer_id, live, host, parameters)
    return min(boundaries(related, parameters, as_of) + moves(customer_id, host, parameters, as_of))


def next_change(
    customer_id: Key,
    live: Iterable[Award],
    host: Host,
    rules: Iterable[Rule],
    parameters: Parameters,
    as_of: dt.datetime,
) -> dt.datetime | None:
    """The next instant at which any of a customer's totals differs from those at as_of."""
    versions = list(rules)
    related = related_awards(customer_id, counted(live, versions, parameters), host, parameters)
    now = score_of(customer_id, related, host, versions, parameters, as_of)
    instants = boundaries(related, parameters, as_of) + moves(customer_id, host, parameters, as_of)
    for instant in sorted(instants):
        if score_of(customer_id, related, host, versions, parameters, instant) != now:
            return instant
    return None
