"""``forecast report``: one page that opens by itself, says what is true, and runs nothing of what
users wrote.
"""

import json
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure

from lstm_forecast import load
from lstm_forecast.pictures.page.html import to_html
from lstm_forecast.pictures.page.markdown import to_markdown
from lstm_forecast.pictures.page.page import Chart, Explorer, Line, Page, Section, Sentence, Series
from lstm_forecast.reporting.explorer import MOST_SERIES
from tests.functional.conftest import train_all
from tests.functional.test_cli import invoke, read_csv

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
HOSTILE = (
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "'\"><svg/onload=document.title='owned'>",
    "<!--<script>",
    "{{ 7 * 7 }}",
    "\u202eright to left\u2028new line",
)
# As many series as a panel has, a few windows each, and one series that goes on after the others.
MANY = """\
name: many
data: {path: many.csv, timestamp: day, series_id: shop, targets: sold}
windows: {context_length: 8, horizon: 4, evaluation_stride: 4, normalisation: last}
model: {units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1, levels: [80, 95]}
training: {epochs: 1, batch_size: 128, steps_per_epoch: 0, refit: false, fallback: false}
"""
KNOWN = """\
name: known
data: {path: known.csv, timestamp: day, targets: sold, covariates: {future: [promo], past: [tills]}}
windows: {context_length: 8, horizon: 4, evaluation_stride: 4, normalisation: last}
model: {units: 4, segment_length: 1, segment_units: 0, linear: ridge, ensemble: 1}
training: {epochs: 1, batch_size: 128, steps_per_epoch: 0, refit: false, fallback: false}
"""


@pytest.fixture(scope="module")
def project(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs of ``trained``, one of 260 series, and one with covariates."""
    folder = tmp_path_factory.mktemp("report") / "project"
    shutil.copytree(trained, folder)
    days = pd.date_range("2024-01-01", periods=80, freq="D")
    tables = (
        pd.DataFrame({"shop": f"shop {k:03}", "day": days, "sold": 50 + (k % 7) * days.day_of_week})
        for k in range(260)
    )
    pd.concat(tables).to_csv(folder / "many.csv", index=False)
    days = pd.date_range("2024-01-01", periods=300, freq="D")
    columns = {"promo": days.day_of_week == 5, "tills": days.day % 3, "sold": days.day_of_week}
    pd.DataFrame({"day": days, **columns}).astype({"promo": int}).to_csv(
        folder / "known.csv", index=False
    )
    (folder / "many.yaml").write_text(MANY)
    (folder / "known.yaml").write_text(KNOWN)
    train_all(folder, ["-c", "many.yaml"], ["-c", "known.yaml"])
    return folder


@pytest.fixture
def here(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project)
    return project


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Opened:
    """A page in a browser without a network, and what it asked for and complained of."""

    def __init__(self, browser: Any, path: Path, *, width: int = 1400, dark: bool = False) -> None:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            offline=True,
        )
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.absolute().as_uri())

    def drawn(self) -> int:
        """Charts on which something is drawn."""
        return int(
            self.page.evaluate(
                """() => [...document.querySelectorAll('.plot canvas')].filter((canvas) => {
                    const all = canvas.getContext('2d')
                        .getImageData(0, 0, canvas.width, canvas.height).data;
                    return all.some((part) => part);
                }).length"""
            )
        )


def written(name: str, *arguments: str) -> Path:
    """The report of a run of the project, made once."""
    return _made(Path.cwd(), name, arguments)


@cache
def _made(project: Path, name: str, arguments: tuple[str, ...]) -> Path:
    result = invoke("report", "--run", name, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return project / json.loads(result.stdout)["report"]


@pytest.mark.parametrize(("width", "dark"), [(1400, False), (400, True)])
@pytest.mark.parametrize("name", ["sine", "shops", "known", "many"])
def test_it_opens_without_a_network_or_a_complaint_and_everything_is_drawn(
    here: Path, browser: Any, name: str, width: int, dark: bool
) -> None:
    opened = Opened(browser, written(name), width=width, dark=dark)
    assert opened.complaints == []
    assert [url.partition(":")[0] for url in opened.requests] == ["file"]
    plots = opened.page.locator(".plot").count()
    assert plots >= 5
    assert opened.drawn() == plots
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True])
def test_no_fault_of_access_is_serious(here: Path, browser: Any, dark: bool) -> None:
    from axe_core_python.sync_playwright import Axe

    opened = Opened(browser, written("many"), dark=dark)
    found = Axe().run(opened.page)["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []


def test_a_series_is_found_by_its_name_and_drawn(here: Path, browser: Any) -> None:
    opened = Opened(browser, written("many", "--series", "shop 123"))
    page = opened.page
    page.fill("#search", "SHOP 12")
    assert page.locator("#names tr").count() == 10
    page.get_by_role("button", name="shop 123").click()
    assert page.inner_text("#chosen") == "shop 123"
    assert page.locator("#names [aria-pressed=true]").all_inner_texts() == ["shop 123"]


def test_dragging_zooms_and_keys_zoom_move_and_show_all(here: Path, browser: Any) -> None:
    page = Opened(browser, written("sine")).page
    plot = page.locator("#explorer")

    def labels() -> bytes:
        return bytes(page.locator("#explorer canvas").screenshot())

    seen = [labels()]
    box = plot.locator(".u-over").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 40, steps=5)
    page.mouse.up()
    page.mouse.move(0, 0)
    seen.append(labels())
    plot.focus()
    page.keyboard.press("ArrowLeft")
    seen.append(labels())
    page.keyboard.press("0")
    assert seen[0] != seen[1] != seen[2]
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    assert labels() == seen[0]


def test_values_are_told_where_the_pointer_is(here: Path, browser: Any) -> None:
    page = Opened(browser, written("sine")).page
    box = page.locator("#explorer .u-over").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 40)
    legend = page.inner_text("#explorer .u-legend")
    assert re.search(r"actual:?\s*-?\d", legend)


def hostile_page() -> Page:
    series = tuple(Series(name, 0, [1.0, 2.0, None], None, None) for name in HOSTILE)
    errors = tuple((name, 1.0, None) for name in HOSTILE)
    return Page(
        title=HOSTILE[0],
        subtitle=HOSTILE[1],
        verdict=tuple(Sentence(name, "bad") for name in HOSTILE),
        explorer=Explorer([0, 60, 120], True, (), HOSTILE[0], series, errors),
        sections=(
            Section(
                HOSTILE[2],
                texts=HOSTILE,
                charts=(
                    Chart(HOSTILE[0], [0, 1], (Line(HOSTILE[1], [1.0, 2.0]),), *HOSTILE[:2]),
                    Chart("bars", [0], (Line("a", [1.0], "bars"),), "x", "y", ticks=HOSTILE[:1]),
                ),
            ),
        ),
    )


def test_no_name_of_a_user_runs_or_is_lost(tmp_path: Path, browser: Any) -> None:
    path = tmp_path / "page.html"
    path.write_text(to_html(hostile_page()), encoding="utf-8")
    opened = Opened(browser, path)
    assert opened.complaints == []
    assert len(opened.requests) == 1
    assert opened.page.title() == HOSTILE[0]
    names = opened.page.locator("#names button").all_text_contents()
    assert names == list(HOSTILE)


def test_only_what_was_written_here_may_run(tmp_path: Path, browser: Any) -> None:
    text = to_html(hostile_page()).replace("</body>", "<script>document.title='x'</script></body>")
    path = tmp_path / "page.html"
    path.write_text(text, encoding="utf-8")
    opened = Opened(browser, path)
    assert opened.page.title() != "x"
    assert any("Content Security Policy" in each for each in opened.complaints)


def test_markdown_shows_names_as_they_are() -> None:
    lines = to_markdown(hostile_page()).splitlines()
    assert "- **!** \\<!--\\<script\\>" in lines
    assert not [line for line in lines if re.search(r"(?<!\\)<", line)]


def test_the_curves_are_of_the_named_the_worst_and_the_best_and_all_are_listed(here: Path) -> None:
    text = written("many", "--series", "shop 259").read_text()
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text)
    assert found is not None
    explorer = json.loads(found[1])["explorer"]
    drawn, listed = [each["name"] for each in explorer["series"]], explorer["errors"]
    assert len(drawn) == len(set(drawn)) == MOST_SERIES
    assert drawn[0] == "shop 259"
    assert len(listed) == 260
    skills = [skill for _, _, skill in listed if skill is not None]
    assert skills == sorted(skills)
    others = [name for name, _, _ in listed if name != "shop 259"]
    assert drawn[1:100] == others[:99]
    assert drawn[-1] == others[-1]


def test_history_and_forecasts_are_those_of_the_table(here: Path) -> None:
    text = written("sine").read_text()
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text)
    assert found is not None
    explorer = json.loads(found[1])["explorer"]
    (series,) = explorer["series"]
    table = pd.read_csv(here / "sine.csv")
    assert explorer["stamps"][series["first"]] == table["step"].iloc[0]
    assert series["y"] == [float(f"{value:.6g}") for value in table["y"]]
    future = read_csv(invoke("predict", "--run", "sine"))
    ahead = series["future"]
    stamps = explorer["stamps"][ahead["first"] : ahead["first"] + len(ahead["y"])]
    assert stamps == future["ds"].tolist()
    assert ahead["y"] == pytest.approx(future["sine"].tolist(), rel=1e-5)


def test_the_same_run_gives_the_same_bytes(here: Path) -> None:
    for suffix in ("html", "md", "pdf"):
        first, second = (
            written("sine", "--output", f"{name}.{suffix}").read_bytes() for name in "ab"
        )
        assert first == second, suffix


@pytest.mark.parametrize(
    ("form", "begins"), [("html", b"<!doctype html>"), ("pdf", b"%PDF-"), ("md", b"# sine")]
)
def test_the_format_is_that_asked_for_or_of_the_name(here: Path, form: str, begins: bytes) -> None:
    path = written("sine", "--format", form)
    assert path.name == f"sine-report.{form}"
    assert path.read_bytes().startswith(begins)
    assert written("sine", "--output", f"other.{form}").read_bytes().startswith(begins)


def test_a_name_that_does_not_fit_the_format_is_refused(here: Path) -> None:
    result = invoke("report", "--run", "sine", "--format", "pdf", "--output", "page.html")
    assert result.exit_code == 2
    assert "expected a name that ends in .pdf" in result.stderr


def test_markdown_goes_to_stdout_where_that_is_asked_for(here: Path) -> None:
    result = invoke("report", "--run", "sine", "--format", "md", "--output", "-")
    assert result.exit_code == 0, result.output
    assert result.stdout == written("sine", "--format", "md").read_text()
    assert not Path("-").exists()


@pytest.mark.parametrize("given", [(), ("--format", "html"), ("--format", "md", "--json")])
def test_nothing_but_markdown_alone_goes_to_stdout(here: Path, given: tuple[str, ...]) -> None:
    result = invoke("report", "--run", "sine", "--output", "-", *given)
    assert result.exit_code == 2
    assert "--output -" in result.output


def test_the_title_says_what_the_picture_of_the_forecast_says(
    here: Path, figures: list[Figure]
) -> None:
    assert "# sine: the next 5 steps\n" in written("sine", "--format", "md").read_text()
    assert invoke("plot", "--run", "sine").exit_code == 0
    assert figures[0].legends[0].get_title().get_text().startswith("sine: the next 5 steps after")


def test_runs_that_there_are_are_told_where_another_is_to_stand_beside(here: Path) -> None:
    result = invoke("report", "--run", "sine", "--against", "nothing")
    assert result.exit_code == 5
    assert "nothing: no such run; there are " in result.stderr
    assert "shops" in result.stderr


def test_other_runs_stand_beside_it(here: Path) -> None:
    text = written("sine", "--against", "shops", "--output", "beside.md").read_text()
    assert "## What changed?" in text
    assert "windows.horizon | 5 | 4 |" in text


def test_importance_is_measured_where_asked(here: Path) -> None:
    text = written("known", "--importance", "--output", "matters.html").read_text()
    assert "Growth of the error without an input" in text
    assert "Not measured" not in text


def test_without_importance_the_page_says_how_to_have_it_measured(here: Path) -> None:
    text = written("known", "--output", "known.md").read_text()
    (command,) = re.findall(r"so it is: forecast (report --run known --importance)", text)
    assert invoke(*command.split(), "--format", "md").exit_code == 0
    assert "| input | growth |" in Path("known-report.md").read_text()


def test_without_what_is_known_ahead_all_but_the_future_is_there(here: Path) -> None:
    path = written("known")
    told = "The future is not shown here"
    assert told in path.read_text()
    invoke("template", "--run", "known", "--output", "ahead.csv")
    rows = pd.read_csv("ahead.csv")
    rows.fillna(1).to_csv("ahead.csv", index=False)
    whole = written("known", "--future", "ahead.csv", "--output", "whole.html")
    assert told not in whole.read_text()


def test_an_unknown_series_is_refused_with_the_nearest(here: Path) -> None:
    result = invoke("report", "--run", "many", "--series", "shop 12x")
    assert result.exit_code == 4
    assert "no such series; did you mean shop " in result.stderr


def test_monitor_writes_what_has_become_of_the_forecasts(here: Path) -> None:
    rows = pd.read_csv("sine.csv")
    rows.iloc[:-20].to_csv("then.csv", index=False)
    invoke("predict", "--run", "sine", "--data", "then.csv", "--output", "made.csv")
    result = invoke("monitor", "made.csv", "--run", "sine", "--report", "live.md", "--worst", "99")
    assert result.exit_code in (0, 6), result.output
    text = Path("live.md").read_text()
    assert text.index("## What has become of the forecasts?") < text.index("## How wrong")
    assert "| forecasts compared | 5 |" in text


def test_retrain_writes_the_page_of_the_run_that_it_made(here: Path) -> None:
    arguments = ("-c", "sine.yaml", "--force", "--runs", "again", "--report", "made.html")
    result = invoke("retrain", *arguments, "--json")
    status = json.loads(result.stdout)
    assert status["run"] in Path("made.html").read_text()


@pytest.mark.parametrize("command", [("retrain", "-c", "sine.yaml"), ("monitor", "sine.csv")])
def test_a_page_of_another_format_is_refused_before_the_work(
    here: Path, command: tuple[str, ...]
) -> None:
    result = invoke(*command, "--report", "page.docx")
    assert result.exit_code == 2
    assert "expected a name that ends in .html, .pdf, .md" in result.stderr


def test_python_writes_the_page_that_the_command_writes(here: Path) -> None:
    verdict = load("runs/sine").report("python.md")
    assert Path("python.md").read_bytes() == written("sine", "--format", "md").read_bytes()
    assert verdict[0].startswith("Half of all forecasts up to 5 steps ahead")


def test_a_run_is_not_compared_with_itself(here: Path) -> None:
    result = invoke("report", "--run", "sine", "--against", "sine")
    assert result.exit_code == 2
    assert "--against sine: is the run itself" in result.stderr


def test_markdown_has_the_forecast_as_numbers(here: Path) -> None:
    lines = written("sine", "--format", "md").read_text().splitlines()
    first = read_csv(invoke("predict", "--run", "sine")).iloc[0]
    (row,) = [line for line in lines if line.startswith(f"| {first['ds']} |")]
    assert float(row.split("|")[2]) == pytest.approx(first["sine"], rel=1e-5)


def test_doubts_about_the_curves_stand_beside_them(here: Path) -> None:
    text = written("known").read_text()
    assert text.index("The future is not shown here") < text.index('id="explorer"')


def test_the_command_that_it_names_makes_the_run_again(here: Path) -> None:
    found = re.search(r"forecast (train --config [^\s<]+)", written("sine").read_text())
    assert found is not None
    train_all(here, [*found[1].split()[1:], "--runs", "once-more"])
    first, again = (load(f"{runs}/sine") for runs in ("runs", "once-more"))
    for name in ("weights.safetensors", "network.onnx"):
        assert first.read(name) == again.read(name)
