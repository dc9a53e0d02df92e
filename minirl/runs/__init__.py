"""Training runs: what a run is told (TrainConfig), its folder (Run), its checkpoints, and what it prints (Screen)."""

from minirl.runs.config import (
    PRESETS,
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
from minirl.runs.folder import (
    CONFIG,
    LOGS,
    METRICS,
    RESULTS,
    SAMPLES,
    STAGE_NAMES,
    STAGES,
    STATE,
    TOKENIZER,
    OPTIMIZER,
    environment,
)
from minirl.runs.run import Run
from minirl.runs.screen import Screen

__all__ = ["CONFIG", "EvalConfig", "LOGS", "METRICS", "ModelConfig", "OPTIMIZER", "OptimizerConfig", "PRESETS", "PretrainConfig", "RESULTS", "RLStageConfig", "Run", "SAMPLES", "SFTConfig", "STAGES", "STAGE_NAMES", "STATE", "Screen", "TOKENIZER", "TrainConfig", "demonstrations", "environment", "from_json", "science_problems", "shown", "to_json"]
