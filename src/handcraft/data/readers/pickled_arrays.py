# SPDX-License-Identifier: Apache-2.0
"""Labels that come as a pickle of arrays, read without running anything the file might bring.

A pickle is a program. This reader lets it build lists, dictionaries, numbers, strings and numpy arrays; whatever else
it names is refused before it is looked up.
"""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from handcraft.errors import HandcraftError
from handcraft.hand.mano_pickle import NUMPY_NAMES


def _latin_bytes(text: str, encoding: str) -> bytes:
    """``_codecs.encode`` as Python 3 uses it to store bytes in old pickles, and for nothing else."""
    if encoding != "latin1":
        raise HandcraftError(f"it asks for the encoding {encoding!r}, which an array has no need of")
    return text.encode("latin1")


_SCALAR = np.float64(0).__reduce__()[0]
_ADMITTED: dict[tuple[str, str], Any] = {
    **NUMPY_NAMES,
    ("numpy.core.multiarray", "scalar"): _SCALAR,
    ("numpy._core.multiarray", "scalar"): _SCALAR,
    ("_codecs", "encode"): _latin_bytes,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 (a class or a function)
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise HandcraftError(f"it asks for {module}.{name}, which labels have no need of; it was not run") from None


def read_pickled_arrays(path: Path) -> Any:  # noqa: ANN401 (whatever the file holds)
    """What a pickle of arrays holds, written by Python 2 or 3.

    Raises:
        HandcraftError: no such file, a name that arrays have no need of, or bytes that are no pickle.
    """
    try:
        return _Unpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except FileNotFoundError as error:
        raise HandcraftError(f"Expected the label file {path}, but it is missing; unpack the set again.") from error
    except Exception as error:  # a damaged pickle can raise nearly every type of error
        said = " ".join(str(error).split()) or type(error).__name__
        raise HandcraftError(f"Expected {path} to be a pickle of arrays, but it cannot be read: {said}.") from error
