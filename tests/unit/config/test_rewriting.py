"""A config with some keys set anew keeps everything else."""

from lstm_forecast.config.loading import override_config, parse_config
from lstm_forecast.config.rewriting import rewritten

TEXT = """\
# of the shop
name: 'shop'
data: {path: a.csv, timestamp: t, targets: y}  # the table

windows:
  horizon: 6   # a week without Sunday
model:
"""


def test_keys_are_set_and_comments_stay() -> None:
    chosen = ["model.units=[64, 32]", "windows.context_length=auto", "training.clipnorm=null"]
    text = rewritten(TEXT, chosen, option="tune")
    for kept in ("# of the shop", "name: 'shop'", "# the table", "# a week without Sunday"):
        assert kept in text
    base = parse_config(TEXT.replace("model:\n", ""), source="a")
    assert parse_config(text, source="a") == override_config(base, chosen, option="tune")
