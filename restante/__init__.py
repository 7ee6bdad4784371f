"""What the daemons share. Nothing here knows any one daemon."""

__version__ = "0.1.0"
