# SPDX-License-Identifier: Apache-2.0
"""A trained hand network as an ONNX file: bytes of crops in, everything in users' units out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from handcraft import __version__
from handcraft.errors import HandcraftError
from handcraft.estimate.hand.config import HandNetConfig
from handcraft.estimate.hand.learner import KIND, TOLD, make_hand_net
from handcraft.estimate.hand.network import HandNet
from handcraft.estimate.parity import example_crops, write_onnx
from handcraft.hand.anatomy import DOF_NAMES
from handcraft.hand.skeleton import KEYPOINTS
from handcraft.training import RunFolder, load_checkpoint

OUTPUT_NAMES = (
    "keypoints_px",
    "confidence",
    "keypoints_3d_m",
    "right",
    "presence",
    "angles_rad",
    "camera_from_hand",
    "shape",
)
LICENCE = "Apache-2.0"
DATA = "handcraft's own renders"


class ExportedHandNet(nn.Module):
    """The network with what stands before and behind it: bytes to images, places to pixels, logits to shares."""

    def __init__(self, network: HandNet, image_px: int) -> None:
        super().__init__()
        self.network, self.image_px = network.eval(), image_px

    def forward(self, crops: UInt8[Tensor, "batch side side 3"]) -> tuple[Tensor, ...]:
        """The tensors of ``OUTPUT_NAMES``."""
        outputs = self.network(crops.permute(0, 3, 1, 2).float() / 255)
        return (
            outputs.places * self.image_px,
            torch.sigmoid(outputs.confidence_logits),
            outputs.joints_m,
            torch.sigmoid(outputs.right_logits),
            torch.sigmoid(outputs.presence_logits),
            outputs.angles_rad,
            outputs.camera_from_hand,
            outputs.shape,
        )


def load_hand_net(path: Path) -> tuple[HandNet, HandNetConfig, dict[str, Any]]:
    """The averaged network of a run folder or checkpoint, its configuration, and what is worth telling of the run.

    Raises:
        HandcraftError: no checkpoint there, or one that is damaged, of another kind or version.
    """
    path = Path(path)
    file = RunFolder.open(path).checkpoint if path.is_dir() else path
    checkpoint = load_checkpoint(file, kind=KIND)
    config = HandNetConfig.from_recorded(checkpoint.config)
    network = make_hand_net(config, generator=torch.Generator())
    try:
        network.load_state_dict(checkpoint.state["learner"]["average"])
    except (RuntimeError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise HandcraftError(f"Expected {file} to fit its configuration, but it does not: {reason}.") from error
    told = {
        "data": DATA,
        "steps": checkpoint.step,
        "batch_size": config.batch_size,
        "seed": config.seed,
        "handcraft": __version__,
        **checkpoint.state["learner"].get(TOLD, {}),
    }
    return network.eval(), config, told


def export_hand_net(run: Path, out: Path) -> None:
    """Write the hand network of ``run`` as the ONNX file ``out``, which ``handcraft.predict`` reads.

    Raises:
        HandcraftError: no such run, onnx is not installed, or the file's answers differ from torch's.
    """
    write_hand_net(*load_hand_net(run), out)


def write_hand_net(network: HandNet, config: HandNetConfig, told: Mapping[str, Any], out: Path) -> None:
    """Write ``network`` as the ONNX file ``out``; ``told`` is what is worth telling of its training.

    Raises:
        HandcraftError: onnx is not installed, or the file's answers differ from torch's.
    """
    about = {
        "image_px": config.image_px,
        "box_scale": config.crops.box_scale,
        "keypoints": KEYPOINTS,
        "dof": DOF_NAMES,
        "shape": config.stream.shape_names,
        "units": {"keypoints_px": "pixel of the crop", "keypoints_3d_m": "metre from the wrist, camera axes"},
        "licence": LICENCE,
        "training": {**told, "config": config.without_loop()},
    }
    write_onnx(
        ExportedHandNet(network, config.image_px),
        (example_crops(config.image_px),),
        out,
        input_names=["crops"],
        output_names=OUTPUT_NAMES,
        dynamic_batch=True,
        metadata={"handcraft.kind": KIND, "handcraft.format": "1", "handcraft.about": about},
        units={"keypoints_px": float(config.image_px)},
    )
