"""A service that does a stage elsewhere, as a saved block: the address, the key, and how it differs."""

from typing import Literal

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from tasks.remote.protocol import ServicePaths, ServiceRules
from tasks.remote.stage_service import StageService


class RemoteEngine(Block):
    """A stage service: submit, poll, fetch. The protocol stands in `tasks.remote.protocol`."""

    _block_type_name = "Remote Engine"
    _block_type_slug = "remote-engine"
    _description = "A service that downloads, normalises or transcribes on another machine."

    base_url: str = Field(title="Address", pattern=r"^https?://", description="Where the service is.")
    api_key: SecretStr | None = Field(default=None, title="API key", description="Sent as a bearer token.")
    submit_path: str = Field(default="/jobs", title="Submit path", description="POST here makes a job.")
    status_path: str = Field(
        default="/jobs/{job_id}", title="Status path", description="{job_id} stands for the job's id."
    )
    download_path: str = Field(
        default="/jobs/{job_id}/download", title="Download path", description="GET here gives the file made."
    )
    cancel_path: str = Field(default="/jobs/{job_id}", title="Cancel path", description="Stops a job.")
    cancel_method: Literal["DELETE", "POST"] = Field(default="DELETE", title="Cancel method")
    health_path: str = Field(default="/health", title="Health path", description="Any 2xx answer is healthy.")
    poll_interval: float = Field(
        default=3, gt=0, le=300, title="Poll interval", description="Seconds between two polls of a job."
    )
    max_poll_attempts: int = Field(
        default=600, ge=1, title="Most polls", description="After these a job is given up and cancelled."
    )
    max_retries: int = Field(
        default=3, ge=0, le=20, title="Retries", description="After 5xx answers and lost connections."
    )
    backoff: float = Field(
        default=2, gt=0, le=300, title="Backoff", description="Seconds before the first retry; doubles."
    )
    request_timeout: float = Field(
        default=30, gt=0, le=3600, title="Request timeout", description="Seconds of silence that are borne."
    )

    def service(self, name: str, allowed_private_hosts: tuple[str, ...] = ()) -> StageService:
        """The client of this service; `name` stands in messages."""
        return StageService(
            name,
            self.base_url,
            api_key=self.api_key.get_secret_value() if self.api_key else None,
            paths=ServicePaths(
                submit=self.submit_path,
                status=self.status_path,
                download=self.download_path,
                cancel=self.cancel_path,
                cancel_method=self.cancel_method,
                health=self.health_path,
            ),
            rules=ServiceRules(
                poll_interval=self.poll_interval,
                max_poll_attempts=self.max_poll_attempts,
                max_retries=self.max_retries,
                backoff=self.backoff,
                request_timeout=self.request_timeout,
            ),
            allowed_private_hosts=allowed_private_hosts,
        )
