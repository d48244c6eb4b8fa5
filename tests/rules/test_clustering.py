from articles.rules.clustering import LeadAssignment, LeadCandidate, choose_lead


def test_a_mutual_candidate_beats_a_better_one():
    candidates = [LeadCandidate(1, "b", 90, mutual=False), LeadCandidate(2, "a", 50, mutual=True)]

    assert choose_lead(candidates) == LeadAssignment(2, ambiguous=True)


def test_quality_and_then_the_file_name_decide():
    candidates = [
        LeadCandidate(1, "storm", 90, True),
        LeadCandidate(2, "storm-grows", 90, True),
        LeadCandidate(3, "a", 89, True),
    ]

    assert choose_lead(candidates).lead_id == 2


def test_a_single_candidate_is_unambiguous_and_without_any_there_is_no_lead():
    assert choose_lead([LeadCandidate(1, "a", 50, False)]) == LeadAssignment(1, ambiguous=False)
    assert choose_lead([]) == LeadAssignment(None, ambiguous=False)
