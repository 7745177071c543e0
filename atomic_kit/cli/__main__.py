"""`python -m atomic_kit.cli`."""

from atomic_kit.cli.main import main

main()
