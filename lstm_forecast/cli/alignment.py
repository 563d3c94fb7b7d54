"""Rows as aligned text, and numbers as short as they can be read."""

from collections.abc import Sequence

__all__ = ["aligned", "number", "percent", "shortened"]


def aligned(rows: Sequence[Sequence[object]], *, left: int = 1, width: int | None = None) -> str:
    """Columns under each other, the first ``left`` ones to the left, the others, numbers, to the
    right.

    The first is repeated where the others need more than ``width``.
    """
    cells = [[cell if isinstance(cell, str) else number(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    blocks: list[list[int]] = [[0]]
    for k in range(1, len(widths)):
        used = sum(widths[column] + 2 for column in blocks[-1])
        if width is not None and len(blocks[-1]) > 1 and used + widths[k] > width:
            blocks.append([0])
        blocks[-1].append(k)
    put = [str.ljust] * left + [str.rjust] * (len(widths) - left)
    return "\n\n".join(
        "\n".join("  ".join(put[k](row[k], widths[k]) for k in block).rstrip() for row in cells)
        for block in blocks
    )


def percent(share: float | None) -> str:
    """With its sign; nothing for None."""
    return "" if share is None else f"{share:+.1%}"


def number(value: object) -> str:
    """Four digits; a dash for None."""
    return "-" if value is None else f"{value:.4g}"


def shortened(text: str, width: int) -> str:
    """The text, cut to ``width`` characters, the last three of them points."""
    return text if len(text) <= width else f"{text[: width - 3]}..."
