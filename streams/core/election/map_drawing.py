"""An election's maps as SVG paths, simplified to what a screen shows.

Borders that two areas share are simplified once for both (a coverage, by Visvalingam and Whyatt's rule), so that no gap
opens between them. Imported only where a map is drawn: GEOS takes a tenth of a second to load.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from streams.core.election.area_map import Drawing, Ring, Shape, layers, read_shapes
from streams.core.election.model import Election

FRAME: Final = 1000.0
"""Units of a map's longer side: a map is some 700 pixels wide on a screen."""
FINEST: Final = 1.0
"""Triangles at a border of fewer square units are left out, and so are islands, but for an area's largest."""

GRID: Final = 0.001
"""Units that two positions must be apart to be two."""
SPECK: Final = 3
"""Positions of a closed line that encloses nothing."""


def draw(election: Election) -> dict[str, Drawing]:
    """The map of each area that has one (`layers`), by the area's id. Raises `MapError` if the file of the map does not
    fit the election."""
    if election.map is None:
        return {}
    shapes = read_shapes(election.map.file, election.map.property, election.areas)
    plane = _Plane(ring for shape in shapes.values() for polygon in shape for ring in polygon)
    shown = layers(election.map.areas, election.lineage)
    return {area: _drawing({id: shapes[id] for id in below}, plane) for area, below in shown.items()}


class _Plane:
    """Maps positions to the plane. Degrees are scaled so that meridians are as far apart as at the map's middle; other
    coordinates stay as they are."""

    def __init__(self, rings: Iterable[Ring]) -> None:
        corners = np.array([(*ring.min(axis=0), *ring.max(axis=0)) for ring in rings])
        west, south = corners[:, :2].min(axis=0)
        east, north = corners[:, 2:].max(axis=0)
        self._is_degrees = bool((np.abs(corners) <= (180, 90, 180, 90)).all())
        self._squeeze = np.cos(np.radians((south + north) / 2))
        self._cut = _widest_gap(corners[:, [0, 2]]) if east - west > 180 else -180.0

    def flat(self, ring: Ring) -> NDArray[np.float64]:
        """A ring in the plane, with y downwards."""
        x, y = ring.T
        if self._is_degrees:
            x = np.where(x < self._cut, x + 360, x) * self._squeeze
        return np.column_stack((x, -y))


def _widest_gap(spans: NDArray[np.float64]) -> float:
    """The longitude at which a map is cut open: behind the widest gap between these spans (west, east). So an area on
    both sides of the 180th meridian stays in one piece."""
    spans = spans[np.argsort(spans[:, 0])]
    reached = np.maximum.accumulate(spans[:, 1])
    gaps = np.append(spans[1:, 0] - reached[:-1], spans[0, 0] + 360 - reached[-1])
    widest = int(np.argmax(gaps))
    return float(spans[(widest + 1) % len(spans), 0])


def _drawing(shapes: Mapping[str, Shape], plane: _Plane) -> Drawing:
    flat = {id: [[plane.flat(ring) for ring in polygon] for polygon in shape] for id, shape in shapes.items()}
    ends = np.array([(*ring.min(axis=0), *ring.max(axis=0)) for shape in flat.values() for (ring, *_) in shape])
    low, high = ends[:, :2].min(axis=0), ends[:, 2:].max(axis=0)
    scale = FRAME / float((high - low).max())

    def fitted(shape: Shape) -> shapely.MultiPolygon:
        scaled = [[_on_grid((ring - low) * scale, GRID) for ring in polygon] for polygon in shape]
        kept = [[ring for ring in polygon if len(ring) > SPECK] for polygon in scaled if len(polygon[0]) > SPECK]
        return shapely.MultiPolygon([(outline, holes) for outline, *holes in kept])

    simple = _simplified([fitted(shape) for shape in flat.values()])
    first = {id: (shape[0][0][0] - low) * scale for id, shape in flat.items()}
    paths = {id: _path(shape) or _dot(*first[id]) for id, shape in zip(flat, simple, strict=True)}
    width, height = ((high - low) * scale).round(1).tolist()
    return Drawing(width, height, paths)


def _simplified(shapes: Sequence[shapely.MultiPolygon]) -> Sequence[shapely.MultiPolygon]:
    """The shapes with fewer positions, alike on both sides of a border. If an outline crosses itself in a way that GEOS
    refuses, the shapes stay as they are: the map is right, and larger than it need be."""
    try:
        return list(shapely.coverage_simplify(shapes, FINEST))
    except shapely.errors.GEOSException:
        return shapes


def _path(shape: shapely.MultiPolygon) -> str:
    """The SVG path of a shape, to a tenth of a unit; empty where it is too small for one."""
    parts = sorted(shapely.get_parts(shape), key=shapely.area, reverse=True)
    kept = [part for i, part in enumerate(parts) if i == 0 or part.area >= FINEST]
    rings = [ring for part in kept for ring in (part.exterior, *part.interiors)]
    return "".join(_ring(_on_grid(shapely.get_coordinates(ring), 0.1)) for ring in rings)


def _ring(ring: Ring) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in ring[:-1].tolist()) + "Z" if len(ring) > SPECK else ""


def _dot(x: float, y: float) -> str:
    """The path of an area that is too small for a shape."""
    return f"M{x:.1f} {y:.1f}h2v2h-2Z"


def _on_grid(ring: Ring, step: float) -> Ring:
    """A ring's positions, rounded to the grid, without repeated ones. Positions that two areas share stay shared."""
    rounded = (ring / step).round()
    moved = np.append(True, (rounded[1:] != rounded[:-1]).any(axis=1))
    kept: Ring = rounded[moved] * step
    return kept
