"""How good forecasts are: ``backtest`` and ``compare``."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from lstm_forecast.cli import completion
from lstm_forecast.cli.options import (
    RUNS,
    AsJson,
    ConfigFile,
    Data,
    Engine,
    Overrides,
    RunName,
    Runs,
)
from lstm_forecast.cli.terminal import emit_json, listening, plain, reported, say
from lstm_forecast.cli.text import backtest_tables, comparison_text

__all__ = ["backtest", "compare"]


@reported
def backtest(
    name: RunName = None,
    data: Data = None,
    last: Annotated[
        int | None,
        typer.Option(min=1, help="Origins of every series.  [default: test part and newer]"),
    ] = None,
    refit: Annotated[
        int | None, typer.Option(min=1, help="Train again every so many origins.")
    ] = None,
    baselines: Annotated[
        str, typer.Option(help="auto_ets,auto_theta,auto_arima: compare with these too.")
    ] = "",
    importance: Annotated[bool, typer.Option(help="How much each input matters.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Forecasts: .parquet or .csv.")
    ] = None,
    engine: Engine = None,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Forecast from origins that the run has not seen, and measure the errors."""
    chosen = [each.strip() for each in baselines.split(",") if each.strip()]
    with listening() as talk:
        from lstm_forecast.commands.backtest import Asked
        from lstm_forecast.commands.backtest import backtest as run
        from lstm_forecast.store.documents import read_manifest

        retrained = None
        if refit is not None:
            from lstm_forecast.training.refit import retrained_folds

            retrained = partial(retrained_folds, every=refit)
        asked = Asked(data, last, retrained, chosen, importance, engine)
        result = run(asked, runs=runs, name=name, output=output, listener=talk)
    for warning in result.report.warnings:
        say(f"warning: {warning}", event="warning")
    if as_json:
        emit_json(result.report)
    else:
        print(plain(backtest_tables(read_manifest(result.run).name, result.report)))
        if output is not None:
            say(f"forecasts: {output}")


@reported
def compare(
    config: ConfigFile,
    cells: Annotated[
        str | None,
        typer.Option(
            help="Between commas; all if nothing is varied.", autocompletion=completion.cells
        ),
    ] = None,
    vary: Annotated[
        list[str] | None, typer.Option(help='"model.units=32 model.dropout=0" (repeatable).')
    ] = None,
    seeds: Annotated[
        str, typer.Option(help="What each variation is trained with, between commas.")
    ] = "0,1,2",
    contexts: Annotated[
        str | None, typer.Option(help="Lengths to time.  [default: 1, 4 and 16 times the config's]")
    ] = None,
    overrides: Overrides = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Table: .csv, .parquet or .json.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--plot", help="Picture: .png, .svg or .pdf.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train variations of a config alike, and print their errors, costs and speed side by side."""
    from lstm_forecast.config.loading import load_config
    from lstm_forecast.config.variations import make_variations, whole_numbers

    lists = {
        "seeds": whole_numbers("--seeds", seeds),
        "contexts": whole_numbers("--contexts", contexts, least=1),
    }
    loaded = load_config(config, overrides=overrides or ())
    variations = make_variations(loaded, cells=cells, vary=vary or ())
    with listening() as talk:
        from lstm_forecast.commands.compare import compare as run

        result = run(
            loaded,
            variations,
            config_path=config,
            output=output,
            picture=picture,
            listener=talk,
            **lists,
        )
    say(
        f"{result.part} errors, {result.windows:,} windows, original units: median (largest -"
        " smallest) of the seeds"
    )
    output_path, picture_path = (None if path is None else str(path) for path in (output, picture))
    if as_json:
        emit_json(replace(result, output=output_path, plot=picture_path))
    else:
        print(plain(comparison_text(result)))
        for path in filter(None, (output_path, picture_path)):
            say(path)
