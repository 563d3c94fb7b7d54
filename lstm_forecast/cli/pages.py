"""Pages in the terminal: ``guide``."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lstm_forecast.cli import completion
from lstm_forecast.cli.options import AsJson
from lstm_forecast.cli.terminal import emit_json, reported

if TYPE_CHECKING:
    from lstm_forecast.commands.guide import Page
    from lstm_forecast.config.answers import Topic

__all__ = ["guide"]

WIDEST = 100  # columns that are easy to read


@reported
def guide(
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="[TOPIC]",
            help="Page to show; all topics are listed by default.",
            show_default=False,
            autocompletion=completion.topics,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a page of the guide, or list the topics."""
    from lstm_forecast.commands.guide import guide as run
    from lstm_forecast.config.answers import PageShown, Topics

    pages = run(topic)
    if topic is None and as_json:
        emit_json(Topics(topics=tuple(map(_line, pages))))
    elif topic is None:
        _show("\n".join(f"- `{page.topic}`: {page.title}. {page.purpose}" for page in pages) + "\n")
    elif as_json:
        (page,) = pages
        emit_json(PageShown(topic=page.topic, title=page.title, text=page.text))
    else:
        _show(pages[0].text)


def _line(page: "Page") -> "Topic":
    from lstm_forecast.config.answers import Topic

    return Topic(topic=page.topic, title=page.title, purpose=page.purpose)


def _show(text: str) -> None:
    """Print Markdown: rendered on a terminal, as it is elsewhere."""
    if not sys.stdout.isatty():
        print(text, end="")
        return
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    console = Console(
        theme=Theme({"markdown.code": "bold cyan"})
    )  # on whatever colour the terminal has
    page = Markdown(text, code_theme="ansi_dark", hyperlinks=False)
    console.print(page, width=min(console.width, WIDEST))
