"""What the trained network of a run does along one window, as arrays and as a document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.network import Cell, ModelConfig
from lstm_forecast.documents import described
from lstm_forecast.errors import RunError
from lstm_forecast.forecasting.chosen_window import (
    ChosenWindow,
    Stamp,
    choose_window,
    plain_stamp,
)
from lstm_forecast.forecasting.gates import (
    Group,
    Layers,
    Trace,
    keeping_gate,
    memory_groups,
    memory_lengths,
    trace_gates,
)
from lstm_forecast.forecasting.loaded import LoadedRun
from lstm_forecast.model.published import keeps_networks
from lstm_forecast.store import Run
from lstm_forecast.store.documents import read_manifest
from lstm_forecast.store.outputs import Drawn
from lstm_forecast.tables.source import Source

__all__ = ["DrawnGates", "GateLayer", "GatesShown", "memory_formula", "show_gates"]

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class GateLayer:
    """A recurrent layer that reads a window in one direction."""

    layer: int = field(metadata=described("Number of the layer, 1 behind the input.", least=1))
    direction: Literal["forward", "backward"] = field(
        metadata=described("How the layer goes through the window.")
    )
    memory_formula: str | None = field(
        metadata=described("How memory lengths are calculated; null: the cell has no such gate.")
    )
    memory_lengths: tuple[float | None, ...] | None = field(
        metadata=described(
            "By unit: recurrent steps after which 37 % of what it stored are left; null: all of it."
        )
    )
    groups: tuple[Group, ...] = field(
        metadata=described("Units by how long they remember, the longest first.")
    )
    quantities: Mapping[str, tuple[tuple[float | None, ...], ...]] = field(
        metadata=described("By gate or state: its values by step, then by unit.")
    )


@dataclass(frozen=True, kw_only=True)
class DrawnGates(Drawn):
    """A picture of the gates along a window, and every number in it."""

    run: str = field(metadata=described("Id of the run."))
    path: str = field(metadata=described("Directory of the run."))
    published: str = field(metadata=described("What forecasts: network, or a simpler forecast."))
    cell: Cell = field(metadata=described("Recurrent cell of the network."))
    networks: int = field(metadata=described("Networks of the run; the first is shown.", least=1))
    series: str = field(metadata=described("The unique_id of the series."))
    cutoff: Stamp = field(metadata=described("Last stamp of the window."))
    segment_length: int = field(metadata=described("Rows of one recurrent step.", least=1))
    stamps: tuple[Stamp, ...] = field(metadata=described("Stamps of the window's rows."))
    values: Mapping[str, tuple[float | None, ...]] = field(
        metadata=described("By column: values in original units by row; null: not observed.")
    )
    steps: tuple[Stamp, ...] = field(metadata=described("Last stamp of each recurrent step."))
    layers: tuple[GateLayer, ...] = field(metadata=described("What each layer does, in order."))


@dataclass(frozen=True)
class GatesShown:
    """A window and the traces along it; steps that are padding are left out."""

    loaded: LoadedRun
    window: ChosenWindow
    index: NDArray[np.int64]  # (n_rows,): rows of the window
    borders: tuple[int, ...]  # (n_steps + 1,): rows that steps begin at, and the number of rows
    skipped: int  # steps before them that are padding altogether
    traces: tuple[Trace, ...]
    groups: tuple[tuple[Group, ...], ...]  # of each trace
    notes: tuple[str, ...]

    def quantities(self, trace: Trace) -> dict[str, NDArray[np.float64]]:
        """What a layer computes at the steps that are shown, each (n_steps, units)."""
        return {name: values[0, self.skipped :] for name, values in trace.quantities.items()}

    @property
    def target(self) -> NDArray[np.float64]:
        """Values of the target that was asked for, (n_rows,): in original units."""
        values: NDArray[np.float64] = self.window.rows.values[self.index, self.window.column]
        return values

    def document(self, picture: str) -> DrawnGates:
        """Everything that is shown in the file ``picture``."""
        config, window = self.loaded.config, self.window
        columns = list(window.rows.columns)
        if config.melted:
            columns[0] = window.unique_id
        stamps = [plain_stamp(stamp) for stamp in window.rows.layout.stamps(self.index)]
        values = window.rows.values[self.index].T
        return DrawnGates(
            picture=picture,
            run=self.loaded.run.run_id,
            path=str(self.loaded.run.path),
            published=read_manifest(self.loaded.run).published,
            cell=config.model.cell,
            networks=config.model.ensemble,
            series=window.unique_id,
            cutoff=plain_stamp(window.cutoff),
            segment_length=config.model.segment_length,
            stamps=tuple(stamps),
            values={name: _numbers(each) for name, each in zip(columns, values, strict=True)},
            steps=tuple(stamps[border - 1] for border in self.borders[1:]),
            layers=tuple(map(self._layer, self.traces, self.groups)),
            notes=self.notes,
        )

    def _layer(self, trace: Trace, groups: tuple[Group, ...]) -> GateLayer:
        lengths = memory_lengths(trace)
        return GateLayer(
            layer=trace.layer,
            direction="backward" if trace.backward else "forward",
            memory_formula=memory_formula(trace),
            memory_lengths=None if lengths is None else _numbers(lengths),
            groups=groups,
            quantities={
                name: tuple(map(_numbers, steps)) for name, steps in self.quantities(trace).items()
            },
        )


def show_gates(
    loaded: LoadedRun,
    data: Source | None,
    future: Source | None,
    series: Sequence[str],
    at: str | None,
) -> GatesShown:
    """Trace a run's first trained network along the window that ``choose_window`` finds.

    Raises UsageError if the options do not fit, RunError if the run holds no network or a damaged
    one, DataError if the data do not fit the run or hold no such window.
    """
    config, forecaster = loaded.config, loaded.forecaster
    weights = _network_weights(loaded.run)
    window = choose_window(loaded, data, future, series, at)
    values = forecaster.scaler.transform(window.rows)
    seen = forecaster.seen(values, np.array([window.origin]), np.array([window.floor]))
    inputs = seen.inputs[:, -config.member_contexts[0] :]
    try:
        traces = trace_gates(
            _layers(config.model, masked=bool(config.windows.padding)), weights, inputs
        )
    except ValueError as error:
        raise _damaged(loaded.run, str(error)) from None
    context_length, segment = inputs.shape[1], config.model.segment_length
    first = max(window.floor, window.origin - context_length)
    padded = context_length - (window.origin - first)
    skipped, index = padded // segment, np.arange(first, window.origin)
    begins = np.arange(skipped, context_length // segment) * segment - padded
    followed = inputs[0, :, 0].reshape(-1, segment).mean(axis=1).astype(np.float64)
    return GatesShown(
        loaded,
        window,
        index,
        borders=(*np.maximum(begins, 0).tolist(), len(index)),
        skipped=skipped,
        traces=traces,
        groups=tuple(memory_groups(trace, followed) for trace in traces),
        notes=_notes(config.model.ensemble, weights),
    )


def memory_formula(trace: Trace) -> str | None:
    """How the memory lengths of a layer are calculated, for people; None for a plain RNN."""
    gate = keeping_gate(trace)
    if gate is None:
        return None
    return f"-1 / ln(mean {gate.replace('_', ' ')} over the window), in recurrent steps"


def _network_weights(run: Run) -> Weights:
    """The weights of the run's first network. Raises RunError if it has none, or damaged ones."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    told = read_manifest(run)
    if not keeps_networks(told.published, told.weights):
        raise RunError(
            f"{run.path}: it holds no trained network, as it is of version 0.1.0, which kept what"
            f" it published alone ({told.published.replace('_', ' ')}); train again"
        )
    try:
        saved = load(run.read("weights.safetensors"))
    except SafetensorError as error:
        raise _damaged(run, str(error)) from None
    found = {name.removeprefix("0/"): each for name, each in saved.items() if name[:2] == "0/"}
    wrong = [name for name, weight in found.items() if not np.isfinite(weight).all()]
    if wrong:
        raise _damaged(run, f"{wrong[0]} holds something else than numbers")
    return found


def _damaged(run: Run, reason: str) -> RunError:
    return RunError(f"{run.path / 'weights.safetensors'}: damaged: {reason}; train again")


def _layers(model: ModelConfig, *, masked: bool) -> Layers:
    return Layers(
        cell=model.cell,
        units=model.units,
        bidirectional=model.bidirectional,
        segment_length=model.segment_length,
        segment_units=model.segment_units,
        activation=model.activation,
        masked=masked,
    )


def _notes(ensemble: int, weights: Weights) -> tuple[str, ...]:
    notes = []
    if ensemble > 1:
        notes.append(f"drawn is the first of {ensemble} networks")
    if (output := weights.get("output.kernel")) is not None and not output.any():
        notes.append(
            "warning: no epoch was better than the start, which was kept: these are the gates of"
            " random weights, and the network adds nothing to its linear part"
        )
    return tuple(notes)


def _numbers(values: NDArray[np.floating]) -> tuple[float | None, ...]:
    """Numbers for JSON: None where there is none, or an infinite one."""
    return tuple(float(value) if np.isfinite(value) else None for value in values)
