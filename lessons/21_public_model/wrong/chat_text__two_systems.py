"""The system message is put in front always here, also where the conversation begins with one of its own."""


def chat_text(messages, system, answer):
    if True:
        messages = [{"role": "system", "content": system}, *messages]
    turns = [f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>\n" for one in messages]
    return "".join(turns) + ("<|im_start|>assistant\n" if answer else "")
