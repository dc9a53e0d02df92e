"""Commands to tell the person, quoted so that a shell takes them as they are."""

import shlex


def command(program: str, *arguments: object) -> str:
    """`command("chat", "my runs/roger")` is "python -m minirl.chat 'my runs/roger'"."""
    return shlex.join(["python", "-m", f"minirl.{program}", *map(str, arguments)])


def resume(folder: object) -> str:
    """The command that resumes the run in a folder."""
    return command("train", "--resume", folder)
