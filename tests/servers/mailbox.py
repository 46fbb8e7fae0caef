"""A real SMTP server on loopback that keeps what it is given."""

import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from deployments.processes.sockets import free_port


class Mailbox:
    """With TLS it takes e-mail only of those who have started it and have the password."""

    user, password = "sender@example.org", "correct horse"

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.received: list[EmailMessage] = []
        self.port = free_port()
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            tls_context=tls,
            require_starttls=tls is not None,
            auth_required=tls is not None,
            authenticator=self._authenticate,
        )
        self._controller.start()

    async def handle_DATA(self, server: object, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    async def handle_RCPT(  # noqa: N802
        self, server: object, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 there is no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 known"

    def _authenticate(self, *given: object) -> AuthResult:
        login = given[-1]
        right = (
            isinstance(login, LoginPassword)
            and login.login.decode() == self.user
            and login.password.decode() == self.password
        )
        return AuthResult(success=right, handled=False)

    def close(self) -> None:
        self._controller.stop()
