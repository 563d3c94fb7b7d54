"""A search for a better config: ``tune``."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lstm_forecast.cli.alignment import aligned
from lstm_forecast.cli.forecasts import say_trained
from lstm_forecast.cli.options import RUNS, AsJson, ConfigFile, Engine, Overrides, Runs
from lstm_forecast.cli.terminal import emit_json, listening, plain, reported, say
from lstm_forecast.errors import UsageError

if TYPE_CHECKING:
    from lstm_forecast.tuning.tuned import Trial, Tuned

__all__ = ["tune"]

MOST_SHOWN = 5  # trials; the object of --json has all


@reported
def tune(
    config: ConfigFile,
    trials: Annotated[int, typer.Option(min=1, help="Settings to try.")] = 50,
    time: Annotated[
        str | None, typer.Option(help="Such as 30m: begin no training after it.  [default: none]")
    ] = None,
    folds: Annotated[int, typer.Option(min=1, max=20, help="Parts that judge.")] = 3,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Trainings at once.  [default: one for each core]")
    ] = None,
    engine: Engine = None,
    overrides: Overrides = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Config with the best settings: .yaml.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--plot", help="Picture: .png, .svg or .pdf.")
    ] = None,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Try other settings on rows before the test part, and train a run with the best of them."""
    from lstm_forecast.config.loading import load_config

    if jobs is not None and engine is not None:
        raise UsageError("--jobs and --engine: a cluster has the workers that it has; give one")
    seconds = None if time is None else _seconds(time)
    loaded = load_config(config, overrides=overrides or ())
    with listening() as talk:
        from lstm_forecast.commands.tune import Asked
        from lstm_forecast.commands.tune import tune as run
        from lstm_forecast.engines.engine import engine_of
        from lstm_forecast.engines.processes import Processes

        workers = jobs or len(os.sched_getaffinity(0))
        chosen = Processes(workers) if engine is None else engine_of(engine)
        asked = Asked(trials, seconds, folds, chosen, overrides or (), output, picture)
        found, trained = run(loaded, asked, config_path=config, runs=runs, listener=talk)
    if trained is not None:
        say_trained(trained, loaded.name)
    if as_json:
        emit_json(found)
        return
    print(plain(_text(found)), flush=True)
    for path in filter(None, (found.plot, found.output)):
        say(path)
    if output is not None and not found.gained:
        say(f"{output}: not written, as the config stays")
    if found.path is not None:
        say("published:", event="published", run=found.run, path=found.path)
        print(found.path, flush=True)
    say(f"next: {_following(found, config, runs)}", event="next")


def _seconds(text: str) -> float:
    from lstm_forecast.config.retrain import seconds

    try:
        return seconds(text)
    except ValueError as error:
        raise UsageError(f"--time {text}: {error}") from None


def _text(found: "Tuned") -> str:
    """The best trials, what the search says, and what mattered."""
    rows = [["trial", "error", "by fold", "settings"]]
    ranked = sorted((each for each in found.trials if each.state == "complete"), key=_by_error)
    rows += [_row(trial) for trial in ranked[:MOST_SHOWN]]
    if ranked.index(found.trials[0]) >= MOST_SHOWN:
        rows.append(_row(found.trials[0]))
    parts = [aligned(rows, left=4), "\n".join(_verdict(found))]
    return "\n\n".join(parts)


def _by_error(trial: "Trial") -> float:
    return trial.ratio


def _row(trial: "Trial") -> list[str]:
    by_fold = " ".join(f"{ratio - 1:+.1%}" for ratio in trial.ratios)
    shown = " ".join(trial.settings) or "the config as it stands"
    return [str(trial.number), f"{trial.ratio - 1:+.1%}", by_fold, shown]


def _verdict(found: "Tuned") -> Iterator[str]:
    """What came of it, in sentences."""
    states = [trial.state for trial in found.trials[1:]]
    yield (
        f"{len(states):,} settings tried on {len(found.windows)} folds before the test part:"
        f" {states.count('complete'):,} on all, {states.count('stopped'):,} on the newest alone,"
        f" {states.count('failed'):,} failed"
    )
    if found.importance:
        told = ", ".join(f"{key} {share:.0%}" for key, share in found.importance.items())
        yield f"what explains their differences: {told}"
    if found.gained:
        yield f"the best errs {found.gain:.1%} less than the config as it stands:"
        yield from (f"  {setting}" for setting in found.settings)
    elif found.gain > 0:
        yield (
            f"the best errs {found.gain:.1%} less than the config as it stands, which is no more"
            " than folds differ by: the config stays, and nothing is published"
        )
    elif states:
        yield "nothing errs less than the config as it stands: it stays, and nothing is published"


def _following(found: "Tuned", config: Path, runs: Path) -> str:
    """The command that comes after."""
    where = "" if runs == RUNS else f" --runs {shlex.quote(str(runs))}"
    if found.path is None:
        return f"forecast train --config {shlex.quote(str(config))}{where}"
    return f"forecast predict --run {found.name}{where}"
