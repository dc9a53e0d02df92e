"""The checker sees the actions without the last one. The end token is an action of the agent, and belongs to the
answer."""


def step(state, action, rules):
    finished = action == rules.end
    actions = state[rules.prompt_length :]
    state = (*state, action)
    done = finished or len(actions) + 1 >= rules.limit
    return state, 1.0 if finished and rules.is_correct(actions) else 0.0, done
