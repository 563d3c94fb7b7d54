"""``python -m lstm_forecast``: the same as the command ``forecast``."""

from lstm_forecast.cli import main

main()
