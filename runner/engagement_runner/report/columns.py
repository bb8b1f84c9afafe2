"""The columns of the pages' tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

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
FIFTHS: Sequence[Column] = (
    ("fifth", "Fifth", "text"),
    ("score_from", "From", "number"),
    ("score_to", "To", "number"),
    ("outcome_count", "Outcomes", "number"),
    ("happened_count", "Happened", "number"),
    ("rate", "Rate", "bare share"),
    ("rate_low", "At least", "bare share"),
    ("rate_high", "At most", "bare share"),
    ("lift", "Lift", "number"),
)
PARTS: Sequence[Column] = (
    ("label", "Points", "text"),
    ("kind", "Of", "text"),
    ("outcome_count", "Outcomes", "number"),
    ("auc", "Alone", "number"),
    ("auc_low", "At least", "number"),
    ("auc_high", "At most", "number"),
    ("adds", "Adds", "number"),
    ("adds_low", "At least", "number"),
    ("adds_high", "At most", "number"),
    ("says", "Verdict", "text"),
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
COMPANY_CATEGORIES: Sequence[Column] = (
    CATEGORIES[0],
    ("employee_score", "Its people's", "number"),
    ("score", "Own", "number"),
    *CATEGORIES[2:],
)
EXPIRIES: Sequence[Column] = (
    ("activity", "Activity", "text"),
    ("rule", "Rule", "text"),
    ("expires_at", "Ends on", "day"),
    ("days_left", "Days left", "number"),
    ("points", "Points", "number"),
)
FORECAST: Sequence[Column] = (
    ("weeks", "In weeks", "number"),
    ("at", "On", "day"),
    ("own_score", "Own points", "number"),
    ("employee_score", "Its people's", "number"),
    ("score", "Score", "number"),
)
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
