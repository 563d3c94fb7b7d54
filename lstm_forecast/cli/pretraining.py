"""How the network of ``quick`` is made: ``pretrain``."""

from pathlib import Path
from typing import Annotated

import typer

from lstm_forecast.cli import completion
from lstm_forecast.cli.options import AsJson, ConfigFile, Resume
from lstm_forecast.cli.terminal import emit_json, listening, reported, say

__all__ = ["pretrain"]


@reported
def pretrain(
    config: ConfigFile,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Any key of it: training.steps=200 (repeatable).",
            autocompletion=completion.recipe_keys,
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Directory of pretrained networks.")
    ] = Path("pretrained"),
    resume: Resume = False,
    force: Annotated[bool, typer.Option(help="Replace a network of that name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a network that forecasts series it has never seen, from generated ones or your own."""
    from lstm_forecast.config.loading import load_recipe

    recipe = load_recipe(config, overrides=overrides or ())
    with listening() as talk:
        from lstm_forecast.commands.pretrain import pretrain as run

        made = run(
            recipe, folder=config.parent, output=output, listener=talk, resume=resume, force=force
        )
    say(
        f"pinball loss on series held back: {made.untrained_loss:.3f} before the training,"
        f" {made.loss:.3f} after it",
        event="errors",
        loss=made.loss,
        untrained_loss=made.untrained_loss,
    )
    if as_json:
        emit_json(made)
    else:
        print(made.folder)
