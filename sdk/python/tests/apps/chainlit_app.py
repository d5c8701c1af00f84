"""An application of Chainlit."""

import asyncio

import chainlit as cl


@cl.on_chat_start
async def start():
    answer = await cl.AskUserMessage(content="What is your name?", timeout=40).send()
    cl.user_session.set("name", answer["output"])
    await cl.Message(f"Hello {answer['output']}!").send()


@cl.on_message
async def message(said):
    if said.content == "wait":
        await asyncio.sleep(40)
        return
    answer = cl.Message("")
    for word in f"{cl.user_session.get('name')} said: {said.content}".split(" "):
        await answer.stream_token(word + " ")
        await asyncio.sleep(0.02)
    answer.actions = [cl.Action(name="again", payload={"n": 7}, label="Again")]
    await answer.update()


@cl.action_callback("again")
async def again(action):
    await cl.Message(f"again with {action.payload['n']}").send()


@cl.on_stop
async def stop():
    await cl.Message("it was stopped").send()
