"""Text that is not UTF-8 is read in the Western way only where its words are such."""

from pathlib import Path

import pytest

from lstm_forecast.errors import DataError
from lstm_forecast.tables.files.encoding import detect_encoding


@pytest.mark.parametrize(
    "text",
    [
        "RPE Ø", "Ø Umsatz", "RPE ü", "Größe °C", "kWh/m²a für", "Nm³h à 5 m³/h", "Nºdoc Tª média",
        "cœur où più", "¿Qué?", "£m é", "L'Haÿ", "perché lunedì", "Øre", "10 € ± 2 µg",
    ],
)  # fmt: skip
def test_western_text_is_read_as_such(text: str) -> None:
    assert detect_encoding(Path("a.csv"), f"{text}\n".encode("cp1252")) == "cp1252"


@pytest.mark.parametrize(
    ("word", "encoding"),
    [
        ("Tłuszcz", "cp1250"), ("źródeł", "cp1250"), ("październik", "cp1250"),
        ("październik", "iso8859-2"), ("Miesiąc", "cp1250"), ("Měsíc", "cp1250"),
        ("průměr", "cp1250"), ("Bucureşti", "cp1250"),
    ],
)  # fmt: skip
def test_central_european_text_is_refused_with_what_its_words_are(word: str, encoding: str) -> None:
    sample = f"ds;Udój rano;{word} [%]\n".encode(encoding)
    with pytest.raises(DataError) as caught:
        detect_encoding(Path("a.csv"), sample)
    said = str(caught.value)
    assert said.startswith("a.csv:1: not UTF-8; set data.csv.encoding: cp1250 (")
    assert f"{encoding} ({word!r})" in said
    assert f"cp1252 ({word.encode(encoding).decode('cp1252')!r})" in said


@pytest.mark.parametrize("word", ["Şehir", "Eskişehir", "İstanbul", "Dağ", "Yağmur"])
def test_turkish_text_is_refused_with_what_its_words_are(word: str) -> None:
    with pytest.raises(DataError) as caught:
        detect_encoding(Path("a.csv"), f"ds;Ölçüm;{word}\n".encode("cp1254"))
    said = str(caught.value)
    assert said.startswith(f"a.csv:1: not UTF-8; set data.csv.encoding: cp1254 ({word!r}) or ")
    assert f"({word.encode('cp1254').decode('cp1252')!r})" in said


@pytest.mark.parametrize("text", ["Þórshöfn", "Dagur;Veðurstöð;Úrkoma", "Tórshavn;býur"])
def test_text_of_the_north_is_not_taken_for_turkish(text: str) -> None:
    assert detect_encoding(Path("a.csv"), f"{text}\n".encode("cp1252")) == "cp1252"


@pytest.mark.parametrize("text", ["дата", "т", "рост в кг"])
def test_text_of_another_alphabet_is_not_read_as_western(text: str) -> None:
    with pytest.raises(DataError, match="neither UTF-8 nor Western European"):
        detect_encoding(Path("a.csv"), f"{text}\n".encode("cp1251"))


def test_an_encoding_that_lacks_a_sign_of_the_word_is_no_reading_of_it(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        detect_encoding(tmp_path / "a.csv", b"Bia\xb3ko\x88x;1\n")
    assert "cp1252 ('Bia³ko\u02c6x')" in str(refused.value)
    assert "cp1250" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "encoding", "korean"),
    [
        ("사용일자,노선명\n20240701,서울역\n", "cp949", True),
        ("日期,城市,数量\n20240701,上海,北京\n", "gb18030", False),
        ("日付,売上\n20240701,とうきょう\n", "cp932", False),
        ("дата,продажи\n20240701,Москва\n", "cp1251", False),
    ],
)
def test_korean_text_is_told_from_text_of_other_encodings(
    text: str, encoding: str, korean: bool
) -> None:
    with pytest.raises(DataError) as refused:
        detect_encoding(Path("a.csv"), text.encode(encoding))
    assert ("for example cp949, in which it is Korean" in str(refused.value)) == korean
