"""What ``forecast init`` wrote, found and asks, as one document."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lstm_forecast.documents import Answer, described

__all__ = ["Choice", "Draft", "Question"]


@dataclass(frozen=True)
class Choice:
    """One answer: the keys of the config's section data that give it; none where the table itself
    has to change.
    """

    keys: Mapping[str, object] = field(
        metadata=described("Keys of the config's section data, with their values.")
    )
    effect: str = field(metadata=described("What it does, to how many rows."))


@dataclass(frozen=True)
class Question:
    """What the table does not say, so that training refuses it until somebody does."""

    kind: str = field(
        metadata=described(
            "Key of the config that stays at error; sentinels for cells that are no numbers."
        )
    )
    count: int = field(metadata=described("Rows.", least=0))
    text: str = field(metadata=described("What the table does not say."))
    places: tuple[str, ...] = field(metadata=described("The first places."))
    choices: tuple[Choice, ...] = field(metadata=described("The answers that there are."))


@dataclass(frozen=True, kw_only=True)
class Draft(Answer):
    """A config that was written for a table."""

    config: str = field(metadata=described("File of the config."))
    findings: tuple[str, ...] = field(metadata=described("What was found on the way."))
    questions: tuple[Question, ...] = field(
        metadata=described("What training refuses until someone chooses.")
    )
