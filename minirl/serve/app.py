"""The server as an ASGI application: which address does what, and how errors look."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from minirl.serve.chat_completions import chat_completions
from minirl.serve.completions import completions
from minirl.serve.errors import ApiError
from minirl.serve.page import page, policy
from minirl.serve.page_api import PageApi
from minirl.serve.served import Served
from minirl.serve.transport import LOOPBACK, Guard, error_response, json_response

PAGE_HEADERS = {
    "Content-Security-Policy": f"{policy()}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def make_app(
    served: Served, *, key: str | None = None, hosts: frozenset[str] = LOOPBACK, open_to_addresses: bool = False
) -> ASGIApp:
    """The application. Its engine starts and ends with it. key: what clients must show. hosts, open_to_addresses: the
    names by which it may be called; see Guard."""
    page_api = PageApi(served)

    async def show_page(request: Request) -> Response:
        return Response(page(), headers=PAGE_HEADERS, media_type="text/html; charset=utf-8")

    async def health(request: Request) -> Response:
        state = {"status": "ok", "running": served.running, "waiting": served.waiting}
        return json_response({**state, "slots": served.slots if served.config is not None else served.limits.slots})

    async def models(request: Request) -> Response:
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "minirl"} for name in served.model_names]
        return json_response({"object": "list", "data": data})

    async def model(request: Request) -> Response:
        name = request.path_params["name"]
        served.stage_by_model(name)
        return json_response({"id": name, "object": "model", "created": 0, "owned_by": "minirl"})

    def of_served(handler: Callable[[Request, Served], Awaitable[ASGIApp]]) -> Callable[[Request], Awaitable[ASGIApp]]:
        async def handle(request: Request) -> ASGIApp:
            return await handler(request, served)

        return handle

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        served.worker.start()
        try:
            yield
        finally:
            served.worker.stop()

    routes = [
        Route("/", show_page),
        Route("/health", health),
        Route("/v1/models", models),
        Route("/v1/models/{name:path}", model),
        Route("/v1/completions", of_served(completions), methods=["POST"]),
        Route("/v1/chat/completions", of_served(chat_completions), methods=["POST"]),
        Route("/minirl/info", page_api.info),
        Route("/minirl/generate", page_api.generate, methods=["POST"]),
        Route("/minirl/tokenize", page_api.tokenize, methods=["POST"]),
    ]
    app = Starlette(
        routes=routes, lifespan=lifespan,
        exception_handlers={
            ApiError: refused, HTTPException: no_route, ClientDisconnect: left, Exception: failed,
        },
    )  # fmt: skip
    app.router.redirect_slashes = False
    return Guard(app, hosts, key, open_to_addresses)


async def refused(request: Request, error: Exception) -> Response:
    """A request that cannot be answered."""
    assert isinstance(error, ApiError)
    return error_response(error)


async def no_route(request: Request, error: Exception) -> Response:
    """An address or a method that there is not."""
    assert isinstance(error, HTTPException)
    said = f"{request.method} {request.url.path[:100]}: {error.detail}"
    response = error_response(ApiError(error.status_code, said))
    response.headers.update(error.headers or {})
    return response


async def left(request: Request, error: Exception) -> Response:
    """The client left while it sent its body; nobody reads this."""
    return Response(status_code=400)


async def failed(request: Request, error: Exception) -> Response:
    """A fault of this program. The terminal has the traceback."""
    return error_response(ApiError(500, f"this server has a fault: {type(error).__name__}"))
