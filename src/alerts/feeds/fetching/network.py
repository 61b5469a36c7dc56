"""HTTP/1.1 requests to checked addresses (SSRF guard), bounded in time and bytes.

A name is resolved once, every address it has is checked, and the connection goes to a checked address, which defeats
names that resolve differently the next moment (DNS rebinding). TLS and the Host header keep the name. Every read and
write ends at the deadline of the whole fetch, however slowly a server sends, and every byte received counts.

h11 writes and reads the protocol; sockets, limits and addresses are handled here. A request has a connection of its
own: polls of one feed are minutes apart, and not every source may use the connections that another one may."""

import base64
import contextlib
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

import certifi
import h11
import idna

from alerts.feeds.feed import ErrorKind, Limits
from alerts.model.tables import table

# Host name and port to the texts of its addresses, best first. Raises OSError where there are none.
Resolver = Callable[[str, int], Sequence[str]]
_CHUNK: Final = 65536
_MAX_HEAD: Final = 100 * 1024  # bytes of a status line with its headers
_MAX_URL: Final = 65536
_PORTS: Final = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9._:-]+")  # IDNA is already encoded, the brackets of IPv6 are off
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_TABLE = table("alerts.feeds", "data/addresses.yaml")
_REFUSED = tuple(ip_network(text) for text in _TABLE["refused"])
_NEVER = tuple(ip_network(text) for text in _TABLE["never"])
_GLOBAL_V6 = IPv6Network("2000::/3")  # the only range from which global unicast addresses are given out
_NAT64 = IPv6Network("64:ff9b::/96")  # what DNS64 answers on IPv6-only networks: carries an IPv4 address

_SUBNET_BITS = {4: 24, 6: 64}  # that the addresses of one network share, by the version of IP
_PATH_SAFE, _QUERY_SAFE = "%!$&'()*+,/:;=@[]~|^\\", "%!$&'()*+,/:;=?@[]~|^\\`{}"


class RequestError(Exception):
    """A request that was refused or given up. Arguments: an `ErrorKind`, and a line for people."""


# What a request raises where the other side, or its address, is at fault.
FAILURES = (RequestError, OSError, h11.ProtocolError)


@dataclass(slots=True)
class Bounds:
    """The bounds of one fetch, shared by all of its connections.

    Connections go to public addresses only, and to those of `private_host`, the host of a source with `allow_private`,
    and its network. Link-local addresses and metadata services are always refused."""

    limits: Limits
    private_host: str = ""
    received: int = 0
    began: float = field(default_factory=time.monotonic)

    def left(self, seconds: float) -> float:
        """The least of `seconds` and the time until the deadline. Raises RequestError when it is over."""
        left = self.began + self.limits.total - time.monotonic()
        if left <= 0:
            raise RequestError(ErrorKind.TIMEOUT, f"not finished within {self.limits.total:g} s")
        return min(seconds, left)

    def count(self, data: bytes) -> bytes:
        """Counts what came off a socket. Raises RequestError beyond the limit."""
        self.received += len(data)
        if self.received > (most := self.limits.compressed + self.limits.overhead):
            line = f"sends more than {most} bytes, headers and framing included"
            raise RequestError(ErrorKind.TOO_LARGE, line)
        return data


class RequestTarget(NamedTuple):
    """What a URL says about a request."""

    scheme: str
    host: str  # ASCII
    port: int
    path: str  # with the query
    headers: list[tuple[str, str]]  # Host, and Authorization where the URL has credentials


@dataclass(frozen=True, slots=True)
class Response:
    """The head of an answer, and its body as it was sent, to be read once."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]  # names in lower case
    body: Iterator[bytes] = field(default_factory=lambda: iter(()))

    def get_all(self, name: str) -> list[str]:
        """The values of a header, in order."""
        wanted = name.encode("ascii")
        return [_text(value) for key, value in self.headers if key == wanted]

    def get(self, name: str) -> str:
        """The values of a header, joined by commas; empty where it is absent."""
        return ", ".join(self.get_all(name))


class HttpClient:
    """Sends requests. Safe to share between threads; nothing of the environment is used, and no cookie is kept."""

    def __init__(
        self, headers: Mapping[str, str], *, resolver: Resolver | None = None, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        """`headers` go with every request."""
        self._headers = [*headers.items(), ("Connection", "close")]
        self._resolver = resolver or system_resolver
        self._given_context = ssl_context

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._given_context or ssl.create_default_context(cafile=certifi.where())

    @contextmanager
    def open(
        self,
        method: str,
        url: str,
        bounds: Bounds,
        headers: Sequence[tuple[str, str]] = (),
        form: Mapping[str, str] | None = None,
    ) -> Iterator[Response]:
        """Sends a request, with `form` as its body where that is given, and follows no redirect.

        Values of headers are sent as Latin-1. Raises one of FAILURES; so does reading the body."""
        target = request_target(url)
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
        content = urlencode(form or {}).encode()
        sent = [*target.headers, *self._headers, *headers]
        if form is not None:
            sent += [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(content)))]
        head = [(name.encode("ascii"), value.encode("latin-1")) for name, value in sent]
        request = (connection.send(h11.Request(method=method, target=target.path, headers=head)) or b"") + content
        with self._connect(target, bounds) as stream:
            # A server may answer, and close, before it has read everything.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                stream.settimeout(bounds.left(bounds.limits.read))
                stream.sendall(request)
            events = _events(connection, stream, bounds)
            answer = next(event for event in events if isinstance(event, h11.Response))
            body = (bytes(event.data) for event in events if isinstance(event, h11.Data))
            yield Response(answer.status_code, list(answer.headers), body)

    def _connect(self, target: RequestTarget, bounds: Bounds) -> socket.socket:
        host = target.host
        addresses = self._resolve(host, target.port, bounds)
        # One private address among public ones is refused too: that is how a rebinding answer looks.
        for address in addresses:
            self._check(bounds, host, address)
        failure: Exception = OSError(f"cannot resolve {host}")
        for address in addresses:
            try:
                stream = socket.create_connection((address, target.port), bounds.left(bounds.limits.connect))
            except OSError as error:
                failure = _no_connection(bounds) if isinstance(error, TimeoutError) else error
                continue
            if target.scheme == "http":
                return stream
            with contextlib.ExitStack() as stack:
                stack.callback(stream.close)
                stream.settimeout(bounds.left(bounds.limits.connect))
                stream = self._tls.wrap_socket(stream, server_hostname=host)
                stack.pop_all()
            return stream
        bounds.left(0)
        raise failure

    def _check(self, bounds: Bounds, host: str, address: str) -> None:
        """Raises RequestError where the rules of the fetch do not allow the address."""
        if is_public(address):
            return
        own = bounds.private_host.lower()
        if is_never_fetched(address):
            why = "is link-local or a metadata service, which is never asked"
        elif not own:
            why = "is no public address; if it is meant, say allow_private: true on the source"
        elif host.lower() == own or any(
            not is_public(each) and is_in(address, network_of(each)) for each in self._resolve(own, 0, bounds)
        ):
            return
        else:
            why = f"is neither public nor on the network of {own}: allow_private goes no further"
        where = "" if host == address else f"is at {address}, which "
        raise RequestError(ErrorKind.ADDRESS, f"{host} {where}{why}")

    def _resolve(self, host: str, port: int, bounds: Bounds) -> Sequence[str]:
        """Resolve in time: the system's resolver has no time limit of its own."""
        with contextlib.suppress(ValueError):
            return [str(ip_address(host))]
        answers: queue.SimpleQueue[Sequence[str] | BaseException] = queue.SimpleQueue()

        def work() -> None:
            try:
                answers.put(self._resolver(host, port))
            except BaseException as error:  # noqa: BLE001 - handed to the waiting thread, which raises it
                answers.put(error)

        threading.Thread(target=work, name="resolve", daemon=True).start()
        try:
            answer = answers.get(timeout=bounds.left(bounds.limits.connect))
        except queue.Empty:
            raise _no_connection(bounds) from None
        if isinstance(answer, (OSError, UnicodeError)):
            raise OSError(f"cannot resolve {host}: {answer}") from answer
        if isinstance(answer, BaseException):
            raise answer
        return answer


def _no_connection(bounds: Bounds) -> RequestError:
    return RequestError(ErrorKind.TIMEOUT, f"no connection within {bounds.limits.connect:g} s")


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of a host as the operating system gives them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@lru_cache(maxsize=1 << 12)  # every poll asks for that of its source
def request_target(url: str) -> RequestTarget:
    """What to send where for a URL. Raises RequestError."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
        host = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except (ValueError, UnicodeError) as error:
        raise RequestError(ErrorKind.ADDRESS, f"cannot be asked: {error}") from error
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host) or len(url) > _MAX_URL or _CONTROL.search(url):
        raise RequestError(ErrorKind.ADDRESS, "only http and https addresses are fetched")
    authority = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS[parts.scheme]:
        authority += f":{port}"
    path = quote(parts.path or "/", _PATH_SAFE) + (f"?{quote(parts.query, _QUERY_SAFE)}" if parts.query else "")
    headers = [("Host", authority), *_authorization(parts)]
    return RequestTarget(parts.scheme, host, port or _PORTS[parts.scheme], path, headers)


def _authorization(parts: SplitResult) -> list[tuple[str, str]]:
    if parts.username is None:
        return []
    credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return [("Authorization", f"Basic {base64.b64encode(credentials.encode()).decode()}")]


def _events(connection: h11.Connection, stream: socket.socket, bounds: Bounds) -> Iterator[h11.Event]:
    """What the server sends, to the end of its answer."""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            stream.settimeout(bounds.left(bounds.limits.read))
            try:
                data = bounds.count(stream.recv(_CHUNK))
            except TimeoutError:
                bounds.left(0)  # the deadline, not the silence, was the shorter one: say so
                raise
            if not data and connection.their_state is h11.SEND_RESPONSE:
                raise h11.RemoteProtocolError("the connection was closed without an answer")
            connection.receive_data(data)
        elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)) or event is h11.PAUSED:
            return
        else:
            assert isinstance(event, h11.Event)  # noqa: S101 - NEED_DATA and PAUSED are the other kinds
            yield event


def _text(value: bytes) -> str:
    """A header as it was most likely meant."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


@lru_cache(maxsize=1 << 12)  # every poll asks about its host's addresses
def is_public(text: str) -> bool:
    """Whether an IP address in text form is one of the public internet."""
    address = _parsed(text)
    if address is None or (address.version == 6 and address not in _GLOBAL_V6):
        return False
    return not any(address in network for network in _REFUSED)


@lru_cache(maxsize=1 << 12)
def is_never_fetched(text: str) -> bool:
    """Whether an IP address in text form is link-local or a cloud's metadata service: closed to every source."""
    address = _parsed(text)
    return address is None or any(address in network for network in _NEVER)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """The address, unwrapped; None for what is none, and for one with a scope (`%eth0`), which makes it local."""
    try:
        return None if "%" in text else _unwrapped(ip_address(text))
    except ValueError:
        return None


def network_of(text: str) -> IPv4Network | IPv6Network:
    """The network of an address, as far as one address tells it: a /24, in IPv6 a /64. Raises ValueError."""
    plain = _unwrapped(ip_address(text.partition("%")[0]))
    return ip_network(f"{plain}/{_SUBNET_BITS[plain.version]}", strict=False)


def is_in(text: str, network: IPv4Network | IPv6Network) -> bool:
    """Whether an address in text form is in a network, whichever way it is written."""
    return _unwrapped(ip_address(text.partition("%")[0])) in network


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address carries, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address
