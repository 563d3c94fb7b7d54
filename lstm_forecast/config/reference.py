"""The page on the keys of a config: ``python -m lstm_forecast.config.reference`` prints it.

It is made from the JSON Schema that editors read, so that both say the same.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lstm_forecast.config.pretrain import PretrainConfig
from lstm_forecast.config.schema import Config

__all__ = ["reference"]

Schema = Mapping[str, Any]

HEAD = """\
# Keys of a config

Every key that a config may have, with its type, its default and its meaning.

A config needs `name`, `data.path`, `data.timestamp`, `data.targets` and `windows.horizon`; every
other key has a default. A key in a section is written below it, or on one line:

```yaml
name: sales
data:
  path: sales.csv
  timestamp: date
  targets: sold
windows: {horizon: 14}
```

- A list may be written as a single value: `units: 64` is `units: [64]`.
- `auto`, or nothing, means that the data decide. The config that is saved with a run holds what was
  decided, and its `manifest.json` says why. `null` is nothing as well.
- Dates, frequencies and zones are those of pandas.
- Any key can be given for the occasion: `--set model.units=64`, or `FORECAST_MODEL__UNITS=64` in
  the environment. An option beats the environment, which beats the config, which beats the default.
- `forecast config show --config FILE` prints a config with every key filled in, and
  `forecast config schema` the JSON Schema. `forecast init` writes that schema beside the config,
  by which editors complete and check its keys. A wrong key or value is an error with its line and
  column (exit
  code 3).

This page is made from the schema: `python -m lstm_forecast.config.reference > configs/README.md`.
"""
PRETRAINING = """\
# Keys of a pretraining

`forecast pretrain --config FILE` reads a config of another kind, such as
[pretrain.yaml](pretrain.yaml). It needs `name`; every other key has a default. `--set` works as
above, and the environment sets none of these keys.
"""
TABLE = "| key | type | default | meaning |\n|---|---|---|---|"
WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true`, `false`",
    "null": "null",
}
BOUNDS = {
    "minimum": "from",
    "ge": "from",
    "exclusiveMinimum": "above",
    "gt": "above",
    "maximum": "to",
    "le": "to",
    "exclusiveMaximum": "below",
    "lt": "below",
}


def reference() -> str:
    """Return the page in Markdown: one table for each section of a config, then the same of the
    config of a pretraining.
    """
    return "\n".join(
        [
            HEAD,
            *_part(Config.model_json_schema(), "The whole config"),
            PRETRAINING,
            *_part(PretrainConfig.model_json_schema(), "The whole config of a pretraining"),
        ]
    )


def _part(schema: Schema, title: str) -> Iterator[str]:
    """Yield the tables of one kind of config, the outermost under that title."""
    yield from _section(schema, schema["$defs"], "", title)


def _section(schema: Schema, parts: Schema, prefix: str, title: str) -> Iterator[str]:
    """Yield a heading, what the section is for, its keys, and then the sections in it."""
    inner, rows = [], []
    required = schema.get("required", ())
    for name, field in schema["properties"].items():
        key = f"{prefix}{name}"
        if "$ref" in field:
            inner.append((parts[field["$ref"].rpartition("/")[2]], f"{key}."))
            continue
        if "$ref" in (items := field.get("items", {})):
            inner.append((parts[items["$ref"].rpartition("/")[2]], f"{key}[]."))
        default = "required" if name in required else _default(field)
        meaning = str(field["description"]).replace("|", "\\|")
        rows.append(f"| `{key}` | {_type(field)} | {default} | {meaning} |")
    purpose = str(schema["description"]).replace("``", "`")
    yield f"## {title}\n\n{purpose}\n"
    yield "\n".join([TABLE, *rows]) + "\n"
    for section, place in inner:
        yield from _section(section, parts, place, f"`{place.removesuffix('.')}`")


def _default(field: Schema) -> str:
    """Return a default as YAML has it."""
    value = field["default"]
    if value is None:
        return "`auto`" if _is_open(field) else "absent"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _is_open(field: Schema) -> bool:
    """Tell whether the data may decide."""
    return {"const": "auto"} in field.get("anyOf", ())


def _type(field: Schema) -> str:
    """Return the type in words."""
    if "enum" in field or "const" in field:
        return ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if several := field.get("anyOf") or field.get("oneOf"):
        kinds = [_type(choice) for choice in several]
        if _is_open(field):  # null says the same
            kinds = [kind.removesuffix(", null") for kind in kinds]
        return ", ".join(kinds)
    if "$ref" in field:
        return "sections"
    if isinstance(field["type"], list):
        return "values"
    if field["type"] == "array":
        items = _type(field["items"]).replace("number", "numbers").replace("text", "texts")
        return f"list of {items}"
    if field["type"] == "object":
        return f"mapping of names to {_type(field['additionalProperties'])}"
    bounds = [f"{word} {field[key]}" for key, word in BOUNDS.items() if key in field]
    return " ".join([WORDS[field["type"]], *bounds])


if __name__ == "__main__":
    print(reference(), end="")
