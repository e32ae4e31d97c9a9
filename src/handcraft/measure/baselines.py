# SPDX-License-Identifier: Apache-2.0
"""Estimators that do not look at the image. A trained one that cannot beat them has learned nothing about hands.

In a crop around the hand, answering near the centre already gives a fair error, so no table should be read without
these two rows.
"""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import KEYPOINTS


@dataclass(frozen=True)
class MeanPose:
    """Answers every image with the mean of the training keypoints, in the frame of the crop.

    >>> import torch
    >>> keypoints_px = torch.stack([torch.zeros(21, 2), torch.full((21, 2), 8.0)])
    >>> mean_pose = MeanPose.fit(keypoints_px, confidence=torch.ones(2, 21))
    >>> mean_pose(torch.zeros(5, 3, 64, 64))[4, 0].tolist()
    [4.0, 4.0]
    """

    keypoints_px: Float[Tensor, "21 2"]

    @classmethod
    def fit(cls, keypoints_px: Float[Tensor, "image 21 2"], confidence: Float[Tensor, "image 21"]) -> "MeanPose":
        """Mean of each keypoint over the images that label it.

        Raises:
            HandcraftError: a keypoint that no image labels.
        """
        labelled = (confidence > 0)[..., None]
        never = [name for name, seen in zip(KEYPOINTS, labelled.any(dim=0)[:, 0].tolist(), strict=True) if not seen]
        if never:
            raise HandcraftError(
                f"Expected `confidence` to label every keypoint in some image, but {', '.join(never)} never is; "
                "use training images that show them."
            )
        total = keypoints_px.double().where(labelled, 0.0).sum(dim=0)
        return cls((total / labelled.sum(dim=0)).to(keypoints_px.dtype))

    def __call__(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 21 2"]:
        """The same 21 points for each image, px."""
        return self.keypoints_px.to(images.device).expand(len(images), -1, -1)


@dataclass(frozen=True)
class ImageCentre:
    """Answers every image with its centre, 21 times.

    >>> import torch
    >>> ImageCentre()(torch.zeros(1, 3, 48, 64))[0, 20].tolist()
    [32.0, 24.0]
    """

    def __call__(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 21 2"]:
        """The centre (width / 2, height / 2), px: pixel (0, 0) has its own at (0.5, 0.5)."""
        height, width = images.shape[-2:]
        return images.new_tensor([width / 2, height / 2]).expand(len(images), len(KEYPOINTS), -1)
