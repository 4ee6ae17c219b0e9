from graphs.evidence.duration import keep_cadence


def test_duration_stays_and_the_reason_names_its_numbers() -> None:
    cadence = keep_cadence(3)
    assert (cadence.original, cadence.recommended, cadence.sample_size) == (3, 3, 460)
    assert "3 week(s) is kept" in cadence.reason
    assert "460 real sprints" in cadence.reason
    assert "0.11" in cadence.reason
