"""Faults in numbers: each module is a command for the full count, and a test runs it at a small one."""
