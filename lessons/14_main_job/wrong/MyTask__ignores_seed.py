"""Each seed gives the same problems. RL takes its new problems by another seed in each step, so it would practise the
same few forever. Let the seed go into the random numbers, as in random.Random(f"{split} {seed}")."""


class MyTask(MyTask):
    def problems(self, split, n, seed=0):
        return super().problems(split, n)
