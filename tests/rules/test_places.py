"""Places among the tags of documents."""

import pytest

from articles.rules.place_names import NAMES
from articles.rules.places import CODE_MAX, codes_named, place_codes, place_name


@pytest.mark.parametrize(
    ("tags", "codes"),
    [
        (["Singapore", "SG"], ["SG"]),
        (["GB", "UK"], ["GB"]),
        (["China-HongKong", "CN", "CN-HK"], ["CN", "CN-HK"]),
        (["US-CA"], ["US-CA", "US"]),
        (["CA-ON", "CA", "CA-QC"], ["CA-ON", "CA", "CA-QC"]),
        (["sg", "USA", "US-CALI", "US-", "ＵＳ", "US\n"], []),
    ],
)
def test_codes_are_places_and_regions_lie_in_their_countries(tags, codes):
    assert place_codes(tags) == codes


def test_places_have_names_or_their_codes():
    names = {code: place_name(code) for code in ("SG", "US-CA", "DE-BY", "EU", "XX-1")}
    assert names == {"SG": "Singapore", "US-CA": "California", "DE-BY": "Germany, BY", "EU": "EU", "XX-1": "XX-1"}
    assert all(place_codes([code]) and len(code) <= CODE_MAX for code in NAMES)


@pytest.mark.parametrize(
    ("text", "codes"),
    [("us-ca", ["US-CA"]), (" uk ", ["GB"]), ("hong kong", ["CN-HK", "HK"]), ("Atlantis", []), ("", [])],
)
def test_a_place_can_be_named(text, codes):
    assert codes_named(text) == codes
