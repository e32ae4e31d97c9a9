# SPDX-License-Identifier: Apache-2.0
"""3D joints from label files: every format brings back what was written, in metres and in our order."""

import json

import numpy as np
import pytest
import torch

from handcraft.data import HandSample
from handcraft.data.readers.joint_files import BIGHAND_JOINTS, MANO_KEYPOINTS, joints_of_samples, read_joint_file
from handcraft.errors import HandcraftError
from handcraft.hand import KEYPOINTS
from handcraft.hand.skeleton import reorder
from tests.data.joint_files.make import BIGHAND_PLACES, write_bighand, write_freihand_joints, write_named_csv
from tests.data.mano.make import right_entries, write_mano

JOINTS_M = torch.rand(6, 21, 3, generator=torch.Generator().manual_seed(0)) * 0.2


def same(found, wanted=JOINTS_M):
    return torch.allclose(found.joints_m, wanted, atol=1e-6)


def test_bighand_is_put_in_order_and_into_metres(tmp_path):
    write_bighand(tmp_path / "full_annotation", JOINTS_M)
    assert same(read_joint_file(tmp_path / "full_annotation"))
    one = next((tmp_path / "full_annotation" / "Subject_2").iterdir())
    assert same(read_joint_file(one), JOINTS_M[3:])


def test_bighands_order_is_the_published_one():
    assert reorder(target=KEYPOINTS, source=BIGHAND_JOINTS) == list(BIGHAND_PLACES)
    assert BIGHAND_JOINTS[2:6] == ("index_mcp", "middle_mcp", "ring_mcp", "little_mcp")


def test_manos_little_finger_comes_before_its_ring_finger_and_its_thumb_last():
    placed = [0, 13, 14, 15, 16, 1, 2, 3, 17, 4, 5, 6, 18, 10, 11, 12, 19, 7, 8, 9, 20]
    assert reorder(target=KEYPOINTS, source=MANO_KEYPOINTS) == placed


def test_json_npy_and_csv_bring_back_what_was_written(tmp_path):
    write_freihand_joints(tmp_path / "training_xyz.json", JOINTS_M)
    assert same(read_joint_file(tmp_path / "training_xyz.json"))
    np.save(tmp_path / "a.npy", (100 * JOINTS_M).numpy().reshape(6, 63))
    assert same(read_joint_file(tmp_path / "a.npy", unit="cm"))
    in_mano = JOINTS_M[:, reorder(target=MANO_KEYPOINTS, source=KEYPOINTS)]
    np.save(tmp_path / "b.npy", in_mano.numpy())
    assert same(read_joint_file(tmp_path / "b.npy", order=MANO_KEYPOINTS))
    rows = [",".join(str(value) for value in hand.flatten().tolist()) for hand in 1000 * JOINTS_M]
    (tmp_path / "bare.csv").write_text("\n".join(rows))
    assert same(read_joint_file(tmp_path / "bare.csv", unit="mm"))


def test_a_csv_with_a_heading_needs_no_order(tmp_path):
    names = KEYPOINTS[::-1]
    write_named_csv(tmp_path / "named.csv", JOINTS_M[:, reorder(target=names, source=KEYPOINTS)], names)
    assert same(read_joint_file(tmp_path / "named.csv"))


def test_left_hands_become_right_ones_once():
    joints = joints_of_samples(
        (
            HandSample(key=f"k{i}", image=torch.zeros(3, 2, 2), source="x", is_real=False, subject="s", side=side,
                       joints_m=JOINTS_M[i])
            for i, side in enumerate(("left", "right"))
        ),
        "x",
    )  # fmt: skip
    assert torch.equal(joints.right_joints_m()[0], JOINTS_M[0] * torch.tensor([1.0, 1.0, -1.0]))
    assert torch.equal(joints.right_joints_m()[1], JOINTS_M[1])


def write_scans(path, **changes):
    np.savez(path, **(right_entries() | changes))


def test_manos_scans_are_posed_about_the_mean_on_the_mean_shape(tmp_path, hand_model):
    still, mean = np.zeros((1, 45)), right_entries()["hands_mean"]
    write_scans(tmp_path / "flat.npz", hands_coeffs=still, hands_mean=0 * mean)
    write_scans(tmp_path / "mean.npz", hands_coeffs=still)
    flat, relaxed = (read_joint_file(tmp_path / name).joints_m for name in ("flat.npz", "mean.npz"))
    chain = flat[0, [KEYPOINTS.index(name) for name in MANO_KEYPOINTS[:16]]]
    assert torch.allclose(chain, torch.tensor(right_entries()["J"], dtype=torch.float32), atol=1e-5)
    assert (relaxed - flat)[0, KEYPOINTS.index("index_tip")].norm() > 0.01  # the mean is a curled hand
    write_mano(tmp_path)
    right, left = (read_joint_file(tmp_path / f"MANO_{side}.pkl") for side in ("RIGHT", "LEFT"))
    assert len(right) == len(left) == 20
    assert left.is_left.all()
    assert not right.is_left.any()
    assert torch.allclose(left.joints_m * torch.tensor([-1.0, 1.0, 1.0]), right.joints_m, atol=1e-5)


def test_a_mano_file_without_scans_is_refused(tmp_path, hand_model):
    write_scans(tmp_path / "none.npz", hands_coeffs=np.zeros((0, 45)))
    with pytest.raises(HandcraftError, match="hands_coeffs"):
        read_joint_file(tmp_path / "none.npz")


def nothing(path):
    path.write_text("")


def half_a_line(path):
    path.write_text("image_D00000000.png\t" + "\t".join(["1.0"] * 40) + "\n")


def words(path):
    path.write_text(json.dumps([["here", "there"]]))


def too_few(path):
    path.write_text(json.dumps([[[0, 0, 0]] * 16]))


def ragged(path):
    path.write_text(json.dumps([[[0, 0, 0]] * 21, [[0, 0, 0]] * 20]))


def a_pickle(path):
    np.save(path, np.array([{"joints": 1}], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    ("name", "spoil", "said"),
    [
        ("a.txt", nothing, "is empty"), ("a.txt", half_a_line, "a name and 63 numbers"),
        ("a.json", nothing, "to be json"),
        ("a.json", words, "63 numbers a hand"), ("a.json", too_few, r"got the shape \(1, 16, 3\)"),
        ("a.json", ragged, "63 numbers a hand"), ("a.npy", a_pickle, "array of numbers"),
        ("a.npy", nothing, "array of"),
        ("a.csv", nothing, "is empty"), ("a.mat", nothing, "to end in .txt"),
    ],
)  # fmt: skip
def test_spoilt_files_are_refused_in_one_line(tmp_path, name, spoil, said):
    spoil(tmp_path / name)
    with pytest.raises(HandcraftError, match=said) as refused:
        read_joint_file(tmp_path / name)
    assert name in str(refused.value)


def test_missing_columns_files_and_joints_are_named(tmp_path):
    write_named_csv(tmp_path / "a.csv", JOINTS_M[:, :20], KEYPOINTS[:20])
    with pytest.raises(HandcraftError, match="little_tip_x"):
        read_joint_file(tmp_path / "a.csv")
    with pytest.raises(HandcraftError, match="no such file"):
        read_joint_file(tmp_path / "b.csv")
    np.save(tmp_path / "a.npy", JOINTS_M.numpy())
    with pytest.raises(HandcraftError, match="`order`"):
        read_joint_file(tmp_path / "a.npy", order=("wrist",) * 21)
    with pytest.raises(HandcraftError, match="3D joints"):
        joints_of_samples([], "nothing")
