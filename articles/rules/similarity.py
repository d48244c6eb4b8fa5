"""How likely two articles report the same event, and why.

Each word has a share in what a report says: how often it occurs times how rare it is. The score adds, for the words
that both have, the geometric mean of its two shares (the cosine of their roots), and is halved every 72 hours between
the two. On 6,241 real articles this found more than any embedding that was tried; what it got wrong were series and
templates (tomorrow's count, another state's), which `_doubts()` recognizes. docs/suggestions.md has the figures.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from itertools import pairwise

from .place_names import NAMES

HALF_LIFE_HOURS = 72.0
CALIBRATION = 1.1  # the power of the cosine with which nine in ten pairs are right from 0.40, where sites begin
INDEXED_TERMS = 12  # the heaviest terms of an article: an index of these finds the same pairs as one of all
EXCERPT_CHARACTERS = 300  # later sentences are rarely about the event itself
TITLE_WEIGHT = 2  # a word of the headline counts like two of the excerpt
EVIDENCE_TERMS = 8
# A pair with a doubt gets only a part of its score above this, so that it needs far more to be suggested.
DOUBTED_ABOVE, DOUBTED_SLOPE = 0.25, 0.3

SERIES_HOURS = 12.0  # reports this far apart with other numbers belong to a series
TEMPLATE_SECONDS = 60  # one outlet's articles within this time and under one template are never one event
TEMPLATE_TERMS = 3
TERM_MAX = 60  # characters; the rest of a longer word is dropped
OPENING_TERMS = 5
UNLIKE_TITLES = 0.4  # titles with a lower likeness don't speak of the same thing

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_TYPOGRAPHY = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014\u2026\xa0", "''\"\"--. ")
_JOINED = re.compile(r"(?<=\d),(?=\d{3})|(?<=[a-z])-(?=\d)")  # 1,276 and covid-19 are one word each
_ENGLISH = """
    a about after again all also am amid an and any are as at be because been before being but by can could did do does
    doing down during each few for from further get gets got had has have having he her here hers him his how i if in
    into is it its just me more most my new no nor not now of off on once only or other our out over own per s said same
    say says she should so some such t than that the their them then there these they this those through to too under
    until up us very via was we were what when where which while who whom why will with would you your
"""
_MONTH_NAMES = """
    jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september october
    november december
"""
_STOP_WORDS = frozenset(_ENGLISH.split())
_MONTHS = frozenset(_MONTH_NAMES.split())
_WEEKDAYS = frozenset(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))


@dataclass(frozen=True, slots=True)
class Text:
    """The terms of an article's headline and of the beginning of its excerpt, in their order."""

    title: tuple[str, ...]
    excerpt: tuple[str, ...]

    @classmethod
    def of(cls, title: str, excerpt: str) -> Text:
        """Return the terms of this text. Of a headline in parts ("Outlet | Headline") the longest counts."""
        headline = max(title.split(" | "), key=len)
        return cls(tuple(_terms(headline)), tuple(_terms(excerpt[:EXCERPT_CHARACTERS])))

    def frequencies(self) -> dict[str, int]:
        """Return how often each term occurs; one in the headline counts twice."""
        counts = Counter(self.excerpt)
        for term in self.title:
            counts[term] += TITLE_WEIGHT
        return counts

    def numbers(self) -> frozenset[str]:
        return frozenset(term for term in self.title if term.isdecimal())

    def days(self) -> frozenset[str]:
        """Return the days that the headline names, such as `may 8` or `friday`. They tell daily editions apart."""
        dates = {f"{month[:3]} {day}" for month, day in pairwise(self.title) if _is_date(month, day)}
        return frozenset(dates or _WEEKDAYS.intersection(self.title))

    def places(self) -> frozenset[str]:
        """Return the codes of the places that the headline names, of the longest name at each word."""
        found: set[str] = set()
        place = 0
        while place < len(self.title):
            names = (self.title[place : place + length] for length in (3, 2, 1))
            name = next((name for name in names if name in _codes_by_terms()), ())
            found |= _codes_by_terms().get(name, set())
            place += max(1, len(name))
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Report:
    """What is compared: an article's text, the weights of its terms (of length 1), outlet and time."""

    text: Text
    weights: Mapping[str, float]
    outlet: int
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two reports are: a score from 0 to 1, and the evidence for it.

    `terms` are the shared ones with their part of the score, most important first. `numbers` are those of both
    headlines if they differ. `doubts` say why the score was lowered.
    """

    score: float
    hours: float
    terms: Mapping[str, float] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    same_outlet: bool = False
    same_text: bool = False
    doubts: tuple[str, ...] = ()


def weigh(text: Text, articles_with: Mapping[str, int], articles: int) -> dict[str, float]:
    """Return the weight of each term, the root of its share, by how many of the `articles` so far have it."""
    shares = {
        term: frequency * math.log((articles + 1) / max(1, articles_with.get(term, 0)))
        for term, frequency in text.frequencies().items()
    }
    total = sum(share for share in shares.values() if share > 0)
    return {term: math.sqrt(share / total) for term, share in shares.items() if share > 0}


def heaviest(weights: Mapping[str, float], number: int = INDEXED_TERMS) -> list[str]:
    """Return the terms of most weight; of equal ones the first in alphabetical order."""
    return sorted(weights, key=lambda term: (-weights[term], term))[:number]


def decay(hours: float) -> float:
    """Return the factor by which time between two reports lowers their score, 0 to 1."""
    return 0.5 ** (abs(hours) / HALF_LIFE_HOURS)


def hours_between(one: datetime, other: datetime) -> float:
    return abs((one - other).total_seconds()) / 3600


def compare(one: Report, other: Report, least: float = 0.0) -> Likeness | None:
    """Return how alike two reports are; None if less than `least`, or if they can't be the same event."""
    products = _shared_weights(one.weights, other.weights)
    hours = hours_between(one.published_at, other.published_at)
    score = min(1.0, sum(products.values())) ** CALIBRATION * decay(hours)
    if score < least or not products or is_template_pair(one, other):
        return None
    same_text = one.text == other.text  # copies: of an agency, or of one article under two URLs
    doubts = () if same_text else _doubts(one, other, hours)
    if doubts and score > DOUBTED_ABOVE:
        score = DOUBTED_ABOVE + (score - DOUBTED_ABOVE) * DOUBTED_SLOPE
    if score < least:
        return None
    return Likeness(
        score=score,
        hours=hours,
        terms={term: products[term] for term in heaviest(products, EVIDENCE_TERMS)},
        numbers=_clashing_numbers(one.text, other.text),
        same_outlet=one.outlet == other.outlet,
        same_text=same_text,
        doubts=doubts,
    )


def is_template_pair(one: Report, other: Report) -> bool:
    """Return whether one outlet published both at once from a template, as reports on each of many markets."""
    seconds = abs((one.published_at - other.published_at).total_seconds())
    return one.outlet == other.outlet and seconds <= TEMPLATE_SECONDS and _replaced_share(one.text, other.text) <= 0.5


def _doubts(one: Report, other: Report, hours: float) -> tuple[str, ...]:
    """Return what speaks against one event although the words agree."""
    doubts = []
    days = one.text.days(), other.text.days()
    if days[0] and days[1] and not days[0] & days[1]:
        doubts.append("other day")
    elif hours > SERIES_HOURS and _are_other_numbers(one.text, other.text):
        doubts.append("other numbers")
    if _are_other_places(one.text.places(), other.text.places()):
        doubts.append("other place")
    if _is_one_opening(one.text, other.text) and _title_likeness(one, other) < UNLIKE_TITLES:
        doubts.append("same opening")
    elif one.outlet == other.outlet and _replaced_share(one.text, other.text) <= 1:
        doubts.append("same template")
    return tuple(doubts)


def _are_other_numbers(one: Text, other: Text) -> bool:
    """Return whether each headline has a number that the other hasn't, or each excerpt under one headline."""
    if one.title == other.title:
        sides = [{term for term in text.excerpt if term.isdecimal()} for text in (one, other)]
    else:
        sides = [set(text.numbers()) for text in (one, other)]
    return bool(sides[0] - sides[1] and sides[1] - sides[0])


def _are_other_places(one: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether both name places, and none of one is, or is in, one of the other."""
    countries = [{code.partition("-")[0] for code in side} for side in (one, other)]
    return bool(one and other) and not (one & other or one & countries[1] or other & countries[0])


def _clashing_numbers(one: Text, other: Text) -> tuple[str, ...]:
    """Return the numbers of both headlines if both have some and share none."""
    numbers = one.numbers(), other.numbers()
    return tuple(sorted(numbers[0] | numbers[1])) if all(numbers) and not numbers[0] & numbers[1] else ()


def _is_one_opening(one: Text, other: Text) -> bool:
    """Return whether one excerpt begins as the other does or goes on, but for numbers; rolling pages do."""
    words = [[term for term in text.excerpt if not term.isdecimal()] for text in (one, other)]
    return _continues(words[0][:OPENING_TERMS], words[1]) or _continues(words[1][:OPENING_TERMS], words[0])


def _continues(opening: list[str], words: list[str]) -> bool:
    last = len(words) - OPENING_TERMS
    return len(opening) == OPENING_TERMS and any(words[at : at + OPENING_TERMS] == opening for at in range(last + 1))


def _replaced_share(one: Text, other: Text) -> float:
    """Return how many words of a template differ, per word that is the same; infinity if it isn't one.

    Two headlines have a template if only words in one place differ, and then the excerpts differ too.
    """
    first, second = one.title, other.title
    if first == second or one.excerpt == other.excerpt:
        return math.inf
    start = _common_length(first, second)
    limit = min(len(first), len(second)) - start
    common = start + min(limit, _common_length(first[::-1], second[::-1]))
    replaced = len(first) - common, len(second) - common
    return max(replaced) / common if common >= TEMPLATE_TERMS and all(replaced) else math.inf


def _common_length(one: Sequence[str], other: Sequence[str]) -> int:
    length = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        length += 1
    return length


def _title_likeness(one: Report, other: Report) -> float:
    """Return the cosine of the headlines alone."""
    sides = [{term: side.weights.get(term, 0.0) for term in side.text.title} for side in (one, other)]
    lengths = [math.sqrt(sum(weight * weight for weight in side.values())) for side in sides]
    return sum(_shared_weights(*sides).values()) / math.prod(lengths) if all(lengths) else 0.0


def _shared_weights(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    if len(one) > len(other):
        one, other = other, one
    return {term: weight * other[term] for term, weight in one.items() if term in other}


@cache
def _codes_by_terms() -> dict[tuple[str, ...], set[str]]:
    codes: dict[tuple[str, ...], set[str]] = {}
    for code, name in NAMES.items():
        codes.setdefault(tuple(_terms(name)), set()).add(code)
    return codes


def _is_date(month: str, day: str) -> bool:
    return month in _MONTHS and day.isdecimal() and len(day) <= 2


def readable_terms(terms: Iterable[str], *texts: str) -> dict[str, str]:
    """Return the first word in these texts for each term, in lower case: `acquires` for `acquir`."""
    words: dict[str, str] = {}
    for text in texts:
        for word in _words(text):
            for term in _terms_of_word(word):
                words.setdefault(term, word if not _EAST_ASIAN.search(word) else term)
    return {term: words.get(term, term) for term in terms}


def _terms(text: str) -> list[str]:
    return [term for word in _words(text) for term in _terms_of_word(word)]


def _words(text: str) -> list[str]:
    """Return the words of a text without accents, in lower case; numbers without separators."""
    if not text.isascii():
        text = text.translate(_TYPOGRAPHY)  # all there is in most texts
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
        text = unicodedata.normalize("NFC", text)  # Korean syllables, which NFKD takes apart
    text = text.casefold()
    return _WORD.findall(_JOINED.sub("", text) if "," in text or "-" in text else text)


@lru_cache(20_000)  # halves the time that the terms of an archive take
def _terms_of_word(word: str) -> Sequence[str]:
    if word in _STOP_WORDS:
        return ()
    if _EAST_ASIAN.search(word):
        return [word[place : place + 2] for place in range(max(1, len(word) - 1))]
    return (_stem(word)[:TERM_MAX],)


def _stem(word: str) -> str:
    """Return a word without its commonest English endings; crude, but the same for both sides."""
    if "'" in word:
        word = word.removesuffix("'s").replace("'", "")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 5 and word.endswith("ing"):
        return word[:-3]
    if len(word) > 4 and word.endswith("ed"):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word.endswith("e") else word
