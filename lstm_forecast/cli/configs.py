"""Looks at configs: ``config show`` and ``config schema``."""

from lstm_forecast.cli.options import AsJson, ConfigFile, Overrides
from lstm_forecast.cli.terminal import emit_json, reported

__all__ = ["schema", "show"]


@reported
def show(config: ConfigFile, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Print a config with overrides, environment and defaults filled in."""
    from lstm_forecast.config.loading import dump_config, load_config

    loaded = load_config(config, overrides=overrides or ())
    if as_json:
        emit_json({"ok": True, "config": loaded.model_dump(mode="json")})
    else:
        print(dump_config(loaded), end="")


@reported
def schema(as_json: AsJson = False) -> None:
    """Print the JSON Schema of configs."""
    import json

    from lstm_forecast.config.schema import Config

    content = Config.model_json_schema()
    print(
        json.dumps(
            {"ok": True, "schema": content} if as_json else content, indent=None if as_json else 2
        )
    )
