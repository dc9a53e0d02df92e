"""The actions are taken from the state before this action, so this action is missing among them. It counts towards
the limit, and it belongs to the answer: take the actions from the next state."""


def step(state, action, rules):
    actions = state[rules.prompt_length :]
    finished = action == rules.end
    done = finished or len(actions) >= rules.limit
    return (*state, action), 1.0 if finished and rules.is_correct(actions) else 0.0, done
