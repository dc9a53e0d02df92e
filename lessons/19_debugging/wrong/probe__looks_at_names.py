"""Your probe asks what a function is called, or whether it was replaced. A mistake in minirl's own code would have the
right name, so call the function, and look at what it returns."""


def probe():
    from minirl.data import batch, document

    found = set()
    if hasattr(batch.pack, "__wrapped__"):
        found.add("unshifted targets")
    if hasattr(document.encode_documents, "__wrapped__"):
        found.add("masked end")
    return found
