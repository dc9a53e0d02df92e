"""Training that is cut into shards, which one process computes in turn, or several ranks at once, with the same bits.

flat.py       all parameters in one array, in blocks
moments.py    AdamW on a part of that array: what ZeRO-1 shares out among ranks
replica.py    what each rank does: gradients of its shards, their sum, its part of the step
sharded.py    the optimizer, as a stage of training sees it
diloco.py     ranks that train by themselves and meet now and then, for slow networks
"""

from minirl.parallel.diloco import Diloco, Outer
from minirl.parallel.replica import Pass, Work
from minirl.parallel.sharded import ShardedAdamW, add_gradients, shards_of, team_size

__all__ = ["Diloco", "Outer", "Pass", "ShardedAdamW", "Work", "add_gradients", "shards_of", "team_size"]
