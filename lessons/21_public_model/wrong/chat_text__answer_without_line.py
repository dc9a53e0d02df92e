"""The line break after the assistant's name is missing, so the answer would begin with one."""


def chat_text(messages, system, answer):
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": system}, *messages]
    turns = [f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>\n" for one in messages]
    return "".join(turns) + ("<|im_start|>assistant" if answer else "")
