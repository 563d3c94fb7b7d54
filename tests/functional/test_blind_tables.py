"""Kinds of tables that people exported, and that were misread until somebody tried them."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from babel.dates import format_date

from lstm_forecast.commands.init import init
from lstm_forecast.config.loading import Argument, assigned, load_config
from lstm_forecast.errors import DataError
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.survey import survey_panel
from lstm_forecast.tables.first_look import Given, first_look

HOURS = pd.date_range("2024-01-01", periods=500, freq="h")
DAYS = pd.date_range("2023-01-01", periods=400)


def written(folder: Path, **columns: object) -> Path:
    path = folder / "t.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def read(table: Path) -> Panel:
    """The panel of the config that ``init`` writes without a question."""
    assert init(table, output=table.with_name("t.yaml"), force=True).questions == ()
    data = load_config(table.with_name("t.yaml"), environment={}).data
    return survey_panel(data, table)[0]


def stamps_of(panel: Panel) -> pd.Index:
    return panel.layout.stamps(np.arange(len(panel.values)))


@pytest.mark.parametrize("name", ["MESS_DATUM", "when", "timestamp"])
@pytest.mark.parametrize("style", ["%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S"])
def test_dates_with_a_time_in_digits_are_no_seconds(tmp_path: Path, name: str, style: str) -> None:
    table = written(tmp_path, **{name: HOURS.strftime(style), "y": np.arange(500) % 7 + 0.5})
    assert list(stamps_of(read(table))) == list(HOURS)


def test_seconds_since_1970_stay_seconds(tmp_path: Path) -> None:
    seconds = (HOURS - pd.Timestamp(0)) // pd.Timedelta(seconds=1)
    panel = read(written(tmp_path, when=seconds, y=np.arange(500) % 7 + 0.5))
    assert list(stamps_of(panel).tz_localize(None)) == list(HOURS)


@pytest.mark.parametrize("name", ["Index", "step", "index"])
def test_a_counter_is_no_time_beside_stamps_that_a_few_rows_lack(tmp_path: Path, name: str) -> None:
    texts = ["", "", *HOURS.astype("str")]
    columns = {name: range(1, 503), "Timestamp": texts}
    table = written(tmp_path, **columns, y=[np.nan, np.nan, *np.arange(500) % 7])
    assert list(stamps_of(read(table))) == list(HOURS)
    table = written(tmp_path, **columns, y=[np.nan, 70, *np.arange(500) % 7])
    with pytest.raises(DataError, match=r"t.csv:3: column Timestamp: no time stamp"):
        read(table)


@pytest.mark.parametrize("style", ["%I:%M %p", "%I:%M%p", "%I:%M:%S %p"])
def test_halves_of_a_day_are_times_beside_a_date(tmp_path: Path, style: str) -> None:
    table = written(
        tmp_path, Date=HOURS.strftime("%m/%d/%Y"), Time=HOURS.strftime(style), y=np.arange(500) % 7
    )
    assert list(stamps_of(read(table))) == list(HOURS)


@pytest.mark.parametrize("style", ["%Y年%m月%d日", "%Y년 %m월 %d일"])
def test_dates_with_signs_for_what_they_count_are_read(tmp_path: Path, style: str) -> None:
    table = written(tmp_path, 年月=DAYS.strftime(style), y=np.arange(400) % 7 + 1)
    assert list(stamps_of(read(table))) == list(DAYS)


@pytest.mark.parametrize("style", ["%d.%m.%y", "%y.%m.%d", "%d/%m/%y"])
def test_of_several_readings_the_one_is_taken_by_which_alone_stamps_are_regular(
    tmp_path: Path, style: str
) -> None:
    first = DAYS[:25] if style[:2] != "%d" else DAYS
    panel = read(written(tmp_path, Datum=first.strftime(style), y=np.arange(len(first)) % 7 + 1))
    assert list(stamps_of(panel)) == list(first)


def test_stamps_that_are_regular_by_two_readings_are_refused(tmp_path: Path) -> None:
    days = pd.date_range("2023-01-01", periods=12).strftime("%m/%d/%Y")  # or the first of months
    with pytest.raises(DataError, match="the month or the day first"):
        first_look(written(tmp_path, when=days, y=range(3, 15)), Given())


@pytest.mark.parametrize(
    ("written_as", "style", "freq"),
    [
        ("{y}年{m}-{n}月期", "%Y年%m-%*", "QS-JAN"),
        ("{y}年{m}～{n}月期", "%Y年%m～%*", "QS-JAN"),  # noqa: RUF001
        ("{y}年第{q}四半期", "%Y年第%q四半期", "QS-JAN"),
        ("{y}年第{q}季度", "%Y年第%q季度", "QS-JAN"),
        ("{y}년 {q}분기", "%Y년 %q분기", "QS-JAN"),
        ("{y}年度", "%Y年度", "YS-JAN"),
        ("{y}年", "%Y年", "YS-JAN"),
    ],
)
def test_periods_with_signs_for_what_they_count_begin_with_their_first_month(
    tmp_path: Path, written_as: str, style: str, freq: str
) -> None:
    begins = pd.date_range("1980-01-01", periods=40, freq=freq)
    texts = [
        written_as.format(y=day.year, m=day.month, n=day.month + 2, q=day.quarter) for day in begins
    ]
    table = written(tmp_path, when=texts, y=np.arange(40) % 7 + 1)
    assert list(stamps_of(read(table))) == list(begins)
    assert first_look(table, Given()).data.timestamp_format == style


@pytest.mark.parametrize(
    ("between", "style"),
    [
        (",", "%Y-%m-%d"),
        ("; ", "%d.%m.%Y"),
        (" au ", "%d/%m/%Y"),
        ("~", "%Y/%m/%d"),
        (" to ", "%b %d, %Y"),
        (" al ", "%d/%m/%Y"),
    ],
)
def test_weeks_from_one_day_to_another_begin_with_the_first(
    tmp_path: Path, between: str, style: str
) -> None:
    weeks = pd.date_range("2021-01-04", periods=90, freq="7D")
    ends = (weeks + pd.Timedelta(days=6)).strftime(style)
    texts = [begin + between + end for begin, end in zip(weeks.strftime(style), ends, strict=True)]
    table = written(tmp_path, Datum=texts, y=np.arange(90) % 7 + 1)
    assert list(stamps_of(read(table))) == list(weeks)
    assert first_look(table, Given()).data.timestamp_format == f"{style}{between}%*"


def test_a_stamp_that_no_format_fits_is_told_of_what_is_not_read(tmp_path: Path) -> None:
    weeks = pd.date_range("2021-01-04", periods=90, freq="7D")
    table = written(tmp_path, Datum=[f"<{day:%Y-%m-%d}|x>" for day in weeks], y=range(90))
    with pytest.raises(DataError, match=r"with %\* for what is not to be read"):
        first_look(table, Given(timestamp=["Datum"]))
    look = first_look(table, Given(timestamp=["Datum"], timestamp_format="<%Y-%m-%d|%*"))
    assert look.data.timestamp_format == "<%Y-%m-%d|%*"


@pytest.mark.parametrize("given", [None, "%Y年%m-%*"])
def test_a_note_below_periods_is_named_as_a_footer(tmp_path: Path, given: str | None) -> None:
    begins = pd.date_range("1980-01-01", periods=40, freq="QS")
    texts = [f"{day.year}年{day.month}-{day.month + 2}月期" for day in begins]
    table = written(tmp_path, when=[*texts, "注2015暦年連鎖価格"], y=[*range(40), np.nan])
    with pytest.raises(DataError, match=r"or '%Y年%m-%\*'|like %Y年%m-%\*") as refused:
        first_look(table, Given(timestamp_format=given))
    assert "set data.csv.footer: 1" in str(refused.value)


@pytest.mark.parametrize(
    ("language", "written_as", "style"),
    [
        ("fr", "E d MMM y", "fr: %a %d %b %Y"),
        ("fr", "E dd/MM/y", "%a %d/%m/%Y"),
        ("de", "EEEE, 'den' d. MMMM y", "de: %a, den %d. %B %Y"),
        ("es", "EEEE, d 'de' MMMM 'de' y", "es: %a, %d de %B de %Y"),
        ("pl", "dd.MM.y (E)", "%d.%m.%Y (%a)"),
        ("ja", "y年M月d日(E)", "%Y年%m月%d日(%a)"),
        ("en", "EEEE, d MMMM y", "%a, %d %B %Y"),
    ],
)
def test_names_of_weekdays_beside_dates_are_read_whatever_they_are(
    tmp_path: Path, language: str, written_as: str, style: str
) -> None:
    days = DAYS[2:]  # the first one is mardi, which mar. is short for, as for mars
    texts = [format_date(day, written_as, language) for day in days]
    table = written(tmp_path, Date=texts, y=np.arange(len(days)) % 7 + 1)
    assert list(stamps_of(read(table))) == list(days)
    assert first_look(table, Given()).data.timestamp_format == style


@pytest.mark.parametrize("words", [["AM", "PM"], ["A", "B"], ["Nord", "Süd", "West"]])
def test_other_words_beside_dates_are_no_weekdays(tmp_path: Path, words: list[str]) -> None:
    texts = [f"{day:%d.%m.%Y} {words[k % len(words)]}" for k, day in enumerate(DAYS)]
    with pytest.raises(DataError, match="no column looks like a time"):
        first_look(written(tmp_path, when=texts, y=np.arange(len(DAYS)) % 7), Given())


@pytest.mark.parametrize("style", ["%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M"])
def test_rows_of_an_hour_that_clocks_show_twice_are_compared_by_what_is_read_of_them(
    tmp_path: Path, style: str
) -> None:
    quarters = pd.date_range("2023-10-15", "2023-11-10", freq="15min", tz="Europe/Berlin")
    ends = (quarters + pd.Timedelta(minutes=15)).strftime(style)  # 02:45 - 02:00 and 02:45 - 03:00
    ranges = [f"{begin} - {end}" for begin, end in zip(quarters.strftime(style), ends, strict=True)]
    table = written(tmp_path, MTU=ranges, load=np.sin(np.arange(len(quarters)) / 96).round(3))
    config = tmp_path / "t.yaml"
    (question,) = init(table, output=config).questions
    answer = question.answers[0].keys
    assert answer == {"timezone": "Europe/Berlin", "dst": "first"}
    settings = [Argument(key, ("data", key), value) for key, value in answer.items()]
    init(table, output=config, settings=settings, force=True)
    panel, findings = survey_panel(load_config(config, environment={}).data, table)[:2]
    assert list(stamps_of(panel)) == list(quarters)
    assert [each.kind for each in findings if each.kind not in ("dst", "stamps")] == []


AUTUMN = pd.date_range("2023-10-10", periods=700, freq="h", tz="Europe/Berlin")


def in_autumn(folder: Path, name: str, style: str, letters: tuple[str, str], first: int) -> Path:
    """A table of local hours, counted from the ``first`` one on, and with letters behind those that
    clocks show twice.
    """
    local = AUTUMN.tz_localize(None)
    behind = zip(local.duplicated(keep="last"), local.duplicated(), strict=True)
    marks = [letters[0] if one else letters[1] if other else "" for one, other in behind]
    hours = [f"{hour.hour + first:{style}}{mark}" for hour, mark in zip(local, marks, strict=True)]
    load = np.sin(np.arange(len(local)) / 4).round(3)
    return written(folder, **{"Data": local.strftime("%Y%m%d"), name: hours, "load": load})


@pytest.mark.parametrize(
    ("name", "style", "letters", "first"),
    [
        ("Godzina", "", ("", "A"), 1),
        ("Stunde", "02", ("a", "b"), 0),
        ("hour", "", ("", "b"), 0),
        ("Heure", "", ("A", "B"), 1),
    ],
)
def test_a_second_hour_with_a_letter_is_refused_with_what_helps(
    tmp_path: Path, name: str, style: str, letters: tuple[str, str], first: int
) -> None:
    table = in_autumn(tmp_path, name, style, letters, first)
    with pytest.raises(DataError, match="an hour that clocks show twice in autumn") as refused:
        first_look(table, Given())
    assert "write both as 2, after which `init` asks for the zone" in str(refused.value)
    assert ("count all hours from 0 to 23" in str(refused.value)) == (first == 1)
    table = in_autumn(tmp_path, name, style, ("", ""), 0)
    (question,) = init(table, output=tmp_path / "t.yaml").questions
    assert question.answers[0].keys == {"timezone": "Europe/Berlin", "dst": "first"}


def test_no_zone_is_found_by_the_ends_of_hours(tmp_path: Path) -> None:
    table = in_autumn(tmp_path, "Godzina", "", ("", ""), 1)
    (question,) = init(table, output=tmp_path / "t.yaml").questions
    assert all("timezone" not in answer.keys for answer in question.answers)
    assert "clocks in Europe/Berlin show an hour twice that ends so" in question.finding
    assert "hours from 0 to 23, after which a zone is asked for" in question.finding


@pytest.mark.parametrize(
    ("zone", "style"), [("Europe/Berlin", "%d.%m.%Y"), ("America/New_York", "%Y-%m-%d")]
)
def test_a_column_of_letters_of_a_zone_belongs_to_the_stamp_and_names_no_series(
    tmp_path: Path, zone: str, style: str
) -> None:
    first = "2024-10-20" if zone.startswith("Europe") else "2024-03-01"
    stamps = pd.date_range(first, periods=1540, freq="15min", tz=zone)
    table = written(
        tmp_path,
        Datum=stamps.strftime(style),
        von=stamps.strftime("%H:%M"),
        Zeitzone=stamps.strftime("%Z"),
        bis=(stamps + pd.Timedelta("15min")).strftime("%H:%M"),
        MW=np.arange(1540) % 96 + 0.5,
    )
    panel = read(table)
    assert panel.layout.ids == ("MW",)
    assert list(stamps_of(panel).tz_convert(zone)) == list(stamps)


def test_a_duration_beside_a_time_of_day_is_no_clock(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = written(
        tmp_path,
        Fecha=HOURS.strftime("%d/%m/%Y"),
        Intervalo=[f"{stamp:%H}:00 - {stamp:%H}:59" for stamp in HOURS],
        TMO=[f"00:{minute:02}:{second:02}" for minute, second in rng.integers(1, 59, (500, 2))],
        Ofrecidas=np.arange(500) % 24,
    )
    assert list(stamps_of(read(table))) == list(HOURS)


def test_hours_in_a_column_with_a_chinese_name_are_read(tmp_path: Path) -> None:
    table = written(
        tmp_path,
        日期=HOURS.strftime("%Y年%m月%d日"),
        小时=HOURS.hour,
        东四=np.arange(500) % 24 + 0.5,
    )
    assert list(stamps_of(read(table))) == list(HOURS)


def test_the_second_header_of_a_file_of_rdb_is_no_row(tmp_path: Path) -> None:
    rows = [f"USGS\t{stamp}\t{k % 24 + 0.5}\tA" for k, stamp in enumerate(HOURS)]
    text = "# made by hand\nagency\tdatetime\t1_00060\t1_00060_cd\n5s\t20d\t14n\t10s\n"
    (tmp_path / "t.csv").write_text(text + "\n".join(rows) + "\n")
    assert list(stamps_of(read(tmp_path / "t.csv"))) == list(HOURS)


def test_columns_of_several_units_are_told_and_not_read(tmp_path: Path) -> None:
    small, large = np.arange(500) % 24 + 900, np.arange(500) % 24 / 100 + 1
    mixed = [f"{a} MiB" if a < 912 else f"{b:.2f} GiB" for a, b in zip(small, large, strict=True)]
    table = written(tmp_path, Time=HOURS, web=mixed, db=[f"{b:.2f} GiB" for b in large])
    draft = init(table, output=tmp_path / "t.yaml")
    assert draft.targets == ("db",)
    (why,) = (found for found in draft.findings if found.startswith("column web is not read"))
    assert "in several units, such as '900 MiB'" in why
    option = re.search(r"\((--set .*)\)$", why)
    assert option
    worth = assigned(shlex.split(option[1])[1], option="--set")
    init(table, output=tmp_path / "t.yaml", settings=[worth], targets=["web"], force=True)
    data = load_config(tmp_path / "t.yaml", environment={}).data
    values = survey_panel(data, table)[0].values[:, 0]
    assert (values.min(), values.max()) == (900, 1024 * 1.23)


def test_columns_with_other_signs_than_the_rest_are_told_and_not_read(tmp_path: Path) -> None:
    odd = [f"{k % 24},25" for k in range(500)]
    table = written(tmp_path, Time=HOURS, km=odd, up=np.arange(500) % 24 + 0.5)
    draft = init(table, output=tmp_path / "t.yaml")
    assert draft.targets == ("up",)
    assert any(
        "km is not read: it holds numbers with other signs" in each for each in draft.findings
    )


def test_states_among_numbers_are_asked_about(tmp_path: Path) -> None:
    cells = [f"{k % 24}.5" if k % 25 else ("on", "off")[k // 25 % 2] for k in range(500)]
    (question,) = init(
        written(tmp_path, time=HOURS, state=cells), output=tmp_path / "t.yaml"
    ).questions
    assert question.count == 20


def test_series_at_other_times_can_be_left_out(tmp_path: Path) -> None:
    """The rows of the others are looked at alone."""
    rng = np.random.default_rng(0)
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(1, 900, 900).cumsum(), "s")
    names = np.where(np.arange(900) % 9, "level", "switch")
    table = written(tmp_path, time=times, entity_id=names, value=np.arange(900) % 50)
    draft = init(
        table,
        output=tmp_path / "t.yaml",
        settings=[
            Argument("--set", ("data", "series_id"), "entity_id"),
            Argument("--set", ("data", "leave_out"), ["switch"]),
        ],
    )
    assert draft.series == 1


def test_a_line_that_is_wider_than_the_one_above_it_may_be_the_header(tmp_path: Path) -> None:
    """As where a version stands among the names of the columns."""
    rows = [f"D,DISPATCH,SUM,4,{stamp},{k % 24}.5,1,2,3,4,5" for k, stamp in enumerate(HOURS)]
    first, names = "C,WORLD,PUBLIC,08:05:12", "I,DISPATCH,SUM,4,TIME,DEMAND,A,B,E,F,G"
    (tmp_path / "t.csv").write_text("\n".join([first, names, *rows, ""]))
    with pytest.raises(DataError, match=r"or data\.csv\.header: 2 if that line names the columns"):
        first_look(tmp_path / "t.csv", Given())


def test_the_hour_that_clocks_skip_is_told_where_it_is_filled(tmp_path: Path) -> None:
    stamps = pd.date_range("2024-03-20", periods=500, freq="h", tz="Europe/Berlin")
    table = written(tmp_path, ds=stamps.tz_localize(None), y=np.arange(500) % 24 + 0.5)
    draft = init(table, output=tmp_path / "t.yaml")
    assert any("skip exactly such hours" in found for found in draft.findings)


def test_stamps_that_all_rows_have_are_the_time(tmp_path: Path) -> None:
    paid = [f"{stamp}:24" if k % 3 else "" for k, stamp in enumerate(HOURS.strftime("%F %H:%M"))]
    table = written(tmp_path, paid=paid, created=HOURS, y=np.arange(500) % 7 + 0.5)
    draft = init(table, output=tmp_path / "t.yaml")
    assert (draft.timestamp, draft.freq) == (("created",), "h")
    assert not any("would do as well" in found for found in draft.findings)


def test_counters_of_each_device_are_no_target(tmp_path: Path) -> None:
    frame = pd.concat(
        [
            pd.DataFrame({"at": DAYS, "device": name, "frame": np.arange(400) + first, "v": values})
            for name, first, values in (
                ("a", 17, np.arange(400) % 9),
                ("b", 90, np.arange(400) % 5),
            )
        ]
    )
    frame.sort_values("at").to_csv(tmp_path / "t.csv", index=False)
    assert init(tmp_path / "t.csv", output=tmp_path / "t.yaml").targets == ("v",)


def test_one_series_may_be_told_where_a_column_could_name_several(tmp_path: Path) -> None:
    frame = pd.concat([pd.DataFrame({"at": DAYS, "item": name, "sold": 3}) for name in "ab"])
    frame.assign(sold=np.arange(800) % 5).to_csv(tmp_path / "t.csv", index=False)
    one = assigned("data.series_id=null", option="--set")
    draft = init(tmp_path / "t.csv", output=tmp_path / "t.yaml", settings=[one])
    assert (draft.series, draft.series_id) == (1, None)
    assert "2 of" not in draft.findings[1]
    assert [question.kind for question in draft.questions] == ["duplicates"]


def test_rows_of_several_totals_are_left_out_by_their_first_word(tmp_path: Path) -> None:
    lines = [f"{day:%d-%b-%y},{k % 7}.5" for k, day in enumerate(DAYS)]
    for month, row in ((3, 370), (2, 200), (1, 31)):
        lines.insert(row, f"Total {pd.Timestamp(2023, month, 1):%b-%y},99")
    (tmp_path / "t.csv").write_text("\n".join(["Date,Rooms", *lines]))
    with pytest.raises(DataError, match=r"the 3 lines that begin with Total are no row") as caught:
        init(tmp_path / "t.csv", output=tmp_path / "t.yaml")
    option = shlex.split(re.search(r"\((--set .*)\)", str(caught.value))[1])[1]  # type: ignore[index]
    comment = assigned(option, option="--set")
    assert init(tmp_path / "t.csv", output=tmp_path / "t.yaml", settings=[comment]).rows == 400


def test_whole_numbers_without_a_header_are_rows(tmp_path: Path) -> None:
    rows = [f"{at.year},{at.month},{at.day},{at.hour},{k % 24}" for k, at in enumerate(HOURS)]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    with pytest.raises(DataError, match=r"the first line, 2024, 1, .* seems to be a row"):
        init(tmp_path / "t.csv", output=tmp_path / "t.yaml", timestamp=["2024", "1"])
