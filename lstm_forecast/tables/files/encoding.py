"""How the text of a file is encoded, told from its first bytes."""

import codecs
import re
from pathlib import Path

from lstm_forecast.errors import DataError

__all__ = ["WESTERN", "detect_encoding", "require_mark"]

BYTE_ORDER_MARKS = {
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}
ACCENTED = re.compile(r"[A-Za-z]*[À-ÖØ-öø-ÿ][A-Za-zÀ-ÖØ-öø-ÿ]*")
LONE_LETTERS = set("ØøÅåÄäÖöÜüÀàÈèÉéÓó")  # that are words, or stand for a mean
# Signs inside of words, and letters where no Western language has them, as Central European text
# read in the Western way holds: Bia³ko for Białko, Mìsíc for Měsíc. Nm³h and Nºdoc are no such.
ODD = re.compile(
    r"[^\W\d_]+(?:(?<!m)³|[¹¼¾¿¯¶]|(?<=[a-zà-ÿ])[£¥]|(?<=[a-zà-ÿ]{2})[ªº])[a-zà-ÿ]"
    r"|[a-zà-ÿ]Ÿ|\bŸ[a-z]|[ìù][a-zà-ÿ]"
)
# Letters of Turkish words read in the Western way, as in Þehir for Şehir and Yaðmur for Yağmur, and
# of Icelandic, Faroese and Czech ones, which are written with other vowels, too.
TURKISH, OTHER_VOWELS = re.compile("[ÞþÐðÝý]"), re.compile("[áéíóúæÁÉÍÓÚÆ]")
LEAST_SYLLABLES = 0.95  # share of the letters beyond ASCII in Korean text
OTHERS = "cp1251, cp1250, cp949, cp932 or gb18030"
WESTERN, CENTRAL_EUROPEAN = "cp1252", ("cp1250", "iso8859-2")


def detect_encoding(file: Path, sample: bytes) -> str:
    """The encoding of text that begins with the ``sample``.

    Raises DataError where it is not UTF-8 and may be of several others.
    """
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if sample.startswith(BYTE_ORDER_MARKS["utf-16"]):
        return "utf-16"
    try:
        sample[: sample.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        if b"\0" in sample:
            return WESTERN
        if _looks_western(sample):
            _require_no_odd_words(file, sample)
            return WESTERN
        raise DataError(
            f"{file}: neither UTF-8 nor Western European text; set data.csv.encoding, for example"
            f" {'cp949, in which it is Korean' if _is_korean(sample) else OTHERS}"
        ) from None
    return "utf-8"


def _is_korean(sample: bytes) -> bool:
    """Whether nearly all signs that are not ASCII are syllables of Korean in EUC-KR, of which cp949
    has more: Chinese text read in it holds others, and Japanese text cannot be.
    """
    try:
        signs = re.findall(r"[^\W\d_a-zA-Z]", sample[: sample.rfind(b"\n") + 1].decode("euc_kr"))
    except UnicodeDecodeError:
        return False
    syllables = sum("가" <= sign <= "힣" for sign in signs)
    return len(signs) > 0 and syllables >= LEAST_SYLLABLES * len(signs)


def require_mark(file: Path, sample: bytes, encoding: str) -> None:
    """Refuse text of two or four bytes a sign where nothing says which of them comes first."""
    if (
        encoding in BYTE_ORDER_MARKS
        and sample
        and not sample.startswith(BYTE_ORDER_MARKS[encoding])
    ):
        # most signs of a table are ASCII
        order = "le" if sample[::2].count(0) < sample[1::2].count(0) else "be"
        raise DataError(f"{file}: no byte-order mark; set data.csv.encoding: {encoding}-{order}")


def _looks_western(sample: bytes) -> bool:
    """Whether accented letters stand among plain ones, as in Größe.

    Other code pages are too easily mistaken.
    """
    try:
        words = ACCENTED.findall(sample.decode(WESTERN))
    except UnicodeDecodeError:
        return False
    letters = "".join(word for word in words if word not in LONE_LETTERS)
    return 2 * sum(letter.isascii() for letter in letters) >= len(letters)


def _require_no_odd_words(file: Path, sample: bytes) -> None:
    """Raise DataError for words that are none in a Western language, but in a Central European
    one or Turkish, with what the first of them is in each encoding.
    """
    text = sample.decode(WESTERN)
    odd = ODD.search(text)
    others = CENTRAL_EUROPEAN
    if odd is None and not OTHER_VOWELS.search(text):
        odd, others = TURKISH.search(text), ("cp1254", "cp1250")
    if odd is None:
        return
    line = text.count("\n", 0, odd.start()) + 1
    start, end = odd.span()
    while start and not _ends_word(text[start - 1]):
        start -= 1
    while end < len(text) and not _ends_word(text[end]):
        end += 1
    readings: dict[str, str] = {}
    for encoding in (*others, WESTERN):
        word = text[start:end].encode(WESTERN).decode(encoding, errors="replace")
        if word.isprintable() and "\N{REPLACEMENT CHARACTER}" not in word:
            readings.setdefault(word, encoding)
    told = " or ".join(f"{encoding} ({word!r})" for word, encoding in readings.items())
    raise DataError(f"{file}:{line}: not UTF-8; set data.csv.encoding: {told}")


def _ends_word(sign: str) -> bool:
    return sign.isspace() or sign in ",;|\"'()[]"
