"""Tags of languages and codes of countries."""

import pytest

from articles.rules.languages import check_country, check_language, is_right_to_left, sitemap_language, stated_language
from articles.rules.values import InvalidValueError


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("de", "de"),
        ("EN_us", "EN-us"),
        (" zh-Hant-TW ", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("de-CH-1996", "de-CH-1996"),
        ("en-a-bbb-x-a-ccc", "en-a-bbb-x-a-ccc"),
        *(
            (text, "")
            for text in ("", "e", "English", "en us", "en-", "x-mine", "de-DE-", "eſ", "en\n-GB", "en-" + "a" * 40)
        ),
    ],
)
def test_only_the_tag_of_a_language_is_one(text, tag):
    assert stated_language(text) == tag
    if tag:
        check_language(tag)


@pytest.mark.parametrize("code", ["", "gb", "GBR", "G1", "ＧＢ", "GB\n"])
def test_a_country_has_two_capital_letters(code):
    check_country("GB")
    with pytest.raises(InvalidValueError, match="two capital letters"):
        check_country(code)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("ar", True), ("HE-il", True), ("az-Arab", True), ("ar-Latn", False), ("ug-Cyrl-KZ", False), ("de", False)]
    + [("zh-yue", False), ("", False), ("?", False)],
)
def test_the_script_decides_the_direction(tag, expected):
    assert is_right_to_left(tag) == expected


def test_news_sitemaps_name_languages_without_regions_and_chinese_by_its_script():
    codes = {"pt-BR": "pt", "DE": "de", "zh": "zh-cn", "zh-Hant": "zh-tw", "zh-HK": "zh-tw", "zh-Hans-HK": "zh-cn"}
    assert {tag: sitemap_language(tag) for tag in codes} == codes
