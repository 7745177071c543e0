"""A treefile that is spoilt in any way is still a treefile, or a short sentence."""

from __future__ import annotations

import os
from pathlib import Path

from treefile_mutations import lay_out, outcome, spoilt


def test_a_spoilt_treefile_loads_or_is_refused_in_sentences(tmp_path: Path) -> None:
    found = {}
    for seed in range(300):
        treefile = lay_out(tmp_path / str(seed), spoilt(seed))
        try:
            found[seed] = outcome(treefile)
        except Exception as error:
            raise AssertionError(f"seed {seed}, see {treefile}: {error!r}") from error
    assert set(found.values()) == {"loaded", "warned", "refused"}


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "top.yaml").write_text("ref: x\npackages: [a]\ninclude: fifo\n")
    assert outcome(tmp_path / "top.yaml") == "refused"
