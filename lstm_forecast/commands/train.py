"""``forecast train``: table -> panel -> windows -> network -> a published run, which becomes the
champion.
"""

from lstm_forecast.training.train import TrainResult, train

__all__ = ["TrainResult", "train"]
