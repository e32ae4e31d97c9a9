# SPDX-License-Identifier: Apache-2.0
"""What holds for every test. Imports nothing of handcraft: jaxtyping's hook has to come first to see its shapes."""

import torch

torch.set_num_threads(1)  # small tensors: a second thread costs more than it gives, and sums stay the same everywhere
