"""What is known about an episode, token by token, and how that is said in words.

At step t the agent was in the state s_t, held pi(. | s_t), and took the action a_t. Its surprise is -log pi(a_t | s_t)
and the policy's entropy -sum_a pi(a | s_t) log pi(a | s_t), both in nats. The reward r_t comes with the last action.
The return G_t = r_t + r_{t+1} + ... is therefore the same at every step, and so is the advantage A: how much better the
episode was than the others of the same prompt. REINFORCE gives the action the gradient A grad log pi(a_t | s_t). With a
value function, each action has an advantage of its own: how much it changed what to expect (rl/gae.py).
"""

from dataclasses import dataclass
from typing import NamedTuple

from minirl.console import printable
from minirl.generate import Temperature
from minirl.generate.temperature import show_temperature
from minirl.rl.mdp import State
from minirl.tasks import Problem
from minirl.tools import Kind

CERTAIN = 0.995  # a probability that the page shows as 100%


class Choice(NamedTuple):
    """A token that the policy might have taken."""

    word: str
    probability: float
    taken: bool


class Moment(NamedTuple):
    """Step t of an episode."""

    t: int
    state: State
    choices: list[Choice]
    """The most likely tokens, the most likely first."""
    action: str
    """The action's own text."""
    text: str
    """What it adds to the text so far: nothing yet where it is part of a character that is not complete."""
    probability: float
    """pi(a_t | s_t), the temperature included."""
    log_prob: float
    """log pi(a_t | s_t), nats, as the episode recorded it: at temperature 1 where the policy's is 0."""
    rank: int
    """How many tokens were likelier than the action."""
    entropy: float
    """Of pi(. | s_t), nats."""
    reward: float
    forced: bool
    """Whether the token was inserted instead of chosen by the agent."""
    kind: Kind = "said"
    """Whether the token was said, belongs to a call of a tool, or to its result."""
    value: float | None = None
    """V(s_t), the reward that a value function expects from here on; None without one."""
    advantage: float | None = None
    """The action's own advantage, by that value function; None without one: then the episode's counts."""

    def __repr__(self) -> str:
        return f"Moment(t={self.t}, action={self.action!r}, probability={self.probability:.3f})"

    @property
    def certain(self) -> bool:
        """Whether the page shows the action's probability as 100%: training can hardly change it, either way.

        The gradient of log pi with respect to the logits is 1 - pi at the action and -pi elsewhere: near 0 everywhere.
        """
        return self.probability >= CERTAIN

    def bars(self) -> list[Choice]:
        """The most likely tokens, and the action too where it is not one of them."""
        if any(choice.taken for choice in self.choices):
            return self.choices
        return [*self.choices, Choice(self.action, self.probability, True)]


class Origin(NamedTuple):
    """Where an episode comes from."""

    run: str
    """Name of the run's folder."""
    stage: str
    """The stage whose model answered."""
    temperature: Temperature
    seed: int
    chosen: str = ""
    """How the question was chosen, where a program chose it: one sentence."""

    def facts(self) -> list[tuple[str, str]]:
        """Names and values, as a page and an image show them."""
        return [
            ("run", self.run), ("model after", self.stage), ("temperature", show_temperature(self.temperature)),
            ("seed", str(self.seed)),
        ]  # fmt: skip


@dataclass(frozen=True, repr=False)
class TraceData:
    """An episode, seen from close up."""

    problem: Problem
    prompt: list[str]
    """What each token of s_0 adds to the text."""
    moments: list[Moment]
    finished: bool
    """Whether the episode ended with the end token; else it was cut off."""
    rewards: list[float] | None
    """Rewards of all episodes of the prompt, this one first; None where the right answer is not known."""
    advantage: float | None
    """Of this episode among them; None where it is not known, or there is nothing to compare with."""
    kind: str
    """How the advantage was computed; see rl/advantage.py."""
    origin: Origin | None = None

    @property
    def reward(self) -> float | None:
        """The return G_t of every step, which is the last step's reward; None where it is not known."""
        return None if self.rewards is None else self.rewards[0]

    @property
    def log_prob(self) -> float:
        """Of the whole episode, nats."""
        return sum(moment.log_prob for moment in self.chosen)

    @property
    def chosen(self) -> list[Moment]:
        """The steps whose tokens the agent chose: all but the results of tools."""
        return [moment for moment in self.moments if not moment.forced]

    @property
    def text(self) -> str:
        """What the model wrote, and what its tools answered."""
        return "".join(moment.text for moment in self.moments)

    def pull(self, moment: Moment) -> float | None:
        """The advantage where training on this episode would visibly change the action's probability, 0 where it would
        not; None where the advantage is not known."""
        if moment.forced:
            return 0.0
        A = self.advantage_of(moment)
        return 0.0 if moment.certain and A is not None else A

    def advantage_of(self, moment: Moment | None) -> float | None:
        """The advantage of an action: its own where a value function knows it, else the episode's."""
        return self.advantage if moment is None or moment.advantage is None else moment.advantage

    def gradient(self, moment: Moment | None = None) -> str:
        """A sentence: whether training on this episode would change an action's probability, and which way. Without a
        moment it is about all actions of the episode."""
        if moment is not None and moment.forced:
            return "No gradient: the token was inserted, not chosen."
        if self.rewards is None:
            return "The gradient's sign is unknown without the right answer (--answer)."
        A = self.advantage_of(moment)
        if A is None:
            return "The advantage is unknown: there is only one episode, and nothing to compare it with."
        if A != 0:
            amount = f"the advantage is {signed(f'{A:+.2f}')}"
            chosen = [moment] if moment is not None else self.chosen
            if chosen and all(action.certain for action in chosen):
                what = "This action stays" if moment is not None else "These actions stay"
                return f"{what} at 100%: nothing else was likely, so there is almost no gradient, though {amount}."
            reason = f"{'likelier' if A > 0 else 'less likely'}: {amount}."
            if moment is not None:
                return f"Training makes this action {reason}"
            rest = " Actions at 100% stay there." if any(action.certain for action in chosen) else ""
            return f"Training makes these actions {reason}{rest} The prompt carries no gradient."
        if len(self.rewards) > 1 and len(set(self.rewards)) == 1 and (moment is None or moment.advantage is None):
            return f"No gradient: all {len(self.rewards)} episodes got the same reward, so the advantage is 0."
        return "No gradient: the advantage is 0."

    def right(self) -> str:
        """How many episodes of the prompt were right: "2 of 4 right"."""
        rewards = self.rewards or []
        return f"{sum(reward > 0 for reward in rewards)} of {len(rewards)} right"


def signed(number: str) -> str:
    """A formatted number with a real minus sign, and none before a zero."""
    return number.replace("-", "−") if number.strip("-+0.") else number.lstrip("-+")


def visible(word: str) -> str:
    """A token's text on one line: without its leading space, a line break as its sign, control characters as codes."""
    return printable(word.strip(" ").replace("\n", "↵")) or "␣"
