"""What model_server.py is asked, whatever the API."""

import hashlib
import json


def dumped(value):
    return json.dumps(value, ensure_ascii=False)


def bytes_of(text):
    return text.encode(errors="replace")


class Ask:
    def __init__(self, api, body):
        self.api = api
        self.body = body
        self.model = body.get("model", "")
        self.stream = body.get("stream") is True
        self.max_tokens = None
        self.stop = []
        self.choice = "auto"
        self.schema = None
        self.schema_name = ""
        self.tools = {}
        # (role, text), in the words of the chat completions.
        self.said = []
        getattr(self, "read_" + api)(body)
        self.digest = hashlib.sha256(bytes_of(dumped(body))).hexdigest()[:12]

        self.system = "\n".join(
            text for role, text in self.said if role in ("system", "developer")
        )
        self.all_text = "\n".join(text for _, text in self.said)
        self.role = self.said[-1][0] if self.said else ""
        self.last = self.last_texts()
        self.last_user = next(
            (t for role, t in reversed(self.said) if role == "user"), ""
        )

    def last_texts(self):
        """The last message of the user, or all tools' after it."""
        texts = []
        for role, text in reversed(self.said):
            if role == "user" and not texts:
                return text
            if role != "tool":
                if texts:
                    break
                continue
            texts.insert(0, text)
        return "\n".join(texts)

    def read_models(self, body):
        pass

    def read_embeddings(self, body):
        given = body["input"]
        self.texts = [given] if isinstance(given, str) else given
        self.said = [("user", text) for text in self.texts]

    def read_chat(self, body):
        for each in body["messages"]:
            self.said.append((each["role"], text_of(each.get("content"))))
        for each in body.get("tools", []):
            function = each["function"]
            self.tools[function["name"]] = function.get("parameters", {})
        choice = body.get("tool_choice", "auto")
        if isinstance(choice, dict):
            choice = choice["function"]["name"]
        self.choice = choice
        self.max_tokens = body.get(
            "max_completion_tokens", body.get("max_tokens")
        )
        stop = body.get("stop") or []
        self.stop = [stop] if isinstance(stop, str) else stop
        form = body.get("response_format", {})
        self.take_schema(form.get("json_schema"))
        self.wants_usage = body.get("stream_options", {}).get("include_usage")

    def read_responses(self, body):
        if "instructions" in body:
            self.said.append(("system", body["instructions"] or ""))
        given = body["input"]
        if isinstance(given, str):
            given = [{"role": "user", "content": given}]
        for each in given:
            if each.get("type") == "function_call_output":
                self.said.append(("tool", text_of(each["output"])))
            elif "role" in each:
                self.said.append((each["role"], text_of(each["content"])))
        for each in body.get("tools", []):
            self.tools[each["name"]] = each.get("parameters", {})
        choice = body.get("tool_choice", "auto")
        self.choice = choice["name"] if isinstance(choice, dict) else choice
        self.max_tokens = body.get("max_output_tokens")
        form = body.get("text", {}).get("format", {})
        if form.get("type") == "json_schema":
            self.take_schema(form)

    def read_messages(self, body):
        if "system" in body:
            self.said.append(("system", text_of(body["system"])))
        for each in body["messages"]:
            content = each["content"]
            blocks = content if isinstance(content, list) else []
            for block in blocks:
                if block["type"] == "tool_result":
                    text = text_of(block.get("content"))
                    self.said.append(("tool", text))
            text = text_of(content)
            if text or not blocks:
                self.said.append((each["role"], text))
        for each in body.get("tools", []):
            self.tools[each["name"]] = each["input_schema"]
        choice = body.get("tool_choice", {"type": "auto"})
        kind = {"any": "required"}.get(choice["type"], choice["type"])
        self.choice = choice["name"] if kind == "tool" else kind
        self.max_tokens = body["max_tokens"]
        self.stop = body.get("stop_sequences", [])
        form = body.get("output_config", {}).get("format")
        self.take_schema(form or body.get("output_format"))

    def take_schema(self, form):
        if form:
            self.schema = form["schema"]
            self.schema_name = form.get("name", "")


def text_of(content):
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if "text" in part)
