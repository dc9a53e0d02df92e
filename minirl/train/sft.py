"""Stage 2, supervised fine-tuning (SFT): a few hundred worked problems, shown for several epochs.

Of a problem only the completion counts in the loss: the reasoning and the answer that the model should write, not the
question. Beside the problems the model reads new texts of the kinds that pretraining read. Without them it forgets how
to write them, and learns it again, at its episodes' expense, when reinforcement learning rehearses such texts
(rehearsal.py).
"""

from collections.abc import Iterator, Sequence

from minirl.autograd import no_grad
from minirl.data import Batch, Document, Loader, encode_documents, pack
from minirl.evaluation.score import greedy_accuracy
from minirl.generate import without_dropout
from minirl.model import GPT
from minirl.runs import TrainConfig, shown
from minirl.streams import stream, stream_seed
from minirl.tasks import Problem, Task
from minirl.tasks.corpus import Document as Pieces
from minirl.tasks.corpus import rehearsed_documents
from minirl.tokenizer import Tokenizer
from minirl.train.stage import Measures, SupervisedStage


class SFTStage(SupervisedStage):
    """Fine-tuning on demonstrations of the task and the science questions. Its probe: loss and greedy accuracy on
    problems of the split dev."""

    name = "sft"

    def __init__(self, config: TrainConfig, model: GPT, tokenizer: Tokenizer, task: Task) -> None:
        settings, seed = config.sft, config.seed
        taught, longest = shown(config, task), model.config.context_length
        documents = that_fit(solved(tokenizer, taught), longest)
        self.left_out, self.longest = len(taught) - len(documents), longest

        def make_chunk(epoch: int) -> list[Batch]:
            order = stream(seed, "epochs", epoch).permutation(len(documents))
            shuffled = [documents[i] for i in order]
            texts = encode_documents(tokenizer, chunk_texts(config, task, epoch))
            return [pack(share) for share in shares(shuffled, settings.batch_rows, texts, settings.rehearsal_texts)]

        steps = settings.epochs * -(-len(documents) // settings.batch_rows)
        super().__init__(model, settings, steps, Loader(make_chunk), settings.micro_rows, shards=config.shards)
        self.tokenizer, self.task, self.limit = tokenizer, task, config.evaluation.max_new_tokens
        self.dev = task.problems("dev", config.evaluation.dev_problems)

    def probe(self) -> Measures:
        accuracy = greedy_accuracy(self.model, self.tokenizer, self.task, self.dev, max_new_tokens=self.limit)
        dev = that_fit(solved(self.tokenizer, self.dev), self.longest)
        return {"dev_loss": mean_loss(self.model, dev), "dev_accuracy": accuracy.value}


def chunk_texts(config: TrainConfig, task: Task, epoch: int) -> list[Pieces]:
    """The new texts of an epoch, as many as its batches take."""
    batches = -(-len(shown(config, task)) // config.sft.batch_rows)
    seed = stream_seed(config.seed, "fine-tuning texts", epoch)
    return rehearsed_documents(task, batches * config.sft.rehearsal_texts, seed)


def shares(
    problems: Sequence[Document], per_update: int, texts: Sequence[Document], texts_per_update: int
) -> Iterator[list[Document]]:
    """For each update its problems, then its texts. The last may have fewer."""
    sizes = ((problems, per_update), (texts, texts_per_update))
    for k in range(max(-(-len(documents) // size) if size else 0 for documents, size in sizes)):
        yield [document for documents, size in sizes for document in documents[k * size : (k + 1) * size]]


def solved(tokenizer: Tokenizer, problems: Sequence[Problem]) -> list[Document]:
    """Problems with their solutions as documents. Prompts and results of tools weigh 0 in the loss, the rest 1."""
    return encode_documents(tokenizer, ([(p.prompt, 0.0), *p.solution] for p in problems))


def that_fit(documents: Sequence[Document], longest: int) -> list[Document]:
    """The documents of at most `longest` tokens. `check_prompts` sees to it that nearly all are."""
    return [document for document in documents if len(document.ids) <= longest]


@no_grad()
def mean_loss(model: GPT, documents: Sequence[Document]) -> float:
    """Mean of -log pi(token) in nats, over the tokens with a weight."""
    with without_dropout(model):
        return model.loss(*pack(documents).normalised()).item()
