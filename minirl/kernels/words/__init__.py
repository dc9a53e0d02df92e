"""Words: a text as hashes of its words, what it repeats, and a signature that similar texts share."""

OPERATIONS = ("word_hashes", "gram_hashes", "gram_repeats", "minhash")
