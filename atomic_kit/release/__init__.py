"""Releases: their folders, records, versions and publication."""
