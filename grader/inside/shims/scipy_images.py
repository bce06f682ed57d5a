"""SciPy's functions for images, which left in 2018: the same numbers, made with Pillow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "cubic": 3}


def imread(name: Any, flatten: bool = False, mode: str | None = None) -> NDArray[Any]:
    """Read an image file as an array."""
    from PIL import Image

    return _from_image(Image.open(name), flatten=flatten, mode=mode)


def imsave(name: Any, arr: Any) -> None:
    """Write an array as an image file."""
    toimage(arr).save(name)


def imresize(arr: Any, size: Any, interp: str = "bilinear", mode: str | None = None) -> NDArray[Any]:
    """Resize an image: by per cent (a whole number), by a factor, or to (height, width)."""
    image = toimage(arr)
    image = image.convert(mode) if mode else image
    if isinstance(size, (int, np.integer)):
        size = size / 100
    wanted = (size[1], size[0]) if isinstance(size, (tuple, list)) else tuple(int(one * size) for one in image.size)
    return _from_image(image.resize(wanted, resample=_FILTERS[interp]))


def toimage(arr: Any) -> Any:
    """Make an image of an array; numbers other than bytes are stretched to 0…255, as they were."""
    from PIL import Image

    return Image.fromarray(_bytes(np.asarray(arr)))


def _bytes(data: NDArray[Any]) -> NDArray[np.uint8]:
    if data.dtype == np.uint8:
        return data
    low, high = float(data.min()), float(data.max())
    stretched = (data - low) * (255.0 / ((high - low) or 1))
    return np.asarray((stretched.clip(0, 255) + 0.5).astype(np.uint8))


def _from_image(image: Any, *, flatten: bool = False, mode: str | None = None) -> NDArray[Any]:
    if mode:
        image = image.convert(mode)
    elif image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if flatten:
        image = image.convert("F")
    elif image.mode == "1":
        image = image.convert("L")
    return np.array(image)
