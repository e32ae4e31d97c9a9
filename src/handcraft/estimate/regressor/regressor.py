# SPDX-License-Identifier: Apache-2.0
"""A trained regressor: crops in; parameters of every step, keypoints, 3D joints and meshes out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor

from handcraft.estimate.regressor.camera import pixels_from_places
from handcraft.estimate.regressor.config import RegressorConfig
from handcraft.estimate.regressor.encoders import make_encoder
from handcraft.estimate.regressor.hands import load_hand
from handcraft.estimate.regressor.learner import KIND
from handcraft.estimate.regressor.network import RegressorNet
from handcraft.estimate.regressor.parameters import HandParameters
from handcraft.networks.fitting import fitted
from handcraft.training.run_files import load_trained

CHUNK = 64
"""Crops regressed at a time, so that memory does not grow with the request."""


@dataclass(frozen=True)
class RegressedHands:
    """What a regressor says of ``n`` crops; points are relative to the wrist, in the camera's axes."""

    vectors: Float[Tensor, "step n parameter"]
    """Parameters of every step, 0 the mean hand; ``Regressor.hand`` knows what they mean."""
    keypoints_px: Float[Tensor, "n 21 2"]
    """In pixels of the given crops."""
    joints_m: Float[Tensor, "n 21 3"]
    """The 21 keypoints in 3D."""
    vertices_m: Float[Tensor, "n vertex 3"]
    faces: Int[Tensor, "face 3"]


class Regressor:
    """Finds hand-model parameters in crops of right hands (left ones mirrored).

    The answer for an image does not depend on the images beside it. ``config`` says what it was trained as, ``hand``
    what its vectors mean.
    """

    def __init__(self, state: Mapping[str, Tensor], config: RegressorConfig, hand: HandParameters) -> None:
        """Build the network of ``config`` with the weights ``state``; a RuntimeError says that they do not fit."""
        encoder = make_encoder(config, weights=None)
        network = RegressorNet(encoder, hand.mean, config, generator=torch.Generator())
        network.load_state_dict(state)
        self.network, self.config, self.hand = network.to(hand.mean.device).eval(), config, hand

    @classmethod
    def load(cls, path: Path, *, device: str = "cpu", mano: Path | None = None) -> "Regressor":
        """The regressor of a run folder or of a checkpoint file; ``mano`` where MANO's file has moved since.

        Raises HandcraftError when there is none, when it is damaged or of another kind, or when a hand or timm that it
        needs is missing.
        """

        def make(state: Mapping[str, Tensor], remembered: Mapping[str, object]) -> "Regressor":
            config = RegressorConfig.from_json(remembered)
            config = config if mano is None else replace(config, mano=Path(mano))
            return cls(state, config, load_hand(config, device))

        return load_trained(path, kind=KIND, make=make)

    @torch.no_grad()
    def __call__(self, images: Float[Tensor, "n 3 side side"]) -> Float[Tensor, "n 21 2"]:
        """Keypoints in pixels of the given square RGB images in [0, 1], whatever their size."""
        places = [self.hand.places(self._vectors(chunk)[-1]) for chunk in _chunks(images)]
        found = torch.cat(places).to(images.device) if places else images.new_zeros(0, 21, 2)
        return pixels_from_places(found, images.shape[-1])

    @torch.no_grad()
    def regress(self, images: Float[Tensor, "n 3 side side"]) -> RegressedHands:
        """Everything: parameters of all steps, keypoints, 3D joints and meshes; ``n`` is at least 1."""
        vectors = torch.cat([self._vectors(chunk) for chunk in _chunks(images)], 1)
        hand, last, device = self.hand, vectors[-1], images.device
        return RegressedHands(
            vectors=vectors.to(device),
            keypoints_px=pixels_from_places(hand.places(last), images.shape[-1]).to(device),
            joints_m=hand.keypoints_m(last).to(device),
            vertices_m=hand.vertices_m(last).to(device),
            faces=hand.faces,
        )

    def _vectors(self, images: Float[Tensor, "n 3 side side"]) -> Float[Tensor, "step n parameter"]:
        return self.network(fitted(images.to(self.hand.mean.device), self.config.image_px))


def _chunks(images: Tensor) -> tuple[Tensor, ...]:
    return images.split(CHUNK) if len(images) else ()
