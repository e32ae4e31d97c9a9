# SPDX-License-Identifier: Apache-2.0
"""What stands before the camera: values and their samplers."""

from handcraft.scene.scene import Look, SampledHands, Scene, SceneConfig, sample_hands, sample_scenes

__all__ = ["Look", "SampledHands", "Scene", "SceneConfig", "sample_hands", "sample_scenes"]
