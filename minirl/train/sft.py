"""Stage 2, supervised fine-tuning (SFT): a few hundred worked problems, shown for several epochs.

Only the completion counts in the loss: the reasoning and the answer that the model should write, not the question.
"""

from collections.abc import Sequence

from minirl.autograd import no_grad
from minirl.data import Batch, Document, Loader, encode_documents, make_batches, pack
from minirl.evaluation.score import greedy_accuracy
from minirl.generate import without_dropout
from minirl.model import GPT
from minirl.runs import TrainConfig, shown
from minirl.streams import stream
from minirl.tasks import Problem, Task
from minirl.tokenizer import Tokenizer
from minirl.train.stage import Measures, SupervisedStage


class SFTStage(SupervisedStage):
    """Fine-tuning on demonstrations of the task and the science questions. Its probe: loss and greedy accuracy on
    problems of the split dev."""

    name = "sft"

    def __init__(self, config: TrainConfig, model: GPT, tokenizer: Tokenizer, task: Task) -> None:
        settings, seed = config.sft, config.seed
        documents = solved(tokenizer, shown(config, task))

        def make_chunk(epoch: int) -> list[Batch]:
            return make_batches(documents, stream(seed, "epochs", epoch), size=settings.batch_rows)

        steps = settings.epochs * -(-len(documents) // settings.batch_rows)
        super().__init__(model, settings, steps, Loader(make_chunk), settings.micro_rows)
        self.tokenizer, self.task, self.limit = tokenizer, task, config.evaluation.max_new_tokens
        self.dev = task.problems("dev", config.evaluation.dev_problems)

    def probe(self) -> Measures:
        accuracy = greedy_accuracy(self.model, self.tokenizer, self.task, self.dev, max_new_tokens=self.limit)
        return {"dev_loss": mean_loss(self.model, solved(self.tokenizer, self.dev)), "dev_accuracy": accuracy.value}


def solved(tokenizer: Tokenizer, problems: Sequence[Problem]) -> list[Document]:
    """Problems with their solutions as documents. In the loss, prompt tokens weigh 0 and completion tokens 1."""
    return encode_documents(tokenizer, ([(p.prompt, 0.0), (p.completion, 1.0)] for p in problems))


@no_grad()
def mean_loss(model: GPT, documents: Sequence[Document]) -> float:
    """Mean of -log pi(token) in nats, over the tokens with a weight."""
    with without_dropout(model):
        return model.loss(*pack(documents).normalised()).item()
