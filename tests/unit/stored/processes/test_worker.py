"""A process of ours whose daemon is gone."""

import io
import os
import subprocess
import sys

from stored.processes import frames


def test_an_answer_that_nobody_reads_ends_the_process_without_a_word():
    asked = io.BytesIO()
    frames.write(asked, {"do": "close", "path": "", "seconds": 30, "clock_seconds": 30})
    read, written = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "stored.search.worker"]
    ended = subprocess.run(
        command, input=asked.getvalue(), stdout=written, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(written)
    assert (ended.returncode, ended.stderr) == (0, b"")
