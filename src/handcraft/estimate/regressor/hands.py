# SPDX-License-Identifier: Apache-2.0
"""The hand that a configuration names, loaded."""

import torch

from handcraft.errors import HandcraftError
from handcraft.estimate.regressor.config import RegressorConfig
from handcraft.estimate.regressor.numbers import AnnyNumbers, HandNumbers, MANONumbers
from handcraft.estimate.regressor.parameters import HandParameters
from handcraft.hand import HandModel


def load_hand(config: RegressorConfig, device: str | torch.device = "cpu") -> HandParameters:
    """The hand of ``config`` on ``device``, with the mean vector that feedback starts from.

    Raises:
        HandcraftError: MANO's hand without its file, or a file that is not MANO's.
    """
    return HandParameters(_numbers(config, device), config.camera, config.fill, config.roll_deg)


def _numbers(config: RegressorConfig, device: str | torch.device) -> HandNumbers:
    if config.hand == "anny":
        return AnnyNumbers(HandModel.load(device=device))
    if config.mano is None:
        raise HandcraftError(
            "Expected `mano` to name a file for MANO's hand, but got none; give your own with --mano MANO_RIGHT.pkl, "
            "or take --hand anny."
        )
    return MANONumbers.load(config.mano, device)
