"""Events in words."""

from __future__ import annotations

import pytest

from articles.desk.event_text import describe_changes, describe_operation
from articles.models import Event, Operation


def event(field: str, before=None, after=None, **values) -> Event:
    return Event(pk=1, subject_id=1, label="Storm", field=field, before=before, after=after, **values)


class TestEventText:
    @pytest.mark.parametrize(
        ("event", "words"),
        [
            (event("heat", 40, 65), "heat 40 → 65"),
            (event("heat", 65, -1), "heat 65 → folded"),
            (event("quality", None, 0), "quality set to 0"),
            (event("topics", ["Health", "News"], ["News", "AI"]), "topics: + AI, − Health"),
            (event("topics", ["A", "B"], ["B", "A"]), "topics in a new order: B, A"),
            (event("topics", None, None), "topics in a new order: "),
            (event("tags", [["IT", "Italy"]], []), "places: − IT Italy"),
            (event("state", "undecided", "held"), "held (was undecided)"),
            (event("lead_id", None, 7), "folded under “Lead title”"),
            (event("lead_id", 7, None), "no longer folded under “Lead title”"),
            (event("lead_id", 8, 7), "folded under “Lead title” instead of “a deleted article”"),
            (event("provider_id", 3, 4), "outlet “Herald” → “a deleted outlet”"),
            (event("missing", False, True), "withdrawn: its document is missing"),
            (
                event("published_at", "2020-06-09T08:00:00+00:00", None),
                "publication time removed (was 9 Jun 2020, 10:00 CEST)",
            ),
            (event("published_at", "nonsense", {"a": 1}), "publication time nonsense → {'a': 1}"),
            (event("pin quality", None, {}), "pinned quality"),
            (event("pin published", {}, None), "unpinned state"),
            (event("pin heat", {"wish": 3}, {"wish": 4}), "heat in its document: 3 → 4"),
            (event("created"), "added"),
            (event("deleted", {"columns": {}}), "deleted"),
            (
                event("related", [{"web_url": "a", "title": "One"}], [{"web_url": "b", "title": "Two"}]),
                "coverage: 1 added (“Two”), 1 removed (“One”)",
            ),
            (
                event("images", "nonsense", [{"url": "https://x.example/1.jpg"}]),
                "pictures: 1 added (https://x.example/1.jpg)",
            ),
        ],
    )
    def test_an_event_in_words(self, settings, event, words):
        settings.TIME_ZONE = "Europe/Berlin"
        names = {("article", 7): "Lead title", ("provider", 3): "Herald"}

        assert [line.words for line in describe_changes([event], names)] == [words]

    def test_a_state_comes_with_its_reason_and_without_what_it_says_already(self):
        events = [
            event("published", True, False),
            event("spike_reason", "", "paywall"),
            event("state", "published", "spiked"),
            event("pin published", None, {}),
            event("pin heat", None, {}),
        ]

        assert [line.words for line in describe_changes(events, {})] == [
            "spiked: paywall (was published)",
            "pinned state, heat",
        ]

    @pytest.mark.parametrize("field", ["dialect", "extra", "layout", "document_scores", "pairings"])
    def test_the_form_of_documents_is_not_told(self, field):
        assert describe_changes([event(field, 1, 2)], {}) == []

    @pytest.mark.parametrize(
        ("verb", "number", "clause"),
        [
            ("score", 3, "scored 3 stories"),
            ("import", 2, "imported 2 articles"),
            ("take_out", 1, "took 1 article out of its story"),
            ("intake", 1, "took in 1 article"),
            ("undo", 1, "undid operation 5: 1 article"),
            ("policy", 0, "changed the policy"),
        ],
    )
    def test_a_deed_in_words(self, verb, number, clause):
        assert describe_operation(Operation(verb=verb, articles=number, undoes_id=5)) == clause
