"""Time-series forecasting with recurrent networks, from one YAML file and one command."""

from importlib.metadata import version

__version__ = version("lstm-forecast-cli")
