# SPDX-License-Identifier: Apache-2.0
"""ONNX files that answer as the network they were made of; one that does not is never written."""

import importlib.util
import json
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from handcraft.errors import HandcraftError
from handcraft.files import atomic_path

NEEDED = ("onnx", "onnxruntime", "onnxscript")

EXAMPLES = 4

_INT64 = 7  # onnx.TensorProto.INT64


def write_onnx(
    module: nn.Module,
    example_inputs: tuple[Tensor, ...],
    path: Path,
    *,
    input_names: Sequence[str],
    output_names: Sequence[str],
    dynamic_batch: bool,
    metadata: Mapping[str, object],
    tolerance: float = 1e-4,
    units: Mapping[str, float] | None = None,
) -> None:
    """Write ``module`` as an ONNX file, unless its outputs differ from torch's on the examples.

    Args:
        module: what is exported, in evaluation mode.
        example_inputs: tensors with a leading axis of examples; the more like real input, the better the comparison.
        path: the file; the old one or the whole new one at any moment.
        input_names: of the inputs.
        output_names: of the outputs, which are one tensor or a tuple of them.
        dynamic_batch: whether the leading axis may have any length; compared at one example as well then.
        metadata: by name; what is no string is written as JSON.
        tolerance: how far any number may be off.
        units: by output name, what differences are measured in where that is not 1: the side of the picture for pixels.

    Raises:
        HandcraftError: onnx is not installed, or an output is further off than ``tolerance``.
    """
    expect_installed(*NEEDED)
    path = Path(path)
    with torch.no_grad():
        module(*example_inputs)  # what code computes once and keeps must not be kept from the exporter's tracing
    content = _with_metadata(_exported(module, example_inputs, input_names, output_names, dynamic_batch), metadata)
    compared = [example_inputs, tuple(each[:1] for each in example_inputs)] if dynamic_batch else [example_inputs]
    for inputs in compared:
        differences = output_differences(module, inputs, content, input_names=input_names, output_names=output_names)
        for name, difference in differences.items():
            if not difference / (units or {}).get(name, 1.0) <= tolerance:
                raise HandcraftError(
                    f"Expected `{name}` of {path.name} to be within {tolerance} of torch's, but got {difference:.3g} "
                    "off; nothing was written."
                )
    with atomic_path(path) as beside:
        beside.write_bytes(content)


def output_differences(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    content: bytes,
    *,
    input_names: Sequence[str],
    output_names: Sequence[str],
) -> dict[str, float]:
    """By output, how far the furthest number of an ONNX model, run by onnxruntime, is from the module's.

    What is no number is infinitely far.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    feeds = {name: each.numpy() for name, each in zip(input_names, inputs, strict=True)}
    answers = [torch.from_numpy(each) for each in session.run(list(output_names), feeds)]
    with torch.no_grad():
        truths = module(*inputs)
    truths = (truths,) if isinstance(truths, Tensor) else truths
    return {name: _furthest(one, other) for name, one, other in zip(output_names, truths, answers, strict=True)}


def example_crops(side: int) -> UInt8[Tensor, "batch side side 3"]:
    """Smooth random pictures to compare answers on: noise alone would leave every heat map flat."""
    coarse = torch.rand(EXAMPLES, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    smooth: Float[Tensor, "batch 3 side side"] = nn.functional.interpolate(coarse, (side, side), mode="bicubic")
    return (smooth.clamp(0, 1) * 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def _furthest(one: Tensor, other: Tensor) -> float:
    if one.shape != other.shape:
        return float("inf")
    gap = (one.double() - other.double()).abs()
    return float(torch.where(torch.isnan(gap), torch.inf, gap).max()) if gap.numel() else 0.0


def expect_installed(*names: str) -> None:
    """Refuse to go on without packages of the extra ``onnx``.

    Raises:
        HandcraftError: one of them is not installed.
    """
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise HandcraftError(
            f"Expected {', '.join(names)} to be installed, but {', '.join(missing)} cannot be imported; "
            'run: pip install "handcraft[onnx]"'
        )


def _exported(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    input_names: Sequence[str],
    output_names: Sequence[str],
    dynamic_batch: bool,
) -> bytes:
    """What torch's exporter makes of the module; its warnings and progress are no business of users."""
    batch = torch.export.Dim("batch", min=1)
    shapes = tuple({0: batch} for _ in inputs) if dynamic_batch else None
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), _quiet_exporter():
        warnings.simplefilter("ignore")
        file = Path(folder) / "model.onnx"
        torch.onnx.export(
            module, inputs, file, input_names=list(input_names), output_names=list(output_names), dynamo=True,
            dynamic_shapes=shapes, external_data=False, verbose=False,
            custom_translation_table={torch.ops.aten.searchsorted.Tensor: _searchsorted},
        )  # fmt: skip
        return file.read_bytes()


def _searchsorted(sorted_sequence: Any, values: Any, **options: Any) -> Any:  # noqa: ANN401 (ONNX values)
    """``torch.searchsorted`` from the left, which the exporter lacks: how many of a sorted row lie below each value."""
    from onnxscript import opset18

    op: Any = opset18  # its own types know tensors only, and no ONNX values
    below = op.Less(sorted_sequence, op.Unsqueeze(values, op.Constant(value_ints=[-1])))
    return op.ReduceSum(op.Cast(below, to=_INT64), op.Constant(value_ints=[-1]), keepdims=0)


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _with_metadata(content: bytes, metadata: Mapping[str, object]) -> bytes:
    import onnx

    model = onnx.load_from_string(content)
    del model.metadata_props[:]
    for name, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = name, value if isinstance(value, str) else json.dumps(value)
    return model.SerializeToString()
