# SPDX-License-Identifier: Apache-2.0
"""The one error that speaks to users: it names the argument or file, the value and the cure, in one line."""


class HandcraftError(ValueError):
    """A mistake its user can mend. The command line prints the message as one line and exits with code 2."""
