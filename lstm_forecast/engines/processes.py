"""Parts of a work that processes of this machine do, several at once."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, TypeVar

from lstm_forecast.errors import ForecastError, UsageError

__all__ = ["Processes"]

Item = TypeVar("Item")
Result = TypeVar("Result")
TRIES = 2  # of a part whose process was ended from outside
ENDING_SECONDS = 5.0  # that a process may take to end by itself
AHEAD = 2  # parts for each process that were asked for and not taken yet


class Processes:
    """Does up to ``workers`` parts at once, in as many processes.

    Use it as a context: at its end the processes are ended, whatever they do.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._threads = ThreadPoolExecutor(workers)
        self._idle: SimpleQueue[_Process | None] = SimpleQueue()
        self._all: list[_Process] = []
        self._over = False
        for _ in range(workers):
            self._idle.put(None)  # a process is started where it is needed

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *error: object) -> None:
        self._over = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._all:
            process.end()
        self._threads.shutdown()

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """What the function makes of each item, in their order.

        What it raises is raised here. A part whose process was ended from outside is done by
        another one; where that is ended, too, UsageError is raised.
        """
        waiting: deque[Future[Any]] = deque()
        for item in items:
            waiting.append(self._threads.submit(self._made, function, item))
            while len(waiting) >= AHEAD * self.workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _made(self, function: Callable[[Any], Any], item: Any) -> Any:
        process = self._idle.get()
        try:
            for _ in range(TRIES):
                if self._over:
                    raise CancelledError
                if process is None:
                    process = _Process()
                    self._all.append(process)
                with suppress(EOFError, ConnectionError):
                    return process.made(function, item)
                process.end()
                if process.failed:
                    raise RuntimeError("a process failed over a part; its traceback is above")
                process = None
        finally:
            self._idle.put(process)
        raise UsageError(
            f"--jobs {self.workers}: a process was ended from outside twice over the same part, for"
            " want of memory perhaps; try again with --jobs 1"
        )


class _Process:
    """A process that does one part after another, and keeps the function that does them."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy the threads
        # Two pipes: one for both directions would be a socket.
        asked, self._sender = context.Pipe(duplex=False)
        self._receiver, made = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(asked, made), daemon=True)
        self._process.start()
        asked.close()
        made.close()  # here: if the process dies, receiving fails instead of waiting
        self._function: Callable[[Any], Any] | None = None

    def made(self, function: Callable[[Any], Any], item: Any) -> Any:
        known = function is self._function
        self._sender.send((None if known else function, item))
        self._function = function
        try:
            made, error = self._receiver.recv()
        except EOFError:
            self._process.join(ENDING_SECONDS)  # which is over once its end can be told
            raise
        if error is not None:
            raise error
        return made

    @property
    def failed(self) -> bool:
        """Whether it ended by itself, with an error that is a bug."""
        return (self._process.exitcode or 0) > 0

    def end(self) -> None:
        self._process.kill()
        self._process.join()


def _work(asked: Connection, made: Connection) -> None:
    """Do the parts that are asked for until nobody asks.

    An error that is a bug ends the process, with its traceback.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks is told, and ends this
    with suppress(EOFError, BrokenPipeError):  # nobody asks any more
        function: Callable[[Any], Any] | None = None
        while True:
            given, item = asked.recv()
            function = given or function
            assert function is not None  # noqa: S101  it came with the first item
            answer: tuple[Any, ForecastError | None]
            try:
                answer = function(item), None
            except ForecastError as error:
                answer = None, error
            made.send(answer)
