# SPDX-License-Identifier: Apache-2.0
"""The one error that speaks to users: it names the argument or file, the value and the cure, in one line."""

from collections.abc import Collection


class HandcraftError(ValueError):
    """A mistake its user can mend. The command line prints the message as one line and exits with code 2."""


def expect_at_least(minimum: float, **values: float) -> None:
    """Refuse the first of the named ``values`` that is below ``minimum`` or no number."""
    for name, value in values.items():
        if not value >= minimum:
            raise HandcraftError(f"Expected `{name}` to be at least {minimum}, but got {value}.")


def expect_above(limit: float, **values: float) -> None:
    """Refuse the first of the named ``values`` that is not above ``limit``."""
    for name, value in values.items():
        if not value > limit:
            raise HandcraftError(f"Expected `{name}` to be above {limit}, but got {value}.")


def expect_below_one(**values: float) -> None:
    """Refuse the first of the named ``values`` that is below 0, not below 1, or no number: decays, momenta."""
    for name, value in values.items():
        if not 0 <= value < 1:
            raise HandcraftError(f"Expected `{name}` to be at least 0 and below 1, but got {value}.")


def expect_one_of(choices: Collection[object], **values: object) -> None:
    """Refuse the first of the named ``values`` that is none of the ``choices``."""
    for name, value in values.items():
        if value not in choices:
            raise HandcraftError(f"Expected `{name}` to be {' or '.join(map(str, choices))}, but got {value}.")
