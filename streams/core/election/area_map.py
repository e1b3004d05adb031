"""The map that an election names: the shapes of areas, as GeoJSON (RFC 7946) has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Annotated, Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.errors import CotejoError
from streams.text import shown

MAP_BYTES: Final = 32 * 2**20
"""Of a file of shapes."""
POSITIONS: Final = 1_000_000
"""Of all its shapes together."""
FARTHEST: Final = 1e9
"""A coordinate's size, in degrees or in metres of whatever plane."""

Ring = NDArray[np.float64]
"""A closed line as an array of (x, y); north is up."""
Shape = Sequence[Sequence[Ring]]
"""An area's polygons: of each its outline, then its holes."""

_Position = Annotated[list[float], msgspec.Meta(min_length=2, max_length=4)]
_Polygon = Annotated[list[Annotated[list[_Position], msgspec.Meta(min_length=4)]], msgspec.Meta(min_length=1)]


class _Single(msgspec.Struct, tag_field="type", tag="Polygon"):
    coordinates: _Polygon


class _Several(msgspec.Struct, tag_field="type", tag="MultiPolygon"):
    coordinates: Annotated[list[_Polygon], msgspec.Meta(min_length=1)]


class _Feature(msgspec.Struct, tag_field="type", tag="Feature"):
    geometry: _Single | _Several
    properties: dict[str, Any] | None = None
    id: str | int | None = None


class _Collection(msgspec.Struct, tag_field="type", tag="FeatureCollection"):
    features: Annotated[list[_Feature], msgspec.Meta(min_length=1)]


class MapError(CotejoError):
    """What is wrong with a file of shapes: the place in it, such as `features[2].geometry`, and the cure."""

    def __init__(self, place: str, cure: str) -> None:
        self.place, self.cure = place, cure
        super().__init__(f"{place}: {cure}" if place else cure)


@dataclass(frozen=True)
class AreaMap:
    """The shapes of some areas. Only the file is kept in memory; it is read again when somebody draws
    (`read_shapes`)."""

    file: bytes = field(repr=False)
    """GeoJSON, as it was given."""
    property: str
    """The property of a feature that names its area; `id` may be the feature's own id."""
    areas: tuple[str, ...]
    """The areas that have a shape, in the order of the file."""


class Drawing(NamedTuple):
    """A map in SVG's terms: its width and height in units, and the path of each area's shape by the area's id."""

    width: float
    height: float
    paths: Mapping[str, str]


def read_shapes(file: bytes, property: str, areas: Mapping[str, Any]) -> dict[str, Shape]:
    """The shapes of areas, by id, from GeoJSON. Raises `MapError` for a feature that is no shape of an area, for an
    area that the election does not have, and for a second shape of one area."""
    try:
        features = _decode(file).features
    except msgspec.ValidationError as error:
        raise _misfit(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MapError("", f"write GeoJSON: {error}") from None
    except RecursionError:
        raise MapError("", "nests too deep: leave out what is no shape") from None
    shapes: dict[str, Shape] = {}
    first: dict[str, int] = {}
    positions = 0
    for i, feature in enumerate(features):
        area = _area_of(feature, property, f"features[{i}]", areas)
        if area in first:
            cure = f"{shown(area)} has a shape already, features[{first[area]}]: make one MultiPolygon of them"
            raise MapError(f"features[{i}]", cure)
        first[area] = i
        shapes[area] = _shape(feature.geometry, f"features[{i}].geometry.coordinates")
        positions += sum(len(ring) for polygon in shapes[area] for ring in polygon)
        if positions > POSITIONS:
            cure = f"has more than {POSITIONS:,} positions up to here: simplify it, a screen shows far fewer"
            raise MapError(f"features[{i}]", cure)
    return shapes


def layers(areas: Sequence[str], lineage: Mapping[str, Sequence[str]]) -> dict[str, dict[str, str]]:
    """By area, what its map shows: the nearest areas below it that have a shape, and for each of them the area right
    below in which it lies (often itself). Areas with nothing to show are left out.

    `areas` are the ids of those with a shape, `lineage` has for each area the ids from the root down to it.
    """
    with_shape, layers_by_area = set(areas), dict[str, dict[str, str]]()
    for area in areas:
        line = lineage[area]
        for place in range(len(line) - 2, -1, -1):
            layers_by_area.setdefault(line[place], {})[area] = line[place + 1]
            if line[place] in with_shape:
                break
    return layers_by_area


def _area_of(feature: _Feature, property: str, place: str, areas: Mapping[str, Any]) -> str:
    """The id of a feature's area."""
    given = (feature.properties or {}).get(property)
    if given is None and property == "id":
        given = feature.id
    if given is None:
        raise MapError(f"{place}.properties.{shown(property)}", "is missing: name the area, or another `property`")
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise MapError(f"{place}.properties.{shown(property)}", "give an area's id, a text or a whole number")
    area = str(given)
    if area not in areas:
        start = area[:100]
        cures = [f"write {shown(name)}" for name in get_close_matches(start, areas, 1)] + ["leave the feature out"]
        raise MapError(f"{place}.properties.{shown(property)}", f"{shown(start)} is no area: {', or '.join(cures)}")
    return area


def _shape(geometry: _Single | _Several, place: str) -> Shape:
    if isinstance(geometry, _Single):
        return [_polygon(geometry.coordinates, place)]
    return [_polygon(polygon, f"{place}[{i}]") for i, polygon in enumerate(geometry.coordinates)]


def _polygon(rings: _Polygon, place: str) -> list[Ring]:
    """A polygon's rings as arrays."""
    made = []
    for i, given in enumerate(rings):
        ring = np.array([position[:2] for position in given])
        if not (np.abs(ring) <= FARTHEST).all():
            raise MapError(f"{place}[{i}]", f"give coordinates from -{FARTHEST:g} to {FARTHEST:g}")
        if (ring[0] != ring[-1]).any():
            raise MapError(f"{place}[{i}]", "is not closed: end it with its first position")
        x, y = (ring - ring[0]).T
        if i == 0 and not np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1]):
            raise MapError(f"{place}[{i}]", "encloses nothing: mend it, or leave it out")
        made.append(ring)
    return made


def _misfit(text: str) -> MapError:
    """Translate what msgspec says of a file that does not fit into the terms of GeoJSON, with the place."""
    what, _, path = text.partition(" - at `$")
    place = path.rstrip("`").removeprefix(".")
    if what.startswith("Invalid value"):
        at = place.removesuffix(".type")
        kind = "a Polygon or a MultiPolygon" if at.endswith("geometry") else "a FeatureCollection of Features"
        return MapError(place, f"give {kind}: no other shape is an area")
    if what.endswith("got `null`") and place.endswith("geometry"):
        return MapError(place, "is empty: give a Polygon or a MultiPolygon, or leave the feature out")
    if "of length >= 4" in what:
        return MapError(place, "give a ring at least four positions, the last as the first")
    return MapError(place, what[0].lower() + what[1:])


def _decode(file: bytes) -> _Collection:
    return _DECODE(file.removeprefix(b"\xef\xbb\xbf"))


_DECODE: Final = msgspec.json.Decoder(_Collection).decode
