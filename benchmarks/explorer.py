"""How long it takes in the explorer from a click to the new picture, in a headless Chromium.

usage: .venv/bin/python benchmarks/explorer.py [PARAMETERS] [CLICKS]

A click unticks a request or ticks it again; the time ends when the browser has painted what Python answered.
`sort` and `filter` are over the table of all packages. The metadata must be here (`./workbench run atomic-kit
resolve PARAMETERS`), and so must chromium (`./workbench test` installs it).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import psutil

from atomic_kit.explorer.serving import serving

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "integration"))

from chromium import Tab, chromium

# A message to oneself is delivered after the frame was painted.
_WATCH = """
window.times = [];
window.painted = since => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => window.times.push(performance.now() - since);
  channel.port2.postMessage(0);
});
for (const kind of ["click", "change"])
  document.addEventListener(kind, () => { window.since = performance.now(); }, true);
document.addEventListener("explorer-drawn", () => window.painted(window.since));
"""


def main(name: str, clicks: int) -> None:
    """Print one row a kind of act, in milliseconds, and what the kernel and the page hold in memory."""
    with TemporaryDirectory() as folder, serving(name) as (address, server), chromium(Path(folder)) as tab:
        tab.resize(1400, 1000)
        started = time.monotonic()
        tab.open(address)
        tab.wait("!!document.querySelector('.ex-cell')", seconds=120)
        opened = time.monotonic() - started
        time.sleep(3)  # sizes of the requests, the graphs' library
        tab.value(_WATCH)
        rows = {"click": [], "click, by request": [], "undo": [], "sort": [], "filter": []}
        texts = tab.value("[...document.querySelectorAll('[aria-label=requests] input')].map(e => e.dataset.key)")
        for kind, group in (("click", "package"), ("click, by request", "request")):
            tab.choose('[aria-label="treemap by"]', group)
            rows[kind] = [_time(tab, f'[data-key="{texts[place // 2 % len(texts)]}"]') for place in range(clicks)]
        rows["undo"] = [_time(tab, '[data-key="undo"]') for _ in range(clicks // 2)]
        rows["sort"], rows["filter"] = _table(tab, clicks // 3)
        kernel = max(psutil.Process(server.pid).children(recursive=True), key=lambda one: one.memory_info().rss)
        count = tab.value("document.querySelector('.ex-table h2 small').textContent")
        heap = tab.value("performance.memory.usedJSHeapSize")
        print(f"{count} packages; first picture after {opened:.1f} s")
        print(f"memory: kernel {kernel.memory_info().rss / 2**20:.0f} MiB, page {heap / 2**20:.0f} MiB of objects")
    times = pd.DataFrame({kind: pd.Series(values) for kind, values in rows.items()})
    print(times.describe(percentiles=[0.5, 0.95]).loc[["count", "50%", "95%", "max"]].T.round(0).to_string())


def _time(tab: Tab, selector: str) -> float:
    """Click, and return the milliseconds until the new picture was painted."""
    tab.value("window.times.length = 0")
    tab.click(selector)
    tab.wait("window.times.length > 0")
    time.sleep(0.1)
    return float(tab.value("window.times[0]"))


def _table(tab: Tab, repeats: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of sorting and of filtering all packages."""
    tab.choose('[aria-label="packages"]', "all")
    head = "document.querySelector('[data-key=\"sort {}\"]')"
    field = "document.querySelector('[aria-label=\"filter the table\"]')"
    sorts, filters = [], []
    for place in range(repeats):
        column = ("name", "install_size", "summary", "reason")[place % 4]
        tab.value(f"window.times.length = 0; {head.format(column)}.click(); window.painted(window.since)")
        sorts.append(float(tab.wait("window.times[0]")))
        # The table waits 60 ms for the next letter; that is part of the time.
        word = ("lib", "python devel", "a", "kernel")[place % 4]
        tab.value(
            f"window.times.length = 0; {field}.value = '{word}'; {field}.dispatchEvent(new Event('input')); "
            "window.since = performance.now(); setTimeout(() => window.painted(window.since), 61)"
        )
        filters.append(float(tab.wait("window.times[0]")))
        tab.value(f"{field}.value = ''; {field}.dispatchEvent(new Event('input'))")
        time.sleep(0.2)
    return sorts, filters


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo", int(sys.argv[2]) if len(sys.argv) > 2 else 40)
