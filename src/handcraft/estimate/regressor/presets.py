# SPDX-License-Identifier: Apache-2.0
"""Regressors by name: two of our own, and the seven of seed 001's table 6.2.

The seven want MANO's file (``mano``), or ``hand="anny"``; those that start pretrained, frozen ones included, want the
encoder's file of weights too. Their validation losses of table 7.1 come from single batches of 32 with dropout and
batch statistics on, so only the order of magnitude can be compared with ours, which are of the whole set.
"""

from dataclasses import replace

from handcraft.estimate.augment import AugmentConfig
from handcraft.estimate.regressor.config import RegressorConfig
from handcraft.estimate.regressor.targets import THUMB_CMC_CERTAINTY

REGRESSOR_SMOKE = RegressorConfig(
    image_px=32, width=8, hidden=32, steps=4, batch_size=8, log_every=2, validate_every=2, checkpoint_every=2,
    draw_every=4,
)  # fmt: skip
"""Seconds: shows that everything runs, learns nothing."""

REGRESSOR_LAPTOP = RegressorConfig()
"""Compact trunk, Anny's hand: 1,500 steps of 32, each 115 ms of one CPU core (AMD EPYC, float32): three minutes."""

_THESIS = RegressorConfig(
    encoder="resnet50",
    start="pretrained",
    hand="mano",
    image_px=224,
    hidden=1024,
    dropout=0.5,
    roll_deg=180.0,  # the 11k Hands hang down; the document turns every picture instead
    supervision="joints",
    thumb_cmc_certainty=THUMB_CMC_CERTAINTY,
    augment=AugmentConfig(rotation_deg=0.0, scale=1.0, shift=0.0, mirror=False),
    steps=100_000,
    learning_rate=1e-5,
    schedule="constant",
    log_every=100,
    validate_every=500,
    checkpoint_every=1_000,
    draw_every=1_000,
)

RESNET_WITHOUT_SHAPE = replace(_THESIS, shape_loss="none", batch_size=64)
"""Row 1: 100,000 steps of 64, 1.0 a second on a GTX 1080 Ti. Training loss 1.483, no validation loss."""
RESNET_PRETRAINED = _THESIS
"""Row 2: 100,000 steps of 32, 2.1 a second. Losses 1.675 and 2.085."""
RESNET_FROZEN = replace(_THESIS, frozen=True)
"""Row 3: 100,000 steps of 32, 2.7 a second. Losses 2.535 and 4.689."""
RESNET_RANDOM = replace(_THESIS, start="random", steps=187_000)
"""Row 4: 187,000 steps of 32, 2.0 a second. Losses 2.032 and 2.908."""
DENSENET_PRETRAINED = replace(_THESIS, encoder="densenet121", batch_size=16, steps=54_000)
"""Row 5: 54,000 steps of 16, 3.4 a second. Losses 3.044 and 3.222."""
DENSENET_FROZEN = replace(_THESIS, encoder="densenet121", frozen=True)
"""Row 6: 100,000 steps of 32, 2.7 a second. Losses 2.819 and 5.192."""
INCEPTION_FROZEN = replace(_THESIS, encoder="inception_v3", image_px=299, frozen=True, steps=44_000)
"""Row 7: 44,000 steps of 32, 0.9 a second, for the document's graph lost two max-pools. Losses 4.510 and 6.539."""

REGRESSOR_PRESETS: dict[str, RegressorConfig] = {
    "smoke": REGRESSOR_SMOKE,
    "laptop": REGRESSOR_LAPTOP,
    "resnet-without-shape": RESNET_WITHOUT_SHAPE,
    "resnet-pretrained": RESNET_PRETRAINED,
    "resnet-frozen": RESNET_FROZEN,
    "resnet-random": RESNET_RANDOM,
    "densenet-pretrained": DENSENET_PRETRAINED,
    "densenet-frozen": DENSENET_FROZEN,
    "inception-frozen": INCEPTION_FROZEN,
}
