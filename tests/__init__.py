"""Tests. The package comes first, as it tells what tests import themselves to send nothing."""

import lstm_forecast  # noqa: F401
