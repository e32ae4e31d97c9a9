# SPDX-License-Identifier: Apache-2.0
"""MANO's pickle without chumpy, and without running anything: an unpickler that knows seven names and no other.

A pickle is a program. This one may build arrays, sets and three plain records (chumpy's ``Ch`` and ``Select``, scipy's
``csc_matrix``), which become arrays afterwards; whatever else it names is refused before it is looked up.
"""

import io
import pickle
from typing import Any

import numpy as np
from jaxtyping import Float64

from handcraft.errors import HandcraftError


class _Record:
    """An object of the pickle, kept as the attributes it was stored with."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever the pickle stored)
        raise AttributeError(f"no `{name}` in {type(self).__doc__}")

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


class _Ch(_Record):
    """``chumpy.ch.Ch``: an array ``x``."""


class _Select(_Record):
    """``chumpy.reordering.Select``: the entries ``idxs`` of ``a``, in another shape."""


class _ColumnMatrix(_Record):
    """``scipy.sparse.csc_matrix``: the non-zero entries column by column."""


def _dtype(name: str, align: int, copy: int) -> Any:  # noqa: ANN401 (a dtype of any kind)
    """``numpy.dtype``; Python 2 stored its flags as integers, which newer numpy warns of."""
    return np.dtype(name, align=bool(align), copy=bool(copy))


_RECONSTRUCT = np.zeros(0).__reduce__()[0]
NUMPY_NAMES: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,  # the name since numpy 2
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _dtype,
}
"""What a pickled array names, and what stands for it."""

_ADMITTED: dict[tuple[str, str], Any] = {
    **NUMPY_NAMES,
    ("__builtin__", "set"): set,
    ("builtins", "set"): set,
    ("chumpy.ch", "Ch"): _Ch,
    ("chumpy.reordering", "Select"): _Select,
    ("scipy.sparse.csc", "csc_matrix"): _ColumnMatrix,
    ("scipy.sparse._csc", "csc_matrix"): _ColumnMatrix,  # the name since scipy 1.8
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 (a class or a function)
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise HandcraftError(
                f"Expected a MANO pickle to name arrays only, but got `{module}.{name}`; "
                "it was not run. Download the file again from mano.is.tue.mpg.de."
            ) from None


def arrays_from_pickle(content: bytes) -> dict[str, Any]:
    """The entries of a pickled dictionary, chumpy's and scipy's objects turned into plain arrays.

    Raises:
        HandcraftError: a name that is not admitted, or bytes that are no pickle of a dictionary.
    """
    try:
        loaded = _Unpickler(io.BytesIO(content), encoding="latin1").load()
        if not isinstance(loaded, dict):
            raise TypeError(f"a pickled {type(loaded).__name__}")
        return {str(key): _plain(value) for key, value in loaded.items()}
    except HandcraftError:
        raise
    except Exception as error:  # a broken pickle can fail with any of them, in any of its opcodes
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise HandcraftError(
            f"Expected a pickled dictionary, but got {said}; download MANO again from mano.is.tue.mpg.de."
        ) from error


def _plain(value: Any) -> Any:  # noqa: ANN401 (whatever a pickle holds)
    match value:
        case _Ch():
            return np.asarray(value.x)
        case _Select():
            return np.asarray(_plain(value.a)).ravel()[np.asarray(value.idxs)].reshape(value.preferred_shape)
        case _ColumnMatrix():
            return _dense(value)
    return value


def _dense(matrix: Any) -> Float64[np.ndarray, "rows columns"]:  # noqa: ANN401 (attributes come from the pickle)
    dense = np.zeros(matrix._shape)
    columns = np.repeat(np.arange(len(matrix.indptr) - 1), np.diff(matrix.indptr))
    np.add.at(dense, (matrix.indices, columns), matrix.data)
    return dense
