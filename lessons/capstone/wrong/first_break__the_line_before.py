"""This is the line that was changed, perhaps. What can be known is which line does not follow: it is the next one."""


def first_break(lines):
    before = ""
    for index, line in enumerate(lines):
        try:
            entry = json.loads(line)
        except ValueError:
            return index
        if not isinstance(entry, dict) or entry.get("before") != before:
            return max(index - 1, 0)
        before = text_hash(line)
    return None
