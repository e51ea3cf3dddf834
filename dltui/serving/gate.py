"""Who may come in: whoever sits at this machine, or knows the token."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from hmac import compare_digest
from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

QUERY = "token"
LOCAL = "localhost"
# Nothing is fetched from elsewhere, and no other site may put the page into a frame.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def loopback(host: str) -> bool:
    """Return whether a host name or address is this machine and no other can reach it."""
    if host.lower() == LOCAL:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Gate:
    """Lets a request through or refuses it.

    A page of another site can make a browser ask this server for things. Its requests are told by the ``Origin`` that
    the browser writes into them, and a name that someone made to point at this machine by the ``Host``.

    Attributes:
        token: What a request must know; empty when any from this machine will do.
        cookie: Name of the cookie, a new one for every server: browsers keep one jar for all ports of a host.
        pass_: What the cookie holds once the token was told.
    """

    token: str = field(default="", repr=False)
    cookie: str = field(default_factory=lambda: f"dltui-{secrets.token_hex(4)}")
    pass_: str = field(default_factory=secrets.token_urlsafe, repr=False)

    def refusal(self, request: web.Request) -> str:
        """Return why a request is refused, or nothing when it may go on."""
        if not self.token and not loopback(_name(request.host)):
            return f"dltui answers to 127.0.0.1 and localhost, and not to {_name(request.host)}"
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.host:
            return f"dltui answers to no request of {origin}"
        if not self.token or self.knows(request):
            return ""
        return "dltui asks for its token here: open the address that `dltui serve` printed, with ?token=… at its end"

    def knows(self, request: web.Request) -> bool:
        """Return whether a request brings the token, or the cookie that was given for it."""
        told = request.query.get(QUERY)
        if told is not None:
            return _same(told, self.token)
        return _same(request.cookies.get(self.cookie, ""), self.pass_)

    def admit(self, response: web.StreamResponse) -> None:
        """Put the cookie into an answer, so that the token need not be told again."""
        response.set_cookie(self.cookie, self.pass_, httponly=True, samesite="Lax", path="/")


def middleware(gate: Gate) -> Middleware:
    """Return what stands before every answer of the server.

    Args:
        gate: Who may come in.

    Returns:
        A middleware of aiohttp.
    """

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = gate.refusal(request)
        if refusal:
            return web.Response(status=403, text=refusal + "\n", headers=HEADERS)
        if QUERY in request.query and gate.token and request.path == "/":
            moved = web.Response(
                status=303, headers=HEADERS | {"Location": request.path}
            )  # out of the address bar
            gate.admit(moved)
            return moved
        response = await handler(request)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return guard


def _name(host: str) -> str:
    """Return a ``Host`` header without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _same(told: str, known: str) -> bool:
    """Compare two secrets in a time that does not depend on where they differ."""
    return compare_digest(told.encode(), known.encode())
