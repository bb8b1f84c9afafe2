"""How pages write numbers, dates and shares: in the organisation's locale, by Babel.

Every digit is as SQL sent it; nothing is rounded. Instants come from SQL in the organisation's time
zone and keep it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal, localcontext

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_decimal, format_percent

from engagement_runner import show
from engagement_runner.errors import EngagementError

MAX_DIGITS = 2000
"""More than any points have, before and after the point."""


class Formats:
    """Writes values in a locale, such as ``en`` or ``de_CH``.

    Raises EngagementError for a locale that Babel does not know.
    """

    def __init__(self, locale: str) -> None:
        try:
            self.locale = Locale.parse(locale)
        except (UnknownLocaleError, ValueError):
            raise EngagementError(
                f"the locale {locale} is not known",
                hint="engagement params set LOCALE, such as en_GB or de_CH",
            ) from None

    def number(self, value: object) -> str:
        """Return a number with all its digits; None is nothing."""
        return "" if value is None else self._padded(value, show.decimal_places(value))

    def numbers(self, values: Iterable[object]) -> Callable[[object], str]:
        """Return a formatter that gives all of *values* the same number of decimals."""
        places = max(map(show.decimal_places, values), default=0)
        return lambda value: "" if value is None else self._padded(value, places)

    def _padded(self, value: object, places: int) -> str:
        form = "#,##0" + ("." + "0" * places if places else "")
        number = Decimal(str(value))
        with localcontext(prec=MAX_DIGITS):
            return format_decimal(number, form, self.locale, decimal_quantization=False)

    def axis(self, value: object) -> str:
        """Return what an axis says: a number that was chosen to be round."""
        with localcontext(prec=MAX_DIGITS):
            return format_decimal(round(Decimal(str(value)), 6).normalize(), locale=self.locale)

    def percent(self, value: object) -> str:
        """Return a share between 0 and 1 as percent, with all its digits; None is nothing."""
        return self.percents([value])(value)

    def percents(self, values: Iterable[object]) -> Callable[[object], str]:
        """Return a formatter that writes shares as percent, all with as many decimals."""
        shares = [Decimal(str(value)).normalize() for value in values if value is not None]
        places = max((show.decimal_places(share) for share in shares), default=0) - 2
        pattern = self.locale.percent_formats[None].pattern
        if places > 0:
            pattern = pattern.replace("#,##0", "#,##0." + "0" * places)
        return lambda value: (
            "" if value is None else format_percent(Decimal(str(value)), pattern, self.locale)
        )

    def instant(self, value: object) -> str:
        """Return an ISO instant as date and time; ``infinity`` as it is, None as nothing."""
        return self._dated(value, lambda at: format_datetime(
            at, "medium", tzinfo=at.tzinfo, locale=self.locale))  # fmt: skip

    def day(self, value: object) -> str:
        """Return the date of an ISO instant."""
        return self._dated(value, lambda at: format_date(at, "medium", locale=self.locale))

    def month(self, value: object) -> str:
        """Return the month and year of an ISO instant."""
        return self._dated(value, lambda at: format_skeleton(
            "yMMM", at, tzinfo=at.tzinfo, locale=self.locale))  # fmt: skip

    def short_month(self, value: object) -> str:
        """Return the month of an ISO instant."""
        return self._dated(value, lambda at: format_date(at, "LLL", locale=self.locale))

    @staticmethod
    def _dated(value: object, write: Callable[[datetime], str]) -> str:
        if value is None:
            return ""
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:  # infinity, or a year that Python does not have
            return show.literal(value)
        return write(at)
