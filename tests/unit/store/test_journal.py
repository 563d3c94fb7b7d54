"""Results that are kept as they come, in a file that another process goes on with."""

import subprocess
import sys
from pathlib import Path

import pytest

from lstm_forecast.errors import WriteError
from lstm_forecast.store.journal import Journal

KEPT_FOR_EVER = """
import sys
from pathlib import Path
from lstm_forecast.store.journal import Journal
journal = Journal(Path(sys.argv[1]))
for number in range(10**6):
    journal.keep(f"key {number}", f"result {number}")
    print(number, flush=True)
"""


def test_a_result_is_found_by_its_key(tmp_path: Path) -> None:
    path = tmp_path / "new" / "kept.sqlite3"
    Journal(path).keep("a'b", "1")
    Journal(path).keep("a'b", "2")
    assert (Journal(path).find("a'b"), Journal(path).find("other")) == ("2", None)


def test_a_kill_loses_no_result_that_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite3"
    command = [sys.executable, "-c", KEPT_FOR_EVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [int(next(process.stdout)) for _ in range(20)]
        process.kill()
    journal = Journal(path)
    assert [journal.find(f"key {number}") for number in told] == [f"result {k}" for k in told]


def test_a_file_that_is_none_is_named_with_what_helps(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite3"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(WriteError, match="remove it, and what it kept is done again"):
        Journal(path)
    path.unlink()
    Journal(path).keep("a", "1")
