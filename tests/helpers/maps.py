"""Files of shapes for tests."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from streams.core.election.area_map import AreaMap, read_shapes
from streams.core.election.model import Election

Position = tuple[float, float]


def feature(area: Any, *outlines: Iterable[Position], **fields: Any) -> dict[str, Any]:
    """An area's polygon, or its polygons, without holes."""
    polygons = [[[list(position) for position in outline]] for outline in outlines]
    single = len(polygons) == 1
    kind, coordinates = ("Polygon", polygons[0]) if single else ("MultiPolygon", polygons)
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": {"id": area}, "geometry": geometry, **fields}


def collection(*features: Any) -> bytes:
    """A file of such features."""
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def square(x: float, y: float, size: float = 1) -> list[Position]:
    """The outline of a square from its lower left corner on."""
    return [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]


def with_map(known: Election, outlines: Mapping[str, Iterable[Position]]) -> Election:
    """The election with a map of these areas."""
    file = collection(*(feature(area, outline) for area, outline in outlines.items()))
    return replace(known, map=AreaMap(file, "id", tuple(read_shapes(file, "id", known.areas))))
