"""Whether text in a colour can be read: contrast as WCAG 2.2 defines it, and the nearest shade that has enough."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Sequence

from django.utils.translation import gettext as _

from articles.rules.values import InvalidValueError

TEXT_CONTRAST_MIN = 4.5  # WCAG 2.2, 1.4.3, level AA
# The backgrounds on which articles/site.css shows the accent colour. Buttons show the first one as text on the accent.
LIGHT_BACKGROUNDS = ("#fbfaf7", "#f2efe8")
DARK_BACKGROUNDS = ("#151412", "#211f1c")
STEPS = 200  # shades that are tried between a colour and black or white

_COLOUR_PATTERN = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.ASCII)


def normalize_colour(text: str) -> str:
    """Return a colour as #rrggbb; any other text stripped and in lower case."""
    text = text.strip().lower()
    if len(text) == 4 and _COLOUR_PATTERN.fullmatch(text):
        return "#" + "".join(2 * digit for digit in text[1:])
    return text


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, as #rrggbb: from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def lowest_contrast(colour: str, backgrounds: Sequence[str]) -> float:
    """Return the contrast with the background on which the colour is hardest to read."""
    return min(contrast(colour, background) for background in backgrounds)


def format_contrast(ratio: float) -> str:
    """Return a contrast with one decimal, never rounded up to what is needed."""
    return f"{int(ratio * 10) / 10}"


def readable_shade(colour: str, backgrounds: Sequence[str]) -> str:
    """Return the colour, or its nearest shade that can be read on these backgrounds: darker on light ones."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    limit = 0.0 if _luminance(backgrounds[0]) > 0.5 else 1.0
    for step in range(STEPS + 1):
        shade = colorsys.hls_to_rgb(hue, lightness + (limit - lightness) * step / STEPS, saturation)
        candidate = "#" + "".join(f"{round(channel * 255):02x}" for channel in shade)
        if lowest_contrast(candidate, backgrounds) >= TEXT_CONTRAST_MIN:
            return candidate
    raise ValueError("backgrounds on which neither black nor white can be read")


def check_accent(colour: str, *, on_dark: bool = False) -> None:
    """Accept a colour, as #rrggbb, in which text can be read on our pages. Raises InvalidValueError."""
    if not _COLOUR_PATTERN.fullmatch(colour) or len(colour) != 7:
        raise InvalidValueError(_("must be a colour of six hexadecimal digits, such as #a3261b"))
    backgrounds = DARK_BACKGROUNDS if on_dark else LIGHT_BACKGROUNDS
    ratio = lowest_contrast(colour, backgrounds)
    if ratio >= TEXT_CONTRAST_MIN:
        return
    values = {
        "ratio": format_contrast(ratio),
        "needed": TEXT_CONTRAST_MIN,
        "shade": readable_shade(colour, backgrounds),
    }
    if on_dark:
        text = _(
            "has a contrast of only %(ratio)s to 1 with the dark background; readers need %(needed)s to 1. "
            "Choose a lighter shade: %(shade)s is enough"
        )
    else:
        text = _(
            "has a contrast of only %(ratio)s to 1 with the light background; readers need %(needed)s to 1. "
            "Choose a darker shade: %(shade)s is enough"
        )
    raise InvalidValueError(text % values)


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in _channels(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
