"""Records: what each step leaves in its release's folder for the next step, the report and the history.

A record is one JSON document with a schema version, and its tables are Parquet files beside it. The JSON
is written last, so a record whose JSON is there is whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from atomic_kit.errors import NoRoomError, StepError
from atomic_kit.files import new_file, write_json

SCHEMA = 1

# The steps of a release in their order; each is the name of its record.
STEPS = ("package-set", "policy", "compose", "changes", "images", "checks", "trends", "release")


def write_record(
    folder: Path,
    step: str,
    facts: Mapping[str, Any],
    *,
    tables: Mapping[str, pd.DataFrame] | None = None,
    files: Mapping[str, str | bytes] | None = None,
) -> Path:
    """Write a step's record into a release's folder and return the path of its JSON document.

    `tables` become NAME.parquet, `files` are written under their names as they are.
    """
    (folder / f"{step}.json").unlink(missing_ok=True)
    for name, content in (files or {}).items():
        with new_file(folder / name) as part:
            part.write_bytes(content.encode() if isinstance(content, str) else content)
    for name, frame in (tables or {}).items():
        write_table(folder / f"{name}.parquet", frame)
    document = folder / f"{step}.json"
    write_json(document, {"schema": SCHEMA, "step": step, "facts": dict(facts)})
    return document


def has_record(folder: Path, step: str) -> bool:
    """Say whether a step's record is there and whole."""
    return (folder / f"{step}.json").is_file()


def read_record(folder: Path, step: str) -> dict[str, Any]:
    """Return the facts of a step's record; raise StepError when it is missing or of another schema."""
    path = folder / f"{step}.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StepError(f"the release in {folder} has no {step} record", hint=f"run the step {step} first") from None
    except ValueError as error:
        raise StepError(f"{path} is not a record ({error})", hint="delete it and run the step again") from error
    if document.get("schema") != SCHEMA:
        raise StepError(
            f"{path} has schema {document.get('schema')!r}, not {SCHEMA}", hint="use the version that wrote it"
        )
    facts: dict[str, Any] = document["facts"]
    return facts


def forget_records_from(folder: Path, step: str) -> None:
    """Remove the records of a step and of all that come after it, before the step runs again."""
    for later in STEPS[STEPS.index(step) :]:
        (folder / f"{later}.json").unlink(missing_ok=True)


def write_table(path: Path, frame: pd.DataFrame) -> None:
    """Write a DataFrame as Parquet, whole or not at all; the index is left out."""
    with new_file(path) as part, duckdb.connect() as connection:
        connection.register("frame", frame)
        try:
            connection.execute(f"COPY (SELECT * FROM frame) TO '{_quoted(part)}' (FORMAT parquet, COMPRESSION zstd)")
        except duckdb.IOException as error:
            raise NoRoomError(str(error).splitlines()[0]) from error


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """Return a table of a release's folder; raise StepError when it is missing or damaged."""
    path = folder / f"{name}.parquet"
    if not path.is_file():
        raise StepError(f"the release in {folder} has no table {name}", hint="run the step that makes it first")
    try:
        with duckdb.connect() as connection:
            return connection.execute(f"SELECT * FROM read_parquet('{_quoted(path)}')").df()
    except duckdb.Error as error:
        raise StepError(f"{path} is damaged ({error})", hint="delete it and run its step again") from error


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
