"""Images: disks made from a commit, for each platform."""

from atomic_kit.images.image import ImageFile, build_image
from atomic_kit.images.platforms import known_platforms
from atomic_kit.images.sysroot import Host

__all__ = ["Host", "ImageFile", "build_image", "known_platforms"]
