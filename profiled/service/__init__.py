"""The methods of `profiled`, declared: a file a noun. Each hands on to its noun and decides nothing."""
