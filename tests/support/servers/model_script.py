"""The rules by which model_server.py answers, and what it remembers.

See there for how a script is written.
"""

import asyncio
import collections
import json
import re
import time

from model_faults import FAULTS

RULE_KEYS = {"name", "when", "reply", "times", "delay_ms", "limit"}
WHEN_KEYS = {
    "api", "last", "role", "system", "any", "model", "tools", "schema",
    "stream", "call",
}
REPLY_KEYS = {
    "text", "calls", "json", "raw", "refusal", "finish", "usage", "split",
    "gap_ms", "status", "body", "headers", "retry_after", "fault", "after",
    "every_ms", "size",
}
SECRET_HEADERS = ("authorization", "x-api-key", "cookie")


class BadScript(Exception):
    pass


def known(where, given, keys):
    if not isinstance(given, dict):
        raise BadScript("%s is no object" % where)
    for key in given:
        if key not in keys:
            raise BadScript('%s has the unknown key "%s"' % (where, key))


def found(pattern, text, groups):
    """Whether `pattern` is in `text`; "/.../" is a regular expression."""
    if len(pattern) > 1 and pattern[0] == pattern[-1] == "/":
        match = re.search(pattern[1:-1], text, re.DOTALL)
        if match is None:
            return False
        groups.update(enumerated(match))
        return True
    return pattern in text


def enumerated(match):
    named = {k: v for k, v in match.groupdict().items() if v is not None}
    numbered = {str(i): v or "" for i, v in enumerate(match.groups(), 1)}
    return {**numbered, **named}


class Rule:
    def __init__(self, index, given):
        where = "rule %d" % index
        known(where, given, RULE_KEYS)
        when = given.get("when", {})
        self.when = {"last": when} if isinstance(when, str) else when
        known(where + ': "when"', self.when, WHEN_KEYS)
        reply = given.get("reply", {})
        self.reply = {"text": reply} if isinstance(reply, str) else reply
        known(where + ': "reply"', self.reply, REPLY_KEYS)
        fault = self.reply.get("fault")
        if fault is not None and fault not in FAULTS:
            raise BadScript('%s has the unknown fault "%s"' % (where, fault))
        for key in ("last", "system", "any", "model"):
            try:
                found(self.when.get(key, ""), "", {})
            except (re.error, TypeError) as why:
                raise BadScript('%s: "%s": %s' % (where, key, why)) from why
        if "reply" not in given and "limit" not in given:
            raise BadScript(where + ' has neither "reply" nor "limit"')
        self.name = given.get("name", where)
        self.times = given.get("times")
        self.delay_s = given.get("delay_ms", 0) / 1000
        self.limit = Limit(**given["limit"]) if "limit" in given else None
        self.used = 0
        self.calls = 0

    def fits(self, ask, groups):
        """Whether it applies to `ask`, which counts as a call of it."""
        if self.times is not None and self.used >= self.times:
            return False
        if not self.fits_but_for_call(ask, groups):
            return False
        self.calls += 1
        call = self.when.get("call")
        if call is not None and self.calls not in listed(call):
            return False
        if self.limit is not None and self.limit.lets_pass():
            return False
        self.used += 1
        return True

    def fits_but_for_call(self, ask, groups):
        texts = {
            "last": ask.last,
            "system": ask.system,
            "any": ask.all_text,
            "model": ask.model,
        }
        for key, want in self.when.items():
            if key in texts:
                if not found(want, texts[key], groups):
                    return False
            elif key == "tools" and isinstance(want, str):
                if want not in ask.tools:
                    return False
            elif key == "schema" and isinstance(want, str):
                if want != ask.schema_name:
                    return False
            elif key == "tools" and bool(ask.tools) != want:
                return False
            elif key == "schema" and (ask.schema is not None) != want:
                return False
            elif key in ("api", "role", "stream"):
                if getattr(ask, key) not in listed(want):
                    return False
        return True


def listed(value):
    return value if isinstance(value, list) else [value]


class Limit:
    """So many requests pass in a second, `burst` of them at once."""

    def __init__(self, per_second, burst=1):
        self.per_second = per_second
        self.burst = burst
        self.left = burst
        self.last = time.monotonic()

    def lets_pass(self):
        now = time.monotonic()
        grown = self.left + (now - self.last) * self.per_second
        self.left = min(self.burst, grown)
        self.last = now
        if self.left < 1:
            return False
        self.left -= 1
        return True

    def wait_ms(self):
        return max(1, round((1 - self.left) / self.per_second * 1000))


# Requests that a log keeps, so that a server can be used for long.
LOG_MAX = 10_000


class Channel:
    """A script, and what was asked under it."""

    def __init__(self, rules):
        self.start(rules)
        self.changed = asyncio.Event()

    def start(self, rules):
        if not isinstance(rules, list):
            raise BadScript("a script is a list of rules")
        self.rules = [Rule(i, each) for i, each in enumerate(rules, 1)]
        self.log = collections.deque(maxlen=LOG_MAX)
        self.under_way = []
        self.counters = dict.fromkeys(
            ("requests", "replies", "refused", "aborted", "active",
             "active_max"), 0
        )
        self.counters_of_model = {}

    def rule_for(self, ask):
        """The first rule that applies, and the groups of its patterns."""
        for each in self.rules:
            groups = {}
            if each.fits(ask, groups):
                return each, groups
        return None, {}

    def fault_of_model(self, model):
        """What a model named "fault:NAME[:ARGUMENT...]" stands for."""
        _, name, *arguments = model.split(":")
        if not name.isdecimal():
            reply = {"fault": name}
            if arguments:
                reply["after"] = reply["size"] = int(arguments[0])
                reply["every_ms"] = int(arguments[0])
            return reply
        times = int(arguments[0]) if arguments else 1
        used = self.counters_of_model.get(model, 0)
        self.counters_of_model[model] = used + 1
        if used >= times:
            return {}
        reply = {"status": int(name)}
        if len(arguments) == 3:
            reply["retry_after"] = {arguments[1]: float(arguments[2])}
        return reply

    # What has been asked.

    def begin(self, request, at_ms):
        headers = {
            name: "(hidden)" if name in SECRET_HEADERS else value
            for name, value in request.headers.items()
        }
        try:
            body = json.loads(request.body) if request.body else None
        except ValueError:
            body = request.body.decode(errors="replace")
        entry = {
            "method": request.method,
            "path": request.path,
            "headers": headers,
            "body": body,
            "at_ms": at_ms,
            "rule": None,
            "status": None,
            "end": None,
        }
        self.log.append(entry)
        self.under_way.append(entry)
        self.count("requests")
        self.count("active")
        most = max(self.counters["active"], self.counters["active_max"])
        self.counters["active_max"] = most
        return entry

    def end(self, entry, how):
        """`how`: replies, refused (the request makes no sense), aborted."""
        entry["end"] = how
        # A new script forgets those of the old one.
        before = len(self.under_way)
        self.under_way = [e for e in self.under_way if e is not entry]
        if len(self.under_way) == before:
            return
        self.count("active", -1)
        self.count(how)

    def count(self, what, by=1):
        self.counters[what] += by
        self.changed.set()
        self.changed = asyncio.Event()

    async def until(self, what, least):
        while self.counters[what] < least:
            await self.changed.wait()
