import gc
import json
import os
import time
from pathlib import Path
from threading import Thread
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from lstm_forecast.config.loading import MAX_BYTES, load_config, parse_config
from lstm_forecast.config.network import Cell
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import ConfigError

MINIMAL = """\
name: sine
data:
  path: sine.csv
  timestamp: step
  targets: y
windows:
  context_length: 20
  horizon: 5
"""


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as error:
        parse_config(text, source="a.yaml")
    return error.value.problems


def problem(text: str) -> str:
    (only,) = problems(text)
    return only


def with_model(line: str) -> str:
    return f"{MINIMAL}model:\n  {line}\n"


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    path = tmp_path / "a.yaml"
    path.write_text(MINIMAL)
    return path


def file_problems(path: Path, **options: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as error:
        load_config(path, environment=options.pop("environment", {}), **options)
    return error.value.problems


# What is accepted


def test_a_minimal_config_gets_every_default() -> None:
    config = parse_config(MINIMAL, source="a.yaml")
    assert (config.name, config.seed, config.data.targets) == ("sine", 0, ("y",))
    assert (config.model.cell, config.model.dropout, config.training.optimizer) == (
        "lstm",
        0.1,
        "adam",
    )
    assert (config.split.validation, config.split.test, config.windows.stride) == (0.1, 0.2, 1)


def test_a_single_value_stands_for_a_list_of_one() -> None:
    assert parse_config(with_model("units: 4"), source="a.yaml").model.units == (4,)
    assert parse_config(with_model("units: [4, 8]"), source="a.yaml").model.units == (4, 8)


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse_config(MINIMAL, source="a.yaml").seed = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    "text", ["\ufeff" + MINIMAL, MINIMAL.replace("\n", "\r\n"), "---\n" + MINIMAL]
)
def test_byte_order_marks_windows_line_ends_and_document_starts_do_not_matter(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(text.encode("utf-8"))
    assert load_config(path, environment={}) == parse_config(MINIMAL, source="a.yaml")


@pytest.mark.parametrize(
    ("levels", "quantiles"),
    [
        ("[]", (0.5,)),
        ("80", (0.1, 0.5, 0.9)),
        ("[80, 95]", (0.025, 0.1, 0.5, 0.9, 0.975)),
        ("[95, 80, 80]", (0.025, 0.1, 0.5, 0.9, 0.975)),
        ("[1, 99]", (0.005, 0.495, 0.5, 0.505, 0.995)),
    ],
)
def test_levels_become_ascending_quantiles_around_the_median(
    levels: str, quantiles: tuple[float, ...]
) -> None:
    assert (
        parse_config(with_model(f"levels: {levels}"), source="a.yaml").model.quantiles == quantiles
    )


AUTO = [
    *(
        "preprocessing.log",
        "windows.context_length",
        "windows.evaluation_stride",
        "windows.normalisation",
    ),
    *(
        "windows.padding",
        "windows.season_length",
        "model.units",
        "model.segment_length",
        "model.segment_units",
    ),
    *(
        "model.linear",
        "model.ensemble",
        "training.epochs",
        "training.batch_size",
        "training.steps_per_epoch",
    ),
]
OPEN = MINIMAL.replace("  context_length: 20\n", "")


@pytest.mark.parametrize("word", ["auto", '"auto"', "null", "~", ""])
def test_auto_and_nothing_leave_a_key_to_the_data_as_its_absence_does(
    word: str, config_file: Path
) -> None:
    config_file.write_text(OPEN)
    absent = load_config(config_file, environment={})
    options = [f"{key}={word}" for key in AUTO]
    assert load_config(config_file, overrides=options, environment={}) == absent
    content = absent.model_dump()
    assert [key for key in AUTO if content[key.split(".")[0]][key.split(".")[1]] is not None] == []


@pytest.mark.parametrize(
    "key",
    ["seed", "windows.horizon", "windows.stride", "model.cell", "model.dropout", "split.test"],
)
def test_auto_is_no_value_of_the_other_keys(key: str, config_file: Path) -> None:
    (found,) = file_problems(config_file, overrides=[f"{key}=auto"])
    assert found.startswith(f"--set {key}: {key}: ")


def test_wrong_values_of_keys_that_may_be_auto_are_refused_as_those_of_others(
    config_file: Path,
) -> None:
    options = [
        "training.epochs=-1",
        "training.batch_size=0",
        "model.units=[]",
        "model.ensemble=65",
        "preprocessing.log=3",
    ]
    found = file_problems(config_file, overrides=options)
    assert sorted(line.split(": ")[0] for line in found) == sorted(
        f"--set {each.split('=')[0]}" for each in options
    )


# Networks of an ensemble

ENSEMBLE = ["model.segment_length=4", "model.ensemble=5", "model.context_lengths=[8, 20, 12]"]


def test_networks_take_their_contexts_in_turn_and_share_the_shortest_for_their_statistics(
    config_file: Path,
) -> None:
    config = load_config(config_file, overrides=ENSEMBLE, environment={})
    assert config.member_contexts == (8, 20, 12, 8, 20)
    assert config.statistics_length == 8
    assert (
        load_config(
            config_file, overrides=[*ENSEMBLE, "windows.normalisation_span=5"], environment={}
        ).statistics_length
        == 5
    )
    plain = load_config(config_file, overrides=["model.ensemble=2"], environment={})
    assert (plain.member_contexts, plain.statistics_length) == ((20, 20), 20)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (
            "model.context_lengths=[24]",
            "model.context_lengths (24) must be multiples of model.segment_length (4) up to",
        ),
        (
            "model.context_lengths=[8, 10]",
            "model.context_lengths (10) must be multiples of model.segment_length (4)",
        ),
        (
            "model.segment_length=auto",
            "model.context_lengths needs windows.context_length and model.segment_length",
        ),
        (
            "windows.context_length=auto",
            "model.context_lengths needs windows.context_length and model.segment_length",
        ),
        (
            "model.ensemble=1",
            "windows.context_length (20) must be the longest context of the networks"
            " (model.context_lengths, model.ensemble), 8",
        ),
        (
            "windows.normalisation_span=9",
            "windows.normalisation_span (9) must be at most the shortest context (8)",
        ),
    ],
)
def test_contexts_and_spans_that_do_not_fit_are_refused(
    option: str, expected: str, config_file: Path
) -> None:
    (found,) = file_problems(config_file, overrides=[*ENSEMBLE, option])
    assert expected in found


@pytest.mark.parametrize(
    ("targets", "channels", "melted", "outputs"),
    [
        ("y", "independent", False, 1),
        ("[y, z]", "independent", True, 1),
        ("[y, z]", "joint", False, 2),
    ],
)
def test_several_targets_are_series_unless_they_are_seen_together(
    targets: str, channels: str, melted: bool, outputs: int, config_file: Path
) -> None:
    options = [f"data.targets={targets}", f"model.channels={channels}"]
    config = load_config(config_file, overrides=options, environment={})
    assert (config.melted, config.n_outputs) == (melted, outputs)


# YAML values that surprise people elsewhere


@pytest.mark.parametrize(
    "text",
    [
        "NO",
        "no",
        "yes",
        "on",
        "y",
        "2020-01-01",
        "1:30",
        "=",
        "<<",
        "007",
        "'1e3'",
        '"true"',
        "!!str NO",
    ],
)
def test_names_that_yaml_would_turn_into_something_else_stay_text(text: str) -> None:
    config = parse_config(MINIMAL.replace("targets: y", f"targets: {text}"), source="a.yaml")
    assert config.data.targets == (text.removeprefix("!!str ").strip("'\""),)


def test_a_yaml_1_1_directive_does_not_bring_its_booleans_back() -> None:
    text = (
        "%YAML 1.1\n---\n"
        + MINIMAL.replace("targets: y", "targets: NO")
        + "model: {bidirectional: yes}\n"
    )
    config = parse_config(text, source="a.yaml")
    assert (config.data.targets, config.model.bidirectional) == (("NO",), True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("012", 12),
        ("0o12", 10),
        ("0x10", 16),
        ("1_0", 10),
        ("+4", 4),
        ("1e1", 10),
        ("4.0", 4),
        ('"4"', 4),
    ],
)
def test_whole_numbers_are_read_as_yaml_1_2_writes_them(text: str, value: int) -> None:
    assert (
        parse_config(f"{MINIMAL}training: {{epochs: {text}}}\n", source="a.yaml").training.epochs
        == value
    )


@pytest.mark.parametrize(
    ("text", "value"), [("1e-3", 1e-3), ("1E-3", 1e-3), (".5", 0.5), ("1.", 1.0), ("2", 2.0)]
)
def test_real_numbers_are_read_with_or_without_a_point(text: str, value: float) -> None:
    config = parse_config(f"{MINIMAL}training: {{learning_rate: {text}}}\n", source="a.yaml")
    assert config.training.learning_rate == value


def test_a_date_is_kept_as_text_for_the_split() -> None:
    config = parse_config(
        f"{MINIMAL}split: {{validation: 2020-01-01, test: 2021-01-01T06:00}}\n", source="a.yaml"
    )
    assert (config.split.validation, config.split.test) == ("2020-01-01", "2021-01-01T06:00")


# Every kind of error says where it is


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (with_model("unit: 4"), "a.yaml:10:3: unknown key model.unit; did you mean model.units?"),
        (
            with_model("units: [4, x]"),
            "a.yaml:10:14: model.units.1: input should be a valid integer",
        ),
        (
            with_model("units: 0"),
            "a.yaml:10:3: model.units.0: input should be greater than or equal to 1; received 0",
        ),
        (
            with_model("units: 4.5"),
            "a.yaml:10:3: model.units: expected a list, or a single value of its kind",
        ),
        (with_model("cell: transformer"), "a.yaml:10:3: model.cell: input should be 'lstm', 'gru'"),
        (
            with_model("dropout: 1"),
            "a.yaml:10:3: model.dropout: input should be less than 1; received 1",
        ),
        (
            with_model("linear: maybe"),
            (
                "a.yaml:10:3: model.linear: input should be 'none', 'seasonal_naive', 'ridge',"
                " 'smoothing', 'combined' or 'weighted'"
            ),
        ),
        (
            with_model("linear: true"),
            (
                "a.yaml:10:3: model.linear: input should be 'none', 'seasonal_naive', 'ridge',"
                " 'smoothing', 'combined' or 'weighted'"
            ),
        ),
        (
            MINIMAL + "model: 4\n",
            "a.yaml:9:1: model: expected a section with keys and values; received 4",
        ),
        (
            MINIMAL + "model:\n",
            "a.yaml:9:1: model: expected a section with keys and values; received nothing",
        ),
        (MINIMAL + "seed: 1.5\n", "a.yaml:9:1: seed: input should be a valid integer"),
        (
            MINIMAL + "seed: -1\n",
            "a.yaml:9:1: seed: input should be greater than or equal to 0; received -1",
        ),
        (
            MINIMAL + "training: {learning_rate: 1e999}\n",
            "a.yaml:9:12: training.learning_rate: input should be a fin",
        ),
        (
            MINIMAL + "split: {test: abc}\n",
            "a.yaml:9:9: split.test: must be a share from 0 to below 1, a number of ro",
        ),
        (
            MINIMAL + "split: {test: 0.5, validation: 0.5}\n",
            "a.yaml:9:1: validation and test together leave no rows",
        ),
        (
            MINIMAL.replace("  timestamp: step\n", ""),
            "a.yaml:2:1: data.timestamp is missing: column with the time st",
        ),
        (
            MINIMAL.replace("name: sine", "name: ../x"),
            "a.yaml:1:1: name: string should match pattern",
        ),
        (
            MINIMAL.replace("targets: y", "targets: [y, step]"),
            "a.yaml:2:1: data: columns with more than one role: st",
        ),
        (MINIMAL.replace("targets: y", "targets: []"), "a.yaml:5:3: data.targets: "),
        (MINIMAL + "name: b\n", "a.yaml:9:1: name is set twice; first at a.yaml:1:1"),
        (
            with_model("units: 4\n  units: 5"),
            "a.yaml:11:3: units is set twice; first at a.yaml:10:3",
        ),
        (MINIMAL + "? [a]\n: 1\n", "a.yaml:9:3: expected a key, received a list or a section"),
        (
            MINIMAL + "model: {units: &a 4}\n",
            "a.yaml:9:16: anchors and aliases are not allowed; write the value out",
        ),
        (
            MINIMAL + "split:\n  <<: {test: 0.1}\n",
            "a.yaml:10:3: merge keys are not allowed; write the values out",
        ),
        (MINIMAL + "x: " + "[" * 20 + "]" * 20, "a.yaml:9:19: nested deeper than 16 levels"),
        (MINIMAL + "model: [\n", "a.yaml:10:1: not valid YAML: "),
        (MINIMAL + "\tmodel: 1\n", "a.yaml:9:1: not valid YAML: "),
        (MINIMAL + "x: a\0b\n", "a.yaml:9:5: not valid YAML: the character '\\x00' is not allowed"),
        (MINIMAL + "---\n" + MINIMAL, "a.yaml:9:1: not valid YAML: but found another document"),
        (MINIMAL + "x: *a\n", "a.yaml:9:4: not valid YAML: found undefined alias 'a'"),
    ],
)
def test_every_kind_of_error_starts_with_file_line_and_column(text: str, expected: str) -> None:
    assert problem(text).startswith(expected)


def test_all_problems_come_at_once_and_in_one_error() -> None:
    text = (
        MINIMAL.replace("horizon: 5", "horizont: 5")
        + "model: {cell: lsmt, units: 0}\ntraining: {epoch: 5}\n"
    )
    found = problems(text)
    assert [line.split(": ")[0].removeprefix("a.yaml:") for line in found] == [
        "6:1",
        "8:3",
        "9:9",
        "9:21",
        "10:12",
    ]
    assert "windows.horizon is missing" in found[0]
    assert "did you mean windows.horizon?" in found[1]


def test_problems_of_the_syntax_tree_and_of_the_values_come_together() -> None:
    found = problems(f"{MINIMAL}seed: &a 1\nmodel: {{units: 0}}\n")
    assert len(found) == 2
    assert "anchors" in found[0]
    assert "model.units" in found[1]


def test_a_refused_value_is_complained_about_only_once() -> None:
    assert len(problems(MINIMAL.replace("targets: y", "targets: !!python/name:os.system y"))) == 1


@pytest.mark.parametrize(
    "wrong", ["", "   \n", "# only a comment\n", "- a\n- b\n", "hello", "42", "null", "[]"]
)
def test_a_file_without_sections_is_refused_with_what_was_expected(wrong: str) -> None:
    assert problem(wrong).startswith(
        "a.yaml: expected sections such as data: and windows:, received "
    )


def test_control_characters_in_keys_are_shown_and_not_obeyed() -> None:
    assert problem(MINIMAL + '"\\e[2J\\n": 1\n').startswith("a.yaml:9:1: unknown key \\x1b[2J\\n")


# Did you mean


@pytest.mark.parametrize(
    ("section", "line", "meant"),
    [
        ("model", "unit: 4", "model.units"),
        ("model", "Units: 4", "model.units"),
        ("model", "cells: lstm", "model.cell"),
        ("model", "drop_out: 0.1", "model.dropout"),
        ("model", "bidirectionnal: true", "model.bidirectional"),
        ("model", "recurent_dropout: 0.1", "model.recurrent_dropout"),
        ("model", "segment_len: 4", "model.segment_length"),
        ("model", "kernel_initialiser: he_normal", "model.kernel_initializer"),
        ("model", "level: 80", "model.levels"),
        ("model", "epochs: 5", "training.epochs"),
        ("model", "learning_rate: 0.1", "training.learning_rate"),
        ("model", "batchsize: 5", "training.batch_size"),
        ("training", "optimiser: adam", "training.optimizer"),
        ("training", "learningrate: 0.1", "training.learning_rate"),
        ("training", "epoch: 5", "training.epochs"),
        ("training", "units: 64", "model.units"),
        ("training", "clip_norm: 1", "training.clipnorm"),
        ("training", "horizon: 5", "windows.horizon"),
        ("preprocessing", "scale: minmax", "preprocessing.scaler"),
        ("preprocessing", "normalization: last", "windows.normalisation"),
        ("split", "val: 0.1", "split.validation"),
        ("split", "tests: 0.1", "split.test"),
    ],
)
def test_an_unknown_key_names_the_nearest_valid_one(section: str, line: str, meant: str) -> None:
    wrong = line.split(":")[0]
    text = f"{MINIMAL}{section}:\n  {line}\n"
    # too short to resemble anything: the keys that exist are listed
    if (section, wrong) == ("split", "val"):
        assert problem(text) == "a.yaml:10:3: unknown key split.val; allowed here: validation, test"
    else:
        assert problem(text) == f"a.yaml:10:3: unknown key {section}.{wrong}; did you mean {meant}?"


def test_a_key_at_the_top_is_looked_for_in_every_section() -> None:
    assert problem(MINIMAL + "horizon: 5\n").endswith(
        "unknown key horizon; did you mean windows.horizon?"
    )
    assert "unknown key context_lenght; did you mean windows.context_length?" in "".join(
        problems(
            MINIMAL.replace(
                "windows:\n  context_length", "context_lenght: 20\nwindows:\n  context_length"
            )
        )
    )


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("model: {cell: lsmt}", "lstm"),
        ("model: {cell: GRU}", "gru"),
        ("model: {cell: peephole-lstm}", "peephole_lstm"),
        ("model: {activation: ReLu}", "relu"),
        ("model: {kernel_initializer: glorot}", "glorot_normal"),
        ("training: {optimizer: Adam}", "adam"),
        ("training: {schedule: cosin}", "cosine"),
        ("training: {loss: rmse}", "mse"),
        ("preprocessing: {scaler: min_max}", "minmax"),
    ],
)
def test_a_wrong_choice_lists_the_choices_and_names_the_nearest(line: str, meant: str) -> None:
    found = problem(f"{MINIMAL}{line}\n")
    assert "input should be '" in found
    assert found.endswith(f"; did you mean {meant}?")


@pytest.mark.parametrize(
    ("context", "segment", "nearest"),
    [(20, 7, 21), (20, 6, 18), (20, 100, 100), (21, 2, 20), (3, 2, 4)],
)
def test_a_context_that_segments_do_not_fill_names_the_nearest_that_they_do(
    context: int, segment: int, nearest: int
) -> None:
    text = (
        MINIMAL.replace("context_length: 20", f"context_length: {context}")
        + f"model: {{segment_length: {segment}}}"
    )
    assert (
        problem(text) == f"a.yaml:9:9: windows.context_length ({context}) must be a multiple of"
        f" model.segment_length ({segment}); the nearest is {nearest}"
    )


def test_parallel_decoding_goes_forwards_only() -> None:
    assert (
        parse_config(with_model("decoder: parallel"), source="a.yaml").model.decoder == "parallel"
    )
    assert parse_config(MINIMAL, source="a.yaml").model.decoder == "direct"
    found = problem(
        with_model("{decoder: parallel, bidirectional: true}").replace("model:\n  ", "model: ")
    )
    assert found.endswith(
        "model.decoder: parallel needs model.bidirectional: false, as it goes on where the context"
        " ends"
    )
    assert found.startswith("a.yaml:")
    both = problem(with_model("decoder: paralel"))
    assert both.endswith("; did you mean parallel?")


# Hostile YAML


@pytest.mark.parametrize(
    "line",
    [
        "seed: !!python/object/apply:os.system [ls]",
        "seed: !!python/object:os.system {}",
        "seed: !!python/name:os.system x",
        "model: !!python/object/new:os.system {units: 4}",
        "model: {units: !!set {4}}",
        "split: !!omap [test: 0.1]",
        "seed: !!binary aGVsbG8=",
        "seed: !local 1",
        "!!python/name:os.system seed: 1",
    ],
)
def test_tags_are_refused(line: str) -> None:
    found = problem(f"{MINIMAL}{line}\n")
    assert found.startswith("a.yaml:9:")
    assert "the tag " in found
    assert found.endswith(" is not allowed")


def test_a_tag_on_the_whole_document_is_refused() -> None:
    assert "is not allowed" in problem(f"--- !!python/object:os.system\n{MINIMAL}")


def test_tags_cannot_hide_behind_a_directive() -> None:
    text = f"%TAG ! tag:yaml.org,2002:python/\n---\n{MINIMAL}seed: !name:os.system 1\n"
    assert "python/name:os.system is not allowed" in problem(text)


BOMBS = {
    "billion laughs": (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{c}: &{c} [{','.join(['*' + chr(ord(c) - 1)] * 9)}]\n" for c in "bcdefghi")
    ),
    "merge chain": "a: &a {x: 1}\n" + "".join(f"k{i}: &k{i}\n  <<: [*a, *a]\n" for i in range(400)),
    "loop": "a: &a [*a]\n",
    "lists in lists": "[" * 30_000 + "]" * 30_000,
    "maps in maps": "{a: " * 15_000,
    "open braces": "{" * 60_000,
    "keys of keys": "? " * 30_000,
    "dashes": "- " * 30_000,
    "anchors": "".join(f"- &a{i} x\n" for i in range(4_000)),
    "many keys": "".join(f"k{i}: 1\n" for i in range(1_000)),
    "one key often": "a: 1\n" * 2_000,
    "long number": f"seed: {'9' * 60_000}\n",
    "long name": f"name: {'a' * 60_000}\n",
    "escapes": 'name: "' + "\\x41" * 15_000 + '"\n',
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_yaml_bombs_are_refused_in_less_than_a_second(bomb: str) -> None:
    gc.collect()  # what other tests left behind, and what other threads do, is none of its time
    start = time.thread_time()
    problems(BOMBS[bomb])
    assert time.thread_time() - start < 1


# Files


def test_a_file_above_64_kib_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(MINIMAL + "#" * (MAX_BYTES - len(MINIMAL)))
    assert load_config(path, environment={}).name == "sine"
    with path.open("a") as file:
        file.truncate(2**40)  # sparse: reading it would take minutes
    assert file_problems(path) == (f"{path}: larger than 64 KiB; a config is a short text",)


def test_a_pipe_with_more_than_64_kib_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    # its size is not known before
    writer = Thread(target=path.write_text, args=("#" * (MAX_BYTES + 1),))
    writer.start()
    assert file_problems(path) == (f"{path}: larger than 64 KiB; a config is a short text",)
    writer.join()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (MINIMAL.encode("utf-16"), "not UTF-8 text (byte 0)"),
        (MINIMAL.replace("sine", "s\u00efne").encode("latin-1"), "not UTF-8 text (byte 7)"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0", "not valid YAML: the character '\\x7f' is not allowed"),
        (b"\x80\x04\x95.", "not UTF-8 text (byte 0)"),
    ],
)
def test_a_file_that_is_not_text_is_refused(content: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    (found,) = file_problems(path)
    assert found.startswith(str(path))
    assert found.endswith(expected)


def test_a_missing_file_and_a_directory_are_named(tmp_path: Path) -> None:
    assert file_problems(tmp_path / "no.yaml") == (
        f"{tmp_path}/no.yaml: cannot be read: No such file or directory",
    )
    assert file_problems(tmp_path) == (f"{tmp_path}: cannot be read: Is a directory",)


def test_a_config_can_come_through_a_pipe(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, MINIMAL.encode())
    os.close(writer)
    assert load_config(Path(f"/dev/fd/{reader}"), environment={}).name == "sine"
    os.close(reader)


# Options and environment


def test_options_win_over_the_environment_which_wins_over_the_file_and_the_defaults(
    config_file: Path,
) -> None:
    config_file.write_text(MINIMAL + "seed: 1\nmodel: {units: 4, dropout: 0.1}\n")
    environment = {
        "FORECAST_SEED": "2",
        "FORECAST_MODEL__UNITS": "8",
        "FORECAST_TRAINING__EPOCHS": "3",
    }
    config = load_config(config_file, overrides=["model.units=[16, 16]"], environment=environment)
    assert (config.seed, config.model.units, config.model.dropout) == (2, (16, 16), 0.1)
    assert (config.training.epochs, config.training.learning_rate) == (3, 1e-3)


def test_the_last_of_several_options_counts(config_file: Path) -> None:
    assert load_config(config_file, overrides=["seed=1", "seed = 2"], environment={}).seed == 2


@pytest.mark.parametrize(
    ("assignment", "read"),
    [
        ("data.targets=[y, z]", lambda config: config.data.targets == ("y", "z")),
        ("data.path=a=b.csv", lambda config: config.data.path == "a=b.csv"),
        ("training.patience=null", lambda config: config.training.patience is None),
        ("training.patience=", lambda config: config.training.patience is None),
        (
            "model={units: 4, cell: gru}",
            lambda config: (config.model.units, config.model.cell) == ((4,), "gru"),
        ),
        ("data.series_id=NO", lambda config: config.data.series_id == "NO"),
    ],
)
def test_an_option_takes_any_yaml_value(assignment: str, read: Any, config_file: Path) -> None:
    assert read(load_config(config_file, overrides=[assignment], environment={}))


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("model.unit=4", "--set model.unit: unknown key model.unit; did you mean model.units?"),
        ("modle.units=4", "--set modle.units: unknown key modle; did you mean model?"),
        ("model.units=x", "--set model.units: model.units.0: input should be a valid integer"),
        (
            "model.units=[4, x]",
            "--set model.units:1:5: model.units.1: input should be a valid integer",
        ),
        ("model.units=[4", "--set model.units:1:3: not valid YAML: "),
        ("model.units=&a 4", "--set model.units:1:1: anchors and aliases are not allowed"),
        ("seed=!!python/name:os.system x", "--set seed:1:1: the tag "),
        (
            "model.segment_length=7",
            "--set model.segment_length: windows.context_length (20) must be a multiple of",
        ),
        ("data.path.x=1", "--set data.path.x: data.path is not a section: it is 'sine.csv' at "),
        ("model.units", "--set model.units: expected section.key=value"),
        ("=4", "--set =4: expected section.key=value"),
        ("", "--set : expected section.key=value"),
    ],
)
def test_a_wrong_option_is_named_as_the_source(
    assignment: str, expected: str, config_file: Path
) -> None:
    (found,) = file_problems(config_file, overrides=[assignment])
    assert found.startswith(expected)


def test_a_wrong_environment_variable_is_named_as_the_source(config_file: Path) -> None:
    found = file_problems(
        config_file, environment={"FORECAST_MODEL__UNITS": "x", "FORECAST_SEED": "-1"}
    )
    assert found[0].startswith("environment variable FORECAST_SEED: seed: ")
    assert found[1].startswith("environment variable FORECAST_MODEL__UNITS: model.units.0: ")


def test_an_option_is_not_blamed_for_what_the_file_lacks(config_file: Path) -> None:
    config_file.write_text(MINIMAL.replace("  timestamp: step\n", ""))
    (found,) = file_problems(config_file, overrides=["data.freq=D"])
    assert found.startswith(f"{config_file}:2:1: data.timestamp is missing")


def test_the_file_is_not_blamed_for_what_an_option_replaced(config_file: Path) -> None:
    config_file.write_text(MINIMAL + "model:\n  units: [4, 4]\n")
    (found,) = file_problems(config_file, overrides=["model={units: [4, x]}"])
    assert found.startswith("--set model:1:13: model.units.1: ")


def test_other_variables_of_the_environment_are_left_alone(config_file: Path) -> None:
    environment = {
        "FORECAST_RUNS": "/tmp",
        "FORECAST_": "1",
        "FORECASTER": "1",
        "SEED": "5",
        "HOME": "/",
    }
    assert load_config(config_file, environment=environment).seed == 0


def test_problems_of_the_file_the_options_and_the_environment_come_at_once(
    config_file: Path,
) -> None:
    config_file.write_text(MINIMAL + "sed: 1\n")
    found = file_problems(
        config_file, overrides=["model.unit=4", "x"], environment={"FORECAST_SEED": "x"}
    )
    assert sorted(line.split(": ")[0] for line in found) == [
        "--set model.unit",
        "--set x",
        f"{config_file}:9:1",
        "environment variable FORECAST_SEED",
    ]


# The schema that editors read


def test_the_json_schema_lists_every_key_and_reads_back() -> None:
    schema = json.loads(json.dumps(Config.model_json_schema()))

    def listed(section: type[BaseModel], node: dict[str, Any]) -> None:
        assert set(node["properties"]) == set(section.model_fields)
        assert node["additionalProperties"] is False
        for name, info in section.model_fields.items():
            if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
                reference = node["properties"][name]["$ref"].rsplit("/", 1)[1]
                listed(info.annotation, schema["$defs"][reference])

    listed(Config, schema)
    assert schema["required"] == ["name", "data", "windows"]
    assert schema["$defs"]["ModelConfig"]["properties"]["cell"]["enum"] == list(get_args(Cell))


@pytest.mark.parametrize("name", ["unique_id", "ds", "cutoff", "y"])
def test_a_name_that_a_forecast_table_uses_for_another_column_is_refused(name: str) -> None:
    with pytest.raises(
        ConfigError,
        match=r"a\.yaml:1:1: name: the forecast table has a column of that name already",
    ):
        parse_config(MINIMAL.replace("name: sine", f"name: {name}"), source="a.yaml")


@pytest.mark.parametrize(
    ("key", "value"), [("split.test", "true"), ("split.test", "[1]"), ("split.test", "1.5")]
)
def test_a_part_that_is_neither_share_nor_rows_nor_date_is_complained_about_once(
    key: str, value: str, config_file: Path
) -> None:
    config_file.write_text(MINIMAL)
    (found,) = file_problems(config_file, overrides=[f"{key}={value}"])
    assert "must be a share from 0 to below 1, a number of rows, or an ISO date" in found


@pytest.mark.parametrize("key", ["seed", "windows.horizon", "model.units", "training.epochs"])
def test_true_is_not_the_number_one(key: str, config_file: Path) -> None:
    config_file.write_text(MINIMAL)
    (found,) = file_problems(config_file, overrides=[f"{key}=true"])
    assert f"--set {key}" in found
