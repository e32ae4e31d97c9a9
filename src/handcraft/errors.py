# SPDX-License-Identifier: Apache-2.0
"""The one error that speaks to users: it names the argument or file, the value and the cure, in one line."""


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
