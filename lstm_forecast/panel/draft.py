"""What ``forecast init`` wrote and found, as one document."""

from dataclasses import dataclass, field

from lstm_forecast.documents import Answer, described
from lstm_forecast.panel.settle import Question

__all__ = ["Draft"]


@dataclass(frozen=True, kw_only=True)
class Draft(Answer):
    """A config that was written for a table."""

    config: str = field(metadata=described("File of the config."))
    findings: tuple[str, ...] = field(metadata=described("What was found on the way."))
    questions: tuple[Question, ...] = field(
        metadata=described("What training refuses until someone chooses.")
    )
