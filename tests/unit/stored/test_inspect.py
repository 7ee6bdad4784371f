"""`restante inspect`, and the hard mail read by it, where that lies beside this tree."""

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from restante.errors import InvalidArgument
from stored.inspect import command

HARDMAIL = Path(__file__).parents[4] / "shared" / "hardmail"


def inspect(*arguments):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(one) for one in arguments]))


@pytest.fixture
def letters(tmp_path):
    made = []
    for number in range(3):
        path = tmp_path / f"{number}.eml"
        path.write_bytes(b"Subject: letter %d\r\n\r\nhello\r\n" % number)
        made.append(path)
    return made


def test_each_message_is_a_line_in_the_order_asked(letters, capfdbinary):
    assert inspect(*letters) == 0
    lines = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [(line["file"], line["subject"]) for line in lines] == [
        (f"{n}.eml", f"letter {n}") for n in range(3)
    ]


def test_each_message_is_a_file_when_a_directory_is_given(letters, tmp_path):
    into = tmp_path / "into"
    into.mkdir()
    inspect("--into", into, *letters)
    assert sorted(path.name for path in into.iterdir()) == ["0.eml.json", "1.eml.json", "2.eml.json"]
    assert json.loads((into / "1.eml.json").read_text())["text"].strip() == "hello"


def test_what_cannot_be_read_is_said(tmp_path, letters):
    with pytest.raises(InvalidArgument, match=r"gone\.eml"):
        inspect(tmp_path / "gone.eml")
    with pytest.raises(InvalidArgument, match="directory"):
        inspect("--into", tmp_path / "nowhere", *letters)


@pytest.mark.skipif(not HARDMAIL.is_dir(), reason="the hard mail is not beside this tree")
def test_hard_mail_is_read_as_well_as_by_the_best(tmp_path):
    """99.4 % of all fields, 97 % of those of the hardest messages, none given up."""
    mail = sorted((HARDMAIL / "mail").glob("*.eml"))
    began = time.monotonic()
    inspect("--into", tmp_path, *mail)
    assert time.monotonic() - began < 2 * len(mail)
    assert [
        path.name for path in tmp_path.iterdir() if b'too_complex":true}' in path.read_bytes()[:200]
    ] == []
    assert agreement(tmp_path) >= 99.4
    assert agreement(tmp_path, "--hard", "10") >= 97


def agreement(directory, *options):
    answer = subprocess.run(
        [sys.executable, HARDMAIL / "score.py", directory, *options],
        capture_output=True,
        text=True,
        check=True,
    )
    (told,) = re.findall(r"^all fields.*?([\d.]+) %", answer.stdout, re.M)
    return float(told)
