"""The line break after the last <|im_end|> is missing: messages are joined by line breaks here, and each should end
with one."""


def chat_text(messages, system, answer):
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": system}, *messages]
    turns = [f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>" for one in messages]
    return "\n".join(turns) + ("<|im_start|>assistant\n" if answer else "")
