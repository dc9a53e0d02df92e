"""The server against the engine alone: python -m minirl.bench serve

A random model of a preset's shape is served by a process of its own, and this process is its clients. Measured are

    first token    the time from sending a prompt of 400 tokens to its first token, one client
    32 streams     tokens per second of 32 clients at once, each with a stream of its own

The engine alone does the same work in this process, without a server: it reads the same prompt, and draws the same
number of tokens for 32 rows. The two take turns, and the medians are compared. Clients and server share the machine, so
what is lost includes the work of the clients. On a machine that is busy otherwise, time says little. The last column
therefore compares what the processors did, for the server's process and for the engine alone (Linux only).

    python -m minirl.bench serve --presets base-30m --repeats 9
"""

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from minirl import flags
from minirl.bench.progress import Progress
from minirl.bench.report import describe, three_digits
from minirl.bench.runner import OptionError
from minirl.generate import Engine, Row, Sampling, row_stream
from minirl.kernels import get_threads
from minirl.model import GPT
from minirl.runs import PRESETS
from minirl.storage.files import TEXT
from minirl.tasks import WordProblems
from minirl.tokenizer import Tokenizer

PROMPT, STREAMED = 400, 32  # tokens of the prompt for the first token, and of those of the streams
CONTEXT, TOKENS = 512, 320
PORT = re.compile(r"http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Options:
    """Time the server against the engine alone."""

    presets: tuple[str, ...] = ("roger", "base-5m", "base-30m")
    """Whose shapes the random models have."""
    streams: int = 32
    """Clients at once."""
    tokens: int = 192
    """Tokens that each of them gets."""
    repeats: int = 7
    """How often each is timed, in turns; the median counts."""


@dataclass
class Contest:
    """One model, once behind a server and once by itself."""

    model: GPT
    port: int
    process: int
    options: Options

    def work(self) -> float:
        """Seconds of processors that the server's process has had; 0 where the system does not tell."""
        told = Path(f"/proc/{self.process}/task").glob("*/schedstat")  # a line a thread; first its nanoseconds
        return sum(int(path.read_text().split()[0]) for path in told) / 1e9

    def engine(self, slots: int) -> Engine:
        """An engine as the server has it."""
        rule = Sampling(max_new_tokens=CONTEXT)
        return Engine(self.model, rule, None, slots, CONTEXT, TOKENS, eager=True)

    def prompt(self, length: int, number: int) -> list[int]:
        """Ids that stand for no special token."""
        return np.random.default_rng(number).integers(0, 256, length).tolist()

    def first_alone(self, number: int) -> tuple[float, float]:
        """Seconds until the engine's first token, and seconds of processors."""
        prompt, engine = np.array(self.prompt(PROMPT, number), np.int32), self.engine(1)
        start, worked = time.perf_counter(), time.process_time()
        engine.add([Row(prompt, 0, 0, row_stream(0, 0, 0))])
        engine.step()
        return time.perf_counter() - start, time.process_time() - worked

    def first_served(self, number: int) -> tuple[float, float]:
        """Seconds until the server's first token, on a connection that is open, and seconds of processors."""
        return asyncio.run(self._first(number))

    async def _first(self, number: int) -> tuple[float, float]:
        connection = await asyncio.open_connection("127.0.0.1", self.port)
        await self._stream(connection, self.prompt(STREAMED, 0), 1)
        start, worked = time.perf_counter(), self.work()
        first, _ = await self._stream(connection, self.prompt(PROMPT, number), 1, logprobs=0)
        worked = self.work() - worked
        connection[1].close()
        return first - start, worked

    def rate_alone(self, number: int) -> tuple[float, float]:
        """Tokens per second of the engine, and per second of processors."""
        n, engine = self.options.streams, self.engine(self.options.streams)
        rule = Sampling(max_new_tokens=self.options.tokens)
        start, worked = time.perf_counter(), time.process_time()
        for i in range(n):
            engine.add([Row(np.array(self.prompt(STREAMED, i), np.int32), i, 0, row_stream(0, i, 0), sampling=rule)])
        tokens = 0
        while engine.busy:
            tokens += sum(len(row.ids) for row in engine.step())
        return tokens / (time.perf_counter() - start), tokens / (time.process_time() - worked)

    def rate_served(self, number: int) -> tuple[float, float]:
        """Tokens per second of all clients together, and per second of processors in the server's process."""
        return asyncio.run(self._rate())

    async def _rate(self) -> tuple[float, float]:
        n = self.options.streams
        connections = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", self.port) for _ in range(n)))
        start, worked = time.perf_counter(), self.work()
        streams = [
            self._stream(connections[i], self.prompt(STREAMED, i), self.options.tokens) for i in range(n)
        ]  # fmt: skip
        tokens = sum(count for _, count in await asyncio.gather(*streams))
        seconds = time.perf_counter() - start
        for _, writer in connections:
            writer.close()
        worked = self.work() - worked
        return tokens / seconds, tokens / worked if worked else 0.0

    async def _stream(
        self, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], prompt: list[int], tokens: int,
        **more: int,
    ) -> tuple[float, int]:  # fmt: skip
        """When the first piece of an answer came, and how many tokens it has. more: fields of the request. With
        logprobs a token is told even where it is only a part of a character."""
        reader, writer = connection
        body = json.dumps({
            "model": "bench", "prompt": prompt, "max_tokens": tokens, "stream": True, "seed": 0,
            "stream_options": {"include_usage": True}, **more,
        })  # fmt: skip
        head = "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json"
        writer.write(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        await reader.readuntil(b"\r\n\r\n")
        read = await reader.read(1 << 16)
        first, read = time.perf_counter(), read[-1000:]
        while b"\r\n0\r\n\r\n" not in read:
            read = read[-1000:] + await reader.read(1 << 16)
        counted = re.search(rb'"completion_tokens":(\d+)', read)
        if counted is None:
            raise RuntimeError(f"the server answered {read[-300:]!r}")
        return first, int(counted[1])


def in_turns(contenders: list[Callable[[int], Any]], repeats: int) -> list[Any]:
    """The median of each contender; they take turns, and the first turn does not count."""
    found: list[list[Any]] = [[] for _ in contenders]
    for number in range(repeats + 1):
        for measured, contender in zip(found, contenders, strict=True):
            value = contender(number)
            if number:
                measured.append(value)
    return [np.median(measured, axis=0) for measured in found]


def make_model(preset: str, folder: Path) -> GPT:
    """A random model of the preset's shape, in a folder. Raises OptionError for an unknown preset."""
    if preset not in PRESETS:
        raise OptionError(f"--presets: there is no preset {preset!r}; choose from {', '.join(PRESETS)}")
    problems = WordProblems().problems("train", 50)
    texts = [one.prompt + one.completion for one in problems]
    tokenizer = Tokenizer.train(texts, TOKENS, special_tokens=())  # so no answer ends before its time
    settings = PRESETS[preset].model
    config = replace(settings.gpt(settings.vocab_size), context_length=CONTEXT)
    model = GPT(config, seed=0).eval()
    model.save_pretrained(folder, tokenizer=tokenizer)
    return model


def main(argv: list[str] | None = None) -> int:
    """Run with the flags `argv`; prints a table. Returns the exit status."""
    options = flags.parse(Options, argv, "python -m minirl.bench serve", __doc__)
    table = Table(title=None, box=None)
    for title in ("model", "parameters", "", "engine", "server", "server / engine", "by work"):
        table.add_column(title, justify="left" if title in ("model", "") else "right")
    progress = Progress()
    for lines in progress.each(options.presets, lambda preset: measure(preset, options), str, told):
        for cells in lines:
            table.add_row(*cells)
    console = Console()
    console.print(describe(get_threads()))
    console.print(table)
    return progress.status


def told(lines: list[list[str]]) -> str:
    """The lines of one preset, as text."""
    return "\n".join("  ".join(filter(None, cells)) for cells in lines)


def measure(preset: str, options: Options) -> list[list[str]]:
    """The table's two lines of one preset."""
    with tempfile.TemporaryDirectory() as work:
        model = make_model(preset, Path(work) / "bench")
        command = [sys.executable, "-m", "minirl.serve", str(Path(work) / "bench"), "--port", "0"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding=TEXT["encoding"])
        try:
            contest = Contest(model, port_of(process), process.pid, options)
            first = in_turns([contest.first_alone, contest.first_served], options.repeats)
            rate = in_turns([contest.rate_alone, contest.rate_served], options.repeats)
        finally:
            process.terminate()
            process.wait()
    size = f"{sum(p.size for p in model.parameters()) / 1e6:.1f}M"
    (alone, alone_work), (served, served_work) = first
    row = [f"{three_digits(alone * 1e3)} ms", f"{three_digits(served * 1e3)} ms", f"{served / alone:.2f}"]
    lines = [[preset, size, f"first token of {PROMPT}", *row, f"{served_work / alone_work:.2f}" if served_work else ""]]
    (alone, alone_work), (served, served_work) = rate
    row = [f"{alone:,.0f} tokens/s", f"{served:,.0f} tokens/s", f"{served / alone:.2f}"]
    streams = f"{options.streams} streams"
    return [*lines, ["", "", streams, *row, f"{served_work / alone_work:.2f}" if served_work else ""]]


def port_of(process: "subprocess.Popen[str]") -> int:
    """Where the server listens. Raises OptionError where it does not start."""
    assert process.stdout is not None
    for line in process.stdout:
        found = PORT.search(line)
        if found:
            return int(found[1])
    raise OptionError("the server did not start; its message stands above")
