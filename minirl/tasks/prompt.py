"""Prompt forms: the same question, asked in different ways.

    reasoning   Q: ...\\nReasoning:                          think first, then answer: the usual form
    direct      Q: ...\\nAnswer:                             answer at once: chain of thought is off
    facts       Facts: 1. ... 2. ...\\nQ: ...\\nReasoning:    with facts that were looked up
    tools       Tools: calculator\\nQ: ...\\nReasoning:       with the names of tools that may be called
    few_shot    Q: ...\\nReasoning: ...\\nAnswer: 6\\n\\nQ: ...\\nReasoning:    after worked examples ("shots")
    chat        messages to a chat model, which knows none of these forms; see `as_messages`

A model answers well in the forms that it was trained on. In the direct form the prompt itself ends with `Answer:`, so
the model writes only the rest of that line; `judged` puts the beginning back for the checker.

    >>> from minirl.tasks import Problem
    >>> problem = Problem("What is 5 + 6?", "5 + 6 = 11.", "11", "")
    >>> in_form(problem.prompt, "direct")
    'Q: What is 5 + 6?\\nAnswer:'
    >>> in_form(problem.prompt, "facts", facts=["Six is even.", "Five is\\nodd."])
    'Facts: 1. Six is even. 2. Five is odd.\\nQ: What is 5 + 6?\\nReasoning:'
    >>> in_form(problem.prompt, "few_shot", shots=["Q: What is 1 + 1?\\nReasoning: 1 + 1 = 2.\\nAnswer: 2"])
    'Q: What is 1 + 1?\\nReasoning: 1 + 1 = 2.\\nAnswer: 2\\n\\nQ: What is 5 + 6?\\nReasoning:'
    >>> judged(" 11", "direct")
    'Answer: 11'
"""

from collections.abc import Sequence
from typing import Literal, get_args

Form = Literal["reasoning", "direct", "facts", "tools", "few_shot", "chat"]
FORMS: tuple[Form, ...] = get_args(Form)
REASONING, ANSWER = "Reasoning:", "Answer:"
Conversation = list[dict[str, str]]
"""Messages, each with its role and its content."""
REQUEST = "Think step by step. End with a line that says Answer: and then the answer alone."


def in_form(
    prompt: str,
    form: Form = "reasoning",
    *,
    facts: Sequence[str] = (),
    tools: Sequence[str] = (),
    shots: Sequence[str] = (),
) -> str:
    """A prompt of the usual form, in another form. facts, tools: what the forms of these names show; each fact becomes
    one line without breaks, so that none can look like a line of the prompt. shots: solved problems as whole texts,
    which the form few_shot shows.

    Raises ValueError for an unknown form, for facts, tools or shots that are missing or that the form does not show,
    and for a prompt that does not end with "Reasoning:".
    """
    if form == "chat":
        raise ValueError("the prompt form chat is a conversation and no text; as_messages(problem.question) makes it")
    if form not in FORMS:
        raise ValueError(f"there is no prompt form {form!r}; choose from {', '.join(FORMS)}")
    if not prompt.endswith(REASONING):
        raise ValueError(f"the prompt ends with {prompt[-20:]!r}; expected {REASONING!r}, which other forms replace")
    for name, given, shown_by in (("facts", facts, "facts"), ("tools", tools, "tools"), ("shots", shots, "few_shot")):
        if bool(given) != (form == shown_by):
            raise ValueError(f"the prompt form {form} was given {len(given)} {name}; {name} need the form {shown_by}")
    if form == "direct":
        return prompt.removesuffix(REASONING) + ANSWER
    if form == "facts":
        numbered = " ".join(f"{number}. {' '.join(fact.split())}" for number, fact in enumerate(facts, 1))
        return f"Facts: {numbered}\n{prompt}"
    if form == "few_shot":
        return "\n\n".join([*shots, prompt])
    return f"Tools: {', '.join(tools)}\n{prompt}" if form == "tools" else prompt


def as_messages(question: str, request: str = REQUEST, shots: Sequence[tuple[str, str]] = ()) -> Conversation:
    """A question as a conversation, which `generate` takes. request: how it should be answered, so that a checker can
    read it. shots: questions and worked answers, as if the model had given them before; they show how to answer, so the
    request is left out."""
    before = [
        {"role": role, "content": said}
        for shot in shots
        for role, said in zip(("user", "assistant"), shot, strict=True)
    ]
    asked = f"{question}\n{request}" if request and not shots else question
    return [*before, {"role": "user", "content": asked}]


def judged(text: str, form: Form = "reasoning") -> str:
    """What a checker reads: the text that followed a prompt of this form, from the beginning of its last line."""
    return f"{ANSWER}{text}" if form == "direct" else text
