"""The solver: libsolv over rpm-md metadata.

A pool is loaded once for a list of rpm_repos and answers any number of requests, each in milliseconds.
"""

from atomic_kit.solver.pool import Answer, Pool
from atomic_kit.solver.request import Request

__all__ = ["Answer", "Pool", "Request"]
