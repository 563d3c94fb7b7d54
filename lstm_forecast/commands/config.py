"""``forecast config``: what a config says, with everything filled in."""

from collections.abc import Sequence
from pathlib import Path

from lstm_forecast.config.loading import load_config
from lstm_forecast.config.schema import Config

__all__ = ["show"]


def show(path: Path, *, overrides: Sequence[str] = ()) -> Config:
    """Return the config with overrides, environment and defaults filled in.

    Raises ConfigError with all of its problems.
    """
    return load_config(path, overrides=overrides)
