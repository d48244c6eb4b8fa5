from articles.rules.clustering import Claim, Placement, place


def test_a_mutual_claim_beats_a_better_one():
    claims = [Claim(1, "b", 90, mutual=False), Claim(2, "a", 50, mutual=True)]

    assert place(claims) == Placement(2, ambiguous=True)


def test_quality_then_file_name_decide():
    claims = [Claim(1, "storm", 90, True), Claim(2, "storm-grows", 90, True), Claim(3, "a", 89, True)]

    assert place(claims).lead_id == 2


def test_a_single_claim_is_clear_and_none_is_no_lead():
    assert place([Claim(1, "a", 50, False)]) == Placement(1, ambiguous=False)
    assert place([]) == Placement(None, ambiguous=False)
