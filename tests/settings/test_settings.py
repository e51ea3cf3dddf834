"""Settings: what holds, where it comes from, and that nothing in the file brings the program down."""

import string
import tomllib
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from dltui.errors import DltuiError, UsageError
from dltui.figures import ColorMap
from dltui.settings import COLORMAPS, RULES, Settings, change, from_text, load, rule_of, settings_path
from dltui.settings.reading import spelled_keys


def loaded(path: Path, text: str | bytes, **environ: str):
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load({"DLTUI_CONFIG": str(path), **environ})


def test_nothing_there_gives_the_defaults(tmp_path: Path) -> None:
    found = load({"DLTUI_CONFIG": str(tmp_path / "none.toml")})
    assert found.settings == Settings()
    assert set(found.origins.values()) == {"default"}
    assert found.troubles == ()


def test_every_field_has_a_rule_and_every_default_is_allowed() -> None:
    assert {rule.name for rule in RULES} | {"keys"} == set(Settings.__slots__)
    for rule in RULES:
        assert rule.fit(rule.default) == rule.default
        assert rule.help.endswith(".")


def test_colormaps_are_those_that_can_be_drawn() -> None:
    assert set(COLORMAPS) == set(get_args(ColorMap)) - {"coolwarm"}  # which is for signed values


def test_the_file_is_where_the_environment_says(tmp_path: Path) -> None:
    assert settings_path({"DLTUI_CONFIG": "/a/b.toml", "XDG_CONFIG_HOME": "/c"}) == Path("/a/b.toml")
    assert settings_path({"XDG_CONFIG_HOME": "/c"}) == Path("/c/dltui/settings.toml")
    assert settings_path({}) == Path.home() / ".config" / "dltui" / "settings.toml"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    found = loaded(path, 'glyphs = "octant"\ntheme = "light"', DLTUI_GLYPHS="HALF", DLTUI_REDUCED_MOTION="1")
    assert (found.settings.glyphs, found.settings.theme, found.settings.motion) == (
        "half",
        "light",
        "reduced",
    )
    assert found.origins["glyphs"] == "DLTUI_GLYPHS"
    assert found.origins["theme"] == "file"
    assert found.origins["motion"] == "DLTUI_REDUCED_MOTION"
    assert loaded(path, "", DLTUI_REDUCED_MOTION="0").settings.motion == "full"
    assert loaded(path, 'glyphs = "half"', DLTUI_GLYPHS="pixels").settings.glyphs == "auto"
    wrong = loaded(path, "", DLTUI_GLYPHS="big")
    assert wrong.settings.glyphs == "auto"
    assert wrong.troubles[0].startswith("DLTUI_GLYPHS: glyphs can't be big")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('colourmap = "magma"', "unknown setting 'colourmap': did you mean colormap?"),
        ('theme = "drak"', "theme can't be drak: expected one of dark, light"),
        ("jobs = 99", "jobs can't be 99: expected a whole number of 1 … 16"),
        ("jobs = true", "jobs can't be on"),
        ("jobs = 2.5", "jobs can't be float"),
        ("remember = 1", "remember can't be 1: expected on or off"),
        ('frame_rate = "fast"', "frame_rate can't be fast: expected auto or a whole number of 1 … 60"),
        ("theme = [", "is no TOML: "),
        ("keys = 3", "keys can't be a int"),
        ('[keys]\n"a.b" = 3', "keys.a.b can't be 3: expected a key"),
        (b"\xff\xfe", "it is no UTF-8 text"),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence_and_leaves_the_default(
    tmp_path: Path, text: str | bytes, told: str
) -> None:
    found = loaded(tmp_path / "settings.toml", text)
    assert found.settings == Settings()
    assert len(found.troubles) == 1
    assert told in found.troubles[0]


def test_one_wrong_key_leaves_the_others(tmp_path: Path) -> None:
    found = loaded(tmp_path / "settings.toml", 'theme = 3\njobs = 5\n[keys]\ngallery.export = "ctrl+e"')
    assert found.settings == Settings(jobs=5, keys={"gallery.export": ("ctrl+e",)})


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    found = load({"DLTUI_CONFIG": str(tmp_path)})
    assert found.settings == Settings()
    assert "can't read" in found.troubles[0]


words = st.text(string.printable + "äλ☃", max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from([rule.name for rule in RULES] + ["keys"]) | words


def toml_of(table: dict) -> str:
    import tomlkit

    def known(value):
        if isinstance(value, dict):
            return {name: known(inner) for name, inner in value.items() if inner is not None}
        return [known(inner) for inner in value if inner is not None] if isinstance(value, list) else value

    return tomlkit.dumps(known(table))


@trials(max_examples=150, deadline=None)
@given(table=st.dictionaries(names, values, max_size=5))
def test_any_toml_gives_settings_that_are_allowed(tmp_path_factory, table: dict) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    found = loaded(path, toml_of(table))
    for rule in RULES:
        assert rule.fit(getattr(found.settings, rule.name)) == getattr(found.settings, rule.name)
    assert all("\n" not in trouble[:20] for trouble in found.troubles)


@trials(max_examples=150, deadline=None)
@given(junk=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_junk_never_raises(tmp_path_factory, junk: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "junk.toml"
    found = loaded(path, junk)
    assert isinstance(found.settings, Settings)


WRITTEN = """# mine
theme = "dark"   # at night

[keys]
# the old one
gallery.words = "W"
"""


def test_a_change_leaves_what_a_person_wrote(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(WRITTEN)
    change(path, "theme", "light")
    change(path, "jobs", 3)
    change(path, "keys.gallery.words", ("ctrl+w", "f6"))
    change(path, "keys.gallery.export", ("E",))
    text = path.read_text()
    assert 'theme = "light"   # at night' in text
    assert "# mine" in text
    assert "# the old one" in text
    found = loaded(path, text)
    assert found.troubles == ()
    assert found.settings == Settings(
        theme="light", jobs=3, keys={"gallery.words": ("ctrl+w", "f6"), "gallery.export": ("E",)}
    )
    for name in ("theme", "jobs", "keys.gallery.words", "keys.gallery.export", "keys.nothing", "remember"):
        change(path, name, None)
    assert loaded(path, path.read_text()).settings == Settings()
    assert "# mine" in path.read_text()


def test_a_change_makes_the_file_and_follows_links(tmp_path: Path) -> None:
    path = tmp_path / "new" / "settings.toml"
    change(path, "remember", False)
    assert tomllib.loads(path.read_text()) == {"remember": False}
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    change(link, "jobs", 4)
    assert link.is_symlink()
    assert tomllib.loads(path.read_text()) == {"remember": False, "jobs": 4}


def test_a_broken_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("theme = [")
    with pytest.raises(DltuiError, match="it is no TOML"):
        change(path, "theme", "light")
    assert path.read_text() == "theme = ["


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("jobs", " 4 ", 4),
        ("frame_rate", "auto", "auto"),
        ("frame_rate", "24", 24),
        ("remember", "Off", False),
    ],
)
def test_what_is_typed_becomes_its_type(name: str, text: str, value: object) -> None:
    assert from_text(rule_of(name), text) == value


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean glyphs"):
        rule_of("glyph")


@pytest.mark.parametrize(
    ("value", "keys"),
    [("e", ("e",)), ("e, ctrl+e", ("e", "ctrl+e")), ([",", "e e"], ("comma", "e"))],
)
def test_keys_are_spelled_in_several_ways(value: object, keys: tuple[str, ...]) -> None:
    assert spelled_keys(value) == keys
