"""Files whose lines begin with the kind of their record, each with columns of its own."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

__all__ = ["kinds_of_lines"]

MOST_KINDS, LEAST_LINES = 12, 10
LONGEST_KIND = 12  # characters
SHARE_OF_WIDTH = 0.9  # of the lines of a kind, which have equally many cells


def kinds_of_lines(rows: Iterable[Sequence[str]]) -> str:
    """What is to be done where the first cell of each line names the kind of its record; nothing
    where it does not.
    """
    widths: defaultdict[str, Counter[int]] = defaultdict(Counter)
    lines = 0
    for row in rows:
        lines += 1
        widths[row[0].strip()][len(row)] += 1
        if len(widths) > MOST_KINDS or len(row[0]) > LONGEST_KIND:
            return ""
    usual = {kind: counts.most_common(1)[0] for kind, counts in widths.items()}
    even = sum(count for _, count in usual.values())
    if "" in usual or lines < LEAST_LINES or even < SHARE_OF_WIDTH * lines:
        return ""
    most = max(usual, key=lambda kind: widths[kind].total())
    if len({width for width, _ in usual.values()}) < 2 or widths[most].total() < 2:
        return ""
    others = ", ".join(kind for kind in usual if kind != most)
    return (
        f"each line seems to begin with the kind of its record, and {most} in"
        f" {widths[most].total():,} of {lines:,} lines holds the values: keep these lines alone,"
        f" below a line with the names of their {usual[most][0]} columns, and write what those of"
        f" {others} say of them into columns of their own"
    )
