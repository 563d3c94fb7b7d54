"""What makes a forecast: its split among the inputs of its window, in original units."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.network import quantiles_of
from lstm_forecast.forecasting.chosen_window import ChosenWindow
from lstm_forecast.forecasting.future import require_finite
from lstm_forecast.forecasting.linear_part import linear_alone
from lstm_forecast.forecasting.loaded import LoadedRun, series_index
from lstm_forecast.forecasting.players import Player, Table, set_table
from lstm_forecast.forecasting.shapley import Game, Shares, shapley_values
from lstm_forecast.model.onnx.session import Session
from lstm_forecast.panel.survey import known_ahead

__all__ = ["PARTS", "Split", "forecast_window", "split_forecast"]

PARTS = ("linear", "network", "pretrained")  # whose predictions sum to that of the run
MOST_WINDOWS = 2**12  # that the networks of a run are asked about
MOST_PRETRAINED = 2**10  # that the pretrained one is, which takes longer
BATCH = 256  # as large as those of forecasts
TOLERANCE = 1e-5  # of the largest forecast: what may be published beside what is split
SMALLEST_MOVE = 1e-6  # of a prediction: what is divided by instead of less
Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Split:
    """A forecast as the sum of a base and of what each player contributes, in original units."""

    players: tuple[Player, ...]
    forecast: Floats  # (horizon,): what is published
    base: Floats  # (horizon,): where all players are absent
    total: Floats  # (n_players, horizon): contributions
    parts: Floats  # (n_players, horizon, n_parts): the same by what makes them, see PARTS
    error: Floats  # (n_players, horizon): standard errors of the contributions
    orders: int | None  # of players that contributions are means of; None: of all, and so exact


def forecast_window(loaded: LoadedRun, window: ChosenWindow) -> Floats:
    """What ``predict`` forecasts from the end of a window, (horizon,): the median of the target.

    Raises DataError where that leaves the range of numbers.
    """
    forecaster = loaded.forecaster
    values = forecaster.scaler.transform(window.rows)
    origin, floor = np.array([window.origin]), np.array([window.floor])
    series = series_index(forecaster.scaler, window.rows, unseen=loaded.config.data.unseen_series)
    steps = forecaster.framing.horizon
    forecast = forecaster.ahead(values, origin, floor, series, steps=steps)
    require_finite(forecast, window.rows.layout, log=bool(loaded.config.preprocessing.log))
    return np.asarray(forecast[0, :, window.column, forecast.shape[-1] // 2])


def split_forecast(
    loaded: LoadedRun, window: ChosenWindow, progress: Progress = lambda done, total: None
) -> Split:
    """Split the forecast from the end of a window among its inputs.

    In the units in which the networks work, contributions are Shapley values of each part of the
    prediction. Base and forecast are those units undone: scaling, support, logarithm. All of that
    is one curve from a prediction to a forecast, so contributions count times its mean slope from
    the base to the forecast: its integrated gradient (Sundararajan, Taly & Yan 2017, "Axiomatic
    attribution for deep networks"). Where nothing but scaling is undone, these are the Shapley
    values of the forecast itself. Splitting the forecast at once would give the same there, but
    where values are logarithms the linear part would no longer be split by its own kernel.

    ``progress`` hears how many windows were asked about. Raises RuntimeError if the parts do not
    make what is published.
    """
    forecaster, table = loaded.forecaster, _table(loaded, window)
    found = _predicted(loaded, table, window.column, progress)
    unseen = loaded.config.data.unseen_series
    series = series_index(forecaster.scaler, window.rows, unseen=unseen)

    def original(prediction: Floats) -> Floats:
        """The forecast that a prediction (horizon,) means."""
        every = prediction[None, :, None, None].repeat(forecaster.channels.n_targets, axis=2)
        return forecaster.original(every, table.seen, series)[0, :, window.column, 0]

    slope = _mean_slope(original, found.nobody, found.everybody)
    parts, forecast = found.parts * slope[:, None], forecast_window(loaded, window)
    _require_published(original(found.everybody), forecast, reach=original(found.everybody + 1))
    total = parts.sum(axis=-1)
    return Split(
        players=table.players,
        forecast=forecast,
        base=forecast - total.sum(axis=0),  # that of nobody, but for rounding
        total=total,
        parts=parts,
        error=found.error * np.abs(slope),
        orders=found.orders,
    )


def _table(loaded: LoadedRun, window: ChosenWindow) -> Table:
    """The players of a window; where each target is a series of its own, it has no column."""
    forecaster, data = loaded.forecaster, loaded.config.data
    scaled = forecaster.scaler.transform(window.rows)
    names = list(window.rows.columns[: forecaster.channels.n_own])
    if loaded.config.melted:
        names[0] = data.targets[0] if len(data.targets) == 1 else window.unique_id
    return set_table(forecaster, window, scaled, known_ahead(data.covariates), names=names)


def _mean_slope(curve: Callable[[Floats], Floats], start: Floats, end: Floats) -> Floats:
    """Of a curve between two places; where these are one, just behind it."""
    least = SMALLEST_MOVE * (1 + np.abs(start))
    moved = np.where(np.abs(end - start) < least, least, end - start)
    return np.asarray((curve(start + moved) - curve(start)) / moved)


def _require_published(split: Floats, forecast: Floats, *, reach: Floats) -> None:
    """Hold that what is split is what is published, relative to the largest of that and of a
    ``reach``, as both may be 0.
    """
    largest = max(np.abs(forecast).max(), np.abs(reach).max())
    lacking = np.abs(split - forecast).max()
    if not lacking <= TOLERANCE * largest:
        raise RuntimeError(
            f"the inputs make another forecast than the published one: it differs by {lacking:.3g},"
            f" and at most {TOLERANCE * largest:.3g} is allowed"
        )


@dataclass
class _Predicted:
    """A prediction of the target that is being split, in the units of the window."""

    nobody: Floats  # (horizon,)
    everybody: Floats  # (horizon,)
    parts: Floats  # (n_players, horizon, n_parts)
    error: Floats  # (n_players, horizon)
    orders: int | None = None

    def add(self, shares: Shares, parts: slice) -> None:
        """Add the shares (n, horizon, n_parts + 1) of the first players, the last of them the sum
        of the others.
        """
        count = len(shares.values)
        self.nobody += shares.nobody[:, -1]
        self.everybody += shares.everybody[:, -1]
        self.parts[:count, :, parts] = shares.values[..., :-1]
        self.error[:count] = np.hypot(self.error[:count], shares.error[..., -1])
        known = [each for each in (self.orders, shares.orders) if each is not None]
        self.orders = min(known, default=None)


def _predicted(loaded: LoadedRun, table: Table, column: int, progress: Progress) -> _Predicted:
    """Split what each part predicts of the target: Shapley values of a sum are sums of those of its
    terms, so that the pretrained network is asked about the history alone, which is all it sees.
    """
    pretrained, n_players = loaded.forecaster.pretrained, len(table.players)
    horizon = loaded.forecaster.framing.horizon
    shape = n_players, horizon, len(PARTS)
    found = _Predicted(np.zeros(horizon), np.zeros(horizon), np.zeros(shape), np.zeros(shape[:2]))
    share = 0.0 if pretrained is None else pretrained.share
    if share < 1:
        predict = _own_parts(loaded, table, column, share=1 - share)
        game = _counted(predict, progress, MOST_WINDOWS)
        found.add(shapley_values(game, n_players, most=MOST_WINDOWS), slice(0, 2))
    if pretrained is not None:
        quantiles = quantiles_of(loaded.forecaster.calibration.levels)
        n_history = sum(player.rows is not None for player in table.players)

        def theirs(present: NDArray[np.bool_]) -> Floats:
            every = np.pad(present, ((0, 0), (0, n_players - n_history)))
            past = table.with_only(every).past
            assert pretrained is not None and past is not None  # noqa: S101  it has a share
            own = pretrained.predict(past[..., [column]], quantiles)[:, :, 0, len(quantiles) // 2]
            return share * own[..., None].repeat(2, axis=-1)

        game = _counted(theirs, progress, MOST_PRETRAINED)
        found.add(shapley_values(game, n_history, most=MOST_PRETRAINED), slice(2, 3))
    return found


def _own_parts(loaded: LoadedRun, table: Table, column: int, *, share: float) -> Game:
    """The game of what the linear part and the networks of a run predict, and of their sum."""
    session = loaded.forecaster.session
    content = linear_alone(loaded.run.read("network.onnx"))
    linear = None if content is None else Session(content)

    def median(of: Session, inputs: NDArray[np.float32]) -> Floats:
        prediction = of.predict(inputs)
        return np.asarray(prediction[..., column, prediction.shape[-1] // 2], np.float64)

    def game(present: NDArray[np.bool_]) -> Floats:
        inputs = table.with_only(present).inputs
        whole = median(session, inputs)
        line = np.zeros_like(whole) if linear is None else median(linear, inputs)
        return share * np.stack([line, whole - line, whole], axis=-1)

    return game


def _counted(game: Game, progress: Progress, total: int) -> Game:
    """The same, asked about a batch at a time, of which ``progress`` hears."""
    asked = 0

    def counted(present: NDArray[np.bool_]) -> Floats:
        nonlocal asked
        found = []
        for batch in np.array_split(present, -(-len(present) // BATCH)):
            found.append(game(batch))
            asked += len(batch)
            progress(min(asked, total), total)
        return np.concatenate(found)

    return counted
