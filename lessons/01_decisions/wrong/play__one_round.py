"""Only the first round is played. A `return` inside the loop ends it at once: put it after the loop, without
indentation."""


def play(agent, environment, problem, rng):
    state = environment.reset(problem)
    action = agent.act(state, rng)
    _, reward, _ = environment.step(action)
    return [(state, action, reward)]
