"""The page on settings tells what the program takes."""

import re
from pathlib import Path

from dltui.settings import RULES, Settings, load
from dltui.tui.keymap import known_everywhere, problems


def test_the_example_of_the_page_names_every_setting_and_holds(root: Path, tmp_path: Path) -> None:
    page = (root / "docs" / "settings.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    path = tmp_path / "settings.toml"
    path.write_text(example, encoding="utf-8")
    found = load({"DLTUI_CONFIG": str(path)})
    assert found.troubles == ()
    assert all(found.origins[rule.name] == "file" for rule in RULES)
    assert all(getattr(found.settings, rule.name) != rule.default for rule in RULES)
    known_everywhere()
    assert problems(found.settings) == []
    for rule in RULES:
        (line,) = [line for line in example.splitlines() if line.startswith(f"{rule.name} =")]
        assert all(word in line for word in rule.choices)
    assert Settings().remember
