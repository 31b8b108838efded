"""How long it took until work of an interrupted worker began elsewhere, from
the journals of the workers."""

import bisect
import collections
import math

# A signal takes its time: what ends so soon after it was not interrupted.
SIGNAL_S = 0.1


def read_journal(path):
    """Of each piece what happened to it, as a list of (what, nanoseconds)."""
    pieces = collections.defaultdict(list)
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            what, run, name, at = line.split()
            pieces[run, name].append((what, int(at)))
    return pieces


def interrupted_in(pieces, at, is_signal):
    """What was being done at that moment, and could not be finished."""
    grace = int(SIGNAL_S * 1e9) if is_signal else 0
    for piece, happened in pieces.items():
        begun = sum(what == "begun" and when <= at for what, when in happened)
        over = sum(what != "begun" and when <= at + grace for what, when in happened)
        if begun > over:
            yield piece


def restarts(journals, interruptions):
    """Seconds from an interruption until what it interrupted begins again, and
    how many pieces did not: their runs were cancelled.

    `interruptions` are (worker, nanoseconds, whether it was a signal).
    """
    begins = collections.defaultdict(list)
    for pieces in journals.values():
        for piece, happened in pieces.items():
            begins[piece] += [at for what, at in happened if what == "begun"]
    for each in begins.values():
        each.sort()
    spans = []
    never = 0
    for worker, at, is_signal in interruptions:
        for piece in interrupted_in(journals[worker], at, is_signal):
            after = bisect.bisect_right(begins[piece], at)
            if after < len(begins[piece]):
                spans.append((begins[piece][after] - at) / 1e9)
            else:
                never += 1
    return spans, never


def p99(spans):
    return sorted(spans)[math.ceil(0.99 * len(spans)) - 1] if spans else 0.0


def unbalanced(pieces):
    """What was begun by a worker that ended by itself, but neither ended nor
    dropped."""
    return [
        piece
        for piece, happened in pieces.items()
        if 2 * sum(what == "begun" for what, _ in happened) != len(happened)
    ]
