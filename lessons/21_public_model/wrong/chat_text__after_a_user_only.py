"""The system message comes only before a message of the user here. It comes before any other role than "system"."""


def chat_text(messages, system, answer):
    if messages[0]["role"] == "user":
        messages = [{"role": "system", "content": system}, *messages]
    turns = [f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>\n" for one in messages]
    return "".join(turns) + ("<|im_start|>assistant\n" if answer else "")
