import pytest

from tasks.audio.loudness import Loudness, gain_filters, gain_for, parse_measurement

SUMMARY = """\
[Parsed_ebur128_0 @ 0x7f] Summary:

  Integrated loudness:
    I:         -31.9 LUFS
    Threshold: -41.9 LUFS

  Loudness range:
    LRA:         0.0 LU
    Threshold: -51.9 LUFS

  True peak:
    Peak:      -30.2 dBFS
""".splitlines()


def test_the_summary_is_read() -> None:
    assert parse_measurement(SUMMARY) == Loudness(integrated=-31.9, peak=-30.2)


@pytest.mark.parametrize("value", ["-70.0", "-inf", "nan"])
def test_silence_has_no_loudness(value: str) -> None:
    lines = [line.replace("-31.9", value).replace("-30.2", "-inf") for line in SUMMARY]
    assert parse_measurement(lines) == Loudness(integrated=None, peak=None)


def test_nothing_printed_means_nothing_known() -> None:
    assert parse_measurement([]) == Loudness(integrated=None, peak=None)


def test_silence_gets_no_gain() -> None:
    assert gain_for(Loudness(integrated=None, peak=None), -16) is None
    assert gain_for(Loudness(integrated=-65, peak=-50), -16) is None
    assert gain_for(Loudness(integrated=-40, peak=-20), -16) == 24


def test_only_peaks_that_would_clip_are_limited() -> None:
    quiet = Loudness(integrated=-30, peak=-20)
    assert not any("alimiter" in part for part in gain_filters(14, quiet, 16000))
    peaky = Loudness(integrated=-30, peak=-10)
    assert any("alimiter" in part for part in gain_filters(14, peaky, 16000))
