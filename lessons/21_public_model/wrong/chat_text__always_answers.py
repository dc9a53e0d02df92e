"""The assistant's turn is begun always here. Where `answer` is false, the text ends with the last message."""


def chat_text(messages, system, answer):
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": system}, *messages]
    turns = [f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>\n" for one in messages]
    return "".join(turns) + "<|im_start|>assistant\n"
