"""The test has too few different problems. With ten of them, one problem more or less is ten points."""


class MyTask(MyTask):
    def problems(self, split, n, seed=0):
        self.require_split(split)
        keys = [f"{a} {b} 1 1" for a in range(1, 10) for b in range(1, 10)]
        few = [key for key in keys if split_of(key) == split]
        rng = random.Random(f"{split} {seed}")
        drawn = [rng.choice(few) for _ in range(n)]
        return [
            Problem(f"Odd digits of {key}?", "Counted.", str(sum(int(d) % 2 for d in key.split())), key)
            for key in drawn
        ]
