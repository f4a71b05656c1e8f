"""Messages in the form that a model's own chat template understands.

Templates differ: some want each content as a list of parts, some as one string (and fail on a list,
or print it), some know no system role. Each form is tried on the template, and the first that keeps
every text is taken.
"""

from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]

#: Put before a template that wants strings: joins the parts of each message.
JOIN_PARTS = (
    "{%- set joined = namespace(messages=[]) -%}"
    "{%- for message in messages -%}"
    "{%- set text = message.content | map(attribute='text') | join('\\n') -%}"
    "{%- set joined.messages = joined.messages + [{'role': message.role, 'content': text}] -%}"
    "{%- endfor -%}"
    "{%- set messages = joined.messages -%}"
)


def fit_text(template: str, messages: Sequence[Message]) -> list[Message]:
    """Messages of plain strings: the system's goes into the next one where the template has no such role."""
    if _keeps_all(template, messages) or messages[0]["role"] != "system":
        return list(messages)
    system, following, *rest = messages
    return [{**following, "content": f"{system['content']}\n\n{following['content']}"}, *rest]


def fit_parts(template: str, messages: Sequence[Message]) -> tuple[str, list[Message]]:
    """A template and messages that show pictures among the text: every content is a list of parts.

    If no form keeps every text, the first is taken, and the template raises what it raises.
    """
    parts = [{**message, "content": _parts(message)} for message in messages]
    forms = [parts]
    if messages[0]["role"] == "system":
        system, following, *rest = parts
        forms.append([{**following, "content": [*system["content"], *following["content"]]}, *rest])
    for form in forms:
        for adapted in (template, JOIN_PARTS + template):
            if _keeps_all(adapted, form):
                return adapted, form
    return template, parts


def _parts(message: Message) -> list[dict[str, Any]]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _keeps_all(template: str, messages: Sequence[Message]) -> bool:
    """Whether the template shows every part once and as plain text; tried with marks in their place."""
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    marks: list[str] = []

    def mark() -> str:
        marks.append(f"[mark {len(marks)}]")
        return marks[-1]

    tried: list[Any] = []
    for message in messages:
        content: Any = mark()
        if not isinstance(message["content"], str):
            content = [{"type": "text", "text": content}]
            content += [{"type": "text", "text": mark()} for _ in message["content"][1:]]
        tried.append({"role": message["role"], "content": content})
    try:
        prompt = Jinja2ChatFormatter(template, eos_token="", bos_token="")(messages=tried).prompt
    except Exception:  # whatever a template raises: this form is not for it
        return False
    return all(prompt.count(one) == 1 for one in marks) and "'type'" not in prompt
