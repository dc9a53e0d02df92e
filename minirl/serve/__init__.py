"""A server for the models that minirl trained: OpenAI's API, a page to look at tokens, and one engine behind both.

Read served.py (what is offered), worker.py (the thread that computes), job.py (how tokens reach a client), transport.py
(HTTP), then the endpoints: completions.py, chat_completions.py, page_api.py. docs/serve.md has the use of all of it.

It needs starlette and uvicorn: pip install 'minirl[serve]'.
"""
