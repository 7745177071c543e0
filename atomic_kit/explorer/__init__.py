"""The explorer: a package set that one changes by hand and looks at while it changes."""
