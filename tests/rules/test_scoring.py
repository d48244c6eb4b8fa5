from dataclasses import replace

import pytest

from articles.rules.scoring import (
    Policy,
    Role,
    ScoringInput,
    TopicTraits,
    choose_leader,
    document_scores,
    explain,
    infer_engagement,
    role_of,
    suggested_quality,
)

POLICY = Policy(publish_threshold=70, related_bonus=10, bonus_floor=50)


def scoring_input(**values):
    return ScoringInput(**({"name": "2020-06-09-a", "quality": 60} | values))


@pytest.mark.parametrize(
    ("values", "role", "heat", "published"),
    [
        ({"quality": 69}, Role.SINGLE, 69, False),
        ({"quality": 70}, Role.SINGLE, 70, True),
        ({"quality": 60, "members": [(59, "b")]}, Role.LEAD, 70, True),
        ({"quality": 49, "members": [(40, "b")] * 9}, Role.LEAD, 49, False),
        ({"quality": 50, "members": [(40, "b")] * 2}, Role.LEAD, 70, True),
        ({"quality": 60, "members": [(61, "b")]}, Role.FOLDED, -1, False),
        ({"quality": 68, "document_scores": document_scores(68, 70, 0)}, Role.SINGLE, 70, True),
        ({"quality": 68, "document_scores": document_scores(50, 62, 1)}, Role.SINGLE, 70, True),
        ({"quality": None}, Role.UNSCORED, None, None),
        ({"quality": 90, "removed": True}, Role.SINGLE, 90, False),
        ({"quality": 10, "published": True, "pins": frozenset({"published"})}, Role.SINGLE, 10, True),
        ({"quality": 10, "heat": 200, "pins": frozenset({"heat"})}, Role.SINGLE, 200, True),
        ({"quality": 60, "members": [(-1, "b")]}, Role.LEAD, 70, True),
    ],
)
def test_heat_and_publication_follow_the_rules(values, role, heat, published):
    result = explain(scoring_input(**values), POLICY).result

    assert (result.role, result.heat, result.published) == (role, heat, published)


def test_an_explanation_has_the_terms_and_the_better_lead():
    document = document_scores(40, 43, 2)
    members = [(61, "2020-06-09-b"), (20, "c")]
    explanation = explain(scoring_input(document_scores=document, members=members), POLICY)

    assert [term.points for term in explanation.terms] == [60, 20, 3]
    assert explanation.better_lead == "2020-06-09-b"
    assert explanation.threshold == 70


def test_ties_go_to_the_smallest_file_name():
    assert choose_leader([(50, "2020-06-09-b"), (50, "2020-06-09-a"), (49, "2020-06-08-a")]) == (50, "2020-06-09-a")
    assert choose_leader([(50, "2020-06-09-storm"), (50, "2020-06-09-storm-grows")]) == (50, "2020-06-09-storm-grows")
    assert choose_leader([]) is None


@pytest.mark.parametrize(
    ("quality", "heat", "related_count", "engagement"),
    [
        (68, 70, 0, 2),
        (60, 80, 2, 0),
        (60, 86, 2, 6),
        (60, 87, 2, 0),
        (60, 70, 2, 0),
        (40, 43, 2, 3),
        (60, -1, 2, 0),
        (None, None, 0, 0),
    ],
)
def test_engagement_is_the_rest_of_the_heat_from_0_to_6(quality, heat, related_count, engagement):
    assert infer_engagement(POLICY, document_scores(quality, heat, related_count)) == engagement


def test_the_engagement_of_a_document_depends_on_the_policy():
    document = document_scores(60, 103, 2)

    assert infer_engagement(POLICY, document) == 0
    assert infer_engagement(replace(POLICY, related_bonus=20), document) == 3


def test_a_role_follows_from_the_values():
    assert role_of(None, None, None, 0) is Role.UNSCORED
    assert role_of(43, -1, False, 14) is Role.FOLDED
    assert role_of(43, None, None, 0) is Role.SINGLE


@pytest.mark.parametrize(
    ("title", "expected"),
    [("AI beats chess", True), ("The ai, again", True), ("Rain again", False), ("C++ and AI.", True), ("", False)],
)
def test_keywords_are_whole_words(title, expected):
    topic = TopicTraits(name="AI", keywords=("AI", ""))
    points, _terms = suggested_quality(
        Policy(topic_weight=0, keyword_weight=7),
        title=title,
        topics=[topic],
        has_image=False,
        has_amp=False,
        is_video=False,
        provider_registered=False,
    )

    assert bool(points) is expected


def test_suggested_quality_is_the_sum_of_its_terms():
    points, terms = suggested_quality(
        POLICY,
        title="New cases " + "x" * 66,
        topics=[
            TopicTraits(name="Cases", keywords=("new cases",), parent=1, weight=50),
            TopicTraits(name="All"),
        ],
        has_image=True,
        has_amp=True,
        is_video=False,
        provider_registered=True,
    )

    assert points == 60 + 15 + 10 + 20 + 20 + 30 - 3
    assert sum(term.points for term in terms) == points


def test_suggested_quality_is_never_negative():
    points, _ = suggested_quality(
        POLICY, title="x" * 300, topics=[], has_image=False, has_amp=False, is_video=False, provider_registered=False
    )

    assert points == 0
