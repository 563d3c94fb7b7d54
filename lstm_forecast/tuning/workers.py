"""Processes that train beside each other, each on a core of its own."""

import math
import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue

from lstm_forecast.config.schema import Config
from lstm_forecast.errors import UsageError
from lstm_forecast.panel.split import Fold
from lstm_forecast.tuning.trial import Bench, Judged

__all__ = ["Workers"]

ONE_THREAD = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
TRIES = 2  # of a training whose process was ended from outside


class Workers:
    """``count`` processes that try settings on the data of a config.

    A training has one thread, so that it ends with the same bits however many there are. Use it as
    a context: at its end the processes are ended, whatever they do.
    """

    def __init__(self, config: Config, source: Path, count: int) -> None:
        self._config, self._source, self._count = config, source, count
        self._threads = ThreadPoolExecutor(count)
        self._idle: SimpleQueue[_Worker | None] = SimpleQueue()
        self._all: list[_Worker] = []
        self._over = False
        for _ in range(count):
            self._idle.put(None)  # a process is started where it is needed

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *error: object) -> None:
        self._over = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._all:
            worker.end()
        self._threads.shutdown()

    def submit(
        self, settings: Sequence[str], fold: Fold, *, deadline: float = math.inf
    ) -> "Future[Judged | None]":
        """Have settings judged on a fold, as soon as a process is idle; None if the ``deadline`` on
        the clock that never goes back is over then.

        Raises, where the result is asked for, UsageError if its process was ended twice.
        """
        return self._threads.submit(self._judged, settings, fold, deadline)

    def _judged(self, settings: Sequence[str], fold: Fold, deadline: float) -> Judged | None:
        if time.monotonic() > deadline:
            return None
        worker = self._idle.get()
        try:
            for _ in range(TRIES):
                if self._over:
                    return None
                if worker is None:
                    worker = _Worker(self._config, self._source)
                    self._all.append(worker)
                with suppress(EOFError, ConnectionError):
                    return worker.judged(settings, fold)
                worker.end()
                worker = None
        finally:
            self._idle.put(worker)
        raise UsageError(
            f"--jobs {self._count}: a process that trains was ended from outside twice, for want of"
            " memory perhaps; what was judged is kept: try again, with --jobs 1"
        )


class _Worker:
    """A process that does what it is asked, one training after another."""

    def __init__(self, config: Config, source: Path) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy the threads
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, config, source), daemon=True)
        self.process.start()
        theirs.close()  # here: if the process dies, receiving fails instead of waiting

    def judged(self, settings: Sequence[str], fold: Fold) -> Judged:
        self.connection.send((settings, fold))
        found: Judged = self.connection.recv()
        return found

    def end(self) -> None:
        self.process.kill()
        self.process.join()


def _work(connection: Connection, config: Config, source: Path) -> None:
    """Try settings until nobody asks."""
    import threadpoolctl

    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    threadpoolctl.threadpool_limits(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks is told, and ends this
    bench = Bench.of(config, source)
    with suppress(EOFError, BrokenPipeError):  # nobody asks any more
        while True:
            connection.send(bench.judged(*connection.recv()))
