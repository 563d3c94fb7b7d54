"""What does the parts of a work, one after another or several at once."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeVar

from lstm_forecast.errors import UsageError

__all__ = ["IN_PROCESS", "Engine", "engine_of"]

Item = TypeVar("Item")
Result = TypeVar("Result")
RAY, ADDRESS = "ray", "ray://"


class Engine(Protocol):
    """Does the parts of a work."""

    @property
    def workers(self) -> int:
        """How many parts are done at the same time."""

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """What the function makes of each item, in their order.

        Items are asked for as they are needed, and few of them wait, so that memory does not grow
        with their number. What the function raises is raised here.
        """


class _InProcess:
    """Does one part after another in this process."""

    workers = 1

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """What the function makes of each item, once that is asked for."""
        return map(function, items)


IN_PROCESS: Engine = _InProcess()


def engine_of(text: str | None) -> AbstractContextManager[Engine]:
    """The engine that ``--engine`` names, which ends with the context; None: this process.

    Raises UsageError for what is none, and where Ray is not installed or not reached.
    """
    if text is None:
        return nullcontext(IN_PROCESS)
    if text != RAY and not (text.startswith(ADDRESS) and text != ADDRESS):
        raise UsageError(
            f"--engine {text}: expected ray, or ray://HOST:PORT, the address of a cluster"
        )
    from lstm_forecast.engines.on_ray import joined_ray, own_ray, require_ray

    require_ray(text)
    return own_ray() if text == RAY else joined_ray(text.removeprefix(ADDRESS))
