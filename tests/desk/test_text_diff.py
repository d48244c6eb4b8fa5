"""The changes between two texts, word by word."""

from __future__ import annotations

import time

import pytest

from articles.desk.text_diff import Kind, abbreviate, diff_words


class TestDiff:
    @pytest.mark.parametrize(
        ("before", "after", "marked"),
        [
            ("Storm over Rome", "Storm over Rome", "Storm over Rome"),
            ("Storm over Rome", "Storm near Rome", "Storm [-over][+near] Rome"),
            ("Storm", "Storm over Rome", "Storm[+ over Rome]"),
            ("Rome: a storm", "Rome, a storm", "Rome[-:][+,] a storm"),
            ("a b c", "x y z", "[-a b c][+x y z]"),
            ("", "Storm", "[+Storm]"),
            ("Storm", "", "[-Storm]"),
            ("", "", ""),
            ("one two", "one\ntwo", "one[- ][+\n]two"),
            ("東京の嵐", "大阪の嵐", "[-東京][+大阪]の嵐"),
            ("a a a", "a a", "a a[- a]"),
        ],
    )
    def test_words_are_compared(self, before, after, marked):
        signs = {Kind.KEPT: "{}", Kind.REMOVED: "[-{}]", Kind.ADDED: "[+{}]"}
        assert "".join(signs[part.kind].format(part.text) for part in diff_words(before, after)) == marked

    @pytest.mark.integration
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("a " * 50_000, "b " * 50_000),
            ("a b " * 90, "b a c " * 60),
            ("x" * 10**6, "y"),
            ("the cat. " * 40, "The dog; " * 40),
        ],
    )
    def test_hostile_lengths_are_bounded_and_nothing_is_lost(self, before, after):
        start = time.perf_counter()
        parts = diff_words(before, after)

        assert time.perf_counter() - start < 1
        assert "".join(part.text for part in parts if part.kind != Kind.ADDED) == before
        assert "".join(part.text for part in parts if part.kind != Kind.REMOVED) == after
        assert sum(len(part.text) for part in abbreviate(parts)) < 10_000

    def test_long_kept_stretches_are_shortened(self):
        text = "word " * 200
        cut = [part.text for part in abbreviate(diff_words(f"{text}old {text}", f"{text}new {text}"))]

        assert cut[0].startswith(" … word")
        assert cut[1:3] == ["old", "new"]
        assert len("".join(cut)) < 200
