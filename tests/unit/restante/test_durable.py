"""Files that are whole or not there."""

import os
import stat

import pytest

from restante.durable import flush_directory, flush_file, write_new


def test_a_new_file_is_whole_and_the_first_one_stays(tmp_path):
    path = tmp_path / "one"
    write_new(path, b"first", 0o600)
    write_new(path, b"second", 0o644)
    assert path.read_bytes() == b"first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["one"]


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def failing(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="space"):
        write_new(tmp_path / "one", b"first", 0o600)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there_cannot_be_flushed(tmp_path):
    flush_directory(tmp_path)
    for flush in (flush_file, flush_directory):
        with pytest.raises(FileNotFoundError):
            flush(tmp_path / "none")
