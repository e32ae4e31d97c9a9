# SPDX-License-Identifier: Apache-2.0
import pytest

from handcraft.errors import HandcraftError
from handcraft.measure import Metric, NearestTo

ERROR = Metric("error", unit="px", better="lower")
SHARE = Metric("share", unit="", better="higher")
CHANCE = Metric("accuracy", unit="", better=NearestTo(0.5))


def test_each_direction_prefers_its_own_end():
    assert ERROR.is_better(1.0, than=2.0)
    assert SHARE.is_better(2.0, than=1.0)
    assert CHANCE.is_better(0.55, than=0.4)
    assert CHANCE.is_better(0.4, than=0.9)
    assert not CHANCE.is_better(0.3, than=0.6)


@pytest.mark.parametrize("metric", [ERROR, SHARE, CHANCE])
def test_nothing_is_better_than_itself(metric):
    assert not metric.is_better(0.7, than=0.7)


def test_a_change_alone_says_nothing_where_a_target_is_to_be_met():
    with pytest.raises(HandcraftError, match=r"but got nearest to 0\.5; use `is_better`"):
        CHANCE.improves(by=-0.1)


def test_words_for_tables():
    assert [metric.direction for metric in (ERROR, SHARE, CHANCE)] == [
        "lower is better",
        "higher is better",
        "nearest to 0.5 is better",
    ]
    assert CHANCE.to_json() == {"name": "accuracy", "unit": "", "better": "nearest to 0.5"}
