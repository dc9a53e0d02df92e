"""Stage 2, supervised fine-tuning: a few hundred worked problems, each shown some times.

The loss counts the completion only: what the model should write, not the question it is asked.
"""

from collections.abc import Sequence

from minirl import tasks
from minirl.data import Batch, Document, Loader, encode_documents, make_batches
from minirl.model import GPT
from minirl.streams import stream, stream_seed
from minirl.tasks import Problem, Task
from minirl.tokenizer import Tokenizer
from minirl.train.config import TrainConfig
from minirl.train.stage import Measures, SupervisedStage


class SFTStage(SupervisedStage):
    """Fine-tuning on demonstrations of the task, with the science questions among them."""

    name = "sft"

    def __init__(self, config: TrainConfig, model: GPT, tokenizer: Tokenizer, task: Task) -> None:
        settings, seed = config.sft, config.seed
        chosen = task.problems("train", settings.demonstrations, stream_seed(seed, "demonstrations"))
        documents = demonstrations(tokenizer, [*chosen, *science_problems()])

        def make_chunk(epoch: int) -> list[Batch]:
            return make_batches(documents, stream(seed, "epochs", epoch), rows=settings.batch_rows)

        steps = settings.epochs * -(-len(documents) // settings.batch_rows)
        super().__init__(model, settings, steps, Loader(make_chunk), settings.micro_rows)
