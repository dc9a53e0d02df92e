"""Rehearsing the model's own answers, so that RL does not spoil what the model could say before.

A chat model answers many questions; RL pays for sums alone. Nothing in the reward asks it to go on speaking English,
and soon it does not. So before the first step the model answers some general questions, and every update also learns
to say again what it said then. No text of others is needed: the model itself is the source of what it should not forget
(Li and Hoiem 2016, "Learning without Forgetting", keep old answers in the same way).

The answers are greedy. Sampled ones were tried first: their loss is much larger (2.1 nats a token), so its gradient is
mostly noise, and perplexity and questions suffered where they should have been kept.

The questions are about everyday things. Some are of the kinds that measure forgetting (evaluation/general.py), but none
is one of those that do.
"""

import random
from collections.abc import Sequence

import numpy as np

from minirl.data import Batch, Document, Loader
from minirl.evaluation.forgetting import asked
from minirl.generate import Completion, generate
from minirl.model import GPT
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


def own_answers(config: TrainConfig, model: GPT, tokenizer: Tokenizer) -> list[Document]:
    """What the model answers to general questions: documents in which the answer alone counts in the loss."""
    settings = config.rl
    chosen = questions(settings.own_pool, stream_seed(config.seed, "own questions"))
    prompts = [asked(tokenizer, question) for question in chosen]
    made = generate(model, tokenizer, prompts, temperature=0.0, max_new_tokens=settings.own_tokens)
    return [as_document(answer) for answer in made]


def as_document(answer: Completion) -> Document:
    """A prompt and what followed it."""
    ids = np.concatenate([answer.prompt_ids, answer.ids]).astype(np.int32)
    weights = np.zeros(len(ids), np.float32)
    weights[len(answer.prompt_ids) :] = 1
    return Document(ids, weights)


def own_rehearsal(config: TrainConfig, documents: Sequence[Document]) -> Loader:
    """Endless batches of --rl.own-answers documents, one for each update. A round shows each document once."""
    n, weight = config.rl.own_answers, config.rl.rehearsal_weight

    def make_chunk(number: int) -> list[Batch]:
        order = stream(config.seed, "own rehearsal", number).permutation(len(documents)).tolist()
        return [
            weighted([documents[i] for i in order[start : start + n]], weight)
            for start in range(0, len(order) - n + 1, n) or [0]
        ]

    return Loader(make_chunk)
