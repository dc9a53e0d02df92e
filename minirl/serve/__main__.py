"""Serve a run's models, or one model, to programs and to a page in the browser: python -m minirl.serve RUN

    python -m minirl.serve runs/roger                       # then open http://127.0.0.1:8000
    python -m minirl.serve SmolLM2-135M-Instruct --port 9000
    python -m minirl.serve runs/open-book --facts science

Programs that speak OpenAI's API are given the address http://127.0.0.1:8000/v1. It needs no network, and no other
machine can reach it unless you say --host. docs/serve.md has all requests. Ctrl-C ends it.
"""

import errno
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from minirl import flags
from minirl.console import printable, run_program
from minirl.retrieval.lookup import MOST, open_lookup
from minirl.runs import open_run
from minirl.serve.served import Limits, Served
from minirl.tools import toolbox

MISSING = "the server needs starlette and uvicorn: pip install 'minirl[serve]'"
SWITCH = 0.0005  # seconds: the engine's thread waits no longer for Python while the server writes
GRACE = 2  # seconds that open streams get when the server ends


@dataclass
class Arguments:
    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a run, such as runs/roger; or of a model, or a GGUF file."""
    host: str = "127.0.0.1"
    """The address to listen at. Any other than a loopback one lets other machines in."""
    port: int = 8000
    """The port to listen at; 0 takes a free one."""
    key: str | None = None
    """Answer only clients that show this key: Authorization: Bearer KEY."""
    slots: int = 32
    """Answers that are computed at once. Each takes a row of the KV cache."""
    queue: int = 64
    """Answers that may wait for a slot; further requests are told to come again (429)."""
    context: int | None = None
    """Tokens of a prompt and its answer together; by default as many as the model can read."""
    tools: tuple[str, ...] | None = None
    """Tools that models may call, such as calculator. Default: those of the run's task; --tools alone: none."""
    facts: str | None = None
    """Where facts can be looked up: an index, a folder of texts, or science for minirl's own facts."""
    top: int = MOST
    """How many facts a look-up gives at most."""
    dtype: Literal["float32", "bfloat16", "int8"] = "float32"
    """The type of the weights; bfloat16 and int8 round them, and are faster: less has to be read from memory."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.serve", __doc__)
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        print(MISSING, file=sys.stderr)
        return 1
    try:
        check(arguments)
        listening = listen(arguments.host, arguments.port)
    except (OSError, ValueError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    with listening:
        try:
            served = offer(arguments)
        except (OSError, ValueError) as error:
            print(printable(str(error)), file=sys.stderr)
            return 1
        return serve(served, listening, arguments)


def check(arguments: Arguments) -> None:
    """Raises ValueError for flags that are out of range."""
    for name, least in (("port", 0), ("slots", 1), ("queue", 0), ("top", 1)):
        if getattr(arguments, name) < least:
            raise ValueError(f"--{name} is {getattr(arguments, name)}; give {least} or more")
    if arguments.port > 65535:
        raise ValueError(f"--port is {arguments.port}; give 0 to 65535")
    if arguments.context is not None and arguments.context < 2:
        raise ValueError(f"--context is {arguments.context}; give 2 or more")
    if arguments.key is not None and not (arguments.key and arguments.key.isascii() and arguments.key.isprintable()):
        raise ValueError("--key has letters that no header can hold; give ASCII letters")


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises ValueError, with what to do, where that is not possible."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise ValueError(f"--host {host} is no address of this machine: {error}") from None
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(512)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise ValueError(
                f"port {port} of {host} is in use, perhaps by another server of minirl; end that one, or give another "
                f"port, such as --port {port + 1 if port < 65535 else 8000}"
            ) from None
        raise ValueError(f"cannot listen at {host}, port {port}: {error.strerror}") from None
    return listening


def offer(arguments: Arguments) -> Served:
    """The run, with its latest model loaded. Raises what opening and loading raise."""
    run = open_run(arguments.run)
    limits = Limits(slots=arguments.slots, queue=arguments.queue, context=arguments.context)
    lookup = None if arguments.facts is None else open_lookup(arguments.facts, arguments.top)
    served = Served(
        run, limits, tools=arguments.tools, lookup=lookup, place=arguments.facts, dtype=arguments.dtype
    )  # fmt: skip
    toolbox(served.tokenizer, arguments.tools or ())  # raises for names that there are not
    stage = served.stages[served.default]
    stage.works = served.load(stage)
    return served


def serve(served: Served, listening: socket.socket, arguments: Arguments) -> int:
    """Serve until Ctrl-C."""
    import uvicorn

    from minirl.serve.app import make_app
    from minirl.serve.transport import LOOPBACK, host_name, is_loopback

    host, port = listening.getsockname()[:2]
    named = host if ":" not in host else f"[{host}]"
    local = is_loopback(host)
    print(f"{served.name}, {', '.join(served.stages)}: {served.describe()}")
    if not local:
        print(
            f"Whoever can reach {host} can use this server"
            + (", with the key." if arguments.key else ", and without a key: give one with --key.")
            + " Nothing is encrypted."
        )
    print(f"http://{named}:{port} is the page, http://{named}:{port}/v1 the API", flush=True)
    hosts = LOOPBACK | {host_name(arguments.host)} | (frozenset() if local else {socket.gethostname().lower()})
    app = make_app(served, key=arguments.key, hosts=hosts, open_to_addresses=not local)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=GRACE, lifespan="on"
    )
    switching = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        sys.setswitchinterval(switching)
    print("ended")
    return 0


if __name__ == "__main__":
    sys.exit(run_program(main))
