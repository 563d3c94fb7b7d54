"""What changed from other runs to this one: data, config, errors."""

from collections.abc import Iterator, Sequence
from typing import Any

from lstm_forecast.pictures.page.page import Grid, Section, figure_text
from lstm_forecast.store import Run
from lstm_forecast.store.documents import read_config, read_manifest, read_metrics

__all__ = ["against"]

LONGEST_VALUE = 80  # letters of a value of the config


def against(run: Run, others: Sequence[Run]) -> Section:
    """Errors side by side, and in what data and configs differ; a row for each, a column for each
    run, this one first.

    Raises RunError if a run is damaged.
    """
    runs = (run, *others)
    head = ("", *(f"{each.path.parent.name} {each.run_id}" for each in runs))
    told, compared = ["The first column is this run."], _errors(runs)
    manifests = [read_manifest(each) for each in runs]
    if len({(each.cutoff, each.data_sha256) for each in manifests}) > 1:
        told.append(
            "These runs were trained on other data, so that their errors are of other rows."
        )
    facts: dict[str, list[object]] = {
        "newest row": [each.cutoff for each in manifests],
        "rows": [each.rows for each in manifests],
        "series": [each.series for each in manifests],
        "published": [each.published for each in manifests],
        "data, SHA-256": [each.data_sha256[:12] for each in manifests],
    }
    data = tuple((name, *map(_text, values)) for name, values in facts.items())
    return Section(
        "What changed?",
        texts=tuple(told),
        grids=(Grid(head, compared), Grid(head, data), Grid(head, tuple(_differences(runs)))),
    )


def _errors(runs: Sequence[Run]) -> tuple[tuple[str, ...], ...]:
    names = ("part", "windows", "MAE", "RMSE", "MASE", "skill")
    columns = (_judged(run) for run in runs)
    return tuple((name, *row) for name, row in zip(names, zip(*columns, strict=True), strict=True))


def _judged(run: Run) -> tuple[str, ...]:
    judged = read_metrics(run, horizon=read_config(run).windows.horizon).judged
    if judged is None:
        return ("",) * 6
    part, report = judged
    own = report.own
    figures = (own.mae, own.rmse, own.mase, report.skill.get(report.reference))
    return part, f"{report.windows:,}", *map(figure_text, figures)


def _differences(runs: Sequence[Run]) -> Iterator[tuple[str, ...]]:
    """Keys of the config whose values are not the same in all runs."""
    configs = [dict(_flat(read_config(run).model_dump(mode="json"))) for run in runs]
    for key in dict.fromkeys(key for config in configs for key in config):
        values = [config.get(key) for config in configs]
        if any(value != values[0] for value in values):
            yield key, *map(_text, values)


def _flat(values: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _text(value: object) -> str:
    text = "" if value is None else f"{value:,}" if type(value) is int else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
