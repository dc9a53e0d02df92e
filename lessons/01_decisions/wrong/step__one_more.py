"""The episode goes on for one action more than the limit allows. After `limit` actions it is over."""


def step(state, action, rules):
    state = (*state, action)
    actions = state[rules.prompt_length :]
    finished = action == rules.end
    done = finished or len(actions) > rules.limit
    return state, 1.0 if finished and rules.is_correct(actions) else 0.0, done
