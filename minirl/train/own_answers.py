"""Rehearsing the model's own answers, so that RL does not spoil what the model could say before.

A chat model answers many questions; RL pays for sums alone. Nothing in the reward asks it to go on speaking English,
and soon it does not. So before the first step the model answers some general questions, and every update also pulls it
back to what it said, and to how likely it found every other token there (rl/own_answers.py). No text of others is
needed: the model itself is the source of what it should not forget (Li and Hoiem 2016, "Learning without Forgetting").

The questions are about everyday things. Some are of the kinds that measure forgetting (evaluation/general.py), but none
is one of those that do.
"""

import random
from collections.abc import Mapping, Sequence

import numpy as np

from minirl.data import Document, pack
from minirl.evaluation.forgetting import asked
from minirl.generate import Completion, Prompt, generate
from minirl.model import GPT
from minirl.rl.own_answers import OwnAnswers, remember
from minirl.runs import TrainConfig
from minirl.streams import stream, stream_seed
from minirl.tokenizer import Tokenizer
from minirl.train.rehearsal import weighted

QUESTIONS = {
    "What is the capital of {}?": "Peru, Canada, Norway, Kenya, India, Poland, Cuba, Sweden, Ireland, Turkey, Iran",
    "What is the largest city in {}?": "Peru, Canada, Norway, Kenya, India, Poland, Sweden, Turkey",
    "Where is {}?": "Sweden, the Nile, Mount Everest, Iceland, the Amazon, Vienna, Hawaii, the Sahara",
    "Who was {}?": "Albert Einstein, Isaac Newton, Cleopatra, Mozart, Charles Darwin, Julius Caesar, Napoleon",
    "What is a {}?": "triangle, verb, desert, poem, river, hammer, violin, recipe, king, cloud, doctor, bridge, novel",
    "What is {} made of?": "bread, glass, paper, a book, cheese, a shoe, a cloud, chocolate",
    "What does a {} do?": "doctor, teacher, baker, farmer, nurse, pilot, judge, tailor",
    "What is the opposite of {}?": "long, rich, strong, early, soft, near, true, open",
    "How do you say {} in Spanish?": "hello, thank you, good night, water",
    "Give me a synonym for {}.": "large, quick, angry, pretty, clever, begin",
    "Tell me about {}.": "the sea, a cat, friendship, music, the weather, a garden, trains, history, winter, birds",
    "Write a short story about {}.": "a farm, a ship, the rain, a painter, a big city, a journey, a fire, the moon",
    "Explain {} to a child.": "money, sleep, computers, a map, light, bread, sport, languages",
    "Why is {} important?": "reading, cooking, a teacher, a tree, sleep, water, friendship, history",
    "Give me three facts about {}.": "mountains, rivers, clothes, whales, stars, horses, snow, tea",
}


def questions(n: int, seed: int) -> list[str]:
    """`n` different general questions, or all where there are fewer."""
    every = [form.format(topic) for form, topics in QUESTIONS.items() for topic in topics.split(", ")]
    return random.Random(seed).sample(every, min(n, len(every)))


def as_document(answer: Completion) -> Document:
    """A prompt and what followed it."""
    ids = np.concatenate([answer.prompt_ids, answer.ids]).astype(np.int32)
    weights = np.zeros(len(ids), np.float32)
    weights[len(answer.prompt_ids) :] = 1
    return Document(ids, weights)


class OwnRehearsal:
    """Endless batches of --rl.own-answers answers, one for each update. A round shows each answer once."""

    def __init__(
        self, config: TrainConfig, start: GPT, tokenizer: Tokenizer, prompts: Sequence[Prompt] | None = None
    ) -> None:
        """start: the model before RL, which answers here, and stays as it is. prompts: what it is asked; by default
        --rl.own-pool of the questions above."""
        self.settings, self.seed, self.updates = config.rl, config.seed, 0
        if prompts is None:
            chosen = questions(self.settings.own_pool, stream_seed(self.seed, "own questions"))
            prompts = [asked(tokenizer, question) for question in chosen]
        made = generate(start, tokenizer, prompts, temperature=0.0, max_new_tokens=self.settings.own_tokens)
        self.documents = [as_document(answer) for answer in made]
        self.hidden = [remember(start, pack([document])) for document in self.documents]
        self.output_weight = start.output_weight.data

    def next_batch(self) -> OwnAnswers:
        """The answers of the next update."""
        n = self.settings.own_answers
        round_number, place = divmod(self.updates, len(self.documents) // n)
        order = stream(self.seed, "own rehearsal", round_number).permutation(len(self.documents)).tolist()
        these = order[place * n : (place + 1) * n]
        self.updates += 1
        batch = weighted([self.documents[i] for i in these], self.settings.rehearsal_weight)
        hidden = np.concatenate([self.hidden[i] for i in these])
        return OwnAnswers(batch, hidden, self.output_weight, self.settings.own_sharpening)

    def state_dict(self) -> dict[str, int]:
        """The cursor, for state.json."""
        return {"chunk": 0, "batch": self.updates}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on where `state_dict` was called."""
        self.updates = int(state["batch"])
