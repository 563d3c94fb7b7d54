"""Time-series forecasting with recurrent networks, from one YAML file and one command."""

import os
from importlib.metadata import version

# Nothing leaves the machine: from 1.29 on ONNX Runtime collects and sends data about it unless it
# is told not to before it is imported. This line runs before any module of ours can do that, and
# what this process starts inherits it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = version("lstm-forecast-cli")
