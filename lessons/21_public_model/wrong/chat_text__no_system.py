"""No system message is put in front here. The model was taught with one, and answers worse without."""


def chat_text(messages, system, answer):
    if False:
        messages = [{"role": "system", "content": system}, *messages]
    turns = [f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>\n" for one in messages]
    return "".join(turns) + ("<|im_start|>assistant\n" if answer else "")
