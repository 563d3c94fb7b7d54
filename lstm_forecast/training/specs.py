"""What the networks of a config are made of."""

from lstm_forecast.model.spec import NetworkSpec
from lstm_forecast.training.prepare import Prepared
from lstm_forecast.windows.windows import Windows

__all__ = ["network_spec"]


def network_spec(prepared: Prepared, windows: Windows, number: int) -> NetworkSpec:
    """What member ``number`` of the ensemble is made of."""
    model = prepared.config.model
    return NetworkSpec(
        context_length=windows.context_length,
        n_features=windows.n_features,
        horizon=windows.horizon,
        n_targets=windows.n_targets,
        quantiles=model.quantiles,
        masked=windows.padded,
        parallel=model.decoder == "parallel",
        seed=(prepared.config.seed * 64 + number) % 2**31,  # no two ensembles share a member
        **model.model_dump(
            exclude={
                "levels",
                "calibration",
                "linear",
                "channels",
                "ensemble",
                "context_lengths",
                "decoder",
            }
        ),
    )
