# SPDX-License-Identifier: Apache-2.0
"""Loading Anny's right hand (code Apache-2.0, assets CC0; Brégier et al., "Human Mesh Modeling for Anny Body", 2025)."""

import os
from pathlib import Path

import torch

ANNY_RIG = "anny-hand.R"
ANNY_TOPOLOGY = "hand.R"


def cache_folder() -> Path:
    """Where derived assets are kept: ``HANDCRAFT_CACHE``, else ``handcraft`` in the user's cache folder."""
    named = os.environ.get("HANDCRAFT_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return Path(named) if named else base / "handcraft"


def load_anny_hand() -> torch.nn.Module:
    """Anny's hand-only model in float32, cut out of the full body on first use.

    Cutting takes about a minute once; the result (26 MB) is cached and the half gigabyte that Anny keeps of the
    body on the way is removed again. Anny's own cache is neither used nor touched.
    """
    import anny  # here, not above: importing it takes a second that commands without a hand should not pay
    from anny import paths

    own, theirs = cache_folder() / "anny", paths.get_anny_cache_path()
    paths.set_anny_cache_path(own)
    try:
        model = anny.Anny(
            rig=ANNY_RIG, topology=ANNY_TOPOLOGY, pose_parameterization="local-bone", skinning_method="lbs"
        )
    finally:
        paths.set_anny_cache_path(theirs)
    for intermediate in own.glob("**/load_data_*"):
        intermediate.unlink(missing_ok=True)
    return model.float()
