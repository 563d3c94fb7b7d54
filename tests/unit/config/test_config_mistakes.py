"""Mistakes that people make in configs: the message names the line, and the key or value that was
meant.
"""

from pathlib import Path

import pytest

from lstm_forecast.config.loading import load_config
from lstm_forecast.errors import ConfigError

SOUND = """\
name: shop
seed: 1
data:
  path: shop.csv
  timestamp: ds
  timestamp_format: "%Y-%m-%d"
  timezone: Europe/Vienna
  series_id: id
  targets: [sold]
  freq: D
  duplicates: first
  gaps: fill
  missing: ffill
  infinite: missing
  covariates:
    past: [price]
  csv:
    delimiter: ";"
    decimal: ","
split:
  validation: 0.1
  test: 0.2
preprocessing:
  log: false
  scaler: standard
  scope: series
windows:
  horizon: 7
  context_length: 28
  stride: 1
  normalisation: last
  padding: true
  season_length: 7
model:
  cell: lstm
  units: [64]
  bidirectional: false
  segment_length: 7
  dropout: 0.1
  dense: [8]
  activation: relu
  levels: [80]
  linear: ridge
  ensemble: 2
training:
  optimizer: adam
  learning_rate: 0.001
  schedule: cosine
  clipnorm: 5.0
  loss: mae
  epochs: 20
  batch_size: 64
  patience: 10
  refit: true
"""
# A line of SOUND without its indentation, what somebody wrote instead, and what the message must
# offer.
MISTAKES = [
    # letters lost, doubled, swapped
    ("seed: 1", "sed: 1", "did you mean seed?"),
    ("data:", "dta:", "did you mean data?"),
    ("timestamp: ds", "timestap: ds", "did you mean data.timestamp?"),
    ("timestamp: ds", "time_stamp: ds", "did you mean data.timestamp?"),
    (
        'timestamp_format: "%Y-%m-%d"',
        'timestamp_fromat: "%Y"',
        "did you mean data.timestamp_format?",
    ),
    ("timezone: Europe/Vienna", "time_zone: Europe/Vienna", "did you mean data.timezone?"),
    ("timezone: Europe/Vienna", "timzeone: Europe/Vienna", "did you mean data.timezone?"),
    ("series_id: id", "serie_id: id", "did you mean data.series_id?"),
    ("series_id: id", "seriesid: id", "did you mean data.series_id?"),
    ("targets: [sold]", "target: sold", "did you mean data.targets?"),
    ("targets: [sold]", "tragets: sold", "did you mean data.targets?"),
    ("freq: D", "frequency: D", "did you mean data.freq?"),
    ("duplicates: first", "duplicate: first", "did you mean data.duplicates?"),
    ("gaps: fill", "gap: fill", "did you mean data.gaps?"),
    ("missing: ffill", "mising: ffill", "did you mean data.missing?"),
    ("infinite: missing", "infinit: missing", "did you mean data.infinite?"),
    ("covariates:", "covariate:", "did you mean data.covariates?"),
    ("past: [price]", "passt: [price]", "did you mean data.covariates.past?"),
    ('delimiter: ";"', 'delimeter: ";"', "did you mean data.csv.delimiter?"),
    ('decimal: ","', 'decimals: ","', "did you mean data.csv.decimal?"),
    ("split:", "splits:", "did you mean split?"),
    ("validation: 0.1", "validaton: 0.1", "did you mean split.validation?"),
    ("test: 0.2", "tset: 0.2", "did you mean split.test?"),
    ("preprocessing:", "preprocesing:", "did you mean preprocessing?"),
    ("scaler: standard", "scalar: standard", "did you mean preprocessing.scaler?"),
    ("windows:", "window:", "did you mean windows?"),
    ("horizon: 7", "horizont: 7", "did you mean windows.horizon?"),
    ("context_length: 28", "context_lenght: 28", "did you mean windows.context_length?"),
    ("context_length: 28", "contextlength: 28", "did you mean windows.context_length?"),
    ("context_length: 28", "context: 28", "did you mean windows.context_length?"),
    ("normalisation: last", "normalization: last", "did you mean windows.normalisation?"),
    ("season_length: 7", "seasonlength: 7", "did you mean windows.season_length?"),
    ("model:", "modle:", "did you mean model?"),
    ("units: [64]", "unit: 64", "did you mean model.units?"),
    ("bidirectional: false", "bidirectonal: false", "did you mean model.bidirectional?"),
    ("segment_length: 7", "segment_lenth: 7", "did you mean model.segment_length?"),
    ("dropout: 0.1", "drop_out: 0.1", "did you mean model.dropout?"),
    ("activation: relu", "activaton: relu", "did you mean model.activation?"),
    ("levels: [80]", "level: [80]", "did you mean model.levels?"),
    ("ensemble: 2", "ensembles: 2", "did you mean model.ensemble?"),
    ("training:", "trainig:", "did you mean training?"),
    ("optimizer: adam", "optimiser: adam", "did you mean training.optimizer?"),
    ("learning_rate: 0.001", "learnig_rate: 0.001", "did you mean training.learning_rate?"),
    ("learning_rate: 0.001", "learningrate: 0.001", "did you mean training.learning_rate?"),
    ("epochs: 20", "epoch: 20", "did you mean training.epochs?"),
    ("batch_size: 64", "batchsize: 64", "did you mean training.batch_size?"),
    ("patience: 10", "patients: 10", "did you mean training.patience?"),
    # keys of another section
    ("seed: 1", "batch_size: 64", "did you mean training.batch_size?"),
    ("stride: 1", "units: 64", "did you mean model.units?"),
    ("cell: lstm", "optimizer: adam", "did you mean training.optimizer?"),
    ("loss: mae", "dropout: 0.1", "did you mean model.dropout?"),
    ("log: false", "horizon: 7", "did you mean windows.horizon?"),
    # the words of other tools
    ("context_length: 28", "lookback: 28", "did you mean windows.context_length?"),
    ("context_length: 28", "window_size: 28", "did you mean windows.context_length?"),
    ("context_length: 28", "input_size: 28", "did you mean windows.context_length?"),
    ("horizon: 7", "h: 7", "did you mean windows.horizon?"),
    ("horizon: 7", "pred_len: 7", "did you mean windows.horizon?"),
    ("learning_rate: 0.001", "lr: 0.001", "did you mean training.learning_rate?"),
    ("units: [64]", "hidden_size: 64", "did you mean model.units?"),
    ("epochs: 20", "max_epochs: 20", "did you mean training.epochs?"),
    ("timestamp: ds", "time_col: ds", "did you mean data.timestamp?"),
    ("series_id: id", "unique_id: id", "did you mean data.series_id?"),
    ("past: [price]", "exogenous: [price]", "did you mean data.covariates.past?"),
    # values
    ("cell: lstm", "cell: LSTM", "did you mean lstm?"),
    ("cell: lstm", "cell: ltsm", "did you mean lstm?"),
    ("cell: lstm", "cell: vanilla_rnn", "did you mean rnn?"),
    ("scaler: standard", "scaler: standart", "did you mean standard?"),
    ("scaler: standard", "scaler: min_max", "did you mean minmax?"),
    ("duplicates: first", "duplicates: frist", "did you mean first?"),
    ("gaps: fill", "gaps: filled", "did you mean fill?"),
    ("missing: ffill", "missing: fill", "did you mean ffill?"),
    ("missing: ffill", "missing: interpolated", "did you mean interpolate?"),
    ("normalisation: last", "normalisation: laststandard", "did you mean last_standard?"),
    ("activation: relu", "activation: ReLU", "did you mean relu?"),
    ("linear: ridge", "linear: rigde", "did you mean ridge?"),
    ("optimizer: adam", "optimizer: Adam", "did you mean adam?"),
    ("optimizer: adam", "optimizer: adamW2", "did you mean adamw?"),
    ("schedule: cosine", "schedule: cosinus", "did you mean cosine?"),
    ("loss: mae", "loss: MAE", "did you mean mae?"),
    ("horizon: 7", "horizon: 0", "greater than or equal to 1"),
    ("horizon: 7", "horizon: seven", "valid integer"),
    ("dropout: 0.1", "dropout: 10", "less than 1"),
    ("levels: [80]", "levels: [0.8]", "valid integer"),
    (
        "test: 0.2",
        "test: 20%",
        "must be a share from 0 to below 1, a number of rows, or an ISO date",
    ),
    ("bidirectional: false", "bidirectional: maybe", "valid boolean"),
    ("batch_size: 64", "batch_size: 64.5", "valid integer"),
]


@pytest.mark.parametrize(
    ("line", "wrong", "offered"), MISTAKES, ids=[f"{wrong}" for _, wrong, _ in MISTAKES]
)
def test_a_mistake_is_found_in_its_line_with_what_was_meant(
    tmp_path: Path, line: str, wrong: str, offered: str
) -> None:
    lines = SOUND.splitlines()
    (number,) = [k for k, text in enumerate(lines) if text.strip() == line]
    lines[number] = lines[number].replace(line, wrong)
    path = tmp_path / "a.yaml"
    path.write_text("\n".join(lines))
    with pytest.raises(ConfigError) as caught:
        load_config(path, environment={})
    assert any(
        p.startswith(f"{path}:{number + 1}:") and offered in p for p in caught.value.problems
    ), caught.value


def test_the_config_without_a_mistake_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(SOUND)
    assert load_config(path, environment={}).name == "shop"
    assert len(MISTAKES) >= 60
