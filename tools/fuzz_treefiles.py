"""Load treefiles that are spoilt at random and tell what came of them.

Run it in the project's folder: `.venv/bin/python tools/fuzz_treefiles.py --count 10000`. Ends with 1, and names
the seeds, when one is neither loaded nor refused in short sentences.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit"))

from treefile_mutations import lay_out, outcome, spoilt


def main() -> int:
    """Try the seeds and print the tally."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--count", type=int, default=10_000, help="how many to try")
    arguments.add_argument("--first", type=int, default=0, help="the first seed")
    chosen = arguments.parse_args()
    tally: Counter[str] = Counter()
    slowest, started = (0.0, 0), time.monotonic()
    for seed in range(chosen.first, chosen.first + chosen.count):
        folder = Path(tempfile.mkdtemp(prefix="treefile-"))
        begun = time.monotonic()
        try:
            tally[outcome(lay_out(folder, spoilt(seed)))] += 1
        except Exception as error:
            tally["FAILED"] += 1
            last = traceback.extract_tb(error.__traceback__)[-1]
            print(f"seed {seed}: {type(error).__name__}: {str(error)[:300]} ({last.filename}:{last.lineno})")
        finally:
            slowest = max(slowest, (time.monotonic() - begun, seed))
            shutil.rmtree(folder)
    told = ", ".join(f"{count} {name}" for name, count in sorted(tally.items()))
    print(f"{chosen.count} treefiles in {time.monotonic() - started:.1f} s: {told}")
    print(f"slowest: {slowest[0] * 1000:.0f} ms, seed {slowest[1]}")
    return 1 if tally["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main())
