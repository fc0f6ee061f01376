"""The tests of test_facts.py on core files of linux/arm64."""
import pytest

from test_arm64 import Crashed
from test_facts import (Seen, test_alive, test_freed, test_garbage, test_goroutine_count, test_goroutines, test_held,
                        test_maps, test_retained, test_sync_maps, test_type_counts, test_types_of_objects)

pytestmark = pytest.mark.oldest_and_newest


@pytest.fixture(scope="module", params=["arm64", "arm64-stripped"])
def seen(request, go, programs, silt, tmp_path_factory):
    with Crashed(go, programs, tmp_path_factory.mktemp("facts"), "shapes", request.param) as crashed:
        seen = Seen(silt, crashed.facts, crashed.core, "--exe", crashed.program)
        seen.stripped = request.param == "arm64-stripped"
        yield seen
