# SPDX-License-Identifier: Apache-2.0
"""Laws of pose libraries: angles and joints belong together, the nearest is the nearest, a file is whole or refused."""

import json

import pytest
import torch
from safetensors.torch import save_file

from handcraft.errors import HandcraftError
from handcraft.hand import KEYPOINTS
from handcraft.hand.anatomy import DOF_NAMES, within_limits
from handcraft.hand.pose_library import PoseLibrary, middle_hand
from handcraft.hand.poses import touching


@pytest.fixture(scope="module")
def library(hand_model):
    return PoseLibrary.sampled(hand_model, 40, seed=3)


def test_sampled_poses_are_free_inside_the_limits_and_straight_at_the_wrist(hand_model, library):
    assert within_limits(library.angles_rad).all()
    assert not touching(middle_hand(hand_model), library.angles_rad).any()
    assert (library.angles_rad[:, :2] == 0).all()
    assert DOF_NAMES[1] == "wrist_deviation"
    assert library.angles_rad[:, 2:].std(0).min() > 0.005  # all fingers move; the middle one leans least


def test_joints_are_what_the_angles_make_of_the_middle_hand(hand_model, library):
    assert torch.allclose(library.joints_m, middle_hand(hand_model).with_pose(library.angles_rad).keypoints_m())
    assert (library.joints_m[:, 0] == 0).all()


def test_a_pose_depends_on_its_seed_and_number_only(hand_model, library):
    fewer = PoseLibrary.sampled(hand_model, 5, seed=3)
    assert torch.allclose(fewer.angles_rad, library.angles_rad[:5], atol=1e-6)
    assert not torch.allclose(PoseLibrary.sampled(hand_model, 5, seed=4).angles_rad, fewer.angles_rad, atol=0.1)


def test_bent_wrists_are_straightened(hand_model, library):
    bent = library.angles_rad + torch.tensor([0.3, 0.2] + [0.0] * 20)
    again = PoseLibrary.from_angles(hand_model, bent, "bent")
    assert torch.equal(again.angles_rad, library.angles_rad)


def test_nearest_is_what_trying_all_finds(library):
    queries = library.joints_m[:7] + 0.01 * torch.randn(7, 21, 3, generator=torch.Generator().manual_seed(0))
    distance = torch.cdist(queries.flatten(1), library.joints_m.flatten(1))
    assert torch.equal(library.nearest(queries, k=3), distance.argsort(1)[:, :3])
    assert torch.equal(library.nearest(library.joints_m)[:, 0], torch.arange(40))
    assert library.distances_m(library.joints_m).max() == 0


def test_distance_is_the_mean_over_the_joints(library):
    moved = library.joints_m[:1].clone()
    moved[0, 4, 1] += 0.0021
    assert torch.allclose(library.distances_m(moved), torch.tensor([0.0001]), rtol=1e-4)


def test_a_file_brings_back_the_library(library, tmp_path):
    library.save(tmp_path / "poses.safetensors")
    again = PoseLibrary.load(tmp_path / "poses.safetensors")
    assert torch.equal(again.angles_rad, library.angles_rad)
    assert torch.equal(again.joints_m, library.joints_m)
    assert again.source == library.source == "sampled poses, seed 3"


def test_selected_poses_keep_their_joints(library):
    some = library.select(torch.tensor([4, 2]))
    assert torch.equal(some.joints_m, library.joints_m[[4, 2]])
    assert len(some) == 2


def write(path, library, *, scale=1.0, joints=KEYPOINTS, angles=DOF_NAMES, form="handcraft pose library 1"):
    about = {"format": form, "source": "x", "angles": angles, "joints": joints}
    tensors = {"angles_rad": library.angles_rad, "joints_m": library.joints_m * scale}
    save_file(tensors, path, metadata={"handcraft": json.dumps(about)})


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"scale": 1000.0}, "millimetres"), ({"joints": KEYPOINTS[::-1]}, "order"),
        ({"angles": DOF_NAMES[::-1]}, "order"),
        ({"form": "prepared"}, "another safetensors file"),
    ],
)  # fmt: skip
def test_other_units_orders_and_files_are_refused(library, tmp_path, spoilt, said):
    write(tmp_path / "x.safetensors", library, **spoilt)
    with pytest.raises(HandcraftError, match=said):
        PoseLibrary.load(tmp_path / "x.safetensors")


def test_missing_and_cut_files_are_refused(library, tmp_path):
    with pytest.raises(HandcraftError, match="cannot be read"):
        PoseLibrary.load(tmp_path / "none.safetensors")
    library.save(tmp_path / "x.safetensors")
    whole = (tmp_path / "x.safetensors").read_bytes()
    (tmp_path / "x.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(HandcraftError, match="cannot be read"):
        PoseLibrary.load(tmp_path / "x.safetensors")


def test_impossible_requests_are_refused(hand_model, library):
    with pytest.raises(HandcraftError, match="`k`"):
        library.nearest(library.joints_m, k=41)
    with pytest.raises(HandcraftError, match="`count`"):
        PoseLibrary.sampled(hand_model, 0, seed=0)
    with pytest.raises(HandcraftError, match="NaN"):
        PoseLibrary(library.angles_rad * float("nan"), library.joints_m, "x")
