"""Runs made to harm whoever loads them, and what becomes of each: its exit code, what it touched,
time and memory.
"""

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pyarrow.parquet
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load, save

from lstm_forecast.store import open_run
from lstm_forecast.store.reading import MANIFEST, fingerprint
from tests.functional.conftest import environment

Change = Callable[[Path], Any]
# what predict reads
READ = ("config.yaml", "scaler.json", "calibration.safetensors", "network.onnx")
HUGE = 3 * 2**30


def replaced(name: str, old: str, new: str) -> Change:
    def change(run: Path) -> None:
        text = (run / name).read_text()
        assert old in text, (name, old)
        (run / name).write_text(text.replace(old, new))

    return change


def written(name: str, content: bytes | str) -> Change:
    return lambda run: (run / name).write_bytes(
        content.encode() if isinstance(content, str) else content
    )


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
CONFIGS: dict[str, Change] = {
    "alias_bomb": written("config.yaml", BOMB),
    "python_tag": replaced(
        "config.yaml", "name: sine", "name: !!python/object/apply:os.system [touch pwned]"
    ),
    "deep": written("config.yaml", "a: " + "[" * 5000),
    "large": written("config.yaml", "# " + "x" * 2**20),
    "many_keys": written("config.yaml", "".join(f"key{k}: 1\n" for k in range(6000))),
    "long_list": written("config.yaml", f"name: [{'1,' * 30_000}]"),
    "not_text": written("config.yaml", b"\xff\xfe\x00" * 100),
    "unknown_key": replaced("config.yaml", "seed: 0", "seed: 0\nloader_module: os"),
    "class_name": replaced("config.yaml", "seed: 0", 'seed: 0\nclass: "os.system"'),
    "traversal_name": replaced("config.yaml", "name: sine", "name: ../../../tmp/pwned"),
    "endless_context": replaced(
        "config.yaml", "context_length: 20", "context_length: 1000000000000"
    ),
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
    "object_scaler": written(
        "scaler.json", '{"py/object": "os.system", "log": false, "columns": [], "series": {}}'
    ),
    "empty_scaler": written("scaler.json", ""),
    "scaler_larger_than_its_series_need": lambda run: os.truncate(run / "scaler.json", HUGE // 3),
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
    "calibration_beyond_its_end": written(
        "calibration.safetensors", (2**60).to_bytes(8, "little") + b"{}"
    ),
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
    return next(
        t for t in model.graph.initializer if t.data_type == TensorProto.FLOAT and len(t.dims) > 1
    )


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
    """The nodes between what made the prediction and the output; the last one makes `prediction`
    again.
    """

    def change(model: onnx.ModelProto) -> None:
        model.graph.node[-1].output[0] = "made"
        model.graph.node.extend(nodes)
        for name, values in constants.items():
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))

    return change


def node(
    operator: str, *inputs: str, output: str = "prediction", **attributes: Any
) -> onnx.NodeProto:
    return helper.make_node(operator, inputs, [output], **attributes)


def doubled(operator: str, times: int, **attributes: Any) -> list[onnx.NodeProto]:
    names = ["made", *(f"d{k}" for k in range(times))]
    return [node(operator, a, a, output=b, **attributes) for a, b in pairwise(names)]


BRANCH = helper.make_graph(
    [], "branch", [], [helper.make_tensor_value_info("made", TensorProto.FLOAT, None)]
)
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
    "foreign_domain": network(
        lambda model: model.opset_import.append(helper.make_opsetid("evil", 1))
    ),
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
    "cycle": network(
        behind(
            node("Add", "later", "made", output="soon"), node("Identity", "soon", output="later")
        )
    ),
    "too_many_nodes": network(behind(*doubled("Add", 30_000), node("Identity", "d29999"))),
    "text_tensor": network(
        lambda model: model.graph.initializer.append(
            helper.make_tensor("t", TensorProto.STRING, [1], [b"x"])
        )
    ),
    "cut_off": lambda run: written("network.onnx", (run / "network.onnx").read_bytes()[:-7])(run),
    "endless_varint": written("network.onnx", b"\x08" + b"\xff" * 100),
    "length_beyond_the_end": written("network.onnx", b"\x3a\xff\xff\xff\xff\x0f"),
    "network_is_pickle": written("network.onnx", pickle.dumps(print)),
    "network_is_zip": written("network.onnx", b"PK\x03\x04" + bytes(200)),
    "network_is_hdf5": written("network.onnx", b"\x89HDF\r\n\x1a\n" + bytes(200)),
    "network_is_safetensors": written("network.onnx", (2**40).to_bytes(8, "little") + b'{"a":{}}'),
    "empty_network": written("network.onnx", b""),
    "network_larger_than_the_config_needs": lambda run: os.truncate(
        run / "network.onnx", HUGE // 3
    ),
}


# Files, links, manifests


def manifest(change: Callable[[dict[str, Any]], Any], *, sealed: bool = True) -> Change:
    def changed(run: Path) -> None:
        content = json.loads((run / MANIFEST).read_text())
        change(content)
        if sealed:
            content["sha256"] = fingerprint(
                {key: value for key, value in content.items() if key != "sha256"}
            )
        (run / MANIFEST).write_text(json.dumps(content))

    return changed


def champion(content: bytes) -> Change:
    return lambda run: (run.parent / "champion").write_bytes(content)


def moved(run: Path) -> None:
    run.rename(run.parent / "elsewhere")
    run.symlink_to("elsewhere")


FILES_AND_LINKS = {
    **{
        f"{name}_{how}": anew(name, make)
        for name in (*READ, MANIFEST)
        for how, make in {
            "is_a_link": lambda path: path.symlink_to("/etc/passwd"),
            "is_a_device": lambda path: path.symlink_to("/dev/zero"),
            "is_a_pipe": os.mkfifo,
            "is_a_directory": Path.mkdir,
            "is_missing": lambda path: None,
            "is_huge": sparse,
        }.items()
    },
    **{
        f"{name}_has_a_flipped_bit": (lambda run, name=name: flipped(run / name))
        for name in (*READ, MANIFEST)
    },
    "swapped_files": lambda run: (run / "scaler.json").write_bytes(
        (run / "config.yaml").read_bytes()
    ),
    "champion_traverses": champion(b"../../../etc\n"),
    "champion_is_absolute": champion(b"/etc\n"),
    "champion_has_a_nul": champion(b"0001-20260101T000000Z\0\n"),
    "champion_names_no_run": champion(b"0009-20260101T000000Z\n"),
    "champion_is_a_link": lambda run: anew("champion", lambda path: path.symlink_to("/etc/passwd"))(
        run.parent
    ),
    "champion_is_a_pipe": lambda run: anew("champion", os.mkfifo)(run.parent),
    "champion_is_huge": lambda run: anew("champion", sparse)(run.parent),
    "run_is_a_link": moved,
    "manifest_is_deep": written(MANIFEST, "[" * 200_000),
    "manifest_names_another_file": manifest(
        lambda content: content["files"].update({"../../x": "0" * 64})
    ),
    "manifest_lacks_a_file": manifest(lambda content: content["files"].pop("scaler.json")),
    "manifest_is_not_sealed": manifest(lambda content: content.update(seed=1), sealed=False),
    "version_of_the_future": manifest(lambda content: content.update(format_version=10**9)),
    "version_is_a_list": manifest(lambda content: content.update(format_version=[[]])),
}

# What only pictures and lists read


def table(change: Callable[[pd.DataFrame], pd.DataFrame], **how: Any) -> Change:
    def changed(run: Path) -> None:
        frame = pd.read_parquet(run / "forecasts.parquet")
        change(frame).to_parquet(run / "forecasts.parquet", index=False, **how)

    return changed


def with_pickle(run: Path) -> None:
    """A column of a type that older readers make by unpickling what the file says."""
    found = pyarrow.parquet.read_table(run / "forecasts.parquet")
    extension = {
        "ARROW:extension:name": "arrow.py_extension_type",
        "ARROW:extension:metadata": pickle.dumps(print),
    }
    field = found.schema.field("y").with_metadata(extension)
    schema = found.schema.set(found.schema.get_field_index("y"), field)
    pyarrow.parquet.write_table(found.cast(schema), run / "forecasts.parquet")


def repeated(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[np.zeros(3_000_000, np.int64)]  # a few kilobytes in the file


METRICS = '{"test": {"windows": 1, "errors": {"forecast": %s}, "skill": {}, "by_step": {}}}'
DOCUMENTS: dict[str, tuple[str, Change]] = {  # by the command that reads them
    "forecasts_of_millions_of_rows": ("forecast", table(repeated)),
    "forecasts_in_a_bomb": (
        "forecast",
        table(lambda f: f.assign(unique_id="x" * 100_000), compression="zstd"),
    ),
    "forecasts_of_text": ("forecast", table(lambda f: f.assign(y="x"))),
    "forecasts_of_lists": ("forecast", table(lambda f: f.assign(y=[[1.0]] * len(f)))),
    "forecasts_with_many_columns": (
        "forecast",
        table(
            lambda f: pd.concat(
                [f, pd.DataFrame(0.0, f.index, [f"c{k}" for k in range(2000)])], axis=1
            )
        ),
    ),
    "forecasts_without_columns": ("forecast", table(lambda f: f[["y"]])),
    "forecasts_of_an_unpickled_type": ("forecast", with_pickle),
    "forecasts_are_pickle": ("forecast", written("forecasts.parquet", pickle.dumps(print))),
    "forecasts_with_a_long_footer": (
        "forecast",
        written("forecasts.parquet", b"PAR1" + b"\xff\xff\xff\x7fPAR1"),
    ),
    "forecasts_cut_off": (
        "forecast",
        lambda run: written(
            "forecasts.parquet", (run / "forecasts.parquet").read_bytes()[:-300] + b"PAR1"
        )(run),
    ),
    "forecasts_are_huge": (
        "forecast",
        lambda run: os.truncate(run / "forecasts.parquet", HUGE // 3),
    ),
    "empty_forecasts": ("forecast", written("forecasts.parquet", b"")),
    "history_of_commas": ("training", written("history.csv", b"," * 10_000_000)),
    "history_with_a_long_row": (
        "training",
        lambda run: written("history.csv", HISTORY + b"," * 300)(run),
    ),
    "history_of_words": (
        "training",
        lambda run: written("history.csv", HISTORY + b"a,b,c,d,e,f,g,h\n")(run),
    ),
    "history_without_end": (
        "training",
        lambda run: written("history.csv", HISTORY + b"1,1,1,1,1,1,1,1\n" * 1_000_000)(run),
    ),
    "history_is_pickle": ("training", written("history.csv", pickle.dumps(print))),
    "empty_history": ("training", written("history.csv", b"")),
    "metrics_are_deep": ("horizon", written("metrics.json", "[" * 200_000)),
    "metrics_are_many": ("horizon", written("metrics.json", "[" + "[]," * 4_000_000 + "[]]")),
    "metrics_are_text": ("horizon", written("metrics.json", METRICS % '{"mae": "1"}')),
    "metrics_are_nan": (
        "horizon",
        written("metrics.json", METRICS % '{"mae": NaN, "rmse": 1, "smape": 1, "mase": 1}'),
    ),
    "metrics_are_a_list": ("show", written("metrics.json", "[]")),
    "metrics_lack_the_forecast": (
        "show",
        written("metrics.json", (METRICS % "{}").replace("forecast", "other")),
    ),
    "metrics_are_pickle": ("show", written("metrics.json", pickle.dumps(print))),
    "empty_metrics": ("show", written("metrics.json", "")),
    "golden_is_deep": ("verify", written("golden.json", "[" * 200_000)),
    "golden_is_no_forecast": ("verify", written("golden.json", "{}")),
    "golden_reaches_back_endlessly": (
        "verify",
        written(
            "golden.json",
            '{"series": ["y"], "contexts": [-1000000000], "values": [[[0]]], "forecasts": [0]}',
        ),
    ),
    "empty_golden": ("verify", written("golden.json", "")),
    "keras_file_is_a_pipe": ("verify", anew("network.keras", os.mkfifo)),
    "series_without_end": (
        "predict",
        manifest(lambda content: content.update(series=float("inf"))),
    ),
    "series_are_text": ("predict", manifest(lambda content: content.update(series="1"))),
    "windows_are_a_list": ("forecast", manifest(lambda content: content.update(windows=[]))),
    "cutoff_is_a_list": ("show", manifest(lambda content: content.update(cutoff=[[]]))),
}
HISTORY = b"network,epoch,loss,val_loss,gap,learning_rate,seconds,best\n"
UNSEALED = {
    "keras_file_is_a_pipe",
    "series_without_end",
    "series_are_text",
    "windows_are_a_list",
    "cutoff_is_a_list",
}
HOSTILE = {
    name: ("predict", change)
    for name, change in {
        **CONFIGS,
        **SCALERS,
        **CALIBRATIONS,
        **NETWORKS,
        **FILES_AND_LINKS,
    }.items()
}
HOSTILE |= DOCUMENTS


def seal(run: Path) -> None:
    """Make every hash fit what is in the files."""
    content = json.loads((run / MANIFEST).read_text())
    for name in content["files"]:
        with (run / name).open("rb") as file:
            content["files"][name] = hashlib.file_digest(file, "sha256").hexdigest()
    content["sha256"] = fingerprint(
        {key: value for key, value in content.items() if key != "sha256"}
    )
    (run / MANIFEST).write_text(json.dumps(content))


# One process reads all of them; what it opens, imports, runs or connects to after sound runs were
# read is recorded, and the peak of its memory, which the system forgets before each.
READ_ALL = """
import json, sys, time
from pathlib import Path
from lstm_forecast.errors import ForecastError, RunError
from lstm_forecast.commands.plot import plot
from lstm_forecast.commands.predict import predict
from lstm_forecast.commands.runs import show, verify

sound, hostile = Path(sys.argv[1]), json.loads(sys.argv[2])
picture = Path(sys.argv[3])

def read(runs, command):
    if command == "predict":
        predict(runs=runs, name="sine")
    elif command == "show":
        show(runs=runs, name="sine")
    elif command == "verify":
        for checked in verify(runs=runs, name="sine"):
            if checked.problems:
                raise RunError(*checked.problems)
    else:
        plot(command, runs=runs, name="sine", output=picture)

for command in ("predict", "show", "verify", "forecast", "training", "horizon"):
    read(sound, command)
names = ("pickle.find_class", "marshal.loads", "exec", "compile", "import", "os.", "shutil.",
         "subprocess.", "socket.")
events = []

def hook(name, args):
    # a descriptor that is open already
    if not watching or (name == "open" and isinstance(args[0], int)):
        return
    # the YAML parser looks for its own parts
    if name == "os.scandir" and str(args[0]).endswith("/ruamel/yaml"):
        return
    if name in ("os.listdir", "os.scandir") and str(args[0]).startswith(allowed):
        return
    writes = name == "open" and (str(args[1])[0] not in "rN" or args[2] & 3)
    outside = name == "open" and not str(args[0]).startswith(allowed)
    if writes or outside or name.startswith(names):
        events.append(f"{name} {args[:1]}")

def kib(key):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(key))

watching = False
sys.addaudithook(hook)
for home, command in hostile:
    allowed, events[:] = home, []
    Path("/proc/self/clear_refs").write_text("5")
    before, start, cpu = kib("VmRSS"), time.perf_counter(), time.process_time()
    watching = True
    try:
        read(Path(home), command)
        outcome, message = 0, ""
    except ForecastError as error:
        outcome, message = error.exit_code, str(error)
    except BaseException as error:
        outcome, message = repr(error), ""
    watching = False
    row = {"name": Path(home).name, "exit_code": outcome, "events": events, "message": message}
    seconds = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    print(json.dumps(row | seconds | {"mib": (kib("VmHWM") - before) / 1024}))
"""


def forge(directory: Path, trained: Path) -> list[dict[str, Any]]:
    """Every hostile run in a directory of its own, read in one process: what became of each."""
    homes = []
    for name, (command, change) in HOSTILE.items():
        home = directory / name
        shutil.copytree(trained / "runs" / "sine", home / "sine")
        run = home / "sine" / open_run(trained / "runs" / "sine").run_id
        change(run)
        if name not in UNSEALED | FILES_AND_LINKS.keys():
            seal(run)
        homes.append((str(home), command))
    shutil.copy(trained / "sine.csv", directory)
    picture = directory / "picture.png"
    command = [
        sys.executable,
        "-c",
        READ_ALL,
        str(trained / "runs"),
        json.dumps(homes),
        str(picture),
    ]
    result = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=600, check=False
    )
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]
