# SPDX-License-Identifier: Apache-2.0
"""What stands before the camera: values and their samplers."""

from handcraft.scene.lights import LightConfig
from handcraft.scene.occluders import OccluderConfig
from handcraft.scene.photographs import BackdropConfig
from handcraft.scene.placement import Placement, PlacementConfig
from handcraft.scene.scene import Look, SampledHands, Scene, SceneConfig, sample_hands, sample_scenes
from handcraft.scene.sensors import DepthSensorConfig, SensorConfig
from handcraft.scene.sequences import MotionConfig, SequenceConfig, load_library, sample_sequences
from handcraft.scene.skin import SkinConfig
from handcraft.scene.wear import WearConfig

__all__ = [
    "BackdropConfig",
    "DepthSensorConfig",
    "LightConfig",
    "Look",
    "MotionConfig",
    "OccluderConfig",
    "Placement",
    "PlacementConfig",
    "SampledHands",
    "Scene",
    "SceneConfig",
    "SensorConfig",
    "SequenceConfig",
    "SkinConfig",
    "WearConfig",
    "load_library",
    "sample_hands",
    "sample_scenes",
    "sample_sequences",
]
