from graphs.evidence.duration import keep_cadence


def test_the_cadence_is_kept_and_the_reason_carries_its_numbers():
    kept = keep_cadence(3)
    assert (kept.original, kept.recommended, kept.sample_size) == (3, 3, 460)
    assert "3 week(s) is kept" in kept.reason
    assert "460 real sprints" in kept.reason
    assert "0.11" in kept.reason
