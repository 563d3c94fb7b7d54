"""Which words stand for a value that there is not."""

import pytest

from lstm_forecast.tables.numbers.nothing import says_nothing


@pytest.mark.parametrize("word", ["n/a", "N.A.", "Unavailable", "k.A.", " brak ", "#REF!", "(D)"])
def test_words_of_programs_offices_and_people_for_no_value_are_known(word: str) -> None:
    assert says_nothing(word)


@pytest.mark.parametrize("word", ["", "-", "--", "***", "\u2026", "(-)", "?"])
def test_signs_without_a_letter_or_a_digit_say_nothing(word: str) -> None:
    assert says_nothing(word)


@pytest.mark.parametrize("word", ["High", "LO", "trace", "closed", "on", "<0.5", "12 kg", "\u00bd"])
def test_any_other_word_may_say_something(word: str) -> None:
    assert not says_nothing(word)
