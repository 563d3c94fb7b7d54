"""``forecast guide``: the pages of the guide, which ship with the package."""

import difflib
from dataclasses import dataclass
from pathlib import Path

from lstm_forecast.errors import UsageError

__all__ = ["Page", "guide", "topics"]

PAGES = Path(__file__).parents[1] / "guide"


@dataclass(frozen=True)
class Page:
    """A page of the guide: its name, its title, its first sentence, and all of its Markdown."""

    topic: str
    title: str
    purpose: str
    text: str


def topics() -> list[str]:
    """Return the names of all pages, in order."""
    return sorted(path.stem for path in PAGES.glob("*.md"))


def guide(topic: str | None = None) -> list[Page]:
    """Return the page of a topic, or all pages.

    Raises UsageError with the nearest topic if there is none.
    """
    known = topics()
    if topic is not None and topic not in known:
        near = difflib.get_close_matches(topic.lower(), known, n=1, cutoff=0.5)
        remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise UsageError(f"no page on {topic!r}; {remedy}")
    return [_read(name) for name in known if topic in (None, name)]


def _read(topic: str) -> Page:
    """Return the page, which begins with its title and the sentence that says what it is for."""
    text = (PAGES / f"{topic}.md").read_text(encoding="utf-8")
    title, purpose, *_ = text.split("\n\n", 2)
    return Page(topic, title.removeprefix("# "), " ".join(purpose.split("\n")), text)
