# SPDX-License-Identifier: Apache-2.0
"""A few renders with all labels, made once."""

import pytest

from handcraft.data.rendered import RenderedSet
from handcraft.estimate.hand.examples import HandExamples, examples_from
from handcraft.estimate.hand.stream import StreamConfig


@pytest.fixture(scope="session")
def examples() -> HandExamples:
    scene, _ = StreamConfig(render_px=48, block=32).scenes()[0]
    return examples_from(list(RenderedSet(scene, 3, 12)))
