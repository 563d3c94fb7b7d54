"""Runs made to harm whoever loads them: refused with exit code 5, before code runs, memory fills or a file changes."""

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load, save

from lstm_forecast.errors import RunError
from lstm_forecast.store import open_run
from lstm_forecast.store.reading import MANIFEST, fingerprint
from lstm_forecast.workflows._loaded import load_run
from lstm_forecast.workflows.runs import verify
from tests.functional.conftest import environment

Change = Callable[[Path], Any]
READ = ("config.yaml", "scaler.json", "calibration.safetensors", "network.onnx")  # what predict reads
HUGE = 3 * 2**30


@dataclass
class Hostile:
    """A run of its own for every name: what is done to its files before, and to its directory after, it is sealed."""

    before: dict[str, Change] = field(default_factory=dict)  # with hashes that fit
    after: dict[str, Change] = field(default_factory=dict)


def replaced(name: str, old: str, new: str) -> Change:
    def change(run: Path) -> None:
        text = (run / name).read_text()
        assert old in text, (name, old)
        (run / name).write_text(text.replace(old, new))

    return change


def written(name: str, content: bytes | str) -> Change:
    return lambda run: (run / name).write_bytes(content.encode() if isinstance(content, str) else content)


def anew(name: str, make: Change) -> Change:
    """The file taken away, and something else made in its place."""

    def change(run: Path) -> None:
        (run / name).unlink()
        make(run / name)

    return change


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(HUGE)


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


# Configs and scalers


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + k)}: &{chr(98 + k)} [{', '.join(['*' + chr(97 + k)] * 9)}]\n" for k in range(9)
)
CONFIGS = {
    "alias_bomb": written("config.yaml", BOMB),
    "python_tag": replaced("config.yaml", "name: sine", "name: !!python/object/apply:os.system [touch pwned]"),
    "deep": written("config.yaml", "a: " + "[" * 5000),
    "large": written("config.yaml", "# " + "x" * 2**20),
    "not_text": written("config.yaml", b"\xff\xfe\x00" * 100),
    "unknown_key": replaced("config.yaml", "seed: 0", "seed: 0\nloader_module: os"),
    "class_name": replaced("config.yaml", "seed: 0", 'seed: 0\nclass: "os.system"'),
    "traversal_name": replaced("config.yaml", "name: sine", "name: ../../../tmp/pwned"),
    "endless_context": replaced("config.yaml", "context_length: 20", "context_length: 1000000000000"),
    "wide_layers": replaced("config.yaml", "units:\n", "units:\n  - 1000000000\n"),
    "endless_horizon": replaced("config.yaml", "horizon: 5", "horizon: 1000000000000"),
    "many_networks": replaced("config.yaml", "ensemble: 1", "ensemble: 1000000000"),
    "longer_context": replaced("config.yaml", "context_length: 20", "context_length: 40"),
    "longer_horizon": replaced("config.yaml", "horizon: 5", "horizon: 6"),
    "more_quantiles": replaced("config.yaml", "levels: []", "levels: [80]"),
    "open_choice": replaced("config.yaml", "context_length: 20", "context_length: auto"),
    "empty_config": written("config.yaml", ""),
    "config_is_pickle": written("config.yaml", pickle.dumps(print)),
}


def scaler(**changes: Any) -> Change:
    def change(run: Path) -> None:
        content = json.loads((run / "scaler.json").read_text())
        content["series"]["y"]["y"].update(changes)
        (run / "scaler.json").write_text(json.dumps(content))

    return change


SCALERS = {
    "nan_center": scaler(center=float("nan")),
    "infinite_center": scaler(center=float("inf")),
    "zero_scale": scaler(scale=0.0),
    "negative_scale": scaler(scale=-1.0),
    "text_scale": scaler(scale="1"),
    "endless_number": replaced("scaler.json", '"center": ', '"center": 1' + "0" * 5000),
    "other_columns": replaced("scaler.json", '"y"', '"z"'),
    "deep_scaler": written("scaler.json", "[" * 200_000),
    "scaler_is_pickle": written("scaler.json", pickle.dumps(print)),
    "object_scaler": written("scaler.json", '{"py/object": "os.system", "log": false, "columns": [], "series": {}}'),
    "empty_scaler": written("scaler.json", ""),
}


def calibration(**changed: Any) -> Change:
    def change(run: Path) -> None:
        path = run / "calibration.safetensors"
        path.write_bytes(save({**load(path.read_bytes()), **changed}))

    return change


CALIBRATIONS = {
    "nan_spread": calibration(**{"network.spread": np.full((1, 1), np.nan, np.float32)}),
    "spread_of_other_series": calibration(**{"network.spread": np.ones((2, 1), np.float32)}),
    "huge_residual": calibration(**{"network.residual": np.zeros((199, 2000, 1), np.float32)}),
    "calibration_is_pickle": written("calibration.safetensors", pickle.dumps(print)),
    "calibration_beyond_its_end": written("calibration.safetensors", (2**60).to_bytes(8, "little") + b"{}"),
    "empty_calibration": written("calibration.safetensors", b""),
}


# Networks


def network(change: Callable[[onnx.ModelProto], Any]) -> Change:
    def changed(run: Path) -> None:
        model = onnx.load_from_string((run / "network.onnx").read_bytes())
        change(model)
        (run / "network.onnx").write_bytes(model.SerializeToString())

    return changed


def floats(model: onnx.ModelProto) -> TensorProto:
    return next(t for t in model.graph.initializer if t.data_type == TensorProto.FLOAT and len(t.dims) > 1)


def external(model: onnx.ModelProto) -> None:
    tensor = floats(model)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../../../etc/passwd")


def filled(number: float) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        tensor = floats(model)
        tensor.raw_data = np.full(tuple(tensor.dims), number, "<f4").tobytes()

    return change


def behind(*nodes: onnx.NodeProto, **constants: Any) -> Callable[[onnx.ModelProto], None]:
    """The nodes between what made the prediction and the output; the last one makes `prediction` again."""

    def change(model: onnx.ModelProto) -> None:
        model.graph.node[-1].output[0] = "made"
        model.graph.node.extend(nodes)
        for name, values in constants.items():
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))

    return change


def node(operator: str, *inputs: str, output: str = "prediction", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(operator, inputs, [output], **attributes)


def doubled(operator: str, times: int, **attributes: Any) -> list[onnx.NodeProto]:
    names = ["made", *(f"d{k}" for k in range(times))]
    return [node(operator, a, a, output=b, **attributes) for a, b in pairwise(names)]


BRANCH = helper.make_graph([], "branch", [], [helper.make_tensor_value_info("made", TensorProto.FLOAT, None)])
BIG = np.array([1_000_000, 1, 5, 1, 1], np.int64)


def reshaped(model: onnx.ModelProto, dims: list[int]) -> None:
    tensor = floats(model)
    del tensor.dims[:]
    tensor.dims.extend(dims)


NETWORKS = {
    "external_data": network(external),
    "nan_weights": network(filled(float("nan"))),
    "infinite_weights": network(filled(float("inf"))),
    "shape_bomb": network(lambda model: reshaped(model, [10**6, 10**6])),
    "negative_shape": network(lambda model: reshaped(model, [-1, 4])),
    "overflowing_shape": network(lambda model: reshaped(model, [2**62, 2**62, 2**62])),
    "zero_shape": network(lambda model: reshaped(model, [2**62, 0])),
    "foreign_operator": network(behind(node("Steal", "made", domain="evil"))),
    "foreign_domain": network(lambda model: model.opset_import.append(helper.make_opsetid("evil", 1))),
    "function": network(
        lambda model: model.functions.append(
            helper.make_function("evil", "f", ["x"], ["x"], [], [helper.make_opsetid("", 21)])
        )
    ),
    "if": network(behind(node("If", "c", then_branch=BRANCH, else_branch=BRANCH), c=True)),
    "loop": network(behind(node("Loop", "n", "", body=BRANCH), n=10**12)),
    "scan": network(behind(node("Scan", "made", body=BRANCH, num_scan_inputs=1))),
    "sparse_tensor": network(
        lambda model: model.graph.sparse_initializer.append(
            helper.make_sparse_tensor(
                numpy_helper.from_array(np.ones(1, np.float32), "s"),
                numpy_helper.from_array(np.zeros(1, np.int64), "i"),
                [10**12],
            )
        )
    ),
    "constant_of_shape": network(behind(node("ConstantOfShape", "s"), s=BIG)),
    "tile": network(behind(node("Tile", "made", "s"), s=BIG)),
    "random": network(behind(node("RandomNormal", shape=BIG.tolist()))),
    "expand_bomb": network(behind(node("Expand", "made", "s"), s=BIG)),
    "concat_bomb": network(behind(*doubled("Concat", 40, axis=0), node("Identity", "d39"))),
    "outer_bomb": network(
        behind(
            node("Reshape", "made", "column", output="a"),
            node("Reshape", "made", "row", output="b"),
            node("Add", "a", "b", output="ab"),
            node("Reshape", "ab", "column", output="c"),
            node("Reshape", "ab", "row", output="d"),
            node("Add", "c", "d"),
            column=[-1, 1],
            row=[1, -1],
        )
    ),
    "metadata": network(lambda model: model.metadata_props.add(key="loader", value="os.system")),
    "other_output": network(lambda model: setattr(model.graph.output[0], "name", "forecast")),
    "no_output": network(lambda model: model.graph.ClearField("output")),
    "other_input": network(lambda model: setattr(model.graph.input[0], "name", "x")),
    "second_input": network(lambda model: model.graph.input.append(model.graph.output[0])),
    "missing_input": network(lambda model: model.graph.node[0].input.__setitem__(0, "nowhere")),
    "cycle": network(behind(node("Add", "later", "made", output="soon"), node("Identity", "soon", output="later"))),
    "too_many_nodes": network(behind(*doubled("Add", 30_000), node("Identity", "d29999"))),
    "text_tensor": network(
        lambda model: model.graph.initializer.append(helper.make_tensor("t", TensorProto.STRING, [1], [b"x"]))
    ),
    "cut_off": lambda run: written("network.onnx", (run / "network.onnx").read_bytes()[:-7])(run),
    "endless_varint": written("network.onnx", b"\x08" + b"\xff" * 100),
    "length_beyond_the_end": written("network.onnx", b"\x3a\xff\xff\xff\xff\x0f"),
    "network_is_pickle": written("network.onnx", pickle.dumps(print)),
    "network_is_zip": written("network.onnx", b"PK\x03\x04" + bytes(200)),
    "network_is_hdf5": written("network.onnx", b"\x89HDF\r\n\x1a\n" + bytes(200)),
    "network_is_safetensors": written("network.onnx", (2**40).to_bytes(8, "little") + b'{"a":{}}'),
    "empty_network": written("network.onnx", b""),
    "network_larger_than_the_config_needs": lambda run: os.truncate(run / "network.onnx", HUGE // 3),
}


# Files, links, manifests


def manifest(change: Callable[[dict[str, Any]], Any], *, sealed: bool = True) -> Change:
    def changed(run: Path) -> None:
        content = json.loads((run / MANIFEST).read_text())
        change(content)
        if sealed:
            content["sha256"] = fingerprint({key: value for key, value in content.items() if key != "sha256"})
        (run / MANIFEST).write_text(json.dumps(content))

    return changed


def champion(content: bytes) -> Change:
    return lambda run: (run.parent / "champion").write_bytes(content)


def moved(run: Path) -> None:
    run.rename(run.parent / "elsewhere")
    run.symlink_to("elsewhere")


FILES_AND_LINKS = {
    **{f"{name}_{how}": anew(name, make) for name in (*READ, MANIFEST) for how, make in {
        "is_a_link": lambda path: path.symlink_to("/etc/passwd"),
        "is_a_device": lambda path: path.symlink_to("/dev/zero"),
        "is_a_pipe": os.mkfifo,
        "is_a_directory": Path.mkdir,
        "is_missing": lambda path: None,
        "is_huge": sparse,
    }.items()},
    **{f"{name}_has_a_flipped_bit": (lambda run, name=name: flipped(run / name)) for name in (*READ, MANIFEST)},
    "swapped_files": lambda run: (run / "scaler.json").write_bytes((run / "config.yaml").read_bytes()),
    "champion_traverses": champion(b"../../../etc\n"),
    "champion_is_absolute": champion(b"/etc\n"),
    "champion_has_a_nul": champion(b"0001-20260101T000000Z\0\n"),
    "champion_names_no_run": champion(b"0009-20260101T000000Z\n"),
    "champion_is_a_link": lambda run: anew("champion", lambda path: path.symlink_to("/etc/passwd"))(run.parent),
    "champion_is_a_pipe": lambda run: anew("champion", os.mkfifo)(run.parent),
    "champion_is_huge": lambda run: anew("champion", sparse)(run.parent),
    "run_is_a_link": moved,
    "manifest_is_deep": written(MANIFEST, "[" * 200_000),
    "manifest_names_another_file": manifest(lambda content: content["files"].update({"../../x": "0" * 64})),
    "manifest_lacks_a_file": manifest(lambda content: content["files"].pop("scaler.json")),
    "manifest_is_not_sealed": manifest(lambda content: content.update(seed=1), sealed=False),
    "version_of_the_future": manifest(lambda content: content.update(format_version=10**9)),
    "version_is_a_list": manifest(lambda content: content.update(format_version=[[]])),
}  # fmt: skip
SEALED = CONFIGS | SCALERS | CALIBRATIONS | NETWORKS  # hashes fit: whoever made them knows the format


def seal(run: Path) -> None:
    """Make every hash fit what is in the files."""
    content = json.loads((run / MANIFEST).read_text())
    for name in content["files"]:
        with (run / name).open("rb") as file:
            content["files"][name] = hashlib.file_digest(file, "sha256").hexdigest()
    content["sha256"] = fingerprint({key: value for key, value in content.items() if key != "sha256"})
    (run / MANIFEST).write_text(json.dumps(content))


# One process loads all of them; what it opens, imports, runs or connects to after a sound run is recorded.
LOAD_ALL = """
import json, resource, sys, time
from pathlib import Path
from lstm_forecast.errors import ForecastError
from lstm_forecast.workflows.predict import predict

sound, *homes = map(Path, sys.argv[1:])
predict(runs=sound, name="sine")
names = ("pickle.find_class", "marshal.loads", "exec", "compile", "import", "os.", "shutil.", "subprocess.", "socket.")
events = []

def hook(name, args):
    if not watching or (name == "open" and isinstance(args[0], int)):  # a descriptor that is open already
        return
    if name == "os.scandir" and str(args[0]).endswith("/ruamel/yaml"):  # the YAML parser looks for its own parts
        return
    writes = name == "open" and (str(args[1])[0] not in "rN" or args[2] & 3)
    outside = name == "open" and not str(args[0]).startswith(allowed)
    if writes or outside or name.startswith(names):
        events.append(f"{name} {args[:1]}")

watching = False
sys.addaudithook(hook)
for home in homes:
    allowed, events[:] = str(home), []
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    watching = True
    try:
        predict(runs=home, name="sine")
        outcome = 0
    except ForecastError as error:
        outcome = error.exit_code
        message = str(error)
    except BaseException as error:
        outcome = repr(error)
    watching = False
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    row = {"name": home.name, "exit_code": outcome, "events": events, "mib": grown, "message": message}
    print(json.dumps(row | {"seconds": time.perf_counter() - start}))
"""


def forge(directory: Path, trained: Path) -> list[dict[str, Any]]:
    """Every hostile run in a directory of its own, loaded in one process: what became of each."""
    homes = []
    for name, change in {**SEALED, **FILES_AND_LINKS}.items():
        home = directory / name
        shutil.copytree(trained / "runs" / "sine", home / "sine")
        run = home / "sine" / open_run(trained / "runs" / "sine").run_id
        change(run)
        if name in SEALED:
            seal(run)
        homes.append(home)
    shutil.copy(trained / "sine.csv", directory)
    command = [sys.executable, "-c", LOAD_ALL, str(trained / "runs"), *map(str, homes)]
    result = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="session")
def outcomes(once: Callable[[str, Callable[[Path], None]], Path], trained: Path) -> dict[str, dict[str, Any]]:
    def fill(directory: Path) -> None:
        (directory / "outcomes.json").write_text(json.dumps(forge(directory, trained)))

    content = json.loads((once("hostile", fill) / "outcomes.json").read_text())
    return {row["name"]: row for row in content}


def test_there_are_many_hostile_runs(outcomes: dict[str, dict[str, Any]]) -> None:
    assert len(outcomes) == len(SEALED) + len(FILES_AND_LINKS) >= 60


@pytest.mark.parametrize("name", [*SEALED, *FILES_AND_LINKS])
def test_a_hostile_run_is_refused_without_any_side_effect(outcomes: dict[str, dict[str, Any]], name: str) -> None:
    row = outcomes[name]
    assert row["exit_code"] == 5, row
    assert row["events"] == []
    assert row["mib"] < 64


@pytest.mark.parametrize("name", ["expand_bomb", "metadata", "second_input", "network_is_pickle", "empty_network"])
def test_the_network_that_a_backtest_asks_is_taken_apart_as_well(trained: Path, tmp_path: Path, name: str) -> None:
    run = copied(trained, tmp_path)
    sound = (run / "network.onnx").read_bytes()
    NETWORKS[name](run)
    (run / "network.onnx").replace(run / "evaluated.onnx")
    (run / "network.onnx").write_bytes(sound)
    seal(run)
    load_run(open_run(run))
    with pytest.raises(RunError, match=r"damaged|not a regular file"):
        load_run(open_run(run), evaluated=True)


@pytest.mark.parametrize(
    "content",
    ["", "[" * 200_000, "{}", '{"series": ["y"], "contexts": [-1000000000], "values": [[[0]]], "forecasts": [0]}'],
)
def test_forecasts_kept_with_a_run_that_are_none_are_told_when_it_is_verified(
    trained: Path, tmp_path: Path, content: str
) -> None:
    run = copied(trained, tmp_path)
    (run / "golden.json").write_text(content)
    seal(run)
    (checked,) = verify(runs=tmp_path, name="sine")
    assert "golden.json is damaged" in checked.problems[0]


def copied(trained: Path, directory: Path) -> Path:
    shutil.copytree(trained / "runs" / "sine", directory / "sine")
    return open_run(directory / "sine").path


def test_what_is_never_read_can_hold_anything(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained, tmp_path / "copy")
    run = open_run(tmp_path / "copy" / "runs" / "sine").path
    (run / "network.keras").unlink()
    os.mkfifo(run / "network.keras")
    command = [sys.executable, "-m", "lstm_forecast", "predict", "--run", "sine"]
    result = subprocess.run(
        command, cwd=tmp_path / "copy", env=environment(), capture_output=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
