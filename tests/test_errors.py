# SPDX-License-Identifier: Apache-2.0
"""Laws of the shared checks: on which side the limit lies, that the value is named, that no number is refused."""

import pytest

from handcraft.errors import HandcraftError, expect_above, expect_at_least


def test_the_limit_is_within_at_least_and_outside_above():
    expect_at_least(1, steps=1, rate=1.0)
    expect_above(1, rate=1.001)
    with pytest.raises(HandcraftError, match=r"^Expected `rate` to be above 1, but got 1\.0\.$"):
        expect_above(1, rate=1.0)


def test_the_first_value_that_fails_is_named():
    with pytest.raises(HandcraftError, match=r"^Expected `width` to be at least 1, but got 0\.5\.$"):
        expect_at_least(1, steps=2, width=0.5, depth=0)


@pytest.mark.parametrize("expect", [expect_at_least, expect_above])
def test_what_is_no_number_is_refused(expect):
    with pytest.raises(HandcraftError, match="`rate`"):
        expect(0, rate=float("nan"))
