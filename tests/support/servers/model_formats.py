"""Answers in the words of each API, for model_server.py.

Sources: the API references of OpenAI and Anthropic.
"""

import base64
import json
import math
import re
import struct
import zlib

from model_ask import bytes_of, dumped
from model_reply import tokens

CREATED = 1_700_000_000
DIMENSIONS = 64
MODELS = ("test-model", "test-model-small", "test-embedding")
# They are everywhere, so they say nothing about what a text is about.
STOP_WORDS = frozenset(
    "a an and are as at be by do does for from has have how i in is it its my "
    "of on or that the this to was what when where which who why will with "
    "you your".split()
)


# -- chat completions ---------------------------------------------------------


def chat_finish(reply):
    if reply.refusal:
        return "stop"
    return {"refused": "content_filter"}.get(reply.finish, reply.finish)


def chat_usage(reply):
    used = reply.usage
    return {
        "prompt_tokens": used["input"],
        "completion_tokens": used["output"],
        "total_tokens": used["input"] + used["output"],
        "prompt_tokens_details": {"cached_tokens": used["cached"]},
    }


def chat_call(call):
    function = {"name": call["name"], "arguments": call["arguments"]}
    return {"id": call["id"], "type": "function", "function": function}


def chat_head(ask, kind):
    return {
        "id": "chatcmpl-" + ask.digest,
        "object": kind,
        "created": CREATED,
        "model": ask.model,
    }


def chat_body(ask, reply):
    message = {
        "role": "assistant",
        "content": None if reply.refusal else reply.text,
        "refusal": reply.refusal or None,
    }
    if reply.calls:
        message["content"] = reply.text or None
        message["tool_calls"] = [chat_call(call) for call in reply.calls]
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": chat_finish(reply),
    }
    return {
        **chat_head(ask, "chat.completion"),
        "choices": [choice],
        "usage": chat_usage(reply),
    }


def chat_events(ask, reply):
    head = chat_head(ask, "chat.completion.chunk")
    if ask.wants_usage:
        head["usage"] = None

    def chunk(delta, finish=None):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return data_event({**head, "choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    for piece in reply.pieces():
        yield chunk({"content": piece})
    if reply.refusal:
        yield chunk({"refusal": reply.refusal})
    for i, call in enumerate(reply.calls):
        begun = {**call, "arguments": ""}
        yield chunk({"tool_calls": [{"index": i, **chat_call(begun)}]})
        for part in halves(call["arguments"]):
            more = {"index": i, "function": {"arguments": part}}
            yield chunk({"tool_calls": [more]})
    yield chunk({}, chat_finish(reply))
    if ask.wants_usage:
        usage = {"choices": [], "usage": chat_usage(reply)}
        yield data_event({**head, **usage})
    yield b"data: [DONE]\n\n"


def halves(text):
    middle = (len(text) + 1) // 2
    return [part for part in (text[:middle], text[middle:]) if part]


def data_event(value):
    return bytes_of("data: %s\n\n" % dumped(value))


def named_event(value):
    return bytes_of("event: %s\ndata: %s\n\n" % (value["type"], dumped(value)))


# -- responses ----------------------------------------------------------------


def responses_items(ask, reply):
    items = []
    if reply.text or reply.refusal or not reply.calls:
        part = {"type": "output_text", "text": reply.text, "annotations": []}
        if reply.refusal:
            part = {"type": "refusal", "refusal": reply.refusal}
        items.append(
            {
                "type": "message",
                "id": "msg_" + ask.digest,
                "status": "completed",
                "role": "assistant",
                "content": [part],
            }
        )
    for call in reply.calls:
        items.append(
            {
                "type": "function_call",
                "id": "fc_" + call["id"],
                "status": "completed",
                "call_id": call["id"],
                "name": call["name"],
                "arguments": call["arguments"],
            }
        )
    return items


def responses_body(ask, reply):
    used = reply.usage
    why = {"length": "max_output_tokens", "refused": "content_filter"}
    reason = None if reply.refusal else why.get(reply.finish)
    return {
        "id": "resp_" + ask.digest,
        "object": "response",
        "created_at": CREATED,
        "status": "incomplete" if reason else "completed",
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "model": ask.model,
        "output": responses_items(ask, reply),
        "usage": {
            "input_tokens": used["input"],
            "input_tokens_details": {"cached_tokens": used["cached"]},
            "output_tokens": used["output"],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": used["input"] + used["output"],
        },
    }


def responses_events(ask, reply):
    whole = responses_body(ask, reply)
    empty = {**whole, "status": "in_progress", "output": [], "usage": None}
    yield from numbered(
        [
            {"type": "response.created", "response": empty},
            {"type": "response.in_progress", "response": empty},
            *(
                event
                for i, item in enumerate(whole["output"])
                for event in item_events(i, item, reply)
            ),
            {"type": "response." + whole["status"], "response": whole},
        ]
    )


def numbered(events):
    for i, each in enumerate(events):
        yield named_event({**each, "sequence_number": i})


def item_events(index, item, reply):
    place = {"output_index": index, "item_id": item["id"]}
    begun = {**item, "status": "in_progress"}
    if item["type"] == "message":
        begun["content"] = []
    else:
        begun["arguments"] = ""
    added = {"output_index": index, "item": begun}
    yield {"type": "response.output_item.added", **added}
    if item["type"] == "message":
        part = item["content"][0]
        place["content_index"] = 0
        kind, key, pieces = "output_text", "text", reply.pieces()
        if part["type"] == "refusal":
            kind, key, pieces = "refusal", "refusal", [reply.refusal]
        start = {"part": {**part, key: ""}}
        yield {"type": "response.content_part.added", **place, **start}
        for piece in pieces:
            yield {"type": "response.%s.delta" % kind, **place, "delta": piece}
        yield {"type": "response.%s.done" % kind, **place, key: part[key]}
        yield {"type": "response.content_part.done", **place, "part": part}
    else:
        kind = "response.function_call_arguments."
        for piece in halves(item["arguments"]):
            yield {"type": kind + "delta", **place, "delta": piece}
        yield {"type": kind + "done", **place, "arguments": item["arguments"]}
    done = {"output_index": index, "item": item}
    yield {"type": "response.output_item.done", **done}


# -- messages -----------------------------------------------------------------


def messages_body(ask, reply):
    content = []
    text = reply.refusal or reply.text
    if text:
        content.append({"type": "text", "text": text})
    for call in reply.calls:
        try:
            given = json.loads(call["arguments"])
        except ValueError:
            given = {}
        content.append(
            {
                "type": "tool_use",
                "id": call["id"],
                "name": call["name"],
                "input": given,
            }
        )
    reasons = {
        "stop": "stop_sequence" if reply.stopped_by else "end_turn",
        "length": "max_tokens",
        "tool_calls": "tool_use",
        "refused": "refusal",
    }
    used = reply.usage
    return {
        "id": "msg_" + ask.digest,
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": content,
        "stop_reason": reasons.get(reply.finish, reply.finish),
        "stop_sequence": reply.stopped_by,
        "usage": {
            "input_tokens": used["input"] - used["cached"],
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": used["cached"],
            "output_tokens": used["output"],
        },
    }


def messages_events(ask, reply):
    whole = messages_body(ask, reply)
    usage = {**whole["usage"], "output_tokens": 1}
    start = {**whole, "content": [], "stop_reason": None, "usage": usage}
    start["stop_sequence"] = None
    yield named_event({"type": "message_start", "message": start})
    for i, block in enumerate(whole["content"]):
        yield from block_events(i, block, reply)
    delta = {key: whole[key] for key in ("stop_reason", "stop_sequence")}
    usage = {"output_tokens": whole["usage"]["output_tokens"]}
    yield named_event({"type": "message_delta", "delta": delta, "usage": usage})
    yield named_event({"type": "message_stop"})


def block_events(index, block, reply):
    if block["type"] == "text":
        begun = {**block, "text": ""}
        pieces = [reply.refusal] if reply.refusal else reply.pieces()
        deltas = [{"type": "text_delta", "text": each} for each in pieces]
    else:
        begun = {**block, "input": {}}
        call = next(c for c in reply.calls if c["id"] == block["id"])
        pieces = ["", *halves(call["arguments"])]
        deltas = [
            {"type": "input_json_delta", "partial_json": each}
            for each in pieces
        ]
    yield named_event(
        {"type": "content_block_start", "index": index, "content_block": begun}
    )
    if index == 0:
        yield named_event({"type": "ping"})
    for each in deltas:
        yield named_event(
            {"type": "content_block_delta", "index": index, "delta": each}
        )
    yield named_event({"type": "content_block_stop", "index": index})


BODIES = {
    "chat": chat_body,
    "responses": responses_body,
    "messages": messages_body,
}
EVENTS = {
    "chat": chat_events,
    "responses": responses_events,
    "messages": messages_events,
}


# -- embeddings, models, errors -----------------------------------------------


def embedding_of(text, dimensions):
    """Counts words by their hashes, so that like texts have like vectors."""
    counts = [0.0] * dimensions
    for word in re.findall(r"\w+", text.lower()):
        if word in STOP_WORDS:
            continue
        number = zlib.crc32(word.removesuffix("s").encode())
        counts[number % dimensions] += 1 if number >> 16 & 1 else -1
    length = math.sqrt(sum(each * each for each in counts))
    if length == 0:
        counts[0] = length = 1.0
    return [each / length for each in counts]


def embeddings_body(ask):
    size = ask.body.get("dimensions", DIMENSIONS)
    data = []
    for i, text in enumerate(ask.texts):
        vector = embedding_of(text, size)
        if ask.body.get("encoding_format") == "base64":
            packed = struct.pack("<%df" % size, *vector)
            vector = base64.b64encode(packed).decode()
        data.append({"object": "embedding", "index": i, "embedding": vector})
    used = sum(map(tokens, ask.texts))
    return {
        "object": "list",
        "data": data,
        "model": ask.model,
        "usage": {"prompt_tokens": used, "total_tokens": used},
    }


def models_body(is_anthropic):
    data = [
        {
            "id": name,
            "object": "model",
            "created": CREATED,
            "owned_by": "test",
            "type": "model",
            "display_name": name,
            "created_at": "2023-11-14T22:13:20Z",
        }
        for name in MODELS
    ]
    own = ("id", "object", "created", "owned_by")
    if is_anthropic:
        own = ("type", "id", "display_name", "created_at")
    data = [{key: each[key] for key in own} for each in data]
    if not is_anthropic:
        return {"object": "list", "data": data}
    ends = {"first_id": MODELS[0], "last_id": MODELS[-1]}
    return {"data": data, "has_more": False, **ends}


OPENAI_ERRORS = {
    429: ("requests", "rate_limit_exceeded", "Rate limit reached"),
    500: ("server_error", None, "The server had an error"),
    503: ("server_error", None, "The engine is currently overloaded"),
}
ANTHROPIC_ERRORS = {
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


def error_body(is_anthropic, status, message="", param=None, code=None):
    kind, usual_code, usual = OPENAI_ERRORS.get(
        status,
        ("invalid_request_error" if status < 500 else "server_error", None,
         "The request failed"),
    )
    message = message or usual
    if is_anthropic:
        usual = "invalid_request_error" if status < 500 else "api_error"
        kind = ANTHROPIC_ERRORS.get(status, usual)
        error = {"type": kind, "message": message}
        return {"type": "error", "error": error, "request_id": "req_test"}
    error = {"message": message, "type": kind, "param": param}
    return {"error": {**error, "code": code or usual_code}}


def error_event(ask):
    """How a server says in the middle of a stream that it gives up."""
    if ask.api == "messages":
        return named_event(error_body(True, 529, "Overloaded"))
    if ask.api == "responses":
        return named_event(
            {
                "type": "error",
                "code": "server_error",
                "message": "The server had an error",
                "param": None,
                "sequence_number": 99,
            }
        )
    return data_event(error_body(False, 500))
