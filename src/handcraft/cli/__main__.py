# SPDX-License-Identifier: Apache-2.0
"""``python -m handcraft.cli``, for launchers that want a module (``accelerate launch -m handcraft.cli refine ...``)."""

import sys

from handcraft.cli import main

sys.exit(main())
