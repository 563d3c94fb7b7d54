"""Objects inside the records of JSON: columns that are named by the path to their values."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lstm_forecast.errors import DataError

__all__ = ["EXAMPLE", "ListInsideError", "Paths"]

EXAMPLE = '{"ds": "2024-01-31", "y": 1.5}'  # a record
MOST_LEVELS = 16  # of objects in one another
MOST_COLUMNS = 2000  # that objects become: keys that differ from record to record are no columns
SHOWN = 60  # characters of a value
Path = tuple[str, ...]


class ListInsideError(DataError):
    """Lists inside a record, where each key has to have one value."""

    def __init__(self, place: str, lists: Mapping[str, list[Any]]) -> None:
        self.name, self.first = next(iter(lists.items()))
        more = [name for name in lists if name != self.name]
        others = f", and so do {', '.join(more)}" if more else ""
        super().__init__(
            f"{place}: key {self.name}: expected a number, a text, an object or null, received a"
            f" list, {json.dumps(self.first)[:SHOWN]}{others}; write a record for each value of a"
            " list, or leave that key out of all records"
        )

    def of_document(self, place: str) -> DataError:
        """What is wrong where the record is all that there is, so that rows are in its lists."""
        if not self.first:
            return DataError(
                f"{place}: expected a list of records such as {EXAMPLE}, received one object around"
                f" other things, such as an empty list at {self.name}: write one record for each"
                f' key, {{"ds": {json.dumps(self.name)}, ...}}, with the key as a stamp beside'
                " what it holds, and none for an empty list"
            )
        first = self.first[0]
        inside = _lists_in(first, (self.name,)) if isinstance(first, dict) else {}
        further = f", and lists again at {next(iter(inside))} in its entries" if inside else ""
        return DataError(
            f"{place}: expected a list of records such as {EXAMPLE}, received one object around"
            f" lists; the first list stands at {self.name}{further}: write what it holds as a list"
            " of records, with a stamp and one value for each key in each"
        )


class Paths:
    """How the keys of records are called: those inside objects by their path, with dots."""

    def __init__(self) -> None:
        self.known: dict[str, Path] = {}
        self.objects: set[str] = set()  # keys that have an object in one record at least

    def flat(
        self, record: Mapping[str, Any], place: str, before: Iterable[str]
    ) -> Mapping[str, Any]:
        """A record with one value for each key, where the names of columns ``before`` it are known.

        Raises DataError for a list in it, for a path that is the name of another key, and for more
        than can be columns of a table.
        """
        if any(isinstance(value, dict | list) for value in record.values()):
            if not self.known:
                self.known = {name: (name,) for name in before}
            values = list(self._values(record, (), place))
        elif self.known:
            values = [((name,), value) for name, value in record.items()]
        else:
            return record
        self._know((path for path, _ in values), place)
        lists = {".".join(path): value for path, value in values if isinstance(value, list)}
        if lists:
            raise ListInsideError(place, lists)
        return {".".join(path): value for path, value in values}

    def _values(
        self, record: Mapping[str, Any], above: Path, place: str
    ) -> Iterator[tuple[Path, Any]]:
        """The values in a record and in the objects inside it, with the path to each."""
        for key, value in record.items():
            path = (*above, key)
            if not isinstance(value, dict):
                yield path, value
                continue
            if len(path) >= MOST_LEVELS:
                raise DataError(
                    f"{place}: key {'.'.join(path)[:SHOWN]}: objects inside objects, {MOST_LEVELS}"
                    " levels deep; write those of a deeper level as keys of the record"
                )
            self.objects.add(".".join(path))
            yield from self._values(value, path, place)

    def _know(self, paths: Iterable[Path], place: str) -> None:
        """Take names for those of their paths."""
        for path in paths:
            name = ".".join(path)
            other = self.known.setdefault(name, path)
            if other != path:
                one, two = (" > ".join(each) for each in (other, path))
                raise DataError(
                    f"{place}: the keys {one} and {two} would both be called {name}; rename one"
                )
        if len(self.known) > MOST_COLUMNS:
            inside = [name for name, path in self.known.items() if len(path) > 1]
            if len(inside) > MOST_COLUMNS:
                raise DataError(
                    f"{place}: more than {MOST_COLUMNS:,} keys inside objects, such as"
                    f" {inside[-1]}; write records with the same keys, and what differs among them"
                    " as a value"
                )


def _lists_in(record: Mapping[str, Any], above: Path) -> Mapping[str, list[Any]]:
    """The lists among the values of a record, by their path."""
    return {
        ".".join((*above, key)): value for key, value in record.items() if isinstance(value, list)
    }
