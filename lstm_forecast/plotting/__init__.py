"""Pictures. The only folder that imports Matplotlib."""

from lstm_forecast.plotting.startup import start_matplotlib

start_matplotlib()
