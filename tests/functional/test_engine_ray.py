"""Forecasts by workers of Ray: the bytes of one process, also where a worker is killed."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import kubernetes_validate
import pandas as pd
import psutil
import pytest
from ruamel.yaml import YAML

import lstm_forecast.commands.predict as command
from lstm_forecast.engines import on_ray
from lstm_forecast.engines.engine import engine_of
from lstm_forecast.errors import UsageError
from lstm_forecast.forecasting.part_forecast import MadePart, PartForecast, Whole
from lstm_forecast.panel.row_stream import PartRows
from tests.functional.conftest import ROOT, environment, forecast_command, train_all
from tests.functional.test_cli import invoke
from tests.functional.test_in_parts import CONFIG, LAYOUTS, at_once, by_series, shops

ray = pytest.importorskip("ray")
MORE = "freq: h, covariates: {future: [promo]}"
LOOPBACK = re.compile(r'"(127\.[\d.]+|::1|::ffff:127\.[\d.]+)"')
INTERNET = re.compile(r"^\d+ +(connect|bind|sendto|sendmsg|sendmmsg)\(.*AF_INET")
SESSION = re.compile(r"(/tmp/tmp\w+)/session_2")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a run, of whose forecasts the pretrained network has a share."""
    place = tmp_path_factory.mktemp("ray")
    shops().to_parquet(place / "shops.parquet")
    text = CONFIG.format(name="plain", horizon=6, more=MORE)
    (place / "plain.yaml").write_text(text.replace("pretrained: 0", "pretrained: 0.25"))
    train_all(place, ["--config", "plain.yaml"])
    return place


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator["ray.cluster_utils.Cluster"]:
    """Nodes of Ray with one core each, two to begin with, that ask nothing of other machines."""
    from ray.cluster_utils import Cluster

    home = tmp_path_factory.mktemp("home")
    (home / "ray_bootstrap_config.yaml").write_text("{}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        node = {"num_cpus": 1, "include_dashboard": False}
        started = Cluster(initialize_head=True, head_node_args=node)
        started.add_node(num_cpus=1)
        yield started
        started.shutdown()


@pytest.fixture
def in_parts(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place, with parts of a few series."""
    monkeypatch.chdir(place)
    monkeypatch.setattr(command, "MOST_ROWS", 300)
    monkeypatch.setattr(command, "rows_within", lambda memory, data: 300)
    return place


def by_workers(address: str, data: Path, output: Path, *more: str) -> bytes:
    done = invoke(
        "predict", "--data", str(data), "--output", str(output), "--engine", address, *more
    )
    assert (done.exit_code, done.stdout) == (0, f"{output}\n"), done.stderr
    return output.read_bytes()


@pytest.mark.parametrize(
    ("nodes", "layout", "suffix"),
    [
        (2, "by_series.parquet", ".parquet"),
        (2, "texts", ".csv"),
        (4, "by_time.parquet", ".csv"),
    ],
)
def test_the_bytes_are_those_of_one_process(
    cluster: "ray.cluster_utils.Cluster",
    in_parts: Path,
    tmp_path: Path,
    nodes: int,
    layout: str,
    suffix: str,
):
    while len(cluster.list_all_nodes()) < nodes:
        cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    data = LAYOUTS[layout](shops(whole=33), tmp_path / layout)
    once = at_once("plain", data, str(tmp_path / f"once{suffix}"))
    assert by_workers(f"ray://{cluster.address}", data, tmp_path / f"ray{suffix}") == once


def test_a_backtest_has_the_bytes_of_one_process(
    cluster: "ray.cluster_utils.Cluster", in_parts: Path, tmp_path: Path
):
    output, found = tmp_path / "windows.parquet", []
    for more in ([], ["--engine", f"ray://{cluster.address}"]):
        done = invoke("backtest", "--importance", "--output", str(output), "--json", *more)
        assert done.exit_code == 0, done.stderr
        found.append((done.stdout, output.read_bytes()))
        output.unlink()
    assert found[0] == found[1]


class Deadly(PartForecast):
    """Kills its process over one part, once it is done and before that is told."""

    def __call__(self, given: tuple[PartRows, Whole]) -> MadePart:
        first = int(given[0].numbers[0])
        made = super().__call__(given)
        killed = Path(str(self.data)).with_name("killed")
        if first > 1000 and not killed.exists():
            killed.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return made


def test_a_killed_worker_changes_nothing(
    cluster: "ray.cluster_utils.Cluster",
    in_parts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    data = by_series(shops(), tmp_path / "shops.parquet")
    once = at_once("plain", data, str(tmp_path / "once.parquet"))
    monkeypatch.setattr(command, "PartForecast", Deadly)
    place = tmp_path / "out"
    place.mkdir()
    assert by_workers(f"ray://{cluster.address}", data, place / "out.parquet") == once
    assert not psutil.pid_exists(int((tmp_path / "killed").read_text()))
    assert [file.name for file in place.iterdir()] == ["out.parquet"]


def lost(number: int) -> int:
    """Kill whoever does the fifth part."""
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_a_part_that_kills_every_worker_is_given_up_at_last(
    cluster: "ray.cluster_utils.Cluster", monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(on_ray, "RETRIES", 1)
    with engine_of(f"ray://{cluster.address}") as engine:
        made, found = engine.map(lost, range(8)), []
        with pytest.raises(UsageError, match="were lost 2 times over the same part"):
            found.extend(made)
    assert found == [0, 1, 2, 3, 4]


FAULTS = {  # of a table: how to make it of one without
    "twice": lambda table: pd.concat([table, table.iloc[[1234]].assign(sold=1.0)]),
    "between": lambda table: table.assign(
        hour=table["hour"] + pd.to_timedelta((table["region"] > "r0/") * 30, "min")
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_as_in_one_process(
    cluster: "ray.cluster_utils.Cluster", in_parts: Path, tmp_path: Path, fault: str
):
    data = by_series(FAULTS[fault](shops()), tmp_path / "shops.parquet")
    output = tmp_path / "out.csv"
    told = [
        invoke("predict", "--data", str(data), "--output", str(output), "--json", *more)
        for more in (["--memory", "1GiB"], ["--engine", f"ray://{cluster.address}"])
    ]
    assert [done.exit_code for done in told] == [4, 4]
    assert told[0].stdout == told[1].stdout
    assert not output.exists()


def test_the_job_for_kubernetes_is_sound_and_its_command_runs(
    cluster: "ray.cluster_utils.Cluster", in_parts: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    spec = YAML(typ="safe").load(ROOT / "configs" / "ray-job.yml")["spec"]
    own = {"stores": "plain", "stores.parquet": "shops.parquet"}
    done = invoke(*(own.get(word, word) for word in shlex.split(spec["entrypoint"])[1:]))
    assert (done.exit_code, done.stdout) == (0, "forecasts.parquet\n"), done.stderr
    groups = [spec["rayClusterSpec"]["headGroupSpec"], *spec["rayClusterSpec"]["workerGroupSpecs"]]
    for group in groups:
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "node"}, **group["template"]}
        version = kubernetes_validate.latest_version()
        assert kubernetes_validate.validate(pod, version, strict=True)


REFUSED = {
    "spark": "expected ray, or ray://HOST:PORT",
    "ray://": "expected ray, or ray://HOST:PORT",
    "ray://nowhere": "nothing answers there",
    "ray://127.0.0.1:1": "nothing answers there (",
    "ray://127.0.0.1:99999": "nothing answers there (",
}


@pytest.mark.parametrize("engine", REFUSED)
def test_what_is_no_engine_is_told(place: Path, monkeypatch: pytest.MonkeyPatch, engine: str):
    monkeypatch.chdir(place)
    done = invoke("predict", "--output", "out.csv", "--engine", engine)
    assert (done.exit_code, REFUSED[engine] in done.stderr) == (2, True), done.stderr


def test_workers_of_other_versions_are_told(
    cluster: "ray.cluster_utils.Cluster", monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "path", [name for name in sys.path if "site-packages" not in name])
    told = "a worker of the cluster has .*numpy [0-9.]+, .* this process .*numpy not at all"
    with (
        pytest.raises(UsageError, match=told),
        engine_of(f"ray://{cluster.address}"),
    ):
        pass


def test_without_ray_it_is_told_how_to_install_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"python -m pip install 'lstm-forecast-cli\[ray\]'"):
        engine_of("ray")


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_local_ray_speaks_to_this_machine_alone_and_leaves_nothing(place: Path, tmp_path: Path):
    command = forecast_command("predict", "--engine", "ray", "--output", tmp_path / "out.csv")
    watched = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=%network,openat,mkdir"]
    result = subprocess.run(
        [*watched, "-o", str(tmp_path / "calls"), *command],
        cwd=place, env=environment(), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (0, f"{tmp_path / 'out.csv'}\n"), result.stderr
    calls = (tmp_path / "calls").read_text(errors="replace").splitlines()
    sent = [call for call in calls if INTERNET.search(call)]
    assert len(sent) > 20
    assert [call for call in sent if not LOOPBACK.search(call)] == []
    (folder,) = {found[1] for call in calls if (found := SESSION.search(call))}
    assert not Path(folder).exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_nothing(place: Path, tmp_path: Path, number: signal.Signals):
    command = forecast_command("predict", "--engine", "ray", "--output", tmp_path / "out.csv")
    with subprocess.Popen(command, cwd=place, env=environment(), stderr=subprocess.PIPE) as run:
        process, told, folder = psutil.Process(run.pid), "", None
        while run.poll() is None and folder is None:
            time.sleep(0.1)
            started = process.children(recursive=True)
            told = " ".join(chain.from_iterable(each.cmdline() for each in started))
            folder = SESSION.search(told)
        run.send_signal(number)
        assert run.wait(60) == 128 + number
    assert psutil.wait_procs(started, timeout=10)[1] == []
    assert folder is not None
    assert not Path(folder[1]).exists()
    assert list(tmp_path.iterdir()) == []
