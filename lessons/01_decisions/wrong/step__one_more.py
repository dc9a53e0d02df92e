"""The episode goes on although `limit` actions have been taken. It has to be over then, end token or not. Is the limit
looked at, and with >= instead of >?"""


def step(state, action, rules):
    state = (*state, action)
    actions = state[rules.prompt_length :]
    finished = action == rules.end
    done = finished or len(actions) > rules.limit
    return state, 1.0 if finished and rules.is_correct(actions) else 0.0, done
