"""How the steps of a pipeline are run in a job: with their time limits, their retries, and what became of each."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from blocks.from_settings import media_store
from blocks.settings import get_settings
from flows.promotion_steps.fit import film_seconds, script_seconds, speed_of
from flows.promotion_steps.material import Given, Made
from flows.promotion_steps.work import WORK
from tasks.errors import ContrapontoError, EngineError, StageTimeoutError
from tasks.jobs.document import StageStatus
from tasks.jobs.retries import is_transient
from tasks.jobs.tracker import current_job
from tasks.promotion.document import PromotionOutcome, PromotionResult, ResultFile, StepEnd, StepResult
from tasks.promotion.planning import Plan
from tasks.promotion.product import Product
from tasks.promotion.scheduling import Ended, Skipped


class Promotion:
    """One job of a pipeline."""

    def __init__(
        self, plan: Plan, product: Product | None, images: Sequence[str], strict: bool, folder: str
    ) -> None:
        """`folder` of the media store is where the results are put."""
        self._plan = plan
        self._product = product
        self._images = tuple(images)
        self._strict = strict
        self._folder = PurePosixPath(folder)
        self._results: dict[str, StepResult] = {}

    async def do(self, name: str, made: Mapping[str, Made]) -> Made:
        """A step, with what those before it made; its stage shows how far it is.

        Raises:
            ContrapontoError: The step has failed.
        """
        began = time.monotonic()
        step = self._plan.step(name)
        with current_job().stage(name):
            done = await self._within_its_time(name, self._given(name, made))
            if self._strict and done.warnings:
                raise EngineError(
                    f"Not everything is as it was asked for: {' '.join(done.warnings)}",
                    hint="Without `strict` this would be a warning.",
                )
            files = await asyncio.to_thread(self._put, name, done)
        self._results[name] = StepResult(
            type=step.type,
            status=StepEnd.COMPLETED,
            seconds=round(time.monotonic() - began, 3),
            cached=current_job().stage_document(name).cached,
            files=files,
            made=done.told.model_dump(mode="json") if done.told is not None else None,
            warnings=done.warnings,
        )
        return done

    def skip(self, name: str, why: Skipped) -> None:
        """The step is not begun."""
        reason = f"It needs {' and '.join(why.failed)}, which failed."
        current_job().update_stage(name, status=StageStatus.SKIPPED, progress=100.0, message=reason)
        self._results[name] = StepResult(
            type=self._plan.step(name).type, status=StepEnd.SKIPPED, error=reason
        )

    def outcome(self, ended: Ended[Made]) -> PromotionOutcome:
        """What was made, and of each step what became of it."""
        for name, error in ended.failed.items():
            stage = current_job().stage_document(name)
            self._results[name] = StepResult(
                type=self._plan.step(name).type,
                status=StepEnd.FAILED,
                seconds=stage.seconds,
                error=stage.error or str(error),
            )
        steps = {name: self._results[name] for name in self._plan.graph}
        warnings = [f"{name}: {told}" for name, step in steps.items() for told in step.warnings]
        return PromotionOutcome(
            path=str(self._folder),
            result=PromotionResult(
                pipeline=self._plan.pipeline.name, steps=steps, warnings=tuple(dict.fromkeys(warnings))
            ),
        )

    @staticmethod
    def raise_failure(ended: Ended[Made]) -> None:
        """Raises the failure of a step, which ends the job; one that nobody foresaw first."""
        unforeseen = [error for error in ended.failed.values() if not isinstance(error, ContrapontoError)]
        for error in unforeseen:
            raise error
        for name, error in ended.failed.items():
            if isinstance(error, ContrapontoError):
                more = [other for other in ended.failed if other != name]
                also = f" {' and '.join(more)} failed, too." if more else ""
                error.message = f"The step {name} failed: {error.message}{also}"
                raise error

    async def _within_its_time(self, name: str, given: Given) -> Made:
        minutes = self._plan.minutes(name)
        try:
            async with asyncio.timeout(minutes * 60) as limit:
                return await self._with_retries(name, given)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise StageTimeoutError(
                f"The step took longer than {minutes:g} minutes.",
                hint=f"Send less material, or raise the timeout_minutes of {name} in the pipeline.",
            ) from error

    async def _with_retries(self, name: str, given: Given) -> Made:
        step = self._plan.step(name)
        pause = get_settings().retry_backoff_base_seconds
        for retry in range(step.retries):
            try:
                return await WORK[step.type](given)
            except ContrapontoError as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(pause * 2**retry)
        return await WORK[step.type](given)

    def _given(self, name: str, made: Mapping[str, Made]) -> Given:
        plan = self._plan

        def of(material: str) -> list[Made]:
            return [made[source] for source in plan.sources(name, material)]  # type: ignore[arg-type]

        seconds = film_seconds(plan, name)
        first = {material: next(iter(of(material)), Made()) for material in ("copy", "narration", "captions")}
        return Given(
            options=plan.options[name],
            product=self._product,
            images=self._images,
            pictures=tuple(picture for source in of("pictures") for picture in source.pictures),
            copy=first["copy"].copy,
            narration=first["narration"].narration,
            captions=first["captions"].captions,
            for_film=bool(plan.behind(name, "film")),
            max_seconds=seconds,
            max_script_seconds=script_seconds(plan, name, seconds),
            speed=speed_of(plan, name),
            strict=self._strict,
        )

    def _put(self, name: str, made: Made) -> dict[str, ResultFile]:
        """Copies what a step made to where the caller finds it."""
        store = media_store(get_settings())
        # Two steps of a type make files of the same names.
        types = [step.type for step in self._plan.pipeline.steps]
        alone = types.count(self._plan.step(name).type) == 1
        folder = self._folder if alone else self._folder / name
        files = {}
        for kind, stored in made.files.items():
            ending = PurePosixPath(stored).suffix
            key = str(folder / f"{kind.removesuffix(f'_{ending[1:]}')}{ending}")
            store.copy_file(stored, key)
            files[kind] = ResultFile(file=key, url=store.url(key))
        return files
