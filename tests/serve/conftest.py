"""For tests of the server: one with the tiny run of the other tests."""

import pytest


@pytest.fixture(scope="session")
def server(run):
    from listening import serving  # skips where the server's libraries are not installed

    with serving(run) as running:
        yield running
