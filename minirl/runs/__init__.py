"""Training runs: what a run is told (TrainConfig), its folder (Run), its checkpoints, and what it prints (Screen)."""

from minirl.runs.config import (
    AdapterConfig,
    DilocoConfig,
    EvalConfig,
    ModelConfig,
    OptimizerConfig,
    PretrainConfig,
    RLStageConfig,
    SFTConfig,
    TrainConfig,
    from_json,
    to_json,
)
from minirl.runs.demonstrations import demonstrations, science_problems, shown
from minirl.runs.environment import environment
from minirl.runs.folder import (
    CONFIG,
    LOGS,
    METRICS,
    OPTIMIZER,
    PLOTS,
    RESULTS,
    SAMPLES,
    STAGE_NAMES,
    STAGES,
    STATE,
    TOKENIZER,
)
from minirl.runs.model_folder import ModelFolder, is_model, open_run
from minirl.runs.presets import PRESETS
from minirl.runs.run import Run
from minirl.runs.screen import Screen
from minirl.runs.task import rl_task_of, task_of

__all__ = [
    "CONFIG",
    "LOGS",
    "METRICS",
    "OPTIMIZER",
    "PLOTS",
    "PRESETS",
    "RESULTS",
    "SAMPLES",
    "STAGES",
    "STAGE_NAMES",
    "STATE",
    "TOKENIZER",
    "AdapterConfig",
    "DilocoConfig",
    "EvalConfig",
    "ModelConfig",
    "ModelFolder",
    "OptimizerConfig",
    "PretrainConfig",
    "RLStageConfig",
    "Run",
    "SFTConfig",
    "Screen",
    "TrainConfig",
    "demonstrations",
    "environment",
    "from_json",
    "is_model",
    "open_run",
    "rl_task_of",
    "science_problems",
    "shown",
    "task_of",
    "to_json",
]
