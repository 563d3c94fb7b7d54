"""Variations of a config as the command line gives them."""

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_forecast.config.loading import override_config, parse_config
from lstm_forecast.config.network import Cell
from lstm_forecast.config.schema import Config
from lstm_forecast.config.variations import make_variations, whole_numbers
from lstm_forecast.errors import ConfigError, UsageError

TEXT = """\
name: a
data: {path: a.csv, timestamp: t, targets: y}
windows: {horizon: 4, context_length: 24}
model: {units: 8}
"""


@pytest.fixture
def config() -> Config:
    return parse_config(TEXT, source="a.yaml")


def test_nothing_asked_for_means_every_cell(config: Config) -> None:
    variations = make_variations(config, cells=None, vary=[])
    assert tuple(variation.name for variation in variations) == get_args(Cell)
    assert [variation.applied(config).model.cell for variation in variations] == list(
        get_args(Cell)
    )


def test_cells_come_before_other_variations_in_the_order_given(config: Config) -> None:
    variations = make_variations(
        config, cells="gru, rnn", vary=["model.dropout=0", "model.units=4"]
    )
    assert [variation.name for variation in variations] == [
        "gru",
        "rnn",
        "model.dropout=0",
        "model.units=4",
    ]


def test_a_variation_sets_what_it_names_and_nothing_else(config: Config) -> None:
    (variation,) = make_variations(
        config, cells=None, vary=[" model.units=[64, 32]   model.dropout=0 "]
    )
    varied = variation.applied(config)
    assert variation.settings == ("model.units=[64, 32]", "model.dropout=0")
    assert (varied.model.units, varied.model.dropout) == ((64, 32), 0)
    back = override_config(varied, ["model.units=8", "model.dropout=0.1"], option="--vary")
    assert back == config


def test_a_config_without_overrides_stays_as_it_is(config: Config) -> None:
    assert override_config(config, [], option="--vary") == config


@pytest.mark.parametrize(
    ("cells", "vary", "expected"),
    [
        ("lstm,gruu", [], "--cells model.cell: .*received 'gruu'; did you mean gru?"),
        (
            None,
            ["model.unit=4"],
            r"--vary model.unit: unknown key model.unit; did you mean model.units\?",
        ),
        (None, ["units"], "--vary units: expected section.key=value"),
        (None, ["model.units=0"], "--vary model.units"),
        (
            None,
            ["model.segment_length=5"],
            r"--vary model.segment_length: windows.context_length \(24\) must be a mul",
        ),
        (None, ["seed=1"], "--vary seed: seed is what --seeds sets; leave it out"),
        (None, ["name=b"], "--vary name: name names nothing here; leave it out"),
        (
            None,
            ["model.units=auto"],
            "--vary model.units: what is auto is decided once, for all variations",
        ),
        (
            None,
            ["training.epochs="],
            "--vary training.epochs: what is auto is decided once, for all variations",
        ),
        (None, ["model={cell: gru}"], "--vary model: is a section; set its keys one by one"),
    ],
)
def test_a_wrong_variation_is_named_with_its_option(
    cells: str | None, vary: list[str], expected: str, config: Config
) -> None:
    with pytest.raises(ConfigError) as error:
        make_variations(config, cells=cells, vary=vary)
    (problem,) = error.value.problems
    assert re.match(expected, problem)


def test_a_key_that_may_be_empty_may_be_emptied(config: Config) -> None:
    (variation,) = make_variations(config, cells=None, vary=["training.patience=null"])
    assert variation.applied(config).training.patience is None


def test_all_wrong_variations_are_named_at_once(config: Config) -> None:
    with pytest.raises(ConfigError) as error:
        make_variations(config, cells="x,lstm", vary=["model.unit=4", "seed=1"])
    assert len(error.value.problems) == 3


@pytest.mark.parametrize(
    ("cells", "vary", "pair"),
    [
        ("gru,lstm,gru", [], "'gru' and 'gru'"),
        ("gru", ["model.cell=gru"], "'gru' and 'model.cell=gru'"),
        ("lstm", ["model.units=8"], "'lstm' and 'model.units=8'"),
    ],
)
def test_variations_that_give_the_same_config_are_refused(
    cells: str, vary: list[str], pair: str, config: Config
) -> None:
    with pytest.raises(UsageError, match=f"the variations {pair} are the same"):
        make_variations(config, cells=cells, vary=vary)


@pytest.mark.parametrize(
    ("cells", "vary"), [("", []), ("lstm,", []), (None, [""]), (None, ["model.units=4", " "])]
)
def test_an_empty_variation_is_refused(cells: str | None, vary: list[str], config: Config) -> None:
    with pytest.raises(UsageError, match="nothing between the commas or quotes"):
        make_variations(config, cells=cells, vary=vary)


@given(st.lists(st.integers(0, 10**9), min_size=1, unique=True))
def test_whole_numbers_are_read_between_commas(numbers: list[int]) -> None:
    assert whole_numbers("--seeds", " , ".join(map(str, numbers))) == numbers


@pytest.mark.parametrize("text", ["", "1,", "1,1", "1,01", "-1", "1.5", "a", "1 2", "0"])
def test_a_list_that_is_not_of_different_whole_numbers_is_refused(text: str) -> None:
    with pytest.raises(
        UsageError,
        match=f"--contexts {re.escape(text)}: expected different whole numbers from 1 on",
    ):
        whole_numbers("--contexts", text, least=1)


def test_no_text_is_no_number() -> None:
    assert whole_numbers("--contexts", None) == []
