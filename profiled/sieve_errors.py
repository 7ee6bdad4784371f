"""What the library finds wrong with a Sieve script, in our words: its own reach nobody. Pure."""

import re

from profiled.sieve_refusal import Wrong

STRANGE = "“{}” is of an extension that Restante does not know"
LINES = "a text of several lines (text:) is not understood; write it in quotation marks"

_SIGNS = {
    "left_bracket": "[",
    "right_bracket": "]",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "left_cbracket": "{",
    "right_cbracket": "}",
    "semicolon": ";",
    "comma": ",",
}
_TAG = re.compile(r"bad argument (:\w+) for command (?!.*\(a single )|unexpected token '(:\w+)'")
_COMMAND = re.compile(r"unknown command '([^']*)'")
_COMPARATOR = re.compile(r'bad value "([^"]*)" for argument comparator')
_EXPECTED = re.compile(r"(?:found|reached) while ([a-z_|]+) expected")

#: It repeats what stands in the script, which may be all of it; how long it looks for words in that must not
#: follow from a stranger's script.
_SAID_CHARACTERS = 200

#: What the library says → what we do, with what it names.
_TOLD = (
    (r"unknown token \"", "a text begins there that has no quotation mark at its end"),
    (r"unknown token /\*", "a comment begins there that has no end"),
    (r"unknown token (\S{1,20})", "“{}” means nothing there"),
    (r"unknown command '([^']*)'", "there is no command “{}”; is a “;” missing before it?"),
    (
        r"extension '([^']*)' not loaded",
        'it needs an extension that the script does not name; begin it with require "{}"',
    ),
    (r"missing argument for command (\w+)", "something is missing behind “{}”"),
    (r"bad argument (\S{1,40}).* for command (\w+)", "“{1}” cannot have {0} there"),
    (r"bad value (\S{1,40}) for argument (\S+)", "{0} is no {1}"),
    (r"the (\w+) command must follow", "“{}” stands only behind the block of an “if”"),
    (r"unexpected closing bracket (.) \(none opened\)", "“{}” closes nothing that was opened"),
    (r"unexpected closing bracket (.) \(expected (.)\)", "“{}” stands where “{}” has to"),
    (r"Expected test command, '(\w+)' found", "“{}” is no test, and one has to stand there"),
    (r"(\w+) may not appear as a first command", "“{}” is a test, which stands behind “if”"),
    (r"(\w+) unexpected after a (\w+)", "“{}” cannot stand behind “{}”; is a “;” missing?"),
    (r"unexpected token '\}'", "“}}” cannot stand there; is a “;” missing before it?"),
    (r"unexpected token '(\S{1,40}).*' found", "“{}” cannot stand there"),
)


def told(error: str, line: int, strange: set[str]) -> Wrong:
    """Return what to say of what the parser did not take: unknown to it, or no Sieve.

    `strange` are extensions that the script requires and Restante does not know.
    """
    if len(error) > 2 * _SAID_CHARACTERS:
        error = f"{error[:_SAID_CHARACTERS]}…{error[-_SAID_CHARACTERS:]}"
    if "multiline found" in error:
        return Wrong(line, LINES)
    if tag := _TAG.search(error):
        return Wrong(line, STRANGE.format(tag[1] or tag[2]))
    if strange and (command := _COMMAND.search(error)):
        return Wrong(line, STRANGE.format(command[1]))
    if name := _COMPARATOR.search(error):
        return Wrong(line, f"Restante does not know how “{name[1]}” compares")
    if expected := _EXPECTED.search(error):
        signs = [_SIGNS[one] for one in expected[1].split("|") if one in _SIGNS]
        missing = " or ".join(f"“{sign}”" for sign in signs) or "something else"
        return Wrong(line, f"{missing} has to stand there", broken=True)
    for said, ours in _TOLD:
        if found := re.search(said, error, re.DOTALL):
            return Wrong(line, ours.format(*found.groups()), broken=True)
    return Wrong(line, "it is not written as Sieve is", broken=True)
