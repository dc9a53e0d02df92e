"""A space stands between the role and the content here, where the template has a line break."""


def chat_text(messages, system, answer):
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": system}, *messages]
    turns = [f"<|im_start|>{one['role']} {one['content']}<|im_end|>\n" for one in messages]
    return "".join(turns) + ("<|im_start|>assistant\n" if answer else "")
