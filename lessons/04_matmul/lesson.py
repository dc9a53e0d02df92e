# %% [markdown]
# # Lesson 4. Matrix products in C
#
# > **Exercises 4.1 to 4.5**: 4.1 4.2 4.3 4.4 4.5

# %%
import numpy as np

from minirl.lessons import exercises_of, swapped
from minirl.lessons.race import race
from minirl.lessons.roofline import Point, machine, roofline
from minirl.model import GPT, GPTConfig

my = exercises_of(4)
peaks = machine()
n = 256
rng = np.random.default_rng(0)
a, b = rng.normal(size=(2, n, n)).astype(np.float32)
times = race({name: (lambda f=getattr(my, name): f(a, b)) for name in ("row_wise", "blocked", "four_steps")})
roofline(peaks, [Point(name, 2 * n**3, 12 * n * n, seconds) for name, seconds in times.items()])

# %%
config = GPTConfig(vocab_size=256, context_length=64, n_layer=2, n_head=4, d_model=64, d_ff=176)
model = GPT(config, 0)
ids = rng.integers(0, 256, (8, 64))
with swapped("kernels.matmul_plain") as used:
    loss = model.loss(ids[:, :-1], ids[:, 1:])
    loss.backward()
print(used)

# %% [markdown]
# ## You should know
# ## How this fails in practice
# ## The code that runs
