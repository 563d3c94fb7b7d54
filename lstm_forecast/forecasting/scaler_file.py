"""The scaler of a run, read back and compared with its config."""

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import RunError
from lstm_forecast.panel.scale import Scaler, most_bytes
from lstm_forecast.panel.survey import known_ahead
from lstm_forecast.store import Run
from lstm_forecast.store.documents import read_manifest

__all__ = ["read_scaler"]


def read_scaler(run: Run, data: DataConfig, *, melted: bool) -> Scaler:
    """Read the scaler. Raises RunError if it has other columns than the resolved config."""
    known = known_ahead(data.covariates).columns
    names = (*data.targets, *data.covariates.past)
    limit = most_bytes(read_manifest(run).series, names, known)
    scaler = Scaler.from_json(run.read("scaler.json", limit=limit).decode("utf-8"))
    targets = ("value",) if melted else data.targets
    expected = (*targets, *data.covariates.past), known
    if (scaler.columns, tuple(name for name, *_ in scaler.known)) != expected:
        raise RunError(
            f"{run.path}: damaged: scaler.json and config.yaml name different columns; train again"
        )
    return scaler
