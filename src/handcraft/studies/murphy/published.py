# SPDX-License-Identifier: Apache-2.0
"""Seed 000's figures as printed or stored, and what they measure: Murphy, "Refining Hand Pose Training Data", 2021."""

from dataclasses import dataclass

RAW = "raw renders"
NORMALISED = "normalised renders"
VAEGAN = "VAEGAN"
CYCLEGAN = "CycleGAN"
FEATURE_MAP = "feature-map CycleGAN"

REFINERS = (VAEGAN, CYCLEGAN, FEATURE_MAP)
METHODS = {
    RAW: "Synthetic wo/ Norm",
    NORMALISED: "Synthetic w/ Norm",
    VAEGAN: "VAEGAN",
    CYCLEGAN: "CycleGAN Authentic",
    FEATURE_MAP: "CycleGAN D Feat. Map 1",
}
"""The training sets of the document in its order, and what it calls them."""


@dataclass(frozen=True)
class PoseFigures:
    """A column of Table 4.1; pixels of the crop."""

    epe_median_px: float
    epe_mean_px: float
    auc_30px: float


@dataclass(frozen=True)
class RealismFigures:
    """What the document's code stored of one set, the mean of five draws."""

    nearest_neighbour: dict[str, float]
    """1-NN accuracy in each of the spaces."""
    inception: float
    root_frechet: float
    """Square root of the Fréchet distance of softmax vectors."""


def _stored(pixels: float, conv: float, logits: float, softmax: float, inception: float, root: float) -> RealismFigures:
    return RealismFigures({"pixels": pixels, "conv": conv, "logits": logits, "softmax": softmax}, inception, root)


TABLE_4_1 = {
    RAW: PoseFigures(16.081, 16.799, 0.465),
    NORMALISED: PoseFigures(15.664, 16.186, 0.483),
    VAEGAN: PoseFigures(15.941, 16.933, 0.462),
    CYCLEGAN: PoseFigures(15.888, 16.608, 0.472),
    FEATURE_MAP: PoseFigures(15.802, 16.365, 0.478),
}
REALISM = {
    RAW: _stored(0.936, 0.964, 0.944, 0.800, 2.04, 0.194),
    NORMALISED: _stored(0.976, 0.990, 0.981, 0.861, 3.19, 0.266),
    VAEGAN: _stored(0.941, 0.980, 0.971, 0.827, 2.13, 0.162),
    CYCLEGAN: _stored(0.950, 0.963, 0.942, 0.798, 2.08, 0.168),
    FEATURE_MAP: _stored(0.936, 0.917, 0.890, 0.688, 2.46, 0.110),
}
CONTROL = _stored(0.305, 0.305, 0.304, 0.303, 2.90, 0.024)
"""FreiHAND against FreiHAND."""

TABLE_SOURCE = "seed 000, Table 4.1: one training of hand3d's PoseNet a column, FreiHAND's last 8,140 frames"
SCORES_SOURCE = (
    "the arrays that the document's repository stores of its figures 4.1 to 4.4: ResNet-34, means of five draws of "
    "12,800 images"
)

NO_ADVERSARIAL_GRADIENT = (
    "In the published code no adversarial gradient reaches the generators of either CycleGAN: what its image pool "
    "returns has no graph. The published figures of both do not measure the method of equations 3.5 to 3.9; ours do."
)
NEAR_CHANCE = (
    "The published errors are near chance: in a crop of 64 px, answering the middle has about 15 to 17 px too. One "
    "training a column; the differences are those of single runs. The document has no baselines, ours are added."
)
TEST_COLOURS = (
    "The document does not say whether its test photographs were normalised for the normalised renders. Ours are not; "
    "the arm with both sides normalised is beside it."
)
MEDIAN = "The published median is the mean over keypoints of each keypoint's median; ours is of the same kind."
SPACE_NAMES = (
    'The document\'s "first feature" is pixels and its "fourth" the softmax vector, which exaggerates the gain of the '
    "feature-map CycleGAN: in the convolutional space its 1-NN accuracy is 0.917 against 0.963."
)
OVERLAPPING_CONTROL = (
    "The published control of 0.30 is an artefact: its two draws share 39 % of their images, whose copies count as "
    "wrong. Ours are disjoint, so one half is chance."
)
REDRAWS = (
    "The published F-ratios (1195, 3347, 13150 and 3054, p < .00001) are over five redraws of one trained model: they "
    "say that draws are large, not that a method differs. Ours are over trained models."
)
ROOT_FRECHET = (
    "The published distance is the square root of a Fréchet distance on softmax vectors; it calls the normalised "
    "renders worst, which trained the best estimator. The standard distance (squared, pooled features) is beside it."
)
INCEPTION_OF_BACKGROUNDS = (
    "An inception score on ImageNet's classes says little about hands, and it never looks at photographs: the "
    "published scores of unrefined renders are both the highest and the lowest."
)
SUPERVISED_EMBEDDING = (
    "The published embeddings were made with the sets' labels given to UMAP, which forces the clusters they show. Ours "
    "know no labels."
)
