"""What model_server.py answers, whatever the API."""

import re

from model_ask import bytes_of, dumped

# Where in a text a fault happens; see model_faults.py.
MARK = "\ue000"


def tokens(text):
    """As good a guess as any: four bytes to a token."""
    return (len(bytes_of(text)) + 3) // 4


def first_sentence(text):
    match = re.search(r"\S.*?(?:[.!?](?=\s|$)|$)", text.strip(), re.DOTALL)
    return match.group() if match else ""


class Reply:
    def __init__(self, ask, given, groups):
        values = {
            "here": MARK,
            "last": ask.last,
            "model": ask.model,
            "system": ask.system,
            "first_sentence": first_sentence(ask.last_user),
            **groups,
        }
        self.text = filled(given.get("text", ""), values)
        if "json" in given:
            self.text = dumped(filled(given["json"], values))
        self.refusal = given.get("refusal", "")
        self.calls = [
            {
                "id": "call_%s_%d" % (ask.digest[:8], i),
                "name": each["name"],
                "arguments": arguments_of(each, values),
            }
            for i, each in enumerate(given.get("calls", []), 1)
        ]
        usual = "tool_calls" if self.calls else "stop"
        if self.refusal:
            usual = "refused"
        self.finish = given.get("finish", usual)
        self.stopped_by = None
        self.cut_as_asked(ask)
        self.split = given.get("split", "word")
        said = [self.text, self.refusal, *(c["arguments"] for c in self.calls)]
        self.usage = {
            "input": sum(tokens(text) for _, text in ask.said),
            "output": sum(map(tokens, said)),
            "cached": 0,
            **given.get("usage", {}),
        }

    def cut_as_asked(self, ask):
        for each in ask.stop:
            before, mark, _ = self.text.partition(each)
            if mark:
                self.text, self.finish, self.stopped_by = before, "stop", each
        if ask.max_tokens and tokens(self.text) > ask.max_tokens:
            short = bytes_of(self.text)[: ask.max_tokens * 4]
            self.text = short.decode(errors="ignore")
            self.finish = "length"

    def pieces(self):
        """The text as it is streamed: by words, or so many characters."""
        if self.split == "word":
            return re.findall(r"\S+\s*|\s+", self.text)
        step = self.split
        return [self.text[i : i + step] for i in range(0, len(self.text), step)]


def arguments_of(call, values):
    given = filled(call.get("arguments", {}), values)
    return given if isinstance(given, str) else dumped(given)


def filled(given, values):
    """`given` with {NAME} replaced in its texts, for the names in `values`."""
    if isinstance(given, dict):
        return {key: filled(each, values) for key, each in given.items()}
    if isinstance(given, list):
        return [filled(each, values) for each in given]
    if not isinstance(given, str):
        return given
    return re.sub(
        r"\{(\w+)\}", lambda m: values.get(m.group(1), m.group()), given
    )


def usual_reply(ask):
    """Where no rule says what to answer."""
    if ask.choice == "required" and ask.tools or ask.choice in ask.tools:
        name = ask.choice if ask.choice in ask.tools else next(iter(ask.tools))
        arguments = sample(ask.tools[name], ask)
        return {"calls": [{"name": name, "arguments": arguments}]}
    if ask.schema is not None:
        return {"json": sample(ask.schema, ask)}
    return {"text": first_sentence(ask.last_user) or "Nothing was said."}


def sample(schema, ask):
    """A small value that fits `schema`."""
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("enum", "examples"):
        if schema.get(key):
            return schema[key][0]
    for each in schema.get("anyOf", []):
        return sample(each, ask)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: sample(each, ask) for name, each in fields.items()}
    if kind == "array":
        return [sample(schema.get("items", {"type": "string"}), ask)]
    usual = {"boolean": False, "null": None, "string":
             first_sentence(ask.last_user) or "nothing"}
    return usual.get(kind, schema.get("minimum", 0))
