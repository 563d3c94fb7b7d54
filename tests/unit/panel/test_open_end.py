"""Empty cells of a target behind its last value: not known yet, where its forecast starts."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.errors import DataError
from lstm_forecast.panel.covariates import Known
from lstm_forecast.panel.ended import without_ended
from lstm_forecast.panel.future import Given, future_stamps, look_ahead
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.rows import Rows
from lstm_forecast.panel.scale import Scaler, fit_scaler
from lstm_forecast.panel.split import split_rows
from tests.unit.conftest import build_panel, inspected, table_of

NAN, INF = float("nan"), float("inf")
BLANKS = {"empty": NAN, "sentinel": -99.0, "infinite": INF}  # what stands for no value
FILLS = ("ffill", "seasonal", "interpolate", "mask")
POLICIES = {"sentinels": (-99.0,), "infinite": "missing"}


def frame(lengths: list[int], *, holes: float, seed: int) -> pd.DataFrame:
    """Series a, b ... with two targets and a covariate; values are missing between others alone."""
    rng, parts = np.random.default_rng(seed), []
    for k, length in enumerate(lengths):
        values = rng.normal(size=(length, 3)).round(3)
        values[:, :2][rng.random((length, 2)) < holes] = NAN
        values[[0, -1]] = rng.normal(size=(2, 3))
        parts.append(pd.DataFrame(values, columns=["y", "z", "x"]))
        parts[-1].insert(0, "ds", np.arange(length))
        parts[-1].insert(0, "id", chr(97 + k))
    return pd.concat(parts, ignore_index=True)


def panel_of(frame: pd.DataFrame, *, targets: tuple[str, ...], **policies: Any) -> Panel:
    return build_panel(
        table_of(**frame.to_dict("list")),
        timestamp="ds",
        targets=targets,
        series_id="id",
        freq="1",
        past=("x",),
        policies=POLICIES | policies,
    )


def names(panel: Panel, n_targets: int) -> np.ndarray:
    return np.array(
        [[f"{each}/{k}" for k in range(n_targets)] for each in panel.layout.ids], object
    )


def require_same(found: Panel, expected: Panel) -> None:
    """Everything that a training takes from a panel, and where its forecasts start."""
    assert found.layout.ids == expected.layout.ids
    for name in ("offsets", "spans", "first"):
        assert getattr(found.layout, name).tolist() == getattr(expected.layout, name).tolist()
    assert found.values.tobytes() == expected.values.tobytes()
    assert future_stamps(found.layout, 4).tolist() == future_stamps(expected.layout, 4).tolist()
    first, second = map(scaler_of, (found, expected))
    # sums over an array in another order in memory differ in their last bit
    np.testing.assert_allclose(first.center, second.center, rtol=0, atol=1e-12)
    np.testing.assert_allclose(first.scale, second.scale, rtol=1e-12)


def scaler_of(panel: Panel) -> Scaler:
    ends = split_rows(panel.layout, validation=3, test=3, horizon=2).validation_start
    return fit_scaler(panel, kind="standard", log=False, train_ends=ends)


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(12, 25), min_size=1, max_size=3),
    holes=st.sampled_from([0.0, 0.3]),
    policies=st.sampled_from(
        [
            *({"missing": each} for each in FILLS),
            *({"missing": each, "gaps": "fill"} for each in FILLS),
            *({"missing": "mask", "gaps": each} for each in ("split", "mask")),
        ]
    ),
    ends=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=3),
    blank=st.sampled_from(sorted(BLANKS)),
    seed=st.integers(0, 99),
)
def test_empty_cells_at_the_end_change_nothing_that_is_learned_or_forecast(
    lengths: list[int], holes: float, policies: dict[str, str],
    ends: list[tuple[int, int]], blank: str, seed: int,
) -> None:  # fmt: skip
    """Each target by itself is what it is in a table that holds no row behind its last value."""
    whole = frame(lengths, holes=holes, seed=seed)
    if "gaps" in policies:
        whole = whole[whole["ds"] != 4].reset_index(drop=True)
    left = whole.groupby("id").cumcount(ascending=False)
    cut = {
        target: left < whole["id"].map({chr(97 + k): end[column] for k, end in enumerate(ends)})
        for column, target in enumerate("yz")
    }
    for target in "yz":  # each ends with a value
        newest = whole[~cut[target]].groupby("id").tail(1).index
        whole.loc[newest, target] = 1.5
    ragged = whole.copy()
    for target in "yz":
        ragged.loc[cut[target], target] = BLANKS[blank]
    found = panel_of(ragged, targets=("y", "z"), **policies)
    melted = found.melted(names(found, 2))
    for column, target in enumerate("yz"):
        alone = panel_of(whole[~cut[target]].copy(), targets=(target,), **policies)
        own = np.arange(len(melted.layout.ids)) // len(lengths) == column
        expected = alone.melted(
            np.array([[f"{each}/{column}"] for each in alone.layout.ids], object)
        )
        require_same(melted.only(own), expected)
        # one target: rows behind its last value leave the history
        require_same(panel_of(ragged, targets=(target,), **policies), alone)


def two(y: list[float], z: list[float], known: Known | None = None, **columns: Any) -> Any:
    """The panel of one series with two targets, and what was found."""
    table = table_of(ds=list(range(len(y))), y=y, z=z, **columns)
    return inspected(table, timestamp="ds", targets=("y", "z"), freq="1", known=known)


def test_the_open_end_is_told_with_its_cells_and_its_first_stamp_and_refused_by_no_policy() -> None:
    table = table_of(
        id=["a"] * 5 + ["b"] * 3,
        ds=[0, 1, 2, 3, 4, 0, 1, 2],
        y=[1, 2, NAN, 4, 5, 1, NAN, NAN],
        z=[1, 2, 3, NAN, NAN, 1, 2, NAN],
    )
    _, findings = inspected(table, timestamp="ds", targets=("y", "z"), series_id="id", freq="1")
    missing, end = findings
    assert (missing.kind, missing.level, missing.count) == ("missing", "refused", 1)
    assert (end.kind, end.level, end.count) == ("open_end", "note", 5)
    assert end.text == (
        "2 cells are empty at the end of series a, column z, from 3 on: not known yet, its forecast"
        " starts there; 3 such ends in all"
    )
    assert end.places == (
        "data, row 4: series a, 3: column z",
        "data, row 7: series b, 1: column y",
        "data, row 8: series b, 2: column z",
    )
    assert end.columns == {"y": 2, "z": 3}


def test_rows_without_any_target_behind_the_end_are_no_gap_and_no_rows() -> None:
    table = table_of(ds=[0, 1, 2, 9], y=[1, 2, 3, NAN], x=[1, 2, 3, 4])
    panel, (end,) = inspected(table, timestamp="ds", targets=["y"], past=["x"], freq="1")
    assert panel.layout.lengths.tolist() == [3]
    assert (end.kind, end.count) == ("open_end", 1)
    assert end.text.startswith("1 cell is empty at the end of series y, column y, from 9 on")


def test_what_is_dropped_as_it_is_later_than_now_leaves_an_open_end_behind() -> None:
    days = [*pd.date_range("2024-01-01", periods=5).astype("str"), "2099-01-01"]
    table = table_of(ds=days, y=[1, 2, 3, NAN, NAN, 6])
    now = pd.Timestamp("2024-01-10", tz="UTC")
    panel, findings = inspected(
        table, timestamp="ds", targets=["y"], freq="D", now=now, policies={"future_rows": "drop"}
    )
    assert panel.values[:, 0].tolist() == [1, 2, 3]
    assert {each.kind: each.count for each in findings} == {"future_rows": 1, "open_end": 2}


def test_values_behind_a_gap_stay_where_another_target_ended_before_it() -> None:
    table = table_of(ds=[0, 1, 2, 7, 8], y=[1, 2, 3, 8, 9], z=[1, NAN, 3, NAN, NAN])
    panel, _ = inspected(
        table,
        timestamp="ds",
        targets=("y", "z"),
        freq="1",
        policies={"gaps": "split", "missing": "ffill"},
    )
    melted = panel.melted(np.array([["y", "z"]], object))
    assert melted.layout.lengths.tolist() == [5, 3]
    assert melted.values[:, 0].tolist() == [1, 2, 3, 8, 9, 1, 1, 3]
    assert melted.layout.spans.tolist() == [0, 3, 5, 8]


def test_each_target_sees_what_is_known_ahead_of_its_own_steps() -> None:
    known = Known(future=("price",), calendar=(), static=())
    y, z = [1.0, 2, 3, 4, NAN, NAN, NAN], [1.0, 2, NAN, NAN, NAN, NAN, NAN]
    panel, _ = two(y, z, known, price=[10.0 + step for step in range(7)])
    ahead = look_ahead(panel, horizon=3, given=None).melted(np.array([["y", "z"]], object))
    assert ahead.layout.lengths.tolist() == [4, 2]
    assert ahead.ahead is not None
    assert ahead.ahead[..., 1].tolist() == [[14, 15, 16], [12, 13, 14]]
    assert ahead.ahead[..., 0].tolist() == [[4, 4, 4], [2, 2, 2]]  # never read
    assert ahead.extended().values[:, 1].tolist() == [
        10,
        11,
        12,
        13,
        14,
        15,
        16,
        10,
        11,
        12,
        13,
        14,
    ]


def test_a_gap_among_what_is_known_ahead_of_a_target_is_refused_and_filled_by_the_remedy() -> None:
    columns = {"ds": [0, 1, 2, 5, 6], "y": [1, 2, 3, 6, NAN], "z": [1, 2, NAN, NAN, NAN]}
    table = table_of(**columns, price=[10.0, 11, 12, 15, 16])
    panels = {}
    for gaps in ("split", "fill"):
        panels[gaps], _ = inspected(
            table,
            timestamp="ds",
            targets=("y", "z"),
            freq="1",
            known=Known(future=("price",)),
            policies={"gaps": gaps, "missing": "ffill"},
        )
    apart = np.array([["y", "z"]], object)
    with pytest.raises(DataError, match=r"series z: rows are missing behind .* data\.gaps: fill"):
        look_ahead(panels["split"], horizon=1, given=None).melted(apart)
    found = look_ahead(panels["fill"], horizon=1, given=None).melted(apart).ahead
    assert found is not None
    assert found[..., 1].tolist() == [[16], [12]]


def test_targets_that_are_seen_at_once_end_together_and_the_rest_tells_of_the_future() -> None:
    known = Known(future=("price",))
    y, z = [1.0, 2, NAN, 4, NAN, NAN], [1.0, 2, 3, NAN, NAN, NAN]
    table = table_of(ds=list(range(6)), y=y, z=z, price=[10.0 + step for step in range(6)])
    panel, _ = inspected(
        table, timestamp="ds", targets=("y", "z"), freq="1", known=known,
        policies={"missing": "mask"},
    )  # fmt: skip
    joint = panel.ending_together(2)
    assert joint.layout.lengths.tolist() == [3]
    # the hole at its end stays one, however often that is asked for
    assert joint.ending_together(2) is joint
    assert joint.ends(2).tolist() == [[3, 3]]
    assert np.isnan(joint.values[-1, 0])
    assert joint.notes == (
        "1 rows lie behind the end of one of their targets and are not used, as the network sees"
        " all targets at once (model.channels: joint); the first: series y, 3",
    )
    ahead = look_ahead(joint, horizon=3, given=None).ahead
    assert ahead is not None
    assert ahead[..., 2].tolist() == [[13, 14, 15]]


def test_a_target_that_was_never_observed_has_no_end() -> None:
    table = table_of(ds=[0, 1], y=[1, 2], z=[NAN, NAN])
    panel, _ = inspected(
        table, timestamp="ds", targets=("y", "z"), freq="1", policies={"missing": "mask"}
    )
    assert panel.ends(2).tolist() == [[2, 2]]
    with pytest.raises(DataError, match="no row has a value, or one before it, in all of y, z"):
        inspected(
            table, timestamp="ds", targets=("y", "z"), freq="1", policies={"missing": "ffill"}
        )


# Series that ended long before the others


def of_lengths(*lengths: int) -> Panel:
    return panel_of(frame(list(lengths), holes=0, seed=0), targets=("y", "z"))


@pytest.mark.parametrize(
    ("lengths", "steps", "left_out"),
    [
        ((20, 19, 15), 5, ("c",)),  # its newest step to be forecast is the newest row
        ((20, 19, 15), 6, ()),
        ((20, 14, 19), 5, ("b",)),
        ((20, 15), 5, ()),  # only one series would be left
        ((20, 15, 10, 5), 5, ()),
        ((20,), 1, ()),
    ],
)
def test_series_whose_forecast_would_be_past_are_left_out_unless_one_alone_would_stay(
    lengths: tuple[int, ...], steps: int, left_out: tuple[str, ...]
) -> None:
    panel = of_lengths(*lengths)
    found, _ = without_ended(panel, None, policy="skip", steps=steps)
    assert found.ended == left_out
    assert found.layout.ids == tuple(name for name in panel.layout.ids if name not in left_out)
    assert without_ended(panel, None, policy="forecast", steps=steps)[0] is panel


def test_rows_of_the_future_of_a_series_that_is_left_out_are_left_out_too() -> None:
    rows = Rows(np.array([0, 1, -1, 2], np.int32), np.arange(4), np.arange(4.0)[:, None])
    _, given = without_ended(
        of_lengths(20, 10, 20), Given(rows, lambda row: f"row {row}"), policy="skip", steps=5
    )
    assert given is not None
    assert given.rows.codes.tolist() == [0, -1, 1]
    assert [given.where(row) for row in range(3)] == ["row 0", "row 2", "row 3"]
