# SPDX-License-Identifier: Apache-2.0
"""A submission to FreiHAND's challenge is read as it was written; half of one is refused."""

import json

import pytest
import torch

from handcraft.data import read_freihand_predictions, read_freihand_truth, write_freihand_predictions
from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for

JOINTS_M = torch.rand(3, 21, 3, generator=generator_for(91), dtype=torch.float64)
VERTICES_M = torch.rand(3, 30, 3, generator=generator_for(92), dtype=torch.float64)


def test_what_is_written_is_read(tmp_path):
    write_freihand_predictions(tmp_path / "pred.json", JOINTS_M, VERTICES_M)
    found = read_freihand_predictions(tmp_path / "pred.json")
    assert torch.equal(found.joints_m, JOINTS_M)
    assert torch.equal(found.vertices_m, VERTICES_M)
    assert len(found) == 3


def test_the_layout_is_the_challenge_s(tmp_path):
    """Two lists, joints first, an entry a photograph each; nothing else."""
    write_freihand_predictions(tmp_path / "pred.json", JOINTS_M, VERTICES_M)
    assert json.loads((tmp_path / "pred.json").read_text()) == [JOINTS_M.tolist(), VERTICES_M.tolist()]


def test_truth_is_two_files(tmp_path):
    (tmp_path / "evaluation_xyz.json").write_text(json.dumps(JOINTS_M.tolist()))
    (tmp_path / "evaluation_verts.json").write_text(json.dumps(VERTICES_M.tolist()))
    found = read_freihand_truth(tmp_path)
    assert torch.equal(found.joints_m, JOINTS_M)
    assert torch.equal(found.vertices_m, VERTICES_M)
    with pytest.raises(HandcraftError, match=r"training_xyz\.json, but it is missing"):
        read_freihand_truth(tmp_path, split="training")
    (tmp_path / "evaluation_verts.json").unlink()
    with pytest.raises(HandcraftError, match=r"evaluation_verts\.json, but it is missing; .*measure joints"):
        read_freihand_truth(tmp_path)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"xyz": []}, "a list of two lists, joints and vertices, but got dict"),
        ([JOINTS_M.tolist()], "but got a list of 1"),
        ([JOINTS_M.tolist(), VERTICES_M[:2].tolist()], "the same frames in .*, but got 3 and 2"),
        ([JOINTS_M[:, :20].tolist(), VERTICES_M.tolist()], "21 joints a frame in .*, but got 20"),
        ([JOINTS_M.tolist(), [[], [], []]], "where there is no surface write zeros"),
        ([JOINTS_M.tolist(), [*VERTICES_M[:2].tolist(), [[0.0, 0.0, 0.0]]]], "as many vertices of 3 numbers"),
        ([(JOINTS_M * 1000).tolist(), VERTICES_M.tolist()], "joints in .* in metres, but the largest is .*by 1000"),
        ([JOINTS_M.tolist(), (VERTICES_M / 0).tolist()], r"finite vertices in .*, but frame 0 \(from 0\) has others"),
    ],
)
def test_other_layouts_are_refused(held, said, tmp_path):
    (tmp_path / "pred.json").write_text(json.dumps(held))
    with pytest.raises(HandcraftError, match=said) as caught:
        read_freihand_predictions(tmp_path / "pred.json")
    assert "\n" not in str(caught.value)


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(HandcraftError, match=r"pred\.json, but it is missing"):
        read_freihand_predictions(tmp_path / "pred.json")
    (tmp_path / "pred.json").write_text("[[1, 2")
    with pytest.raises(HandcraftError, match="to be JSON"):
        read_freihand_predictions(tmp_path / "pred.json")


def test_half_a_submission_is_not_written(tmp_path):
    path = tmp_path / "pred.json"
    with pytest.raises(HandcraftError, match="the same frames, but got 3 and 2"):
        write_freihand_predictions(path, JOINTS_M, VERTICES_M[:2])
    with pytest.raises(HandcraftError, match="the same frames, but got 0 and 0"):
        write_freihand_predictions(path, JOINTS_M[:0], VERTICES_M[:0])
    with pytest.raises(HandcraftError, match="finite joints and vertices"):
        write_freihand_predictions(path, JOINTS_M, VERTICES_M / 0)
    assert not path.exists()
