"""What the networks of a config are made of."""

from lstm_forecast.model.spec import NetworkSpec
from lstm_forecast.training.prepared import Prepared

__all__ = ["network_spec"]


def network_spec(prepared: Prepared, context_length: int, number: int) -> NetworkSpec:
    """What member ``number`` of the ensemble is made of, whose windows have that length."""
    model = prepared.config.model
    return NetworkSpec(
        framing=prepared.framing.with_context(context_length),
        channels=prepared.channels,
        quantiles=model.quantiles,
        cell=model.cell,
        units=model.units,
        bidirectional=model.bidirectional,
        segment_length=model.segment_length,
        segment_units=model.segment_units,
        dropout=model.dropout,
        recurrent_dropout=model.recurrent_dropout,
        dense=model.dense,
        activation=model.activation,
        parallel=model.decoder == "parallel",
        kernel_initializer=model.kernel_initializer,
        recurrent_initializer=model.recurrent_initializer,
        seed=(prepared.config.seed * 64 + number) % 2**31,  # no two ensembles share a member
    )
