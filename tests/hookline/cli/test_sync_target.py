"""An apply whose answer is lost: asked for once more by the same key, and told as it may be."""

from pathlib import Path
from typing import Any

import pytest

from hookline.cli import sync_target
from hookline.cli.client import ServerFault
from hookline.cli.connection import BearerToken, ServerAccess
from hookline.cli.sync_target import ServerTarget
from hookline.sync.request import SyncRequest
from tests.hookline.sync.files import ORDERS, webhooks

TARGET = ServerTarget(ServerAccess("http://127.0.0.1:1", BearerToken("t"), Path("/nowhere"), ""))


@pytest.mark.parametrize("second", ["ANSWER_LOST", "CANNOT_REACH"])
def test_two_lost_answers_say_that_it_may_have_been_applied(
    monkeypatch: pytest.MonkeyPatch, second: str
) -> None:
    codes, keys = ["ANSWER_LOST", second], list[Any]()

    def execute(access: Any, document: str, variables: dict[str, Any], *_: Any, **__: Any) -> None:
        keys.append(variables["input"]["idempotencyKey"])
        raise ServerFault(codes[len(keys) - 1], "It is gone.")

    monkeypatch.setattr(sync_target, "execute", execute)
    with pytest.raises(ServerFault) as caught:
        TARGET.apply(SyncRequest(webhooks(orders=ORDERS), idempotency_key="k"))

    assert (caught.value.code, keys) == (second, ["k", "k"])
    assert caught.value.message == (
        "It is gone. An answer was lost before: it may have been applied. Run the command "
        "again, which then changes nothing, or see `hookline sync history`."
    )


@pytest.mark.parametrize("code", ["CANNOT_REACH", "FAILED", "NOT_ALLOWED"])
def test_what_was_never_applied_is_not_asked_again(
    monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    asked = list[str]()

    def execute(access: Any, document: str, *_: Any, **__: Any) -> None:
        asked.append(document)
        raise ServerFault(code, "It is gone.")

    monkeypatch.setattr(sync_target, "execute", execute)
    with pytest.raises(ServerFault, match=r"^It is gone\.$"):
        TARGET.apply(SyncRequest(webhooks(orders=ORDERS), idempotency_key="k"))

    assert len(asked) == 1
