"""A gateway in a second process, shared by the tests of a file and well-behaved at the start of each."""

from collections.abc import AsyncIterator, Iterator

import pytest

from desk.outside.gateways.http import HttpGateway
from tests.sandbox import Sandbox, sandbox

SECONDS = 3.0
"""How long the desk waits for an answer in these tests."""


@pytest.fixture(scope="module")
def playing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox's process."""
    with sandbox(tmp_path_factory.mktemp("sandbox")) as started:
        yield started


@pytest.fixture
def other_side(playing: Sandbox) -> Sandbox:
    """The sandbox, behaving."""
    playing.behave()
    return playing


@pytest.fixture
async def gateway(other_side: Sandbox) -> AsyncIterator[HttpGateway]:
    """The adapter, set up as the worker's is, and calling the sandbox."""
    async with HttpGateway(other_side.url, SECONDS) as opened:
        yield opened
