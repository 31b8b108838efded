"""Refuses what the real model servers refuse, for model_server.py.

Sources: the API references of OpenAI and Anthropic.
"""

import re

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
MISSING = object()

CHAT_FIELDS = {
    "model", "messages", "temperature", "top_p", "n", "max_tokens",
    "max_completion_tokens", "stop", "seed", "tools", "tool_choice",
    "parallel_tool_calls", "response_format", "stream", "stream_options",
    "user", "metadata", "store", "logprobs", "top_logprobs", "logit_bias",
    "presence_penalty", "frequency_penalty", "reasoning_effort",
    "service_tier", "safety_identifier", "prompt_cache_key", "verbosity",
}
RESPONSES_FIELDS = {
    "model", "input", "instructions", "temperature", "top_p",
    "max_output_tokens", "tools", "tool_choice", "parallel_tool_calls",
    "text", "stream", "stream_options", "store", "metadata", "user",
    "reasoning", "include", "truncation", "service_tier", "max_tool_calls",
    "safety_identifier", "prompt_cache_key", "top_logprobs", "background",
}
ANTHROPIC_FIELDS = {
    "model", "messages", "max_tokens", "system", "temperature", "top_p",
    "top_k", "stop_sequences", "stream", "tools", "tool_choice", "metadata",
    "thinking", "service_tier", "container", "output_config",
    "output_format", "mcp_servers", "context_management",
}
NOT_IN_STRICT_SCHEMAS = (
    "allOf", "not", "if", "then", "else", "dependentRequired",
    "dependentSchemas", "patternProperties", "oneOf",
)


class Refused(Exception):
    def __init__(self, message, param=None, code=None, status=400):
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.status = status


def need(holds, message, param=None, code=None):
    if not holds:
        raise Refused(message, param, code)


def field(value, name, types, where="", default=MISSING):
    """The field `name`, which must have one of `types`."""
    path = where + name
    got = value.get(name, default)
    need(got is not MISSING, "Missing required parameter: '%s'." % path,
         path, "missing_required_parameter")
    if name not in value:
        return got
    types = types if isinstance(types, tuple) else (types,)
    # In Python a bool is an int.
    fits = isinstance(got, types) and (bool in types or got is not True
                                       and got is not False)
    need(fits, "Invalid type for '%s'." % path, path, "invalid_type")
    return got


def one_of(value, allowed, path):
    need(value in allowed, "Invalid value: '%s'. Supported values are: %s."
         % (value, ", ".join("'%s'" % each for each in allowed)),
         path, "invalid_value")


def number(body, name, least, most, types=(int, float)):
    got = field(body, name, types, default=None)
    if got is not None:
        need(least <= got <= most, "Invalid '%s': it must be from %s to %s."
             % (name, least, most), name, "invalid_value")


def only(body, known, message):
    for name in body:
        need(name in known, message % name, name, "unknown_parameter")


def need_name(text, path):
    need(isinstance(text, str) and NAME.fullmatch(text), "Invalid '%s': "
         "string does not match pattern '^[a-zA-Z0-9_-]+$'." % path,
         path, "invalid_value")


# -- schemas ------------------------------------------------------------------


def check_strict_schema(schema, path, is_root=True):
    """What OpenAI asks of a schema that replies are held to."""

    def bad(why):
        raise Refused("Invalid schema for %s: %s" % (path, why),
                      path, "invalid_json_schema")

    if not isinstance(schema, dict):
        bad("it is no object")
    if is_root and schema.get("type") != "object":
        bad("schema must be a JSON Schema of 'type: \"object\"'")
    for keyword in NOT_IN_STRICT_SCHEMAS:
        if keyword in schema:
            bad("'%s' is not permitted" % keyword)
    kinds = schema.get("type")
    if kinds == "object" or isinstance(kinds, list) and "object" in kinds:
        if schema.get("additionalProperties") is not False:
            bad("'additionalProperties' is required to be supplied and to "
                "be false")
        properties = set(schema.get("properties", {}))
        if set(schema.get("required", [])) != properties:
            bad("'required' is required to be supplied and to be an array "
                "including every key in properties")
    if kinds == "array" and "items" not in schema:
        bad("array schema missing items")
    for name in ("properties", "$defs", "definitions"):
        for key, each in schema.get(name, {}).items():
            check_strict_schema(each, "%s.%s.%s" % (path, name, key), False)
    for i, each in enumerate(schema.get("anyOf", [])):
        check_strict_schema(each, "%s.anyOf.%d" % (path, i), False)
    if "items" in schema:
        check_strict_schema(schema["items"], path + ".items", False)


def check_reply_schema(given, where):
    need_name(field(given, "name", str, where), where + "name")
    schema = field(given, "schema", dict, where)
    if field(given, "strict", bool, where, default=False):
        check_strict_schema(schema, where + "schema")


def check_parameters(given, where, key):
    schema = field(given, key, dict, where, default={"type": "object"})
    need(schema.get("type") == "object", "Invalid schema for function: "
         "schema must be a JSON Schema of 'type: \"object\"'.",
         where + key, "invalid_function_parameters")
    if field(given, "strict", bool, where, default=False):
        check_strict_schema(schema, where + key)


def check_unique(names):
    for name in names:
        need(names.count(name) == 1, "Tool names must be unique.", "tools")


# -- OpenAI -------------------------------------------------------------------


def check_openai_tools(body, is_nested):
    """Chat completions put a tool's fields one level deeper."""
    tools = field(body, "tools", list, default=[])
    need("tools" not in body or tools, "Invalid 'tools': empty array.",
         "tools", "empty_array")
    names = []
    for i, each in enumerate(tools):
        where = "tools[%d]." % i
        one_of(field(each, "type", str, where), ["function"], where + "type")
        if is_nested:
            each = field(each, "function", dict, where)
            where += "function."
        need_name(field(each, "name", str, where), where + "name")
        check_parameters(each, where, "parameters")
        names.append(each["name"])
    check_unique(names)
    choice = field(body, "tool_choice", (str, dict), default=None)
    if choice is None:
        return
    need(names, "'tool_choice' is only allowed when 'tools' are specified.",
         "tool_choice")
    if isinstance(choice, str):
        one_of(choice, ["none", "auto", "required"], "tool_choice")
        return
    one_of(choice.get("type"), ["function"], "tool_choice.type")
    place = choice.get("function", {}) if is_nested else choice
    need(place.get("name") in names, "Tool choice not found in 'tools'.",
         "tool_choice")


def check_parts(content, where, kinds):
    """The parts of a message; `kinds` says what each must hold."""
    need(content, "Invalid '%s': empty array." % where, where)
    for i, part in enumerate(content):
        place = "%s[%d]." % (where, i)
        kind = field(part, "type", str, place)
        one_of(kind, list(kinds), place + "type")
        key, kind_of_value = kinds[kind]
        got = field(part, key, kind_of_value, place)
        if kind == "image_url":
            got = field(got, "url", str, place + "image_url.")
        if kind in ("image_url", "input_image"):
            need(re.match("https?://|data:image/[a-z]+;base64,.", got),
                 "Invalid image.", place, "invalid_image_url")


def check_chat_call(call, where):
    field(call, "id", str, where)
    one_of(field(call, "type", str, where), ["function"], where + "type")
    function = field(call, "function", dict, where)
    need_name(field(function, "name", str, where), where + "function.name")
    field(function, "arguments", str, where + "function.")
    return call["id"]


def check_chat_messages(messages):
    need(messages, "Invalid 'messages': empty array.", "messages",
         "empty_array")
    open_calls = set()
    for i, each in enumerate(messages):
        where = "messages[%d]." % i
        need(isinstance(each, dict), "Invalid type for 'messages'.", where)
        role = field(each, "role", str, where)
        one_of(role, ["system", "developer", "user", "assistant", "tool"],
               where + "role")
        if role == "tool":
            call_id = field(each, "tool_call_id", str, where)
            need(call_id in open_calls, "messages with role 'tool' must be a "
                 "response to a preceding message with 'tool_calls'.",
                 where + "role")
            open_calls.remove(call_id)
        else:
            need_answers(open_calls, where)
        calls = field(each, "tool_calls", list, where, default=[])
        need(not calls or role == "assistant", "Only assistants call tools.",
             where + "tool_calls")
        need("tool_calls" not in each or calls, "Invalid '%stool_calls': "
             "empty array." % where, where, "empty_array")
        open_calls |= {
            check_chat_call(call, "%stool_calls[%d]." % (where, n))
            for n, call in enumerate(calls)
        }
        if calls and each.get("content") is None:
            continue
        content = field(each, "content", (str, list), where)
        if isinstance(content, list):
            kinds = {"text": ("text", str)}
            if role == "user":
                kinds["image_url"] = ("image_url", dict)
            check_parts(content, where + "content", kinds)
    need_answers(open_calls, "messages")


def need_answers(open_calls, where):
    need(not open_calls, "An assistant message with 'tool_calls' must be "
         "followed by tool messages responding to each 'tool_call_id'. The "
         "following tool_call_ids did not have response messages: %s"
         % ", ".join(sorted(open_calls)), where)


def check_openai_numbers(body):
    number(body, "temperature", 0, 2)
    number(body, "top_p", 0, 1)
    for name in ("max_tokens", "max_completion_tokens"):
        number(body, name, 1, 10**6, int)
    number(body, "max_output_tokens", 16, 10**6, int)
    number(body, "seed", -(2**63), 2**63 - 1, int)
    field(body, "stream", bool, default=None)
    need("stream_options" not in body or body.get("stream") is True, "The "
         "'stream_options' parameter is only allowed when 'stream' is enabled.",
         "stream_options")


def check_chat(body):
    only(body, CHAT_FIELDS, "Unrecognized request argument supplied: %s")
    need(field(body, "model", str), "you must provide a model parameter")
    check_chat_messages(field(body, "messages", list))
    check_openai_numbers(body)
    check_openai_tools(body, is_nested=True)
    need("max_tokens" not in body or "max_completion_tokens" not in body,
         "Setting 'max_tokens' and 'max_completion_tokens' at the same time "
         "is not supported.")
    stop = field(body, "stop", (str, list), default=[])
    need(len(stop) <= 4 or isinstance(stop, str), "Invalid 'stop': array too "
         "long. Expected at most 4.", "stop")
    form = field(body, "response_format", dict, default={"type": "text"})
    where = "response_format."
    kind = field(form, "type", str, where)
    one_of(kind, ["text", "json_object", "json_schema"], where + "type")
    if kind == "json_schema":
        check_reply_schema(field(form, "json_schema", dict, where),
                           where + "json_schema.")
    if kind == "json_object":
        need("json" in str(body["messages"]).lower(), "'messages' must contain "
             "the word 'json' in some form, to use 'response_format' of type "
             "'json_object'.", "messages")


def check_responses_item(item, where, open_calls):
    kind = item.get("type", "message")
    if kind == "function_call":
        need_name(field(item, "name", str, where), where + "name")
        field(item, "arguments", str, where)
        open_calls.add(field(item, "call_id", str, where))
        return
    if kind == "function_call_output":
        call_id = field(item, "call_id", str, where)
        field(item, "output", (str, list), where)
        need(call_id in open_calls, "No tool call found for function call "
             "output with call_id %s." % call_id, "input")
        open_calls.remove(call_id)
        return
    if kind == "reasoning":
        field(item, "summary", list, where)
        return
    one_of(kind, ["message", "function_call", "function_call_output",
                  "reasoning"], where + "type")
    role = field(item, "role", str, where)
    one_of(role, ["system", "developer", "user", "assistant"], where + "role")
    content = field(item, "content", (str, list), where)
    if isinstance(content, list):
        kinds = {"input_text": ("text", str), "input_image": ("image_url", str)}
        if role == "assistant":
            kinds = {"output_text": ("text", str), "refusal": ("refusal", str)}
        check_parts(content, where + "content", kinds)


def check_responses(body):
    only(body, RESPONSES_FIELDS, "Unknown parameter: '%s'.")
    need(field(body, "model", str), "you must provide a model parameter")
    given = field(body, "input", (str, list))
    need(given, "Invalid 'input': empty.", "input")
    open_calls = set()
    if isinstance(given, list):
        for i, each in enumerate(given):
            need(isinstance(each, dict), "Invalid type for 'input'.", "input")
            check_responses_item(each, "input[%d]." % i, open_calls)
    need(not open_calls, "No tool output found for function call %s."
         % ", ".join(sorted(open_calls)), "input")
    field(body, "instructions", str, default=None)
    check_openai_numbers(body)
    check_openai_tools(body, is_nested=False)
    form = field(body, "text", dict, default={}).get("format", {"type": "text"})
    where = "text.format."
    one_of(field(form, "type", str, where),
           ["text", "json_object", "json_schema"], where + "type")
    if form["type"] == "json_schema":
        check_reply_schema(form, where)


def check_embeddings(body):
    only(body, {"model", "input", "encoding_format", "dimensions", "user"},
         "Unrecognized request argument supplied: %s")
    need(field(body, "model", str), "you must provide a model parameter")
    given = field(body, "input", (str, list))
    texts = [given] if isinstance(given, str) else given
    need(0 < len(texts) <= 2048, "'$.input' is invalid.", "input")
    for each in texts:
        need(isinstance(each, str) and each, "'$.input' is invalid.", "input")
    form = field(body, "encoding_format", str, default="float")
    one_of(form, ["float", "base64"], "encoding_format")
    number(body, "dimensions", 1, 64, int)


# -- Anthropic ----------------------------------------------------------------


def check_block(block, where, role):
    kind = field(block, "type", str, where)
    if kind == "text":
        need(field(block, "text", str, where),
             where + "text: text content blocks must be non-empty")
    elif kind == "image" and role == "user":
        source = field(block, "source", dict, where)
        one_of(source.get("type"), ["base64", "url"], where + "source.type")
        keys = ["url"] if source["type"] == "url" else ["data", "media_type"]
        for key in keys:
            need(field(source, key, str, where + "source."), where + key)
    elif kind == "tool_use" and role == "assistant":
        field(block, "id", str, where)
        need_name(field(block, "name", str, where), where + "name")
        field(block, "input", dict, where)
    elif kind == "tool_result" and role == "user":
        field(block, "tool_use_id", str, where)
        field(block, "content", (str, list), where, default=None)
        field(block, "is_error", bool, where, default=None)
    elif not (kind == "thinking" and role == "assistant"):
        raise Refused("%stype: Input tag '%s' found using 'type' does not "
                      "match any of the expected tags" % (where, kind))


def blocks_of(content, where, role):
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    for i, each in enumerate(content):
        need(isinstance(each, dict), "%scontent.%d: no object" % (where, i))
        check_block(each, "%scontent.%d." % (where, i), role)
    return content


def check_anthropic_messages(messages):
    need(messages, "messages: at least one message is required")
    open_calls = []
    before = None
    for i, each in enumerate(messages):
        where = "messages.%d." % i
        need(isinstance(each, dict), where + " no object")
        role = field(each, "role", str, where)
        need(role in ("user", "assistant"), 'messages: Unexpected role "%s". '
             'Allowed roles are "user" or "assistant".' % role)
        need(before or role == "user",
             "messages: first message must use the \"user\" role")
        need(role != before, 'messages: roles must alternate between "user" '
             'and "assistant", but found multiple "%s" roles in a row'
             % role)
        before = role
        blocks = blocks_of(field(each, "content", (str, list), where), where,
                           role)
        is_last = i + 1 == len(messages)
        need(blocks or is_last and role == "assistant",
             where + "content: all messages must have non-empty content")
        kinds = [block["type"] for block in blocks]
        answers = [b["tool_use_id"] for b in blocks
                   if b["type"] == "tool_result"]
        for each_id in answers:
            need(each_id in open_calls, where + "content: unexpected "
                 "`tool_use_id` found in `tool_result` blocks: %s. Each "
                 "`tool_result` block must have a corresponding `tool_use` "
                 "block in the previous message." % each_id)
        need(kinds[:len(answers)] == ["tool_result"] * len(answers), where +
             "content: `tool_result` blocks must come first")
        missing = [each_id for each_id in open_calls if each_id not in answers]
        need(not missing, where + "`tool_use` ids were found without "
             "`tool_result` blocks immediately after: %s. Each `tool_use` "
             "block must have a corresponding `tool_result` block in the next "
             "message." % ", ".join(missing))
        open_calls = [b["id"] for b in blocks if b["type"] == "tool_use"]
    need(not open_calls, "messages: `tool_use` ids were found without "
         "`tool_result` blocks: %s" % ", ".join(open_calls))


def check_anthropic_tools(body):
    names = []
    for i, each in enumerate(field(body, "tools", list, default=[])):
        where = "tools.%d." % i
        need_name(field(each, "name", str, where), where + "name")
        field(each, "input_schema", dict, where)
        check_parameters(each, where, "input_schema")
        names.append(each["name"])
    check_unique(names)
    choice = field(body, "tool_choice", dict, default=None)
    if choice is None:
        return
    need(names, "tool_choice: may only be specified while providing tools.")
    kind = field(choice, "type", str, "tool_choice.")
    one_of(kind, ["auto", "any", "tool", "none"], "tool_choice.type")
    need(kind != "tool" or choice.get("name") in names,
         "tool_choice: Tool '%s' not found in provided tools"
         % choice.get("name"))


def check_anthropic(body, betas=""):
    only(body, ANTHROPIC_FIELDS, "%s: Extra inputs are not permitted")
    need(field(body, "model", str), "model: String should have at least 1 "
         "character")
    field(body, "max_tokens", int)
    number(body, "max_tokens", 1, 10**6, int)
    check_anthropic_messages(field(body, "messages", list))
    system = field(body, "system", (str, list), default="")
    if isinstance(system, list):
        blocks_of(system, "system.", "system")
    number(body, "temperature", 0, 1)
    field(body, "stream", bool, default=None)
    for each in field(body, "stop_sequences", list, default=[]):
        need(isinstance(each, str) and each.strip(), "stop_sequences: each "
             "stop sequence must contain non-whitespace")
    check_anthropic_tools(body)
    form = field(body, "output_config", dict, default={}).get("format")
    if "output_format" in body:
        need("structured-outputs" in betas,
             "output_format: Extra inputs are not permitted")
        form = body["output_format"]
    if form is not None:
        one_of(form.get("type"), ["json_schema"], "output_config.format.type")
        check_anthropic_schema(field(form, "schema", dict, "format."))


def check_anthropic_schema(schema):
    """Anthropic asks of objects that they be closed, not for all keys."""
    if schema.get("type") == "object":
        need(schema.get("additionalProperties") is False, "For 'object' type, "
             "'additionalProperties' must be explicitly set to false")
    for each in schema.get("properties", {}).values():
        check_anthropic_schema(each)
    if isinstance(schema.get("items"), dict):
        check_anthropic_schema(schema["items"])
