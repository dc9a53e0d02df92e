"""Two gradients are compared to the last bit. They are sums of the same terms in another order, and rounding makes them
differ in healthy code. Ask whether they differ by more than rounding can explain."""


def probe():
    from minirl.bugs.experiment import gradient
    from minirl.data import Document, pack
    from minirl.model import GPT, GPTConfig

    found = set()
    if pack([Document(np.arange(3, dtype=np.int32), np.ones(3, np.float32))]).targets.tolist() != [1, 2]:
        found.add("unshifted targets")
    batch = pack([Document(np.arange(n, dtype=np.int32), np.ones(n, np.float32)) for n in (3, 8)])
    model = GPT(GPTConfig.llama(vocab_size=8, context_length=8, n_layer=1, n_head=1, d_model=8))
    if np.any(gradient(model, batch, 2) != gradient(model, batch, 1)):
        found.add("mean of means")
    return found
