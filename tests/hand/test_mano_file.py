# SPDX-License-Identifier: Apache-2.0
"""Laws of reading MANO's files: what was stored comes back, nothing is run, and what is wrong is said in one line."""

import dataclasses
import os
import pickle
import pickletools

import numpy as np
import pytest

from handcraft.errors import HandcraftError
from handcraft.hand import MANOFile
from tests.data.mano.make import left_entries, python2_pickle, right_entries, with_foreign_objects

NAMES = {
    "template_m": "v_template", "shape_directions_m": "shapedirs", "pose_directions_m": "posedirs",
    "joint_regressor": "J_regressor", "weights": "weights", "faces": "f", "components_rad": "hands_components",
    "mean_pose_rad": "hands_mean", "scan_coefficients": "hands_coeffs",
}  # fmt: skip


def assert_equal_files(first, second):
    for field in dataclasses.fields(MANOFile):
        np.testing.assert_allclose(getattr(first, field.name), getattr(second, field.name), atol=1e-15, rtol=0)


def test_the_made_up_pickle_has_the_published_layout(mano_folder):
    operations = list(pickletools.genops((mano_folder / "MANO_RIGHT.pkl").read_bytes()))
    assert {str(argument) for operation, argument, _ in operations if operation.name == "GLOBAL"} == {
        "numpy.core.multiarray _reconstruct", "numpy ndarray", "numpy dtype", "__builtin__ set", "chumpy.ch Ch",
        "chumpy.reordering Select", "scipy.sparse.csc csc_matrix",
    }  # fmt: skip
    assert operations[0][:2] == (pickletools.code2op["\x80"], 2)
    assert not any(operation.name.startswith("BINUNICODE") for operation, _, _ in operations)  # Python 2's str


def test_what_was_stored_comes_back(mano_folder):
    read = MANOFile.load(mano_folder / "MANO_RIGHT.pkl")
    for field, name in NAMES.items():
        np.testing.assert_array_equal(getattr(read, field), right_entries()[name])


def test_an_archive_and_a_new_pickle_read_the_same(mano_folder, tmp_path):
    np.savez(tmp_path / "mano.npz", **right_entries())
    (tmp_path / "new.pkl").write_bytes(pickle.dumps(right_entries(), protocol=4))
    old = MANOFile.load(mano_folder / "MANO_RIGHT.pkl")
    assert_equal_files(MANOFile.load(tmp_path / "mano.npz"), old)
    assert_equal_files(MANOFile.load(tmp_path / "new.pkl"), old)


class Malicious:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_would_run_something_is_refused_by_name(tmp_path, protocol):
    path, marker = tmp_path / "MANO_RIGHT.pkl", tmp_path / "ran"
    path.write_bytes(pickle.dumps({"J": Malicious(marker)}, protocol=protocol))
    with pytest.raises(HandcraftError, match=r"MANO_RIGHT\.pkl: .*`posix\.system`; it was not run"):
        MANOFile.load(path)
    assert not marker.exists()


def test_names_inside_admitted_modules_are_refused_too(tmp_path):
    for name in ("numpy\nload", "builtins\neval", "chumpy.ch\nCh.__init__", "scipy.sparse.csc\nspmatrix"):
        (tmp_path / "odd.pkl").write_bytes(b"\x80\x02c" + name.encode() + b"\n.")
        with pytest.raises(HandcraftError, match="it was not run"):
            MANOFile.load(tmp_path / "odd.pkl")


def changed(**entries):
    return {name: value for name, value in (right_entries() | entries).items() if value is not None}


def nan_in(name):
    array = right_entries()[name].copy()
    array.flat[7] = np.nan
    return array


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (changed(posedirs=None), "`posedirs`"),
        (changed(v_template=np.zeros((6890, 3))), r"`v_template`.*\(6890, 3\)"),
        (changed(weights=right_entries()["weights"].astype(str)), "`weights`"),
        (changed(shapedirs=nan_in("shapedirs")), "`shapedirs`.*finite"),
        (changed(f=right_entries()["f"] + 1), "triangles"),
        (changed(kintree_table=right_entries()["kintree_table"][:, ::-1]), "joints"),
        (changed(weights=right_entries()["weights"] * 2), "add up to 1"),
    ],
)
def test_what_is_no_mano_is_said_in_one_line(tmp_path, entries, said):
    path = tmp_path / "MANO_RIGHT.npz"
    np.savez(path, **entries)
    with pytest.raises(HandcraftError, match=said) as refusal:
        MANOFile.load(path)
    assert "\n" not in str(refusal.value)
    assert "MANO_RIGHT.npz" in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"no pickle at all", pickle.dumps([1, 2])[:-3], pickle.dumps([1, 2])])
@pytest.mark.parametrize("suffix", [".pkl", ".npz"])
def test_other_files_are_no_mano(tmp_path, content, suffix):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    with pytest.raises(HandcraftError, match=r"^[^\n]*file[^\n]*$"):
        MANOFile.load(path)


def test_a_file_that_is_not_there_and_objects_in_an_archive_are_refused(tmp_path):
    with pytest.raises(HandcraftError, match=r"nowhere\.pkl"):
        MANOFile.load(tmp_path / "nowhere.pkl")
    np.savez(tmp_path / "objects.npz", **changed(hands_mean=np.array([Malicious(tmp_path / "ran")], dtype=object)))
    with pytest.raises(HandcraftError, match="plain arrays"):
        MANOFile.load(tmp_path / "objects.npz")
    assert not (tmp_path / "ran").exists()


def test_a_file_knows_its_side(mano_folder):
    assert MANOFile.load(mano_folder / "MANO_RIGHT.pkl").side == "right"
    assert MANOFile.load(mano_folder / "MANO_LEFT.pkl").side == "left"


def test_the_left_hands_shape_sign_is_found_and_mended(mano_folder):
    right, left = (MANOFile.load(mano_folder / f"MANO_{side}.pkl") for side in ("RIGHT", "LEFT"))
    assert left.has_shapes_of(right)
    assert right.long_hands_are_wide
    assert not left.long_hands_are_wide
    mended = left.with_shape_sign_mended()
    assert not mended.has_shapes_of(right)
    np.testing.assert_array_equal(mended.shape_directions_m, left_entries(faulty=False)["shapedirs"])


def test_a_sound_file_is_not_mended(mano_folder, tmp_path):
    np.savez(tmp_path / "MANO_LEFT.npz", **left_entries(faulty=False))
    sound, right = MANOFile.load(tmp_path / "MANO_LEFT.npz"), MANOFile.load(mano_folder / "MANO_RIGHT.pkl")
    assert sound.with_shape_sign_mended() is sound
    assert right.with_shape_sign_mended() is right


def test_mirroring_the_right_file_gives_the_left_and_twice_undoes_it(mano_folder, tmp_path):
    np.savez(tmp_path / "MANO_LEFT.npz", **left_entries(faulty=False))
    right = MANOFile.load(mano_folder / "MANO_RIGHT.pkl")
    mirrored, left = right.mirrored(), MANOFile.load(tmp_path / "MANO_LEFT.npz")
    order = np.sort  # a triangle may begin at any of its corners
    np.testing.assert_array_equal(order(mirrored.faces), order(left.faces))
    assert_equal_files(dataclasses.replace(mirrored, faces=left.faces), left)
    assert_equal_files(mirrored.mirrored(), right)


def test_foreign_objects_become_the_arrays_they_stand_for(tmp_path):
    entries = with_foreign_objects(right_entries())
    entries["hands_mean"] = entries["shapedirs"].a.__class__()
    entries["hands_mean"].x = right_entries()["hands_mean"]
    (tmp_path / "MANO.pkl").write_bytes(python2_pickle(entries))
    np.testing.assert_array_equal(MANOFile.load(tmp_path / "MANO.pkl").mean_pose_rad, right_entries()["hands_mean"])
