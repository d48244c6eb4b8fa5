"""Words are found as whole words; in Chinese, Japanese and Korean text, which has no spaces between them, anywhere."""

from __future__ import annotations

import pytest

from articles.rules.words import whole_words


@pytest.mark.parametrize(
    ("word", "found", "not_found"),
    [
        ("AI", ["AI beats chess", "the ai, again", "AI", "(AI)"], ["Rain again", "AIDS", "AI2", "AI_", "éAI", ""]),
        ("C++", ["C++ and AI.", "in C++"], ["C++x", "C+"]),
        ("New York", ["in New York,"], ["New Yorker", "new  york"]),
        ("疫情", ["新冠疫情蔓延", "疫情", "新冠 疫情!", "the 疫情 of 2020"], ["新冠疫苗", "情疫"]),
        ("オリンピック", ["東京オリンピックが開幕", "パリオリンピック"], ["オリンピア"]),
        ("서울", ["서울에서 회담", "오늘 서울"], ["서 울"]),
        ("AI", ["人工智能AI公司", "生成AIの規制", "삼성 AI는"], ["中国AIDS公司", "中国GAI"]),
        ("G7峰会", ["日本G7峰会开幕", "G7峰会"], ["AG7峰会", "G7"]),
        ("北京2022", ["冬奥北京2022年"], ["北京20225"]),
        ("É", ["cette É là", "é", "E\u0301", "(e\u0301)"], ["Été", "E\u0301te\u0301", "E"]),
        ("Cafe", ["cafe"], ["Café", "Cafe\u0301"]),
        ("Cafe\u0301", ["Café", "(Cafe\u0301)"], ["Cafe", "Cafés"]),
        ("서울", ["\u1109\u1165\u110b\u116e\u11af에서"], ["\u1109\u1165"]),
        ("हिन्दी", ["हिन्दी समाचार", "यह हिन्दी।"], ["हिन्दीभाषी"]),
        ("हिन", ["हिन"], ["हिन्दी"]),
        ("محمد", ["قال محمد أمس"], ["محمدُ"]),
    ],
)
def test_words_are_found_as_whole_words_of_their_script(word, found, not_found):
    pattern = whole_words(["", word])

    assert [text for text in found if not pattern.search(text)] == []
    assert [text for text in not_found if pattern.search(text)] == []


def test_without_words_nothing_is_found():
    assert not whole_words([]).search("")
    assert not whole_words(["", ""]).search("AI")
    assert whole_words(["calm", "疫情"]).search("新冠疫情")
