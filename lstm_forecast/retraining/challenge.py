"""The training of a challenger, and what is published of it."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from lstm_forecast.config.fields import AUTO, Section
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import RunError
from lstm_forecast.events import Listener, phase
from lstm_forecast.forecasting.loaded import LoadedRun
from lstm_forecast.judging.promotion import Verdict
from lstm_forecast.model.ensemble import Member
from lstm_forecast.model.onnx.graph import onnx_graph, weight_shapes
from lstm_forecast.model.published import keeps_networks
from lstm_forecast.panel.panel import Panel
from lstm_forecast.retraining.due import News
from lstm_forecast.retraining.judge import judge_challenger
from lstm_forecast.store import Checkpoints
from lstm_forecast.store.documents import read_manifest
from lstm_forecast.tables.read import Table
from lstm_forecast.training.fit import Learned, Warm
from lstm_forecast.training.learn import learn, learn_all_rows
from lstm_forecast.training.prepare import prepare_panel
from lstm_forecast.training.prepared import Prepared
from lstm_forecast.training.publish import Trained
from lstm_forecast.training.specs import network_spec

__all__ = ["Challenge", "train_challenger", "warm_weights"]

# Keys that are decided anew in every training, as the rows that there are, or other keys, decide.
DECIDED_ANEW = ("padding", "evaluation_stride", "fallback", "pretrained")
# Horizons that judge, at most. Nobody learns from them: half of all new rows would hide a new
# regime for as long as the champion is old, and more than 32 find no better challenger sooner
# (`python -m tests.benchmarks reliability power`).
MOST_JUDGING_HORIZONS = 32
# Sections with keys that may be left to auto.
SECTIONS_WITH_AUTO = ("preprocessing", "windows", "model", "training")
PUBLISHED_AS_IT_WAS = "trained again on all rows it failed, so that it is published as it was"


@dataclass(frozen=True)
class Challenge:
    """A challenger, and what the judges said."""

    trained: Trained
    learned: Learned  # what would be published
    start: str  # warm or scratch
    verdict: Verdict
    warnings: Sequence[str]


def train_challenger(
    config: Config,
    champion: LoadedRun,
    panel: Panel,
    table: Table,
    news: News,
    listener: Listener,
    checkpoints: Checkpoints,
) -> Challenge:
    """Train on all rows but the newer half of the new ones, ``MOST_JUDGING_HORIZONS`` at most, and
    compare on these.

    The older part of what the champion does not know is what the challenger can know better: with
    ``retrain.refit`` it is trained again on all rows before the judged ones, validation part
    included. If it wins, it is trained on all rows, and judged once more: it has seen the rows
    then, so that winning proves nothing, but losing does.
    """
    judged_from = news.end - min(news.rows // 2, MOST_JUDGING_HORIZONS * config.windows.horizon)
    lesson = partial(learn, listener=listener, checkpoints=checkpoints)
    anew = partial(learn_all_rows, listener=listener, checkpoints=checkpoints)

    def prepared_like(config: Config) -> Prepared:
        return prepare_panel(config, panel, table, test_from=judged_from)

    candidates = list(_candidates(config, champion, prepared_like, lesson, listener))
    trained, warm = min(candidates, key=lambda candidate: _validation_error(candidate[0]))
    judge = partial(_judged, champion, trained.prepared, news, judged_from=judged_from)
    refit, learned, warnings = config.retrain.refit, trained.learned, []
    if refit:
        learned = anew(trained, warm=warm, before_test=True)
    verdict = judge(learned.members)
    listener.note(verdict.reason, event="verdict", **vars(verdict))
    if verdict.better and refit:
        again = anew(trained, warm=warm)
        second = judge(again.members)
        learned = again if second.better else learned
        warnings += [] if second.better else [f"{PUBLISHED_AS_IT_WAS}: {second.reason}"]
    return Challenge(trained, learned, "scratch" if warm is None else "warm", verdict, warnings)


def _judged(
    champion: LoadedRun,
    prepared: Prepared,
    news: News,
    members: Sequence[Member],
    *,
    judged_from: int,
) -> Verdict:
    """Judge these networks beside the champion on the steps from number ``judged_from`` on."""
    phase("judging the challenger beside the champion")
    view = news.panel
    if len(prepared.layout.ids) < len(view.layout.ids):  # data.short_series: skip
        view = view.only(np.isin(view.layout.ids, prepared.layout.ids))
    return judge_challenger(
        champion,
        prepared.forecaster(onnx_graph(members)),
        prepared.config,
        view,
        learned=prepared.split.validation_start,
        unseen=np.maximum(prepared.split.test_start, view.layout.rows_before(judged_from)),
    )


def _candidates(
    config: Config,
    champion: LoadedRun,
    prepared_like: Callable[[Config], Prepared],
    lesson: Callable[..., Trained],
    listener: Listener,
) -> Iterator[tuple[Trained, Warm]]:
    """What ``retrain.start`` asks for, trained; from scratch where the champion's weights do not
    fit.
    """
    warm = None
    if config.retrain.start != "scratch":
        prepared = prepared_like(_like(champion.config, config))
        warm = warm_weights(champion, prepared, listener)
        if warm is None:
            listener.note(
                "the champion's weights do not fit this config and these data: starting from"
                " scratch"
            )
        else:
            yield lesson(prepared, warm=warm), warm
    if config.retrain.start != "warm" or warm is None:
        yield lesson(prepared_like(config)), None


def _like(champion: Config, config: Config) -> Config:
    """The config, with what it leaves to auto decided as in the champion's."""
    changes = {}
    for name in SECTIONS_WITH_AUTO:
        section: Section = getattr(config, name)
        open_keys = [
            key
            for key, info in type(section).model_fields.items()
            if any(each is AUTO for each in info.metadata)
            and key not in DECIDED_ANEW
            and getattr(section, key) is None
        ]
        taken = {key: getattr(getattr(champion, name), key) for key in open_keys}
        changes[name] = section.model_copy(update=taken)
    return config.model_copy(update=changes)


def warm_weights(champion: LoadedRun, prepared: Prepared, listener: Listener) -> Warm:
    """The champion's weights for every network, or None if they are damaged or of other networks
    than these.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    manifest = read_manifest(champion.run)
    if not keeps_networks(manifest.published, manifest.weights):
        return None
    try:
        saved = load(champion.run.read("weights.safetensors"))
    except (RunError, SafetensorError) as error:  # forecasts need only the network
        listener.note(f"warning: weights.safetensors: {error}", event="warning")
        return None
    warm = []
    for number, context_length in enumerate(prepared.config.member_contexts):
        shapes = weight_shapes(network_spec(prepared, context_length, number))
        weights = {name: saved.get(f"{number}/{name}") for name in shapes}
        fitting = {
            n: w
            for n, w in weights.items()
            if w is not None and w.shape == shapes[n] and np.isfinite(w).all()
        }
        if len(fitting) < len(shapes):
            return None
        warm.append(fitting)
    return warm


def _validation_error(trained: Trained) -> float:
    """Mean absolute error of what would be published; 0 where there is no validation part: the
    first one is taken.
    """
    report = trained.metrics.validation
    error = report.own.mae if report else 0.0
    return math.inf if error is None else error
