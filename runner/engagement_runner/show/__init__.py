"""How results look: tables and cards for people, JSON and CSV for programs.

Each module draws one kind of result. ``values`` writes one value, ``output`` knows where it goes,
``tables`` and ``bars`` are what the others draw with. Nothing here computes points: bars and trend
lines are drawn to scale from the numbers that SQL returned.
"""

from engagement_runner.show.backtest_tables import backtest
from engagement_runner.show.deployment_state import status
from engagement_runner.show.explanations import awards, causes
from engagement_runner.show.follow_lines import FollowLines
from engagement_runner.show.output import (
    Format,
    console,
    csv_text,
    finding,
    json_text,
    never_fail_to_print,
    notice,
    result,
    say,
    section,
)
from engagement_runner.show.parameter_table import parameters
from engagement_runner.show.points_table import breakdown
from engagement_runner.show.rule_tables import (
    MOVER_COUNT,
    overlap,
    preview,
    rule_changes,
    rules,
)
from engagement_runner.show.run_progress import RunProgress
from engagement_runner.show.score_card import card, card_data, card_layout
from engagement_runner.show.social_scores import social, upload
from engagement_runner.show.tables import Column, for_programs, listing, table
from engagement_runner.show.values import (
    count,
    decimal_places,
    flag,
    instant,
    literal,
    number,
    points,
)

__all__ = [
    "MOVER_COUNT",
    "Column",
    "FollowLines",
    "Format",
    "RunProgress",
    "awards",
    "backtest",
    "breakdown",
    "card",
    "card_data",
    "card_layout",
    "causes",
    "console",
    "count",
    "csv_text",
    "decimal_places",
    "finding",
    "flag",
    "for_programs",
    "instant",
    "json_text",
    "listing",
    "literal",
    "never_fail_to_print",
    "notice",
    "number",
    "overlap",
    "parameters",
    "points",
    "preview",
    "result",
    "rule_changes",
    "rules",
    "say",
    "section",
    "social",
    "status",
    "table",
    "upload",
]
