from deployments.cli.summary import summary
from tasks.jobs.document import JobDocument


def lines(**fields: object) -> str:
    data = {"job_id": "1", "operation": "transcribe", "status": "completed", "overall_progress": 100}
    return "\n".join(summary(JobDocument.model_validate(data | fields)))


def test_files_on_this_machine_are_paths_and_others_are_links() -> None:
    links = {"srt": "file:///home/ana/m%C3%BAsica%20a.srt", "vtt": "https://bucket.example/a.vtt?sign=1"}
    printed = lines(transcription_text="Good morning.", result={"links": links})
    assert "/home/ana/música a.srt" in printed
    assert "https://bucket.example/a.vtt?sign=1" in printed
    assert "Good morning." in printed


def test_a_recording_without_speech_says_so() -> None:
    assert "no speech" in lines(transcription_text="", result={"links": {}})


def test_a_job_that_has_only_begun_names_its_stages() -> None:
    stages = {"download": {"status": "processing", "progress": 40}}
    printed = lines(status="processing", overall_progress=20, transcription_text=None, stages=stages)
    assert "processing, 20 %" in printed
    assert "download        processing   40 %" in printed


def test_a_failed_stage_shows_its_error_and_another_operation_needs_no_text() -> None:
    stages = {"listing": {"status": "failed", "error": "The folder is empty."}}
    printed = lines(operation="transcribe-batch", status="failed", stages=stages, error="Nothing to do.")
    assert "The folder is empty." in printed
    assert "error     Nothing to do." in printed


def test_a_clean_up_says_how_much_of_what() -> None:
    removed = [
        {"what": "stored files", "count": 3, "bytes": 12_340_000},
        {"what": "runs", "count": 7, "bytes": None, "remark": "nobody tells"},
    ]
    printed = lines(operation="cleanup", result={"dry_run": True, "removed": removed})
    assert "would be removed:\n  stored files          3  12.3 MB\n" in printed
    assert printed.endswith("runs                  7  nobody tells")


def test_videos_are_places_and_every_failed_clip_is_named() -> None:
    made = [
        {"index": n, "id": f"c{n}", "url": f"file:///film/v%20{n}.mp4", "error": None} for n in range(1, 13)
    ]
    lost = {"index": 13, "id": "c13", "url": None, "error": "The file is not an image."}
    printed = lines(operation="img2vid", result={"videos": [*made, lost]})
    assert "/film/v 1.mp4" in printed
    assert "and 2 more" in printed
    assert "failed    13, c13: The file is not an image." in printed
    printed = lines(
        operation="addaudio", result={"url": "https://b.example/v.mp4?sign=1", "speed_factor": 0.5}
    )
    assert "https://b.example/v.mp4?sign=1" in printed
    assert "0.500" in printed
    printed = lines(operation="caption", result={"url": "file:///v.mp4", "warnings": ["Left out: x"]})
    assert "warning   Left out: x" in printed
