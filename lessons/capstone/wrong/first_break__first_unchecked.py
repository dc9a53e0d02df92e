"""The first line is not looked at. Its "before" has to be "": otherwise somebody has torn out the lines above it."""


def first_break(lines):
    for index in range(1, len(lines)):
        try:
            entry = json.loads(lines[index])
        except ValueError:
            return index
        if not isinstance(entry, dict) or entry.get("before") != text_hash(lines[index - 1]):
            return index
    return None
