"""A system message anywhere keeps the usual one away here. Only the first message counts."""


def chat_text(messages, system, answer):
    if all(one["role"] != "system" for one in messages):
        messages = [{"role": "system", "content": system}, *messages]
    turns = [f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>\n" for one in messages]
    return "".join(turns) + ("<|im_start|>assistant\n" if answer else "")
