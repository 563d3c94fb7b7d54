"""What an unattended command tells Prometheus: a textfile for its node exporter."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from lstm_forecast.detecting.detection import KINDS, Detection
from lstm_forecast.documents import parsed
from lstm_forecast.errors import RunError
from lstm_forecast.judging.live import Live, Monitored
from lstm_forecast.retraining.status import OUTCOMES, STATUS, Status
from lstm_forecast.store import open_run, write_whole
from lstm_forecast.store.documents import read_manifest
from lstm_forecast.store.outputs import require_output

__all__ = ["METRICS", "write_detect_metrics", "write_monitor_metrics", "write_retrain_metrics"]

MOST_BYTES = 2**20  # of a status that is read
_CHAMPION = {
    "champion_created_timestamp_seconds": "When the champion was published.",
    "champion_cutoff_timestamp_seconds": "Stamp of the newest row that the champion knows.",
    "champion_cutoff_step": "The same where time is a step number.",
}
# two files of one directory must not hold the same metric, so that each command has its own
_BY_PREFIX = {
    "forecast_retrain_": {
        "timestamp_seconds": "When the last retraining ended.",
        "duration_seconds": "Seconds that it took.",
        "exit_code": "Its exit code: 0 done, 6 champion kept, others as in forecast --help.",
        "outcome": "1 for what came of it, 0 for what did not.",
        "new_rows": "Steps since the training before it.",
        "drift": "How far the new rows moved, in spreads of stretches of that length before.",
        "loss": "Mean loss on the rows that judged, of champion, challenger and seasonal_naive.",
        "peak_memory_bytes": "Largest resident memory.",
        **_CHAMPION,
    },
    "forecast_monitor_": {
        "timestamp_seconds": "When the forecasts were last compared with what came.",
        "exit_code": "Exit code of that: 0 no alarm, 6 alarm, others as in forecast --help.",
        "rows": "Forecasts whose actual value is known.",
        "waiting_rows": "Forecasts whose actual value has not come in.",
        "mae": "Live mean absolute error, in original units.",
        "test_mae": "Mean absolute error of the champion on its test part.",
        "skill": "1 - live error / that of the seasonal naive forecast.",
        "coverage": "Share of actual values inside the interval of that level in percent.",
        "promised_coverage": "Share that the interval promises.",
        "drift": "How far the data moved since the first of the forecasts.",
        "alarms": "Number of alarms.",
        **_CHAMPION,
        "last_retrain_timestamp_seconds": "When the last retraining ended.",
        "last_retrain_duration_seconds": "Seconds that it took.",
        "last_retrain_exit_code": "Its exit code.",
        "last_retrain_outcome": "1 for what came of it, 0 for what did not.",
    },
    "forecast_detect_": {
        "timestamp_seconds": "When anomalies were last looked for.",
        "exit_code": "Exit code of that: 0 none, 6 anomalies, others as in forecast --help.",
        "rows": "Steps that were judged.",
        "rate": "Share of usual steps that may be called anomalies.",
        "anomalies": "Number of anomalies of each kind.",
        "largest_score": "-log10 of the p-value of the least usual step that is an anomaly.",
        **_CHAMPION,
    },
}
METRICS = {
    prefix + name: text for prefix, named in _BY_PREFIX.items() for name, text in named.items()
}
# metric without its prefix, labels, value if it is known
Sample = tuple[str, Mapping[str, str], float | None]


def write_retrain_metrics(path: Path, home: Path, status: Status) -> None:
    """Replace the textfile that tells Prometheus of a retraining in ``home``. Raises WriteError."""
    losses = status.judged.losses if status.judged else {}
    samples: list[Sample] = [
        ("timestamp_seconds", {}, datetime.fromisoformat(status.finished).timestamp()),
        ("duration_seconds", {}, status.seconds),
        ("exit_code", {}, status.exit_code),
        *(("outcome", {"outcome": outcome}, outcome == status.outcome) for outcome in OUTCOMES),
        ("new_rows", {}, status.new_rows),
        ("drift", {}, status.drift),
        *(("loss", {"of": side}, loss) for side, loss in losses.items()),
        ("peak_memory_bytes", {}, status.peak_mib * 2**20),
        *_champion_samples(home),
    ]
    _write_samples(path, "forecast_retrain_", status.name, samples)


def write_monitor_metrics(path: Path, home: Path | None, name: str, found: Monitored) -> None:
    """Replace the textfile that tells Prometheus of forecasts and actual values. Raises WriteError.

    ``home`` is where the run lies, None if that is not known; what could not be found out is left
    out.
    """
    samples: list[Sample] = [
        ("timestamp_seconds", {}, datetime.now(UTC).timestamp()),
        ("exit_code", {}, found.exit_code),
        *(() if found.live is None else _live_samples(found.live, found)),
        *(() if home is None else (*_champion_samples(home), *_last_samples(home))),
    ]
    _write_samples(path, "forecast_monitor_", name, samples)


def write_detect_metrics(path: Path, home: Path | None, name: str, found: Detection) -> None:
    """Replace the textfile that tells Prometheus of anomalies. Raises WriteError.

    ``home`` is where the run lies, None if that is not known; what could not be found out is left
    out.
    """
    known = found.run is not None
    scores = [each.score for each in found.anomalies]
    samples: list[Sample] = [
        ("timestamp_seconds", {}, datetime.now(UTC).timestamp()),
        ("exit_code", {}, found.exit_code),
        ("rows", {}, found.steps if known else None),
        ("rate", {}, found.rate),
        *(("anomalies", {"kind": kind}, found.by_kind.get(kind, 0)) for kind in KINDS if known),
        ("largest_score", {}, max(scores) if scores else None),
        *(() if home is None else _champion_samples(home)),
    ]
    _write_samples(path, "forecast_detect_", name, samples)


def _live_samples(live: Live, found: Monitored) -> list[Sample]:
    levels = live.coverage
    return [
        ("rows", {}, live.rows),
        ("waiting_rows", {}, found.waiting),
        ("mae", {}, live.mae),
        ("test_mae", {}, found.expected),
        ("skill", {}, live.skill),
        *(("coverage", {"level": level}, share) for level, share in levels.items()),
        *(("promised_coverage", {"level": level}, float(level) / 100) for level in levels),
        ("drift", {}, found.drift),
        ("alarms", {}, len(found.alarms)),
    ]


def _champion_samples(home: Path) -> list[Sample]:
    try:
        manifest = read_manifest(open_run(home))
        cutoff = manifest.cutoff
        created = datetime.fromisoformat(manifest.created).timestamp()
        step = cutoff.removeprefix("-").isdigit()
        known = (
            ("cutoff_step", float(cutoff))
            if step
            else ("cutoff_timestamp_seconds", _moment(cutoff))
        )
    except (RunError, ValueError, OverflowError):
        return []  # there is none yet, or it is damaged: exit code and outcome tell
    return [
        ("champion_created_timestamp_seconds", {}, created),
        (f"champion_{known[0]}", {}, known[1]),
    ]


def _moment(stamp: str) -> float:
    """Seconds since 1970; stamps without zone count as UTC."""
    moment = datetime.fromisoformat(stamp)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _last_samples(home: Path) -> list[Sample]:
    """Of the last retraining in ``home``, if its status is there."""
    path = home / STATUS
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return []
        last = parsed(Status, path.read_bytes())
        finished = datetime.fromisoformat(last.finished).timestamp()
    except (OSError, ValueError):  # the next retraining makes it anew
        return []
    outcomes = (
        ("last_retrain_outcome", {"outcome": each}, each == last.outcome) for each in OUTCOMES
    )
    return [
        ("last_retrain_timestamp_seconds", {}, finished),
        ("last_retrain_duration_seconds", {}, last.seconds),
        ("last_retrain_exit_code", {}, last.exit_code),
        *outcomes,
    ]


def _write_samples(path: Path, prefix: str, name: str, samples: Sequence[Sample]) -> None:
    """Write what is known in Prometheus' text format, whole or not at all."""
    lines: list[str] = []
    for metric, labels, value in samples:
        if value is None:
            continue
        title = f"# TYPE {prefix}{metric} gauge"
        if title not in lines:  # samples of one metric come one after another
            lines += [f"# HELP {prefix}{metric} {METRICS[prefix + metric]}", title]
        shown = ",".join(
            f'{key}="{_escaped(text)}"' for key, text in {"name": name, **labels}.items()
        )
        lines.append(f"{prefix}{metric}{{{shown}}} {repr(float(value)).removesuffix('.0')}")
    content = "\n".join([*lines, ""]).encode(errors="backslashreplace")
    require_output("--metrics-file", path)
    write_whole(path, lambda staged: staged.write_bytes(content))


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
