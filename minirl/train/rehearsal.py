"""What reinforcement learning rehearses beside its episodes, so that it does not forget what it is not paid for.

The reward looks at the final number alone. Nothing in it asks for the right noun, or for the science questions. So
every update also learns from two kinds of text: demonstrations of SFT, and documents of the kinds that pretraining read
(Ouyang et al. 2022, section 3.5, mix pretraining text into RL for the same reason). The demonstrations come again and
again: a story that no sample solves yet is not lost while they do. The documents are always new.
"""

import numpy as np

from minirl.data import Batch, Document, Loader, encode_documents, pack
from minirl.runs import TrainConfig, demonstrations, shown
from minirl.streams import stream, stream_seed
from minirl.tasks import Problem, Task
from minirl.tasks.corpus import Document as Pieces
from minirl.tasks.corpus import rehearsed_documents, rehearsed_kinds
from minirl.tokenizer import Tokenizer
from minirl.train.sft import shares, solved, that_fit

BATCHES = 64  # of new texts alone that are made at once


def rehearses(config: TrainConfig, task: Task) -> bool:
    """Whether anything is rehearsed. Some tasks have no texts for it."""
    return config.rl.rehearsal_weight > 0 and bool(config.rl.rehearsal or chunk_texts(config, task, 0))


def rehearsal(config: TrainConfig, task: Task, tokenizer: Tokenizer) -> Loader:
    """Endless batches to rehearse, one for each update, with weights such as `reinforce_step` takes them."""
    settings = config.rl
    longest = config.model.context_length
    known = that_fit(solved(tokenizer, known_problems(config, task)), longest) if settings.rehearsal else []

    def make_chunk(number: int) -> list[Batch]:
        order = stream(config.seed, "rehearsal", number).permutation(len(known))
        texts = encode_documents(tokenizer, chunk_texts(config, task, number))
        together = shares([known[i] for i in order], settings.rehearsal, texts, settings.rehearsal_texts)
        return [weighted(share, settings.rehearsal_weight) for share in together]

    return Loader(make_chunk)


def known_problems(config: TrainConfig, task: Task) -> list[Problem]:
    """The demonstrations to rehearse. The science questions are not among them where the new texts have them."""
    read_anyway = config.rl.rehearsal_texts > 0 and "science" in rehearsed_kinds(task)
    return demonstrations(config, task) if read_anyway else shown(config, task)


def chunk_texts(config: TrainConfig, task: Task, number: int) -> list[Pieces]:
    """The new texts of chunk `number` (0, 1, ...): as many as a round through the demonstrations takes."""
    settings = config.rl
    updates = -(-len(known_problems(config, task)) // settings.rehearsal) if settings.rehearsal else BATCHES
    seed = stream_seed(config.seed, "rehearsed texts", number)
    return rehearsed_documents(task, updates * settings.rehearsal_texts, seed)


def weighted(documents: list[Document], weight: float) -> Batch:
    """The documents as a batch whose loss is their mean loss per token, times a weight."""
    batch = pack(documents).normalised()
    return batch._replace(weights=batch.weights * np.float32(weight))
