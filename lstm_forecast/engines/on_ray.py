"""Parts of a work that workers of Ray do: tasks of its core, each of which runs again where its
worker was killed.

What Ray would tell or ask beyond its workers is switched off here. Imported only where
``--engine`` names it.
"""

import os
import signal
import socket
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from lstm_forecast.errors import ForecastError, Stopped, UsageError
from lstm_forecast.events import phase

__all__ = ["ADDRESS", "joined_ray", "own_ray", "require_ray"]

Item = TypeVar("Item")
Result = TypeVar("Result")
RETRIES = 3  # of a part whose worker was killed: one that kills its workers ends sometime
ADDRESS = "ray://"  # before that of a cluster
AHEAD = 2  # parts for each worker that were asked for and not taken yet
REACHED_SECONDS = 10.0
SAME = ("lstm-forecast-cli", "numpy", "onnxruntime", "pandas", "pyarrow")  # or bytes would differ
QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": "CRITICAL"}
SILENT = {"RAY_USAGE_STATS_ENABLED": "0"}  # no statistics of its use are sent
ALONE = {
    # Ray then is of this machine alone, as on other systems, and listens on its loopback only
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_worker_niceness": "0",  # or other programs would go first
    "OMP_NUM_THREADS": "1",
}
PLACE = "/tmp"  # noqa: S108  as Ray itself: its sockets need short paths
# A file of that name ends a question to the cloud which the machine may be in.
CLOUD = "ray_bootstrap_config.yaml"


def require_ray(text: str) -> None:
    """Raise UsageError where Ray is not installed."""
    if find_spec("ray") is None:
        raise UsageError(
            f"--engine {text}: needs ray, which is not installed; python -m pip install"
            " 'lstm-forecast-cli[ray]' (or '.[ray]' in the project's directory)"
        )


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Let processes that are started meanwhile find these variables."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def own_ray() -> Iterator["OnRay"]:
    """Workers on this machine, one for every core that the process may use, until the end."""
    import pyarrow as pa

    cores = min(len(os.sched_getaffinity(0)), pa.cpu_count())  # which OMP_NUM_THREADS limits
    phase(f"starting Ray with {cores} workers", workers=cores)
    with tempfile.TemporaryDirectory(dir=PLACE, ignore_cleanup_errors=True) as folder:
        (Path(folder) / CLOUD).write_text("{}")
        with _environment({**SILENT, **ALONE, "HOME": folder}):
            options = {"address": "local", "num_cpus": cores, "include_dashboard": False}
            yield from _connected({**options, "_temp_dir": folder})


@contextmanager
def joined_ray(address: str) -> Iterator["OnRay"]:
    """The workers of a cluster, of which this machine is a node.

    Raises UsageError if nothing answers at the ``address``, or its workers are of other versions.
    """
    _require_answer(address)
    phase(f"joining the cluster of Ray at {address}")
    with _environment(SILENT):
        yield from _connected({"address": address})


def _connected(options: Mapping[str, Any]) -> Iterator["OnRay"]:
    """What is connected to Ray until the end, when all of its processes that this one started end.

    Raises UsageError if that fails.
    """
    import ray

    try:
        _connect(options)
        with redirect_stdout(sys.stderr):  # where Ray prints what it has to say of lost workers
            if "include_dashboard" not in options:
                _require_same_versions()
            yield OnRay()
    finally:
        ray.shutdown()


def _connect(options: Mapping[str, Any]) -> None:
    """Start or join Ray, with whatever handles signals as it is."""
    import ray

    handler = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(**options, **QUIET)
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"--engine: Ray cannot be used: {' '.join(str(error).split())}") from None
    except SystemExit:  # by the handler of SIGTERM that Ray sets
        raise Stopped(128 + signal.SIGTERM) from None
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


def _require_answer(address: str) -> None:
    """Raise UsageError where nothing listens: Ray itself would try for minutes."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACHED_SECONDS).close()
    except (OSError, OverflowError, ValueError) as error:
        raise UsageError(
            f"--engine {ADDRESS}{address}: nothing answers there ({error}); expected HOST:PORT as"
            " `ray start --head` prints it, or auto on a machine of the cluster"
        ) from None


def _require_same_versions() -> None:
    """Raise UsageError where a worker has other versions than this process of what decides bytes,
    or does not have it at all.
    """
    import ray

    def versions(names: tuple[str, ...]) -> dict[str, str]:
        # Ray sends this function as it stands here, as our package may not be there
        from importlib.metadata import distributions

        return {each.name: each.version for each in distributions() if each.name in names}

    phase("waiting for a worker of the cluster")
    theirs, own = ray.get(ray.remote(num_cpus=1)(versions).remote(SAME)), versions(SAME)
    if other := [name for name in SAME if theirs.get(name) != own.get(name)]:
        found = ", ".join(f"{name} {theirs.get(name, 'not at all')}" for name in other)
        here = ", ".join(f"{name} {own.get(name, 'not at all')}" for name in other)
        raise UsageError(
            f"--engine: a worker of the cluster has {found}, and this process {here}: install the"
            " same there, or forecasts might differ"
        )


class OnRay:
    """Does several parts at once, in the processes of Ray's workers."""

    @property
    def workers(self) -> int:
        """How many parts are done at the same time, which may change while a cluster grows."""
        import ray

        resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
        return max(1, int(resources.get("CPU", 0)))

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """What the function makes of each item, in their order.

        What it raises is raised here, and a part whose worker was killed is done by another one.
        """
        import ray

        shared = [ray.put(function)]  # a reference in a list is handed on as it is
        applied = ray.remote(num_cpus=1, max_retries=RETRIES)(_applied)
        waiting: deque[Any] = deque()
        for item in items:
            waiting.append(applied.remote(shared, item))
            del item  # Ray has it
            while len(waiting) >= AHEAD * self.workers:
                yield _made(waiting.popleft())
        while waiting:
            yield _made(waiting.popleft())


def _applied(shared: list[Any], item: Any) -> Any:
    """What the shared function makes of an item, in a worker."""
    return _fetched(shared[0])(item)


@lru_cache(maxsize=1)
def _fetched(function: Any) -> Callable[[Any], Any]:
    """The function, with all that it holds, once in each worker."""
    import ray

    fetched: Callable[[Any], Any] = ray.get(function)
    return fetched


def _made(reference: Any) -> Any:
    """What a worker made. Raises what it raised, and UsageError where the workers of a part were
    killed again and again.
    """
    from ray import exceptions, get

    try:
        return get(reference)
    except exceptions.RayTaskError as error:
        if isinstance(error.cause, ForecastError):
            raise error.cause from None
        raise
    except exceptions.RayError as error:
        raise UsageError(
            f"--engine: workers of Ray were lost {RETRIES + 1} times over the same part"
            f" ({type(error).__name__}); give them more memory, or let parts be smaller with"
            " --memory"
        ) from None
