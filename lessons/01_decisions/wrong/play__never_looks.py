"""The agent is always asked in the first state. What it receives next has to be what it has just produced, or it
says the same thing again and again."""


def play(agent, environment, problem, rng):
    first = state = environment.reset(problem)
    episode, done = [], False
    while not done:
        action = agent.act(first, rng)
        next_state, reward, done = environment.step(action)
        episode.append((state, action, reward))
        state = next_state
    return episode
