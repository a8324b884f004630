"""Shapes with soft edges, drawn into a float picture."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Canvas: TypeAlias = npt.NDArray[np.float32]
"""Shape (height, width, 3), values 0..255."""

Mask: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
"""Shape (height, width), values 0..1: the covered fraction of a pixel."""

Colour: TypeAlias = tuple[int, int, int]

WIDTH: Final = 640
HEIGHT: Final = 360

ROWS: Final = np.arange(HEIGHT, dtype=np.float32)[:, None] + 0.5
COLUMNS: Final = np.arange(WIDTH, dtype=np.float32)[None, :] + 0.5


def gradient(*stops: tuple[float, Colour]) -> Canvas:
    """Returns a picture whose colour runs from top to bottom through `stops` (0 top, 1 bottom)."""
    at = np.array([stop for stop, _ in stops], dtype=np.float32)
    position = ROWS[:, 0] / HEIGHT
    column = np.stack(
        [np.interp(position, at, [colour[i] for _, colour in stops]) for i in range(3)], axis=-1
    )
    return np.repeat(column[:, None, :], WIDTH, axis=1).astype(np.float32)


def glow(
    canvas: Canvas, x: float, y: float, radius: float, colour: Colour, strength: float
) -> None:
    """Adds light around a point; it fades with the distance, on the scale of `radius`."""
    top, bottom = _span(y, 2.2 * radius, HEIGHT)
    left, right = _span(x, 2.2 * radius, WIDTH)
    down = np.exp(-(((ROWS[top:bottom] - y) / radius) ** 2))
    across = np.exp(-(((COLUMNS[:, left:right] - x) / radius) ** 2))
    blend(canvas[top:bottom, left:right], strength * down * across, colour)


def disc(
    canvas: Canvas, x: float, y: float, radius: float, colour: Colour, alpha: float = 1
) -> None:
    """Draws a filled circle."""
    ellipse(canvas, x, y, radius, radius, colour, alpha)


def ellipse(
    canvas: Canvas, x: float, y: float, across: float, down: float, colour: Colour, alpha: float = 1
) -> None:
    """Draws a filled ellipse with the half-axes `across` and `down`."""
    top, bottom = _span(y, down, canvas.shape[0])
    left, right = _span(x, across, canvas.shape[1])
    if top >= bottom or left >= right:
        return
    dx = (np.arange(left, right, dtype=np.float32) + 0.5 - x) / across
    dy = (np.arange(top, bottom, dtype=np.float32) + 0.5 - y) / down
    distance = np.sqrt(dx[None, :] ** 2 + dy[:, None] ** 2)
    mask = np.clip((1 - distance) * min(across, down) + 0.5, 0, 1) * alpha
    blend(canvas[top:bottom, left:right], mask, colour)


def ground(canvas: Canvas, heights: npt.NDArray[np.float32], colour: Colour) -> None:
    """Fills every column from its height (a row, from the top) down to the bottom edge."""
    top, full = max(0, int(heights.min()) - 1), int(heights.max()) + 1
    mask = np.clip(ROWS[top:full] - heights[None, :] + 0.5, 0, 1)
    blend(canvas[top:full], mask, colour)
    canvas[full:] = colour


def polygon(canvas: Canvas, corners: list[tuple[float, float]], colour: Colour) -> None:
    """Draws a filled convex polygon whose corners go clockwise."""
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    top, bottom = max(0, int(min(ys)) - 1), min(canvas.shape[0], int(max(ys)) + 2)
    left, right = max(0, int(min(xs)) - 1), min(canvas.shape[1], int(max(xs)) + 2)
    if top >= bottom or left >= right:
        return
    rows = np.arange(top, bottom, dtype=np.float32)[:, None] + 0.5
    columns = np.arange(left, right, dtype=np.float32)[None, :] + 0.5
    mask = np.ones((bottom - top, right - left), dtype=np.float32)
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        length = max(1e-6, float(np.hypot(x1 - x0, y1 - y0)))
        inside = ((x1 - x0) * (rows - y0) - (y1 - y0) * (columns - x0)) / length
        np.minimum(mask, np.clip(inside + 0.5, 0, 1), out=mask)
    blend(canvas[top:bottom, left:right], mask, colour)


def blend(region: Canvas, mask: Mask, colour: Colour) -> None:
    """Mixes `colour` into a region, in place, in proportion to `mask`."""
    region += (np.asarray(colour, dtype=np.float32) - region) * mask[:, :, None]


def _span(centre: float, extent: float, limit: int) -> tuple[int, int]:
    return max(0, int(centre - extent) - 1), min(limit, int(centre + extent) + 2)
