# SPDX-License-Identifier: Apache-2.0
"""Any trained estimator as one ONNX file: bytes of square crops in, numbers in users' units out.

The hand network and the finder are files that ``handcraft predict`` reads. The others are for other programs: their
metadata say what goes in and what comes out.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from handcraft import __version__
from handcraft.estimate import keypoint_learner, segmenter_learner
from handcraft.estimate.estimator import Estimator
from handcraft.estimate.finder import learner as finder_learner
from handcraft.estimate.finder.export import export_finder
from handcraft.estimate.finder.finder import Finder
from handcraft.estimate.hand import learner as hand_learner
from handcraft.estimate.hand.export import LICENCE, export_hand_net
from handcraft.estimate.hand.surface import KIND as SURFACE
from handcraft.estimate.hand.surface import export_surface
from handcraft.estimate.networks import network_input
from handcraft.estimate.parity import example_crops, write_onnx
from handcraft.estimate.regressor import learner as regressor_learner
from handcraft.estimate.regressor.regressor import Regressor
from handcraft.estimate.segmenter import Segmenter
from handcraft.hand.skeleton import KEYPOINTS
from handcraft.training import Checkpoint, RunFolder, load_checkpoint

FORMAT = "1"
ANNY = Path("anny")
"""Stands for Anny's hand, which needs no training, where a run is asked for."""
OWN_SCENES = "handcraft's own renders, composed into scenes"


class _FromBytes(nn.Module):
    """A network behind the step from bytes to images in [0, 1]."""

    def __init__(self, network: nn.Module, answer: Callable[[nn.Module, Tensor], Tensor]) -> None:
        super().__init__()
        self.network, self.answer = network.eval(), answer

    def forward(self, crops: UInt8[Tensor, "batch side side 3"]) -> Tensor:
        return self.answer(self.network, crops.permute(0, 3, 1, 2).float() / 255)


def export_estimator(run: Path, out: Path) -> str:
    """Write the trained estimator of a run folder or checkpoint as the ONNX file ``out``; returns its kind.

    ``anny`` instead of a run writes the surface of Anny's hand.

    Raises:
        HandcraftError: no estimator there, a damaged one, onnx is not installed, or the file's answers differ from
            torch's by more than 1e-4 (places: of the crop's side).
    """
    run = Path(run)
    if run == ANNY:
        export_surface(out)
        return SURFACE
    file = RunFolder.open(run).checkpoint if run.is_dir() else run
    checkpoint = load_checkpoint(file, kind=tuple(EXPORTS))
    EXPORTS[checkpoint.kind](file, out, checkpoint)
    return checkpoint.kind


def _hand(file: Path, out: Path, checkpoint: Checkpoint) -> None:
    export_hand_net(file, out)


def _finder(file: Path, out: Path, checkpoint: Checkpoint) -> None:
    told = {**_told(checkpoint), "batch_size": checkpoint.config.get("batch_size"), "data": OWN_SCENES}
    export_finder(Finder.load(file), out, licence=LICENCE, training=told)


def _keypoints(file: Path, out: Path, checkpoint: Checkpoint) -> None:
    estimator = Estimator.load(file)
    config, codec = estimator.config, estimator.network.codec

    def answer(network: nn.Module, images: Tensor) -> Tensor:
        return codec.decode(estimator.network.heatmaps(network(network_input(images, config))))

    about = {"keypoints": KEYPOINTS, "units": {"keypoints_px": "pixel of the crop"}, "input": config.input}
    _write(estimator.network, answer, out, checkpoint, side=config.image_px, output="keypoints_px", about=about)


def _regressor(file: Path, out: Path, checkpoint: Checkpoint) -> None:
    regressor = Regressor.load(file)
    about = {
        "units": {"parameters": "logarithm of the scale, right, down | turn | pose | shape of the last step"},
        "hand": regressor.config.hand,
    }
    side = regressor.config.image_px
    _write(
        regressor.network, lambda network, images: network(images)[-1], out, checkpoint, side=side,
        output="parameters", about=about,
    )  # fmt: skip


def _segmenter(file: Path, out: Path, checkpoint: Checkpoint) -> None:
    segmenter = Segmenter.load(file)
    about = {"units": {"mask": "probability that the pixel is the hand's, of one look at the whole picture"}}
    side = segmenter.config.image_px
    _write(
        segmenter.network, lambda network, images: torch.sigmoid(network(images)), out, checkpoint, side=side,
        output="mask", about=about,
    )  # fmt: skip


def _write(
    network: nn.Module,
    answer: Callable[[nn.Module, Tensor], Tensor],
    out: Path,
    checkpoint: Checkpoint,
    *,
    side: int,
    output: str,
    about: Mapping[str, Any],
) -> None:
    told = {**about, "image_px": side, "licence": LICENCE, "training": _told(checkpoint)}
    write_onnx(
        _FromBytes(network, answer),
        (example_crops(side),),
        out,
        input_names=["crops"],
        output_names=[output],
        dynamic_batch=True,
        metadata={"handcraft.kind": checkpoint.kind, "handcraft.format": FORMAT, "handcraft.about": told},
        units={"keypoints_px": float(side)},
    )


def _told(checkpoint: Checkpoint) -> dict[str, Any]:
    return {"steps": checkpoint.step, "seed": checkpoint.config.get("seed"), "handcraft": __version__}


EXPORTS: dict[str, Callable[[Path, Path, Checkpoint], None]] = {
    hand_learner.KIND: _hand,
    finder_learner.KIND: _finder,
    keypoint_learner.KIND: _keypoints,
    regressor_learner.KIND: _regressor,
    segmenter_learner.KIND: _segmenter,
}
"""By the ``kind`` of their checkpoints."""
