"""Series that are the sum of others are found, and no others."""

import numpy as np
import pandas as pd
import pytest

from lstm_forecast.config.table import DataConfig
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.totals import SeriesOrder, series_totals
from lstm_forecast.tables.faults import Finding
from tests.unit.conftest import build_panel, table_of

STEPS = 60


def panel_of_frame(frame: pd.DataFrame, *keys: str, targets: tuple[str, ...] = ("y",)) -> Panel:
    columns = {name: frame[name].tolist() for name in (*keys, "ds", *targets)}
    return build_panel(
        table_of(**columns), timestamp="ds", targets=targets, series_id=keys, freq="1",
        policies={"gaps": "split"},
    )  # fmt: skip


def shops(*names: str, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.concat(
        pd.DataFrame({"shop": name, "ds": range(STEPS), "y": rng.poisson(20, STEPS)})
        for name in names
    )


def with_total(frame: pd.DataFrame, **fixed: str) -> pd.DataFrame:
    keys = [key for key in frame.columns if key not in (*fixed, "y")]
    total = frame.groupby(keys, as_index=False)["y"].sum().assign(**fixed)
    return pd.concat([frame, total])


def found(panel: Panel, *keys: str) -> list[Finding]:
    return series_totals(panel, described(*keys), SeriesOrder())


def described(*keys: str, targets: tuple[str, ...] = ("y",), **more: object) -> DataConfig:
    return DataConfig.model_validate(
        {"path": "a.csv", "timestamp": "ds", "targets": targets, "series_id": keys, **more}
    )


def test_a_series_that_is_the_sum_of_all_others_is_named() -> None:
    (total,) = found(panel_of_frame(with_total(shops("a", "b", "c"), shop="all"), "shop"), "shop")
    assert (total.kind, total.level, total.count) == ("totals", "note", STEPS)
    assert "series all is the sum of all others, at 60 stamps" in total.text
    assert not found(panel_of_frame(shops("a", "b", "c", "d"), "shop"), "shop")


def test_a_total_goes_where_its_rows_are_left_out() -> None:
    frame = with_total(shops("a", "b", "c"), shop="all")
    assert not found(panel_of_frame(frame[frame["shop"] != "all"], "shop"), "shop")


def test_totals_of_each_part_of_the_names_are_named() -> None:
    frame = pd.concat([shops("a", "b", seed=k).assign(item=f"item {k}") for k in range(3)])
    by_item = with_total(frame, item="any")
    (total,) = found(panel_of_frame(by_item, "shop", "item"), "shop", "item")
    assert "series a/any is the sum of those that differ from it in item alone" in total.text
    assert "series b/any is" in total.text and total.count == 2 * STEPS
    (both,) = found(panel_of_frame(with_total(by_item, shop="all"), "shop", "item"), "shop", "item")
    assert both.count == 6 * STEPS


def test_parts_that_begin_later_or_are_not_there_now_and_then_belong_to_a_total() -> None:
    frame = shops("a", "b", "c")
    late = frame[~((frame["shop"] == "b") & (frame["ds"] < 20))]
    frame = late[~((late["shop"] == "c") & (late["ds"] % 11 == 5))]
    (total,) = found(panel_of_frame(with_total(frame, shop="all"), "shop"), "shop")
    assert "series all is" in total.text


@pytest.mark.parametrize("wrong", [1, 6], ids=["nearly all", "too few"])
def test_a_total_is_one_at_nearly_all_stamps(wrong: int) -> None:
    frame = with_total(shops("a", "b", "c"), shop="all").reset_index(drop=True)
    frame.loc[frame.index[-wrong:], "y"] += 50
    assert len(found(panel_of_frame(frame, "shop"), "shop")) == (wrong == 1)


def test_two_equal_series_beside_one_of_zeros_are_no_totals() -> None:
    a = shops("a")
    frame = pd.concat([a, a.assign(shop="b"), a.assign(shop="c", y=0)])
    assert not found(panel_of_frame(frame, "shop"), "shop")


def test_every_target_of_a_total_adds_up() -> None:
    frame = with_total(shops("a", "b", "c"), shop="all")
    both = panel_of_frame(frame.assign(z=2 * frame["y"]), "shop", targets=("y", "z"))
    assert len(series_totals(both, described("shop", targets=("y", "z")), SeriesOrder())) == 1
    one = panel_of_frame(frame.assign(z=range(len(frame))), "shop", targets=("y", "z"))
    assert not series_totals(one, described("shop", targets=("y", "z")), SeriesOrder())


def test_many_rows_are_looked_at_in_part_and_counted_all() -> None:
    rng = np.random.default_rng(0)
    parts = rng.poisson(20, (3, 80_000))
    values = np.concatenate([parts, parts.sum(axis=0, keepdims=True)])
    frame = pd.DataFrame(
        {"shop": np.repeat(list("abct"), 80_000), "ds": np.tile(range(80_000), 4)}
    ).assign(y=values.ravel())
    (total,) = found(panel_of_frame(frame, "shop"), "shop")
    assert total.count == 80_000 and "series t " in total.text


def in_order(frame: pd.DataFrame, **more: object) -> str:
    """What is said of totals among the series of a frame, as its rows follow each other."""
    columns = {name: frame[name].tolist() for name in frame.columns}
    order = SeriesOrder.of(table_of(**columns), described("shop", **more))
    told = series_totals(panel_of_frame(frame, "shop"), described("shop"), order)
    return told[0].text if told else ""


@pytest.mark.parametrize("names", [["Wien", "Linz", "Bad Ischl"], ["Z", "Y", "X"]])
@pytest.mark.parametrize("first", [True, False], ids=["before", "behind"])
def test_a_total_right_beside_its_parts_is_named_among_other_series(
    names: list[str], first: bool
) -> None:
    parts, others = shops(*names), [shops("k", seed=1), shops("a", seed=2)]
    total = with_total(parts, shop="Upper")[lambda rows: rows["shop"] == "Upper"]
    block = [total, parts] if first else [parts, total]
    said = in_order(pd.concat([others[0], *block, others[1]]))
    assert f"series Upper is the sum of {', '.join(names)}, at 60 stamps" in said
    assert "data.leave_out=" in said and "Upper" in said.partition("data.leave_out=")[2]
    assert not in_order(pd.concat([others[0], parts, others[1]]))


def test_the_total_of_a_group_in_a_static_covariate_is_named() -> None:
    frames, regions = [], {"North": ["a", "b", "c"], "South": ["d", "e"]}
    for seed, (region, names) in enumerate(regions.items()):
        parts = shops(*names, seed=seed)
        frames += [with_total(parts, shop=region)]
    whole = pd.concat(frames)
    of = {name: region for region, names in regions.items() for name in names}
    whole["region"] = whole["shop"].map(of).fillna("-")
    whole = pd.concat(
        [whole[whole["shop"] == name] for name in ("South", "a", "d", "North", "b", "e", "c")]
    )
    said = in_order(whole, covariates={"static": ["region"]})
    assert "series North is the sum of a, b, c, at 60 stamps" in said
    assert "series South is the sum of d, e, at 60 stamps" in said
