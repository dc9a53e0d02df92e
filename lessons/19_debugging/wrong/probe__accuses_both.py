"""Where one answer is wrong, two bugs are accused. Give each bug a question of its own, whose answer only this bug
changes."""


def probe():
    from minirl.data import Document, pack

    if pack([Document(np.arange(3, dtype=np.int32), np.ones(3, np.float32))]).targets.tolist() != [1, 2]:
        return {"unshifted targets", "mean of means"}
    return set()
