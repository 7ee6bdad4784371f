"""The thin client: standard library only; it keeps nothing."""
