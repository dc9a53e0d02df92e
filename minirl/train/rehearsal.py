"""What reinforcement learning rehearses beside its episodes, so that it does not forget what it is not paid for.

The reward looks at the final number alone. Nothing in it asks for the right noun, or for the science questions. So
every update also learns from two kinds of text: demonstrations of SFT, and documents of the kinds that pretraining read
(Ouyang et al. 2022, section 3.5, mix pretraining text into RL for the same reason). The demonstrations come again and
again, and the model soon knows them by heart. The documents are always new.
"""

import numpy as np

from minirl.data import Batch, Document, Loader, encode_documents, pack
from minirl.runs import TrainConfig, shown
from minirl.streams import stream, stream_seed
from minirl.tasks import Task
from minirl.tasks.corpus import KINDS_REHEARSED, pretraining_documents
from minirl.tokenizer import Tokenizer
from minirl.train.sft import solved

BATCHES = 64  # of documents alone that are made at once


def rehearsal(config: TrainConfig, task: Task, tokenizer: Tokenizer) -> Loader:
    """Endless batches to rehearse, one for each update, with weights such as `reinforce_step` takes them."""
    settings, seed = config.rl, config.seed
    per_update, texts = settings.rehearsal, settings.rehearsal_texts
    demonstrations = solved(tokenizer, shown(config, task)) if per_update else []

    def make_chunk(number: int) -> list[Batch]:
        order = stream(seed, "rehearsal", number).permutation(len(demonstrations))
        n = -(-len(order) // per_update) if per_update else BATCHES
        kinds = KINDS_REHEARSED if task.documents is None else None
        drawn = pretraining_documents(task, n * texts, stream_seed(seed, "rehearsed texts", number), kinds)
        read = encode_documents(tokenizer, drawn)
        known = [demonstrations[i] for i in order]
        shares = [known[k * per_update : (k + 1) * per_update] + read[k * texts : (k + 1) * texts] for k in range(n)]
        return [weighted(share, settings.rehearsal_weight) for share in shares]

    return Loader(make_chunk)


def weighted(documents: list[Document], weight: float) -> Batch:
    """The documents as a batch whose loss is their mean loss per token, times a weight."""
    batch = pack(documents).normalised()
    return batch._replace(weights=batch.weights * np.float32(weight))
