"""Each call draws other problems. With the same seed there must be the same ones, or no run can be repeated."""


class MyTask(MyTask):
    def problems(self, split, n, seed=0):
        return super().problems(split, n, random.randrange(10**9))
