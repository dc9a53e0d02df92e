"""HTTP, as far as Starlette leaves it to us: bodies with a limit, JSON, streams that notice a client who has left, and
who may ask at all.

Why plain ASGI for streams: a server is told of a closed connection by a message, `http.disconnect`. Whoever does not
listen for it goes on computing for nobody.
"""

import asyncio
import ipaddress
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from hmac import compare_digest
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from minirl.serve.errors import ApiError, bad
from minirl.serve.fields import Fields
from minirl.storage.strict_json import parse

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
FREE = ("/", "/health")  # what needs no key


def dumps(value: Any) -> bytes:
    """Compact JSON. It is ASCII: so any text can be in it, half of a surrogate pair too."""
    return json.dumps(value, separators=(",", ":")).encode()


def event(value: dict[str, Any]) -> bytes:
    """A server-sent event."""
    return b"data: " + dumps(value) + b"\n\n"


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON, which nobody keeps."""
    return Response(
        dumps(value), status, {"Cache-Control": "no-store", **(headers or {})}, "application/json"
    )  # fmt: skip


def error_response(error: ApiError) -> Response:
    """An error in OpenAI's form."""
    return json_response(error.body(), error.status, {"Retry-After": "1"} if error.status == 429 else None)


async def read_fields(request: Request, most: int) -> Fields:
    """The fields of a request's body. Raises ApiError 413 for a body of more than `most` bytes, 415 for another type,
    400 for what is no JSON object."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ApiError(415, f"Content-Type is {kind[:60]!r}; expected application/json")
    too_long = ApiError(413, f"the body has more than {most:,} bytes")
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > most:
        raise too_long
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise too_long
    try:
        return Fields(parse(bytes(body)))
    except ValueError as error:
        raise bad(f"the body is not JSON: {error}") from None


class Streamed:
    """A response of server-sent events. `closed` is called when it is over, whoever ended it."""

    def __init__(self, events: AsyncIterator[bytes], closed: Callable[[], None]) -> None:
        self.events, self.closed = events, closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until they end or the client leaves."""
        try:
            await until_gone(receive, self._send(send))
        finally:
            self.closed()

    async def _send(self, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]  # fmt: skip
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for chunk in self.events:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def until_gone(receive: Receive, work: Awaitable[None]) -> bool:
    """Do the work, but give it up when the client leaves. Returns whether it was done."""
    doing = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(gone(receive))
    try:
        await asyncio.wait((doing, leaving), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            doing.result()  # raises what it raised
            return True
        return False
    finally:
        for task in (doing, leaving):
            task.cancel()
        await asyncio.gather(doing, leaving, return_exceptions=True)


async def gone(receive: Receive) -> None:
    """Wait until the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Guard:
    """Refuses whoever may not ask: another Host (DNS rebinding), another page's script (Origin), a wrong key."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], key: str | None, open_to_addresses: bool) -> None:
        """hosts: names by which this server may be called. open_to_addresses: and by any number, as a page of another
        site cannot pretend to be at a number."""
        self.app, self.hosts, self.key, self.open_to_addresses = app, hosts, key, open_to_addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer with an error."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        error = self.refusal(scope["path"], headers)
        if error is not None:
            await error_response(error)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def refusal(self, path: str, headers: dict[bytes, bytes]) -> ApiError | None:
        """Why this request is refused; None where it is not."""
        host = headers.get(b"host", b"").decode("latin-1")
        if not self.known(host):
            return ApiError(403, f"Host is {host[:100]!r}; expected {', '.join(sorted(self.hosts))}", None, "host")
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1").partition("://")[2] != host:
            return ApiError(403, f"Origin is {origin[:100]!r}, which is not this server", None, "origin")
        if self.key is not None and path not in FREE:
            given = headers.get(b"authorization", b"")
            if not compare_digest(given, b"Bearer " + self.key.encode()):
                return ApiError(401, "this server wants a key: Authorization: Bearer KEY", None, "invalid_api_key")
        return None

    def known(self, host: str) -> bool:
        """Whether this is a name of this server's."""
        name = host_name(host)
        return name in self.hosts or is_loopback(name) or (self.open_to_addresses and is_address(name))


def host_name(host: str) -> str:
    """The name in a Host header, without the port: [::1]:8000 -> ::1."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def is_address(name: str) -> bool:
    """Whether this is a number, such as 192.168.0.7, and no name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(name: str) -> bool:
    """Whether this is an address at which no other machine can be."""
    return is_address(name) and ipaddress.ip_address(name).is_loopback
