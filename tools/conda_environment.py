"""Make environment.yml, what conda users install, from pyproject.toml.

Run it in the project's folder: `.venv/bin/python tools/conda_environment.py`. The table `tool.atomic-kit.conda`
says which packages conda-forge has under another name (`renamed`) and which come from pip (`from-pip`).
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

HEADER = "# Made from pyproject.toml by tools/conda_environment.py; the conda solve was not run.\n"


def conda_environment(project: dict[str, Any]) -> str:
    """Return the text of environment.yml for a parsed pyproject.toml: its dependencies and those of its tests."""
    names = project["tool"]["atomic-kit"]["conda"]
    texts = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["test"]
    conda, pip = [], []
    for wanted in sorted((Requirement(text) for text in texts), key=lambda wanted: wanted.name):
        if wanted.name in names["from-pip"]:
            pip.append(f"{wanted.name}{wanted.specifier}")
        else:
            conda.append(f"{names['renamed'].get(wanted.name, wanted.name)}{wanted.specifier}")
    python = f"python{project['project']['requires-python']}"
    lines = ["name: atomic-workbench", "channels:", "  - conda-forge", "dependencies:"]
    lines += [f"  - {item}" for item in (python, *conda, "pip")]
    lines += ["  - pip:", *(f"      - {item}" for item in pip)]
    return HEADER + "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = Path("pyproject.toml").read_text(encoding="utf-8")
    Path("environment.yml").write_text(conda_environment(tomllib.loads(text)), encoding="utf-8")
