"""Whatever stands in a file: a finite forecast, or a refusal that says why; never anything else.

Each test looks at 2,000 examples; ``EXAMPLES=100000 pytest tests/functional/test_any_input.py``
looks longer.
"""

import json
import os
import re
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lstm_forecast.commands.check import check
from lstm_forecast.config.loading import load_config
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import ConfigError, DataError
from lstm_forecast.forecasting.forecaster import Forecaster
from lstm_forecast.forecasting.future import forecast_future, forecast_table
from lstm_forecast.forecasting.loaded import LoadedRun, load_run
from lstm_forecast.judging.parts import part_report, require_finite
from lstm_forecast.model.ensemble import Member
from lstm_forecast.model.linear.linear import fit_linear
from lstm_forecast.model.onnx.graph import onnx_graph, weight_shapes
from lstm_forecast.panel.survey import read_panel
from lstm_forecast.store import open_run
from lstm_forecast.training.fit import network_spec
from lstm_forecast.training.prepare import prepare, prepare_panel
from lstm_forecast.training.prepared import Prepared
from tests.unit.config.test_config_properties import marks

LOOSE = settings(
    max_examples=int(os.environ.get("EXAMPLES", "2000")),
    deadline=10_000,  # milliseconds: nothing hangs
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CONFIG = """\
name: a
data:
  path: a.csv
  timestamp: ds
  targets: y
windows: {context_length: 4, horizon: 2}
model: {units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1, levels: [80]}
training: {epochs: 0, batch_size: 8, steps_per_epoch: 0}
"""
POLICIES = (
    "data.sentinels=[-200, x]",
    "data.duplicates=mean",
    "data.gaps=fill",
    "data.fill_limit=5",
    "data.missing=ffill",
    "data.infinite=missing",
    "data.off_grid=nearest",
)
# a file, a series, a column or a key
PLACE = re.compile(r"a\.(csv|parquet)|series |data\.|columns? ")


@cache
def config(*overrides: str) -> Config:
    """The config above with ``section.key=value``."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as written:
        written.write(CONFIG)
        written.flush()
        return load_config(Path(written.name), overrides=overrides, environment={})


@pytest.fixture(scope="module")
def file() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "a.csv"


@pytest.fixture(scope="module")
def home(trained: Path, file: Path) -> Path:
    """Of a run; one forecast is made, as the first takes seconds to import what it needs."""
    require_finite_forecast(
        config(), written(file, [float(k % 7) for k in range(40)]), trained / "runs" / "sine"
    )
    return trained / "runs" / "sine"


@cache
def sine(home: Path) -> LoadedRun:
    return load_run(open_run(home))


def finite(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).all())


def located(error: DataError) -> bool:
    return all(PLACE.search(problem) for problem in error.problems)


def published(prepared: Prepared) -> Forecaster:
    """What would be published of a network that adds nothing to its linear part, with calibrated
    intervals.
    """
    windows = prepared.windows()
    spec = network_spec(prepared, windows.framing.context_length, 0)
    weights = {name: np.zeros(shape, np.float32) for name, shape in weight_shapes(spec).items()}
    kind = prepared.config.model.linear or "ridge"
    linear = fit_linear(windows, season_length=prepared.config.windows.season_length, kind=kind)
    forecaster = prepared.forecaster(onnx_graph([Member(spec, weights, linear)]))
    trials = [forecaster.trials(part.windows, part.series) for part in prepared.parts.values()]
    return forecaster.calibrated(trials, per_series=True) if prepared.validation else forecaster


def require_finite_forecast(settled: Config, data: Path, home: Path) -> None:
    """The way of a table through reading, scaling, windows, ridge, ONNX, intervals, errors."""
    panel, table = read_panel(settled.data, data, memory_limit=None, training=True)
    prepared = prepare_panel(settled, panel, table)
    assert finite(prepared.values)
    for batch in prepared.windows().batches(64):
        assert all(
            finite(part) for part in (batch.inputs, batch.targets, batch.center, batch.scale)
        )
    forecaster = published(prepared)
    for part in prepared.parts.values():
        judged = forecaster.on_windows(part.windows, part.series)
        log = bool(settled.preprocessing.log)
        require_finite(part, judged, prepared.layout, log=log)
        report = part_report(part, judged, quantiles=forecaster.quantiles, baselines={})
        json.dumps(report.content(), allow_nan=False)
    loaded = replace(sine(home), config=prepared.config, forecaster=forecaster)
    forecast = forecast_table(loaded, panel, forecast_future(loaded, panel)[0])
    assert finite(forecast[["a", "a-lo-80", "a-hi-80"]].to_numpy())


# Any bytes


CELLS = st.sampled_from(
    [
        "1",
        "-2.5",
        "",
        "NA",
        "nan",
        "inf",
        "1e300",
        "1e-300",
        "1,5",
        "x",
        "2024-01-01",
        "2024-13-01",
        "01/02/2024",
        "=1",
        '"',
        "'",
        "\x00",
        "é",
        "-200",
        "202401",
        "18.00.00",
        "0x10",
        "1_000",
        "٣",
        "1e999",
        "-0",
        "2262-04-12",
        "0001-01-01",
        "2024-01-03T00:00+01:00",
        "99999999999999999999",
        "-9223372036854775808",
        " ",
        "a\nb",
        "a\x1b[31m",
    ]
)
SIGNS, ENDS = st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["\n", "\r\n", "\r"])
ODD_TABLES = st.builds(
    lambda header, rows, sign, end: end.join(sign.join(row) for row in [header, *rows]).encode(
        "utf-8", "replace"
    ),
    st.lists(
        st.sampled_from(["ds", "y", "id", "Date", "Time", "year", "month", "day", ""]),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=12),
    SIGNS,
    ENDS,
)
STAMPS = {
    "days": [f"2024-0{month}-{day:02d}" for month in (1, 2) for day in range(1, 29)],
    "hours": [f"2024-03-{30 + k // 24:02d} {k % 24:02d}:00" for k in range(48)],
    "steps": [str(k) for k in range(48)],
}


@st.composite
def damaged_tables(draw: st.DrawFn) -> bytes:
    """A sound table of one or two series in which a few cells, rows and bytes are not what they
    should be.
    """
    rows = [
        [stamp, f"{10 + k % 7}.5"]
        for k, stamp in enumerate(STAMPS[draw(st.sampled_from(sorted(STAMPS)))])
    ]
    for _ in range(draw(st.integers(0, 4))):
        row = draw(st.integers(0, len(rows) - 1))
        match draw(st.sampled_from(["cell", "twice", "gone", "moved", "wider"])):
            case "cell":
                rows[row] = (
                    [draw(CELLS), rows[row][-1]]
                    if draw(st.booleans())
                    else [rows[row][0], draw(CELLS)]
                )
            case "twice":
                rows.insert(row, rows[row])
            case "gone":
                del rows[row : row + draw(st.integers(1, 20))]
            case "moved":
                rows.append(rows.pop(row))
            case "wider":
                rows[row] = [*rows[row], draw(CELLS)]
        if not rows:
            break
    content = draw(ENDS).join(draw(SIGNS).join(row) for row in [["ds", "y"], *rows]).encode()
    if draw(st.booleans()):
        at = draw(st.integers(0, len(content)))
        content = (
            content[:at] + draw(st.binary(max_size=3)) + content[at + draw(st.integers(0, 3)) :]
        )
    return content


@LOOSE
@given(content=st.binary(max_size=300) | ODD_TABLES | damaged_tables(), settle=st.booleans())
@example(content=b"", settle=True)
@example(content=b"ds,y\n", settle=True)
@example(content=b'"', settle=True)
@example(content=b',\n0,0000-1\n""\n""', settle=False)
@example(content=b"\xff\xfe", settle=True)
@example(content=b"PAR1" + bytes(50), settle=True)
def test_any_bytes_are_forecast_or_refused_with_their_place(
    file: Path, home: Path, content: bytes, settle: bool
) -> None:
    file.write_bytes(content)
    try:
        report = check(file)
        assert all(finding.text for finding in report.findings)
    except DataError as error:
        assert located(error), error
    try:
        require_finite_forecast(config(*POLICIES) if settle else config(), file, home)
    except DataError as error:
        assert located(error), error


PIECES = st.sampled_from(
    [
        "name: ",
        "data: ",
        "targets",
        "windows",
        "horizon: ",
        "model",
        "x",
        *marks,
        "1",
        "1e3",
        "0x",
        "-0",
        ".inf",
        "~",
        "&a ",
        "*a",
        "!!int ",
        "!!python/object:os.system ",
        "<<: ",
        "NO",
        "1e999",
        "9" * 30,
        "auto",
        "null",
        "\x1b",
        "é",
        "\0",
    ]
)
TEXTS = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=60)
DAMAGED_CONFIGS = st.builds(
    lambda at, gone, text: CONFIG[:at] + text + CONFIG[at + gone :],
    st.integers(0, len(CONFIG)),
    st.integers(0, 40),
    TEXTS,
)


@LOOSE
@pytest.mark.usefixtures("home")
@pytest.mark.filterwarnings("error")
@given(
    content=st.binary(max_size=200)
    | (TEXTS | DAMAGED_CONFIGS).map(lambda text: text.encode("utf-8", "replace"))
)
@example(content=b"a: &x 1\nb: &x 2\n")
def test_any_bytes_are_a_config_that_can_be_used_or_a_refusal_with_its_place(
    file: Path, content: bytes
) -> None:
    path = file.with_suffix(".yaml")
    path.write_bytes(content)
    try:
        found = load_config(path, environment={})
    except ConfigError as error:
        assert all(
            problem.startswith(str(path)) and problem.isprintable() for problem in error.problems
        )
        return
    file.write_text("ds,y\n" + "".join(f"{k},{k % 7}.5\n" for k in range(48)))
    try:
        assert finite(prepare(found, file).values)
    except DataError as error:
        assert located(error), error


# Any values


POWERS = st.integers(-300, 300) | st.integers(-4, 4)


@st.composite
def any_values(draw: st.DrawFn) -> list[float]:
    """30 to 60 values between two powers of ten, of either sign or 0, that may repeat; a few lie
    somewhere else.

    A generator makes most of them, as drawing them one by one takes longer than forecasting them.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size, season = draw(st.integers(30, 60)), draw(st.sampled_from([1, 2, 5, 60]))
    low, high = sorted((draw(POWERS), draw(POWERS))) if draw(st.booleans()) else [draw(POWERS)] * 2
    signs = draw(st.sampled_from([[1], [-1], [1, -1], [0, 1], [0, 0, 0, 1, -1]]))
    values = np.resize(rng.choice(signs, season) * 10.0 ** rng.uniform(low, high, season), size)
    if draw(st.booleans()):  # changes in the last digits
        values = values * (1 + rng.normal(size=size) * 10.0 ** rng.integers(-16, 1))
    for at, power in draw(st.lists(st.tuples(st.integers(0, size - 1), POWERS), max_size=3)):
        values[at] = draw(st.sampled_from([1, -1])) * 10.0**power
    return [float(value) for value in values]


def written(file: Path, values: list[float]) -> Path:
    file.write_text("ds,y\n" + "".join(f"{k},{value!r}\n" for k, value in enumerate(values)))
    return file


@LOOSE
@pytest.mark.filterwarnings("error")
@given(
    values=any_values(),
    scaler=st.sampled_from(["standard", "minmax", "robust", "none"]),
    normalisation=st.sampled_from(["none", "last", "mean", "standard", "last_standard"]),
    log=st.sampled_from(["false", "false", "true", "auto"]),
    outliers=st.sampled_from(["keep", "clip"]),
    linear=st.sampled_from(["ridge", "combined", "weighted"]),
)
@example([1e300, -1e300] * 20, "standard", "standard", "false", "keep", "ridge")
@example([1e-300, 2e-300] * 20, "minmax", "last_standard", "auto", "keep", "ridge")
@example([1.0] * 29 + [1e149], "standard", "mean", "false", "keep", "combined")
@example([1e149, -1e149] * 20, "none", "none", "false", "keep", "ridge")
@example([1e-110] * 30 + [1e60, 1e-110, 1e60], "robust", "last_standard", "true", "clip", "ridge")
# errors of infinite percent
@example([1e148, 1e148, 1e148, 1e-280] * 10, "standard", "none", "false", "keep", "ridge")
def test_values_of_any_size_are_forecast_or_refused_with_their_place(
    file: Path,
    home: Path,
    values: list[float],
    scaler: str,
    normalisation: str,
    log: str,
    outliers: str,
    linear: str,
) -> None:
    chosen = config(
        f"preprocessing.scaler={scaler}",
        f"preprocessing.log={log}",
        f"windows.normalisation={normalisation}",
        f"data.outliers={outliers}",
        f"model.linear={linear}",
    )
    try:
        require_finite_forecast(chosen, written(file, values), home)
    except DataError as error:
        assert located(error), error


@LOOSE
@pytest.mark.filterwarnings("error")
@given(values=any_values(), steps=st.sampled_from([5, 12]))
@example([1e149, -1e149] * 20, 5)
@example([3e38] * 30, 5)
def test_values_that_a_run_never_saw_are_forecast_or_refused_with_their_place(
    file: Path, home: Path, values: list[float], steps: int
) -> None:
    run = sine(home)
    data = run.config.data.model_copy(update={"timestamp": "ds"})
    run = replace(run, config=run.config.model_copy(update={"data": data}))
    try:
        panel, _ = read_panel(data, written(file, values), memory_limit=None)
        table = forecast_table(run, panel, forecast_future(run, panel, horizon=steps)[0])
    except DataError as error:
        assert located(error), error
        return
    assert finite(table["sine"].to_numpy())
