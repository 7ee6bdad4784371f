"""The thin client: standard library only; it keeps nothing."""

__version__ = "0.1.0"
