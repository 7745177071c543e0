"""What can be said of a compose without composing."""

from __future__ import annotations

import pytest

from atomic_kit.compose.initramfs import refuse_unusable
from atomic_kit.errors import StepError

WHOLE = "usr/lib/ostree/ostree-prepare-root usr/lib/systemd/systemd usr/bin/mount"


@pytest.mark.parametrize(
    ("log", "listed", "sentence"),
    [
        ("dracut: ERROR: installing 'mount'", WHOLE, r"unusable initramfs \(dracut: ERROR: installing 'mount'\)"),
        ("dracut: FAILED: /usr/bin/dracut-install", WHOLE, "unusable initramfs"),
        ("all is well", WHOLE.replace("usr/bin/mount", ""), "lacks usr/bin/mount"),
    ],
)
def test_an_initramfs_that_cannot_boot_is_refused_although_dracut_ended_well(
    log: str, listed: str, sentence: str
) -> None:
    with pytest.raises(StepError, match=sentence):
        refuse_unusable(log, listed)


def test_a_good_initramfs_is_not_refused() -> None:
    refuse_unusable("dracut: *** Including modules done ***\nno ERRORS here", WHOLE)
