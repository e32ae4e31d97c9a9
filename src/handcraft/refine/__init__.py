# SPDX-License-Identifier: Apache-2.0
"""Rendered to photographed: moves renders towards the look of photographs without moving their labels."""

from handcraft.refine.apply import refine_prepared, refine_shards
from handcraft.refine.config import LAPTOP, LAPTOP_FEATURES, PAPER, PAPER_FEATURES, SMOKE, CycleGANConfig
from handcraft.refine.cyclegan import CycleGANLearner
from handcraft.refine.networks import CycleGenerator, PatchDiscriminator
from handcraft.refine.pool import ImagePool
from handcraft.refine.refiner import Refiner
from handcraft.refine.train import train_refiner

__all__ = [
    "LAPTOP",
    "LAPTOP_FEATURES",
    "PAPER",
    "PAPER_FEATURES",
    "SMOKE",
    "CycleGANConfig",
    "CycleGANLearner",
    "CycleGenerator",
    "ImagePool",
    "PatchDiscriminator",
    "Refiner",
    "refine_prepared",
    "refine_shards",
    "train_refiner",
]
