"""A report as one HTML file that needs nothing else: no server, no network.

Curves are drawn by uPlot, which stands in the file. A Content-Security-Policy lets run what was
written here, by its hash, and nothing else.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

from lstm_forecast.documents import plain_values
from lstm_forecast.pictures.page.page import Page

__all__ = ["to_html"]


def to_html(page: Page) -> str:
    """The file's text. Names and texts of users are escaped, and numbers of the page's charts stand
    in a block that no browser runs.
    """
    from jinja2 import Environment, StrictUndefined

    script = _file("uplot/uPlot.iife.min.js") + _file("page.js")
    style = _file("uplot/uPlot.min.css") + _file("page.css")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_file("page.html"))
    return template.render(
        page=page,
        numbered=list(_numbered(page)),
        script=script,
        style=style,
        data=_json(_data(page)),
        policy="; ".join(
            (
                "default-src 'none'",
                f"script-src {_source(script)}",
                f"style-src {_source(style)}",
                "img-src data:",
                "base-uri 'none'",
                "form-action 'none'",
            )
        ),
    )


def _numbered(page: Page) -> Iterator[tuple[Any, list[tuple[int, Any]]]]:
    """Sections with their charts, which are counted over the page."""
    number = 0
    for section in page.sections:
        charts = list(enumerate(section.charts, start=number))
        number += len(charts)
        yield section, charts


def _data(page: Page) -> dict[str, object]:
    charts = [chart for section in page.sections for chart in section.charts]
    return {"charts": plain_values(charts), "explorer": plain_values(page.explorer)}


def _json(value: object) -> str:
    """JSON that ends no element of HTML and begins no comment, whatever its texts hold."""
    text = json.dumps(value, separators=(",", ":"), default=list, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _file(name: str) -> str:
    return (resources.files(__package__) / "web" / name).read_text(encoding="utf-8")
