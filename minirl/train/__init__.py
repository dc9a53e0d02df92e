"""The main job: `train(config)` trains a model from scratch, from the tokenizer to reinforcement learning.

>>> from minirl.train import PRESETS, train
>>> run = train(PRESETS["smoke"])
"""

from minirl.runs import PRESETS, TrainConfig
from minirl.train.chain import complete, train

__all__ = ["PRESETS", "TrainConfig", "complete", "train"]
