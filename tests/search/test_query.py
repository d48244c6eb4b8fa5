"""Parse what people type into a search field."""

import pytest

from articles.search.query import MAX_CHARACTERS, MAX_WORDS, Query, SearchTerm, parse


def term(text, **values):
    return SearchTerm(tuple(text.split()), **values)


@pytest.mark.parametrize(
    ("text", "required", "excluded"),
    [
        ("climate summit", ["climate", "summit"], []),
        ('"climate summit" paris', ["climate summit", "paris"], []),
        ("“climate summit”", ["climate summit"], []),
        ('"climate summit', ["climate summit"], []),
        ("summit -football", ["summit"], ["football"]),
        ('summit -"premier league"', ["summit"], ["premier league"]),
        ("summit --football", ["summit"], ["football"]),
        ("- football", ["football"], []),
        ("covid-19", ["covid 19"], []),
        ("AT&T", ["AT T"], []),
        ("a a a", ["a"], []),
        ("one AND (two)", ["one", "AND", "two"], []),
        ("snake_case", ["snake case"], []),
        ("nul\0byte", ["nul byte"], []),
        ("\ud800sur", ["sur"], []),
        ("किताब", ["किताब"], []),
        ("CO₂ 2½ №", ["CO₂", "2½"], []),
        ("-football", [], ["football"]),
        ("", [], []),
        ("  - \" ' ( * 🙂", [], []),
    ],
)
def test_a_query_is_parsed(text, required, excluded):
    assert parse(text) == Query(tuple(map(term, required)), tuple(map(term, excluded)))


def test_a_query_has_a_maximum_number_of_words():
    many = " ".join(f"w{number}" for number in range(100))
    assert not parse(" ".join(many.split()[:MAX_WORDS])).is_cut
    for text in (many, "-".join(many.split()), " " * MAX_CHARACTERS + "late", "新" * 30, f"{many} -w"):
        assert parse(text).is_cut, text
    assert len(parse(many).required) == MAX_WORDS
    assert len(parse("-".join(many.split())).required[0].words) == MAX_WORDS
    assert not parse(" " * MAX_CHARACTERS + "late")
    parted = " ".join(f"क्ष{chr(ord('a') + number)}" for number in range(20))  # two words each for SQLite
    assert len(parse(parted).required) == MAX_WORDS // 2
