"""The main job: `train(config)` goes from generated text to a model that reinforcement learning has taught.

>>> from minirl.train import PRESETS, train
>>> run = train(PRESETS["smoke"])
"""

from minirl.runs import PRESETS, TrainConfig
from minirl.train.chain import complete, train

__all__ = ["PRESETS", "TrainConfig", "complete", "train"]
