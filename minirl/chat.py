"""Ask a run's model questions and watch it answer, token by token: python -m minirl.chat RUN ["QUESTION"]

Each question is separate: the model was trained to answer one question, and does not remember earlier ones.

    python -m minirl.chat runs/roger
    python -m minirl.chat runs/roger "What is the Milky Way?"
    python -m minirl.chat runs/roger --stage pretrain --temperature 1

A model that was published: its folder, or its GGUF file (docs/models.md):

    python -m minirl.chat SmolLM2-135M-Instruct "What is the capital of France?"

Search for the most likely whole answer, or let 8 samples vote, of which only those with right arithmetic count:

    python -m minirl.chat runs/roger --beam 4
    python -m minirl.chat runs/roger --samples 8 --temperature 1.5:0.3/20 --choose arithmetic

A run with a tool, such as the one of the preset calculator, calls it; calls are shown as [calculator 12 * 34 → 408]:

    python -m minirl.chat runs/calculator

A model that was taught to read facts can be given yours, or those that ship with minirl, as a search finds them:

    python -m minirl.chat runs/open-book --facts science "Tell me what refraction is."
"""

import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from minirl import flags
from minirl.console import printable, run_program
from minirl.evaluation.asking import asked, asking, reader_of_answers
from minirl.generate import Completion, beam_search, step_beams, stream, stream_pieces
from minirl.generate.options import Drawing, Searching
from minirl.generate.temperature import always_zero
from minirl.generate.vote import Choice, Verdict, self_consistency
from minirl.model import GPT
from minirl.retrieval.lookup import MOST
from minirl.runs import open_run
from minirl.tasks import Checker
from minirl.tasks.open_book import BookProblem
from minirl.tasks.prompt import ANSWER, REASONING
from minirl.tokenizer import Tokenizer
from minirl.tools import Toolbox, shown, toolbox, transcript


@dataclass
class Arguments:
    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a run, such as runs/roger; or of a model, or a GGUF file."""
    question: Annotated[str | None, tyro.conf.Positional] = None
    """Answer this question and end. Without it you are asked for questions, until an empty line."""
    stage: str | None = None
    """Which checkpoint: pretrain, sft or rl (default: the latest)."""
    drawing: Annotated[Drawing, tyro.conf.OmitArgPrefixes] = field(default_factory=lambda: Drawing("0"))
    searching: Annotated[Searching, tyro.conf.OmitArgPrefixes] = field(default_factory=Searching)
    samples: int = 1
    """Answer this many times and choose one of the answers; needs a temperature above 0."""
    choose: Choice = "majority"
    """How to choose among the samples: the most frequent answer; the same, weighted by probability; the same among
    samples whose equations all hold; the likeliest sample; or the one with the fewest false equations."""
    sure: float = 1.0
    """Draw fewer samples where the leading answer is this sure before; 0.95 is usual, 1 draws all."""
    tools: tuple[str, ...] | None = None
    """Tools that the model may call, such as calculator. Default: those of the run's task; --tools alone: none."""
    form: Literal["reasoning", "direct", "tools", "facts", "chat", "text"] | None = None
    """How questions are asked. Default: facts where --facts is given, chat for a chat model of another program, else
    reasoning. direct: the answer at once, without reasoning. tools: with the names of the tools. text: the model goes
    on with what you write."""
    facts: str | None = None
    """Where facts for each question are looked up: an index, a folder of texts, or science for minirl's own facts."""
    top: int = MOST
    """How many facts go into a prompt at most."""
    dtype: Literal["float32", "bfloat16", "int8"] = "float32"
    """The type of the weights; bfloat16 and int8 round them, and are faster: less has to be read from memory."""
    seed: int = 0
    """Seed of the samples; no effect at temperature 0."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.chat", __doc__)
    try:
        check(arguments)
        run = open_run(arguments.run)
        tokenizer, model = run.tokenizer(), run.model(arguments.stage)
        usual = "reasoning" if run.form == "few_shot" else run.form  # a person's question stands alone
        arguments.form, lookup = asking(arguments.facts, arguments.top, arguments.form, usual)
        if arguments.form == "chat" and tokenizer.conventions.chat_template is None:
            raise ValueError(f"{arguments.run} has no chat template; leave out --form chat, or give --form text")
        model.to(arguments.dtype)
        checker = reader_of_answers(run) if arguments.samples > 1 else None
        names = run.task().tools if arguments.tools is None else arguments.tools
        tools = toolbox(tokenizer, names)
    except (OSError, ValueError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    if arguments.question is not None and not arguments.question.strip():
        print("the question is empty; write one, or leave it out to be asked", file=sys.stderr)
        return 1
    asked = iter([arguments.question]) if arguments.question is not None else ask()
    for number, question in enumerate(asked):
        try:
            facts = lookup(question) if lookup is not None else ()
            for number_of_fact, fact in enumerate(facts, start=1):
                print(printable(f"Fact {number_of_fact}: {fact}"))
            shown_first = {"direct": ANSWER, "chat": "", "text": printable(question)}
            print(shown_first.get(arguments.form or "", REASONING), end="", flush=True)
            for piece in answer(model, tokenizer, question, arguments, arguments.seed + number, checker, tools, facts):
                print(printable(piece), end="", flush=True)
            print("\n")
        except ValueError as error:  # a question longer than the context: say so and go on
            print(f"\n{printable(str(error))}", file=sys.stderr)
            if arguments.question is not None:
                return 1
    return 0


def ask() -> Iterator[str]:
    """Questions typed in or read from a pipe, until an empty line, the end of the input, or Ctrl-C."""
    typed = sys.stdin.isatty()
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a question in another encoding is asked with U+FFFD in it
    if typed:
        print("Ask a question, such as: What is the Milky Way?   (an empty line ends)")
    while True:
        try:
            question = input("Q: " if typed else "").strip()
        except (EOFError, KeyboardInterrupt):
            if typed:
                print()
            return
        if question and not typed:  # nobody has typed it, so it is not on the screen
            print(f"Q: {printable(question)}")
        if not question:
            return
        yield question


def check(arguments: Arguments) -> None:
    """Raises ValueError for flags that are out of range, or that do not go together."""
    temperature = arguments.drawing.settings()["temperature"]
    if arguments.searching.rule() is not None and arguments.samples > 1:
        raise ValueError("--beam searches for one answer, and --samples draws several; give one of the two")
    if arguments.samples > 1 and arguments.form in ("direct", "tools", "text"):
        raise ValueError(f"--samples votes in the form reasoning; leave out --form {arguments.form}")
    if arguments.samples < 1:
        raise ValueError(f"--samples is {arguments.samples}; give 1 or more")
    if (arguments.samples > 1 or arguments.searching.by_steps) and always_zero(temperature):
        raise ValueError("at temperature 0 all samples are the same; add --temperature 1")
    if not 0.5 < arguments.sure <= 1:
        raise ValueError(f"--sure is {arguments.sure:g}; give more than 0.5, and at most 1")


def answer(
    model: GPT, tokenizer: Tokenizer, question: str, arguments: Arguments, seed: int, checker: Checker | None = None,
    tools: Toolbox | None = None, facts: Sequence[str] = (),
) -> Iterator[str]:  # fmt: skip
    """The model's reasoning and answer, piece by piece, with calls of tools and their results. Raises ValueError for a
    question that fills the context."""
    problem, longest = BookProblem(question, "", "", question, tuple(facts)), model.config.context_length
    named = tools.tools if tools is not None and arguments.form == "tools" else ()
    prompt = asked(problem, arguments.form or "reasoning", list(named))
    settings = {**arguments.drawing.settings(), "seed": seed, "max_new_tokens": longest}
    if (rule := arguments.searching.rule()) is not None:
        if arguments.searching.by_steps:
            found = step_beams(model, tokenizer, prompt, width=rule.width, branches=rule.width, tools=tools, **settings)
        else:
            found = beam_search(
                model, tokenizer, prompt, width=rule.width, penalty=rule.penalty, alpha=rule.alpha,
                max_new_tokens=longest, tools=tools,
            )  # fmt: skip
        return (readable(hypotheses[0], tokenizer) for hypotheses in found)
    if checker is None and tools is not None:
        return shown(stream_pieces(model, tokenizer, prompt, tools, **settings))
    if checker is None:
        return stream(model, tokenizer, prompt, **settings)
    verdicts = self_consistency(
        model, tokenizer, checker, [problem], samples=arguments.samples, by=arguments.choose, threshold=arguments.sure,
        tools=tools, ask=lambda one: asked(one, arguments.form or "reasoning", list(named)), **settings,
    )  # fmt: skip
    return (chosen(verdict, tokenizer) for verdict in verdicts)


def readable(completion: Completion, tokenizer: Tokenizer) -> str:
    """What the model said, with its calls and their results."""
    if not completion.forced.any():
        return completion.text
    return "".join(shown(transcript(tokenizer, completion.ids, completion.forced)))


def chosen(verdict: Verdict, tokenizer: Tokenizer) -> str:
    """The chosen sample, and how many agree with it."""
    n = len(verdict.samples)
    if verdict.text is None:
        return f" (none of {n} samples came to an answer)"
    text = readable(verdict.samples[verdict.chosen or 0], tokenizer)
    return f"{text}\n({verdict.votes} of {n} samples give this answer)"


if __name__ == "__main__":
    sys.exit(run_program(main))
