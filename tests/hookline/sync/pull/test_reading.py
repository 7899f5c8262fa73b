"""Ends of the process that reads the files of pull mode, and the problem that each is told as."""

from dataclasses import replace

import orjson
import pytest

from hookline.runtime import Runtime
from hookline.sync.pull import reading

MEMORY = "the files need more than 768 MiB of memory to be read"
WORK = "the files need more than 20 s of work to be read"


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("os._exit(12)", MEMORY),
        # orjson.dumps ends so where it gets no memory.
        ("os.kill(os.getpid(), signal.SIGSEGV)", MEMORY),
        ("os.kill(os.getpid(), signal.SIGXCPU)", WORK),
        ("os._exit(3)", "the process that reads the files failed with the code 3"),
    ],
)
async def test_a_reader_that_comes_to_no_answer_is_told(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, end: str, said: str
) -> None:
    monkeypatch.setattr(reading, "_MAIN", f"import os, signal; {end}")
    read = await reading.read_files(runtime, "hooks")
    (problem,) = read.problems
    assert (problem.code, problem.position.file) == ("unreadable", "hooks")
    assert problem.message == f"{said}; nothing of them was applied"
    assert (read.document, read.digest) == (None, None)


@pytest.mark.engines("sqlite")
async def test_the_reader_gets_no_variable_but_those_that_may_be_referred_to(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", "for-the-reader")
    monkeypatch.setenv("HOOKLINE_SECRET_KEYS", "of-the-server")
    seen = list[bytes]()

    async def answered(request: bytes) -> tuple[int, bytes]:
        seen.append(request)
        return 3, b""

    monkeypatch.setattr(reading, "_answer", answered)
    for prefix in ("SHOP_", ""):
        settings = runtime.settings.model_copy(update={"sync_env_prefix": prefix})
        await reading.read_files(replace(runtime, settings=settings), "hooks")
    given, none = [orjson.loads(request)["environment"] for request in seen]
    assert (given, none) == ({"SHOP_KEY": "for-the-reader"}, {})
