"""What targets measure, as axes of pictures say it."""

from lstm_forecast.config.table import DataConfig

__all__ = ["measured", "quantity"]


def measured(data: DataConfig, target: str) -> str:
    """A target, with the text beside its numbers (``data.units``) if they are forecast in that
    unit.
    """
    units = data.units.get(target, {}).items()
    found = [text for text, factor in units if text and factor == 1]
    return f"{target} ({found[0]})" if len(found) == 1 else target


def quantity(data: DataConfig) -> str:
    """The same of the only target; nothing where there are several."""
    return measured(data, data.targets[0]) if len(data.targets) == 1 else ""
