"""dnf's side of benchmarks/solver.py; run by the system's Python, which has dnf's modules.

Reads {"rpm_repos": {ID: FOLDER}, "cache": FOLDER, "requests": [[NAMES, WEAK], ...], "arch": ARCH} from stdin and
prints the installs and the seconds of each request.
"""

import json
import sys
import time

import dnf


def main() -> None:
    """Answer all requests in one process."""
    asked = json.load(sys.stdin)
    started = time.perf_counter()
    base = dnf.Base()
    base.conf.installroot = asked["cache"] + "/root"
    base.conf.cachedir = asked["cache"] + "/dnf"
    base.conf.substitutions["arch"] = base.conf.substitutions["basearch"] = asked["arch"]
    base.conf.substitutions["releasever"] = "9"
    base.conf.plugins = False
    for name, folder in asked["rpm_repos"].items():
        base.repos.add_new_repo(name, base.conf, baseurl=[f"file://{folder}"], module_hotfixes=True)
    base.fill_sack(load_system_repo=False)
    loaded = time.perf_counter() - started
    answers = []
    for names, weak in asked["requests"]:
        base.conf.install_weak_deps = weak
        started = time.perf_counter()
        base.reset(goal=True)
        problem = ""
        try:
            for name in names:
                base.install(name)
            base.resolve()
            chosen = sorted(f"{p.name}-{p.evr}.{p.arch}" for p in base.transaction.install_set)
        except dnf.exceptions.Error as error:
            chosen, problem = [], str(error)
        answers.append({"chosen": chosen, "problem": problem, "seconds": time.perf_counter() - started})
    json.dump({"loaded": loaded, "answers": answers}, sys.stdout)


main()
