"""``forecast schema``: the published JSON Schema of each thing that is written to disk or shown."""

import difflib
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

from lstm_forecast.documents import schema_of
from lstm_forecast.errors import UsageError

__all__ = ["CONFIG", "DOCUMENTS", "find_kinds", "find_schema"]

Kinds = tuple[type[Any], ...]  # several: the document is one of them
CONFIG = "config"
DOCUMENTS = {  # by name: what it is
    CONFIG: "a config",
    "manifest": "manifest.json of a run",
    "metrics": "metrics.json of a run",
    "golden": "golden.json of a run",
    "status": "status.json, beside the runs",
    "failure": "what --json prints of any error",
    "init": "init --json",
    "check": "check --json",
    "train": "train --json",
    "predict": "predict --json, and predict --output NAME.json",
    "template": "template --json",
    "quick": "quick --json, and quick --output NAME.json",
    "backtest": "backtest --json",
    "plot": "plot --json",
    "report": "report --json",
    "explain": "explain --json",
    "compare": "compare --json, and compare --output NAME.json",
    "tune": "tune --json",
    "retrain": "retrain --json",
    "monitor": "monitor --json",
    "detect": "detect --json",
    "schedule": "schedule --json",
    "runs-list": "runs list --json",
    "runs-show": "runs show --json",
    "runs-verify": "runs verify --json",
    "runs-promote": "runs promote --json",
    "runs-rollback": "runs rollback --json",
    "runs-prune": "runs prune --json",
    "config-show": "config show --json",
    "config-schema": "config schema --json",
    "pretrain": "pretrain --json",
    "guide": "guide --json",
    "schema": "schema --json",
}


def find_kinds(name: str) -> Kinds:
    """The classes of that name. Raises UsageError for a name that there is not."""
    for kinds in (_quick, _of_tables, _of_judgements):
        if name in (found := kinds()):
            return found[name]
    near = difflib.get_close_matches(name, DOCUMENTS, n=3) or list(DOCUMENTS)
    raise UsageError(f"no schema {name}; see {', '.join(near)}; forecast schema lists all")


def find_schema(name: str) -> Mapping[str, Any]:
    """The JSON Schema of that name. Raises UsageError for a name that there is not."""
    kinds = find_kinds(name)
    if name == CONFIG:  # people write it, and leave out what has a default
        from lstm_forecast.config.schema import Config

        return Config.model_json_schema()
    return schema_of(reduce(or_, kinds))


def _quick() -> Mapping[str, Kinds]:
    """Classes whose import takes no numeric library."""
    from lstm_forecast.config.answers import (
        ConfigShown,
        PageShown,
        SchemaNames,
        SchemaShown,
        Topics,
    )
    from lstm_forecast.config.schema import Config
    from lstm_forecast.errors import Failure
    from lstm_forecast.retraining.jobs import Scheduled
    from lstm_forecast.store.listing import Crowned, Listing, Pruned, RunPage, TrainedRun, Verified
    from lstm_forecast.store.manifest import Manifest
    from lstm_forecast.store.report import Reports

    return {
        CONFIG: (Config,),
        "manifest": (Manifest,),
        "metrics": (Reports,),
        "failure": (Failure,),
        "train": (TrainedRun,),
        "schedule": (Scheduled,),
        "runs-list": (Listing,),
        "runs-show": (RunPage,),
        "runs-verify": (Verified,),
        "runs-promote": (Crowned,),
        "runs-rollback": (Crowned,),
        "runs-prune": (Pruned,),
        "config-show": (ConfigShown,),
        "config-schema": (SchemaShown,),
        "guide": (PageShown, Topics),
        "schema": (SchemaShown, SchemaNames),
    }


def _of_tables() -> Mapping[str, Kinds]:
    """Classes of what is found in tables, and of forecasts."""
    from lstm_forecast.forecasting.explanation import Explanation
    from lstm_forecast.forecasting.gates_shown import DrawnGates
    from lstm_forecast.forecasting.golden import Golden
    from lstm_forecast.forecasting.prediction import (
        Forecasts,
        ForecastsWritten,
        FutureRows,
        FutureWritten,
        QuickForecasts,
        QuickWritten,
    )
    from lstm_forecast.panel.asking.draft import Draft
    from lstm_forecast.store.outputs import Drawn

    return {
        "init": (Draft,),
        "golden": (Golden,),
        "predict": (Forecasts, ForecastsWritten),
        "template": (FutureRows, FutureWritten),
        "quick": (QuickForecasts, QuickWritten),
        "plot": (Drawn, DrawnGates),
        "explain": (Explanation,),
    }


def _of_judgements() -> Mapping[str, Kinds]:
    """The others."""
    from lstm_forecast.detecting.detection import Detection
    from lstm_forecast.judging.backtest import BacktestReport
    from lstm_forecast.judging.comparison import Comparison
    from lstm_forecast.judging.generated import Pretrained
    from lstm_forecast.judging.live import Monitored
    from lstm_forecast.reporting.report import ReportWritten
    from lstm_forecast.retraining.status import Status
    from lstm_forecast.training.inspection import Inspection
    from lstm_forecast.tuning.tuned import Tuned

    return {
        "status": (Status,),
        "check": (Inspection,),
        "pretrain": (Pretrained,),
        "backtest": (BacktestReport,),
        "report": (ReportWritten,),
        "compare": (Comparison,),
        "tune": (Tuned,),
        "retrain": (Status,),
        "monitor": (Monitored,),
        "detect": (Detection,),
    }
