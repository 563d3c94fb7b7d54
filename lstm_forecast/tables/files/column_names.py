"""The names of columns, as the lines of a header give them."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from lstm_forecast.tables.files.header import Record

__all__ = [
    "NAMELESS", "called", "differ", "header_names", "joined", "lines_of_header", "with_one_header",
]  # fmt: skip

BLANKS = " \t\r\n\xa0\u3000"  # around names; other signs without ink are names of their own
NAMELESS = "Unnamed: {}"  # as a column without a name is called, by its number


def called(cells: Sequence[str], asked: Collection[str] = ()) -> tuple[str, ...]:
    """The names in a header without the blanks around them, unless these alone tell two apart.

    Columns that are ``asked`` for keep the blanks that they are asked with.
    """
    names = [cell.strip(BLANKS) or NAMELESS.format(column) for column, cell in enumerate(cells)]
    times, wanted = Counter(names), {name.strip(BLANKS): name for name in asked}
    return tuple(
        cell if cell in asked or times[name] > 1 else wanted.get(name, name)
        for cell, name in zip(cells, names, strict=True)
    )


def header_names(lines: Sequence[Sequence[str]], asked: Collection[str] = ()) -> tuple[str, ...]:
    """The names that one line of a header gives, or several together: those numbered that are
    repeated.
    """
    return called(list(_numbered(joined(lines))) if len(lines) > 1 else lines[0], asked)


def lines_of_header(records: Sequence[Record], n_lines: int) -> list[Sequence[str]]:
    """The cells of the first records, which begin in the first ``n_lines`` lines."""
    end = records[0][0] + n_lines if records else 0
    return [cells for line, cells in records[:n_lines] if line < end]


def with_one_header(records: Sequence[Record], n_lines: int) -> list[Record]:
    """The records with those of a header of several lines in one."""
    header = lines_of_header(records, n_lines)
    if len(header) < 2:
        return list(records)
    return [(records[0][0], joined(header)), *records[len(header) :]]


def joined(lines: Sequence[Sequence[str]]) -> list[str]:
    """The texts of each column, from all ``lines`` of a header, joined by a blank.

    Where names would be repeated, a cell above the last line is taken to be merged with the empty
    ones to its right.
    """
    width = max(map(len, lines))
    texts = [[*map(str.strip, cells), *[""] * (width - len(cells))] for cells in lines]
    names = _by_column(texts)
    if not differ(names):
        names = _by_column(_carried(texts))
    return names


def _by_column(lines: Sequence[Sequence[str]]) -> list[str]:
    return [" ".join(filter(None, cells)) for cells in zip(*lines, strict=True)]


def differ(names: Sequence[str]) -> bool:
    """Whether no two names that are given are alike."""
    given = [name for name in names if name]
    return len(set(given)) == len(given)


def _carried(lines: Sequence[Sequence[str]]) -> list[list[str]]:
    """The lines with each cell but those of the last one repeated to its right, as far as the next
    one in its line or above it; not where nothing stands below.
    """
    *above, last = map(list, lines)
    for number, cells in enumerate(above):
        below = [*above[number + 1 :], last]
        for column in range(1, len(cells)):
            ended = any(lines[upper][column] for upper in range(number))
            named = any(line[column] for line in below)
            if not cells[column] and named and not ended:
                cells[column] = cells[column - 1]
    return [*above, last]


def _numbered(names: Sequence[str]) -> Iterator[str]:
    """The names, of which the second and later ones that are equal have a number behind them."""
    seen: Counter[str] = Counter()
    for name in names:
        seen[name] += 1
        yield f"{name} {seen[name]}" if name and seen[name] > 1 else name
