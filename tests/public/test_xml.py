import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.public.xml import xml_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<PFE.N> & >>", "<PFE.N> & >>"),
        ("It didn&#8217;t last &amp; fell", "It didn’t last & fell"),
        ("a\x00b\x0bc\x1fd\ufffee\uffff", "abcde"),
        ("two\r\n lines\tand a tab", "two lines and a tab"),
        ("&#11;&#1;&#xFFFE;ok", "ok"),
        ("🌍 \u0097 é", "🌍 \u0097 é"),
        ("", ""),
    ],
)
def test_entities_are_decoded_and_forbidden_characters_removed(text, expected):
    assert xml_text(text) == expected


@given(st.text(st.characters(codec="utf-8")))
def test_an_xml_parser_reads_the_text_back(text):
    element = ET.fromstring(f"<t>{escape(xml_text(text))}</t>")  # noqa: S314
    assert (element.text or "") == xml_text(text)
