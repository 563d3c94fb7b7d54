"""What is learned is judged rightly, and learned the same where it was interrupted."""

import random
import signal
from pathlib import Path


def promotion(folder: Path, count: int) -> None:
    """Challengers that are no better, of eight kinds, and ones that are better by a planted margin."""
    from tests.unit.test_promotion import KINDS, losses, no_better, verdict

    each = -(-count // len(KINDS))
    wrong = {kind: sum(verdict(*no_better(kind, seed)).better for seed in range(each)) for kind in KINDS}
    pairs = ((losses(seed), 0.95 * losses(seed) + losses(seed + 9_000, 0.0, spread=0.02)) for seed in range(count))
    right = sum(verdict(champion, challenger).better for champion, challenger in pairs)
    ties = sum(verdict(losses(seed), losses(seed + 9_000)).better for seed in range(count))
    print(f"promotion: {sum(wrong.values())} of {each * len(KINDS)} that are no better promoted {wrong}")
    print(f"  {right} of {count} that are 5 % better promoted; {ties} of {count} that are as good")


def resume(folder: Path, count: int) -> None:
    """Stop at random batches; the end has to be the same to the last bit."""
    import pytest

    from tests.unit.test_checkpoint import DROPS, EPOCHS, kept, same, stopped_at, train

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    whole, equal = train(), 0
    moments = random.Random(0)
    for number in range(count):
        where = folder / f"resume-{number}"
        stopped_at(moments.randint(1, 3 * EPOCHS), where, pytest.MonkeyPatch())
        equal += same(train(kept(where, resume=True)), whole)
    print(f"resume: {equal} of {count} interrupted trainings ended with the same weights and history (dropout {DROPS})")
