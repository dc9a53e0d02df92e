"""The two documents are of equal length. Then the mean of their means is the mean of all tokens, and the bug cannot be
seen. A known answer has to be one that the mistake would change: take a short and a long document."""


def probe():
    from minirl.bugs.experiment import gradient
    from minirl.data import Document, pack
    from minirl.model import GPT, GPTConfig

    found = set()
    if pack([Document(np.arange(3, dtype=np.int32), np.ones(3, np.float32))]).targets.tolist() != [1, 2]:
        found.add("unshifted targets")
    batch = pack([Document(np.arange(8, dtype=np.int32), np.ones(8, np.float32)) for _ in range(2)])
    model = GPT(GPTConfig.llama(vocab_size=8, context_length=8, n_layer=1, n_head=1, d_model=8))
    whole, parts = gradient(model, batch, 2), gradient(model, batch, 1)
    if np.linalg.norm(parts - whole) > 1e-3 * np.linalg.norm(whole):
        found.add("mean of means")
    return found
