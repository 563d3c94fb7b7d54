"""What a comparison is made of: spreads over seeds, its table on terminals of any width, its
picture.
"""

import math
import re
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from lstm_forecast.cli.text import comparison_text
from lstm_forecast.forecasting.timing import Timing, fastest
from lstm_forecast.judging.comparison import Comparison, ErrorSpreads, Row, comparison_table
from lstm_forecast.judging.spread import Spread, spread
from lstm_forecast.model.ensemble import Member, with_context
from lstm_forecast.model.linear.linear import Linear
from lstm_forecast.model.onnx.graph import onnx_graph, weight_shapes
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.pictures.compare import compare_figure
from lstm_forecast.pictures.style import save_figure
from tests.unit.conftest import spec_of


def row(name: str, *values: float, baseline: bool = False) -> Row:
    found = spread(values)
    errors = ErrorSpreads(mae=found, rmse=found, smape=found, mase=found)
    if baseline:
        return Row(name, (), errors, 0)
    timings = {48: Timing(0.5, 1234.5), 96: Timing(1.0, 617.0)}
    figures = {
        "epoch": spread([2, 3]),
        "gap": spread([0.1, None]),
        "seconds": spread([1.0, 2.0]),
        "cpu_seconds": spread([50, 203.4]),
    }
    return Row(name, (f"model.cell={name}",), errors, 12345, timings=timings, **figures)


COMPARISON = Comparison(
    name="a",
    part="test",
    windows=10,
    seeds=(0, 1),
    variations=(row("lstm", 1.0, 2.0), row("gru", 3.0, 3.5)),
    baselines=(row("naive", 4.0, baseline=True),),
)


# Spread


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=9))
def test_a_spread_lies_around_its_median_and_does_not_depend_on_the_order(
    values: list[float],
) -> None:
    found = spread(values)
    assert (found.low, found.high, found.values) == (min(values), max(values), tuple(values))
    assert found.median == np.median(values)
    assert spread(sorted(values)).median == found.median


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_a_missing_value_is_not_hidden_by_the_others(missing: float | None) -> None:
    assert spread([1.0, missing, 2.0]) == Spread(None, None, None, (1.0, None, 2.0))


# Other contexts


@pytest.mark.parametrize("linear", [False, True])
def test_a_member_with_another_context_predicts_from_windows_of_that_length(linear: bool) -> None:
    spec = spec_of(context_length=6, horizon=2, units=(3,), segment_length=2)
    rng = np.random.default_rng(0)
    weights = {
        name: rng.normal(size=shape).astype(np.float32)
        for name, shape in weight_shapes(spec).items()
    }
    part = Linear(
        np.ones((1, 6, 2), np.float32), np.zeros((1, 2), np.float32), ("ridge",), np.zeros(1)
    )
    member = Member(spec, weights, part if linear else None)
    windows = rng.normal(size=(3, 12, 1)).astype(np.float32)
    longer = Session(onnx_graph([with_context(member, 12)]), threads=1).predict(windows)
    assert longer.shape == (3, 2, 1, 1)
    # Without its linear part it is the same network, so where the context is its own nothing else
    # changes.
    own = Session(onnx_graph([with_context(member, 6)])).predict(windows[:, -6:])
    np.testing.assert_array_equal(
        own, Session(onnx_graph([replace(member, linear=None)])).predict(windows[:, -6:])
    )
    assert not np.allclose(longer, own)


def test_the_fastest_of_several_timings_is_the_best_of_each_figure() -> None:
    assert fastest([Timing(2.0, 10.0), Timing(1.0, 9.0), Timing(3.0, 8.0)]) == Timing(1.0, 10.0)


# Table


def test_the_table_has_a_row_for_each_variation_and_baseline() -> None:
    table = comparison_table(COMPARISON)
    assert table["name"].tolist() == ["lstm", "gru", "naive"]
    assert table[["mae", "mae_low", "mae_high"]].to_numpy().tolist() == [
        [1.5, 1, 2],
        [3.25, 3, 3.5],
        [4, 4, 4],
    ]
    assert table["settings"].tolist() == ["model.cell=lstm", "model.cell=gru", ""]
    assert table["windows_per_second_48"].tolist()[:2] == [1234.5, 1234.5]
    assert table.loc[2, ["seconds", "gap", "latency_ms_96"]].isna().all()


def test_text_in_a_pipe_is_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: False, raising=False)
    header, *rows = comparison_text(COMPARISON).splitlines()
    assert re.split(r"\s{2,}", header.strip()) == [
        *("MAE", "RMSE", "sMAPE", "MASE", "epoch", "gap", "parameters", "seconds", "CPU s"),
        *("ms, 48", "ms, 96", "windows/s, 48", "windows/s, 96"),
    ]
    assert re.split(r"\s{2,}", rows[0]) == [
        *(
            "lstm",
            "1.5 (1)",
            "1.5 (1)",
            "1.5 (1)",
            "1.5 (1)",
            "2.5 (1)",
            "-",
            "12,345",
            "1.5 (1)",
            "126.7 (150)",
        ),
        *("0.5", "1", "1,234", "617"),
    ]
    assert re.split(r"\s{2,}", rows[2]) == ["naive", "4", "4", "4", "4", "0"]
    assert len({len(line) for line in (header, *rows[:2])}) == 1


@pytest.mark.parametrize("width", [20, 50, 80, 500])
def test_text_on_a_terminal_is_as_wide_as_it_and_loses_nothing(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: False, raising=False)
    whole = comparison_text(COMPARISON)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", str(width))
    text = comparison_text(COMPARISON)
    assert max(map(len, text.splitlines())) <= width
    blocks = [block.splitlines() for block in text.split("\n\n")]
    assert [[line.split()[0] for line in block[1:]] for block in blocks] == [
        ["lstm", "gru", "naive"]
    ] * len(blocks)
    cells = [cell for block in blocks for cell in re.split(r"\s{2,}", block[1])[1:]]
    assert cells == re.split(r"\s{2,}", whole.splitlines()[1])[1:]


# Picture


def figure_of(errors: dict[str, list[float]], baselines: dict[str, float | None]) -> Figure:
    latencies = {name: {20: 0.1 + k, 80: 0.4 + k, 320: 1.6 + k} for k, name in enumerate(errors)}
    return compare_figure(
        errors=errors, baselines=baselines, latencies=latencies, title="t", note="n"
    )


def markers(figure: Figure) -> list[str]:
    return [str(line.get_marker()) for line in figure.axes[0].lines]


def test_every_variation_and_baseline_has_a_labelled_row_with_its_value() -> None:
    left, right = figure_of(
        {"lstm": [1.0, 1.2, 1.1], "gru": [1.3, 1.0, 1.25]}, {"naive": 1.4, "ridge": None}
    ).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["lstm", "gru", "naive"]
    assert [text.get_text() for text in left.texts] == ["1.1", "1.25", "1.4"]
    assert (right.get_xscale(), right.get_yscale()) == ("log", "log")
    assert [list(line.get_xdata()) for line in right.lines] == [[20, 80, 320]] * 2
    assert [label.get_text() for label in right.get_xticklabels()] == ["20", "80", "320"]


def test_the_axis_of_the_errors_says_what_is_measured() -> None:
    errors, latencies = {"lstm": [1.0]}, {"lstm": {20: 0.1}}
    labels = [
        compare_figure(
            errors=errors, baselines={}, latencies=latencies, title="t", measured=measured
        )
        .axes[0]
        .get_xlabel()
        for measured in ("sales (€)", "")
    ]
    assert labels[0] == "MAE of every seed, sales (€); at the right: median"
    assert "original units" in labels[1]


def test_a_baseline_far_away_is_an_arrow_and_leaves_the_axis_to_the_variations() -> None:
    figure = figure_of(
        {"lstm": [1.0, 1.2], "gru": [1.1, 1.3]}, {"far": 9.0, "near": 1.5, "below": 0.01}
    )
    assert markers(figure)[-3:] == [">", "|", "<"]
    low, high = figure.axes[0].get_xlim()
    assert 0.9 < low < 1.0
    assert 1.5 < high < 1.6


MANY = {f"model.units=[{k}, $x$]": [float(k)] for k in range(12)}


@pytest.mark.parametrize(
    "errors",
    [{"lstm": [1.0]}, {"lstm": []}, {"zero": [0.0], "also": [0.0]}, MANY],
    ids=["one", "diverged", "zero", "many"],
)
def test_any_comparison_is_drawn_without_a_warning(
    errors: dict[str, list[float]], tmp_path: Path
) -> None:
    with warnings.catch_warnings(action="error"):
        figure = figure_of(errors, {"naive": 2.0})
        save_figure(figure, tmp_path / "x", suffix=".png")
    looks = [(line.get_color(), line.get_marker()) for line in figure.axes[1].lines]
    assert len(set(looks)) == len(errors)
