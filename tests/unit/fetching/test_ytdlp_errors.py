import pytest
from yt_dlp.utils import DownloadError, ExtractorError, GeoRestrictedError, UserNotLive

from tasks.fetching._ytdlp_errors import translate

WHERE = "https://site.example/v"


def raised(message: str, kind: type[Exception] = ExtractorError) -> DownloadError:
    error = kind(message)
    return DownloadError(f"ERROR: {message}", (kind, error, None))


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (
            "[youtube] abc: Private video. Sign in if you've been granted access to this video",
            "source_forbidden",
        ),
        (
            "[youtube] abc: Join this channel to get access to members-only content like this video",
            "source_forbidden",
        ),
        (
            "[youtube] abc: Sign in to confirm your age. This video may be inappropriate for some users.",
            "source_forbidden",
        ),
        (
            "[youtube] abc: Sign in to confirm you’re not a bot. Use --cookies-from-browser",
            "source_forbidden",
        ),
        ("[youtube] abc: The uploader has not made this video available in your country", "source_forbidden"),
        (
            "[vimeo] 1: This video is protected by a password, use the --video-password option",
            "source_forbidden",
        ),
        ("This video is DRM protected", "source_forbidden"),
        ("[youtube] abc: Video unavailable", "source_not_found"),
        ("[youtube] abc: Video unavailable. This video has been removed by the uploader", "source_not_found"),
        (
            "[youtube] abc: This video is no longer available because the account has been terminated.",
            "source_not_found",
        ),
        ("[youtube] abc: This live event will begin in 3 hours.", "invalid_input"),
        ("[x] 1: No video formats found!", "not_media"),
        (
            "[youtube] abc: This content isn't available, try again later. Rate-limited by YouTube",
            "temporarily_unavailable",
        ),
        ("[x] 1: Unable to extract player data", "engine_failed"),
    ],
)
def test_what_sites_say(message: str, code: str) -> None:
    found = translate(raised(message), WHERE, runtime_missing=False)
    assert found.code == code
    assert WHERE in found.message
    assert found.hint


def test_types_tell_more_than_words() -> None:
    assert (
        translate(raised("no", GeoRestrictedError), WHERE, runtime_missing=False).code == "source_forbidden"
    )
    assert translate(raised("offline", UserNotLive), WHERE, runtime_missing=False).code == "invalid_input"


def test_a_missing_javascript_runtime_says_how_to_get_one() -> None:
    found = translate(raised("[youtube] abc: Requested format is not available"), WHERE, runtime_missing=True)
    assert found.code == "missing_engine"
    assert "pip install deno" in found.hint


def test_a_full_disk_is_found_under_other_errors() -> None:
    error = raised("unable to write data")
    error.__cause__ = OSError(28, "No space left on device")
    assert translate(error, WHERE, runtime_missing=False).code == "storage_full"
