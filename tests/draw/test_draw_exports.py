"""Files of every kind for figures of every kind."""

import csv
import io
import json
import shutil
import struct
import subprocess
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest
from figure_samples import NAN, tame

from dltui.draw import Canvas, Depth, Look, View, draw, render, save
from dltui.draw.export.axes import plate
from dltui.draw.export.values import to_csv
from dltui.draw.screen_svg import svg_of
from dltui.errors import DltuiError, UsageError
from dltui.figures import Heatmap, Lines, Path, Points, Prose, Series, Table

FIGURES = tame()
NAMES = [f"{type(figure).__name__}{i}" for i, figure in enumerate(FIGURES)]


class Reader(HTMLParser):
    """Collects what a page would load, and whether its elements are closed."""

    def __init__(self):
        super().__init__()
        self.loaded, self.open, self.texts, self.scripts = [], [], [], {}

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.loaded += [found[name] for name in ("src", "href", "data", "action") if name in found]
        if tag not in {"meta", "link", "br", "img"}:
            self.open.append((tag, found.get("id")))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open and self.open[-1][0] == "script":
            self.scripts[self.open[-1][1]] = data
        self.texts.append(data)


@pytest.mark.parametrize("figure", FIGURES, ids=NAMES)
def test_png(figure, tmp_path):
    path = tmp_path / "a.png"
    save([figure], path)
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    assert width == 1440
    assert height > 150


@pytest.mark.parametrize("figure", FIGURES, ids=NAMES)
def test_page_loads_nothing(figure, tmp_path):
    path = tmp_path / "a.html"
    save([figure], path)
    text = path.read_text("utf-8")
    reader = Reader()
    reader.feed(text)
    assert [one for one in reader.loaded if not one.startswith("data:")] == []
    assert reader.open == []
    assert "http://" not in text
    assert "https://" not in text
    assert figure.title in "".join(reader.texts)
    assert json.loads(reader.scripts["maps"])["viridis"].startswith("440154")
    assert len(json.loads(reader.scripts["figures"])) == 1


def test_svg_and_pdf_of_several_figures(tmp_path):
    save(FIGURES[:5], tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text("utf-8")
    root = ET.fromstring(text)
    assert root.tag.endswith("svg")
    assert root.get("{http://www.w3.org/XML/1998/namespace}space") == "preserve"  # columns are made of spaces
    assert "text{white-space: pre}" in text
    assert all(figure.title in text for figure in FIGURES[:5])
    save(FIGURES[:3], tmp_path / "a.pdf")
    data = (tmp_path / "a.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert b"/Count 3" in data


def test_pictures_are_the_same_each_time(tmp_path):
    for name in ("one.svg", "two.svg"):
        save(FIGURES[:1], tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


@pytest.mark.parametrize("figure", FIGURES, ids=NAMES)
def test_json_and_csv_and_text(figure, tmp_path):
    for suffix in ("json", "csv", "txt"):
        save([figure], tmp_path / f"a.{suffix}")
    found = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert found[0]["kind"] == type(figure).__name__
    assert found[0]["title"] == figure.title
    rows = list(csv.reader(io.StringIO((tmp_path / "a.csv").read_text("utf-8"))))
    assert len(rows) >= 2
    assert len({len(row) for row in rows}) == 1
    text = (tmp_path / "a.txt").read_text("utf-8")
    assert "\x1b" not in text
    assert text.startswith(figure.title)


def test_csv_is_tidy():
    lines = Lines(series=(Series(name="a", x=np.array([0.0, 1.0]), y=np.array([0.1, NAN])),))
    assert to_csv([lines]) == "series,x,y\na,0.0,0.1\na,1.0,nan\n"
    heat = Heatmap(
        title="From above", values=np.array([[1.5, 2.5]]), x=np.array([0.0, 1.0]), y=np.array([7.0])
    )
    table = Table(columns=("n", "v"), rows=(("a, b", 1), (None, 0.1 + 0.2)))
    assert to_csv([heat, table]) == (
        '# From above\nx,y,value\n0.0,7.0,1.5\n1.0,7.0,2.5\n\n# Table\nn,v\n"a, b",1\n,0.30000000000000004\n'
    )


def test_json_has_null_for_nan(tmp_path):
    save([Heatmap(values=np.array([[NAN, np.inf]]), x=np.arange(2), y=np.zeros(1))], tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())[0]["values"] == [[None, "Infinity"]]


def test_a_page_is_not_ended_by_what_is_in_it(tmp_path):
    evil = "</script><script>alert(1)</script><!--"
    figures = [
        Lines(title=evil, caption=evil, series=(Series(name=evil, x=np.arange(2.0), y=np.arange(2.0)),)),
        Table(title=evil, columns=(evil,), rows=((evil,),)),
        Prose(text=evil),
    ]
    save(figures, tmp_path / "a.html")
    text = (tmp_path / "a.html").read_text("utf-8")
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert text.count("<script") == 4
    assert "<script>alert" not in text


@pytest.mark.parametrize("path", ["a.bmp", "a", "a.jpeg"])
def test_an_unknown_ending_is_told(path, tmp_path):
    with pytest.raises(
        UsageError, match=r"must end in one of \.png, \.svg, \.pdf, \.html, \.csv, \.json, \.npz, \.txt"
    ):
        save(FIGURES[:1], tmp_path / path)
    with pytest.raises(UsageError, match="no figure"):
        save([], tmp_path / "a.png")


def test_without_matplotlib_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("dltui.draw.endings.find_spec", lambda _: None)
    with pytest.raises(DltuiError, match=r"PNG needs matplotlib: pip install 'dltui\[figures\]'"):
        save(FIGURES[:1], tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("figure", FIGURES, ids=NAMES)
def test_a_screen_as_svg(figure):
    canvas = draw(figure, Look(width=70, height=20, depth=Depth.TRUE)).canvas
    root = ET.fromstring(svg_of(canvas, "dltui <&>"))
    assert root.get("width") == str(70 * 8 + 28)
    assert "dltui <&>" in "".join(root.itertext())
    assert svg_of(render(figure, Look(width=70, depth=Depth.PALETTE)))


def test_a_screen_as_svg_places_letters_and_blocks():
    canvas = Canvas(10, 2)
    canvas.text(2, 1, "hi", (255, 0, 0))
    canvas.text(0, 0, "█")
    svg = svg_of(canvas)
    assert '<text x="16" y="30" textLength="16" fill="#ff0000">hi</text>' in svg
    assert "M0 0h8v17h-8z" in svg


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to run the page's own code")
def test_rows_of_a_heat_map_on_a_page_bear_their_names() -> None:
    web = files("dltui.draw.export") / "web"
    code = "".join((web / name).read_text("utf-8") for name in ("axes.js", "flat.js"))
    page = "const document = { getElementById: () => ({ textContent: '[]' }) };"
    asks = """
    const few = axisBetween(2.5, -0.5), many = axisBetween(99.5, -0.5);
    named(few, ["fc1.weight", "fc1.bias", "a.very.long.name.of.a.layer.weight"]);
    named(many, Array.from({length: 100}, (_, i) => "layer " + i));
    console.log(JSON.stringify([few.ticks(6), few.ticks(6).map(few.name), many.ticks(6).length, few.wide]));
    """
    ran = subprocess.run(["node", "-e", page + code + asks], capture_output=True, text=True)
    assert not ran.returncode, ran.stderr
    places, names, shown, wide = json.loads(ran.stdout)
    assert places == [0, 1, 2]
    assert names == ["fc1.weight", "fc1.bias", "…ng.name.of.a.layer.weight"]
    assert shown <= 24
    assert wide == 16 + 7 * 26


def circle() -> Points:
    turn = np.linspace(0, 2 * np.pi, 200)
    return Points(title="Circle", position=np.stack((np.cos(turn), np.sin(turn)), -1), equal=True)


def disc() -> Heatmap:
    x, y = np.linspace(-2, 2, 40), np.linspace(-1, 1, 30)
    values = np.hypot(*np.meshgrid(x, y))
    return Heatmap(title="Disc", values=values, x=x, y=y, value_label="r", equal=True, downwards=True)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 30), (160, 50), (200, 22)])
def test_a_disc_is_round_on_a_terminal(width: int, height: int) -> None:
    for view in (View(), View(x_range=(-1, 1), y_range=(-0.5, 0.5))):
        seen = draw(disc(), Look(width=width, height=height), view).frame
        assert seen is not None
        assert seen.height == pytest.approx(
            seen.width / 4, abs=0.6
        )  # twice as wide, and cells are twice as tall
        assert max(seen.width / width, seen.height / height) > 0.5, "room is left unused"


def test_a_disc_fills_the_width_where_there_are_few_rows() -> None:
    seen = draw(disc(), Look(width=80, height=9)).frame
    assert seen is not None
    assert seen.width > 60


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 30), (160, 50), (200, 22)])
def test_a_circle_is_round_on_a_terminal(width: int, height: int) -> None:
    seen = draw(circle(), Look(width=width, height=height)).frame
    assert seen is not None
    assert seen.width / (2 * seen.height) == pytest.approx(1, abs=0.06)
    assert max(seen.width / width, seen.height / height) > 0.7, "room is left unused"


def test_a_circle_is_round_in_a_file_and_on_a_page() -> None:
    sheet = pytest.importorskip("matplotlib.figure").Figure(figsize=(7.2, 3.9))
    plate(sheet, circle())
    sheet.draw_without_rendering()
    box = sheet.axes[0].get_window_extent()
    assert box.width == pytest.approx(box.height, rel=1e-3)
    sheet = pytest.importorskip("matplotlib.figure").Figure(figsize=(7.2, 3.9))
    plate(sheet, disc())
    sheet.draw_without_rendering()
    box = sheet.axes[0].get_window_extent()
    assert box.width / box.height == pytest.approx((4 + 4 / 39) / (2 + 2 / 29), rel=1e-3)
    if shutil.which("node") is None:
        return
    web = files("dltui.draw.export") / "web"
    code = "".join((web / name).read_text("utf-8") for name in ("axes.js", "space.js"))
    page = "const document = { getElementById: () => ({ textContent: '[]' }) };"
    asks = """
    const axes = [axisBetween(-1, 1), axisBetween(2, -2)];  // rows may be counted downwards
    const boxes = [[700, 420], [200, 420]].map((size) => {
      const [right, bottom] = equalUnits(axes, ...size, 10);
      return room(size[0], bottom, right);
    });
    console.log(JSON.stringify(boxes.map((box) => (box.bottom - box.top) / (box.right - box.left))));
    """
    ran = subprocess.run(["node", "-e", page + code + asks], capture_output=True, text=True)
    assert not ran.returncode, ran.stderr
    assert json.loads(ran.stdout) == pytest.approx([2, 2])


def test_a_bent_colour_bar_has_ticks_of_ours_and_a_long_way_no_dots() -> None:
    sheet = pytest.importorskip("matplotlib.figure").Figure(figsize=(7.2, 3.9))
    ways = [Path(name=f"{n} steps", x=np.linspace(0, 1, n), y=np.linspace(0, 1, n)) for n in (9, 200)]
    values = np.geomspace(1e-4, 100, 16).reshape(4, 4) - 0.001
    axis = np.arange(4.0)
    plate(sheet, Heatmap(title="Ways", values=values, x=axis, y=axis, scale="symlog", paths=tuple(ways)))
    chart, bar = sheet.axes
    assert [line.get_marker() for line in chart.lines] == ["o", "None"]
    texts = [text.get_text() for text in bar.get_yticklabels()]
    assert "0" in texts
    assert len(texts) <= 9
