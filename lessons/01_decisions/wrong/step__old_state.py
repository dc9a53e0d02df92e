"""This returns the state before the action. The next state has the action at its end."""


def step(state, action, rules):
    actions = (*state[rules.prompt_length :], action)
    finished = action == rules.end
    done = finished or len(actions) >= rules.limit
    return state, 1.0 if finished and rules.is_correct(actions) else 0.0, done
