"""Stamps of forecasts as the input writes its own."""

from dataclasses import dataclass

import pandas as pd

from lstm_forecast.config.table import DataConfig
from lstm_forecast.tables.stamps.columns import written_stamps
from lstm_forecast.tables.stamps.parts import usual_format

__all__ = ["WrittenStamps", "written_as"]


@dataclass(frozen=True)
class WrittenStamps:
    """How an input writes its stamps, other than in ISO 8601."""

    columns: tuple[str, ...]  # that hold them, or their parts
    style: str

    def put_into(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with its stamps so, part by part where several columns hold these."""
        name = " ".join(self.columns)
        if not pd.api.types.is_datetime64_any_dtype(table[name]):
            return table
        text = pd.Series(written_stamps(pd.DatetimeIndex(table[name]), self.style), table.index)
        if len(self.columns) == 1:
            return table.assign(**{name: text})
        parts = text.str.split(" ", expand=True)
        if parts.shape[1] != len(self.columns) or parts.isna().any(axis=None):
            return table.assign(**{name: text})
        parts.columns = pd.Index(self.columns)
        place = list(table.columns).index(name)
        return pd.concat([table.iloc[:, :place], parts, table.iloc[:, place + 1 :]], axis=1)


def written_as(data: DataConfig) -> WrittenStamps | None:
    """How the table that ``data`` describes writes its stamps; None where that is ISO 8601."""
    several = len(data.stamp_columns) > 1  # whose names tell the parts that they hold
    style = data.timestamp_format or (usual_format(data.stamp_columns) if several else None)
    if style is None or data.layout in ("wide", "calendar"):
        return None
    return WrittenStamps(data.stamp_columns, style)
