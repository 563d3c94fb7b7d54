"""Parts that processes of this machine do: in order, with errors as they are, in spite of kills."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from lstm_forecast.engines.processes import Processes
from lstm_forecast.errors import DataError, UsageError


def squared(number: int) -> tuple[int, int]:
    return number**2, os.getpid()


def refused(number: int) -> int:
    raise DataError(f"no {number}", "at all")


def broken(number: int) -> int:
    return number // 0


class KilledOnce:
    """Kills its own process as often as a file does not say that it has."""

    def __init__(self, folder: Path, times: int) -> None:
        self.folder, self.times = folder, times

    def __call__(self, number: int) -> int:
        killed = len(list(self.folder.glob(f"{number}-*")))
        if number == 3 and killed < self.times:
            (self.folder / f"{number}-{killed}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number


def children() -> list[psutil.Process]:
    """Processes that do parts of this one."""
    found = psutil.Process().children()
    return [each for each in found if "spawn_main" in " ".join(each.cmdline())]


def test_results_come_in_the_order_of_the_items_from_several_processes_that_end() -> None:
    with Processes(2) as engine:
        made = list(engine.map(squared, range(40)))
        assert 1 <= len(children()) <= 2
    assert [value for value, _ in made] == [number**2 for number in range(40)]
    assert os.getpid() not in {process for _, process in made}
    assert children() == []


def test_few_items_are_asked_for_before_they_are_needed() -> None:
    asked = []
    with Processes(1) as engine:
        results = engine.map(squared, (asked.append(k) or k for k in range(100)))
        next(results)
        assert len(asked) <= 3


def test_an_error_of_a_part_is_raised_as_it_is_and_the_process_goes_on() -> None:
    with Processes(1) as engine:
        with pytest.raises(DataError) as caught:
            list(engine.map(refused, [7]))
        assert caught.value.problems == ("no 7", "at all")
        assert [value for value, _ in engine.map(squared, [2])] == [4]


def test_a_bug_in_a_part_is_one_here_and_shows_where_it_was(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with Processes(1) as engine, pytest.raises(RuntimeError, match="a process failed over a part"):
        list(engine.map(broken, [7]))
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_part_whose_process_is_killed_is_done_again(tmp_path: Path) -> None:
    with Processes(2) as engine:
        assert list(engine.map(KilledOnce(tmp_path, 1), range(8))) == list(range(8))


def test_a_part_whose_processes_are_all_killed_is_told_with_what_helps(tmp_path: Path) -> None:
    with Processes(2) as engine, pytest.raises(UsageError, match="try again with --jobs 1"):
        list(engine.map(KilledOnce(tmp_path, 2), range(8)))


def test_a_work_that_is_left_in_its_middle_leaves_no_process() -> None:
    with pytest.raises(KeyboardInterrupt), Processes(2) as engine:
        next(engine.map(squared, range(100)))
        raise KeyboardInterrupt
    assert children() == []
