"""What ``init`` asks: said with numbers and the options that answer, and asked on a terminal."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lstm_forecast.cli.streams import logs_json, say

if TYPE_CHECKING:
    from lstm_forecast.panel.asking.draft import Choice, Question

__all__ = ["asked", "can_ask", "keys_of", "safe_answers", "say_answers", "say_questions"]


def say_questions(questions: "Sequence[Question]") -> None:
    """Each question with its first places, and its answers with their numbers."""
    for number, question in enumerate(questions, start=1):
        say(
            f"question {number}: {question.finding}",
            *(f"  at {place}" for place in question.places),
            *_answers(question),
            event="finding",
            kind=question.kind,
            count=question.count,
        )


def _answers(question: "Question") -> Iterator[str]:
    for number, answer in enumerate(question.answers, start=1):
        if answer.option:
            yield f"  {number}. {answer.option}"
            yield f"     {answer.effect}" + (" (safe)" if answer.safe else "")
        else:
            yield f"  {number}. in another way: {answer.effect}"


def can_ask() -> bool:
    """Whether somebody sits at a terminal who reads and types."""
    return sys.stdin.isatty() and sys.stderr.isatty() and not logs_json()


def asked(questions: "Sequence[Question]") -> "list[Choice]":
    """The answers that are typed; Enter leaves a question open, and Ctrl-D all that are."""
    from rich.console import Console
    from rich.prompt import Prompt

    console = Console(stderr=True, highlight=False)
    chosen: list[Choice] = []
    for number, question in enumerate(questions, start=1):
        given = [str(k) for k, each in enumerate(question.answers, start=1) if each.option]
        if given:
            text = f"answer to question {number} ({', '.join(given)}; Enter leaves it open)"
            try:
                choice = Prompt.ask(
                    text, console=console, choices=[*given, ""], default="",
                    show_choices=False, show_default=False,
                )  # fmt: skip
            except EOFError:
                break
            chosen += [question.answers[int(choice) - 1]] if choice else []
    return chosen


def safe_answers(questions: "Sequence[Question]") -> "list[Choice]":
    """The answers after which all rows stay as they are, where a question has one alone."""
    safe = ([answer for answer in question.answers if answer.safe] for question in questions)
    return [answers[0] for answers in safe if len(answers) == 1]


def keys_of(answers: "Sequence[Choice]") -> dict[str, object]:
    """Keys of the config's section data that the answers give."""
    return {key: value for answer in answers for key, value in answer.keys.items()}


def say_answers(answers: "Sequence[Choice]", *, by: str) -> None:
    """What was answered, as options that answer the same again; ``by`` begins it."""
    if answers:
        options = " ".join(answer.option for answer in answers)
        say(f"{by}: {options}", *(f"  {each.effect}" for each in answers), event="finding")
    else:
        say(f"{by}: nothing, as no answer leaves all rows as they are", event="finding")
