# SPDX-License-Identifier: Apache-2.0
"""Tiny ONNX files whose answer is known: a hand is three dots, red at the wrist, green at the middle knuckle, blue at
all other keypoints; each is read as the centre of its colour's mass. So real files go through the real onnxruntime.
"""

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from handcraft.predict import Predictor
from handcraft.predict.skeleton import KEYPOINTS, MIDDLE_MCP, WRIST

SIDE = 96
FINDER_SIDE = 112
BOX_SCALE = 2.2
ANGLES_RAD = np.linspace(-1, 1, 22, dtype=np.float32)
SHAPE = np.array([0.25, 0.5, 0.75], np.float32)
CAMERA_FROM_HAND = np.array(
    [[0, 0, -1], [0, -1, 0], [-1, 0, 0]], np.float32
)  # its x, away from the palm, to the camera
M_PER_PX = 0.001
COLOUR_OF = [0 if index == WRIST else 1 if index == MIDDLE_MCP else 2 for index in range(len(KEYPOINTS))]
DEPTHS_M = np.linspace(0, 0.1, 21, dtype=np.float32)
M_PER_PX_UPRIGHT = 0.0436
"""What `upright_hand` measures from wrist to knuckle, as its crop shows it."""
UPRIGHT_M = np.column_stack(
    [M_PER_PX_UPRIGHT * np.array([[0, 0], [0, -1], [-0.6, -0.7]], np.float32)[COLOUR_OF], DEPTHS_M]
)
JOINTS_M = (UPRIGHT_M @ CAMERA_FROM_HAND).astype(np.float32)
"""Of the surface, in hand frame: those of an upright hand."""
VERTICES_M = np.array([[0, 0, 0], [0.03, 0, 0.01], [0, 0.18, 0], [0, 0, 0.08]], np.float32)
FACES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.int64)


class _Graph:
    """Nodes one after the other; every operation returns the name of what it makes."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, values, dtype=np.float32):
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def add(self, operation, *inputs, name=None, **attributes):
        name = name or f"value_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, list(inputs), [name], **attributes))
        return name

    def sum(self, value, axes, keep=0, name=None):
        return self.add("ReduceSum", value, self.constant(axes, np.int64), keepdims=keep, name=name)

    def column(self, value, index, axis, keep=False):
        return self.add("Gather", value, self.constant([index] if keep else index, np.int64), axis=axis)

    def like(self, value, constant, name):
        """A constant once for every item of a batch; ``value`` is one number an item."""
        zero = self.add("Mul", value, self.constant(0))
        shape = (-1, *(1 for _ in constant.shape))
        return self.add(
            "Add", self.add("Reshape", zero, self.constant(shape, np.int64)), self.constant(constant), name=name
        )

    def save(self, path, inputs, outputs, **metadata):
        make = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes, "dots", [make(*each) for each in inputs], [make(*each) for each in outputs], self.constants
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        helper.set_model_props(model, {f"handcraft.{key}": value for key, value in metadata.items()})
        onnx.checker.check_model(model)
        onnx.save(model, path)
        return path


def _centres(graph, pixels, side, axes):
    """Mass and centre (x, y) of each colour; ``pixels`` ends with height, width, colour."""
    middles = np.arange(side) + 0.5
    mass = graph.sum(pixels, axes)
    places = []
    for grid in (middles[:, None], middles[:, None, None]):
        moment = graph.sum(graph.add("Mul", pixels, graph.constant(grid)), axes)
        place = graph.add("Div", moment, graph.add("Add", mass, graph.constant(1e-3)))
        places.append(graph.add("Unsqueeze", place, graph.constant([-1], np.int64)))
    return mass, graph.add("Concat", *places, axis=-1)


def _presence(graph, mass, axis, name):
    least = graph.add("ReduceMin", mass, axes=[axis], keepdims=0)
    return graph.add(
        "Clip", graph.add("Div", least, graph.constant(2550)), graph.constant(0), graph.constant(1), name=name
    )


def write_hand(path, kind="hand", format_="1", box_scale=BOX_SCALE):
    """A right hand is one whose blue dot lies to the left of wrist to knuckle, as its thumb seen from behind."""
    graph = _Graph()
    pixels = graph.add("Cast", "crops", to=TensorProto.FLOAT)
    mass, centres = _centres(graph, pixels, SIDE, [1, 2])
    points = graph.add("Gather", centres, graph.constant(COLOUR_OF, np.int64), axis=1, name="keypoints_px")
    presence = _presence(graph, mass, 1, "presence")
    apart = graph.add("Sub", points, graph.column(points, WRIST, 1, keep=True))
    depth = graph.like(presence, DEPTHS_M[:, None], name="depth")
    in_plane = graph.add("Mul", apart, graph.constant(M_PER_PX))
    graph.add("Concat", in_plane, depth, axis=2, name="keypoints_3d_m")
    knuckle, thumb = graph.column(apart, MIDDLE_MCP, 1), graph.column(apart, 1, 1)
    one = graph.add("Mul", graph.column(knuckle, 0, 1), graph.column(thumb, 1, 1))
    other = graph.add("Mul", graph.column(knuckle, 1, 1), graph.column(thumb, 0, 1))
    graph.add("Cast", graph.add("Less", one, other), to=TensorProto.FLOAT, name="right")
    graph.like(presence, np.full(21, 0.9, np.float32), name="confidence")
    graph.like(presence, ANGLES_RAD, name="angles_rad")
    graph.like(presence, CAMERA_FROM_HAND, name="camera_from_hand")
    graph.like(presence, SHAPE, name="shape")
    shapes = {
        "keypoints_px": [21, 2], "confidence": [21], "keypoints_3d_m": [21, 3], "right": [], "presence": [],
        "angles_rad": [22], "camera_from_hand": [3, 3], "shape": [3],
    }  # fmt: skip
    outputs = [(name, TensorProto.FLOAT, ["batch", *shape]) for name, shape in shapes.items()]
    about = {"image_px": SIDE, "keypoints": list(KEYPOINTS)}
    if box_scale is not None:
        about["box_scale"] = box_scale
    inputs = [("crops", TensorProto.UINT8, ["batch", SIDE, SIDE, 3])]
    return graph.save(path, inputs, outputs, kind=kind, format=format_, about=json.dumps(about))


def write_finder(path, parts=1):
    """One hand in each of so many upright stripes of the square, and each a second time, a little off and less sure."""
    graph = _Graph()
    pixels = graph.add("Unsqueeze", graph.add("Cast", "images", to=TensorProto.FLOAT), graph.constant([1], np.int64))
    stripe = np.arange(FINDER_SIDE) * parts // FINDER_SIDE
    is_in = stripe[None, :] == np.arange(parts)[:, None]
    masked = graph.add("Mul", pixels, graph.constant(is_in[None, :, None, :, None]))
    mass, centres = _centres(graph, masked, FINDER_SIDE, [2, 3])
    corners = [graph.add(f"Reduce{which}", centres, axes=[2], keepdims=0) for which in ("Min", "Max")]
    box = graph.add("Concat", *corners, axis=2)
    score = _presence(graph, mass, 2, "score")
    along = graph.add("Sub", graph.column(centres, 1, 2), graph.column(centres, 0, 2))
    right, down = graph.column(along, 0, 2), graph.column(along, 1, 2)
    length = graph.add("Sqrt", graph.sum(graph.add("Mul", along, along), [2]))
    up_and_length = graph.add("Add", graph.add("Sub", length, down), graph.constant(1e-6))
    half = graph.add("Atan", graph.add("Div", right, up_and_length))
    turn = graph.add("Mul", half, graph.constant(2))
    graph.add("Concat", graph.add("Add", box, graph.constant(0.5)), box, axis=1, name="boxes_px")
    graph.add("Concat", graph.add("Mul", score, graph.constant(0.9)), score, axis=1, name="scores")
    graph.add("Concat", turn, turn, axis=1, name="turns_rad")
    outputs = [(name, TensorProto.FLOAT, ["batch", "hands"]) for name in ("scores", "turns_rad")]
    outputs.append(("boxes_px", TensorProto.FLOAT, ["batch", "hands", 4]))
    inputs = [("images", TensorProto.UINT8, ["batch", FINDER_SIDE, FINDER_SIDE, 3])]
    return graph.save(path, inputs, outputs, kind="finder", format="1", about=json.dumps({"image_px": FINDER_SIDE}))


def write_surface(path):
    """A tetrahedron as long as the first number of the shape says."""
    graph = _Graph()
    size = graph.add("Mul", graph.column("shape", 0, 1), graph.constant(4))
    straight = graph.add("Mul", graph.column("angles_rad", 0, 1), graph.constant(0))
    each = graph.add("Reshape", graph.add("Add", size, straight), graph.constant([-1, 1, 1], np.int64))
    graph.add("Mul", each, graph.constant(VERTICES_M), name="vertices_m")
    graph.add("Mul", each, graph.constant(JOINTS_M), name="joints_m")
    graph.add("Identity", graph.constant(FACES, np.int64), name="faces")
    inputs = [("angles_rad", TensorProto.FLOAT, ["batch", 22]), ("shape", TensorProto.FLOAT, ["batch", 3])]
    outputs = [
        ("vertices_m", TensorProto.FLOAT, ["batch", 4, 3]),
        ("joints_m", TensorProto.FLOAT, ["batch", 21, 3]),
        ("faces", TensorProto.INT64, [4, 3]),
    ]
    return graph.save(path, inputs, outputs, kind="surface", format="1", about="{}")


def write_networks(folder, parts=1):
    """All three, and the predictor that uses them."""
    folder.mkdir(parents=True, exist_ok=True)
    return Predictor(
        write_hand(folder / "hand.onnx"),
        write_finder(folder / "finder.onnx", parts),
        write_surface(folder / "surface.onnx"),
    )


def dots(width, height, *hands, radius_px=4.0):
    """A black picture with soft dots: each hand is its wrist, knuckle and rest, (x, y) in pixels."""
    picture = np.zeros((height, width, 3))
    across, down = np.arange(width) + 0.5, np.arange(height) + 0.5
    for hand in hands:
        for colour, (x, y) in enumerate(hand):
            beside, below = (
                np.exp(-((across - x) ** 2) / (2 * radius_px**2)),
                np.exp(-((down - y) ** 2) / (2 * radius_px**2)),
            )
            picture[..., colour] += 255 * below[:, None] * beside[None]
    return picture.clip(0, 255).round().astype(np.uint8)


def keypoints_of(hand):
    """The 21 keypoints of a hand of three dots."""
    return np.asarray(hand, np.float32)[COLOUR_OF]


def upright_hand(x=200.0, y=150.0, length=60.0):
    """A right hand pointing up: the wrist below (x, y), the knuckle above, the rest to its left."""
    return np.array([[x, y + length / 2], [x, y - length / 2], [x - 0.6 * length, y - 0.2 * length]])


def turned(hand, turn_rad, about):
    """Turned clockwise as seen."""
    cos, sin = np.cos(turn_rad), np.sin(turn_rad)
    return (np.asarray(hand) - about) @ np.array([[cos, sin], [-sin, cos]]) + about
