# SPDX-License-Identifier: Apache-2.0
"""Every layout says the same joints, in metres; what cannot be meant is refused with its place and the cure."""

import numpy as np
import pytest
import torch
from scipy.io import savemat

from handcraft.data import ICVL, MSRA15, NYU, read_depth_joints
from handcraft.errors import HandcraftError
from tests.data.depth.make import (
    PLACES,
    icvl_uvd,
    nyu_uvd,
    some_joints_mm,
    write_joint_data,
    write_pixel_predictions,
    write_rows,
)

ALL_MM = some_joints_mm(5, 36)
CHOSEN_MM = ALL_MM[:, PLACES]


def expect_joints(found, joints_mm):
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found.numpy(), joints_mm / 1000, atol=1e-9)


@pytest.mark.parametrize("joints_mm", [CHOSEN_MM, ALL_MM], ids=["14 joints", "36 joints"])
@pytest.mark.parametrize("between", [" ", "\t", ",", "; "])
def test_text_of_pixels_and_depths(joints_mm, between, tmp_path):
    write_rows(tmp_path / "method.txt", nyu_uvd(joints_mm), between=between)
    expect_joints(read_depth_joints(tmp_path / "method.txt", NYU), CHOSEN_MM)


def test_text_of_camera_coordinates(tmp_path):
    write_rows(tmp_path / "method.txt", CHOSEN_MM)
    expect_joints(read_depth_joints(tmp_path / "method.txt", NYU, coordinates="xyz"), CHOSEN_MM)


@pytest.mark.parametrize("coordinates", ["uvd", "xyz"])
def test_nyu_s_own_file_is_read_of_its_first_camera(coordinates, tmp_path):
    write_joint_data(tmp_path / "joint_data.mat", ALL_MM)
    expect_joints(read_depth_joints(tmp_path / "joint_data.mat", NYU, coordinates=coordinates), CHOSEN_MM)


@pytest.mark.parametrize("shape", [(5, 14, 3), (5, 42)])
def test_arrays(shape, tmp_path):
    uvd = nyu_uvd(CHOSEN_MM).reshape(shape)
    np.save(tmp_path / "method.npy", uvd)
    savemat(tmp_path / "method.mat", {"uvd": uvd})
    expect_joints(read_depth_joints(tmp_path / "method.npy", NYU), CHOSEN_MM)
    expect_joints(read_depth_joints(tmp_path / "method.mat", NYU), CHOSEN_MM)


def test_names_before_the_numbers_are_passed_over(tmp_path):
    joints_mm = some_joints_mm(3, 16)
    names = [f"test_seq_1/image_{number:04d}.png" for number in range(3)]
    write_rows(tmp_path / "labels.txt", icvl_uvd(joints_mm), names=names)
    expect_joints(read_depth_joints(tmp_path / "labels.txt", ICVL), joints_mm)


def test_a_count_before_the_lines_is_passed_over(tmp_path):
    joints_mm = some_joints_mm(3, 21) * [1, 1, -1]  # MSRA15's z points at the camera
    write_rows(tmp_path / "joint.txt", joints_mm, head="3")
    expect_joints(read_depth_joints(tmp_path / "joint.txt", MSRA15, coordinates="xyz"), joints_mm)


def test_the_pinhole_by_hand():
    """A joint 58.803 px right of and 58.707 px above NYU's centre, 500 mm away, is 50 mm right and 50 mm up."""
    found = NYU.camera_m_from_uvd(torch.tensor([320 + 58.803, 240 - 58.707, 500.0], dtype=torch.float64))
    np.testing.assert_allclose(found.numpy(), [0.05, 0.05, 0.5], atol=1e-12)
    down = ICVL.camera_m_from_uvd(torch.tensor([160.0, 120 + 24.096, 500.0], dtype=torch.float64))
    np.testing.assert_allclose(down.numpy(), [0.0, 0.05, 0.5], atol=1e-12)


@pytest.mark.parametrize("depth_set", [NYU, ICVL, MSRA15], ids=lambda each: each.name)
def test_joints_have_names_and_places(depth_set):
    assert len(depth_set.joints) == len(set(depth_set.joints)) == len(depth_set.places)
    assert max(depth_set.places) < depth_set.annotated
    assert [len(each.joints) for each in (NYU, ICVL, MSRA15)] == [14, 16, 21]


def refused(path, depth_set=NYU, **options):
    with pytest.raises(HandcraftError) as caught:
        read_depth_joints(path, depth_set, **options)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)
    return str(caught.value)


def test_text_that_is_no_set_of_joints(tmp_path):
    path = tmp_path / "method.txt"
    assert "no such file" in refused(path)
    path.write_text("\n \n")
    assert "it is empty" in refused(path)
    path.write_bytes(b"\xff\xfe\x00")
    assert "to be text" in refused(path)
    write_rows(path, nyu_uvd(some_joints_mm(3, 16)))
    assert "42 numbers, three for each of NYU's 14 joints, or 108 for all 36, but line 1 holds 48" in refused(path)
    write_rows(path, nyu_uvd(CHOSEN_MM), names=["7"] * 5)
    assert "line 1 holds 43" in refused(path)  # a number is no picture's name
    write_rows(path, nyu_uvd(CHOSEN_MM))
    path.write_text(path.read_text() + "1 2 3\n")
    assert "line 6 holds 3" in refused(path)
    path.write_text("1 2 x " * 14)
    assert "line 1 has another word" in refused(path)


def test_units_and_coordinates_that_cannot_be_meant(tmp_path):
    path = tmp_path / "method.txt"
    write_rows(path, nyu_uvd(CHOSEN_MM) * [1, 1, 1e-3])
    assert "multiply metres by 1000" in refused(path)
    write_rows(path, CHOSEN_MM / 1000)
    assert "multiply metres by 1000" in refused(path, coordinates="xyz")
    write_rows(path, CHOSEN_MM - [200, 200, 0])
    assert "say that they are xyz" in refused(path)
    write_rows(path, nyu_uvd(CHOSEN_MM) / [640, 480, 1])
    assert "pixels of 640 x 480" in refused(path)
    broken = nyu_uvd(CHOSEN_MM)
    broken[3, 5, 1] = np.nan
    write_rows(path, broken)
    assert "frame 4 and 0 more" in refused(path)


def test_arrays_that_are_no_joints(tmp_path):
    for name, values, said in (
        ("a.npy", np.zeros((5, 21, 3)), "(5, 21, 3)"),
        ("b.npy", np.zeros((0, 14, 3)), "it has none"),
        ("c.npy", np.full((5, 42), "x"), "(5, 42)"),
    ):
        np.save(tmp_path / name, values)
        assert said in refused(tmp_path / name)
    (tmp_path / "d.npy").write_bytes(b"no array")
    assert "cannot be read" in refused(tmp_path / "d.npy")


def test_matlab_files_that_have_no_joints(tmp_path):
    path = tmp_path / "method.mat"
    write_pixel_predictions(path, frames=5)
    assert "without depth" in refused(path)
    savemat(path, {"first": np.zeros((5, 42)), "second": np.zeros((5, 42))})
    assert "first, second" in refused(path)
    path.write_bytes(b"MATLAB 5.0 MAT-file" + bytes(50))
    assert "cannot be read" in refused(path)
