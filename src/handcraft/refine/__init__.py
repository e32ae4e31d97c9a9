# SPDX-License-Identifier: Apache-2.0
"""Rendered to photographed: moves renders towards the look of photographs without moving their labels."""

from handcraft.refine.apply import refine_prepared, refine_shards
from handcraft.refine.apply_to_pictures import refine_pictures
from handcraft.refine.architecture import DiscriminatorConfig, GeneratorConfig
from handcraft.refine.config import CycleGANConfig
from handcraft.refine.cyclegan import CycleGANLearner
from handcraft.refine.discriminators import (
    PatchDiscriminator,
    PatchDiscriminator70,
    PerceptualDiscriminator,
    PixelDiscriminator,
)
from handcraft.refine.generators import CycleGenerator
from handcraft.refine.kinds import RefinerConfig
from handcraft.refine.optimising import OptimiserConfig
from handcraft.refine.pool import ImagePool
from handcraft.refine.presets import (
    GEOCONGAN,
    LAPTOP,
    LAPTOP_FEATURES,
    MSH_GAN4,
    MSH_GAN6,
    PAPER,
    PAPER_FEATURES,
    PAPER_FULL_RESOLUTION,
    PAPER_WASSERSTEIN,
    PIX_CYCLEGAN4,
    PIX_CYCLEGAN6,
    SMOKE,
)
from handcraft.refine.refiner import Refiner
from handcraft.refine.santa import SANTA_LAPTOP, SANTA_PAPER, SANTA_SMOKE, SantaConfig
from handcraft.refine.silhouette import (
    SILHOUETTE_LAPTOP,
    SILHOUETTE_PAPER,
    SILHOUETTE_SMOKE,
    SilhouetteConfig,
    SilhouetteNetwork,
)
from handcraft.refine.silhouette_training import train_silhouette
from handcraft.refine.style import STYLE_LAPTOP, STYLE_SMOKE, StyleConfig
from handcraft.refine.train import train_refiner
from handcraft.refine.vaegan import VAEGAN_LAPTOP, VAEGAN_PAPER, VAEGAN_SMOKE, VAEGANConfig

__all__ = [
    "GEOCONGAN",
    "LAPTOP",
    "LAPTOP_FEATURES",
    "MSH_GAN4",
    "MSH_GAN6",
    "PAPER",
    "PAPER_FEATURES",
    "PAPER_FULL_RESOLUTION",
    "PAPER_WASSERSTEIN",
    "PIX_CYCLEGAN4",
    "PIX_CYCLEGAN6",
    "SANTA_LAPTOP",
    "SANTA_PAPER",
    "SANTA_SMOKE",
    "SILHOUETTE_LAPTOP",
    "SILHOUETTE_PAPER",
    "SILHOUETTE_SMOKE",
    "SMOKE",
    "STYLE_LAPTOP",
    "STYLE_SMOKE",
    "VAEGAN_LAPTOP",
    "VAEGAN_PAPER",
    "VAEGAN_SMOKE",
    "CycleGANConfig",
    "CycleGANLearner",
    "CycleGenerator",
    "DiscriminatorConfig",
    "GeneratorConfig",
    "ImagePool",
    "OptimiserConfig",
    "PatchDiscriminator",
    "PatchDiscriminator70",
    "PerceptualDiscriminator",
    "PixelDiscriminator",
    "Refiner",
    "RefinerConfig",
    "SantaConfig",
    "SilhouetteConfig",
    "SilhouetteNetwork",
    "StyleConfig",
    "VAEGANConfig",
    "refine_pictures",
    "refine_prepared",
    "refine_shards",
    "train_refiner",
    "train_silhouette",
]
