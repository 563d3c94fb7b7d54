"""Figures from arrays and frames. The only folder that imports Matplotlib."""

from lstm_forecast.pictures.startup import start_matplotlib

start_matplotlib()
