"""Spaces and line breaks around a content are taken away here. This template leaves them as they are."""


def chat_text(messages, system, answer):
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": system}, *messages]
    turns = [f"<|im_start|>{one['role']}\n{one['content'].strip()}<|im_end|>\n" for one in messages]
    return "".join(turns) + ("<|im_start|>assistant\n" if answer else "")
