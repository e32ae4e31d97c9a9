# SPDX-License-Identifier: Apache-2.0
"""Encoder and iterative error feedback: from an image to vectors that come nearer to its hand step by step.

HMR's regressor (Kanazawa et al. 2018, section 3.2; seed 001, section 2.2): one small network, used T times, sees the
image's features and where the vector stands, and says what to add. In contrast to the code that goes with seed 001, the
last layer starts small, so training starts at the mean hand, and a frozen encoder keeps its batch statistics too.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.estimate.regressor.config import RegressorConfig
from handcraft.estimate.regressor.encoders import CompactEncoder
from handcraft.networks import initialise_kaiming, initialise_xavier
from handcraft.networks.backbones import Backbone


class FeedbackHead(nn.Module):
    """``theta_{t+1} = theta_t + f(features, theta_t)``, with one ``f`` for all steps.

    The mean vector is no part of the state: it is the hand's own, and MANO's is not ours to store.
    """

    mean: Tensor

    def __init__(
        self,
        feature_count: int,
        mean: Float[Tensor, " parameter"],
        config: RegressorConfig,
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.iterations = config.iterations
        self.register_buffer("mean", mean.clone(), persistent=False)
        last = nn.Linear(config.hidden, len(mean))
        self.correction = nn.Sequential(
            nn.Linear(feature_count + len(mean), config.hidden), nn.ReLU(), nn.Dropout(config.dropout),
            nn.Linear(config.hidden, config.hidden), nn.ReLU(), nn.Dropout(config.dropout), last,
        )  # fmt: skip
        initialise_kaiming(self.correction, generator=generator)
        initialise_xavier(last, gain=config.last_gain, generator=generator)

    def forward(self, features: Float[Tensor, "batch feature"]) -> Float[Tensor, "step batch parameter"]:
        """The vectors of every step; step 0 is the mean."""
        vectors = [self.mean.expand(features.shape[0], -1)]
        for _ in range(self.iterations):
            vectors.append(vectors[-1] + self.correction(torch.cat([features, vectors[-1]], 1)))
        return torch.stack(vectors)


class RegressorNet(nn.Module):
    """Images to the vectors of all steps.

    A ``frozen`` encoder gets no gradient and stays in evaluation mode whatever mode the rest is in.
    """

    def __init__(
        self,
        encoder: CompactEncoder | Backbone,
        mean: Float[Tensor, " parameter"],
        config: RegressorConfig,
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.is_frozen = config.frozen
        self.encoder = encoder.requires_grad_(not config.frozen)
        self.head = FeedbackHead(encoder.feature_count, mean, config, generator=generator)

    def train(self, mode: bool = True) -> "RegressorNet":
        """As every module, but for a frozen encoder."""
        super().train(mode)
        self.encoder.train(mode and not self.is_frozen)
        return self

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "step batch parameter"]:
        """Vectors of RGB images in [0, 1]; step 0 is the mean hand, the last one the answer.

        The feedback adds small numbers to large ones, so it is in float32 also where the encoder is not.
        """
        features = self.encoder(images)
        with torch.autocast(images.device.type, enabled=False):
            return self.head(features.float())
