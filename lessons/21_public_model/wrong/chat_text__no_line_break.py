"""The line break after <|im_end|> is missing. To the model it is a token like any other."""


def chat_text(messages, system, answer):
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": system}, *messages]
    turns = [f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>" for one in messages]
    return "".join(turns) + ("<|im_start|>assistant\n" if answer else "")
