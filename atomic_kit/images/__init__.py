"""Images: disks made from a commit, for each platform."""
