"""Accent colours: what can be read, and the shade that is proposed instead."""

import re

import pytest
from django.conf import settings

from articles.rules.values import InvalidValueError
from website.colours import (
    DARK_BACKGROUNDS,
    LIGHT_BACKGROUNDS,
    check_accent,
    contrast,
    lowest_contrast,
    normalize_colour,
    readable_shade,
)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_backgrounds_are_those_of_the_stylesheet():
    css = (settings.BASE_DIR / "articles" / "static" / "articles" / "site.css").read_text()
    for backgrounds, at in ((LIGHT_BACKGROUNDS, 0), (DARK_BACKGROUNDS, 1)):
        assert backgrounds == tuple(re.findall(rf"--{name}: (#\w+);", css)[at] for name in ("paper", "sheet"))


@pytest.mark.parametrize("colour", ["#f5c518", "#00ff00", "#ffffff", "#123456", "#a3261b", "#000000", "#808080"])
@pytest.mark.parametrize("backgrounds", [LIGHT_BACKGROUNDS, DARK_BACKGROUNDS])
def test_the_proposed_shade_can_be_read(colour, backgrounds):
    shade = readable_shade(colour, backgrounds)
    assert lowest_contrast(shade, backgrounds) >= 4.5
    assert shade == colour or lowest_contrast(colour, backgrounds) < 4.5


def test_a_refusal_says_the_ratio_and_what_to_choose():
    with pytest.raises(InvalidValueError, match=r"only 1\.4 to 1 .* need 4\.5 to 1\. Choose a darker shade: #856906"):
        check_accent("#f5c518")
    with pytest.raises(InvalidValueError, match="with the dark background.* a lighter shade: #"):
        check_accent("#0b5394", on_dark=True)
    check_accent("#0b5394")


@pytest.mark.parametrize("text", ["red", "#12345", "rgb(0,0,0)", "#gggggg", "#123", "\N{FULLWIDTH NUMBER SIGN}123456"])
def test_other_texts_are_no_colours(text):
    with pytest.raises(InvalidValueError, match="six hexadecimal digits"):
        check_accent(text)


def test_short_and_capital_forms_are_normalized():
    assert [normalize_colour(text) for text in (" #A3261B", "#abc", "red")] == ["#a3261b", "#aabbcc", "red"]
