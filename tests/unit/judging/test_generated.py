"""The network that comes with the package: its files belong together, and its card is true."""

import re
from importlib.resources import files

import pytest
from safetensors.numpy import load

from lstm_forecast.config.pretrain import PretrainConfig
from lstm_forecast.judging.generated import FrequencyErrors, generated_errors
from lstm_forecast.model.onnx.pretrained import network_graph
from lstm_forecast.model.pretrained.architecture import Architecture
from lstm_forecast.model.pretrained.shipped import network

FOLDER = files("lstm_forecast.model.pretrained")
LARGEST_BYTES = 8_000_000
CARD = FOLDER.joinpath("card.md").read_text(encoding="utf-8")
NUMBER = r"([\d.]+)"
ROW = re.compile(
    rf"^\| (\d+)(?: and (\d+))? \| (\d+) \| {NUMBER} \| {NUMBER} \| {NUMBER} \(.+\) \| {NUMBER} ?% "
    rf"\| {NUMBER} ?% \|$",
    re.M,
)


@pytest.fixture(scope="module")
def found() -> list[FrequencyErrors]:
    return list(generated_errors(network()))


def test_the_graph_is_that_of_the_weights() -> None:
    weights = load(FOLDER.joinpath("pretrained.safetensors").read_bytes())
    sizes = PretrainConfig(name="pretrained").network
    assert Architecture.of(weights) == Architecture(sizes.units, sizes.layers, sizes.hidden)
    assert network() == network_graph(weights)
    assert f"{Architecture.of(weights).n_parameters:,} parameters" in CARD


def test_all_files_together_are_small() -> None:
    names = ("pretrained.onnx", "pretrained.safetensors", "card.md")
    assert sum(len(FOLDER.joinpath(name).read_bytes()) for name in names) < LARGEST_BYTES


def test_the_card_says_what_is_measured(found: list[FrequencyErrors]) -> None:
    rows = ROW.findall(CARD)
    assert len(rows) == len(found)
    for row, errors in zip(rows, found, strict=True):
        period, second, horizon, *figures = (float(each or 0) for each in row)
        assert (period, second) == (errors.season.period, errors.season.second)
        assert horizon == errors.horizon
        assert figures[:3] == pytest.approx(
            [errors.network, errors.seasonal_naive, errors.best_simple], rel=0.01
        )
        assert figures[3:] == pytest.approx(
            [100 * errors.coverage_80, 100 * errors.coverage_95], abs=1
        )


def test_it_is_ahead_of_every_simple_forecast_at_every_frequency(
    found: list[FrequencyErrors],
) -> None:
    for errors in found:
        assert errors.network < min(errors.best_simple, errors.seasonal_naive)


def test_its_intervals_hold_about_as_often_as_they_say(found: list[FrequencyErrors]) -> None:
    for errors in found:
        assert errors.coverage_80 == pytest.approx(0.8, abs=0.08)
        assert errors.coverage_95 == pytest.approx(0.95, abs=0.05)
