"""What has become of a conversation, by all that was said in it: a state that the entries of its stream make.

The same entries make the same state, however often they are read: a job that was killed reads them again from the
start and goes on. Times are those of the entries. When the collectors' phase has ended is said by the first request
to an executor, once there is one: it holds what the executors were told, and later answers change nothing.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from pydantic import ValidationError

from blocks.message_bus import Entry, Fact
from tasks.collection.document import ConversationProgress, SubstepDocument
from tasks.collection.targets import Target, substep_names
from tasks.foreign_text import one_line
from tasks.messages.contents import (
    CollectionAnswer,
    CollectionResult,
    ExecutionRequest,
    ExecutionResult,
    SubstepStatus,
    collector_stream,
    conversation_stream,
    executor_stream,
)
from tasks.messages.envelope import Envelope, EventType
from tasks.messages.reasons import UNSAID, Reason, ReasonCode

Answer = CollectionAnswer | ExecutionResult
_ENDED = (SubstepStatus.DONE, SubstepStatus.FAILED, SubstepStatus.TIMED_OUT)
_MOST_IGNORED = 100
_LONGEST = 300
_LONGEST_ERROR = 1000
"""Characters; what collectors write has no limit of its own, and the job document and the executors get it."""
_NO_REASON = Reason(codigo=ReasonCode.UNSAID)


class PhaseName(Enum):
    """The two halves of a conversation, and what stands in their messages."""

    COLLECT = "collect"
    EXECUTE = "execute"

    @property
    def answer(self) -> EventType:
        """The message that answers."""
        collects = self is PhaseName.COLLECT
        return EventType.COLLECTION_RESULT if collects else EventType.EXECUTION_RESULT


@dataclass
class Substep:
    """One collector or executor, and what became of it."""

    name: str
    target: Target
    stream: str
    key: str
    """Of its request."""
    status: SubstepStatus = SubstepStatus.PENDING
    published: bool = False
    started_at: datetime | None = None
    completed_at: datetime | None = None
    late: bool = False
    error: str | None = None
    reason: Reason | None = None
    """Of the error, where it is known."""
    answer: Answer | None = None
    summary: str | None = None
    """The beginning of its answer, for people."""
    not_ours: bool = False
    """Whether somebody else has asked the same target in this conversation: an answer may be theirs."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing is expected of it."""
        return self.status in _ENDED

    def end(
        self, status: SubstepStatus, at: datetime, error: str | None = None, reason: Reason | None = None
    ) -> None:
        """It is over, for the reason given; where that is known, its sentence is the error unless there is one."""
        self.status, self.completed_at, self.reason = status, at, reason
        error = error or (reason.sentence("en") if reason else None)
        self.error = None if error is None else one_line(error, _LONGEST_ERROR)

    def document(self) -> SubstepDocument:
        """What callers see."""
        return SubstepDocument(
            name=self.name,
            target=self.target.name,
            status=self.status,
            started_at=self.started_at,
            completed_at=self.completed_at,
            late=self.late,
            error=self.error,
            file=self.answer.arquivo if self.answer else None,
            summary=self.summary,
        )


@dataclass
class Phase:
    """The collectors of a conversation, or its executors."""

    name: PhaseName
    substeps: list[Substep]
    timeout_seconds: float
    enough: int | None = None
    """So many that are done end it; None: it ends when all have ended."""
    started_at: datetime | None = None
    """When the first request was published."""
    is_over: bool = False

    @property
    def deadline(self) -> datetime | None:
        """When those that have not answered are not waited for any longer; None: nobody was asked yet."""
        return None if self.started_at is None else self.started_at + timedelta(seconds=self.timeout_seconds)

    @property
    def done(self) -> list[Substep]:
        """Those that have done what they were asked for."""
        return [each for each in self.substeps if each.status is SubstepStatus.DONE]

    @property
    def ended(self) -> list[Substep]:
        """Those of which nothing is expected."""
        return [each for each in self.substeps if each.has_ended]

    def end_if_complete(self, at: datetime) -> None:
        """End it if there is nothing, or enough, to wait for."""
        if self.enough is not None and len(self.done) >= self.enough:
            self.end(at, Reason(codigo=ReasonCode.ENOUGH, bastaram=self.enough, pedidos=len(self.substeps)))
        elif len(self.ended) == len(self.substeps):
            self.is_over = True

    def time_out(self, at: datetime) -> None:
        """End it because time is up."""
        self.end(at, Reason(codigo=ReasonCode.NO_ANSWER, segundos=self.timeout_seconds))

    def end(self, at: datetime, reason: Reason) -> None:
        """End it; those that have not answered have not, for this reason."""
        if self.is_over:
            return
        self.is_over = True
        for each in self.substeps:
            if not each.has_ended:
                why = reason.model_copy(update={"ultima_tentativa": each.error}) if each.error else reason
                each.end(SubstepStatus.TIMED_OUT, at, reason=why)


@dataclass
class Conversation:
    """The state; `take` is told of each entry, in the order of the conversation."""

    correlation_id: str
    collect: Phase
    execute: Phase
    ignored: list[str] = field(default_factory=list)
    ignored_count: int = 0
    _seen: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls,
        correlation_id: str,
        job_id: str,
        collectors: Sequence[Target],
        executors: Sequence[Target],
        *,
        collect_seconds: float,
        execute_seconds: float,
        enough: int | None = None,
    ) -> "Conversation":
        """One in which nothing was said. `job_id` tells its messages from those of another job of that id."""

        def phase(name: PhaseName, targets: Sequence[Target], seconds: float, enough: int | None) -> Phase:
            stream = collector_stream if name is PhaseName.COLLECT else executor_stream
            substeps = [
                Substep(
                    called,
                    target,
                    stream(target.name),
                    f"{_keys_begin(correlation_id)}{job_id} {name.value} {called}",
                )
                for called, target in zip(substep_names(targets), targets, strict=True)
            ]
            return Phase(name, substeps, seconds, enough, is_over=not substeps)

        return cls(
            correlation_id,
            phase(PhaseName.COLLECT, collectors, collect_seconds, enough),
            phase(PhaseName.EXECUTE, executors, execute_seconds, None),
        )

    def take(self, entry: Entry) -> bool:
        """What this entry changes; gives whether it did. One that was taken before changes nothing."""
        if entry.id in self._seen:
            return False
        self._seen.add(entry.id)
        for phase in (self.collect, self.execute):
            if not phase.is_over and phase.deadline is not None and entry.at > phase.deadline:
                phase.time_out(phase.deadline)
        if entry.stream == conversation_stream(self.correlation_id) or entry.envelope is None:
            self._take_said(entry)
        else:
            self._take_request(entry, entry.envelope)
        return True

    def _take_request(self, entry: Entry, envelope: Envelope) -> None:
        """A message to a collector or executor was published."""
        for phase in (self.collect, self.execute):
            for substep in phase.substeps:
                if substep.key == entry.key:
                    self._published(phase, substep, entry, envelope)
                    return
        for substep in (*self.collect.substeps, *self.execute.substeps):
            substep.not_ours = substep.not_ours or substep.stream == entry.stream

    def _published(self, phase: Phase, substep: Substep, entry: Entry, envelope: Envelope) -> None:
        substep.published = True
        phase.started_at = min(phase.started_at or entry.at, entry.at)
        if phase.name is PhaseName.EXECUTE:
            self._as_executors_know(ExecutionRequest.model_validate(envelope.payload).coletas, entry.at)

    def _as_executors_know(self, collected: Iterable[CollectionResult], at: datetime) -> None:
        """The collectors' phase was over: what executors were told of it is how it ended."""
        told = {each.escavador: each for each in collected}
        self.collect.end(at, Reason(codigo=ReasonCode.ASKED_ON))
        for substep in self.collect.substeps:
            known = told.get(substep.name)
            if known is not None and known.status == "erro" and substep.status is SubstepStatus.DONE:
                # Its answer came between the end of waiting and the request.
                substep.end(SubstepStatus.TIMED_OUT, at, known.erro, known.erro_conhecido)
                substep.answer, substep.summary, substep.late = None, None, True

    def _take_said(self, entry: Entry) -> None:
        """Something about a request, an answer to one, or neither."""
        if entry.envelope is not None and entry.fact is Fact.PUBLISHED:
            self._take_answer(entry, entry.envelope)
            return
        for phase in (self.collect, self.execute):
            for substep in phase.substeps:
                if substep.key == entry.key:
                    _tell(substep, entry)
                    if not phase.is_over:
                        phase.end_if_complete(entry.at)
                    return
        if entry.fact is Fact.DEAD:
            self._ignore(f"Not a message: {entry.note or entry.stream}")

    def _take_answer(self, entry: Entry, envelope: Envelope) -> None:
        if envelope.correlation_id != self.correlation_id:
            self._ignore(f"A message of another conversation, {envelope.correlation_id}")
            return
        for phase in (self.collect, self.execute):
            if envelope.tipo_evento is phase.name.answer:
                self._answered(phase, entry, envelope)
                return
        self._ignore(f"A message that is no answer: {envelope.tipo_evento}")

    def _answered(self, phase: Phase, entry: Entry, envelope: Envelope) -> None:
        try:
            answer, name = _read(phase.name, envelope)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            self._ignore(f"A {envelope.tipo_evento} that cannot be read: {place}: {first['msg']}")
            return
        substep = next((each for each in phase.substeps if each.name == name), None)
        if substep is None:
            self._ignore(f"An answer of {name}, which was not asked")
        elif self._is_to_another(answer, substep):
            self._ignore(f"An answer of {name} to another job of this conversation")
        elif not substep.published and (
            substep.not_ours or (phase.name is PhaseName.EXECUTE and not self.collect.is_over)
        ):
            self._ignore(f"An answer of {name}, which this job had not asked yet")
        elif phase.is_over:
            if substep.status is SubstepStatus.TIMED_OUT:
                substep.late = True
            self._ignore(f"{'Late' if substep.late else 'Once more'}: an answer of {name}")
        elif substep.answer is not None:
            self._ignore(f"Once more: an answer of {name}")
        else:
            substep.answer = answer
            if answer.dados is not None:
                substep.summary = one_line(json.dumps(answer.dados, ensure_ascii=False), _LONGEST)
            substep.started_at = substep.started_at or entry.at
            if answer.status == "concluida":
                substep.end(SubstepStatus.DONE, entry.at)
            else:
                known = answer.erro_conhecido or (None if answer.erro else _NO_REASON)
                substep.end(SubstepStatus.FAILED, entry.at, answer.erro, known)
            phase.end_if_complete(entry.at)

    def _is_to_another(self, answer: Answer, substep: Substep) -> bool:
        """Whether it says itself that another job has asked for it."""
        key = answer.pedido
        return key is not None and key != substep.key and key.startswith(_keys_begin(self.correlation_id))

    def _ignore(self, what: str) -> None:
        self.ignored_count += 1
        if len(self.ignored) < _MOST_IGNORED:
            self.ignored.append(one_line(what, _LONGEST))

    def collected(self) -> list[CollectionResult]:
        """What every collector has answered, in the order in which they were named."""
        results = []
        for each in self.collect.substeps:
            done = each.status is SubstepStatus.DONE and isinstance(each.answer, CollectionAnswer)
            results.append(
                CollectionResult(
                    escavador=each.name,
                    status="concluida" if done else "erro",
                    dados=each.answer.dados if done and each.answer else None,
                    arquivo=each.answer.arquivo if done and each.answer else None,
                    erro=None if done else (each.error or UNSAID),
                    erro_conhecido=None if done else (each.reason or (None if each.error else _NO_REASON)),
                )
            )
        return results

    def warnings(self) -> list[str]:
        """A sentence for everyone who has not done what they were asked for."""
        return [
            one_line(f"{kind} {each.name}: {each.error or each.status}", _LONGEST)
            for kind, phase in (("Collector", self.collect), ("Executor", self.execute))
            for each in phase.ended
            if each.status is not SubstepStatus.DONE
        ]

    def progress(self, warnings: Iterable[str] = ()) -> ConversationProgress:
        """What callers see now; with warnings of the job itself."""
        return ConversationProgress(
            collectors=tuple(each.document() for each in self.collect.substeps),
            executors=tuple(each.document() for each in self.execute.substeps),
            ignored=tuple(self.ignored),
            ignored_count=self.ignored_count,
            warnings=(*warnings, *self.warnings()),
        )


def _keys_begin(correlation_id: str) -> str:
    """How the keys of requests begin in a conversation, whichever job asks; nobody else's have a space."""
    return f"{correlation_id} "


def _read(phase: PhaseName, envelope: Envelope) -> tuple[Answer, str]:
    if phase is PhaseName.COLLECT:
        collected = CollectionAnswer.model_validate(envelope.payload)
        return collected, collected.escavador
    executed = ExecutionResult.model_validate(envelope.payload)
    return executed, executed.executador


def _tell(substep: Substep, entry: Entry) -> None:
    """What the journal says of a request."""
    if substep.has_ended:
        return
    if entry.fact is Fact.DEAD:
        substep.end(SubstepStatus.FAILED, entry.at, entry.note, Reason(codigo=ReasonCode.UNHANDLED))
    elif entry.fact is not Fact.PUBLISHED:
        substep.status = SubstepStatus.RUNNING
        substep.started_at = substep.started_at or entry.at
        substep.error = entry.note or None if entry.fact is Fact.FAILED else substep.error
