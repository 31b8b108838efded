"""Compiles a source whose mistakes must not compile, and checks what is said.

The line after a comment "// says: TEXT" is a mistake. The compiler must report
it by an error whose first line contains TEXT, and name the line of the mistake
within three lines of that. There must be no error besides.
"""

import argparse
import re
import subprocess
import sys

NEAR = 3


def expected(source):
    """The sentence of each mistake, by its line."""
    result = {}
    with open(source, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            found = re.search(r"// says: (.*\S)\s*$", line)
            if found:
                result[number + 1] = found.group(1)
    return result


def findings(source, sentences, output):
    """What is wrong with the output, one text each."""
    lines = output.splitlines()
    errors = [at for at, line in enumerate(lines) if " error: " in line]
    unused = set(errors)
    for number, sentence in sentences.items():
        place = f"{source}:{number}:"
        match = [at for at in errors
                 if sentence in lines[at]
                 and any(place in line
                         for line in lines[max(0, at - NEAR):at + NEAR + 1])]
        if match:
            unused -= set(match)
        else:
            yield f"line {number}: no error says there: {sentence}"
    for at in sorted(unused):
        yield f"an error that no mistake has announced: {lines[at]}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    done = subprocess.run([*arguments.command, arguments.source],
                          capture_output=True, text=True, check=False)
    sentences = expected(arguments.source)
    if not sentences:
        sys.exit(f"{arguments.source} announces no mistake.")
    found = list(findings(arguments.source, sentences, done.stderr))
    if done.returncode == 0:
        found.insert(0, "it compiles, and must not")
    if found:
        sys.exit("\n".join([*found, "The compiler said:", done.stderr]))


if __name__ == "__main__":
    main()
