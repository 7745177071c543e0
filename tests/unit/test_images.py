"""Disks and platforms, without a disk."""

from __future__ import annotations

from itertools import pairwise

import pytest

from atomic_kit.disk import MIB
from atomic_kit.errors import InputError
from atomic_kit.images.image import partition_plan
from atomic_kit.images.platforms import platform


def test_partitions_are_aligned_and_do_not_overlap() -> None:
    plan = partition_plan(4096 * MIB, seed="a")
    assert all(one.start % MIB == 0 for one in plan)
    assert all(left.start + left.size <= right.start for left, right in pairwise(plan))
    assert plan[-1].start + plan[-1].size == 4095 * MIB


def test_identifiers_follow_from_the_commit() -> None:
    ids = [[one.id for one in partition_plan(4096 * MIB, seed=seed)] for seed in ("a", "a", "b")]
    assert ids[0] == ids[1]
    assert not set(ids[0]) & set(ids[2])


def test_a_small_disk_is_refused() -> None:
    with pytest.raises(InputError, match="raise disk_size"):
        partition_plan(300 * MIB, seed="a")


def test_an_unknown_platform_lists_the_known() -> None:
    with pytest.raises(InputError, match="known: qemu, raw"):
        platform("toaster")
