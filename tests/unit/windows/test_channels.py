"""The order of columns and channels, and that windows keep it."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_forecast.config.loading import parse_config
from lstm_forecast.windows.channels import Channels
from lstm_forecast.windows.framing import Framing
from lstm_forecast.windows.windows import make_windows
from tests.unit.conftest import panel_of

ROWS = 14
CONFIG = """\
name: a
data: {path: a.csv, timestamp: ds, targets: [y, z], freq: D, missing: mask,
  covariates: {past: [p, q, r], future: [f], static: [s, t], calendar: [month]}}
windows: {context_length: 12, horizon: 3, stride: 2, normalisation: mean}
model: {segment_length: 2, ensemble: 2, context_lengths: [12, 6]}
"""


@st.composite
def orders(draw: st.DrawFn) -> Channels:
    few = st.integers(0, 3)
    n_targets, n_past, n_ahead = draw(st.integers(1, 3)), draw(few), draw(few)
    own = n_targets + n_past
    return Channels(
        n_targets=n_targets,
        n_past=n_past,
        n_ahead=n_ahead,
        n_static=draw(few),
        n_flagged=draw(st.just(0) | st.integers(own, own + n_ahead)),
        padded=draw(st.booleans()),
    )


@given(orders())
def test_slices_cover_all_columns_and_channels_in_order_without_overlap(channels: Channels) -> None:
    columns, features = range(channels.n_columns), range(channels.n_features)
    for each in (columns, features):
        assert [*each[channels.targets], *each[channels.past]] == list(each[channels.own])
        assert list(each[channels.own]) == list(range(channels.n_own))
    first, static = channels.own.stop, columns[channels.ahead.stop :]
    assert list(columns[channels.ahead]) == list(range(first, first + channels.n_ahead))
    assert len(static) == channels.n_static
    known, flags = features[channels.known], features[channels.known.stop :]
    assert list(known) == list(range(first, first + channels.n_known))
    assert len(known) == 2 * channels.n_ahead + channels.n_static
    assert len(flags) == channels.n_flagged + channels.padded
    assert set(columns[channels.flagged]) <= {*columns[channels.own], *columns[channels.ahead]}
    assert len(columns[channels.flagged]) == channels.n_flagged


@settings(max_examples=60, deadline=None)
@given(orders(), st.integers(1, 3), st.integers(0, 3), st.data())
def test_every_slice_of_a_batch_holds_what_it_is_named_after(
    channels: Channels, horizon: int, more: int, data: st.DataObject
) -> None:
    framing = Framing(context_length=horizon + 1 + more, horizon=horizon)
    values = np.arange(ROWS * channels.n_columns, dtype=np.float32).reshape(ROWS, -1)
    values[0, channels.flagged] = np.nan
    layout = panel_of(ROWS).layout
    starts, ends = layout.offsets[:-1], layout.offsets[1:]
    windows = make_windows(layout, values, framing, channels, part_starts=starts, part_ends=ends)
    k = data.draw(st.integers(0, len(windows) - 1))
    batch, (origins, _) = windows.batch(np.array([k])), windows.origins(np.array([k]))
    rows = origins[0] + np.arange(-framing.context_length, 0)
    observed = rows > 0  # the first row holds what was not observed
    inputs, whole = batch.inputs[0], values[rows]
    assert inputs.shape == (framing.context_length, channels.n_features)
    for name in ("targets", "past", "own", "ahead", "flagged"):
        part = getattr(channels, name)
        np.testing.assert_array_equal(inputs[observed, part], whole[observed, part])
    static = whole[:, channels.ahead.stop :]
    later = values[rows + horizon][:, channels.ahead]
    known = np.concatenate([whole[:, channels.ahead], static, later], axis=1)
    np.testing.assert_array_equal(inputs[observed][:, channels.known], known[observed])
    flags = inputs[:, channels.known.stop :]
    expected = np.repeat(observed[:, None], channels.n_flagged, axis=1)
    np.testing.assert_array_equal(flags[:, : channels.n_flagged], expected)
    assert (flags[:, channels.n_flagged :] == 1).all()
    ahead = origins[0] + np.arange(horizon)
    np.testing.assert_array_equal(batch.targets[0], values[ahead, channels.targets])


def test_a_config_says_which_columns_are_what() -> None:
    data = parse_config(CONFIG, source="a.yaml").data
    plain = Channels(
        n_targets=2, n_past=3, n_ahead=3, n_static=2, n_flagged=6
    )  # month: sine, cosine
    assert Channels.of(data, n_targets=2, padded=False) == plain
    settled = data.model_copy(update={"missing": "error"})
    assert Channels.of(settled, n_targets=1, padded=True) == replace(
        plain, n_targets=1, n_flagged=0, padded=True
    )


def test_a_config_says_how_windows_are_cut_and_other_contexts_and_strides_change_nothing_else() -> (
    None
):
    config = parse_config(CONFIG, source="a.yaml")
    framing = Framing.of(config.windows, statistics_length=config.statistics_length)
    assert framing == Framing(
        context_length=12, horizon=3, stride=2, normalisation="mean", statistics_length=6
    )
    assert framing.with_context(6) == replace(framing, context_length=6)
    assert framing.with_stride(1) == replace(framing, stride=1)
