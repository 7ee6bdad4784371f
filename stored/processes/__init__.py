"""Work done in a process of its own, which can be killed: reading what strangers sent, writing indexes.

process   one such process as the daemon sees it: asked one thing at a time, killed in time, made anew
worker    what runs in it: limits on itself first, then one request after another
frames    how the two speak
"""

from stored.processes.process import Process, ProcessDied

__all__ = ["Process", "ProcessDied"]
