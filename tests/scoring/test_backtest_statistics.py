"""The statistics of a backtest equal those of the textbook, and say neither more nor less."""

from __future__ import annotations

import random
from typing import Any

import pytest
from scipy.stats import binomtest, mannwhitneyu
from sklearn.metrics import roc_auc_score

from scoring.host import Host
from scoring.outcomes import Z, area, difference_error, wilson

#: An outcome: its measure, two scores of it, and whether it happened.
Row = tuple[int, float, float, bool]


def areas(host: Host, rows: list[Row], routine: str = "areas") -> dict[int, Any]:
    """What the package says of these outcomes, by measure."""
    columns = list(map(list, zip(*rows, strict=True)))
    found = host.named(
        f"select a.* from engagement.{routine}(array(select row(u.measure, u.score, u.other,"
        " u.happened::integer, (not u.happened)::integer)::engagement.score_pair"
        " from unnest(%s::integer[], %s::numeric[], %s::numeric[], %s::boolean[])"
        " u (measure, score, other, happened))) a",
        columns[0],
        *([float(score) for score in column] for column in columns[1:3]),
        columns[3],
    )
    return {row.measure: row for row in found}


def chance_rows(seed: int, count: int = 60, effect: float = 0.0) -> list[Row]:
    """Outcomes whose scores are often equal, and what happened by *effect* and by chance."""
    chance = random.Random(seed)
    rows = []
    for _ in range(count):
        score = chance.choice([0, 0, 0, 1, 2, 2, 5, 7.5, 10])
        other = score if chance.random() < 0.5 else chance.choice([0, 1, 3, 10, -4])
        rows.append((seed, score, other, chance.random() < 0.5 + effect * (score - 5)))
    return rows


def test_areas_equal_the_count_of_all_pairs(host: Host) -> None:
    samples = [chance_rows(seed, effect=seed / 200) for seed in range(10)]
    found = areas(host, [row for rows in samples for row in rows])
    assert len(found) == len(samples)
    for rows in samples:
        _, scores, others, happened = zip(*rows, strict=True)
        one, other = area(scores, happened), area(others, happened)
        row = found[rows[0][0]]
        assert (row.happened_count, row.missed_count) == (sum(happened), 60 - sum(happened))
        assert [row.auc, row.auc_error, row.other_auc, row.other_auc_error] == pytest.approx(
            [one.auc, one.error, other.auc, other.error], abs=1e-12
        )
        assert row.difference_error == pytest.approx(difference_error(one, other), abs=1e-12)


def test_areas_equal_those_of_scikit_learn_and_scipy(host: Host) -> None:
    samples = [chance_rows(seed, count=400, effect=seed / 300) for seed in range(10)]
    found = areas(host, [row for rows in samples for row in rows])
    for rows in samples:
        _, scores, others, happened = zip(*rows, strict=True)
        row = found[rows[0][0]]
        assert row.auc == pytest.approx(roc_auc_score(happened, scores), abs=1e-12)
        assert row.other_auc == pytest.approx(roc_auc_score(happened, others), abs=1e-12)
        above = [score for score, is_true in zip(scores, happened, strict=True) if is_true]
        below = [score for score, is_true in zip(scores, happened, strict=True) if not is_true]
        wins = mannwhitneyu(above, below).statistic
        assert row.auc == pytest.approx(wins / len(above) / len(below), abs=1e-12)


def test_areas_of_equal_rows_counted_together_are_the_same(host: Host) -> None:
    rows = chance_rows(3)
    (single,) = areas(host, rows).values()
    counted: dict[Any, list[int]] = {}
    for _, score, other, happened in rows:
        counted.setdefault((score, other), [0, 0])[not happened] += 1
    (together,) = host.named(
        "select a.* from engagement.areas(array(select row(3, u.score, u.other, u.happened,"
        " u.missed)::engagement.score_pair from unnest(%s::numeric[], %s::numeric[],"
        " %s::integer[], %s::integer[]) u (score, other, happened, missed))) a",
        [float(score) for score, _ in counted],
        [float(other) for _, other in counted],
        [count for count, _ in counted.values()],
        [count for _, count in counted.values()],
    )
    assert len(counted) < len(rows)
    assert list(together) == pytest.approx(list(single), abs=1e-12)


def test_areas_where_all_or_one_happened_have_no_area_or_no_error(host: Host) -> None:
    found = areas(host, [(1, 1, 1, True), (1, 2, 2, True), (2, 1, 2, True), (2, 0, 3, False)])
    assert (found[1].auc, found[1].auc_error) == (None, None)
    assert (found[2].auc, found[2].other_auc, found[2].auc_error) == (1, 0, None)
    assert areas(host, [(1, 1, 1, False)])[1].auc is None


def test_areas_of_scores_that_tell_nothing_hold_a_half_in_95_of_100_samples(host: Host) -> None:
    rows = [row for seed in range(100) for row in chance_rows(seed, count=200)]
    found = areas(host, rows, "told_areas")
    held = [seed for seed, row in found.items() if row.auc_low <= 0.5 <= row.auc_high]
    # By chance 88 or fewer, or all 100, come in one of a hundred such tests; the seeds are fixed.
    assert 89 <= len(held) <= 99
    differences = [
        seed for seed, row in found.items() if row.difference_low <= 0 <= row.difference_high
    ]
    assert 89 <= len(differences) <= 99


def test_areas_of_an_effect_are_found_with_its_size(host: Host) -> None:
    # The chance that it happens is 0.5 + 0.04 (score - 5) for nine equally likely scores.
    scores = [0, 0, 0, 1, 2, 2, 5, 7.5, 10]
    chances = [0.5 + 0.04 * (score - 5) for score in scores]
    wins = [
        p * (1 - q) * (1.0 if one > other else 0.5 if one == other else 0.0)
        for one, p in zip(scores, chances, strict=True)
        for other, q in zip(scores, chances, strict=True)
    ]
    true_area = sum(wins) / (sum(chances) * (9 - sum(chances)))
    assert true_area > 0.6
    rows = [row for seed in range(40) for row in chance_rows(seed, count=300, effect=0.04)]
    found = areas(host, rows, "told_areas")
    assert all(row.auc_low > 0.5 for row in found.values())
    assert sum(row.auc_low <= true_area <= row.auc_high for row in found.values()) >= 36


def test_told_areas_end_at_nothing_and_everything(host: Host) -> None:
    rows: list[Row] = [(1, score, -score, score > 1) for score in range(5)]
    row = areas(host, rows, "told_areas")[1]
    assert [row.auc, row.auc_low, row.auc_high] == [1, 1, 1]
    assert [row.other_auc, row.difference, row.difference_high] == [0, 1, 1]
    rows = [*rows, (1, 1.5, 0, False), (1, 2.5, 2, False)]
    row, plain = areas(host, rows, "told_areas")[1], areas(host, rows)[1]
    assert plain.auc + Z * plain.auc_error > 1
    assert row.auc_high == 1
    assert float(row.auc_low) == pytest.approx(plain.auc - Z * plain.auc_error, abs=1e-6)


@pytest.mark.parametrize(
    ("happened", "count"), [(0, 1), (1, 1), (0, 30), (30, 30), (1, 30), (17, 30), (9_999, 10_000)]
)
def test_rate_interval_is_wilsons(host: Host, happened: int, count: int) -> None:
    (row,) = host.rows("select * from engagement.rate_interval(%s, %s)", happened, count)
    assert row == pytest.approx((happened / count, *wilson(happened, count)), abs=1e-12)
    limits = binomtest(happened, count).proportion_ci(0.95, method="wilson")
    assert row[1:] == pytest.approx((limits.low, limits.high), abs=1e-12)
    assert 0 <= row[1] <= row[0] <= row[2] <= 1
