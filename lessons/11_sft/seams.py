"""Where the functions of lesson 11 go into minirl: its fine-tuning, from the demonstration to the interval."""

import numpy as np

from minirl.data import Batch, Document
from minirl.data.document import END
from minirl.evaluation.estimate import Estimate
from minirl.functional import linear
from minirl.lessons import Seam
from minirl.lessons.compare import Bound
from minirl.lessons.lesson import find_lesson
from minirl.tensor.tensor import result

checks = find_lesson("11").module("checks")


def fit_document(document, original):
    """minirl.train.sft.solved: a document for each problem."""

    def fitted(tokenizer, problems):
        made = []
        for problem in problems:
            prompt = tokenizer.encode_array(problem.prompt)
            answer = tokenizer.encode_array(problem.completion.removesuffix(END))
            ids, mask = document(prompt, answer, tokenizer.special_tokens[END])
            made.append(Document(ids, mask.astype(np.float32)))
        return made

    return fitted


def fit_pack(pack, original):
    """minirl.data.batch.pack, for documents whose tokens count wholly or not at all."""

    def fitted(documents):
        if not all(is_mask(document.weights) and len(document.ids) > 1 for document in documents):
            return original(documents)
        inputs, targets, mask, starts = pack([(document.ids, document.weights > 0) for document in documents])
        return Batch(inputs, targets, mask.astype(np.float32), starts)

    return fitted


def fit_weights(sft_weights, original):
    """Batch.normalised, for a batch whose tokens count wholly or not at all."""

    def fitted(self):
        return self._replace(weights=sft_weights(self.weights > 0)) if is_mask(self.weights) else original(self)

    return fitted


def is_mask(weights):
    """Whether all weights are 0 or 1."""
    return bool(np.isin(weights, (0, 1)).all())


def fit_loss(weighted_loss, original):
    """GPT.loss of a row: the logits and their gradients by minirl, what is between by the learner."""

    def fitted(self, ids, targets, weights=None, starts=None):
        if weights is None or np.ndim(ids) != 1 or np.min(targets, initial=0) < 0:
            return original(self, ids, targets, weights, starts)
        logits = linear(self.hidden(ids, starts), self.output_weight)
        loss, gradient = weighted_loss(logits.data[0], targets, weights)
        value = np.asarray(loss, logits.dtype)
        return result(value, (logits,), lambda dy: logits.add_gradient(gradient[None] * dy))

    return fitted


def fit_wilson(wilson, original):
    """minirl.evaluation.estimate.wilson, which returns the share too."""

    def fitted(successes, n):
        low, high = wilson(successes, n)
        return Estimate(successes / n, low, high)

    return fitted


def places(documents):
    """How many targets the documents have."""
    return sum(len(ids) - 1 for ids, _ in documents)


def targets_of(model, ids, targets, *rest):
    """How many targets a loss is about."""
    return len(targets)


SEAMS = [
    Seam(
        "sft.document",
        places=[("minirl.train.sft:solved", fit_document)],
        oracle=checks.by_table,
        meter="minirl.train.sft:solved",
        unit="demonstrations",
        metered=lambda tokenizer, problems: len(problems),
    ),
    Seam(
        "sft.pack",
        places=[("minirl.data.batch:pack", fit_pack)],
        oracle=checks.token_by_token,
        meter="minirl.model.transformer:GPT.loss",
        unit="targets of all losses",
        work=places,
        metered=targets_of,
    ),
    Seam(
        "sft.weights",
        places=[("minirl.data.batch:Batch.normalised", fit_weights)],
        oracle=checks.shared_equally,
        bound=Bound(2, reason="a division"),
        meter="minirl.model.transformer:GPT.loss",
        unit="targets of all losses",
        work=len,
        metered=targets_of,
    ),
    Seam(
        "sft.loss",
        places=[("minirl.model.transformer:GPT.loss", fit_loss)],
        oracle=checks.all_rows_at_once,
        bound=checks.loss_bound,
        meter="minirl.model.transformer:GPT.hidden",
        unit="tokens that the model read",
        work=lambda logits, targets, weights: len(targets),
        metered=lambda model, ids, *rest: len(ids),
    ),
    Seam(
        "evaluation.wilson",
        places=[("minirl.evaluation.estimate:wilson", fit_wilson)],
        oracle=checks.by_bisection,
        bound=checks.NEARLY,
        meter="minirl.evaluation.estimate:share",
        unit="intervals",
    ),
]
