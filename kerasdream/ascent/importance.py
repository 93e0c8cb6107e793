"""How much each place of a picture counts in a dream."""

import numpy as np

from kerasdream.image.opacity import opacity
from kerasdream.image.pyramid import crop_center, resize_rows
from kerasdream.image.tiles import allocate, strips
from kerasdream.types import Array, Size


class Importance:
    """The magnitude of the gradient at each place (N, H, W, 1), over its mean, summed over all steps."""

    def __init__(self, count: int, size: Size):
        """Begin with nothing, for so many pictures of a size."""
        self.total = allocate((count, *size, 1))

    def resize(self, size: Size) -> None:
        """Bring what has been summed up to another size."""
        if self.total.shape[1:3] == size:
            return
        resized = allocate((len(self.total), *size, 1))
        for rows in strips(resized.shape, resized, self.total):
            resized[:, rows] = resize_rows(self.total, size, rows)
        self.total = resized

    def add(self, gradient: Array, mean_absolute: Array, step_sizes: Array, mask: Array | None) -> None:
        """Add the gradient (N, H, W, 3) of a step that was taken of some of the pictures, where the mask let it."""
        counts = (step_sizes > 0) & (mean_absolute > 0) & np.isfinite(mean_absolute)
        shares = np.divide(1 / 3, mean_absolute, out=np.zeros(len(counts), np.float32), where=counts)
        for number in np.flatnonzero(counts).tolist():
            for rows in strips(gradient[:1].shape, gradient, self.total):
                magnitude = shares[number] * np.abs(gradient[number, rows]).sum(-1, keepdims=True)
                self.total[number, rows] += magnitude if mask is None else magnitude * mask[rows]

    def opacity(self, padded_size: Size, size: Size) -> Array:
        """Return the opacity (N, H, W) of pictures of a size that were padded."""
        self.resize(padded_size)
        return np.stack([opacity(one) for one in crop_center(self.total, size)[..., 0]]).astype(np.float32)
