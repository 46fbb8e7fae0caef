"""Films cut, joined, converted, and pictures of them. What edits have in common is in `flows/edits.py`."""

from flows.edits import Input, edit_job, edited
from flows.parameters import FileName, Source, StorePath
from tasks.editing.document import EditOutcome
from tasks.editing.moments import Moment
from tasks.editing.steps import edit_step
from tasks.editing.trimming import Parts, TrimMode, trim_options
from tasks.editing.trimming import trim as cut
from tasks.video.encoding import Quality

_cut = edit_step("trim", cut)


@edit_job(operation="trim", time_limit=30)
async def trim(
    url_video: Source,
    start: Moment | None = None,
    end: Moment | None = None,
    parts: Parts = [],  # noqa: B006 - Prefect shows the default in its form
    mode: TrimMode = "exact",
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    quality: Quality = "standard",
) -> EditOutcome:
    """Keep a part of a video, or several parts one after the other.

    Args:
        url_video: Address of the video, or its key in the media store.
        start: Where the part begins: seconds, mm:ss or hh:mm:ss; negative counts from the end; empty for the beginning.
        end: Where it ends, in the same form; empty for the end of the video.
        parts: Instead of start and end: several of them, joined in this order.
        mode: exact cuts to the picture; fast cuts at the key pictures around, without encoding.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        quality: draft is fastest, high is for further editing.
    """
    options = trim_options(start, end, parts, mode, quality)
    return await edited(_cut, [Input(url_video)], options, path, output_filename)
