"""E-mail through the sending library, with the message put together here.

The library reads the URL, knows the providers' servers and runs the send. Its own assembly gives each copy a
new Message-ID and makes the text part from the HTML, and it does not tell a refused message from one whose
fate is unknown; so this plugin overrides the one method that assembles and sends."""

import contextlib
import email.policy
import smtplib
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from functools import cache
from typing import Any

from apprise.plugins.email import NotifyEmail

from alerts.channels.http_capture import Exchange
from alerts.channels.result import SendReason
from alerts.rendering import escape
from alerts.rendering.render import DOMAIN
from alerts.rendering.view import Rendered

_WHOLE = frozenset({"list-unsubscribe", "list-unsubscribe-post", "message-id", "in-reply-to", "references"})
"""Headers whose one word must arrive as it is: folded, it would become RFC 2047 words that no client reads there."""

LINE_LIMIT = 998  # characters of a line of a message, RFC 5322


class _Policy(email.policy.EmailPolicy):
    """The library's policy for SMTP, but for headers that may not be folded."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in _WHOLE and len(name) + len(value) + 2 <= LINE_LIMIT:
            return f"{name}: {value}\r\n".encode("ascii", "replace")
        if name.lower() == "subject" and not value.isascii():
            # The library's own folding puts a second blank before a word that it encodes.
            words = Header(value, "utf-8", maxlinelen=75, header_name=name).encode(linesep="\r\n")
            return f"{name}: {words}\r\n".encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _Policy(linesep="\r\n", cte_type="7bit", raise_on_defect=True)
REPLY_LIMIT = 65_536  # bytes of a mail server's reply; a longer one is no reply


class EmailPlugin(NotifyEmail):  # type: ignore[no-untyped-call]
    """One message to all recipients of the URL, in one transaction."""

    # The library leaves these untyped.
    from_addr: Any
    targets: Any
    names: Any
    port: Any

    def prepare(self, message: Rendered, exchange: Exchange) -> None:
        """What the next `send` sends, and where it says what happened."""
        self._message = message
        self._exchange = exchange

    def send(  # type: ignore[override]
        self, body: str, title: str = "", **_: Any
    ) -> bool:
        exchange = self._exchange
        if self.pgp_mode != "no":
            exchange.detail = "pgp is not supported: remove it from the channel's URL"
            return False
        content = self._assemble(body, title).as_bytes(policy=_POLICY)
        recipients = [*dict.fromkeys([*(address for _, address in self.targets), *sorted(self.cc), *sorted(self.bcc)])]
        try:
            with self._connected() as smtp:
                if not exchange.may_start():
                    return False
                # Refused recipients do not keep the message from the others.
                if refused := smtp.sendmail(self.from_addr[1], recipients, content):
                    exchange.detail = f"but the server refused {len(refused)} of {len(recipients)} recipients"
        except smtplib.SMTPAuthenticationError as error:
            self._refused(error.smtp_code, error.smtp_error, SendReason.NOT_AUTHORISED)
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            self._refused(code, answer, SendReason.REJECTED)
        except smtplib.SMTPResponseException as error:
            self._refused(error.smtp_code, error.smtp_error, SendReason.REJECTED)
        except smtplib.SMTPNotSupportedError:
            exchange.problem = SendReason.BAD_CHANNEL
            exchange.detail = "the mail server does not offer what the channel's URL asks for (STARTTLS or a login)"
        except (OSError, smtplib.SMTPException) as error:
            # While it waits for a reply, smtplib makes a time-out a disconnection.
            timed_out = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
            after = SendReason.TIMEOUT if timed_out else SendReason.CUT
            exchange.problem = after if exchange.started else SendReason.UNREACHABLE
            exchange.detail = f"mail server: {type(error).__name__}"
        else:
            return True
        return False

    def _assemble(self, body: str, title: str) -> EmailMessage:
        mail = EmailMessage(policy=_POLICY)
        mail["From"] = _address(*self.from_addr)
        mail["To"] = ", ".join(_address(name, address) for name, address in self.targets)
        if self.cc:
            mail["Cc"] = ", ".join(_address(self.names.get(each), each) for each in sorted(self.cc))
        if self.reply_to:
            mail["Reply-To"] = ", ".join(sorted(self.reply_to))
        mail["Subject"] = escape.clean(title)
        mail["Date"] = format_datetime(datetime.now(UTC))
        sender_domain = str(self.from_addr[1]).rpartition("@")[2]
        for name, value in self._message.headers:
            mail[name] = value.replace(f"@{DOMAIN}>", f"@{sender_domain}>")
        for name, value in self.headers.items():  # the URL's own, `?+X-Name=value`
            if name not in mail:
                mail[name] = escape.clean(value)
        mail.set_content(body)
        if self._message.html is not None:
            mail.add_alternative(self._message.html, subtype="html")
        return mail

    @contextlib.contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        timeout = float(self.socket_read_timeout)
        smtp: smtplib.SMTP
        server = self.smtp_host, self.port
        if self.secure_mode == "ssl":
            context = _tls(self.verify_certificate)
            smtp = _BoundedTls(self._exchange, *server, timeout=timeout, context=context)
        else:
            smtp = _Bounded(self._exchange, *server, timeout=timeout)
        try:
            if self.secure_mode == "starttls":
                smtp.starttls(context=_tls(self.verify_certificate))
            if self.user and self.password:
                smtp.login(self.user, self.password)
            yield smtp
            with contextlib.suppress(OSError, smtplib.SMTPException):
                smtp.quit()
        finally:
            smtp.close()

    def _refused(self, code: int, answer: bytes | str, permanent: SendReason) -> None:
        text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
        self._exchange.problem = permanent if code >= 500 else SendReason.SERVICE_ERROR
        self._exchange.detail = f"mail server: {code} {text}"


class _Replies:
    """A server's replies as the library reads them: each of a bounded size, whatever the number of its lines."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.left = REPLY_LIMIT

    def readline(self, size: int = -1) -> bytes:
        line: bytes = self._file.readline(size)
        self.left -= len(line)
        if self.left < 0:
            raise smtplib.SMTPServerDisconnected("the reply has no end")
        return line

    def close(self) -> None:
        self._file.close()


class _Bounded(smtplib.SMTP):
    """A conversation whose replies are bounded and whose socket the exchange can close, the greeting included."""

    def __init__(self, exchange: Exchange, *args: Any, **options: Any) -> None:
        exchange.holds(lambda: getattr(self, "sock", None))
        self._exchange = exchange
        super().__init__(*args, **options)

    def data(self, msg: Any) -> tuple[int, bytes]:
        self._exchange.started = True
        return super().data(msg)

    def getreply(self) -> tuple[int, bytes]:
        file: Any = self.file
        replies = file if isinstance(file, _Replies) else _Replies(self.sock.makefile("rb"))  # type: ignore[union-attr]
        replies.left = REPLY_LIMIT
        self.file = replies
        return super().getreply()


class _BoundedTls(_Bounded, smtplib.SMTP_SSL):
    """Its socket is of the one base, its replies of the other."""


@cache
def _tls(verify: bool) -> ssl.SSLContext:
    """Reading the certificates of the system takes 50 ms, so once for all sends."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _address(name: str | bool | None, address: str) -> str:
    return formataddr((escape.clean(name) if isinstance(name, str) else "", address))
