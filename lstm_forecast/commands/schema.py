"""``forecast schema``: the published JSON Schema of each thing that is written to disk or shown."""

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from lstm_forecast.documents import schema_of
from lstm_forecast.errors import UsageError

__all__ = ["DOCUMENTS", "Published", "find_schema"]


@dataclass(frozen=True)
class Published:
    """Where the classes of a document are, and what it is."""

    module: str  # below the package; imported only if its schema is asked for
    classes: tuple[str, ...]  # several: the document is one of them
    description: str


CONFIG = "config"
DOCUMENTS: Mapping[str, Published] = {
    CONFIG: Published("config.schema", ("Config",), "a config"),
    "manifest": Published("store.manifest", ("Manifest",), "manifest.json of a run"),
    "metrics": Published("store.report", ("Reports",), "metrics.json of a run"),
    "status": Published("retraining.status", ("Status",), "status.json, beside the runs"),
    "failure": Published("errors", ("Failure",), "what --json prints of any error"),
    "init": Published("panel.draft", ("Draft",), "init --json"),
    "check": Published("training.inspection", ("Inspection",), "check --json"),
    "train": Published("store.listing", ("TrainedRun",), "train --json"),
    "predict": Published(
        "forecasting.prediction",
        ("Forecasts", "ForecastsWritten"),
        "predict --json, and predict --output NAME.json",
    ),
    "template": Published(
        "forecasting.prediction", ("FutureRows", "FutureWritten"), "template --json"
    ),
    "backtest": Published("judging.backtest", ("BacktestReport",), "backtest --json"),
    "plot": Published("store.outputs", ("Drawn",), "plot --json"),
    "compare": Published(
        "judging.comparison", ("Comparison",), "compare --json, and compare --output NAME.json"
    ),
    "retrain": Published("retraining.status", ("Status",), "retrain --json"),
    "monitor": Published("judging.live", ("Monitored",), "monitor --json"),
    "schedule": Published("retraining.jobs", ("Scheduled",), "schedule --json"),
    "runs-list": Published("store.listing", ("Listing",), "runs list --json"),
    "runs-show": Published("store.listing", ("Page",), "runs show --json"),
    "runs-verify": Published("store.listing", ("Verified",), "runs verify --json"),
    "runs-promote": Published("store.listing", ("Crowned",), "runs promote --json"),
    "runs-rollback": Published("store.listing", ("Crowned",), "runs rollback --json"),
    "runs-prune": Published("store.listing", ("Pruned",), "runs prune --json"),
    "config-show": Published("config.answers", ("ConfigShown",), "config show --json"),
    "config-schema": Published("config.answers", ("SchemaShown",), "config schema --json"),
    "guide": Published("commands.guide", ("PageShown", "Topics"), "guide --json"),
    "schema": Published("config.answers", ("SchemaShown", "SchemaNames"), "schema --json"),
}


def find_schema(name: str) -> Mapping[str, Any]:
    """The JSON Schema of that name. Raises UsageError for one that there is not."""
    if (found := DOCUMENTS.get(name)) is None:
        near = difflib.get_close_matches(name, DOCUMENTS, n=3) or list(DOCUMENTS)
        raise UsageError(f"no schema {name}; see {', '.join(near)}; forecast schema lists all")
    module = importlib.import_module(f"lstm_forecast.{found.module}")
    if name == CONFIG:  # people write it, and leave out what has a default
        schema: dict[str, Any] = module.Config.model_json_schema()
        return schema
    return schema_of(reduce(or_, (getattr(module, each) for each in found.classes)))
