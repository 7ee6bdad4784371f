import re

import pytest

from bench.report import Report, circumstances, last_line, number, percentile, spread


@pytest.mark.parametrize(
    "values, told",
    [
        ([], "-"),
        ([3.14159], "3.14"),
        ([2, 1, 3], "2 [1-3]"),
        ([1, 2, 3, 4], "2.5 [1-4]"),
        ([12345.6], "12 346"),
        ([0.000123456], "0.000123"),
    ],
)
def test_a_spread_is_the_median_with_the_extremes(values, told):
    assert spread(values) == told


@pytest.mark.parametrize("value, told", [(99.94, "99.9"), (100, "100"), (0, "0"), (1234567, "1 234 567")])
def test_figures_have_the_digits_they_deserve(value, told):
    assert number(value) == told


def test_percentiles():
    values = list(range(100, 0, -1))
    assert [percentile(values, share) for share in (0, 0.5, 0.99, 1)] == [1, 51, 100, 100]


@pytest.mark.parametrize(
    "ours, peer, less, line",
    [
        (1200, 1000, False, "x: ours 1200, peer 1000, ratio 1.20"),
        (0.66, 0.69, True, "x: ours 0.66, peer 0.69, ratio 1.05"),
        (500, 1000, False, "x: ours 500, peer 1000, ratio 0.50"),
    ],
)
def test_the_ratio_of_the_last_line_is_our_advantage(ours, peer, less, line):
    assert last_line("x", ours, peer, less_is_better=less) == line


def test_a_table_for_the_terminal(capsys):
    Report(markdown=False).table(["", "a", "long head"], [["first", "1", "2"], ["x", "10", "20"]])
    assert capsys.readouterr().out.splitlines() == [
        "           a   long head",
        "  first    1           2",
        "  x       10          20",
        "",
    ]


def test_a_table_for_a_document(capsys):
    Report(markdown=True).table(["", "a"], [["first", "1"]])
    assert capsys.readouterr().out.splitlines() == [
        "|       |  a |",
        "| ----- | -: |",
        "| first |  1 |",
        "",
    ]


def test_titles_remarks_and_the_last_line(capsys):
    for markdown in (False, True):
        report = Report(markdown=markdown)
        report.title("title")
        report.remark("remark")
        report.last("x: ours 1, peer 1, ratio 1.00")
    assert capsys.readouterr().out.splitlines() == [
        *("", "title", "  remark", "x: ours 1, peer 1, ratio 1.00"),
        *("", "### title", "", "remark", "", "", "    x: ours 1, peer 1, ratio 1.00"),
    ]


def test_a_measurement_says_when_and_on_what():
    assert re.match(
        r"\d{4}-\d\d-\d\d, .+, \d+ cores, \d+ GiB, .+, Python 3\.\d+\.\d+; load before: \d", circumstances()
    )
