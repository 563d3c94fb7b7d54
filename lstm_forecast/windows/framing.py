"""How windows are cut and normalised."""

from dataclasses import dataclass, replace

from lstm_forecast.config.schema import Normalisation, WindowsConfig

__all__ = ["Framing"]


@dataclass(frozen=True, kw_only=True)
class Framing:
    """How a series becomes windows, and what is normalised inside of each."""

    context_length: int  # rows that the network sees
    horizon: int  # rows that it forecasts
    stride: int = 1  # rows from one window to the next
    normalisation: Normalisation = "none"
    # Newest rows of the context that the local statistics come from; None: all of it.
    statistics_length: int | None = None

    @classmethod
    def of(cls, windows: WindowsConfig, *, statistics_length: int | None) -> "Framing":
        """Take the framing of a resolved config's section."""
        return cls(
            context_length=windows.context_length,
            horizon=windows.horizon,
            stride=windows.stride,
            normalisation=windows.normalisation,
            statistics_length=statistics_length,
        )

    def with_context(self, context_length: int) -> "Framing":
        """Return the same with another context, as of one network of an ensemble."""
        return replace(self, context_length=context_length)

    def with_stride(self, stride: int) -> "Framing":
        """Return the same with another stride, as of windows that are judged."""
        return replace(self, stride=stride)
