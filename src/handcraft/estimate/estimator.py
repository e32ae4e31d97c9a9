# SPDX-License-Identifier: Apache-2.0
"""A trained keypoint estimator: images in, pixels out."""

from collections.abc import Mapping
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.estimate.keypoint_config import KeypointConfig
from handcraft.estimate.keypoint_learner import KIND
from handcraft.estimate.networks import make_network, network_input
from handcraft.training.run_files import load_trained

CHUNK = {"compact": 256, "posenet": 8}
"""Images predicted at a time, so that memory does not grow with the request."""


class Estimator:
    """Finds the 21 keypoints in crops of a hand.

    The answer for an image does not depend on the images beside it. ``config`` says what it was trained as.
    """

    def __init__(
        self, state: Mapping[str, Tensor], config: KeypointConfig, *, device: str | torch.device = "cpu"
    ) -> None:
        """Build the network of ``config`` with the weights ``state``; a RuntimeError says that they do not fit."""
        network = make_network(config, generator=torch.Generator())
        network.load_state_dict(state)
        self.network, self.config = network.to(device).eval(), config

    @classmethod
    def load(cls, path: Path, *, device: str = "cpu") -> "Estimator":
        """The estimator of a run folder or of a checkpoint file.

        Raises HandcraftError when there is none, or when it is damaged or of another kind.
        """
        return load_trained(
            path, kind=KIND, make=lambda state, config: cls(state, KeypointConfig.from_json(config), device=device)
        )

    @torch.no_grad()
    def __call__(self, images: Float[Tensor, "batch 3 side side"]) -> Float[Tensor, "batch 21 2"]:
        """Keypoints in pixels of the given square RGB images in [0, 1], whatever their size."""
        scale = images.shape[-1] / self.config.image_px
        chunks = [self.network.codec.decode(maps) for maps in self._heatmap_chunks(images)]
        return torch.cat(chunks).to(images.device) * scale if chunks else images.new_zeros(0, 21, 2)

    @torch.no_grad()
    def heatmaps(self, images: Float[Tensor, "batch 3 side side"]) -> Float[Tensor, "batch 21 cells cells"]:
        """The maps ``__call__`` decodes, one per keypoint."""
        return torch.cat(list(self._heatmap_chunks(images))).to(images.device)

    def _heatmap_chunks(self, images: Tensor) -> list[Tensor]:
        device = next(self.network.parameters()).device
        chunks = images.split(CHUNK[self.config.network]) if len(images) else ()
        return [self.network.heatmaps(self.network(network_input(chunk.to(device), self.config))) for chunk in chunks]
