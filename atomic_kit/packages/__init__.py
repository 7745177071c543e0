"""Package sets: what a treefile resolves to, why, and how two of them differ."""
