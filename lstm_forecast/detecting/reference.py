"""What a run knows of usual rows: the scores of rows that its evaluated network did not learn
from.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.detecting.conformal import Known
from lstm_forecast.detecting.detection import LEVEL, PATTERN, SPIKE
from lstm_forecast.detecting.looking import LEVELS, look, rows_to_look_at
from lstm_forecast.detecting.scores import row_scores
from lstm_forecast.forecasting.forecaster import Forecaster
from lstm_forecast.panel.panel import Layout
from lstm_forecast.panel.split import Split

__all__ = [
    "FILE", "Reference", "make_reference", "reference_from_bytes", "reference_to_bytes",
]  # fmt: skip

FILE = "anomalies.safetensors"
# Rows that are scored at most, fewer where the pretrained network, which is slow, has a share; and
# of one series at least. More take time and tell little.
MOST_ROWS, MOST_PRETRAINED, LEAST_ROWS = 10_000, 2_000, 100
MOST_CORRELATION = 0.9
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NAMES = ("spikes", "levels", "patterns", "correlation")
NOTHING: Floats = np.empty(0)


@dataclass(frozen=True)
class Reference:
    """Scores of usual rows, and how the levels of neighbouring horizons depend on each other."""

    spikes: Known
    levels: Floats  # (n,) ascending: median relative errors over a horizon, with their sign
    patterns: Known
    correlation: float  # of the levels of one horizon and the next

    @property
    def rows(self) -> int:
        """Scores that there are."""
        return len(self.spikes.scores)

    def known(self, kind: str) -> Known:
        """The scores of a kind."""
        distances = Known(np.sort(np.abs(self.levels)))
        return {SPIKE: self.spikes, LEVEL: distances, PATTERN: self.patterns}[kind]


def make_reference(
    forecaster: Forecaster,
    layout: Layout,
    split: Split,
    values: NDArray[np.float32],
    actual: Floats,
) -> Reference | None:
    """Score the rows that the evaluated network, in ``forecaster``, did not learn from: the newest
    of each series, and not of every series where they are many; None where there are none, or its
    intervals are not calibrated.

    The layout is that of the training, whose series are those of the scaler; ``values`` (n_rows,
    n_columns) are scaled, ``actual`` (n_rows, n_targets) in original units.
    """
    if not forecaster.calibration.known:
        return None
    rows, floors = rows_to_look_at(
        forecaster, layout, starts=_starts(forecaster, split), ends=split.end
    )
    if not len(rows):
        return None
    looked = look(
        replace(forecaster, levels=LEVELS),
        layout,
        values,
        actual,
        rows=rows,
        floors=floors,
        series=layout.series_of(rows),
    )
    horizon = forecaster.framing.horizon
    scores = row_scores(looked, layout, horizon=horizon)
    spikes, patterns = (
        Known(np.sort(_finite(scores.by_kind.get(kind, NOTHING)))) for kind in (SPIKE, PATTERN)
    )
    correlation = _correlation(scores.levels, layout, horizon)
    return Reference(spikes, np.sort(_finite(scores.levels)), patterns, correlation)


def _starts(forecaster: Forecaster, split: Split) -> Ints:
    """The first row to be scored of each series, (n_series,); behind the last one of series that
    are not looked at.
    """
    n_series = len(split.end)
    most = MOST_ROWS if forecaster.pretrained is None else MOST_PRETRAINED
    each = max(LEAST_ROWS, most // n_series)
    chosen = np.arange(n_series) % max(1, each * n_series // most) == 0
    starts = np.maximum(split.validation_start, split.end - each)
    return np.where(chosen, starts, split.end)


def reference_to_bytes(reference: Reference) -> bytes:
    """A safetensors file of the scores."""
    from safetensors.numpy import save

    return save({name: np.asarray(each, np.float32) for name, each in _tensors(reference).items()})


def reference_from_bytes(content: bytes) -> Reference:
    """Inverse of ``reference_to_bytes``. Raises ValueError on anything else."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(content)
        found = {name: tensors[name].astype(np.float64) for name in NAMES}
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"{FILE}: {error}") from None
    sound = all(each.ndim == 1 and np.isfinite(each).all() for each in found.values())
    if not sound or len(found["correlation"]) != 1 or not len(found["spikes"]):
        raise ValueError(f"{FILE} does not hold scores")
    spikes, levels, patterns = (np.sort(found[name]) for name in NAMES[:3])
    return Reference(Known(spikes), levels, Known(patterns), float(found["correlation"][0]))


def _tensors(reference: Reference) -> dict[str, Floats]:
    values = (
        reference.spikes.scores,
        reference.levels,
        reference.patterns.scores,
        np.array([reference.correlation]),
    )
    return dict(zip(NAMES, values, strict=True))


def _finite(values: Floats) -> Floats:
    found: Floats = values[np.isfinite(values)]
    return found


def _correlation(levels: Floats, layout: Layout, horizon: int) -> float:
    """Of the levels (n_rows, n_targets) of one horizon and the next, 0 to ``MOST_CORRELATION``."""
    first, later = levels[:-horizon], levels[horizon:]
    index = np.arange(len(first))
    together = layout.span_of(index) == layout.span_of(index + horizon)
    known = np.isfinite(first) & np.isfinite(later) & together[:, None]
    first, later = first[known], later[known]
    if len(first) < 2 or not (np.ptp(first) > 0 and np.ptp(later) > 0):
        return 0.0
    return float(np.clip(np.corrcoef(first, later)[0, 1], 0, MOST_CORRELATION))
