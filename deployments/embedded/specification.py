"""What is written down of a service: how it is started, and what tells that it has changed."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from deployments.processes.service import Service


class Specification(BaseModel):
    """What `home/run/services/<name>.json` holds for `become`, and what tells whether a service has changed."""

    model_config = ConfigDict(frozen=True)

    command: tuple[str, ...]
    environment: dict[str, str]
    directory: Path
    stop_signal: int
    port: int | None
    revision: str

    def differs_from(self, other: "Specification") -> bool:
        """Whether the service has to be restarted; the rest of a caller's environment is no reason."""
        ignored = {"environment"}
        return self.model_dump(exclude=ignored) != other.model_dump(exclude=ignored)


def specification_of(service: Service) -> Specification:
    """That of a service as it is wanted now."""
    return Specification(
        command=service.command,
        environment=dict(service.environment),
        directory=service.directory,
        stop_signal=int(service.stop_signal),
        port=service.port,
        revision=service.revision,
    )
