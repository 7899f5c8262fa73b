"""Files of other products, imported, applied and exported again: nothing is left to plan."""

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from hookline.models import SyncRevision, SyncSet, Webhook
from hookline.runtime import Runtime
from tests.api.schema.asking import Asker
from tests.api.schema.test_sync_export import exported
from tests.hookline.sync.files import apply, document, preview, told
from tests.hookline.sync.importing.test_importing import FILES, read

pytestmark = pytest.mark.engines("sqlite")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(file=FILES)
async def test_an_imported_file_applied_and_exported_again_plans_nothing(
    runtime: Runtime, admin: Asker, file: tuple[str, Any]
) -> None:
    found = read(file[0], orjson.dumps(file[1]))
    assume(found.count)
    # A URL that a variable stands for is not here.
    assume('url: "${' not in str(found.text))
    for table in (SyncRevision, SyncSet, Webhook):
        await table.all().delete()
    names = {line.split()[0]: SECRET for line in found.variables}
    wanted = document(str(found.text), names)

    done = await apply(runtime, wanted)

    assert (done.blocked, done.problems) == ((), ())
    assert told((await preview(runtime, wanted)).plan) == []
    text, variables = await exported(admin)
    again = document(text, dict.fromkeys(variables, SECRET))
    assert told((await preview(runtime, again)).plan) == []
