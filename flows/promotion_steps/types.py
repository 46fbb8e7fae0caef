"""The kinds of steps that pipelines are made of: what each is set by, takes and gives."""

from tasks.copywriting.options import CopyConfig, DescriptionConfig
from tasks.enhancement.options import ImagesConfig
from tasks.film.options import VideoConfig
from tasks.narration.options import CaptionsConfig, VoiceConfig
from tasks.promotion.pipelines import JobInput, StepType

_PRODUCT: frozenset[JobInput] = frozenset({"product"})

STEP_TYPES: dict[str, StepType] = {
    "ENHANCED_IMAGES": StepType(
        ImagesConfig, gives="pictures", inputs=frozenset({"images"}), pool="gpu", minutes=15
    ),
    "VIRAL_COPY": StepType(CopyConfig, gives="copy", inputs=_PRODUCT, minutes=5),
    "VOICE_OVER": StepType(
        VoiceConfig,
        gives="narration",
        takes=frozenset({"copy"}),
        instead=frozenset({"script_text", "audio_url"}),
        pool="gpu",
        minutes=10,
    ),
    "CAPTIONS": StepType(
        CaptionsConfig,
        gives="captions",
        takes=frozenset({"narration", "copy"}),
        instead=frozenset({"audio_url"}),
        minutes=10,
    ),
    "PROMOTIONAL_VIDEO": StepType(
        VideoConfig,
        gives="film",
        takes=frozenset({"pictures", "copy", "narration", "captions"}),
        needs=frozenset({"pictures"}),
        inputs=_PRODUCT,
        pool="gpu",
        minutes=30,
    ),
    "PRODUCT_DESCRIPTION": StepType(DescriptionConfig, gives="description", inputs=_PRODUCT, minutes=5),
}
