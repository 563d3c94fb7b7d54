"""Whatever stands in a file: a finite forecast, or a refusal that says why; never anything else.

``EXAMPLES=100000 pytest tests/functional/test_any_input.py`` looks longer.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lstm_forecast.config.loading import load_config, parse_config
from lstm_forecast.errors import ConfigError, DataError, ForecastError
from lstm_forecast.store import open_run
from lstm_forecast.workflows._loaded import LoadedRun, load_run
from lstm_forecast.workflows._prepare import prepare
from lstm_forecast.workflows._shared import read_panel
from lstm_forecast.workflows.check import check
from lstm_forecast.workflows.predict import forecast_future

EXAMPLES = int(os.environ.get("EXAMPLES", "150"))
LOOSE = settings(
    max_examples=EXAMPLES,
    deadline=10_000,  # milliseconds: nothing hangs
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CONFIG = """\
name: a
data: {path: a.csv, timestamp: ds, targets: y}
windows: {context_length: 4, horizon: 2, normalisation: standard}
preprocessing: {log: false, scaler: %s}
model: {units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1}
training: {epochs: 0, batch_size: 8, steps_per_epoch: 0}
"""
CELLS = st.sampled_from(
    ["1", "-2.5", "", "NA", "nan", "inf", "1e300", "1e-300", "1,5", "x", "2024-01-01", "2024-13-01", "01/02/2024", "=1",
     '"', "'", "\x00", "é", "-200", "202401", "18.00.00", "0x10", "1_000", "٣"]
)  # fmt: skip
TABLES = st.builds(
    lambda header, rows, sign, end: end.join(sign.join(row) for row in [header, *rows]).encode("utf-8", "replace"),
    st.lists(st.sampled_from(["ds", "y", "id", "Date", "Time", "year", "month", "day", ""]), min_size=1, max_size=4),
    st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=12),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
MAGNITUDES = st.builds(
    lambda sign, digits, power: sign * digits * 10.0**power,
    st.sampled_from([-1.0, 1.0]),
    st.floats(1, 9.99),
    st.integers(-300, 300) | st.integers(-3, 3),
)
VALUES = st.lists(MAGNITUDES | st.just(0.0), min_size=30, max_size=60) | st.builds(
    lambda size, scale, odd, at: [odd if k == at else scale * (k % 5) for k in range(size)],
    st.integers(30, 60),
    MAGNITUDES,
    MAGNITUDES,
    st.integers(0, 29),
)


@pytest.fixture(scope="module")
def file() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "a.csv"


def finite(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).all())


@LOOSE
@given(content=st.binary(max_size=300) | TABLES)
@example(content=b"")
@example(content=b"ds,y\n")
@example(content=b"\xff\xfe")
@example(content=b"PAR1" + bytes(50))
def test_any_bytes_are_a_report_or_a_refusal(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    try:
        report = check(file)
    except DataError as error:
        assert all(problem.strip() for problem in error.problems)
        return
    assert all(finding.text for finding in report.findings)


@LOOSE
@given(content=st.binary(max_size=300) | TABLES)
def test_any_bytes_are_trained_on_or_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    config = parse_config(CONFIG % "standard", source="a.yaml")
    try:
        prepared = prepare(config, file)
    except DataError as error:
        assert all(problem.strip() for problem in error.problems)
        return
    assert finite(prepared.values)


@LOOSE
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_a_config_or_a_refusal(file: Path, content: bytes) -> None:
    path = file.with_suffix(".yaml")
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(path, environment={})
    assert all(problem.startswith(str(path)) for problem in caught.value.problems)


@LOOSE
@given(values=VALUES, scaler=st.sampled_from(["standard", "minmax", "robust", "none"]))
@example(values=[1e300, -1e300] * 20, scaler="standard")
@example(values=[1e-300, 2e-300] * 20, scaler="minmax")
@example(values=[1.0] * 29 + [1e149], scaler="standard")
@example(values=[1e149, -1e149] * 20, scaler="none")
def test_values_of_any_size_make_finite_windows_or_a_located_refusal(
    file: Path, values: list[float], scaler: str
) -> None:
    pd.DataFrame({"ds": range(len(values)), "y": [repr(value) for value in values]}).to_csv(file, index=False)
    try:
        prepared = prepare(parse_config(CONFIG % scaler, source="a.yaml"), file)
    except DataError as error:
        assert all("series y" in problem or str(file) in problem for problem in error.problems)
        return
    assert finite(prepared.values)
    for batch in prepared.windows(4).batches(64):
        assert all(finite(part) for part in (batch.inputs, batch.targets, batch.center, batch.scale))


@pytest.fixture(scope="module")
def loaded(trained: Path) -> LoadedRun:
    return load_run(open_run(trained / "runs" / "sine"))


@LOOSE
@given(values=VALUES)
@example(values=[1e149, -1e149] * 20)
@example(values=[3e38] * 30)
def test_values_of_any_size_have_a_finite_forecast_or_a_located_refusal(
    file: Path, loaded: LoadedRun, values: list[float]
) -> None:
    pd.DataFrame({"step": range(len(values)), "y": [repr(value) for value in values]}).to_csv(file, index=False)
    try:
        panel, _ = read_panel(loaded.config.data, file)
        table = forecast_future(loaded, panel)
    except ForecastError as error:
        assert all("series y" in problem or str(file) in problem for problem in error.problems)
        return
    assert finite(table["sine"].to_numpy())
