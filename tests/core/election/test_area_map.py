"""Files of shapes: what is a map of the election's areas is read, and whatever is not is one error with its place and
cure. A drawing keeps borders that areas share."""

import re
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
from builders import election
from hypothesis import given, settings
from hypothesis import strategies as st
from maps import Position, collection, feature, square, with_map

from streams.core.election import area_map
from streams.core.election.area_map import AreaMap, MapError, layers, read_shapes
from streams.core.election.map_drawing import FRAME, draw

AREAS = dict.fromkeys(["N", "S1", "S2", "7"])
TRIANGLE: list[Position] = [(0, 0), (4, 0), (4, 4), (0, 0)]


def shaped(kind: str, coordinates: Any) -> bytes:
    return collection({**feature("S1", TRIANGLE), "geometry": {"type": kind, "coordinates": coordinates}})


READ = [
    pytest.param(collection(feature("S1", TRIANGLE)), "id", {"S1": 1}, id="a polygon"),
    pytest.param(collection(feature("S1", square(0, 0), square(5, 5))), "id", {"S1": 2}, id="several polygons"),
    pytest.param(collection(feature(7, TRIANGLE)), "id", {"7": 1}, id="a number as id"),
    pytest.param(collection(feature("", TRIANGLE, properties=None, id="S2")), "id", {"S2": 1}, id="its own id"),
    pytest.param(collection(feature("", TRIANGLE, properties={"iso": "S2"}, id=1)), "iso", {"S2": 1}, id="a property"),
    pytest.param(b"\xef\xbb\xbf" + collection(feature("S1", TRIANGLE)), "id", {"S1": 1}, id="a mark at the beginning"),
    pytest.param(shaped("Polygon", [[[*p, 9.5] for p in TRIANGLE]]), "id", {"S1": 1}, id="heights are left out"),
    pytest.param(
        collection(feature("S1", [(1e6 * x, 1e6 * y) for x, y in TRIANGLE])), "id", {"S1": 1}, id="metres of a plane"
    ),
]


@pytest.mark.parametrize(("file", "property", "polygons"), READ)
def test_read(file: bytes, property: str, polygons: dict[str, int]) -> None:
    """Polygons of areas are read, however a feature names its area."""
    shapes = read_shapes(file, property, AREAS)
    assert {area: len(shape) for area, shape in shapes.items()} == polygons
    assert all(ring.shape[1] == 2 for shape in shapes.values() for polygon in shape for ring in polygon)


NO_AREA = "features[0].properties.id"
RINGS = "features[0].geometry.coordinates"
WRONG = [
    pytest.param(b"", "", "write GeoJSON", id="nothing"),
    pytest.param(b'{"type":', "", "write GeoJSON", id="cut off"),
    pytest.param(b"\xff", "", "write GeoJSON", id="no UTF-8"),
    pytest.param(b"[]", "", "expected `object`", id="an array"),
    pytest.param(b'{"type":"Topology"}', "type", "a FeatureCollection", id="another format"),
    pytest.param(collection(), "features", "of length >= 1", id="no feature"),
    pytest.param(collection({**feature("S1", TRIANGLE), "type": "x"}), "features[0].type", "Features", id="else"),
    pytest.param(collection(feature("S11", TRIANGLE)), NO_AREA, "S11 is no area: write S1, or leave", id="unknown"),
    pytest.param(collection(feature("x" * 10**6, TRIANGLE)), NO_AREA, "no area: leave the feature", id="a long id"),
    pytest.param(collection(feature("\x1b", TRIANGLE)), NO_AREA, r"\x1b is no area", id="an id that cannot be shown"),
    pytest.param(collection(feature(True, TRIANGLE)), NO_AREA, "a text or a whole number", id="no id"),
    pytest.param(collection(feature(1.5, TRIANGLE)), NO_AREA, "a text or a whole number", id="half an id"),
    pytest.param(collection(feature(None, TRIANGLE)), NO_AREA, "name the area", id="without id"),
    pytest.param(
        collection(feature("S1", TRIANGLE), feature("S1", TRIANGLE)),
        "features[1]",
        "S1 has a shape already, features[0]: make one MultiPolygon",
        id="an area twice",
    ),
    pytest.param(shaped("Point", [1, 2]), "features[0].geometry.type", "a Polygon or a MultiPolygon", id="a point"),
    pytest.param(
        collection({**feature("S1", TRIANGLE), "geometry": None}),
        "features[0].geometry",
        "leave the feature",
        id="no shape",
    ),
    pytest.param(shaped("Polygon", []), RINGS, "of length >= 1", id="no ring"),
    pytest.param(shaped("Polygon", [TRIANGLE[1:]]), f"{RINGS}[0]", "at least four positions", id="a short ring"),
    pytest.param(shaped("Polygon", [[*TRIANGLE[:3], (0, 1)]]), f"{RINGS}[0]", "is not closed", id="an open ring"),
    pytest.param(shaped("Polygon", [[(0, 0), (1, 1), (2, 2), (0, 0)]]), f"{RINGS}[0]", "encloses nothing", id="a line"),
    pytest.param(shaped("Polygon", [TRIANGLE, TRIANGLE[1:]]), f"{RINGS}[1]", "at least four", id="a short hole"),
    pytest.param(shaped("Polygon", [[[0], *TRIANGLE[1:]]]), f"{RINGS}[0][0]", "of length >= 2", id="half a position"),
    pytest.param(shaped("Polygon", [[["0", 0], *TRIANGLE[1:]]]), f"{RINGS}[0][0][0]", "expected `float`", id="a text"),
    pytest.param(shaped("Polygon", TRIANGLE), f"{RINGS}[0][0]", "expected `array`", id="one level too few"),
    pytest.param(shaped("Polygon", [[[TRIANGLE] * 4]]), f"{RINGS}[0][0][0]", "expected `float`", id="one too many"),
    pytest.param(shaped("MultiPolygon", [[TRIANGLE], []]), f"{RINGS}[1]", "of length >= 1", id="an empty polygon"),
    pytest.param(
        shaped("Polygon", [[(0, 0), (2e9, 0), (1, 1), (0, 0)]]), f"{RINGS}[0]", "from -1e+09 to 1e+09", id="far away"
    ),
    pytest.param(
        collection(feature("S1", TRIANGLE)).replace(b"[4, 0]", b"[1e999, 0]"),
        f"{RINGS}[0][1][0]",
        "range",
        id="infinite",
    ),
    pytest.param(collection(feature("S1", TRIANGLE)).replace(b"[4, 0]", b"[NaN, 0]"), "", "GeoJSON", id="no number"),
    pytest.param(
        collection(feature("S1", TRIANGLE)).replace(b'"S1"', b'"S1", "x": ' + b"[" * 10**5), "", "too deep", id="deep"
    ),
]


@pytest.mark.parametrize(("file", "place", "cure"), WRONG)
def test_no_map(file: bytes, place: str, cure: str) -> None:
    """Whatever is no map of these areas is one short error that names the place and the cure."""
    with pytest.raises(MapError) as caught:
        read_shapes(file, "id", AREAS)
    assert caught.value.place == place
    assert cure in caught.value.cure
    assert len(str(caught.value)) < 300


def test_too_many_positions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of more positions than the limit is refused where it is reached."""
    monkeypatch.setattr(area_map, "POSITIONS", 9)
    two = [feature("S1", square(0, 0)), feature("S2", TRIANGLE)]
    assert len(read_shapes(collection(*two), "id", AREAS)) == 2
    with pytest.raises(MapError, match=r"^features\[2\]: has more than 9 positions up to here: simplify it"):
        read_shapes(collection(*two, feature("N", TRIANGLE)), "id", AREAS)


GOOD = collection(feature("S1", TRIANGLE, id="S2"), feature("S2", square(0, 0), square(5, 5)), feature(7, square(9, 9)))
JUNK = [
    b'"',
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b"null",
    b"1e308",
    b"-",
    b"9" * 5000,
    b"[" * 5000,
    b"\xff",
    b"\\u0000",
    b"0",
]
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5) | st.sampled_from(["S1", "Polygon"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["id", "type", "coordinates"]), inner),
    max_leaves=20,
)


@given(st.lists(st.tuples(st.integers(0, 10**4), st.integers(0, 9), st.sampled_from(JUNK)), min_size=1, max_size=4))
@settings(max_examples=100)
def test_whatever_is_in_it(changes: list[tuple[int, int, bytes]]) -> None:
    """A file with anything in it is read and can be drawn, or is one error; nothing else is raised."""
    content = GOOD
    for at, out, put in changes:
        at %= len(content) + 1
        content = content[:at] + put + content[at + out :]
    _drawn_or_refused(content)


@given(anything, anything)
@settings(max_examples=100)
def test_whatever_is_a_shape(coordinates: Any, properties: Any) -> None:
    """Whatever stands where coordinates or properties belong, likewise."""
    for kind in ("Polygon", "MultiPolygon"):
        _drawn_or_refused(shaped(kind, coordinates))
    _drawn_or_refused(collection({**feature("S1", TRIANGLE), "properties": properties, "id": "S1"}))


number = st.sampled_from([0.0, 1.0, 2.0, 3.0, 1e-300, -1e9, 1e9, 180.0, -180.0, 90.0]) | st.floats(-1e9, 1e9)
loops = st.lists(st.tuples(number, number), min_size=3, max_size=8).map(lambda line: [*line, line[0]])


@given(st.lists(loops, min_size=1, max_size=3), st.lists(loops, min_size=1, max_size=3))
@settings(max_examples=100)
def test_any_loop_is_drawn(one: list[list[Position]], other: list[list[Position]]) -> None:
    """Loops that cross themselves, each other, or fill the whole range are refused, or drawn with finite figures."""
    _drawn_or_refused(collection(feature("S1", *one), feature("S2", *other)))


def _drawn_or_refused(file: bytes) -> None:
    with suppress(MapError):
        shapes = read_shapes(file, "id", AREAS)
        known = election(states=2)
        areas = {**known.areas, "7": replace(known.areas["S1"], id="7")}
        for drawing in draw(replace(known, areas=areas, map=AreaMap(file, "id", tuple(shapes)))).values():
            assert max(drawing.width, drawing.height) == FRAME
            assert all(re.fullmatch(r"(M[-\d. eLhv]+Z)+", path) for path in drawing.paths.values())


LINES = {
    id: tuple(line.split())
    for id, line in {"N": "N", "S1": "N S1", "D1": "N S1 D1", "S2": "N S2", "D2": "N S2 D2"}.items()
}


@pytest.mark.parametrize(
    ("shaped", "expected"),
    [
        pytest.param(["S1", "S2"], {"N": {"S1": "S1", "S2": "S2"}}, id="one level"),
        pytest.param(["D1", "D2"], {"N": {"D1": "S1", "D2": "S2"}, "S1": {"D1": "D1"}, "S2": {"D2": "D2"}}, id="below"),
        pytest.param(["S1", "D1"], {"N": {"S1": "S1"}, "S1": {"D1": "D1"}}, id="two levels: the nearest"),
        pytest.param(["S1", "D2"], {"N": {"S1": "S1", "D2": "S2"}, "S2": {"D2": "D2"}}, id="different levels"),
        pytest.param(["N"], {}, id="the whole has no map of itself"),
    ],
)
def test_layers(shaped: list[str], expected: dict[str, dict[str, str]]) -> None:
    """The map of an area shows the nearest shapes on each way down, with the area right below that each lies in."""
    assert layers(shaped, LINES) == expected


def rings(path: str) -> list[list[Position]]:
    """The outlines of an SVG path."""
    found = [[tuple(map(float, at.split())) for at in ring.split("L")] for ring in re.findall(r"M([^Z]+)Z", path)]
    return [[(x, y) for x, y in ring] for ring in found]


def segments(path: str) -> set[frozenset[Position]]:
    return {frozenset(ends) for ring in rings(path) for ends in pairwise([*ring, ring[0]])}


@given(st.integers(0, 2**32), st.integers(2, 4), st.sampled_from([3, 20, 200]), st.floats(0.001, 0.08))
@settings(max_examples=25)
def test_no_gap_opens(seed: int, side: int, points: int, noise: float) -> None:
    """A country of areas with ragged borders, simplified: each border inside is the same line on both sides, in far
    fewer points, and the areas together are the whole."""
    chance = np.random.default_rng(seed)

    def ragged(start: Position, end: Position) -> list[Position]:
        line = np.linspace(start, end, points)
        line[1:-1] += chance.normal(0, noise, (points - 2, 2)).cumsum(axis=0) / points**0.5
        return [(x, y) for x, y in line.tolist()]

    span = range(side)
    east = {(x, y): ragged((x, y), (x + 1, y)) for x in span for y in range(side + 1)}
    north = {(x, y): ragged((x, y), (x, y + 1)) for x in range(side + 1) for y in span}
    cells = [
        [*east[x, y], *north[x + 1, y][1:], *east[x, y + 1][-2::-1], *north[x, y][-2::-1]] for x in span for y in span
    ]
    assume_simple = all(shapely.Polygon(cell).is_valid for cell in cells) and shapely.coverage_is_valid(
        [shapely.Polygon(cell) for cell in cells]
    )
    known = election(states=side * side, tables=1)
    (drawing,) = draw(with_map(known, {f"S{i}": cell for i, cell in enumerate(cells, 1)})).values()
    counts: dict[frozenset[Position], int] = {}
    for path in drawing.paths.values():
        for ends in segments(path):
            counts[ends] = counts.get(ends, 0) + 1
    assert set(counts.values()) <= {1, 2}
    if assume_simple:
        # Of each border inside the country both sides have each piece, so pieces that one side has close one loop
        # around the whole.
        edge = [ends for ends, count in counts.items() if count == 1]
        outlines = shapely.get_parts(shapely.polygonize([shapely.LineString(list(ends)) for ends in edge]))
        area = sum(shapely.Polygon(ring).area for path in drawing.paths.values() for ring in rings(path))
        assert sum(outline.area for outline in outlines) == pytest.approx(area, rel=1e-3)
    if points == 200:
        assert sum(path.count("L") for path in drawing.paths.values()) < len(cells) * 4 * points * 0.9


def test_islands() -> None:
    """Islands that nobody could see are left out, but each area keeps its largest."""
    specks = [square(50 + i, 50, 0.01) for i in range(5)]
    file = collection(feature("S1", square(0, 0, 40), *specks), feature("S2", *specks, square(60, 60, 0.02)))
    known = replace(election(), map=AreaMap(file, "id", ("S1", "S2")))
    (drawing,) = draw(known).values()
    assert {area: path.count("M") for area, path in drawing.paths.items()} == {"S1": 1, "S2": 1}


def test_across_the_180th_meridian() -> None:
    """An archipelago on both sides of the 180th meridian is drawn as one, and not around the world."""
    east = square(177, -18, 2)
    west = square(-180, -17, 1)
    (drawing,) = draw(with_map(election(), {"S1": east, "S2": west})).values()
    (one,), (other,) = rings(drawing.paths["S1"]), rings(drawing.paths["S2"])
    assert max(x for x, _ in one) < min(x for x, _ in other) < FRAME
    assert drawing.height > FRAME / 2


def test_degrees_and_metres() -> None:
    """Degrees of longitude shrink towards the poles; metres of a plane are drawn as they are."""
    (far_north,) = draw(with_map(election(), {"S1": square(10, 60)})).values()
    (plane,) = draw(with_map(election(), {"S1": square(5e5, 6e6)})).values()
    assert far_north.width == pytest.approx(FRAME / 2, rel=0.03)
    assert (plane.width, plane.height) == (FRAME, FRAME)


def test_holes() -> None:
    """A hole stays one: an area within another is not painted over."""
    outline, hole = square(0, 0, 9), square(3, 3, 3)
    file = shaped("Polygon", [outline, hole])
    (drawing,) = draw(replace(election(), map=AreaMap(file, "id", ("S1",)))).values()
    assert drawing.paths["S1"].count("M") == 2
