"""Each action stands beside the state that it led to. It belongs to the state in which the agent chose it."""


def play(agent, environment, problem, rng):
    state, episode, done = environment.reset(problem), [], False
    while not done:
        action = agent.act(state, rng)
        state, reward, done = environment.step(action)
        episode.append((state, action, reward))
    return episode
