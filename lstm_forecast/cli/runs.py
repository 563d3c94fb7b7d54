"""The commands ``forecast runs ...``."""

from typing import Annotated

import typer

from lstm_forecast.cli import completion
from lstm_forecast.cli.options import RUNS, AsJson, Command, RunName, Runs
from lstm_forecast.cli.runs_text import run_page, runs_table
from lstm_forecast.cli.terminal import emit_json, listening, plain, printing, reported, say
from lstm_forecast.errors import RunError

__all__ = ["runs_app"]

runs_app = typer.Typer(
    help="Look at published runs, check them, and choose the champion.", no_args_is_help=True
)

RunId = Annotated[
    str | None,
    typer.Argument(
        metavar="[ID]",
        help="Id of a run, or its beginning: 0002.",
        show_default=False,
        autocompletion=completion.run_ids,
    ),
]


@runs_app.command("list", cls=Command)
@reported
def list_(name: RunName = None, runs: Runs = RUNS, as_json: AsJson = False) -> None:
    """List the runs of all names, or of one, with their test errors."""
    from lstm_forecast.commands.runs import list_runs

    found = list_runs(runs=runs, name=name)
    if as_json:
        from lstm_forecast.store.listing import Listing

        emit_json(Listing(runs=tuple(found)))
        return
    text, left_out = runs_table(found)
    with printing():  # a list that could not be printed leaves nothing out
        print(plain(text))
    if left_out:
        say(f"columns left out, as they do not fit: {', '.join(left_out)}; --json has all")


@runs_app.command(cls=Command)
@reported
def show(
    run_id: RunId = None, name: RunName = None, runs: Runs = RUNS, as_json: AsJson = False
) -> None:
    """Show the champion or another run: where it comes from, what was decided, its errors."""
    from lstm_forecast.commands.runs import show as run

    shown = run(runs=runs, name=name, run_id=run_id)
    if as_json:
        emit_json(shown.page())
    else:
        print(plain(run_page(shown)))


@runs_app.command(cls=Command)
@reported
def verify(
    run_id: RunId = None, name: RunName = None, runs: Runs = RUNS, as_json: AsJson = False
) -> None:
    """Check the files of all runs, or of one, and that they still forecast what they did."""
    with listening():
        from lstm_forecast.commands.runs import verify as run

        checked = run(runs=runs, name=name, run_id=run_id)
    damaged = [each for each in checked if each.problems]
    if as_json and not damaged:
        from lstm_forecast.store.listing import Verified

        emit_json(Verified(runs=tuple(checked)))
    elif not as_json:
        for each in checked:
            print(
                each.run,
                "damaged" if each.problems else "whole",
                *(["champion"] if each.champion else []),
            )
    if damaged:
        raise RunError(*(problem for each in damaged for problem in each.problems))


@runs_app.command(cls=Command)
@reported
def promote(
    run_id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="Id of a run, or its beginning: 0002.",
            autocompletion=completion.run_ids,
        ),
    ],
    name: RunName = None,
    force: Annotated[bool, typer.Option(help="Even one that was kept for study; say why.")] = False,
    reason: Annotated[
        str | None, typer.Option(help="Why, for `forecast runs show`.", show_default=False)
    ] = None,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Make a run the champion, which predict uses."""
    from lstm_forecast.commands.runs import promote as run

    promoted = run(run_id, runs=runs, name=name, force=force, reason=reason)
    _print_champion(str(promoted.path), as_json=as_json)


@runs_app.command(cls=Command)
@reported
def rollback(name: RunName = None, runs: Runs = RUNS, as_json: AsJson = False) -> None:
    """Make the champion before this one the champion again."""
    from lstm_forecast.commands.runs import rollback as run

    _print_champion(str(run(runs=runs, name=name).path), as_json=as_json)


@runs_app.command(cls=Command)
@reported
def prune(
    keep: Annotated[int, typer.Option(min=1, help="Newest runs that stay.")] = 5,
    name: RunName = None,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Remove old runs, but never the champion and the one before it."""
    from lstm_forecast.commands.runs import prune as run

    gone = run(keep=keep, runs=runs, name=name)
    if as_json:
        from lstm_forecast.store.listing import Pruned

        emit_json(Pruned(removed=tuple(gone)))
    else:
        for run_id in gone:
            print(run_id)
        say(f"removed {len(gone)} runs", event="removed", runs=gone)


def _print_champion(path: str, *, as_json: bool) -> None:
    if as_json:
        from lstm_forecast.store.listing import Crowned

        emit_json(Crowned(champion=path))
    else:
        say("champion:", event="champion", path=path)
        print(path)
