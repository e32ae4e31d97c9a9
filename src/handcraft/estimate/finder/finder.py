# SPDX-License-Identifier: Apache-2.0
"""A trained finder, and the graph that it is exported as: bytes of pictures in, hands out."""

from collections.abc import Mapping
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from handcraft.estimate.finder.config import FinderConfig
from handcraft.estimate.finder.decoding import decode
from handcraft.estimate.finder.labels import Found
from handcraft.estimate.finder.learner import KIND
from handcraft.estimate.finder.network import FinderNet
from handcraft.training.run_files import load_trained

CHUNK = 64
"""Pictures looked at together, so that memory does not grow with the request."""


class FinderGraph(nn.Module):
    """Pictures as bytes to boxes, scores and turns, as ``Found`` has them; what ``finder.onnx`` holds."""

    def __init__(self, network: FinderNet, peaks: int) -> None:
        super().__init__()
        self.network, self.peaks = network, peaks

    def forward(
        self, images: UInt8[Tensor, "n size size 3"]
    ) -> tuple[Float[Tensor, "n peak 4"], Float[Tensor, "n peak"], Float[Tensor, "n peak"]]:
        """Find the hands in RGB pictures that were fitted into squares."""
        found = decode(self.network(images.permute(0, 3, 1, 2).float() / 255), self.peaks)
        return found.boxes_px, found.scores, found.turns_rad


class Finder:
    """Finds hands in pictures that were fitted into a square. The answer for a picture depends on that picture only."""

    def __init__(
        self, state: Mapping[str, Tensor], config: FinderConfig, *, device: str | torch.device = "cpu"
    ) -> None:
        """Build the network of ``config`` with the weights ``state``; a RuntimeError says that they do not fit."""
        network = FinderNet(config, generator=torch.Generator())
        network.load_state_dict(state)
        self.config = config
        self.graph = FinderGraph(network, config.peaks).to(device).eval()

    @classmethod
    def load(cls, path: Path, *, device: str = "cpu") -> "Finder":
        """The finder of a run folder or of a checkpoint file.

        Raises HandcraftError when there is none, or when it is damaged or of another kind.
        """
        return load_trained(
            path, kind=KIND, make=lambda state, config: cls(state, FinderConfig.from_json(config), device=device)
        )

    @torch.no_grad()
    def __call__(self, images: UInt8[Tensor, "n size size 3"]) -> Found:
        """The hands in RGB pictures of ``image_px``; black stands beside those that are no squares."""
        device = next(self.graph.parameters()).device
        answers = [self.graph(chunk.to(device)) for chunk in images.split(CHUNK)]
        return Found(*(torch.cat(each).cpu() for each in zip(*answers, strict=True)))
