"""An episode with a wrong answer goes on after the end token here. The end token ends every episode, and the checker
only decides about the reward."""


def step(state, action, rules):
    state = (*state, action)
    actions = state[rules.prompt_length :]
    right = action == rules.end and rules.is_correct(actions)
    return state, float(right), right or len(actions) >= rules.limit
