# SPDX-License-Identifier: Apache-2.0
"""Sets of MANO hands: from the user's file, of either side, labelled like Anny's."""

import json

import pytest
import torch

from handcraft.cli.render import main
from handcraft.data import export_freihand
from handcraft.data.rendered import RenderedSet
from handcraft.hand.skeleton import FINGERS, KEYPOINTS
from handcraft.scene import SceneConfig
from tests.data.mano.make import write_mano


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mano")
    write_mano(folder)
    return [folder / "MANO_RIGHT.pkl", folder / "MANO_LEFT.pkl"]


def handedness(samples):
    """Above 0 for right hands: fingers bend, on the whole, towards the side of the palm."""
    joints_m = torch.stack([sample.joints_m for sample in samples])
    wrist, index, middle, little = (
        joints_m[:, KEYPOINTS.index(name)] for name in ("wrist", "index_mcp", "middle_mcp", "little_mcp")
    )
    bend = torch.stack([joints_m[:, KEYPOINTS.index(f"{finger}_tip")] for finger in FINGERS[1:]]).mean(0) - middle
    return torch.linalg.det(torch.stack([index - little, middle - wrist, bend], 1)).sum()


@pytest.mark.parametrize("number", [0, 1])
def test_either_file_gives_hands_of_the_side_asked_for(files, number):
    for share, side in ((0.0, "right"), (1.0, "left")):
        mano, anny = (
            list(RenderedSet(SceneConfig(size_px=48, mano=path, left_share=share), 3, 16))
            for path in (files[number], None)
        )
        assert {sample.side for sample in mano} == {side}
        assert torch.sign(handedness(mano)) == torch.sign(handedness(anny)) == (1 if side == "right" else -1)


def test_the_record_says_the_shape_and_the_set_the_file(files, tmp_path, capsys):
    (sample,) = RenderedSet(SceneConfig(size_px=48, mano=files[0]), 0, 1)
    assert sample.shape.shape == (10,)
    assert sample.mask.any()
    at = sample.keypoints_px.floor().long().clamp(0, 47)
    assert (sample.parts[at[:, 1], at[:, 0]] > 0)[sample.visible].all()
    arguments = ["--count", "3", "--size-px", "32", "--workers", "1", "--out", str(tmp_path / "set")]
    assert main([*arguments, "--mano", str(files[0])]) == 0
    capsys.readouterr()
    assert "MANO" in (tmp_path / "set" / "dataset.json").read_text()


def test_an_export_has_manos_own_vertices(files, tmp_path):
    config = SceneConfig(size_px=48, mano=files[0], vertices=True, left_share=0.0)
    samples = list(RenderedSet(config, 0, 2))
    export_freihand(samples, tmp_path / "freihand")
    written = torch.tensor(json.loads((tmp_path / "freihand" / "training_verts.json").read_text()))
    assert written.shape == (2, 778, 3)
    wrist_m = torch.stack([sample.joints_m[:1] for sample in samples])
    tips_m = torch.stack(
        [sample.joints_m[[KEYPOINTS.index(f"{finger}_tip") for finger in FINGERS]] for sample in samples]
    )
    assert torch.cdist(tips_m, written).amin(2).max() < 0.002  # a tip is a vertex
    assert torch.cdist(wrist_m, written).max() < 0.25  # and nothing of the forearm, which is longer, is there
