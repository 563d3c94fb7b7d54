"""A published run made ready to forecast, and what it forecasts from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lstm_forecast.config.schema import Config
from lstm_forecast.errors import DataError, EmptyError, RunError, UsageError
from lstm_forecast.events import phase
from lstm_forecast.forecasting.calibration import Calibration, calibration_from_bytes, uncalibrated
from lstm_forecast.forecasting.forecaster import Forecaster
from lstm_forecast.forecasting.limits import Demands, sound_network, sound_pretrained
from lstm_forecast.forecasting.pretrained_share import PretrainedShare
from lstm_forecast.forecasting.scaler_file import read_scaler
from lstm_forecast.forecasting.table import panel_ids, seen_by_networks
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.model.published import network_name, published_line
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.scale import Scaler
from lstm_forecast.panel.survey import known_ahead, read_panel
from lstm_forecast.store import Run
from lstm_forecast.store.documents import data_path, read_config, read_manifest
from lstm_forecast.tables.source import Source
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing

__all__ = [
    "LoadedRun", "load_run", "make_forecaster", "series_index", "usable",
    "usable_panel", "with_shown_levels",
]  # fmt: skip

SHOWN_LEVELS = (80, 95)


@dataclass(frozen=True)
class LoadedRun:
    """A run with its config and everything that forecasting needs."""

    run: Run
    config: Config
    forecaster: Forecaster

    def shown(self) -> "LoadedRun":
        """The same for reports and pictures, see ``with_shown_levels``."""
        return replace(
            self, forecaster=with_shown_levels(self.forecaster, self.config.model.levels)
        )

    @property
    def published(self) -> str:
        """What forecasts, in one line for people."""
        model = self.config.model
        name = network_name(model.cell, model.units, networks=model.ensemble)
        published = read_manifest(self.run).published
        return published_line(
            published, network=name, linear=model.linear, pretrained=model.pretrained or 0
        )

    @property
    def data_path(self) -> Path | None:
        """Where the data lay in training; None if they were a frame."""
        return data_path(self.run, self.config.data)

    def source(self, data: Source | None) -> Source:
        """What is to be forecast from: ``data`` if given, else what the run was trained on.

        Raises UsageError if that was a frame, which no run keeps.
        """
        found = self.data_path if data is None else data
        if found is None:
            raise UsageError(
                f"{self.run.path}: was trained on a frame from Python, which a run does not keep;"
                " give the data: --data FILE, or data=frame in Python"
            )
        return found

    @property
    def features(self) -> dict[str, list[int]]:
        """Channels of the network's inputs that each column has, by its name; without the flag that
        tells padding.
        """
        own = self.forecaster.scaler.columns
        known = known_ahead(self.config.data.covariates)
        shift = len(known.columns)  # from a column known ahead to the same a horizon later
        channels = {name: [channel] for channel, name in enumerate((*own, *known.columns))}
        channels |= {name: [*channels[name], channels[name][0] + shift] for name in known.ahead}
        if self.config.data.masks:
            behind = len(own) + len(known.columns) + len(known.ahead)
            for flag, name in enumerate((*own, *known.future), start=behind):
                channels[name].append(flag)
        return {
            "target" if name == own[0] and self.config.melted else name: each
            for name, each in channels.items()
        }


def load_run(
    run: Run, *, evaluated: bool = False, levels: Sequence[int] | None = None
) -> LoadedRun:
    """Read and verify what forecasting needs. Raises RunError if any of it is damaged.

    ``evaluated``: the network that learned from the training part alone, to forecast rows that the
    published one knows. ``levels`` are percents of intervals, absent: those trained for. Raises
    UsageError for one that the network was neither trained nor calibrated for.
    """
    phase(f"loading {run.path}")
    config = read_config(run)
    framing = Framing.of(config.windows, statistics_length=config.statistics_length)
    padded = bool(config.windows.padding)
    channels = Channels.of(config.data, n_targets=config.n_outputs, padded=padded)
    try:
        scaler = read_scaler(run, config.data, melted=config.melted)
        calibration = calibration_from_bytes(
            run.read("calibration.safetensors"),
            "evaluated" if evaluated else "network",
            levels=config.model.levels,
            horizon=framing.horizon,
            n_targets=channels.n_targets,
            n_series=len(scaler.ids),
        )
        season = config.windows.season_length
        demands = Demands.of(config.model, framing, channels, season_length=season)
        forecaster = make_forecaster(
            sound_network(run, demands, evaluated=evaluated),
            scaler,
            framing,
            channels,
            trained_levels=config.model.levels,
            support=config.preprocessing.bounds,
            calibration=calibration,
            levels=levels,
        )
        share = _read_pretrained(run, config.model.pretrained, framing.horizon)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RunError(f"{run.path}: damaged: {error}; train again") from None
    return LoadedRun(run, config, replace(forecaster, pretrained=share))


def _read_pretrained(run: Run, share: float | None, horizon: int) -> PretrainedShare | None:
    """Read the pretrained network, if it has a share."""
    return (
        PretrainedShare(Session(sound_pretrained(run, horizon=horizon)), share) if share else None
    )


def make_forecaster(
    network: bytes,
    scaler: Scaler,
    framing: Framing,
    channels: Channels,
    *,
    trained_levels: tuple[int, ...],
    support: tuple[float, float],
    calibration: Calibration | None = None,
    levels: Sequence[int] | None = None,
) -> Forecaster:
    """Surround an ONNX ``network``, just trained or read back, with all that a forecast needs.

    Without ``levels``, the intervals are those that the network was trained for. Raises UsageError
    for others where there is no ``calibration``.
    """
    calibration = calibration or uncalibrated(
        trained_levels,
        horizon=framing.horizon,
        n_targets=channels.n_targets,
        n_series=len(scaler.ids),
    )
    wanted = tuple(sorted(set(trained_levels if levels is None else levels)))
    if not calibration.known and (strange := set(wanted) - set(calibration.levels)):
        raise UsageError(
            f"--levels {min(strange)}: the run was neither trained for it nor calibrated on a"
            " validation part, and has"
            f" {', '.join(map(str, calibration.levels)) or 'no levels'}; train with model.levels"
            " or split.validation"
        )
    return Forecaster(
        session=Session(network),
        scaler=scaler,
        framing=framing,
        channels=channels,
        calibration=calibration,
        levels=wanted,
        support=support,
    )


def with_shown_levels(forecaster: Forecaster, trained_levels: tuple[int, ...]) -> Forecaster:
    """Add usual intervals for reports and pictures, if any can be had, where none were trained."""
    usual = forecaster.calibration.known and not trained_levels
    return replace(forecaster, levels=SHOWN_LEVELS) if usual else forecaster


def usable_panel(loaded: LoadedRun, data: Source | None) -> Panel:
    """The panel in ``data``, or in that of the training, without series that the policies of
    the run leave out.
    """
    limit = loaded.config.training.memory_limit
    panel, _ = read_panel(loaded.config.data, loaded.source(data), memory_limit=limit)
    return usable(loaded, panel)


def usable(loaded: LoadedRun, panel: Panel) -> Panel:
    """A panel that was read, without series that the policies of the run leave out.

    Raises EmptyError, which tells how many they are, where no series is left.
    """
    config, scaler = loaded.config, loaded.forecaster.scaler
    if not config.melted:
        panel = seen_by_networks(panel, config.data, melted=False)
    layout, policy = panel.layout, config.data.unseen_series
    ids = panel_ids(config.data, layout) if config.melted else np.array(layout.ids, object)[:, None]
    known = scaler.indices(ids.ravel().tolist()).reshape(ids.shape) >= 0
    unseen = ~known.all(axis=1) & (policy == "skip")
    ends = panel.ends(ids.shape[1])
    rows = ends - layout.spans[layout.span_of(ends - 1)]
    short = np.asarray((rows < loaded.forecaster.needed_rows).any(axis=1))
    if policy == "error":  # those that were too short in training are unseen
        short |= np.isin(ids, read_manifest(loaded.run).skipped_series).any(axis=1) & ~known.all(
            axis=1
        )
    short &= (config.data.short_series == "skip") & ~unseen
    kept = ~(unseen | short)
    skipped = {"unseen_series": int(unseen.sum()), "short_series": int(short.sum())}
    repairs = {**panel.repairs, **{kind: count for kind, count in skipped.items() if count}}
    if not kept.any():
        raise EmptyError(
            "data.unseen_series and data.short_series skip all series; nothing is left to forecast",
            repairs=repairs,
        )
    panel = panel if kept.all() else panel.only(kept)
    if config.data.outliers == "clip":
        outliers = scaler.outliers(panel.melted(ids[kept]) if config.melted else panel)
        repairs |= {"outliers": outliers} if outliers else {}
    return replace(panel, repairs=repairs)


def series_index(scaler: Scaler, panel: Panel, *, unseen: str) -> np.ndarray:
    """Row of the scaler for every series of the panel; -1, as all rows are equal then, where
    ``unseen`` is global.

    Raises DataError if a series was not there in training, unless that is the policy.
    """
    index = scaler.indices(panel.layout.ids)
    unknown = [panel.layout.ids[k] for k in np.flatnonzero(index < 0)]
    if unknown and unseen != "global":
        raise DataError(
            "series not seen in training:"
            f" {', '.join(unknown[:5])}{' ...' if len(unknown) > 5 else ''} ({len(unknown):,} of"
            f" {len(index):,}); train again with them, leave them out, or set data.unseen_series:"
            " skip, or global with preprocessing.scope: global, and train again"
        )
    return index
