"""Words that people, instruments and offices write where there is no value.

Any other text among numbers may say something: that a reading was beyond what can be measured, that
there were traces of it, which state was reached. So does each with a digit in it.
"""

import re

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.missing import Dashes

__all__ = [
    "DASH", "DASHES", "LONGEST_SENTINEL", "MISSING_WORDS", "NO_NUMBERS", "code_below_zero",
    "says_nothing", "words_for_missing",
]  # fmt: skip

LONGEST_SENTINEL = 40  # characters of what may stand for a missing value
DASH = "-"
# Offices write these for exactly nothing, as well as for what nobody knows.
DASHES = (
    DASH, "--", "---", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015", "\u2212",
    "\ufe63", "\uff0d",
)  # fmt: skip

# : . and .. are the words of statistical offices
MISSING_WORDS = [
    "", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "none", "-", "?", ":", ".", "..",
]  # fmt: skip
NO_NUMBERS = (*MISSING_WORDS, *DASHES)  # among numbers: they make no column one of texts

# -1, -10 and -100, and what repeats 7, 8 or 9, such as -9, -99.9 and -888
CODE = re.compile(r"-(10*|([789])\2*(\.\2+)?)")
# as ``casefold`` writes them
_WORDS = {
    # in many languages
    "na", "n/a", "n.a.", "n.a", "nan", "nd", "n/d", "n.d.", "n.d", "nil", "nul", "null", "none",
    # English
    "blank", "empty", "missing", "no data", "no reading", "no value", "nodata", "not applicable",
    "not available", "not measured", "not recorded", "not reported", "tba", "tbc", "tbd",
    "undefined", "unavailable", "unknown",
    # of instruments
    "bad", "bad data", "bad input", "comm fail", "err", "error", "fail", "fault", "invalid",
    "i/o timeout", "no result", "offline", "overrange error", "sensor error", "sensor fault",
    # of spreadsheets
    "#n/a", "#name?", "#null!", "#num!", "#ref!", "#value!", "#wert!", "#nv", "#bezug!", "#valeur!",
    "#valor!", "#valore!", "#n/d",
    # of statistical offices: confidential, suppressed, not applicable
    "(c)", "(d)", "(na)", "(s)", "(x)", "[c]", "[u]", "[x]", "[z]", "x",
    # German
    "fehler", "fehlt", "k.a.", "k. a.", "k.a", "keine angabe", "keine daten", "kein wert",
    "nicht verfügbar", "unbekannt", "ungültig",
    # French, Spanish, Italian, Portuguese
    "erreur", "inconnu", "indisponible", "manquant", "non disponible", "nc", "n.c.",
    "desconocido", "no disponible", "s/d", "sin dato", "sin datos",
    "errore", "mancante", "non disponibile", "sconosciuto",
    "desconhecido", "indisponível", "não disponível", "sem dado", "sem dados",
    # Dutch, Polish, Czech, Swedish, Danish, Norwegian, Finnish
    "fout", "geen data", "n.b.", "niet beschikbaar", "onbekend",
    "b.d.", "bd", "brak", "brak danych", "nieznany",
    "nedostupné", "neznámé", "mangler", "saknas", "uppgift saknas", "ukendt", "ukjent", "puuttuu",
    # Russian, Chinese, Japanese, Korean
    "н/д", "нет данных", "无", "无数据", "暂无", "缺失", "缺测", "欠測", "欠損", "データなし",
    "결측", "없음",
}  # fmt: skip


def says_nothing(word: str) -> bool:
    """Whether a text is known to stand for a value that there is not, or holds neither a letter nor
    a digit.
    """
    return word.strip().casefold() in _WORDS or not any(map(str.isalnum, word))


def code_below_zero(numbers: NDArray[np.float64]) -> float | None:
    """The only number below 0, if it is such as codes for no value are and others are above 0."""
    below = np.unique(numbers[numbers < 0])
    alone = len(below) == 1 and bool((numbers > 0).any())
    return float(below[0]) if alone and CODE.fullmatch(f"{below[0]:g}") else None


def words_for_missing(dashes: Dashes) -> list[str]:
    """Texts that stand for a missing value among numbers, where ``dashes`` are read so."""
    return [word for word in MISSING_WORDS if word not in DASHES or dashes == "missing"]
