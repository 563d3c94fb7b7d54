"""Any config survives a round trip, and any text is a config or an error that says why."""

import os
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.config.loading import dump_config, load_config, parse_config
from lstm_forecast.config.network import Activation, Cell, Initializer
from lstm_forecast.config.schema import Config, Normalisation, ScalerKind
from lstm_forecast.config.series_id import LONG_COLUMNS
from lstm_forecast.errors import ConfigError
from tests.unit.config.test_config import MINIMAL

hard = st.text(
    st.sampled_from("?:-!&*#[]{},|>@`'\"% =<~0aN.\t\n\\\x85\xa0\u2028\ufeff\u00e9"),
    min_size=1,
    max_size=8,
)
known = st.sampled_from(
    ["NO", "1e3", "012", "~", "null", "<<", "2020-01-01", "- a", "?0", "a: b", " a", "a  b" * 60]
)
words = st.one_of(st.text(min_size=1, max_size=30), hard, known)
part = st.one_of(
    st.floats(0, 0.49, allow_nan=False),
    st.integers(0, 10**6),
    st.dates().map(lambda date: date.isoformat()),
)
length = st.integers(1, 10**4)
auto = st.none() | st.just("auto")


names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)


@st.composite
def configs(draw: st.DrawFn) -> Config:
    named = words.filter(lambda word: word not in LONG_COLUMNS)
    columns = iter(draw(st.lists(named, min_size=7, max_size=7, unique=True)))
    static, *keys = next(columns), next(columns), next(columns)
    maybe = st.booleans()
    segment = draw(st.integers(1, 50))
    return Config.model_validate(
        {
            "name": draw(names.filter(lambda name: name not in (*LONG_COLUMNS, *keys))),
            "seed": draw(st.integers(0, 2**31 - 1)),
            "data": {
                "path": draw(st.none() | words.filter(lambda word: word != "-")),
                "timestamp": next(columns),
                "timestamp_format": draw(st.none() | st.sampled_from(["%d/%m/%Y", "excel"])),
                "series_id": draw(st.sampled_from([None, keys[0], keys[:1], keys])),
                "targets": [next(columns), next(columns)] if draw(maybe) else next(columns),
                "covariates": {
                    "past": [next(columns)] if draw(maybe) else [],
                    "static": [static],
                    "categories": draw(
                        st.none()
                        | st.just({})
                        | st.lists(words).map(lambda values: {static: values})
                    ),
                },
                "freq": draw(st.sampled_from([None, "D", "15min", "1", "W-SAT"])),
                "csv": {
                    "delimiter": draw(st.sampled_from([None, ",", ";", "\t", "|", "#"])),
                    "encoding": "utf-8",
                },
                "gaps": draw(st.sampled_from(["error", "fill", "split"])),
            },
            "split": {"validation": draw(part), "test": draw(part)},
            "preprocessing": {
                "log": draw(maybe),
                "scaler": draw(st.sampled_from(get_args(ScalerKind))),
            },
            "windows": {
                "context_length": draw(auto | st.just(segment * 6)),
                "horizon": draw(length),
                "normalisation": draw(auto | st.sampled_from(get_args(Normalisation))),
                "normalisation_span": draw(st.none() | st.integers(1, segment)),
                "padding": draw(auto | maybe),
                "season_length": draw(auto | length),
            },
            "model": {
                "cell": draw(st.sampled_from(get_args(Cell))),
                "units": draw(st.lists(st.integers(1, 8192), min_size=1, max_size=16)),
                "segment_length": segment,
                "dropout": draw(st.floats(0, 1, exclude_max=True)),
                "activation": draw(st.sampled_from(get_args(Activation))),
                "kernel_initializer": draw(st.sampled_from(get_args(Initializer))),
                "levels": draw(st.lists(st.integers(1, 99), max_size=4)),
                "linear": draw(
                    auto
                    | st.sampled_from(
                        ["none", "seasonal_naive", "ridge", "smoothing", "combined", "weighted"]
                    )
                ),
                "channels": draw(st.sampled_from(["independent", "joint"])),
                "ensemble": draw(auto | st.integers(1, 64)),
            },
            "training": {
                "learning_rate": draw(st.floats(0, 10, exclude_min=True)),
                "clipnorm": draw(st.none() | st.floats(1e-300, 1e300)),
                "patience": draw(st.none() | length),
                "epochs": draw(auto | st.integers(0, 999)),
                "batch_size": draw(auto | length),
                "steps_per_epoch": draw(auto | st.integers(0, 999)),
                "time_budget": draw(st.floats(0, 1e6, exclude_min=True)),
                "refit": draw(maybe),
                "fallback": draw(maybe),
            },
        }
    )


@settings(max_examples=50, deadline=None)
@given(configs())
def test_a_dumped_config_reads_back_to_an_equal_one(config: Config) -> None:
    text = dump_config(config)
    read = parse_config(text, source="a.yaml")
    assert read == config
    assert dump_config(read) == text


keys = [
    "name",
    "seed",
    "data",
    "path",
    "timestamp",
    "targets",
    "windows",
    "context_length",
    "horizon",
    "model",
    "x",
]
marks = [
    "\n",
    "  ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "'",
    '"',
    "\\",
    "|",
    ">",
    "---\n",
    "#",
    "\t",
    "?",
    ":",
    "%YAML 1.1\n",
]
values = ["1", "1e3", "0x", "0b", "-0", ".inf", "~", "&a ", "*a", "!!int ", "!x ", "<<: "]
pieces = st.sampled_from([*(f"{key}: " for key in keys), *marks, *values])
texts = st.one_of(
    st.text(max_size=200),
    st.lists(pieces, max_size=40).map("".join),
    st.lists(pieces, max_size=6).map(lambda parts: MINIMAL + "".join(parts)),
    st.lists(pieces, max_size=6).map(lambda parts: MINIMAL.replace("sine.csv", "".join(parts))),
)


@settings(max_examples=300, deadline=None)
@given(texts)
def test_any_text_is_a_config_or_a_config_error(text: str) -> None:
    try:
        assert isinstance(parse_config(text, source="a.yaml"), Config)
    except ConfigError as error:
        assert error.problems
        assert all(line.startswith("a.yaml") and line.isprintable() for line in error.problems)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_config_or_a_config_error(content: bytes) -> None:
    reader, writer = os.pipe()
    os.write(writer, content)
    os.close(writer)
    try:
        load_config(Path(f"/dev/fd/{reader}"), environment={})
    except ConfigError as error:
        assert error.problems
    finally:
        os.close(reader)


def test_of_thousands_of_problems_the_first_are_told_and_all_are_counted() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(MINIMAL + "".join(f"key{k}: 1\n" for k in range(1000)), source="a.yaml")
    assert caught.value.problems[0] == "a.yaml:1:1: 1,000 problems; the first 200 follow"
    assert len(caught.value.problems) == 201


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40), st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=3))
def test_any_option_and_environment_is_a_config_or_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, assignment: str, environment: dict[str, str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "property.yaml"
    path.write_text(MINIMAL)
    variables = {f"FORECAST_{name}": value for name, value in environment.items()}
    try:
        load_config(path, overrides=[assignment, f"model.{assignment}"], environment=variables)
    except ConfigError as error:
        assert error.problems
