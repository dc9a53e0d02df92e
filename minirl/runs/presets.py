"""Presets, sets of defaults: `python -m minirl.train --preset NAME`.

"roger", the default, is the main job. "smoke" goes through the same stages in seconds and learns nothing. "calculator"
has word problems with large numbers, and a calculator to call. "open-book" answers from facts that a search put into
the prompt; with "look-up" the model searches by itself. "preferences" ends with a reward model and PPO.
"teach-addition" teaches a public chat model to add, in its own prompt format, and watches what it forgets. "base-5m",
"base-30m", "gpt2-110m" and "llama-110m" pretrain on a corpus of real text; their names give their parameters.
"""

from minirl.runs.config import (
    AdapterConfig,
    EvalConfig,
    ModelConfig,
    PretrainConfig,
    RLStageConfig,
    SFTConfig,
    TrainConfig,
)

ROGER = TrainConfig()
SMOKE = TrainConfig(
    name="smoke",
    model=ModelConfig(vocab_size=512, context_length=192, n_layer=2, n_head=2, d_model=64, d_ff=176),
    pretrain=PretrainConfig(steps=60, warmup=10, batch_tokens=384),
    sft=SFTConfig(demonstrations=64, epochs=2, warmup=4),
    rl=RLStageConfig(steps=3, prompts=4, samples=4, warmup=1, rehearsal_texts=2),
    evaluation=EvalConfig(problems=16, samples=2, dev_problems=8, probes=2, science_tokens=8),
)
OPEN_BOOK = TrainConfig(
    name="open-book",
    task="open_book",
    model=ModelConfig(context_length=384),
    pretrain=PretrainConfig(steps=6000),
    sft=SFTConfig(demonstrations=800, epochs=1, rehearsal_texts=4),
    rl=RLStageConfig(
        steps=60, prompts=24, learning_rate=7e-4, max_new_tokens=96, rehearsal=8, rehearsal_texts=8
    ),
    evaluation=EvalConfig(problems=150, samples=1, dev_problems=64, probes=8, max_new_tokens=96),
)  # fmt: skip
LOOK_UP = TrainConfig(
    name="look-up",
    task="look_up",
    model=ModelConfig(context_length=384),
    pretrain=PretrainConfig(steps=1500),
    sft=SFTConfig(demonstrations=400, epochs=3, rehearsal_texts=4),
    rl=RLStageConfig(
        steps=120, prompts=24, samples=8, learning_rate=7e-4, max_new_tokens=64, rehearsal=0, rehearsal_texts=0
    ),
    evaluation=EvalConfig(problems=300, samples=1, dev_problems=64, probes=8, max_new_tokens=64),
)
CALCULATOR = TrainConfig(
    name="calculator",
    task="large_numbers",
    model=ModelConfig(vocab_size=640, pattern="gpt4-digits", context_length=448),
    pretrain=PretrainConfig(steps=1800),
    sft=SFTConfig(learning_rate=1.5e-3, demonstrations=400, epochs=8),
    rl=RLStageConfig(
        learning_rate=7e-4, steps=70, prompts=48, samples=4, rehearsal=8, rehearsal_texts=8, max_new_tokens=288
    ),
    evaluation=EvalConfig(problems=300, samples=1, dev_problems=64, probes=8, max_new_tokens=288),
)
PREFERENCES = TrainConfig(
    name="preferences",
    rl=RLStageConfig(
        method="ppo", reward="model", steps=120, learning_rate=3e-4, updates=2, clip=0.2, stop_kl=0.02, kl=0.05,
        kl_place="reward", value_clip=0.2, pair_problems=6000,
    ),
)  # fmt: skip


TEACH_ADDITION = TrainConfig(
    name="teach-addition",
    task="addition",
    form="chat",
    shots=4,
    checkpoint_seconds=300.0,
    sft=SFTConfig(demonstrations=1, epochs=0),
    lora=AdapterConfig(rank=8),
    rl=RLStageConfig(
        learning_rate=5e-4, warmup=5, steps=96, prompts=16, samples=8, max_new_tokens=10, rehearsal=0,
        rehearsal_texts=0, own_answers=8, rehearsal_weight=4.0, merge_equal=True,
    ),
    evaluation=EvalConfig(
        problems=200, samples=1, dev_problems=100, probes=4, max_new_tokens=10, forgetting=True, target=0.75
    ),
)  # fmt: skip


def base(
    name: str, model: ModelConfig, *, learning_rate: float, warmup: int, batch_tokens: int, micro_tokens: int
) -> TrainConfig:
    """A preset that pretrains on a corpus, and does no more unless it is asked to."""
    return TrainConfig(
        name=name,
        last_stage="pretrain",
        model=model,
        pretrain=PretrainConfig(
            learning_rate=learning_rate, warmup=warmup, beta2=0.95, batch_tokens=batch_tokens,
            micro_tokens=micro_tokens, epochs=1.0,
        ),
        sft=SFTConfig(learning_rate=learning_rate / 5, rehearsal_texts=0),
        rl=RLStageConfig(learning_rate=learning_rate / 10, prompts=16, rehearsal_texts=0, max_new_tokens=96),
        evaluation=EvalConfig(problems=64, samples=2, max_new_tokens=96),
    )  # fmt: skip


BASES = {
    preset.name: preset
    for preset in (
        base(
            "base-5m",
            ModelConfig(4096, "gpt4-digits", 512, n_layer=5, n_head=4, d_model=256, d_ff=704, init_std=0.04),
            learning_rate=2e-3, warmup=100, batch_tokens=8192, micro_tokens=8192,
        ),
        base(
            "base-30m",
            ModelConfig(16384, "gpt4-digits", 512, n_layer=7, n_head=8, d_model=512, d_ff=1408, init_std=0.03),
            learning_rate=1e-3, warmup=200, batch_tokens=16384, micro_tokens=8192,
        ),
        base(
            "gpt2-110m",
            ModelConfig(
                32768, "gpt4-digits", 1024, n_layer=12, n_head=12, d_model=768, d_ff=3072, design="gpt2", init_std=0.02
            ),
            learning_rate=6e-4, warmup=200, batch_tokens=16384, micro_tokens=4096,
        ),
        base(
            "llama-110m",
            ModelConfig(32768, "gpt4-digits", 1024, n_layer=12, n_head=12, d_model=768, d_ff=2048, init_std=0.02),
            learning_rate=6e-4, warmup=200, batch_tokens=16384, micro_tokens=4096,
        ),
    )
}  # fmt: skip
PRESETS = {
    "roger": ROGER,
    "smoke": SMOKE,
    "calculator": CALCULATOR,
    "open-book": OPEN_BOOK,
    "look-up": LOOK_UP,
    "preferences": PREFERENCES,
    "teach-addition": TEACH_ADDITION,
    **BASES,
}


def learns_nothing(config: TrainConfig) -> bool:
    """Whether pretraining is as short as in the preset "smoke", so that the run only shows that everything works."""
    return config.pretrain.steps <= SMOKE.pretrain.steps
