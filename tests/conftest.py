"""For all tests: made-up datasets, and no deadlines for hypothesis, as a machine may be busy."""

from hypothesis import settings
from made_up import made_up_datasets, made_up_folder  # noqa: F401

settings.register_profile("minirl", deadline=None)
settings.load_profile("minirl")
