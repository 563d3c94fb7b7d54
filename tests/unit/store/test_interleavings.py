"""Training, rollback, promotion, pruning and reading at once: the champion in the end is one that
somebody chose.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.reliability.interleavings import interleave

EACH = 25


@pytest.mark.parametrize("block", range(8))
def test_no_order_ends_with_a_champion_that_nobody_chose(block: int, tmp_path: Path) -> None:
    ends = Counter[str]()
    for seed in range(EACH * block, EACH * (block + 1)):
        found = interleave(tmp_path / str(seed) / "sine", seed)
        assert found.wrong == [], seed
        ends += found.ends
    # The orders are not all the same: trainings were overtaken, and were not, and some were
    # stopped.
    assert min(ends[f"train: {end}"] for end in ("promoted", "overtaken", "Signal")) > 0
    assert min(ends["rollback: done"], ends["promote: done"], ends["prune: done"]) > EACH
