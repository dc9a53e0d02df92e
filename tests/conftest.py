"""For all tests: made-up datasets, no deadlines for hypothesis, as a machine may be busy, bugs to plant, and a whole
run, trained in a second or two, for the tests of the programs around it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from hypothesis import settings
from made_up import made_up_datasets, made_up_folder  # noqa: F401

from minirl import kernels
from minirl.runs import PRESETS, EvalConfig, ModelConfig, PretrainConfig, RLStageConfig, Run, Screen, SFTConfig
from minirl.train import chain

settings.register_profile("minirl", deadline=None)
settings.load_profile("minirl")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--planted", metavar="BUG", help="plant a bug of minirl.bugs, to see which tests fail")


def pytest_configure(config: pytest.Config) -> None:
    if name := config.getoption("planted"):
        from minirl.bugs import planted

        stack = ExitStack()
        stack.enter_context(planted(name))
        config.add_cleanup(stack.close)


CONFIG = replace(
    PRESETS["smoke"],
    model=ModelConfig(vocab_size=300, n_layer=1, n_head=2, d_model=16, d_ff=32, context_length=256),
    pretrain=PretrainConfig(steps=4, warmup=2, batch_tokens=400),
    sft=SFTConfig(demonstrations=16, epochs=1, warmup=1, batch_rows=64),
    rl=RLStageConfig(steps=2, prompts=2, samples=2, warmup=1, max_new_tokens=8),
    evaluation=EvalConfig(
        problems=6, samples=2, dev_problems=2, probes=1, max_new_tokens=8, science_tokens=4
    ),
)  # fmt: skip


@pytest.fixture(autouse=True)
def kernels_stay_as_they_were() -> Iterator[None]:
    """A test may change how kernels compute; the tests after it see nothing of that."""
    backend, isa, precision, threads = kernels.backend(), kernels.isa(), kernels.precision(), kernels.get_threads()
    yield
    kernels.use(backend)
    kernels.set_precision(precision)
    if isa is not None:
        kernels.set_isa(isa)
    kernels.set_threads(threads)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return chain.train(replace(CONFIG, runs=str(tmp_path_factory.mktemp("runs"))), Screen(quiet=True))
